"""Sums over the neighbourhood of every voxel: a box that counts voxels, or a ball in mm on any grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Region
from pellucid.operations.engines.separable import filtered
from pellucid.operations.engines.slopes import blockwise, metric_per_mm, voxel_steps
from pellucid.operations.pixels import Array

WINDOW_VOXELS = 1 << 18


def unasked() -> None:
    """Ask nobody whether to go on."""


def box_footprint(image: sitk.Image, radius: int) -> Array:
    """Return the box (z, y, x) of ``2 * radius + 1`` voxels along every axis that has more than one."""
    size = [1 if n == 1 else 2 * radius + 1 for n in reversed((*image.GetSize(), 1)[:3])]
    return np.ones(size, bool)


def ball_footprint(image: sitk.Image, radius: float) -> Array:
    """Return which voxels (z, y, x) around the middle one have their centre within a distance in mm."""
    far = ball_reach(image, radius)
    steps = voxel_steps(image)
    offsets = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in far), indexing="ij"), axis=-1) @ steps.T
    return np.asarray((offsets**2).sum(axis=-1) <= (radius * (1 + 1e-9)) ** 2)


def ball_reach(image: sitk.Image, radius: float) -> list[int]:
    """Return how many voxels along z, y, x a ball reaches."""
    metric = metric_per_mm(image)
    return [int(radius * np.sqrt(metric[axis, axis]) * (1 + 1e-9)) for axis in range(3)]


def bordered(array: Array, block: Region, footprint: Array) -> Array:
    """Return a copy of a block, wider by the reach of a footprint, in which the border is repeated."""
    part = array
    for axis, (span, width) in enumerate(zip(block, footprint.shape, strict=True)):
        wanted = np.arange(span.start - width // 2, span.stop + width // 2)
        part = np.take(part, wanted.clip(0, array.shape[axis] - 1), axis=axis)
    return part


def window_sums(part: Array, footprint: Array, check: Callable[[], Any] = unasked) -> Array:
    """Return the sums over a footprint around the voxels of a bordered part that have one."""
    reach = [width // 2 for width in footprint.shape]
    z, y, x = (slice(far, n - far) for far, n in zip(reach, part.shape[:3], strict=True))
    if footprint.all():
        along = [np.ones(2 * far + 1) if far else None for far in reach]
        return filtered(part, (along[0], along[1], along[2]), (z, y, x))
    high, wide = z.stop - z.start, y.stop - y.start
    total = np.zeros((high, wide, x.stop - x.start, *part.shape[3:]), part.dtype)
    rows = slice(0, part.shape[0]), slice(0, part.shape[1]), x
    for (first, last), places in lines_of(footprint):
        half = max(-first, last)
        steps = np.arange(-half, half + 1)
        line = filtered(part, (None, None, ((steps >= first) & (steps <= last)).astype(np.float64)), rows)
        for dz, dy in places:
            check()
            total += line[dz : dz + high, dy : dy + wide]
    return total


def lines_of(footprint: Array) -> list[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """Return the lines along x that make up a convex footprint: first and last offset, and the rows that have it."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    middle = footprint.shape[2] // 2
    for z, y in np.argwhere(footprint.any(axis=2)).tolist():
        used = np.flatnonzero(footprint[z, y]) - middle
        found.setdefault((int(used[0]), int(used[-1])), []).append((z, y))
    return list(found.items())


def deviation(array: Array, shift: float, footprint: Array, block: Region, check: Callable[[], Any] = unasked) -> Array:
    """Return the standard deviation over a footprint; ``shift``, taken off first, keeps the sums small."""
    part = bordered(array, block, footprint).astype(np.float64) - shift
    count = int(footprint.sum())
    mean = window_sums(part, footprint, check) / count
    square = window_sums(np.square(part, out=part), footprint, check) / count
    variance = square - mean**2
    variance[variance < 16 * np.finfo(np.float64).eps * square] = 0  # no more than rounding
    return np.asarray(np.sqrt(variance))


def levels_of(values: Array, low: float, high: float, count: int) -> Array:
    """Return in which of ``count`` equal steps from ``low`` to ``high`` values lie; -1 for NaN."""
    width = (high - low) / count or 1.0
    steps = np.clip(np.floor((values - low) / width), 0, count - 1)
    return np.where(np.isnan(values), -1, np.nan_to_num(steps)).astype(np.int16)


def entropy_of(
    array: Array,
    limits: tuple[float, float],
    levels: int,
    footprint: Array,
    block: Region,
    check: Callable[[], Any] = unasked,
) -> Array:
    """Return the Shannon entropy in bits of the levels that occur in a footprint; NaN is left out."""
    values = bordered(array, block, footprint).astype(np.float64)
    part = levels_of(values, *limits, levels)
    count = int(footprint.sum())
    surprise = np.arange(count + 1) * np.log2(np.arange(count + 1).clip(1))
    total, counted = np.zeros(array[block].shape), np.zeros(array[block].shape)
    for level in range(levels):
        check()
        is_here = part == level
        if is_here.any():
            here = window_sums(is_here.astype(np.float32), footprint, check).astype(np.intp)
            total += surprise[here]
            counted += here
    counted = np.maximum(counted, 1)
    return np.maximum(np.log2(counted) - total / counted, 0)


def deviations(array: Array, shift: float, footprint: Array) -> Array:
    """Return the standard deviation around every voxel."""
    return blockwise(array.shape, lambda block: deviation(array, shift, footprint, block), piece=WINDOW_VOXELS)


def entropies(array: Array, limits: tuple[float, float], levels: int, footprint: Array) -> Array:
    """Return the entropy around every voxel."""

    def compute(block: Region) -> Array:
        return entropy_of(array, limits, levels, footprint, block)

    return blockwise(array.shape, compute, piece=WINDOW_VOXELS)
