"""The engine of diffusion and curvature flow: what one step changes, tile by tile, and the steps one after the other.

All work on values (z, y, x[, c]) of a tile with a border of one voxel along each axis that has more than one; ``steps``
are the distances (z, y, x) of the voxels in mm, infinite along the others. Nothing flows over the border of an image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pellucid.operations.context import Region
from pellucid.operations.engines.pieces import Each, grown, one_by_one, tiles, with_halo
from pellucid.operations.pixels import Array

Steps = tuple[float, float, float]
Change = Callable[[Array, Steps, Any], Array]
_TILE_VOXELS, _TILE_SLICES = 1 << 17, 8
_LEAST_SQUARE = 1e-10  # a squared slope below which a surface has no direction


def flow_steps(spacing: tuple[float, ...], shape: tuple[int, ...]) -> Steps:
    """Return the distances of the voxels along z, y, x, infinite where there is only one."""
    z, y, x = (step if n > 1 else np.inf for step, n in zip(reversed((*spacing, 1.0)[:3]), shape, strict=False))
    return z, y, x


def stable_time(steps: Steps) -> float:
    """Return a time step (mm²): a third of the longest that keeps diffusion stable; half is too much for curvature."""
    return float(1 / (6 * sum(step**-2 for step in steps)))


def flowed(
    array: Array, steps: Steps, iterations: int, change: Change, factor: Any = None,
    wanted: Region | None = None, rounds: Iterable[Each] | None = None,
) -> Array:  # fmt: skip
    """Return values after some steps of ``stable_time``; only the wanted region of them is right."""
    if not np.isfinite(steps).any():
        return array
    time = array.dtype.type(stable_time(steps))
    region = wanted or (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))
    now, after = array, np.zeros_like(array)
    for left, each in zip(reversed(range(iterations)), rounds or [one_by_one] * iterations, strict=False):

        def work(tile: Region, now: Array = now, after: Array = after) -> None:
            with np.errstate(all="ignore"):
                after[tile] = now[tile] + time * change(with_halo(now, tile, _border(steps)), steps, factor)

        needed = grown(region, _border(steps, left), array.shape)
        each(work, tiles(needed, array.shape, _TILE_VOXELS, _TILE_SLICES))
        now, after = after, now if now is not array else np.zeros_like(array)
    return now


def mean_square_slope(array: Array, steps: Steps, each: Each = one_by_one) -> Array:
    """Return the mean square of the gradient (central differences, per mm) of each channel, NaN left out."""
    sums = np.zeros((len(array), *array.shape[3:]))
    counts = np.zeros_like(sums)

    def add(z: int) -> None:
        whole = slice(z, z + 1), slice(0, array.shape[1]), slice(0, array.shape[2])
        square = np.zeros(array[whole].shape)
        with np.errstate(all="ignore"):
            slopes = _slopes(with_halo(array, whole, _border(steps)).astype(np.float64), steps)
            for axis, slope in slopes.items():
                square += np.square(_inner(slope, steps, axis))
        finite = np.isfinite(square)
        counts[z] = np.sum(finite, axis=(0, 1, 2))
        sums[z] = np.sum(np.where(finite, square, 0.0), axis=(0, 1, 2))

    each(add, range(len(array)))
    return sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)


def edge_factor(mean_square: Array, conductance: float, dtype: Any) -> Array:
    """Return -1 / (2 (conductance × root mean square slope)²) for each channel, 0 where there is no slope."""
    scale = -2.0 * conductance**2 * np.asarray(mean_square)
    return np.divide(1.0, scale, where=scale != 0, out=np.zeros_like(scale)).astype(dtype)


def gradient_change(values: Array, steps: Steps, factor: Any) -> Array:
    """Return the divergence of exp(factor × slope²) × slope (Perona and Malik)."""
    slopes = _slopes(values, steps)
    total: Any = 0.0
    for axis in slopes:
        along, square = _faces(values, steps, slopes, axis)
        flux = along * np.exp(square * factor)
        total = total + _difference(flux, axis) * flux.dtype.type(1 / steps[axis])
    return total


def curvature_change(values: Array, steps: Steps, factor: Any) -> Array:
    """Return |slope| × the divergence of exp(factor × slope²) × the direction of the slope (Whitaker and Xue)."""
    slopes = _slopes(values, steps)
    speed: Any = 0.0
    sides = {}
    for axis in slopes:
        along, square = _faces(values, steps, slopes, axis)
        flux = along / np.sqrt(square + along.dtype.type(_LEAST_SQUARE)) * np.exp(square * factor)
        speed = speed + _difference(flux, axis) * flux.dtype.type(1 / steps[axis])
        sides[axis] = along
    rises = speed > 0
    upwind: Any = 0.0
    for axis, along in sides.items():
        count = along.shape[axis] - 1
        ahead, behind = _cut(along, axis, 1, count), _cut(along, axis, 0, count)
        ahead = np.where(rises, np.maximum(ahead, 0), np.minimum(ahead, 0))
        behind = np.where(rises, np.minimum(behind, 0), np.maximum(behind, 0))
        upwind = upwind + np.square(ahead) + np.square(behind)
    return np.sqrt(upwind) * speed


def flow_change(values: Array, steps: Steps, factor: Any) -> Array:
    """Return |slope| × the sum of the curvatures of the surfaces of equal value."""
    slopes = _slopes(values, steps)
    first = {axis: _inner(slope, steps, axis) for axis, slope in slopes.items()}
    square: Any = sum(np.square(slope) for slope in first.values())
    total: Any = 0.0
    for axis in first:
        bent = _difference(_difference(_inner(values, steps, axis), axis), axis)
        total = total + bent * bent.dtype.type(steps[axis] ** -2) * (square - np.square(first[axis]))
        for other in (other for other in first if other > axis):
            twist = _difference(slopes[axis], other, 2)
            twist = _inner(twist, steps, axis, other) * twist.dtype.type(0.5 / steps[other])
            total = total - 2 * first[axis] * first[other] * twist
    return np.where(square < 1e-9, 0, total / square)


def _border(steps: Steps, width: int = 1) -> tuple[int, int, int]:
    """Return a border of so many voxels along z, y, x, none where nothing flows."""
    z, y, x = (width if np.isfinite(step) else 0 for step in steps)
    return z, y, x


def _slopes(values: Array, steps: Steps) -> dict[int, Array]:
    """Return the central difference per mm along each axis; the border along the others stays."""
    return {
        axis: _difference(values, axis, 2) * values.dtype.type(0.5 / step)
        for axis, step in enumerate(steps)
        if np.isfinite(step)
    }


def _faces(values: Array, steps: Steps, slopes: dict[int, Array], axis: int) -> tuple[Array, Array]:
    """Return, on the faces between neighbours along an axis, the slope across and the squared slope in all."""
    along = _difference(_inner(values, steps, axis), axis) * values.dtype.type(1 / steps[axis])
    square = np.square(along)
    for other, slope in slopes.items():
        if other != axis:
            slope = _inner(slope, steps, axis, other)
            count = slope.shape[axis] - 1
            square += np.square(_cut(slope, axis, 0, count) + _cut(slope, axis, 1, count)) * values.dtype.type(0.25)
    return along, square


def _difference(values: Array, axis: int, apart: int = 1) -> Array:
    """Return the differences of values that lie so far apart along an axis."""
    count = values.shape[axis] - apart
    return _cut(values, axis, apart, count) - _cut(values, axis, 0, count)


def _cut(values: Array, axis: int, first: int, count: int) -> Array:
    return values[(slice(None),) * axis + (slice(first, first + count),)]


def _inner(values: Array, steps: Steps, *but: int) -> Array:
    """Return values without their border, but with that along some axes (or those that have none any more)."""
    for axis, step in enumerate(steps):
        if np.isfinite(step) and axis not in but:
            values = _cut(values, axis, 1, values.shape[axis] - 2)
    return values
