"""Count the values of an image: exactly for whole numbers of a moderate range, in 65,536 bins otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.pixels import Array, blocks, finite_extremes, view

_BINS = 1 << 16


@dataclass(frozen=True, eq=False)
class Histogram:
    """Bin k counts the values from ``start + k * step`` to the next bin; an exact bin is one whole number."""

    start: int | float
    step: float
    counts: NDArray[np.int64]
    exact: bool

    @property
    def total(self) -> int:
        """Return how many values were counted."""
        return int(self.counts.sum())


def without_padding(counted: Histogram, padding: tuple[float, float] | None) -> Histogram:
    """Return a histogram in which values of the closed range ``padding`` are not counted."""
    if padding is None:
        return counted
    values = counted.start + counted.step * np.arange(len(counted.counts))
    width = 0.0 if counted.exact else counted.step
    outside = (values + width < padding[0]) | (values > padding[1])
    return replace(counted, counts=np.where(outside, counted.counts, 0))


def histogram(image: sitk.Image, context: Context, mask: sitk.Image | None = None) -> Histogram:
    """Count the finite values of an image (all channels together); the first and last bin are not empty.

    With a mask, only the values inside are counted.
    """
    array, inside = view(image), None if mask is None else view(mask)
    if array.dtype.itemsize <= 2 and array.dtype.kind in "iu":
        return _count_small(array, inside, context)
    low, high = finite_extremes(image, context.part(0.0, 0.3), mask)
    span = high - low
    if not np.isfinite(span):
        raise Refused(tr("The values of this image spread too widely to be counted; clamp them first."))
    exact = array.dtype.kind in "iu" and span < _BINS
    count = int(span) + 1 if exact else _BINS
    step = 1.0 if exact else (span / _BINS or 1.0)

    def bins(values: Array) -> Array:
        if exact:
            return np.asarray((values - array.dtype.type(low)).astype(np.intp))
        kept = values if array.dtype.kind != "f" else values[np.isfinite(values)]
        places = (kept.astype(np.float64) - low) / step
        return np.asarray(places.astype(np.intp).clip(0, _BINS - 1))

    counts = _count(array, inside, count, bins, context.part(0.3, 1.0))
    return Histogram(low, step, counts, exact)


def _count_small(array: Array, inside: Array | None, context: Context) -> Histogram:
    """Count 8-bit and 16-bit values in one pass: the pattern of bits is the number of the bin."""
    count = 1 << (8 * array.dtype.itemsize)
    pattern = np.dtype(f"u{array.dtype.itemsize}")
    counts = _count(array, inside, count, lambda values: values.view(pattern), context)
    first = 0
    if array.dtype.kind == "i":
        counts, first = np.roll(counts, count // 2), -count // 2
    used = np.flatnonzero(counts)
    if len(used) == 0:
        return Histogram(first, 1.0, np.zeros(1, np.int64), True)
    return Histogram(int(first + used[0]), 1.0, counts[used[0] : used[-1] + 1], True)


def _count(array: Array, inside: Array | None, count: int, bins: Any, context: Context) -> NDArray[np.int64]:
    total, lock = np.zeros(count, np.int64), Lock()

    def work(block: Region) -> None:
        part = np.zeros(count, np.int64)
        for n, values in enumerate(array[block]):
            kept = values if inside is None else values[inside[block][n] > 0]
            part += np.bincount(bins(kept).ravel(), minlength=count)
        with lock:
            np.add(total, part, out=total)

    z, y, x = (slice(0, n) for n in array.shape[:3])
    context.each(work, blocks((z, y, x), array.shape))
    return total


def otsu_split(counts: NDArray[Any]) -> int | None:
    """Return the number k of the last bin of the lower class, or None when only one bin is used.

    The split maximises the variance between the classes ``bin <= k`` and ``bin > k`` (Otsu 1979); of equal
    maxima the lowest wins.
    """
    weights = counts.astype(np.float64)
    places = np.arange(len(weights)) - (weights @ np.arange(len(weights))) / max(weights.sum(), 1.0)
    below = np.cumsum(weights)[:-1]
    above = weights.sum() - below
    moment = np.cumsum(weights * places)[:-1]
    possible = (below > 0) & (above > 0)
    if not possible.any():
        return None
    between = np.full(len(below), -1.0)
    between[possible] = moment[possible] ** 2 * weights.sum() / (below[possible] * above[possible])
    return int(np.argmax(between))
