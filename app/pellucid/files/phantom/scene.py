"""Paint soft-edged shapes into a volume: the tools of the demo phantom.

Shapes are signed distances in mm (negative inside), evaluated only inside a box around the shape. World is
LPS with axes along the grid; arrays are (z, y, x) float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Field = NDArray[Any]
Distance = Callable[[Field, Field, Field], Field]
Chain = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Centres (n, 3) and radii (n, 3) of ellipsoids, in mm."""
Box = tuple[slice, slice, slice]
Bounds = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Grid:
    """Where voxels lie: size, spacing and origin, all (x, y, z), in mm."""

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    @cached_property
    def axes(self) -> tuple[Field, Field, Field]:
        """Return the world coordinates of voxel centres along x, y and z, each one-dimensional."""
        x, y, z = (
            (start + step * np.arange(n)).astype(np.float32)
            for n, step, start in zip(self.size, self.spacing, self.origin, strict=True)
        )
        return x, y, z

    def coordinates(self, box: Box) -> tuple[Field, Field, Field]:
        """Return x, y, z of a box, shaped to broadcast against each other."""
        x, y, z = self.axes
        return x[box[2]][None, None, :], y[box[1]][None, :, None], z[box[0]][:, None, None]

    def box(self, bounds: Bounds) -> Box:
        """Return the (z, y, x) slices of the voxels within bounds ((x0, x1), (y0, y1), (z0, z1))."""
        found = [
            slice(*(int(n) for n in np.searchsorted(axis, pair))) for axis, pair in zip(self.axes, bounds, strict=True)
        ]
        return found[2], found[1], found[0]


def cover(part: Field, distance: Field, value: ArrayLike, soft: float) -> None:
    """Blend a value (or values of the same shape) into an array where the distance is negative."""
    share = np.clip(0.5 - distance * np.float32(1 / soft), 0, 1, dtype=np.float32)
    part += share * (np.asarray(value, np.float32) - part)


def ellipsoid(centre: ArrayLike, radii: ArrayLike, turn: float = 0.0) -> tuple[Bounds, Distance]:
    """Return bounds and distance of an ellipsoid, turned about z by ``turn`` degrees."""
    cx, cy, cz = (float(v) for v in np.asarray(centre, float))
    rx, ry, rz = (float(v) for v in np.asarray(radii, float))
    cos, sin = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
    mean = (rx * ry * rz) ** (1 / 3)
    wide = max(rx, ry) if turn else 0.0
    reach = [max(r, wide) * 1.15 + 4.0 for r in (rx, ry)] + [rz * 1.15 + 4.0]

    def distance(x: Field, y: Field, z: Field) -> Field:
        u, v, w = x - cx, y - cy, z - cz
        a, b = (u * cos + v * sin) / rx, (v * cos - u * sin) / ry
        return (np.sqrt(a * a + b * b + (w / rz) ** 2) - 1) * np.float32(min(mean, rx, ry, rz))

    bounds = tuple((c - r, c + r) for c, r in zip((cx, cy, cz), reach, strict=True))
    return bounds, distance  # type: ignore[return-value]


def union(one: Field, two: Field, smooth: float) -> Field:
    """Join two distances with a rounded seam (polynomial smooth minimum)."""
    near = np.maximum(smooth - np.abs(one - two), 0) / smooth
    return np.asarray(np.minimum(one, two) - near * near * np.float32(smooth / 4))


def common(one: Field, two: Field, smooth: float) -> Field:
    """Keep what is inside both distances, edges rounded."""
    return -union(-one, -two, smooth)


