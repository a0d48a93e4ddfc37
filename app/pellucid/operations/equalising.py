"""Spread the values of an image by its cumulative histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.operations.context import Context
from pellucid.operations.engines.histogram import Histogram, histogram
from pellucid.operations.engines.order import counted, nothing_counted
from pellucid.operations.engines.pointwise import along_bins
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, map_blocks, view


@dataclass(frozen=True, eq=False)
class Equalisation:
    """The curve of an equalisation: how far above the first bin each bin (or edge) comes to lie."""

    histogram: Histogram
    heights: Array


def _equalisation(image: Any, mask: Any, context: Context) -> Equalisation:
    """Return the curve that makes the cumulative histogram of an image a straight line."""
    found = histogram(image, context, mask)
    counts = found.counts
    cumulative = np.cumsum(counts, dtype=np.float64)
    if found.total == 0:
        raise nothing_counted()
    span = found.step * (len(counts) - 1 if found.exact else len(counts))
    if found.exact:
        rest = cumulative[-1] - counts[0]
        share = (cumulative - counts[0]) / rest if rest > 0 else np.zeros(len(counts))
    else:
        share = np.concatenate([[0.0], cumulative / cumulative[-1]])
    return Equalisation(found, span * share)


def equalised(array: Any, values: Any) -> Any:
    """Return an array whose values are spread as the cumulative histogram of some values tells."""
    low, high, dtype = values.min().item(), values.max().item(), array.dtype
    if dtype.kind in "iu" and high - low < 65536:  # every whole number by itself
        present, counts = np.unique(values, return_counts=True)
        share = (np.cumsum(counts) - counts[0]) / max(values.size - counts[0], 1)
        heights = np.rint((high - low) * share).astype(f"u{dtype.itemsize}").view(dtype)
        return heights[np.searchsorted(present, np.clip(array, low, high), side="right") - 1] + dtype.type(low)
    step = (high - low) / 65536 or 1.0
    bins = ((values.astype(np.float64) - low) / step).astype(np.intp).clip(0, 65535)
    cumulative = np.cumsum(np.bincount(bins, minlength=65536))
    share = np.concatenate([[0.0], cumulative / cumulative[-1]])
    mapped = along_bins(array.astype(np.float64), low, step, low + (step * 65536) * share)
    return (np.rint(mapped) if dtype.kind in "iu" else mapped).astype(dtype)


@operation(
    "intensity.equalize",
    title="Equalise histogram",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=_equalisation,
    counted_in="mask",
    keywords=("equalize", "contrast", "CDF", "histogram"),
    python="""
        # skimage.exposure.equalize_hist(array, mask=mask) is alike, from 0 to 1 and in 256 bins
        array = voxels(image)
        result = on_grid_of(equalised(array, counted(array, None if mask is None else voxels(mask))), image)
    """,
    toolbox=(equalised, counted),
)
def equalize(image: Image, mask: Mask | None, context: Context) -> Image:
    """Spread the values so that all of them are about equally frequent.

    Each value becomes minimum + (maximum - minimum) × its share in the cumulative histogram, so the range and the
    pixel type stay. The histogram is that of the whole image or, with a mask, of the values inside it; values
    beyond those become their minimum or maximum. Padding (values outside the scanned field) is not counted. Images
    of 32 bits or more are counted in 65,536 bins. Colour channels share one curve, so greys stay grey.

    Source:
        Cumulative histogram equalisation: Gonzalez and Woods, Digital Image Processing, section 3.3.
    """
    curve: Equalisation = context.prepared
    dtype, found = view(image).dtype, curve.histogram
    if found.exact:
        pattern = np.dtype(f"u{dtype.itemsize}")
        first, last = dtype.type(found.start), dtype.type(found.start + len(found.counts) - 1)
        table = np.rint(curve.heights).astype(pattern).view(dtype) + first

        def work(values: Array, out: Array) -> None:
            places = (np.clip(values, first, last) - first).view(pattern)
            np.take(table, places, out=out, mode="clip")

        return map_blocks(image, dtype, work, context)
    heights = found.start + curve.heights

    def interpolate(values: Array, out: Array) -> None:
        mapped = along_bins(values.astype(np.float64), found.start, found.step, heights)
        np.copyto(out, np.rint(mapped) if dtype.kind in "iu" else mapped, casting="unsafe")

    return map_blocks(image, dtype, interpolate, context)
