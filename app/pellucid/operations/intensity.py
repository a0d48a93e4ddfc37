"""Operations that change the values of an image and leave its shapes: rescale, invert, clamp, equalise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.histogram import Histogram, histogram
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, finite_extremes, map_blocks, view, work_type
from pellucid.operations.units import Intensity


@operation(
    "intensity.rescale",
    title="Rescale intensity",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=finite_extremes,
    complaint=lambda p: None if p.minimum < p.maximum else "Minimum must be below maximum.",
    keywords=("normalise", "stretch", "range", "min max"),
)
def rescale(image: Image, context: Context, *, minimum: Intensity = 0.0, maximum: Intensity = 1.0) -> Image:
    """Map the range of the image linearly to a new range.

    The smallest finite value becomes the new minimum and the largest the new maximum; colour channels keep
    their proportions. The result is 32-bit float. An image of one value becomes the new minimum.

    Settings:
        minimum: The new smallest value.
        maximum: The new largest value.

    Source:
        Linear map, as SimpleITK.RescaleIntensity.
    """
    low, high = context.prepared
    scale = (maximum - minimum) / (high - low) if high > low else 0.0
    work_dtype = work_type(view(image).dtype)

    def work(values: Array, out: Array) -> None:
        shifted = values.astype(work_dtype) - work_dtype.type(low)
        np.add(shifted * work_dtype.type(scale), work_dtype.type(minimum), out=out, casting="same_kind")

    return map_blocks(image, np.float32, work, context)


@operation(
    "intensity.invert",
    title="Invert",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=finite_extremes,
    keywords=("negative", "complement"),
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
    complaint=lambda p: None if p.lower <= p.upper else "Lower must not be above upper.",
    keywords=("clip", "limit", "saturate"),
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


@dataclass(frozen=True, eq=False)
class Equalisation:
    """The curve of an equalisation: how far above the first bin each bin (or edge) comes to lie."""

    histogram: Histogram
    heights: Array


def _equalisation(image: Any, context: Context) -> Equalisation:
    """Return the curve that makes the cumulative histogram of an image a straight line."""
    counted = histogram(image, context)
    counts = counted.counts
    cumulative = np.cumsum(counts, dtype=np.float64)
    if counted.total == 0:
        return Equalisation(counted, np.zeros(len(counts) + 1))
    span = counted.step * (len(counts) - 1 if counted.exact else len(counts))
    if counted.exact:
        rest = cumulative[-1] - counts[0]
        share = (cumulative - counts[0]) / rest if rest > 0 else np.zeros(len(counts))
    else:
        share = np.concatenate([[0.0], cumulative / cumulative[-1]])
    return Equalisation(counted, span * share)


@operation(
    "intensity.equalize",
    title="Equalise histogram",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=_equalisation,
    keywords=("equalize", "contrast", "CDF", "histogram"),
)
def equalize(image: Image, context: Context) -> Image:
    """Spread the values so that all of them are about equally frequent.

    Each value becomes minimum + (maximum - minimum) × its share in the cumulative histogram of the whole
    image, so the range and the pixel type stay. Images of 32 bits or more are counted in 65,536 bins.
    Colour channels share one curve, so greys stay grey.

    Source:
        Cumulative histogram equalisation: Gonzalez and Woods, Digital Image Processing, section 3.3.
    """
    curve: Equalisation = context.prepared
    dtype, counted = view(image).dtype, curve.histogram
    if counted.exact:
        first = dtype.type(counted.start)
        table = np.rint(curve.heights).astype(f"u{dtype.itemsize}").view(dtype) + first

        def work(values: Array, out: Array) -> None:
            places = (values - first).view(f"u{dtype.itemsize}")
            np.take(table, places, out=out, mode="clip")

        return map_blocks(image, dtype, work, context)
    edges = counted.start + counted.step * np.arange(len(curve.heights))
    heights = counted.start + curve.heights

    def interpolate(values: Array, out: Array) -> None:
        mapped = np.interp(values, edges, heights)
        np.copyto(out, np.rint(mapped) if dtype.kind in "iu" else mapped, casting="unsafe")

    return map_blocks(image, dtype, interpolate, context)
