"""Thresholds learned in a window around each voxel. Scripts carry these functions along."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Region
from pellucid.operations.engines.pieces import tiles
from pellucid.operations.engines.separable import Kernels, filtered, gaussian_kernel, gaussian_reach, mean_kernel
from pellucid.operations.engines.slopes import widened
from pellucid.operations.pixels import Array

Local = tuple[str, float, float, bool]
"""The method, k, the offset, and whether what is darker is selected."""
_VOXELS, _DEEP = 1 << 20, 48


def window_reach(window: float, method: str, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return how many voxels along x, y, z a window in mm reaches."""
    x, y, z = (
        gaussian_reach(window / 6 / step) if method == "gaussian" else int(window / 2 / step + 0.5) for step in spacing
    )
    return x, y, z


def window_kernels(image: sitk.Image, window: float, method: str) -> Kernels:
    """Return the weights of a window in mm along z, y, x; axes of one voxel are left alone."""
    x, y, z = (
        None
        if count == 1
        else gaussian_kernel(window / 6 / step)
        if method == "gaussian"
        else mean_kernel(int(window / 2 / step + 0.5))
        for step, count in zip((*image.GetSpacing(), 1.0)[:3], (*image.GetSize(), 1)[:3], strict=True)
    )
    return z, y, x


def local_mask(array: Array, limits: tuple[float, float], kernels: Kernels, how: Local, block: Region) -> Array:
    """Return which voxels of a block lie above their threshold, or at or below it; ``limits`` are the image's."""
    method, k, offset, below = how
    reach = tuple(0 if kernel is None else len(kernel) // 2 for kernel in kernels)
    outer, inner = widened(block, reach, array.shape)
    low, high = float(limits[0]), float(limits[1])
    whole = method != "gaussian" and array.dtype.kind in "iu" and array.dtype.itemsize <= 2
    if whole:  # sums of whole numbers are exact, however they are made
        values = np.subtract(array[outer], int(low), dtype=np.int32)
        averaged = partial(box_means, reach=reach, inner=inner, most=int(high - low))
    else:
        values = array[outer].astype(np.float64) - low
        averaged = partial(filtered, kernels=kernels, region=inner)
    mean = averaged(values)
    if method in ("mean", "gaussian"):
        threshold = mean - offset
    else:
        squares = (
            averaged(np.square(values, dtype=np.int64), most=int(high - low) ** 2) if whole else averaged(values**2)
        )
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
        if method == "niblack":
            threshold = mean - k * spread
        else:
            threshold = mean * (1 + k * (spread / ((high - low) / 2 or 1.0) - 1))
    here = values[inner]
    return np.asarray(here <= threshold if below else here > threshold)


def box_means(values: Array, reach: tuple[int, ...], inner: Region, most: int) -> Array:
    """Return the means of whole numbers from 0 to ``most`` in a box around every voxel of a region.

    The border repeats the outermost voxel. Running sums take as long for any width of the box.
    """
    count = math.prod(2 * far + 1 for far in reach)
    sums = values.astype(np.int32 if most * count < 2**31 else np.int64, copy=False)  # running sums may wrap round
    for axis in sorted(range(3), key=lambda axis: (inner[axis].stop - inner[axis].start) / values.shape[axis]):
        far, span = reach[axis], inner[axis]
        reached = np.arange(span.start - far, span.stop + far)
        if reached[0] != 0 or reached[-1] != values.shape[axis] - 1:
            sums = sums.take(reached.clip(0, values.shape[axis] - 1), axis=axis)
        if not far:
            continue
        running, before = np.cumsum(sums, axis=axis, dtype=sums.dtype), (slice(None),) * axis
        sums = running[(*before, slice(2 * far, None))].copy()
        rest = sums[(*before, slice(1, None))]
        np.subtract(rest, running[(*before, slice(0, -2 * far - 1))], out=rest)
    return np.divide(sums, count)


def local_map(array: Array, limits: tuple[float, float], kernels: Kernels, how: Local) -> Array:
    """Return the whole mask, made in the blocks that an operation works in."""
    out = np.empty(array.shape, np.uint8)
    for block in local_blocks((slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))):
        with np.errstate(all="ignore"):
            out[block] = local_mask(array, limits, kernels, how, block)
    return out


def local_blocks(region: Region) -> list[Region]:
    """Split a region into tiles that are thick, so that the windows of one tile reach little beyond it."""
    return list(tiles(region, (), _VOXELS, _DEEP))
