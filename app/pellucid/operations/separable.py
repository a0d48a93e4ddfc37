"""The engine for filters that are a product of line kernels along x, y and z.

Only the wanted region is computed: the axis along which the region shrinks most goes first. A pass
multiplies strips with a small band matrix (BLAS), 1.5 to 7 times as fast as a line-by-line correlation;
where a strip holds NaN or Inf, which a band matrix would smear over the strip, scipy's correlation is used
instead. The border repeats the outermost voxel (zero-flux, as in ITK).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.context import Region
from pellucid.operations.pixels import Array, work_type

_GEMM_LIMIT, _GEMV_LIMIT = 1 << 18, 9000  # multiplications from which OpenBLAS starts threads

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
    finite = array.dtype.kind in "iu" or _all_finite(values)
    for axis in sorted(range(3), key=lambda axis: _shrinkage(region[axis], needed[axis])):
        kernel = kernels[axis]
        if kernel is not None:
            line = _Line(kernel, axis, needed[axis], region[axis])
            values = line.strips(values) if finite else line.correlation(values)
    return values


def _all_finite(values: Array) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum(dtype=np.float64)))


def _shrinkage(part: slice, needed: slice) -> float:
    return float((part.stop - part.start) / (needed.stop - needed.start))


class _Line:
    """One pass along one axis, from the voxels ``needed`` to the voxels ``part``."""

    def __init__(self, kernel: Kernel, axis: int, needed: slice, part: slice) -> None:
        self.kernel, self.axis, self.radius = kernel, axis, len(kernel) // 2
        self.length = needed.stop - needed.start
        self.offset = part.start - needed.start
        self.count = part.stop - part.start

    def correlation(self, values: Array) -> Array:
        """Filter line by line; NaN and Inf reach exactly as far as the kernel."""
        from scipy import ndimage

        with np.errstate(invalid="ignore"):
            result = ndimage.correlate1d(values, self.kernel, axis=self.axis, mode="nearest")
        return np.take(result, range(self.offset, self.offset + self.count), axis=self.axis)

    def strips(self, values: Array) -> Array:
        """Filter strip by strip with band matrices; the values must be finite."""
        before, after = values.shape[: self.axis], values.shape[self.axis + 1 :]
        lines = values.reshape(int(np.prod(before)), self.length, int(np.prod(after)))
        out = np.empty((lines.shape[0], self.count, lines.shape[2]), values.dtype)
        width = int(np.clip(2 * self.radius, 16, 64))
        for first in range(0, self.count, width):
            last = min(first + width, self.count)
            start = max(0, first + self.offset - self.radius)
            stop = min(self.length, last + self.offset + self.radius)
            band = self._band(first, last, start, stop).astype(values.dtype)
            _multiply(band, lines[:, start:stop], out[:, first:last])
        return out.reshape(*before, self.count, *after)

    def _band(self, first: int, last: int, start: int, stop: int) -> NDArray[np.float64]:
        """Return the matrix that maps inputs ``start:stop`` to outputs ``first:last``, borders folded in."""
        outputs = np.arange(first, last)[:, np.newaxis]
        reached = outputs + self.offset + np.arange(-self.radius, self.radius + 1)
        columns = np.clip(reached, start, stop - 1) - start
        band = np.zeros((last - first, stop - start))
        np.add.at(band, (outputs - first, columns), np.broadcast_to(self.kernel, columns.shape))
        return band


def _multiply(band: Array, lines: Array, out: Array) -> None:
    """Store ``band @ lines`` for each (length, n) matrix, in pieces that BLAS keeps to one thread.

    The cores are busy with other blocks already, and threads of BLAS wait for one another by spinning.
    """
    piece = max(8, (_GEMV_LIMIT if len(band) == 1 else _GEMM_LIMIT) // band.size)
    if lines.shape[2] == 1:
        lines, out = lines.transpose(2, 1, 0), out.transpose(2, 1, 0)
    length = lines.shape[2]
    even = length - length % piece
    for first, last, width in ((0, even, piece), (even, length, length - even)):
        if last > first:
            np.matmul(
                band, _pieces(lines[:, :, first:last], width), out=_pieces(out[:, :, first:last], width)
            )


def _pieces(lines: Array, width: int) -> Array:
    """Return the view (n, pieces, length, width) of lines (n, length, pieces * width)."""
    count, length, _ = lines.shape
    return np.moveaxis(lines.reshape(count, length, -1, width, copy=False), 2, 1)


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
