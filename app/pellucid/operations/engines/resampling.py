"""The engine of resampling along the same axes: one pass of band matrices per axis.

Cubic B-splines are interpolated with their cardinal function, which falls by 0.27 from voxel to voxel and is cut
where 32-bit floats no longer notice. The weights of a windowed sinc are scaled to a sum of 1, so that a constant stays
one. Beyond its outermost voxels an image is repeated, or mirrored for B-splines, as in ITK. Smoothing against aliasing
is part of the weights and costs no pass of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.operations.context import Context, Region
from pellucid.operations.engines.bands import weighted
from pellucid.operations.engines.gaps import Range, bridged, bridged_whole, missing, slabs
from pellucid.operations.engines.separable import gaussian_kernel, gaussian_reach
from pellucid.operations.pixels import Array, allocate, blocks, store, view, work_type
from pellucid.operations.plain import on_grid_of, stored, voxels

_POLE = np.sqrt(3.0) - 2.0
_TAPS = 18
_SINC_RADIUS = 5
_REACHES = {"linear": 1, "bspline": 8, "lanczos": _SINC_RADIUS, "hamming": _SINC_RADIUS}
_DEEPEST = 12
_BLOCK_VOXELS = 1 << 21


@dataclass(frozen=True)
class AxisGrid:
    """Where new voxels lie along an axis of ``length`` old ones: at ``first + j * step`` (in old voxels).

    ``blur`` is the sigma, in old voxels, of the Gaussian that the old voxels are smoothed with before.
    """

    length: int
    count: int
    first: float
    step: float
    blur: float = 0.0

    @property
    def is_same(self) -> bool:
        """Return whether the new voxels are the old ones."""
        return self.count == self.length and self.first == 0 and self.step == 1 and self.blur == 0

    def places(self, part: slice) -> NDArray[np.float64]:
        """Return where some of the new voxels lie."""
        return self.first + self.step * np.arange(part.start, part.stop)

    def nearest(self, part: slice) -> NDArray[np.intp]:
        """Return the old voxels nearest to some of the new ones."""
        return np.floor(self.places(part) + 0.5).astype(np.intp).clip(0, self.length - 1)

    def beyond(self, part: slice) -> NDArray[np.bool_]:
        """Return which of the new voxels lie on no old one."""
        places = self.places(part)
        return (places < -0.5 - 1e-6) | (places > self.length - 0.5 + 1e-6)

    def taps(self, part: slice, how: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the old voxels and their weights, shape (n, taps), for a part of the new voxels."""
        places = self.places(part)
        if self.is_same:
            return places.astype(np.intp)[:, np.newaxis], np.ones((len(places), 1))
        if how == "linear":
            places = places.clip(0, self.length - 1)
        below = np.floor(places)
        rest = (places - below)[:, np.newaxis]
        offsets = {"linear": np.arange(2), "bspline": np.arange(-_TAPS, _TAPS + 2)}.get(
            how, np.arange(1 - _SINC_RADIUS, _SINC_RADIUS + 1)
        )
        columns = below.astype(np.intp)[:, np.newaxis] + offsets
        if how == "bspline":
            columns, weights = _mirrored(columns, self.length), _cardinal(rest, offsets)
        else:
            columns = columns.clip(0, self.length - 1)
            weights = np.hstack([1 - rest, rest]) if how == "linear" else _sinc(rest - offsets, how)
        return self._blurred(columns, weights)

    def _blurred(self, columns: Array, weights: Array) -> tuple[Array, Array]:
        """Return the taps that give the same from the voxels before they are smoothed."""
        kernel = gaussian_kernel(self.blur)
        if kernel is None:
            return columns, weights
        far = len(kernel) // 2
        reached = (columns[:, :, np.newaxis] + np.arange(-far, far + 1)).clip(0, self.length - 1)
        return reached.reshape(len(columns), -1), (weights[:, :, np.newaxis] * kernel).reshape(len(columns), -1)


def centred(length: int, count: int, step: float, *, anti_alias: bool = False) -> AxisGrid:
    """Return the new places whose middle is the middle of the old ones."""
    first = ((length - 1) - (count - 1) * step) / 2
    return AxisGrid(length, count, first, step, alias_sigma(step) if anti_alias and count > 1 else 0.0)


def alias_sigma(step: float) -> float:
    """Return the sigma, in old voxels, that makes an old voxel as wide as a new one ``step`` times its size.

    The width of a voxel is that of a Gaussian whose full width at half maximum is its size.
    """
    return float(np.sqrt((step**2 - 1) / (8 * np.log(2)))) if step > 1 else 0.0


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


