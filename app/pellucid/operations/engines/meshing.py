"""A label as a closed mesh: marching cubes on its (softened) voxels, smoothed without shrinking, in the world.

The field is made and marched through in slabs of slices, so that memory is bounded and a cancel is heard; the
slabs are sewn together along the planes they share. ``meshes`` holds the mesh itself and what smooths it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.engines.meshes import Mesh, Place, Tick, inflated, smoothed
from pellucid.operations.pixels import Array

Counts = tuple[int, int, int]
Floats = NDArray[np.floating[Any]]

SLAB_VOXELS = 1 << 20
_HALF = 0.499
"""The level between outside (0) and inside (1): at exactly one half the cubes where voxels touch by an edge only are
ambiguous, and an edge can end up with four triangles."""
_NEAR = 1e-5
_TRUNCATE = 4.0
_LEAST_SIGMA = 0.3
_BINS = 4096
_LEVELS = (0.004, 0.6)


class _TooMany(Exception):
    """Raised when a surface has more points than it may have."""


@dataclass(frozen=True)
class Softness:
    """How a surface is smoothed: the Gaussian of the field in voxels (x, y, z), then steps of Taubin's filter.

    ``voxels`` and ``triangles`` are the most that may be worked on: beyond, the label is coarsened first.
    """

    sigma: tuple[float, float, float] = (0.0, 0.0, 0.0)
    steps: int = 0
    voxels: int = 100_000_000
    triangles: int = 4_000_000


@dataclass(frozen=True, eq=False)
class Meshed:
    """A mesh, the volume of the voxels it stands for, and by how much (x, y, z) these were coarsened before."""

    mesh: Mesh
    voxel_volume: float
    coarsened: Counts

    @property
    def deviation(self) -> float:
        """Return by which share the mesh encloses more (or, negative, less) than the voxels."""
        return self.mesh.volume / self.voxel_volume - 1.0


def mesh_of(mask: Array, start: Counts, place: Place, softness: Softness, tick: Tick) -> Meshed:
    """Return the surface of the true voxels of a mask (z, y, x) whose first voxel is ``start`` (x, y, z).

    ``place`` takes indices (n, 3) of the whole image to the world; voxels outside of the mask count as outside of
    the label. ``tick`` hears fractions from 0 to 1 and may raise to stop.
    """
    steps = _steps(place, np.array(start) + (np.array(mask.shape[::-1]) - 1) / 2)
    factors = _factors(mask.shape, steps, softness.voxels)
    while True:
        try:
            points, faces = _triangulated(mask, factors, softness, tick)
            break
        except _TooMany:
            factors = _coarser(factors, steps)
    tick(0.6)
    index = (points + 0.5) * np.array(factors) - 0.5 + np.array(start)
    mesh = Mesh(place(index), faces).outward()
    mesh = smoothed(mesh, softness.steps, lambda done: tick(0.6 + 0.35 * done))
    volume = _voxel_volume(mask, start, place)
    if softness.steps or any(softness.sigma):
        mesh = inflated(mesh, volume, float(min(steps * np.array(factors))))
    tick(1.0)
    return Meshed(mesh, volume, factors)


def _steps(place: Place, index: Floats) -> Floats:
    """Return how far neighbouring voxels lie apart along x, y and z."""
    ends = place(np.concatenate([index - np.eye(3) / 2, index + np.eye(3) / 2]))
    return np.asarray(np.linalg.norm(ends[3:] - ends[:3], axis=1))


def _factors(shape: tuple[int, ...], steps: Floats, most: int) -> Counts:
    """Return by how much to coarsen each axis (x, y, z), the finest first, until few enough voxels are left."""
    factors: Counts = (1, 1, 1)
    while math.prod(-(-n // f) for n, f in zip(shape[::-1], factors, strict=True)) > most:
        factors = _coarser(factors, steps)
    return factors


def _coarser(factors: Counts, steps: Floats) -> Counts:
    finest = int(np.argmin(np.array(factors) * steps))
    x, y, z = (factor + (axis == finest) for axis, factor in enumerate(factors))
    return x, y, z


def _voxel_volume(mask: Array, start: Counts, place: Place) -> float:
    """Return the volume of the true voxels, slice by slice: the slices may be unevenly far apart."""
    counts = np.array([np.count_nonzero(part) for part in mask])
    k = start[2] + np.arange(len(counts), dtype=np.float64)
    zero, half = np.zeros_like(k), np.full_like(k, 0.5)
    base = place(np.stack([zero, zero, k], axis=1))
    right = place(np.stack([zero + 1, zero, k], axis=1)) - base
    down = place(np.stack([zero, zero + 1, k], axis=1)) - base
    thick = place(np.stack([zero, zero, k + half], axis=1)) - place(np.stack([zero, zero, k - half], axis=1))
    return float(np.abs(np.einsum("ij,ij->i", np.cross(right, down), thick)) @ counts)


def _triangulated(mask: Array, factors: Counts, softness: Softness, tick: Tick) -> tuple[Floats, NDArray[np.int64]]:
    """Return points (x, y, z in coarse voxels of the mask) and triangles, none of them at a border."""
    sigma = np.array(softness.sigma) / np.array(factors)
    border = np.ceil(_TRUNCATE * sigma).astype(int) + 1
    field, count = _coarse(mask, factors, border, tick)
    level = _HALF
    if any(softness.sigma):
        field, level = _softened(field, count, sigma[::-1], tick)
    points, faces = marched(field, level, lambda done: tick(0.3 + 0.3 * done), softness.triangles // 2)
    if not len(faces) and any(softness.sigma):  # softened away altogether
        x, y, z = (width / 2 if width > _LEAST_SIGMA else 0.0 for width in softness.sigma)
        return _triangulated(mask, factors, replace(softness, sigma=(x, y, z)), tick)
    return points - border, faces


def _coarse(mask: Array, factors: Counts, border: NDArray[np.int64], tick: Tick) -> tuple[Array, float]:
    """Return the share of true voxels in blocks, with an empty border, and the sum of these shares."""
    fx, fy, fz = factors
    nz, ny, nx = (-(-n // f) for n, f in zip(mask.shape, (fz, fy, fx), strict=True))
    bx, by, bz = (int(n) for n in border)
    field = np.zeros((nz + 2 * bz, ny + 2 * by, nx + 2 * bx), np.float32)
    total = 0.0
    for k in range(nz):
        part = mask[k * fz : (k + 1) * fz].sum(axis=0, dtype=np.float32)
        part = np.add.reduceat(np.add.reduceat(part, np.arange(0, mask.shape[1], fy), axis=0),
                               np.arange(0, mask.shape[2], fx), axis=1) if fx > 1 or fy > 1 else part  # fmt: skip
        part /= fx * fy * fz
        field[bz + k, by : by + ny, bx : bx + nx] = part
        total += float(part.sum(dtype=np.float64))
        tick(0.1 * k / nz)
    return field, total


def _softened(field: Array, count: float, sigma: Floats, tick: Tick) -> tuple[Array, float]:
    """Return the field after a Gaussian (sigma z, y, x) and the level that as many voxels exceed as before.

    At one half a smoothed field would shrink what bulges and lose what is thin.
    """
    from scipy import ndimage

    halo = math.ceil(_TRUNCATE * sigma[0])
    out = np.empty_like(field)
    histogram = np.zeros(_BINS + 1, np.int64)
    deep = _slab(field)
    for first in range(0, len(field), deep):
        last = min(first + deep, len(field))
        low, high = max(0, first - halo), min(len(field), last + halo)
        part = ndimage.gaussian_filter(field[low:high], sigma, mode="constant", truncate=_TRUNCATE)
        out[first:last] = part[first - low : last - low]
        histogram += np.bincount((out[first:last] * _BINS).astype(np.intp).clip(0, _BINS).ravel(), minlength=_BINS + 1)
        tick(0.1 + 0.2 * last / len(field))
    above = np.cumsum(histogram[::-1])[::-1]  # how many voxels reach the lower end of each bin
    level = float(np.interp(-count, -above.astype(np.float64), np.arange(_BINS + 1))) / _BINS
    return out, float(np.clip(level, *_LEVELS))


def _slab(field: Array) -> int:
    """Return how many slices make a slab."""
    return max(1, SLAB_VOXELS // (field.shape[1] * field.shape[2]))


def marched(field: Array, level: float, tick: Tick, most: int = 1 << 40) -> tuple[Floats, NDArray[np.int64]]:
    """Return points (x, y, z) and triangles where a field crosses a level, every edge shared by two triangles.

    The border of the field must lie below the level. Raises when more than ``most`` points are found.
    """
    sewn, deep = _Sewing(), _slab(field)
    for first in range(0, len(field) - 1, deep):
        part = field[first : first + deep + 1]
        part = np.where(np.abs(part - np.float32(level)) < _NEAR, np.float32(level + _NEAR), part)
        if part.min() < level < part.max():
            sewn.add(part, level, first)
        if sewn.count > most:
            raise _TooMany
        tick(min(1.0, (first + deep) / len(field)))
    return sewn.result()


class _Sewing:
    """Joins slabs: points on the plane two slabs share were found twice, with the very same x and y."""

    def __init__(self) -> None:
        self.count = 0
        self._points: list[Floats] = []
        self._faces: list[NDArray[np.int64]] = []
        self._seam: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None

    def add(self, part: Array, level: float, first: int) -> None:
        """Take the triangles of a slab whose first slice is ``first``."""
        from skimage.measure import marching_cubes

        found, faces, _normals, _values = marching_cubes(part, level)
        number = np.full(len(found), -1, np.int64)
        if self._seam is not None and self._seam[0] == first:
            self._join(found, number)
        fresh = np.flatnonzero(number < 0)
        number[fresh] = self.count + np.arange(len(fresh))
        self.count += len(fresh)
        points = found[fresh, ::-1].astype(np.float64)
        points[:, 2] += first
        self._points.append(points)
        self._faces.append(number[faces])
        last = np.flatnonzero(found[:, 0] == len(part) - 1)
        keys = _keys(found[last])
        order = np.argsort(keys)
        self._seam = first + len(part) - 1, keys[order], number[last[order]]

    def _join(self, found: Floats, number: NDArray[np.int64]) -> None:
        assert self._seam is not None
        _plane, keys, known = self._seam
        ours = np.flatnonzero(found[:, 0] == 0)
        if len(keys) and len(ours):
            wanted = _keys(found[ours])
            spot = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
            same = keys[spot] == wanted
            number[ours[same]] = known[spot[same]]

    def result(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return all points and triangles."""
        if not self._points:
            return np.empty((0, 3)), np.empty((0, 3), np.int64)
        return np.concatenate(self._points), np.concatenate(self._faces)


