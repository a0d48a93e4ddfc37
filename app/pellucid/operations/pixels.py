"""The bridge between SimpleITK images and NumPy arrays (z, y, x[, c]), without copies, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region

Array = NDArray[Any]
MOST_LABELS = 65_535
"""The largest value of a label."""
_CHUNK_VOXELS = 1 << 22
_GRID_TOLERANCE = 1e-3  # mm, the largest distance of corresponding corners of grids that count as the same
_PIXEL_IDS = {
    np.dtype(np.uint8): (sitk.sitkUInt8, sitk.sitkVectorUInt8),
    np.dtype(np.int8): (sitk.sitkInt8, sitk.sitkVectorInt8),
    np.dtype(np.uint16): (sitk.sitkUInt16, sitk.sitkVectorUInt16),
    np.dtype(np.int16): (sitk.sitkInt16, sitk.sitkVectorInt16),
    np.dtype(np.uint32): (sitk.sitkUInt32, sitk.sitkVectorUInt32),
    np.dtype(np.int32): (sitk.sitkInt32, sitk.sitkVectorInt32),
    np.dtype(np.uint64): (sitk.sitkUInt64, sitk.sitkVectorUInt64),
    np.dtype(np.int64): (sitk.sitkInt64, sitk.sitkVectorInt64),
    np.dtype(np.float32): (sitk.sitkFloat32, sitk.sitkVectorFloat32),
    np.dtype(np.float64): (sitk.sitkFloat64, sitk.sitkVectorFloat64),
}
_KNOWN_IDS = {pixel_id for pair in _PIXEL_IDS.values() for pixel_id in pair}


def pinned(image: sitk.Image) -> sitk.Image:
    """Return the same image, whose values stay where arrays look at them as long as it lives; it must not change.

    Asked for its memory while anything else holds it, such as a filter that runs in another thread, an image of
    SimpleITK moves to a copy, and what earlier arrays look at is freed. ``Volume.array`` pins in the same way.
    """
    if "pinned" not in image.__dict__:
        interface = dict(sitk.GetArrayViewFromImage(image).__array_interface__)
        image.pinned = interface, sitk.Image(image)
    return image


class _Memory:
    """Hand NumPy the memory of an image together with a reference that keeps the image alive."""

    def __init__(self, image: sitk.Image, *, writable: bool) -> None:
        self.image = image
        known = image.__dict__.get("pinned")
        interface = known[0] if known else dict(sitk.GetArrayViewFromImage(image).__array_interface__)
        pointer, _ = interface["data"]
        self.__array_interface__ = interface | {"data": (pointer, not writable)}


def view(image: sitk.Image) -> Array:
    """Return a read-only array (z, y, x[, c]) of a 2-D or 3-D image that keeps the image alive."""
    array = np.asarray(_Memory(image, writable=False))
    return array if image.GetDimension() == 3 else array[np.newaxis]


def from_array(array: Array) -> sitk.Image:
    """Copy an array into an image without geometry; a last axis of colour is not expected."""
    return sitk.GetImageFromArray(np.ascontiguousarray(array))


def allocate(size: Sequence[int], dtype: Any, components: int = 1) -> tuple[sitk.Image, Array]:
    """Return a new image of zeros without geometry, and the array (z, y, x[, c]) to fill it through."""
    scalar, vector = _PIXEL_IDS[np.dtype(dtype)]
    image = sitk.Image(size, vector, components) if components > 1 else sitk.Image(size, scalar)
    array = np.asarray(_Memory(image, writable=True))
    return image, array if image.GetDimension() == 3 else array[np.newaxis]


def blank(like: sitk.Image, dtype: Any) -> tuple[sitk.Image, Array]:
    """Return a new image of zeros on the same grid, with as many channels, and the array to fill."""
    image, array = allocate(like.GetSize(), dtype, like.GetNumberOfComponentsPerPixel())
    image.CopyInformation(like)
    return image, array


def work_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the floating type that holds every value of a pixel type closely enough to compute with."""
    small = dtype.itemsize <= 2 or dtype == np.float32
    return np.dtype(np.float32 if small else np.float64)


