"""Operations that change the grid: resample to a spacing, crop to a box."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Annotated, Literal

import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import view
from pellucid.operations.resampling import AxisGrid, resampled
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
    rounded. An axis of a single voxel stays as it is. The pixel type stays, whole numbers are rounded;
    voxels next to NaN become NaN. Going to a much coarser grid, smooth first.

    Settings:
        spacing_x: New distance of voxels along the first axis.
        spacing_y: New distance of voxels along the second axis.
        spacing_z: New distance of voxels along the third axis; ignored by planar images.
        interpolation: How values between voxels are found; nearest makes no new values.

    Source:
        SimpleITK.Resample; Unser, Splines: a perfect fit for signal and image processing, 1999.
    """
    spacing = (spacing_x, spacing_y, spacing_z)[: image.GetDimension()]
    steps = [
        1.0 if n == 1 else new / old for n, old, new in zip(image.GetSize(), image.GetSpacing(), spacing, strict=True)
    ]
    grids = [
        AxisGrid.centred(n, max(1, int(n / step + 0.5)), step) for n, step in zip(image.GetSize(), steps, strict=True)
    ]
    _refuse_huge(grids, view(image).dtype.itemsize * image.GetNumberOfComponentsPerPixel())
    new_spacing = [step * old for step, old in zip(steps, image.GetSpacing(), strict=True)]
    origin = image.TransformContinuousIndexToPhysicalPoint([grid.first for grid in grids])
    if interpolation == "nearest":
        filter = sitk.ResampleImageFilter()
        filter.SetSize([grid.count for grid in grids])
        filter.SetOutputSpacing(new_spacing)
        filter.SetOutputOrigin(origin)
        filter.SetOutputDirection(image.GetDirection())
        filter.SetInterpolator(sitk.sitkNearestNeighbor)
        return context.execute(filter, image)
    zyx = [*([AxisGrid(1, 1, 0.0, 1.0)] * (3 - len(grids))), *reversed(grids)]
    result = resampled(image, zyx, interpolation == "bspline", context)
    result.SetSpacing(new_spacing)
    result.SetOrigin(origin)
    result.SetDirection(image.GetDirection())
    return result


def _refuse_huge(grids: Sequence[AxisGrid], voxel_bytes: int) -> None:
    """Raise Refused when the new grid would not fit in half of the memory of the computer."""
    size = [grid.count for grid in grids]
    needed = math.prod(size) * voxel_bytes
    if needed > _memory_bytes() / 2:
        raise Refused(
            tr(
                "An image of {size} voxels would need {gigabytes:.1f} GB, more than half of the "
                "memory of this computer. Choose a larger spacing.",
                size=_numbers(size),
                gigabytes=needed / 2**30,
            )
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
            tr(
                "A box of {size} voxels from voxel {start} does not lie inside this image of {available} voxels.",
                size=_numbers(size),
                start=", ".join(map(str, start)),
                available=_numbers(available),
            )
        )
    filter = sitk.RegionOfInterestImageFilter()
    filter.SetIndex(start[: image.GetDimension()])
    filter.SetSize(size[: image.GetDimension()])
    return context.execute(filter, image)


def _numbers(values: Sequence[int]) -> str:
    return " × ".join(str(value) for value in values)
