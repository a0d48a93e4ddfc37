"""Operations that change the grid: resample to a spacing, crop to a box."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, store, view, work_type
from pellucid.operations.units import Box, Millimetres, Range, Slider, Title

_INTERPOLATORS = {
    "nearest": sitk.sitkNearestNeighbor,
    "linear": sitk.sitkLinear,
    "bspline": sitk.sitkBSpline3,
}


@operation(
    "geometry.resample",
    title="Resample to spacing",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("isotropic", "interpolate", "resize", "voxel size", "zoom"),
)
def resample(
    image: Image,
    context: Context,
    *,
    spacing_x: Annotated[Millimetres, Title("Spacing x"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_y: Annotated[Millimetres, Title("Spacing y"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_z: Annotated[Millimetres, Title("Spacing z"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    interpolation: Annotated[
        Literal["nearest", "linear", "bspline"],
        Title("Interpolation", ("Nearest", "Linear", "Cubic B-spline")),
    ] = "linear",
) -> Image:
    """Interpolate the image on a grid of another spacing that covers the same space.

    Directions and the middle of the image stay; the number of voxels is the extent divided by the spacing,
    rounded. An axis of a single voxel stays as it is. The pixel type stays, whole numbers are rounded.
    Going to a much coarser grid, smooth first.

    Settings:
        spacing_x: New distance of voxels along the first axis.
        spacing_y: New distance of voxels along the second axis.
        spacing_z: New distance of voxels along the third axis; ignored by planar images.
        interpolation: How values between voxels are found; nearest makes no new values.

    Source:
        SimpleITK.Resample; Unser, Splines: a perfect fit for signal and image processing, 1999.
    """
    spacing = (spacing_x, spacing_y, spacing_z)[: image.GetDimension()]
    filter = _resampler(image, spacing, interpolation)
    dtype = view(image).dtype
    _refuse_huge(filter.GetSize(), dtype.itemsize * image.GetNumberOfComponentsPerPixel())
    if interpolation == "nearest":
        return context.execute(filter, image)
    count = image.GetNumberOfComponentsPerPixel()
    if count == 1:
        return _resampled(filter, image, context)
    parts = [context.part(k / count, (k + 1) / count) for k in range(count)]
    channels = [sitk.VectorIndexSelectionCast(image, k) for k in range(count)]
    return sitk.Compose([_resampled(filter, one, part) for one, part in zip(channels, parts, strict=True)])


def _resampler(image: Any, spacing: Sequence[float], interpolation: str) -> Any:
    """Return the filter with a new grid around the same middle; axes of one voxel are left alone."""
    old_size, old_spacing = image.GetSize(), image.GetSpacing()
    new_spacing = [old if n == 1 else new for n, old, new in zip(old_size, old_spacing, spacing, strict=True)]
    extents = [n * old for n, old in zip(old_size, old_spacing, strict=True)]
    size = [max(1, int(e / new + 0.5)) for e, new in zip(extents, new_spacing, strict=True)]
    first = [
        ((n - 1) - (m - 1) * new / old) / 2
        for n, m, old, new in zip(old_size, size, old_spacing, new_spacing, strict=True)
    ]
    filter = sitk.ResampleImageFilter()
    filter.SetSize(size)
    filter.SetOutputSpacing(new_spacing)
    filter.SetOutputDirection(image.GetDirection())
    filter.SetOutputOrigin(image.TransformContinuousIndexToPhysicalPoint(first))
    filter.SetInterpolator(_INTERPOLATORS[interpolation])
    return filter


def _resampled(filter: Any, image: Any, context: Context) -> Any:
    """Interpolate one channel in floating point, then round to its own type."""
    dtype = view(image).dtype
    if dtype.kind == "f":
        return context.execute(filter, image)
    filter.SetOutputPixelType(sitk.sitkFloat32 if work_type(dtype) == np.float32 else sitk.sitkFloat64)
    exact = context.part(0.0, 0.9).execute(filter, image)
    values = view(exact)
    result, out = blank(exact, dtype)

    def work(block: Region) -> None:
        store(values[block].copy(), out[block])

    last = context.part(0.9, 1.0)
    z, y, x = (slice(0, n) for n in values.shape)
    last.each(work, blocks((z, y, x), values.shape))
    return result


def _refuse_huge(size: Sequence[int], voxel_bytes: int) -> None:
    """Raise Refused when the new grid would not fit in half of the memory of the computer."""
    needed = float(np.prod(np.array(size, dtype=np.float64))) * voxel_bytes
    if needed > _memory_bytes() / 2:
        raise Refused(
            f"An image of {_numbers(size)} voxels would need {needed / 2**30:.1f} GB, more than half of the "
            "memory of this computer. Choose a larger spacing."
        )


def _memory_bytes() -> float:
    """Return the memory of the computer, or 8 GB where it cannot be asked."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return 8.0 * 2**30


@operation(
    "geometry.crop",
    title="Crop to box",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("region of interest", "ROI", "cut", "trim"),
)
def crop(image: Image, context: Context, *, box: Annotated[Box, Title("Box")] = (0, 0, 0, 1, 1, 1)) -> Image:
    """Keep only the voxels inside a box; they stay where they are in space.

    Settings:
        box: First voxel x, y, z, then the number of voxels along x, y, z (1 along z for a planar image).

    Source:
        SimpleITK.RegionOfInterest.
    """
    start, size = box[:3], box[3:]
    available = (*image.GetSize(), 1)[:3]
    if any(a < 0 or n < 1 or a + n > total for a, n, total in zip(start, size, available, strict=True)):
        raise Refused(
            f"A box of {_numbers(size)} voxels from voxel {', '.join(map(str, start))} does not lie inside "
            f"this image of {_numbers(available)} voxels."
        )
    filter = sitk.RegionOfInterestImageFilter()
    filter.SetIndex(start[: image.GetDimension()])
    filter.SetSize(size[: image.GetDimension()])
    return context.execute(filter, image)


def _numbers(values: Sequence[int]) -> str:
    return " × ".join(str(value) for value in values)
