"""Combine two images voxel by voxel: sums, products, extremes, mixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr, tr_count
from pellucid.operations.context import Context
from pellucid.operations.engines.combining import in_type, of_two, pair
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array
from pellucid.operations.units import Percent, Title

PixelType = Annotated[
    Literal["same", "float32"], Title("Pixel type", ("As this image", "32-bit float"))
]
Resample = Annotated[bool, Title("Resample the other image onto this grid")]


def _script(formula: str) -> Callable[[Any], str]:
    """Return what writes the lines of a formula of ``first`` and ``second``."""

    def lines(params: Any) -> str:
        values = "in_type(values, voxels(image).dtype)" if params.pixel_type == "same" else "values.astype(np.float32)"
        return f"""
            first, second = pair(image, other{", resample=True" if params.resample else ""})
            values = {formula}
            result = on_grid_of({values}, image)
        """

    return lines


@operation(
    "arithmetic.add",
    title="Add",
    menu="Filters/Arithmetic",
    grids="aligned",
    pointwise=True,
    keywords=("sum", "plus"),
    python=_script("first + second"),
    toolbox=(pair, in_type),
)
def add(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "same", resample: Resample = False
) -> Image:
    """Add another image, voxel by voxel.

    Values that the pixel type of the result cannot hold become the nearest it can; how many is said. Whole numbers
    are exact up to 2^53. A grey image acts on every channel of a colour image. NaN in either image stays NaN.

    Settings:
        pixel_type: Whether the sum is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.add and SimpleITK.Add, which wraps round where this clips.
    """
    return of_two(tr("Add"), image, other, np.add, pixel_type, context)


@operation(
    "arithmetic.subtract",
    title="Subtract",
    menu="Filters/Arithmetic",
    grids="aligned",
    keeps_range=False,
    pointwise=True,
    keywords=("difference", "minus", "digital subtraction"),
    python=_script("first - second"),
    toolbox=(pair, in_type),
)
def subtract(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "same", resample: Resample = False
) -> Image:
    """Subtract another image, voxel by voxel.

    Values that the pixel type of the result cannot hold become the nearest it can: choose 32-bit float to keep
    negative differences of unsigned images. A grey image acts on every channel of a colour image. NaN stays NaN.

    Settings:
        pixel_type: Whether the difference is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.subtract and SimpleITK.Subtract, which wraps round where this clips.
    """
    return of_two(tr("Subtract"), image, other, np.subtract, pixel_type, context)


@operation(
    "arithmetic.multiply",
    title="Multiply",
    menu="Filters/Arithmetic",
    keeps_unit=False,
    grids="aligned",
    pointwise=True,
    keywords=("product", "times"),
    python=_script("first * second"),
    toolbox=(pair, in_type),
)
def multiply(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "float32", resample: Resample = False
) -> Image:
    """Multiply by another image, voxel by voxel.

    Values that the pixel type of the result cannot hold become the nearest it can; how many is said. A grey image
    acts on every channel of a colour image. NaN in either image stays NaN. The unit of the image is lost.

    Settings:
        pixel_type: Whether the product is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.multiply and SimpleITK.Multiply.
    """
    return of_two(tr("Multiply"), image, other, np.multiply, pixel_type, context)


def quotient(first: Any, second: Any) -> Any:
    """Return first / second, and NaN wherever it divides by zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(second == 0, np.nan, first / second)


@operation(
    "arithmetic.divide",
    title="Divide",
    menu="Filters/Arithmetic",
    keeps_unit=False,
    grids="aligned",
    pointwise=True,
    keywords=("ratio", "quotient", "flat field"),
    python=_script("quotient(first, second)"),
    toolbox=(pair, in_type, quotient),
)
def divide(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "float32", resample: Resample = False
) -> Image:
    """Divide by another image, voxel by voxel.

    Where the other image is zero the result is NaN, or 0 in whole numbers; how many is said. A grey image acts on
    every channel of a colour image. The unit of the image is lost.

    Settings:
        pixel_type: Whether the ratio is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.divide and SimpleITK.Divide, which make infinities of divisions by zero.
    """
    zeros: list[int] = []

    def rule(first: Array, second: Array) -> Array:
        zeros.append(int(np.count_nonzero(second == 0)))
        return np.asarray(quotient(first, second))

    result = of_two(tr("Divide"), image, other, rule, pixel_type, context)
    count = sum(zeros)
    if count:
        context.remark(tr_count("{count} value was divided by zero.", "{count} values were divided by zero.", count))
    return result


