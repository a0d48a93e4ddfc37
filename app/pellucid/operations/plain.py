"""Short functions that scripts carry along: SimpleITK and NumPy only, nothing else of Pellucid.

A script made from a recipe contains the source of those it calls, so they are written to be read there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk


def voxels(image: sitk.Image) -> Any:
    """Return the values (z, y, x[, c]); a planar image has one slice."""
    array = sitk.GetArrayFromImage(image)
    return array if image.GetDimension() == 3 else array[np.newaxis]


def on_grid_of(array: Any, image: sitk.Image) -> sitk.Image:
    """Return an array (z, y, x[, c]) as an image on the grid of another."""
    planar = array[0] if image.GetDimension() == 2 else array
    result = sitk.GetImageFromArray(np.ascontiguousarray(planar), isVector=array.ndim == 4)
    result.CopyInformation(image)
    return result


def stored(values: Any, dtype: Any) -> Any:
    """Return computed values in a pixel type; whole-number types are rounded and clipped."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "iu":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    highest = values.dtype.type(info.max)
    if float(highest) > info.max:  # the next number that the floating type can hold
        highest = np.nextafter(highest, values.dtype.type(0))
    return np.clip(np.rint(values), float(info.min), float(highest)).astype(dtype)


def floating(array: Any) -> Any:
    """Return values as 32-bit floats where those hold every value exactly, else as 64-bit floats."""
    small = array.dtype.itemsize <= 2 or array.dtype == np.float32
    return array.astype(np.float32 if small else np.float64)


def finite_range(array: Any) -> tuple[Any, Any]:
    """Return the smallest and largest finite value; 0, 0 when there is none."""
    finite = array[np.isfinite(array)]
    return (finite.min().item(), finite.max().item()) if finite.size else (0, 0)


def as_mask(image: sitk.Image) -> sitk.Image:
    """Return an image of 0 and 1: every value but 0 and NaN is inside."""
    array = voxels(image)
    inside = (array != 0) & ~np.isnan(array) if array.dtype.kind == "f" else array != 0
    return on_grid_of(inside.astype(np.uint8), image)


def as_labels(image: sitk.Image) -> sitk.Image:
    """Return an image of whole numbers as labels of 8 or 16 bits."""
    array = voxels(image)
    return image if array.dtype in (np.uint8, np.uint16) else on_grid_of(array.astype(np.uint16), image)


def on_grid_or_resampled(image: sitk.Image, other: sitk.Image, *, nearest: bool = False) -> sitk.Image:
    """Return ``other`` on the grid of ``image``: resampled unless it lies there already."""

    def corners(one: sitk.Image) -> Any:
        last = [n - 1 for n in one.GetSize()]
        places = ([n * (bits >> k & 1) for k, n in enumerate(last)] for bits in range(1 << len(last)))
        return np.array([one.TransformIndexToPhysicalPoint(place) for place in places])

    near = min(1e-3, min(image.GetSpacing()) / 10)
    if image.GetSize() == other.GetSize() and np.abs(corners(image) - corners(other)).max() <= near:
        return other
    return sitk.Resample(other, image, sitk.Transform(), sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear)


def without_alpha(image: sitk.Image) -> sitk.Image:
    """Return red, green and blue of an RGBA image; any other image as it is."""
    if image.GetNumberOfComponentsPerPixel() != 4:
        return image
    return on_grid_of(voxels(image)[..., :3], image)


def with_alpha_of(result: sitk.Image, given: sitk.Image) -> sitk.Image:
    """Return an RGB result with the alpha of the image it was made from; in floats, full coverage is 1."""
    if given.GetNumberOfComponentsPerPixel() != 4 or result.GetNumberOfComponentsPerPixel() != 3:
        return result
    made, alpha = voxels(result), voxels(given)[..., 3]
    if alpha.dtype.kind in "iu" and made.dtype.kind == "f":
        alpha = alpha / np.iinfo(alpha.dtype).max
    return on_grid_of(np.concatenate([made, alpha[..., np.newaxis].astype(made.dtype)], axis=-1), result)


def filled_padding(image: sitk.Image, padding: tuple[float, float]) -> sitk.Image:
    """Return an image with its lowest other value in place of the values of a range that are no measurements."""
    array = voxels(image)
    outside = (array >= padding[0]) & (array <= padding[1])
    if not outside.any() or outside.all():
        return image
    array[outside] = np.nanmin(array[~outside])
    return on_grid_of(array, image)


def restored_padding(result: sitk.Image, given: sitk.Image, padding: tuple[float, float]) -> sitk.Image:
    """Return a result with the padding of the image it was made from in its places."""
    array, before = voxels(result), voxels(given)
    outside = (before >= padding[0]) & (before <= padding[1])
    array[outside] = stored(before[outside].astype(np.float64), array.dtype)
    return on_grid_of(array, result)


def outside_padding(image: sitk.Image, mask: sitk.Image | None, padding: tuple[float, float]) -> sitk.Image | None:
    """Return the part of a mask (None: of the whole image) whose values are measurements, not padding."""
    array = voxels(image)
    valid = ~((array >= padding[0]) & (array <= padding[1]))
    if valid.all() or not valid.any():
        return mask
    valid = valid.any(axis=-1) if valid.ndim == 4 else valid
    valid = valid if mask is None else valid & (voxels(mask) > 0)
    return on_grid_of(valid.astype(np.uint8), image)
