"""Find round objects of about one size on an uneven ground. Scripts carry these functions along."""

from __future__ import annotations

import math

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.classes import Bins, split_table
from pellucid.operations.engines.separable import filtered, gaussian_kernel
from pellucid.operations.engines.slopes import Each, blockwise, in_turn
from pellucid.operations.engines.splitting import Run, Spacing, as_flat, executed
from pellucid.operations.pixels import Array

_FINE, _AROUND = 0.04, 0.5  # widths of Gaussians as shares of the diameter
_BLOCK = 1 << 21


def smoothed(array: Array, spacing: Spacing, sigma: float, each: Each = in_turn) -> Array:
    """Return values smoothed by a Gaussian in mm, as 32-bit floats; axes of one voxel are left alone."""
    z, y, x = (
        gaussian_kernel(sigma / step) if n > 1 else None for step, n in zip(reversed(spacing), array.shape, strict=True)
    )
    return blockwise(array.shape, lambda block: filtered(array, (z, y, x), block), np.float32, each, _BLOCK)


def upright(array: Array, dark: bool) -> Array:
    """Return values in which the objects are bright and every number is finite, as floats."""
    values = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        values[~finite] = (values[finite].max() if dark else values[finite].min()) if finite.any() else 0
    return np.negative(values, out=values) if dark else values


def least_brightness(bins: Bins, contrast: float) -> float:
    """Return what an object must exceed: a share of the way from the ground to the threshold of Otsu."""
    low, step, counts = bins
    ground = low + step * int(np.searchsorted(np.cumsum(counts), counts.sum() / 100))
    upper = low + step * int(np.flatnonzero(split_table(counts, 2))[0])
    return float(ground + contrast * (upper - ground))


def standing_out(smooth: Array, around: Array, least: float, spacing: Spacing, run: Run = executed) -> Array:
    """Return where values exceed what is usual around them and ``least``, without holes."""
    found = (smooth > around) & (smooth > np.float32(least))
    filter = sitk.BinaryFillholeImageFilter()
    filter.SetForegroundValue(1)
    filled = run(filter, as_flat(found.astype(np.uint8), spacing))
    return sitk.GetArrayFromImage(filled).reshape(found.shape) > 0


def ball_voxels(shape: tuple[int, ...], spacing: Spacing, diameter: float) -> float:
    """Return how many voxels a ball has, or a disc where the image is one voxel thick."""
    steps = [step for step, n in zip(reversed(spacing), shape, strict=True) if n > 1]
    volume = {0: 1.0, 1: diameter, 2: math.pi / 4 * diameter**2, 3: math.pi / 6 * diameter**3}[len(steps)]
    return volume / math.prod(steps)
