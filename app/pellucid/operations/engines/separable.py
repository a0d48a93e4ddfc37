"""The engine for filters that are a product of line kernels along x, y and z.

Only the wanted region is computed: the axis along which the region shrinks most goes first. A pass
multiplies with band matrices, or uses scipy's correlation where NaN or Inf occur. The border repeats the
outermost voxel (zero-flux, as in ITK).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.context import Region
from pellucid.operations.engines.bands import all_finite, weighted
from pellucid.operations.pixels import Array, blocks, work_type

Kernel = NDArray[np.float64]
Kernels = tuple[Kernel | None, Kernel | None, Kernel | None]
"""One odd kernel (applied as correlation) per array axis z, y, x; None leaves the axis alone."""


def filtered(array: Array, kernels: Kernels, region: Region) -> Array:
    """Return a region (z, y, x) of an array (z, y, x[, c]) correlated with a kernel along each axis."""
    radii = [0 if kernel is None else len(kernel) // 2 for kernel in kernels]
    needed = [
        slice(max(0, part.start - radius), min(n, part.stop + radius))
        for part, radius, n in zip(region, radii, array.shape[:3], strict=True)
    ]
    values = array[tuple(needed)].astype(work_type(array.dtype))
    along = _banded if all_finite(values) else _correlated
    for axis in sorted(range(3), key=lambda axis: _shrinkage(region[axis], needed[axis])):
        kernel = kernels[axis]
        if kernel is not None:
            offset = region[axis].start - needed[axis].start
            values = along(values, kernel, axis, offset, region[axis].stop - region[axis].start)
    return values


def filtered_whole(array: Array, kernels: Kernels, block_voxels: int = 1 << 22) -> Array:
    """Return a whole array (z, y, x[, c]) correlated along its axes, in the blocks that an operation works in."""
    out = np.empty(array.shape, work_type(array.dtype))
    whole = slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])
    for block in blocks(whole, array.shape, block_voxels):
        out[block] = filtered(array, kernels, block)
    return out


def _shrinkage(part: slice, needed: slice) -> float:
    return float((part.stop - part.start) / (needed.stop - needed.start))


def _banded(values: Array, kernel: Kernel, axis: int, offset: int, count: int) -> Array:
    """Correlate along an axis for ``count`` voxels from ``offset`` on, with band matrices."""
    radius = len(kernel) // 2
    reached = offset + np.arange(count)[:, np.newaxis] + np.arange(-radius, radius + 1)
    columns = reached.clip(0, values.shape[axis] - 1)
    return weighted(values, axis, columns, np.broadcast_to(kernel, columns.shape))


def _correlated(values: Array, kernel: Kernel, axis: int, offset: int, count: int) -> Array:
    """Correlate along an axis line by line; NaN and Inf reach exactly as far as the kernel."""
    from scipy import ndimage

    with np.errstate(invalid="ignore"):
        result = ndimage.correlate1d(values, kernel, axis=axis, mode="nearest")
    return np.take(result, range(offset, offset + count), axis=axis)


def gaussian_kernel(sigma: float) -> Kernel | None:
    """Return samples of a Gaussian of ``sigma`` voxels, cut at 4 sigma, of sum 1; None without width."""
    radius = gaussian_reach(sigma)
    if radius == 0:
        return None
    samples: Kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    samples /= samples.sum()
    return samples


def gaussian_reach(sigma: float) -> int:
    """Return the radius in voxels at which a Gaussian of ``sigma`` voxels is cut."""
    return int(4 * sigma + 0.5)


def derivative_kernel(sigma: float) -> Kernel:
    """Return the derivative of a Gaussian of ``sigma`` voxels, scaled to give 1 on a ramp of 1 per voxel.

    With little or no width it becomes the central difference.
    """
    radius = max(1, gaussian_reach(sigma))
    steps = np.arange(-radius, radius + 1, dtype=np.float64)
    fall = np.exp(-0.5 * (steps**2 - 1) / max(sigma, 1e-3) ** 2, where=steps != 0, out=np.zeros_like(steps))
    samples = steps * fall
    return samples / (samples @ steps)


def mean_kernel(radius: int) -> Kernel | None:
    """Return equal weights over ``2 * radius + 1`` voxels; None for radius 0."""
    return np.full(2 * radius + 1, 1 / (2 * radius + 1)) if radius else None
