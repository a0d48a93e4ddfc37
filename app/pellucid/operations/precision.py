"""Change the pixel type, or the number of grey levels, and say what is lost."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.losses import Losses, converted, losses_of, remarks
from pellucid.operations.engines.order import counted, quantiles
from pellucid.operations.engines.pointwise import by_curve
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, blocks, finite_extremes, map_blocks, view
from pellucid.operations.units import Range, Slider, Title, Unit

PixelType = Literal[
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"
]
_WORDS = (
    "8-bit unsigned", "8-bit signed", "16-bit unsigned", "16-bit signed", "32-bit unsigned", "32-bit signed",
    "64-bit unsigned", "64-bit signed", "32-bit float", "64-bit float",
)  # fmt: skip


def _check_fit(image: Any, context: Context, pixel_type: str, outside: str) -> None:
    """Raise Refused when a value does not fit and that is not allowed."""
    if outside == "clip":
        return
    array, dtype = view(image), np.dtype(pixel_type)
    found: list[Losses] = []
    whole = (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))
    context.each(lambda block: found.append(losses_of(array[block], dtype)), blocks(whole, array.shape, 1 << 20))
    lost = sum(found, Losses())
    if lost.outside + lost.nan:
        low, high = finite_extremes(image, context)
        sentence = tr(
            "{count} values do not fit into the type {name}: the image goes from {low:g} to {high:g}, and {nan} are "
            "NaN. Take another pixel type, or let the values be limited.",
            count=lost.outside + lost.nan,
            name=dtype.name,
            low=low,
            high=high,
            nan=lost.nan,
        )
        raise Refused(sentence)


@operation(
    "intensity.cast",
    title="Convert pixel type",
    menu="Filters/Intensity",
    pointwise=True,
    prepare=_check_fit,
    prepare_uses=("pixel_type", "outside"),
    keywords=("cast", "convert", "data type", "8-bit", "16-bit", "float", "integer"),
    python="""
        # values that do not fit are limited, where $outside is not "refuse"; nothing wraps round
        result = on_grid_of(converted(voxels(image), $pixel_type), image)
    """,
    toolbox=(converted,),
)
def cast(
    image: Image,
    context: Context,
    *,
    pixel_type: Annotated[PixelType, Title("Pixel type", _WORDS)] = "float32",
    outside: Annotated[
        Literal["clip", "refuse"], Title("Values that do not fit", ("Limit to the type", "Refuse"))
    ] = "clip",
) -> Image:
    """Store the values in another pixel type.

    Fractions are rounded to whole numbers (halves to the even one); values never wrap round: those outside the type
    become its nearest limit and NaN becomes 0, or the conversion is refused. How many values were limited, rounded,
    NaN, or too large for a float to hold exactly is said. To use the whole range of the new type, rescale first.

    Settings:
        pixel_type: How each value is stored.
        outside: What happens to a value that the new type cannot hold, NaN included.

    Source:
        As SimpleITK.Cast, with rounding and limits.
    """
    dtype, found = np.dtype(pixel_type), list[Losses]()

    def work(values: Array, out: Array) -> None:
        found.append(losses_of(values, dtype))
        np.copyto(out, converted(values, dtype))

    result = map_blocks(image, dtype, work, context)
    for sentence in remarks(sum(found, Losses()), dtype):
        context.remark(sentence)
    return result


def even_levels(low: float, high: float, levels: int) -> Any:
    """Return the limits between equal intervals of a range, and the middle of each interval."""
    edges = low + float(high - low) * np.arange(levels + 1) / levels
    return edges[1:-1], (edges[:-1] + edges[1:]) / 2


def to_levels(values: Any, limits: Any, levels: Any) -> Any:
    """Return the level of the interval in which each value lies; NaN stays."""
    found = levels[np.searchsorted(limits, values, side="right")]
    return np.where(np.isnan(values), np.nan, found)


def _levels(image: Any, mask: Any, context: Context, levels: int, intervals: str) -> tuple[Array, Array]:
    """Return the limits between the intervals and the level of each."""
    if intervals == "equal_width":
        low, high = finite_extremes(image, context, mask)
        limits, middles = even_levels(low, high, levels)
        return limits, middles
    found = quantiles(image, np.arange(1, 2 * levels) / (2 * levels), mask, context)
    return found[1::2], found[::2]


def _quantise_lines(p: Any) -> str:
    if p.intervals == "equal_width":
        found = "even_levels(values.min().item(), values.max().item(), $levels)"
    else:
        found = "(lambda found: (found[1::2], found[::2]))(np.quantile(values.astype(np.float64), shares))"
    shares = "" if p.intervals == "equal_width" else "shares = np.arange(1, 2 * $levels) / (2 * $levels)"
    return f"""
        array = voxels(image)
        values = counted(array, None if mask is None else voxels(mask))
        {shares}
        limits, levels = {found}
        result = on_grid_of(stored(to_levels(array.astype(np.float64), limits, levels), array.dtype), image)
    """


@operation(
    "intensity.quantise",
    title="Quantise",
    menu="Filters/Intensity",
    pointwise=True,
    prepare=_levels,
    prepare_uses=("levels", "intervals"),
    counted_in="mask",
    keywords=("grey levels", "posterise", "bins", "discretise", "quantize", "texture"),
    python=_quantise_lines,
    toolbox=(counted, even_levels, to_levels),
)
def quantise(
    image: Image,
    mask: Mask | None,
    context: Context,
    *,
    levels: Annotated[int, Title("Grey levels"), Unit("levels"), Range(2, 4096), Slider(2, 64, 1)] = 16,
    intervals: Annotated[
        Literal["equal_width", "equal_population"], Title("Intervals", ("Equal width", "Equal population"))
    ] = "equal_width",
) -> Image:
    """Reduce the values to a number of grey levels.

    The range of the finite values, inside the mask if there is one, is divided into intervals; each value becomes
    the level of its interval, the middle of an interval of equal width or the median of one of equal population.
    Values beyond the range get the outermost level. Padding (values outside the scanned field) is not counted. The
    pixel type stays, and levels of whole numbers are rounded; colour channels share the levels. NaN stays NaN.

    Settings:
        levels: How many different values remain at most.
        intervals: Intervals of the same width, or with the same number of voxels in each.

    Source:
        Uniform and equal-probability quantisation: Haralick et al., Textural features for image classification,
        IEEE Trans. SMC 3 (1973) 610-621.
    """
    limits, middles = context.prepared
    return by_curve(image, lambda values: np.asarray(to_levels(values, limits, middles)), view(image).dtype, context)