def _keys(found: Floats) -> NDArray[np.int64]:
    """Return a number for each (y, x) that is the same only for the same two floats."""
    pairs = np.ascontiguousarray(found[:, 1:3], dtype=np.float32)
    return np.asarray(pairs.view(np.int64).ravel())


def label_boxes(array: Array, tick: Callable[[float], None]) -> dict[int, tuple[slice, slice, slice]]:
    """Return the box (z, y, x) of every label value above 0 that a label array holds."""
    from scipy import ndimage

    lows: dict[int, NDArray[np.int64]] = {}
    highs: dict[int, NDArray[np.int64]] = {}
    deep = max(1, SLAB_VOXELS // max(1, array.shape[1] * array.shape[2]))
    for first in range(0, len(array), deep):
        values, part = _few(array[first : first + deep])
        for value, box in zip(values, ndimage.find_objects(part), strict=True):
            if box is None:
                continue
            low = np.array([box[0].start + first, box[1].start, box[2].start])
            high = np.array([box[0].stop + first, box[1].stop, box[2].stop])
            lows[value] = np.minimum(lows.get(value, low), low)
            highs[value] = np.maximum(highs.get(value, high), high)
        tick((first + deep) / len(array))
    return {value: _box(lows[value], highs[value]) for value in sorted(lows)}


def _few(part: Array) -> tuple[list[int], Array]:
    """Return the values above 0 in order and the array with their places among them from 1: none may be huge."""
    top = int(part.max(initial=0))
    if top <= 1 << 16 and part.dtype.kind in "iu":
        return list(range(1, top + 1)), part
    values, number = np.unique(part, return_inverse=True)
    number = number.reshape(part.shape)
    below = int(np.count_nonzero(values <= 0))
    return [int(value) for value in values[below:]], np.maximum(number - (below - 1), 0)


def _box(low: NDArray[np.int64], high: NDArray[np.int64]) -> tuple[slice, slice, slice]:
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x
