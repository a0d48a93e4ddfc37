"""Cut a part out, or add a margin."""

from __future__ import annotations

from typing import Annotated

import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.grids import times
from pellucid.operations.operation import Image, operation
from pellucid.operations.units import Box, Title


@operation(
    "geometry.crop",
    title="Crop to box",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("region of interest", "ROI", "cut", "trim"),
    python="""
        dimension = image.GetDimension()
        result = sitk.RegionOfInterest(image, $box[3:][:dimension], $box[:dimension])
    """,
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
                size=times(size),
                start=", ".join(map(str, start)),
                available=times(available),
            )
        )
    return cut(image, start, size, context)


def cut(image: Image, start: tuple[int, ...], size: tuple[int, ...], context: Context) -> Image:
    """Return the part of an image that begins at a voxel and has a size."""
    filter = sitk.RegionOfInterestImageFilter()
    filter.SetIndex(start[: image.GetDimension()])
    filter.SetSize(size[: image.GetDimension()])
    return context.execute(filter, image)
