"""Keep the part of an image that lies inside or outside a label."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.combining import combined, in_type, same_channels
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, finite_extremes, view
from pellucid.operations.units import Begins, Intensity, Title, When


def _lowest(image: Any, mask: Any, context: Context, *, fill: str) -> float:
    """Return the lowest finite value of the image where it is needed."""
    return finite_extremes(image, context)[0] if fill == "lowest" else 0.0


def _script(params: Any) -> str:
    inside = "on_grid_or_resampled(image, mask, nearest=True)" if params.resample else "mask"
    lowest, chosen = "array.dtype.type(finite_range(array)[0])", "in_type(np.float64($value), array.dtype)"
    return f"""
        array = voxels(image)
        array, inside = same_channels(array, voxels({inside}) != 0)
        kept = inside if $keep == "inside" else ~inside
        result = on_grid_of(np.where(kept, array, {lowest if params.fill == "lowest" else chosen}), image)
    """


@operation(
    "arithmetic.mask",
    title="Mask by label",
    menu="Filters/Arithmetic",
    grids="aligned",
    pointwise=True,
    prepare=_lowest,
    prepare_uses=("fill",),
    keywords=("label", "cut out", "background", "region of interest"),
    python=_script,
    toolbox=(same_channels, in_type),
)
def mask_by_label(
    image: Image,
    mask: Mask,
    context: Context,
    *,
    keep: Annotated[Literal["inside", "outside"], Title("Keep", ("Inside the label", "Outside the label"))] = "inside",
    fill: Annotated[Literal["lowest", "value"], Title("Replace by", ("The lowest value", "A value"))] = "lowest",
    value: Annotated[Intensity, Title("Value"), Begins("lowest"), When("fill", ("value",))] = 0.0,
    resample: Annotated[bool, Title("Resample the label onto this grid")] = False,
) -> Image:
    """Keep the image inside or outside a label and replace the rest by one value.

    The pixel type stays; a value it cannot hold is rounded and clipped, and that is said. All channels of a colour
    image are replaced alike. NaN that is not kept is replaced, too.

    Settings:
        keep: Which side of the label's border stays as it is.
        fill: What stands in the rest: the lowest finite number of the whole image, or one of your choice.
        value: The number that stands in the rest, if chosen.
        resample: Bring the label onto this grid (nearest voxel) where it lies elsewhere, instead of refusing it.

    Source:
        As SimpleITK.Mask and SimpleITK.MaskNegated.
    """
    dtype = view(image).dtype
    constant = dtype.type(context.prepared) if fill == "lowest" else in_type(np.float64(value), dtype)
    if fill == "value" and dtype.kind in "iu" and constant != value:
        context.remark(
            tr("The type {name} cannot hold {value:g}; {near} was used.", name=dtype.name, value=value, near=constant)
        )

    def work(parts: Any, out: Array) -> None:
        values, inside = same_channels(*parts)
        out[...] = np.where(inside != 0 if keep == "inside" else inside == 0, values, constant)

    return combined((image, mask), dtype, image.GetNumberOfComponentsPerPixel(), work, context)
