"""The engine of resampling to another spacing along the same axes: one pass of band matrices per axis.

Cubic B-splines are interpolated with their cardinal function, which falls by 0.27 from voxel to voxel and
is cut where 32-bit floats no longer notice. Beyond its outermost voxels an image is repeated (linear) or
mirrored (B-spline), as in ITK.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.operations.bands import all_finite, weighted
from pellucid.operations.context import Context, Region
from pellucid.operations.pixels import Array, allocate, blocks, store, view, work_type

_POLE = np.sqrt(3.0) - 2.0
_TAPS = 18
_BLOCK_VOXELS = 1 << 21


@dataclass(frozen=True)
class AxisGrid:
    """Where new voxels lie along an axis of ``length`` old ones: at ``first + j * step`` (in old voxels)."""

    length: int
    count: int
    first: float
    step: float

    @classmethod
    def centred(cls, length: int, count: int, step: float) -> AxisGrid:
        """Return the grid whose middle is the middle of the old one."""
        return cls(length, count, ((length - 1) - (count - 1) * step) / 2, step)

    def taps(self, part: slice, spline: bool) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the old voxels and their weights, shape (n, taps), for a part of the new voxels."""
        places = self.first + self.step * np.arange(part.start, part.stop)
        if not spline:
            places = places.clip(0, self.length - 1)
        below = np.floor(places)
        rest = (places - below)[:, np.newaxis]
        steps = np.arange(-_TAPS, _TAPS + 2) if spline else np.arange(2)
        reached = below.astype(np.intp)[:, np.newaxis] + steps
        if not spline:
            return reached.clip(0, self.length - 1), np.hstack([1 - rest, rest])
        return _mirrored(reached, self.length), _cardinal(rest, steps)


def _mirrored(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Fold indices back into 0 … length - 1, without repeating the outermost ones."""
    period = max(1, 2 * (length - 1))
    folded = np.abs(index) % period
    return np.minimum(folded, period - folded) if length > 1 else folded * 0


def _cardinal(rest: NDArray[np.float64], steps: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the cardinal cubic spline at ``rest - steps``, for rest in [0, 1) of shape (n, 1)."""
    t = rest
    spline = np.hstack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 + t - t**2) * t + 1, t**3]) / 6
    fall = np.sqrt(3.0) * _POLE ** np.abs(np.arange(-1, 3)[:, np.newaxis] - steps)
    return np.asarray(spline @ fall)


def resampled(image: sitk.Image, grids: Sequence[AxisGrid], spline: bool, context: Context) -> sitk.Image:
    """Return an image interpolated on other places along its axes z, y, x, without geometry.

    The pixel type stays; whole numbers are rounded and clipped. A new voxel next to NaN or Inf is NaN.
    """
    array = view(image)
    size = [grid.count for grid in reversed(grids)][: image.GetDimension()]
    result, out = allocate(size, array.dtype, image.GetNumberOfComponentsPerPixel())

    def work(block: Region) -> None:
        store(_block(array, grids, block, spline), out[block])

    z, y, x = (slice(0, grid.count) for grid in grids)
    shrinkage = max(1.0, float(np.prod([grid.step for grid in grids])))
    context.each(work, blocks((z, y, x), out.shape, max(1, int(_BLOCK_VOXELS / shrinkage))))
    return result


def _block(array: Array, grids: Sequence[AxisGrid], block: Region, spline: bool) -> Array:
    """Interpolate one block of the new grid, the axis that shrinks most first."""
    taps = [grid.taps(part, spline) for grid, part in zip(grids, block, strict=True)]
    starts = [int(columns.min()) for columns, _ in taps]
    needed = [slice(first, int(columns.max()) + 1) for first, (columns, _) in zip(starts, taps, strict=True)]
    values: Array = array[tuple(needed)].astype(work_type(array.dtype))
    gaps = None if all_finite(values) else ~np.isfinite(values)
    if gaps is not None:
        values[gaps] = 0
    order = sorted(range(3), key=lambda axis: grids[axis].count / grids[axis].length)
    for axis in order:
        columns, weights = taps[axis]
        values = weighted(values, axis, columns - starts[axis], weights)
    if gaps is not None:
        near = gaps.astype(values.dtype)
        for axis in order:
            columns, weights = grids[axis].taps(block[axis], spline=False)
            near = weighted(near, axis, columns - starts[axis], weights)
        values[near > 0] = np.nan
    return values