@operation(
    "arithmetic.minimum",
    title="Minimum of two images",
    menu="Filters/Arithmetic",
    grids="aligned",
    pointwise=True,
    keywords=("darker", "smaller", "lower"),
    python=_script("np.minimum(first, second)"),
    toolbox=(pair, in_type),
)
def minimum(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "same", resample: Resample = False
) -> Image:
    """Take the smaller of the two values of each voxel.

    Values that the pixel type of the result cannot hold become the nearest it can. A grey image acts on every channel
    of a colour image. NaN in either image stays NaN.

    Settings:
        pixel_type: Whether the smaller value is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.minimum and SimpleITK.Minimum.
    """
    return of_two(tr("Minimum of two images"), image, other, np.minimum, pixel_type, context)


@operation(
    "arithmetic.maximum",
    title="Maximum of two images",
    menu="Filters/Arithmetic",
    grids="aligned",
    pointwise=True,
    keywords=("brighter", "larger", "lighten"),
    python=_script("np.maximum(first, second)"),
    toolbox=(pair, in_type),
)
def maximum(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "same", resample: Resample = False
) -> Image:
    """Take the larger of the two values of each voxel.

    Values that the pixel type of the result cannot hold become the nearest it can. A grey image acts on every channel
    of a colour image. NaN in either image stays NaN.

    Settings:
        pixel_type: Whether the larger value is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.maximum and SimpleITK.Maximum.
    """
    return of_two(tr("Maximum of two images"), image, other, np.maximum, pixel_type, context)


@operation(
    "arithmetic.blend",
    title="Blend",
    menu="Filters/Arithmetic",
    grids="aligned",
    pointwise=True,
    keywords=("mix", "average", "fusion", "weighted sum"),
    python=_script("first * (1 - $weight / 100) + second * ($weight / 100)"),
    toolbox=(pair, in_type),
)
def blend(
    image: Image,
    other: Image,
    context: Context,
    *,
    weight: Annotated[Percent, Title("Weight of the other image")] = 50.0,
    pixel_type: PixelType = "same",
    resample: Resample = False,
) -> Image:
    """Mix the image with another one, as a weighted mean of the two values of each voxel.

    A grey image acts on every channel of a colour image. NaN in either image stays NaN.

    Settings:
        weight: 0 % gives this image alone, 50 % the mean, 100 % the other image.
        pixel_type: Whether the mean is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        Linear blending: image × (1 - w) + other × w.
    """
    share = weight / 100

    def rule(first: Array, second: Array) -> Array:
        return np.asarray(first * (1 - share) + second * share)

    return of_two(tr("Blend"), image, other, rule, pixel_type, context)


def distance(first: Any, second: Any) -> Any:
    """Return how far two values are apart."""
    return np.abs(first - second)


@operation(
    "arithmetic.absolute_difference",
    title="Absolute difference",
    menu="Filters/Arithmetic",
    grids="aligned",
    keeps_range=False,
    pointwise=True,
    keywords=("compare", "change", "distance"),
    python=_script("np.abs(first - second)"),
    toolbox=(pair, in_type),
)
def absolute_difference(
    image: Image, other: Image, context: Context, *, pixel_type: PixelType = "same", resample: Resample = False
) -> Image:
    """Show how far the two values of each voxel are apart, whichever is larger.

    Values that the pixel type of the result cannot hold become the nearest it can. A grey image acts on every channel
    of a colour image. NaN in either image stays NaN.

    Settings:
        pixel_type: Whether the difference is stored like this image or as 32-bit float.
        resample: Bring the other image onto this grid (linear) where it lies elsewhere, instead of refusing it.

    Source:
        As numpy.abs(a - b) and SimpleITK.AbsoluteValueDifference.
    """
    return of_two(tr("Absolute difference"), image, other, distance, pixel_type, context)