def _sinc(distance: NDArray[np.float64], window: str) -> NDArray[np.float64]:
    """Return the weights of a windowed sinc at distances in voxels, each row with the sum 1."""
    share = distance / _SINC_RADIUS
    window_at = np.sinc(share) if window == "lanczos" else 0.54 + 0.46 * np.cos(np.pi * share)
    weights = np.sinc(distance) * window_at
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def resampled(
    image: sitk.Image, grids: Sequence[AxisGrid], how: str, context: Context, background: float = 0.0
) -> sitk.Image:
    """Return an image at other places along its axes x, y[, z].

    The pixel type stays; whole numbers are rounded and clipped. Gaps of the image mix into nothing, and stay where
    they are the nearest.
    """
    array, zyx, padding = view(image), volume_grids(grids), context.padding
    source = None if how == "nearest" else _bridged(array, bridge_steps(zyx, how), context.part(0.0, 0.3))
    result, out = allocate([grid.count for grid in grids], array.dtype, image.GetNumberOfComponentsPerPixel())

    def work(block: Region) -> None:
        values = regridded(array, source, zyx, how, block, background, padding)
        if how == "nearest":
            out[block] = values
        else:
            store(values, out[block])

    context.part(0.3, 1.0).each(work, _parts(zyx, out.shape))
    return _put(result, image, grids)


def _bridged(array: Array, steps: int, context: Context) -> Array | None:
    """Return an array with its gaps filled, or None where it has none."""
    if array.dtype.kind in "iu" and context.padding is None:
        return None
    found: list[None] = []

    def look(part: slice) -> None:
        if not found and missing(array[part], context.padding) is not None:
            found.append(None)

    def fill(part: slice) -> None:
        out[part] = bridged(array, part, context.padding, steps)

    context.part(0.0, 0.2).each(look, slabs(array.shape, 1))
    if not found:
        return None
    out = np.empty(array.shape, work_type(array.dtype))
    context.part(0.2, 1.0).each(fill, slabs(array.shape, steps))
    return out


def bridge_steps(grids: Sequence[AxisGrid], how: str) -> int:
    """Return how many voxels beside a measurement an interpolation looks at."""
    return min(_REACHES.get(how, 0) + max(gaussian_reach(grid.blur) for grid in grids), _DEEPEST)


def resampled_plain(
    image: sitk.Image, grids: Sequence[AxisGrid], how: str, padding: Range | None, background: float = 0.0
) -> sitk.Image:
    """Return an image at other places along its axes x, y[, z], as ``resampled`` does."""
    array, zyx = voxels(image), volume_grids(grids)
    source = None
    if how != "nearest" and missing(array, padding) is not None:
        source = bridged_whole(array, padding, bridge_steps(zyx, how), lambda: None)
    out = np.empty((*(grid.count for grid in zyx), *array.shape[3:]), array.dtype)
    for block in _parts(zyx, out.shape):
        values = regridded(array, source, zyx, how, block, background, padding)
        out[block] = values if how == "nearest" else stored(values, out.dtype)
    empty = sitk.Image([grid.count for grid in grids], sitk.sitkUInt8)
    return on_grid_of(out, _put(empty, image, grids))


def volume_grids(grids: Sequence[AxisGrid]) -> list[AxisGrid]:
    """Return the places along z, y, x; a planar image has one slice."""
    return [*([AxisGrid(1, 1, 0.0, 1.0)] * (3 - len(grids))), *reversed(grids)]


def _parts(grids: Sequence[AxisGrid], shape: tuple[int, ...]) -> list[Region]:
    z, y, x = (slice(0, grid.count) for grid in grids)
    shrinkage = max(1.0, float(np.prod([grid.step for grid in grids])))
    return list(blocks((z, y, x), shape, max(1, int(_BLOCK_VOXELS / shrinkage))))


def _put(result: sitk.Image, image: sitk.Image, grids: Sequence[AxisGrid]) -> sitk.Image:
    """Put a result where its voxels lie."""
    result.SetSpacing([grid.step * old for grid, old in zip(grids, image.GetSpacing(), strict=True)])
    result.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([grid.first for grid in grids]))
    result.SetDirection(image.GetDirection())
    return result


def regridded(
    array: Array,
    source: Array | None,
    grids: Sequence[AxisGrid],
    how: str,
    block: Region,
    background: float,
    padding: Range | None,
) -> Array:
    """Return one block of the new voxels: floats, or the old values for the nearest ones.

    ``source`` is the array with its gaps filled, where it has any; they come back where they are the nearest.
    """
    nearest = np.ix_(*(grid.nearest(part) for grid, part in zip(grids, block, strict=True)))
    if how == "nearest":
        values = array[nearest]
    else:
        values = _interpolated(array if source is None else source, grids, how, block)
        near = array[nearest] if source is not None else None
        gaps = missing(near, padding) if near is not None else None
        if near is not None and gaps is not None:
            values[gaps] = near[gaps]
    for axis, (grid, part) in enumerate(zip(grids, block, strict=True)):
        np.moveaxis(values, axis, 0)[grid.beyond(part)] = stored(np.array(background, np.float64), values.dtype)
    return values


def _interpolated(array: Array, grids: Sequence[AxisGrid], how: str, block: Region) -> Array:
    """Interpolate one block of the new grid, the axis that shrinks most first."""
    taps = [grid.taps(part, how) for grid, part in zip(grids, block, strict=True)]
    starts = [int(columns.min()) for columns, _ in taps]
    needed = [slice(first, int(columns.max()) + 1) for first, (columns, _) in zip(starts, taps, strict=True)]
    values: Array = array[tuple(needed)].astype(work_type(array.dtype))
    for axis in sorted(range(3), key=lambda axis: grids[axis].count / grids[axis].length):
        columns, weights = taps[axis]
        if not grids[axis].is_same:
            values = weighted(values, axis, columns - starts[axis], weights)
    return values