def store(values: Array, out: Array) -> None:
    """Write computed values into an array of another type; whole-number types are rounded and clipped."""
    if out.dtype.kind in "iu":
        lowest, highest = _bounds(out.dtype, values.dtype)
        np.clip(np.rint(values, out=values), lowest, highest, out=values)
        np.copyto(out, values, casting="unsafe")
    else:
        np.copyto(out, values, casting="same_kind")


def _bounds(dtype: np.dtype[Any], work: np.dtype[Any]) -> tuple[float, float]:
    """Return the extreme whole numbers of a type that the floating work type can hold without overflow."""
    info = np.iinfo(dtype)
    highest = work.type(info.max)
    if float(highest) > info.max:
        highest = np.nextafter(highest, work.type(0))
    return float(info.min), float(highest)


def blocks(region: Region, shape: tuple[int, ...], voxels: int = _CHUNK_VOXELS) -> Iterator[Region]:
    """Split a region into slabs, and slabs of huge slices into strips, of at most about ``voxels`` voxels."""
    z, y, x = region
    width = max(1, x.stop - x.start) * int(np.prod(shape[3:]))
    plane = max(1, y.stop - y.start) * width
    deep, high = max(1, voxels // plane), max(1, min(y.stop - y.start, voxels // width))
    for first in range(z.start, z.stop, deep):
        for row in range(y.start, y.stop, high):
            yield slice(first, min(first + deep, z.stop)), slice(row, min(row + high, y.stop)), x


def map_blocks(
    image: sitk.Image,
    dtype: Any,
    work: Callable[[Array, Array], None],
    context: Context,
) -> sitk.Image:
    """Return a new image that ``work(values, out)`` fills, slice by slice, from the wanted region."""
    array = view(image)
    result, out = blank(image, dtype)

    def fill(block: Region) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            for values, target in zip(array[block], out[block], strict=True):
                work(values, target)

    context.each(fill, blocks(context.region(array.shape), array.shape))
    return result


def axis_lengths(image: sitk.Image) -> tuple[float, float, float]:
    """Return the spacing along x, y, z; a planar image has 1.0 along z."""
    spacing = image.GetSpacing()
    return (spacing[0], spacing[1], spacing[2] if len(spacing) == 3 else 1.0)


def voxel_volume(image: sitk.Image) -> float:
    """Return the volume of a voxel in mm³; of a planar image, its area. Axes need not stand at right angles."""
    turned = np.reshape(image.GetDirection(), (image.GetDimension(),) * 2)
    return float(np.prod(image.GetSpacing()) * abs(np.linalg.det(turned)))


def as_mask(image: sitk.Image, context: Context | None = None) -> sitk.Image:
    """Return an image as a mask of 0 and 1; every value but zero (and NaN) is inside."""
    array = view(image)
    if array.dtype == np.uint8 and array.max() <= 1:
        return image

    def work(values: Array, out: Array) -> None:
        np.not_equal(values, 0, out=out.view(bool))
        if values.dtype.kind == "f":
            out &= ~np.isnan(values)

    return map_blocks(image, np.uint8, work, context or Context())


def as_labels(image: sitk.Image) -> sitk.Image:
    """Return an image of whole numbers as 8-bit or 16-bit labels; raise Refused when its values cannot be labels."""
    array = view(image)
    if array.dtype in (np.uint8, np.uint16):
        return image
    rounded = np.rint(array) if array.dtype.kind == "f" else array
    if not np.array_equal(rounded, array):
        raise Refused(tr("Labels are whole numbers; this image holds others. Threshold it first."))
    if rounded.min() < 0 or rounded.max() > MOST_LABELS:
        raise Refused(tr("Labels are numbers from 0 to {most}; this image holds others.", most=MOST_LABELS))
    result, out = blank(image, np.uint16)
    np.copyto(out, rounded, casting="unsafe")
    return result


def check_pixels(title: str, kind: str, image: sitk.Image) -> None:
    """Raise Refused with a sentence when the pixels of an image do not fit an operation."""
    pixels = image.GetPixelIDTypeAsString()
    if image.GetDimension() not in (2, 3):
        raise Refused(
            tr(
                "{title} works on images of two or three dimensions; this one has {count}.",
                title=title,
                count=image.GetDimension(),
            )
        )
    if image.GetPixelID() not in _KNOWN_IDS:
        raise Refused(
            tr(
                "{title} cannot work on pixels of the type {pixels}; convert the image to numbers first.",
                title=title,
                pixels=pixels,
            )
        )
    if 0 in image.GetSize():
        raise Refused(tr("{title} cannot work on an image without voxels.", title=title))
    if kind == "labels" and image.GetNumberOfComponentsPerPixel() > 1:
        raise Refused(tr("{title} needs labels, one number per voxel; this is a colour image.", title=title))
    if kind == "mask" and image.GetNumberOfComponentsPerPixel() > 1:
        raise Refused(tr("{title} needs a mask, one number per voxel; this is a colour image.", title=title))


def on_same_grid(first: sitk.Image, other: sitk.Image) -> bool:
    """Return whether two images have their voxels at the same places, to 1/1000 mm and 1/10 voxel."""
    if first.GetSize() != other.GetSize():
        return False
    far = max(np.abs(a - b).max() for a, b in zip(_corners(first), _corners(other), strict=True))
    return bool(far <= min(_GRID_TOLERANCE, min(first.GetSpacing()) / 10))


def check_same_grid(title: str, first: sitk.Image, other: sitk.Image) -> None:
    """Raise Refused when two images have their voxels at different places."""
    if not on_same_grid(first, other):
        raise Refused(
            tr(
                "{title} needs both images on the same grid; these differ in size or position. Resample one first.",
                title=title,
            )
        )


def _corners(image: sitk.Image) -> list[Array]:
    last = [n - 1 for n in image.GetSize()]
    bits = range(1 << len(last))
    corners = ([n * (b >> k & 1) for k, n in enumerate(last)] for b in bits)
    return [np.array(image.TransformIndexToPhysicalPoint(corner)) for corner in corners]


def need_scalar(title: str, image: sitk.Image) -> None:
    """Raise Refused when the image has colour."""
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise Refused(
            tr("{title} needs one value per voxel; this is a colour image. Take one channel of it first.", title=title)
        )


def need_colour(title: str, image: sitk.Image) -> None:
    """Raise Refused unless the image has red, green and blue, with or without alpha."""
    count = image.GetNumberOfComponentsPerPixel()
    if count == 1:
        raise Refused(tr("{title} needs a colour image of red, green and blue; this one is grey.", title=title))
    if count not in (3, 4):
        raise Refused(
            tr(
                "{title} needs a colour image of red, green and blue; the channels of this one: {count}.",
                title=title,
                count=count,
            )
        )


def finite_extremes(
    image: sitk.Image, context: Context, mask: sitk.Image | None = None
) -> tuple[float, float] | tuple[int, int]:
    """Return the smallest and largest finite value (whole numbers stay whole); 0, 0 when there is none.

    With a mask, only the values inside count.
    """
    array, inside = view(image), None if mask is None else view(mask)
    found: list[tuple[Any, Any]] = []

    def work(block: Region) -> None:
        values = array[block] if inside is None else array[block][inside[block] > 0]
        if values.size == 0:
            return
        low, high = values.min(), values.max()
        if array.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
            values = values[np.isfinite(values)]
            if values.size == 0:
                return
            low, high = values.min(), values.max()
        found.append((low.item(), high.item()))

    whole = (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))
    context.each(work, blocks(whole, array.shape))
    if not found:
        return 0.0, 0.0
    return min(low for low, _ in found), max(high for _, high in found)
