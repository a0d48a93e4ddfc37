"""The engine of ranks (the median is one): comparison networks on tiles for small boxes, partial sorting for large."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import SimpleITK as sitk
from numpy.lib.stride_tricks import sliding_window_view

from pellucid.operations.context import Context, Region
from pellucid.operations.engines.networks import rank_network, sort_network
from pellucid.operations.engines.pieces import with_halo
from pellucid.operations.pixels import Array, blank, blocks, view

_BLOCK_VOXELS = 1 << 18
_TILE_BYTES = 1 << 19


def median(image: sitk.Image, radius: int, context: Context) -> sitk.Image:
    """Return the median of the box of ``radius`` voxels around each wanted voxel; borders are repeated."""
    return _ranked(image, radius, lambda count: count // 2, context)


def percentile(image: sitk.Image, radius: int, percent: float, context: Context) -> sitk.Image:
    """Return a percentile of the box around each wanted voxel: the value of rank ``count * percent // 100``."""
    return _ranked(image, radius, lambda count: min(int(float(count) * percent / 100.0), count - 1), context)


def _ranked(image: sitk.Image, radius: int, rank: Callable[[int], int], context: Context) -> sitk.Image:
    """Return the value of a rank (told from the number of voxels) in the box around each wanted voxel."""
    array = view(image)
    result, out = blank(image, array.dtype)
    region = context.region(array.shape)
    axes = [axis for axis in range(3) if array.shape[axis] > 1] or [2]
    thin = [axis for axis in range(3) if axis not in axes]
    order = thin + sorted(axes, key=lambda axis: (region[axis].stop - region[axis].start, axis))
    z, y, x = (region[axis] for axis in order)
    pairs = [(source.transpose(order), target.transpose(order)) for source, target in _channels(array, out)]
    box = _Box(radius, len(axes), rank((2 * radius + 1) ** len(axes)))

    def work(item: tuple[Array, Array, Region]) -> None:
        source, target, block = item
        box.fill(source, target, block, context)

    parts = list(blocks((z, y, x), pairs[0][0].shape, _BLOCK_VOXELS))
    context.each(work, [(source, target, block) for source, target in pairs for block in parts])
    return result


def _channels(array: Array, out: Array) -> Iterator[tuple[Array, Array]]:
    if array.ndim == 3:
        yield array, out
    else:
        yield from ((array[..., c], out[..., c]) for c in range(array.shape[3]))


class _Box:
    """The value of a rank in a box along the last ``count`` axes of an array."""

    def __init__(self, radius: int, count: int, rank: int) -> None:
        self.radius, self.width, self.rank = radius, 2 * radius + 1, rank
        self.axes = range(3 - count, 3)
        sorts = [sort_network(self.width, self.width**done) for done in range(count - 1)]
        passes = [*sorts, rank_network(self.width, self.width ** (count - 1), rank)]
        self.networks = [network for network in passes if network] if all(passes) else []

    def fill(self, source: Array, target: Array, block: Region, context: Context) -> None:
        """Fill one block of the target, tile by tile."""
        reach = [self.radius if axis in self.axes else 0 for axis in range(3)]
        padded = with_halo(source, block, (reach[0], reach[1], reach[2]))
        part = target[block]
        row_bytes = self.width ** len(self.axes) * part.shape[2] * part.itemsize
        rows = max(1 + self.radius, _TILE_BYTES // row_bytes)
        deep = self.width if 0 in self.axes else 1
        margin = self.width - 1 if 1 in self.axes else 0
        for plane in range(part.shape[0]):
            for first in range(0, part.shape[1], rows):
                context.check()
                last = min(first + rows, part.shape[1])
                tile = padded[plane : plane + deep, first : last + margin]
                part[plane, first:last] = self._compare(tile) if self.networks else self._select(tile)

    def _compare(self, tile: Array) -> Array:
        """Sort ever longer runs along all axes but the last, and take the rank along that."""
        values = [tile]
        for axis, network in zip(self.axes, self.networks, strict=True):
            values = network.apply(
                [_shifted(value, axis, k, self.width) for value in values for k in range(self.width)]
            )
        return np.asarray(values[0][0])

    def _select(self, tile: Array) -> Array:
        """Sort every box as far as the rank."""
        windows = sliding_window_view(tile, (self.width,) * len(self.axes), tuple(self.axes))
        boxes = windows.reshape(*windows.shape[1:3], -1)  # a copy: partition works in place
        lost = np.isnan(boxes).any(axis=2) if tile.dtype.kind == "f" else None
        boxes.partition(self.rank, axis=2)
        answer = boxes[..., self.rank]
        if lost is not None:
            answer[lost] = np.nan
        return np.asarray(answer)


def _shifted(value: Array, axis: int, start: int, width: int) -> Array:
    """Return the view of the voxels that lie ``start`` after the first of each box along an axis."""
    return value[(slice(None),) * axis + (slice(start, value.shape[axis] - width + 1 + start),)]
