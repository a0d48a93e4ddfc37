"""Compute a new image from several images on one grid, block by block, and store it in a pixel type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr, tr_count
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.pixels import Array, allocate, blocks, view
from pellucid.operations.plain import floating, on_grid_or_resampled, stored, voxels

_BLOCK_VALUES = 1 << 17  # temporary arrays of a block stay in the cache


def combined(
    images: Sequence[sitk.Image],
    dtype: Any,
    components: int,
    work: Callable[[Sequence[Array], Array], None],
    context: Context,
) -> sitk.Image:
    """Return an image on the grid of the first that ``work(parts, out)`` fills from the wanted region."""
    arrays = [view(image) for image in images]
    result, out = allocate(images[0].GetSize(), dtype, components)
    result.CopyInformation(images[0])

    def fill(block: Region) -> None:
        with np.errstate(all="ignore"):
            work([array[block] for array in arrays], out[block])

    widest = max([out, *arrays], key=lambda array: array.ndim)
    context.each(fill, blocks(context.region(out.shape), widest.shape, _BLOCK_VALUES))
    return result


def common_channels(title: str, images: Sequence[sitk.Image]) -> int:
    """Return how many values per voxel come out when images are combined; grey acts on every channel of colour."""
    counts = {image.GetNumberOfComponentsPerPixel() for image in images}
    colours = sorted(counts - {1})
    if len(colours) > 1:
        raise Refused(
            tr(
                "{title} cannot combine colour images of {first} and {second} channels; take single channels first.",
                title=title,
                first=colours[0],
                second=colours[1],
            )
        )
    return colours[0] if colours else 1


def same_channels(*arrays: Any) -> list[Any]:
    """Return arrays that can be combined: a grey one beside colour acts on every channel."""
    most = max(array.ndim for array in arrays)
    return [array[..., np.newaxis] if array.ndim < most else array for array in arrays]


def pair(image: sitk.Image, other: sitk.Image, *, resample: bool = False) -> list[Any]:
    """Return the values of two images as floats that can be combined, the other brought onto the grid if need be."""
    other = on_grid_or_resampled(image, other) if resample else other
    return same_channels(floating(voxels(image)), floating(voxels(other)))


def in_type(values: Any, dtype: Any) -> Any:
    """Return values in a pixel type; whole-number types are rounded and clipped, and NaN becomes 0."""
    if np.dtype(dtype).kind in "iu":
        values = np.where(np.isnan(values), 0, values)
    return stored(values, dtype)


def count_clipped(values: Array, dtype: np.dtype[Any]) -> int:
    """Return how many values do not fit into a whole-number type, even when rounded."""
    if dtype.kind not in "iu":
        return 0
    info = np.iinfo(dtype)
    return int(np.count_nonzero((values < info.min - 0.5) | (values >= info.max + 0.5)))


def of_two(
    title: str,
    image: sitk.Image,
    other: sitk.Image,
    rule: Callable[[Any, Any], Any],
    pixel_type: str,
    context: Context,
) -> sitk.Image:
    """Return ``rule`` of the values of two images, in the type of the first or ``"float32"``; remark on clipping."""
    dtype = view(image).dtype if pixel_type == "same" else np.dtype(np.float32)
    clipped: list[int] = []

    def work(parts: Sequence[Array], out: Array) -> None:
        values = rule(*same_channels(*(floating(part) for part in parts)))
        clipped.append(count_clipped(values, dtype))
        out[...] = in_type(values, dtype)

    result = combined((image, other), dtype, common_channels(title, (image, other)), work, context)
    remark_clipped(sum(clipped), dtype, context)
    return result


def remark_clipped(count: int, dtype: np.dtype[Any], context: Context) -> None:
    """Say how many values did not fit into a pixel type, if any."""
    if count:
        context.remark(
            tr_count(
                "{count} value did not fit into the type {name} and was clipped.",
                "{count} values did not fit into the type {name} and were clipped.",
                count,
                name=dtype.name,
            )
        )
