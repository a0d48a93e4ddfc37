"""Masks by value: a range of intensities, and the two classes of Otsu."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.histogram import histogram, otsu_split, without_padding
from pellucid.operations.intensity import whole_limits
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, map_blocks, need_scalar, view
from pellucid.operations.units import Intensity, Title


@operation(
    "threshold.range",
    title="Threshold",
    menu="Segment/Threshold",
    pointwise=True,
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("binary", "window", "level", "segment"),
    python="""
        array = voxels(image)
        result = on_grid_of(((array >= $lower) & (array <= $upper)).astype(np.uint8), image)
    """,
)
def by_range(image: Image, context: Context, *, lower: Intensity = 0.0, upper: Intensity = 1000.0) -> Mask:
    """Select the voxels whose value lies between two limits, both included.

    NaN is never selected.

    Settings:
        lower: The smallest value that is selected.
        upper: The largest value that is selected.

    Source:
        As SimpleITK.BinaryThreshold.
    """
    need_scalar(tr("Threshold"), image)
    return between(image, lower, upper, context)


def _otsu_threshold(image: Any, context: Context) -> int | float:
    """Return the smallest value of the upper class of Otsu."""
    need_scalar(tr("Otsu"), image)
    counted = without_padding(histogram(image, context), context.padding)
    split = otsu_split(counted.counts)
    if split is None:
        raise Refused(tr("Otsu needs at least two different values; all voxels of this image are equal."))
    return counted.start + (split + 1) * (1 if counted.exact else counted.step)


def _otsu_lines(p: Any) -> str:
    """Return the script of Otsu: one bin for each whole number, 65,536 bins for other values."""
    selected = {
        "above": "array >= threshold",
        "below": "(array <= (threshold - 1 if exact else float(np.nextafter(threshold, -np.inf))))",
    }[p.side]
    return f"""
        array = voxels(image)
        kept = array[np.isfinite(array)]
        low, span = kept.min().item(), kept.max().item() - kept.min().item()
        exact = array.dtype.kind in "iu" and (span < 65536 or array.dtype.itemsize <= 2)
        step = 1 if exact else span / 65536
        bins = kept.astype(np.int64) - low if exact else ((kept.astype(float) - low) / step).astype(int).clip(0, 65535)
        counts = np.bincount(bins.ravel(), minlength=1 if exact else 65536)
        if padding is not None:  # values that are no measurements are not counted
            values = low + step * np.arange(len(counts))
            counts[(values + (0 if exact else step) >= padding[0]) & (values <= padding[1])] = 0
        threshold = low + (otsu_split(counts) + 1) * step
        selected = {selected}
        {_NOT_PADDING if p.side == "below" else ""}
        result = on_grid_of(selected.astype(np.uint8), image)
    """


_NOT_PADDING = "selected &= padding is None or padding[1] >= threshold or array > padding[1]"


@operation(
    "threshold.otsu",
    title="Otsu threshold",
    menu="Segment/Threshold",
    pointwise=True,
    prepare=_otsu_threshold,
    keywords=("automatic", "binary", "two classes"),
    python=_otsu_lines,
    toolbox=(otsu_split,),
)
def otsu(
    image: Image,
    context: Context,
    *,
    side: Annotated[Literal["above", "below"], Title("Select", ("Brighter class", "Darker class"))] = "above",
) -> Mask:
    """Select one of the two classes into which the histogram of the whole image falls.

    The threshold maximises the variance between the classes. 8-bit and 16-bit images, and whole numbers
    with fewer than 65,536 different values, are counted exactly, others in 65,536 bins. NaN is never
    selected. Padding (values outside the scanned field) is not counted, and low padding not selected as dark.

    Settings:
        side: Whether the brighter or the darker class is selected.

    Source:
        Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9 (1979) 62-66.
    """
    need_scalar(tr("Otsu"), image)
    threshold: int | float = context.prepared
    if side == "above":
        return between(image, threshold, np.inf, context)
    below = threshold - 1 if isinstance(threshold, int) else np.nextafter(threshold, -np.inf)
    low_padding = context.padding is not None and context.padding[1] < below
    lowest = np.nextafter(context.padding[1], np.inf) if context.padding and low_padding else -np.inf
    return between(image, lowest, below, context)


def between(image: Any, lower: float, upper: float, context: Context) -> Any:
    """Return the mask of the values from ``lower`` to ``upper``."""
    dtype = view(image).dtype
    if dtype.kind == "f":
        return map_blocks(image, np.uint8, lambda values, out: _inside(values, lower, upper, out), context)
    info = np.iinfo(dtype)
    low, high = whole_limits(max(lower, float(info.min)), min(upper, float(info.max)), dtype)
    if low > high:
        return map_blocks(image, np.uint8, lambda values, out: out.fill(0), context)
    pattern = np.dtype(f"u{dtype.itemsize}")
    first, width = np.array(low, dtype).view(pattern), pattern.type(high - low)

    def work(values: Array, out: Array) -> None:
        # one comparison instead of two: below the lower limit the difference wraps round to large numbers
        np.less_equal(values.view(pattern) - first, width, out=out.view(bool))

    return map_blocks(image, np.uint8, work, context)


def _inside(values: Array, lower: float, upper: float, out: Array) -> None:
    limits = values.dtype.type(lower), values.dtype.type(upper)
    np.logical_and(values >= limits[0], values <= limits[1], out=out.view(bool))