def splat(grid: Grid, points: NDArray[Any], radii: NDArray[Any], soft: float) -> tuple[Box, Field]:
    """Return the coverage (0 to 1) by many small ellipsoids, and the box of the grid that it belongs to.

    ``points`` and ``radii`` are (n, 3) in mm. Ellipsoids thinner than a voxel cover it in part.
    """
    reach = radii.max(axis=0) + soft
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    box = grid.box(tuple(zip(low, high, strict=True)))  # type: ignore[arg-type]
    start = np.array([s.start for s in box[::-1]])
    spacing = np.array(grid.spacing, np.float32)
    margin = np.ceil(reach / spacing).astype(np.int32) + 1  # nothing falls off the edge of the padded box
    size = [s.stop - s.start + 2 * int(m) for s, m in zip(box, margin[::-1], strict=True)]
    amount = np.zeros(size, np.float32)
    places = ((points - grid.origin) / grid.spacing - start + margin).astype(np.float32)
    inside = np.all((places > margin - 1) & (places < np.array(size[::-1]) - margin), axis=1)
    places, scaled = places[inside], (radii[inside] / grid.spacing).astype(np.float32)
    least = radii[inside].min(axis=1).astype(np.float32)
    order = np.argsort(least, kind="stable")
    for chosen in np.array_split(order, max(1, len(order) // 800)):
        _splat_alike(amount, places[chosen], scaled[chosen], least[chosen], np.float32(soft), spacing.min())
    x, y, z = (slice(int(m), n - int(m)) for m, n in zip(margin, size[::-1], strict=True))
    return box, amount[z, y, x]


def _splat_alike(amount: Field, places: Field, radii: Field, least: Field, soft: np.float32, voxel: np.float32) -> None:
    """Raise coverage by ellipsoids of about the same size at once; places and radii are in voxels."""
    if not len(places):
        return
    reach = np.ceil(radii.max(axis=0) * (1 + soft / 2 / least.max())).astype(np.int32)
    nearest = np.rint(places).astype(np.int32)
    squares, offsets = [], []
    for axis, stride in zip((2, 1, 0), (amount.shape[1] * amount.shape[2], amount.shape[2], 1), strict=True):
        around = np.arange(-reach[axis], reach[axis] + 1, dtype=np.int32)
        apart = (nearest[:, axis, None] + around - places[:, axis, None]) / radii[:, axis, None]
        squares.append(apart * apart)
        offsets.append(around * stride)
    far = squares[0][:, :, None, None] + squares[1][:, None, :, None] + squares[2][:, None, None, :]
    share = (1 - np.sqrt(far)) * (least / soft)[:, None, None, None] + np.float32(0.5)
    kept = share > 0
    full = np.minimum(1.0, 2 * least / voxel)  # thinner than a voxel: covers it in part
    share = (np.minimum(share, 1) * full[:, None, None, None])[kept]
    where = (nearest[:, 2] * amount.shape[1] + nearest[:, 1]) * amount.shape[2] + nearest[:, 0]
    offset = offsets[0][:, None, None] + offsets[1][:, None] + offsets[2]
    np.maximum.at(amount.reshape(-1), (where[:, None, None, None] + offset)[kept], share)


class Waves:
    """Smooth random variation of mean 0 and deviation about 1, with so many knots along (x, y, z)."""

    def __init__(self, grid: Grid, knots: tuple[int, int, int], rng: np.random.Generator) -> None:
        coarse = rng.standard_normal([n + 3 for n in knots[::-1]]).astype(np.float32)
        flat = _along(_along(coarse, 2, *_spline(grid.size[0], knots[0])), 1, *_spline(grid.size[1], knots[1]))
        self._levels = flat / flat.std()
        self._first, self._weights = _spline(grid.size[2], knots[2])

    def at(self, slices: slice) -> Field:
        """Return the variation on some slices (z, y, x)."""
        return _along(self._levels, 0, self._first[slices], self._weights[:, slices])


def _spline(count: int, knots: int) -> tuple[NDArray[np.intp], Field]:
    """Return the first of four knots and their weights (4, count) of a cubic B-spline at even places."""
    place = np.linspace(0, knots - 1e-6, count)
    t = place % 1
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    return np.floor(place).astype(np.intp), weights.astype(np.float32)


def _along(values: Field, axis: int, first: NDArray[np.intp], weights: Field) -> Field:
    """Evaluate a spline along one axis without matrix products: small ones wake every thread."""
    shape = [-1 if n == axis else 1 for n in range(values.ndim)]
    total = weights[0].reshape(shape) * np.take(values, first, axis)
    for k in (1, 2, 3):
        total += weights[k].reshape(shape) * np.take(values, first + k, axis)
    return np.asarray(total)


class Scene:
    """What is painted so far, and which quantity: attenuation (CT) or activity (PET)."""

    def __init__(self, grid: Grid, *, ct: bool, seed: int) -> None:
        self.grid, self.is_ct = grid, ct
        self.soft = 1.8 if ct else 6.0
        self.rng = np.random.default_rng(seed)
        self.rough = Waves(grid, (8, 8, 8), np.random.default_rng(seed + 1))
        self.fine = Waves(grid, (34, 34, 34), np.random.default_rng(seed + 2))
        self.values, self.lungs, self.liver = (np.empty(grid.size[::-1], np.float32) for _ in range(3))

    def value(self, tissue: Sequence[float]) -> float:
        """Return what a tissue (attenuation, activity) measures in the quantity painted."""
        return float(tissue[0] if self.is_ct else tissue[1])

    def paint(self, shape: tuple[Bounds, Distance], tissue: Sequence[float], *, soft: float | None = None) -> None:
        """Paint a shape (bounds, distance) with a tissue."""
        bounds, distance = shape
        box = self.grid.box(bounds)
        if self.values[box].size:
            found = distance(*self.grid.coordinates(box))
            cover(self.values[box], found, self.value(tissue), soft or self.soft)

    def chain(self, chain: Chain, tissue: Sequence[float], *, within: Field | None = None) -> None:
        """Paint a chain of ellipsoids, where the distance ``within`` is negative if one is given."""
        box, amount = splat(self.grid, *chain, self.soft)
        if within is not None:
            amount *= np.clip(0.5 - within[box] / np.float32(3.0), 0, 1)
        part = self.values[box]
        part += amount * (np.float32(self.value(tissue)) - part)

    def places(self, distance: Field, count: int, *, deeper: float, side: int = 0) -> NDArray[np.float64]:
        """Return ``count`` world points spread over the inside of a surface (side −1 right, +1 left, 0
        both).
        """
        step = 3 if self.is_ct else 1
        z, y, x = np.nonzero(distance[::step, ::step, ::step] < -deeper)
        found = [axis[::step][k] for axis, k in zip(self.grid.axes, (x, y, z), strict=True)]
        world = np.stack(found, axis=1).astype(np.float64)
        if side:
            world = world[world[:, 0] * side > 0]
        return world[self.rng.choice(len(world), min(count, len(world)), replace=False)]
