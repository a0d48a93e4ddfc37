"""Put one value into a box, such as over text in the pixels."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from pellucid.operations.context import Context
from pellucid.operations.engines.grids import refuse_outside
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import allocate, view
from pellucid.operations.plain import stored
from pellucid.operations.units import Begins, Box, Intensity, Title

_COLOURS = 3


@operation(
    "geometry.black_out",
    title="Black out a box",
    menu="Filters/Geometry",
    reach=None,
    keywords=("redact", "burned in", "text", "anonymise", "de-identify", "rectangle"),
    python="""
        array = voxels(image).copy()
        x, y, z, nx, ny, nz = $box
        colours = 3 if array.ndim == 4 else None
        value = stored(np.array($value, np.float64), array.dtype)
        array[z : z + nz, y : y + ny, x : x + nx, ...][..., :colours] = value
        result = on_grid_of(array, image)
    """,
)
def black_out(
    image: Image,
    context: Context,
    *,
    box: Annotated[Box, Title("Box")] = (0, 0, 0, 1, 1, 1),
    value: Annotated[Intensity, Title("Value"), Begins("lowest")] = 0.0,
) -> Image:
    """Give all voxels inside a box one value; nothing of what was there stays.

    The pixel type stays; the value is rounded and clipped to it. In a colour image it goes into red, green and blue.

    Settings:
        box: First voxel x, y, z, then the number of voxels along x, y, z (1 along z for a planar image).
        value: What the voxels hold then; the lowest one of the image is shown black.

    Source:
        DICOM PS3.15 E.3.1, Clean Pixel Data Option.
    """
    start, size = box[:3], box[3:]
    refuse_outside(start, size, image)
    array = view(image)
    result, out = allocate(image.GetSize(), array.dtype, image.GetNumberOfComponentsPerPixel())
    filled: Any = stored(np.array(value, np.float64), array.dtype)
    colours = _COLOURS if array.ndim > _COLOURS else None
    (x, y, z), (width, height, depth) = start, size

    def work(n: int) -> None:
        out[n] = array[n]
        if z <= n < z + depth:
            out[n, y : y + height, x : x + width, ...][..., :colours] = filled

    context.each(work, range(len(out)))
    result.CopyInformation(image)
    return result
