"""The engine of the median: comparison networks on tiles for small boxes, SimpleITK for large ones."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context, Region
from pellucid.operations.networks import Network, median_network, sort_network
from pellucid.operations.pixels import Array, blank, blocks, view

_BLOCK_VOXELS = 1 << 18
_TILE_BYTES = 1 << 19


def median(image: sitk.Image, radius: int, context: Context) -> sitk.Image:
    """Return the median of the box of ``radius`` voxels around each wanted voxel; borders are repeated."""
    array = view(image)
    axes = [axis for axis in range(3) if array.shape[axis] > 1] or [2]
    networks = _networks(2 * radius + 1, len(axes))
    if networks is None:
        return _large(image, radius, context)
    result, out = blank(image, array.dtype)
    region = context.region(array.shape)
    order = sorted(axes, key=lambda axis: (region[axis].stop - region[axis].start, axis))
    moved = [axis for axis in range(3) if axis not in axes] + order
    channels = (
        [(array, out)] if array.ndim == 3 else [(array[..., c], out[..., c]) for c in range(array.shape[3])]
    )
    turned = [(a.transpose(moved), o.transpose(moved)) for a, o in channels]
    z, y, x = (region[axis] for axis in moved)

    def work(item: tuple[Array, Array, Region]) -> None:
        source, target, block = item
        _filter_block(source, target, block, radius, networks)

    shape = turned[0][0].shape
    context.each(
        work, [(a, o, block) for a, o in turned for block in blocks((z, y, x), shape, _BLOCK_VOXELS)]
    )
    return result


def _networks(width: int, axes: int) -> list[Network] | None:
    """Return the network of each pass: all but the last sort ever longer runs, the last takes the median."""
    found = [sort_network(width, width**done) for done in range(axes - 1)] + [
        median_network(width, width ** (axes - 1))
    ]
    return [network for network in found if network] if all(found) else None


def _filter_block(source: Array, target: Array, block: Region, radius: int, networks: list[Network]) -> None:
    """Fill one block of the target, tile by tile; the last ``len(networks)`` axes are filtered."""
    filtered = range(3 - len(networks), 3)
    padded = _with_border(source, block, radius, filtered)
    margin = 2 * radius if 1 in filtered else 0
    wide, planes = 2 * radius + 1, block[0].stop - block[0].start
    height, width = block[1].stop - block[1].start, padded.shape[2]
    rows = max(4, _TILE_BYTES // (wide ** len(networks) * width * source.itemsize))
    part = target[block]
    for plane in range(planes):
        deep = slice(plane, plane + (wide if 0 in filtered else 1))
        for first in range(0, height, rows):
            last = min(first + rows, height)
            values = [padded[deep, first : last + margin]]
            for axis, network in zip(filtered, networks, strict=True):
                values = network.apply(
                    [_shifted(value, axis, k, wide) for value in values for k in range(wide)]
                )
            part[plane, first:last] = values[0][0]


def _with_border(source: Array, block: Region, radius: int, axes: range) -> Array:
    """Return a copy of a block, ``radius`` voxels wider along some axes, with the border repeated."""
    copy = source
    for axis in range(3):
        extra = radius if axis in axes else 0
        wanted = np.arange(block[axis].start - extra, block[axis].stop + extra)
        inside = wanted.clip(0, source.shape[axis] - 1)
        low = int(inside[0])
        copy = copy[(slice(None),) * axis + (slice(low, int(inside[-1]) + 1),)]
        if not np.array_equal(wanted, inside):
            copy = np.take(copy, inside - low, axis=axis)
    return np.ascontiguousarray(copy)


def _shifted(value: Array, axis: int, start: int, wide: int) -> Array:
    """Return the view of the voxels that lie ``start`` after the first of each box along an axis."""
    return value[(slice(None),) * axis + (slice(start, value.shape[axis] - wide + 1 + start),)]


def _large(image: sitk.Image, radius: int, context: Context) -> sitk.Image:
    """Use SimpleITK, channel by channel."""
    filter = sitk.MedianImageFilter()
    filter.SetRadius([radius] * image.GetDimension())
    count = image.GetNumberOfComponentsPerPixel()
    if count == 1:
        return context.execute(filter, image)
    parts = [context.part(k / count, (k + 1) / count) for k in range(count)]
    channels = [sitk.VectorIndexSelectionCast(image, k) for k in range(count)]
    return sitk.Compose(
        [part.execute(filter, channel) for part, channel in zip(parts, channels, strict=True)]
    )
