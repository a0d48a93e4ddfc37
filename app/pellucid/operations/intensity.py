"""Operations that change the values of an image by straight lines: rescale, invert, clamp, multiply and add."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.losses import converted
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, finite_extremes, map_blocks, store, view, work_type
from pellucid.operations.units import Intensity, Range, Slider, Title, Unit


def _rescale_complaint(p: Any) -> str | None:
    if p.minimum >= p.maximum:
        return tr("Minimum must be below maximum.")
    info = None if p.pixel_type == "float32" else np.iinfo(p.pixel_type)
    if info and not info.min <= p.minimum < p.maximum <= info.max:
        return tr(
            "Values of the type {name} go from {lowest} to {highest}; choose minimum and maximum in that range.",
            name=p.pixel_type,
            lowest=info.min,
            highest=info.max,
        )
    return None


@operation(
    "intensity.rescale",
    title="Rescale intensity",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=finite_extremes,
    complaint=_rescale_complaint,
    keywords=("normalise", "stretch", "range", "min max"),
    python="""
        array = voxels(image)
        low, high = finite_range(array)
        scale = ($maximum - $minimum) / (high - low) if high > low else 0.0
        result = on_grid_of(converted((floating(array) - low) * scale + $minimum, $pixel_type), image)
    """,
    toolbox=(converted,),
)
def rescale(
    image: Image,
    context: Context,
    *,
    minimum: Intensity = 0.0,
    maximum: Intensity = 1.0,
    pixel_type: Annotated[
        Literal["float32", "uint8", "uint16", "int16"],
        Title("Pixel type", ("32-bit float", "8-bit unsigned", "16-bit unsigned", "16-bit signed")),
    ] = "float32",
) -> Image:
    """Map the range of the image linearly to a new range.

    The smallest finite value becomes the new minimum and the largest the new maximum; colour channels keep
    their proportions. Whole numbers are rounded, and NaN becomes 0 in them. An image of one value becomes the new
    minimum.

    Settings:
        minimum: The new smallest value.
        maximum: The new largest value.
        pixel_type: How the new values are stored.

    Source:
        Linear map, as SimpleITK.RescaleIntensity.
    """
    low, high = context.prepared
    scale = (maximum - minimum) / (high - low) if high > low else 0.0
    work_dtype = work_type(view(image).dtype)

    def work(values: Array, out: Array) -> None:
        shifted = values.astype(work_dtype) - work_dtype.type(low)
        np.copyto(out, converted(shifted * work_dtype.type(scale) + work_dtype.type(minimum), pixel_type))

    return map_blocks(image, pixel_type, work, context)


@operation(
    "intensity.invert",
    title="Invert",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=finite_extremes,
    keywords=("negative", "complement"),
    python="""
        array = voxels(image)
        low, high = finite_range(array)
        # whole numbers may wrap round on the way, never at the end
        inverted = (low + high) - array if array.dtype.kind == "f" else low + (high - array)
        result = on_grid_of(inverted, image)
    """,
)
def invert(image: Image, context: Context) -> Image:
    """Swap dark and bright: the largest value becomes the smallest and the other way round.

    Each value v becomes minimum + maximum - v, so the range and the pixel type stay.

    Source:
        As SimpleITK.InvertIntensity with maximum = minimum + maximum of the image.
    """
    low, high = context.prepared
    dtype = view(image).dtype
    total: Any = low + high
    if dtype.kind in "iu":  # modulo the range of the type: the true result always fits
        pattern = np.dtype(f"u{dtype.itemsize}")
        total = np.array(int(total) % (1 << 8 * dtype.itemsize), pattern).view(dtype)

    def work(values: Array, out: Array) -> None:
        np.subtract(total, values, out=out)

    return map_blocks(image, dtype, work, context)


@operation(
    "intensity.clamp",
    title="Clamp",
    menu="Filters/Intensity",
    pointwise=True,
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("clip", "limit", "saturate"),
    python="""
        array = voxels(image)
        lower, upper = $lower, $upper
        if array.dtype.kind in "iu":  # the outermost whole numbers of the type between the limits
            info = np.iinfo(array.dtype)
            lower, upper = max(math.ceil(lower), info.min), min(math.floor(upper), info.max)
        result = on_grid_of(np.clip(array, lower, upper), image)
    """,
)
def clamp(image: Image, context: Context, *, lower: Intensity = 0.0, upper: Intensity = 1000.0) -> Image:
    """Limit the values: whatever lies outside becomes the nearest limit.

    The pixel type stays; for whole numbers the limits are the outermost whole numbers between them. NaN
    stays NaN.

    Settings:
        lower: Smaller values become this.
        upper: Larger values become this.

    Source:
        As numpy.clip and SimpleITK.Clamp.
    """
    dtype = view(image).dtype
    low, high = whole_limits(lower, upper, dtype) if dtype.kind in "iu" else (lower, upper)
    if low > high:
        raise Refused(
            tr(
                "No value of the type {name} lies between {lower:g} and {upper:g}.",
                name=dtype.name,
                lower=lower,
                upper=upper,
            )
        )
    limits = dtype.type(low), dtype.type(high)

    def work(values: Array, out: Array) -> None:
        np.clip(values, *limits, out=out)

    return map_blocks(image, dtype, work, context)


def whole_limits(lower: float, upper: float, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the outermost whole numbers of a type between two limits, lowest first if there are any."""
    info = np.iinfo(dtype)
    return max(math.ceil(lower), int(info.min)), min(math.floor(upper), int(info.max))


def _linear_lines(p: Any) -> str:
    stored = "stored(values, array.dtype)" if p.pixel_type == "same" else "values.astype(np.float32)"
    return f"""
        array = voxels(image)
        values = array.astype(np.float64) * $slope + $offset
        result = on_grid_of({stored}, image)
    """


@operation(
    "intensity.linear",
    title="Multiply and add",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    keywords=("slope", "intercept", "offset", "scale", "shift", "linear"),
    python=_linear_lines,
)
def linear(
    image: Image,
    context: Context,
    *,
    slope: Annotated[float, Unit("×"), Range(-1e12, 1e12), Slider(-10.0, 10.0, 0.1)] = 1.0,
    offset: Intensity = 0.0,
    pixel_type: Annotated[
        Literal["float32", "same"], Title("Pixel type", ("32-bit float", "That of the image"))
    ] = "float32",
) -> Image:
    """Multiply every value by a number and add another.

    Each value v becomes slope × v + offset, computed in 64-bit floats; colour channels alike. In the type of the
    image the result is rounded and limited to what the type holds. NaN stays NaN.

    Settings:
        slope: Every value is multiplied by this.
        offset: This is added after the multiplication.
        pixel_type: Floats keep every result; the type of the image takes less memory.

    Source:
        As SimpleITK.ShiftScale, which adds first.
    """
    dtype = view(image).dtype if pixel_type == "same" else np.dtype(np.float32)
    clipped: list[int] = []

    def work(values: Array, out: Array) -> None:
        made = values.astype(np.float64) * slope + offset
        if dtype.kind in "iu":
            clipped.append(_beyond(made, dtype))
        store(made, out)

    result = map_blocks(image, dtype, work, context)
    if sum(clipped):
        count, name = sum(clipped), dtype.name
        context.remark(tr("{count} values do not fit into {name} and were limited to it.", count=count, name=name))
    return result


def _beyond(values: Array, dtype: np.dtype[Any]) -> int:
    """Return how many values lie outside a whole-number type after rounding (halves to even)."""
    info = np.iinfo(dtype)
    return int(np.count_nonzero((values < info.min - 0.5) | (values >= info.max + 0.5)))
