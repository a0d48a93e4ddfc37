"""Thresholds learned in a window around each voxel. Scripts carry these functions along."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Region
from pellucid.operations.engines.separable import Kernels, filtered, gaussian_kernel, gaussian_reach, mean_kernel
from pellucid.operations.engines.slopes import blockwise, widened
from pellucid.operations.pixels import Array

Local = tuple[str, float, float, bool]
"""The method, k, the offset, and whether what is darker is selected."""
LOCAL_VOXELS = 1 << 20


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
    values = array[outer].astype(np.float64) - low
    mean = filtered(values, kernels, inner)
    if method in ("mean", "gaussian"):
        threshold = mean - offset
    else:
        spread = np.sqrt(np.maximum(filtered(values**2, kernels, inner) - mean**2, 0))
        if method == "niblack":
            threshold = mean - k * spread
        else:
            threshold = mean * (1 + k * (spread / ((high - low) / 2 or 1.0) - 1))
    here = values[inner]
    return np.asarray(here <= threshold if below else here > threshold)


def local_map(array: Array, limits: tuple[float, float], kernels: Kernels, how: Local) -> Array:
    """Return the whole mask, made in the blocks that an operation works in."""
    return blockwise(
        array.shape, lambda block: local_mask(array, limits, kernels, how, block), np.uint8, piece=LOCAL_VOXELS
    )
