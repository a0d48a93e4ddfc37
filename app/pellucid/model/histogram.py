"""Exact histograms of a whole volume, and the windows that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.channels import luminance, seen_channel
from pellucid.model.display import Channel
from pellucid.model.geometry import Floats
from pellucid.model.labels import Box
from pellucid.model.transfer import STRAIGHT, Spread, Transfer
from pellucid.model.volume import Volume

CHUNK = 8
_FLOAT_BINS = 4096
_MOST_BINS = 1 << 20
_FEW = 100
_SAMPLE = 1 << 16


class Stopped(Exception):
    """Raised when the caller asked to stop."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of values; bin k holds [start + k·step, start + (k + 1)·step), the last bin its upper end too.

    ``discrete``: every bin is one whole value, ``start + k``. ``total`` values were counted, with their
    ``minimum``, ``maximum``, ``mean`` and standard deviation ``std`` (of the population); all are 0 when
    nothing was counted.
    """

    counts: NDArray[np.int64]
    start: float
    step: float
    discrete: bool
    total: int
    minimum: float
    maximum: float
    mean: float
    std: float

    @property
    def edges(self) -> Floats:
        """Return the edges of the bins, shape (bins + 1,)."""
        return self.start + self.step * np.arange(len(self.counts) + 1, dtype=np.float64)

    @cached_property
    def _cumulated(self) -> NDArray[np.int64]:
        return np.cumsum(self.counts)

    def told_in(self, factor: float) -> Histogram:
        """Return the counts of the values times a factor, as they are told in another unit."""
        if factor == 1:
            return self
        return Histogram(
            self.counts, self.start * factor, self.step * factor, False, self.total, self.minimum * factor,
            self.maximum * factor, self.mean * factor, self.std * factor,
        )  # fmt: skip

    def cdf(self) -> Floats:
        """Return the share of values up to and with each bin, from above 0 to 1."""
        return np.asarray(self._cumulated / max(self.total, 1), dtype=np.float64)

    def percentile(self, q: float) -> float:
        """Return the value below which ``q`` percent lie, exact for discrete bins, else right to a bin."""
        if self.total == 0:
            return 0.0
        rank = (self.total - 1) * q / 100
        low = int(rank)
        first, second = self._ordered(low), self._ordered(min(low + 1, self.total - 1))
        return first + (second - first) * (rank - low)

    def _ordered(self, rank: int) -> float:
        """Return the value of a rank (0 is the lowest), spread evenly over a bin that holds several."""
        k = int(np.searchsorted(self._cumulated, rank, side="right"))
        if self.discrete:
            return self.start + k
        before = int(self._cumulated[k]) - int(self.counts[k])
        value = self.start + self.step * (k + (rank - before + 0.5) / int(self.counts[k]))
        return min(max(value, self.minimum), self.maximum)


def histogram(
    volume: Volume,
    *,
    mask: NDArray[Any] | None = None,
    region: Box | None = None,
    channel: Channel = Channel.ALL,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda _: None,
) -> Histogram:
    """Count every value of a volume, or of a region (z, y, x) or mask (z, y, x) of it.

    Padding and values that are not finite are left out; colours count by their luminance or one ``channel``. Whole
    numbers get a
    bin per value, floats 4096 bins from the lowest to the highest value. Raise Stopped when ``cancelled``
    says so.
    """

    def chunks() -> Iterator[NDArray[Any]]:
        array = volume.array if region is None else volume.array[region]
        chosen = None if mask is None else (mask if region is None else mask[region])
        for start in range(0, array.shape[0], CHUNK):
            if cancelled():
                raise Stopped
            part = scalar(array[start : start + CHUNK], volume, channel)
            yield (part.ravel() if chosen is None else part[chosen[start : start + CHUNK].astype(bool, copy=False)])
            progress(min(1.0, (start + CHUNK) / array.shape[0]))

    kind = volume.dtype
    if kind.kind in "iu" or kind.kind == "b":
        low, high = _whole_range(chunks, kind)
        if high - low < _MOST_BINS:
            return _count_whole(chunks, low, high, volume.padding)
    return _count_wide(chunks, volume.padding)


def scalar(values: NDArray[Any], volume: Volume, channel: Channel = Channel.ALL) -> NDArray[Any]:
    """Return one value per voxel: as it is, or a channel or the luminance of a colour, in its type."""
    if not volume.is_colour:
        return values
    return luminance(values) if channel is Channel.ALL else seen_channel(values, channel)


def counted(values: NDArray[Any], padding: tuple[float, float] | None) -> NDArray[np.bool_] | None:
    """Return which values belong to the image and are finite, or None when all do."""
    valid = np.isfinite(values) if values.dtype.kind == "f" else None
    if padding is not None:
        inside = (values < padding[0]) | (values > padding[1])
        valid = inside if valid is None else valid & inside
    return valid


def auto_limits(histogram: Histogram, low: float = 0.1, high: float = 99.9) -> tuple[float, float]:
    """Return the window between two percentiles, at least one step wide."""
    first, last = histogram.percentile(low), histogram.percentile(high)
    if last <= first:
        first, last = histogram.minimum, histogram.maximum
    return (first, last) if last > first else (first - 0.5, first + 0.5)


SUV_SHOWN = 10.0
"""The highest uptake of the window that PET is first shown in: above it lie brain, bladder and the hottest lesions."""


def initial_limits(volume: Volume, histogram_: Histogram | None = None) -> tuple[float, float]:
    """Return the window to show first: that of the source, else the percentiles of the values.

    Without a histogram the percentiles of the middle slice are taken. Colours keep the range of their type, so that
    they are shown as they are. PET that can be told in SUV shows 0 to 10, a dose all of it: the hottest voxels count.
    """
    if volume.is_colour:
        return color_range(volume)
    for window in volume.acquisition.windows:
        if window.width > 0:
            return window.level - window.width / 2, window.level + window.width / 2
    if volume.suv_factor is not None:
        return 0.0, SUV_SHOWN / volume.suv_factor
    if histogram_ is None:
        middle = volume.array.shape[0] // 2
        histogram_ = histogram(volume, region=(slice(middle, middle + 1), slice(None), slice(None)))
    if volume.acquisition.modality == "RTDOSE" and histogram_.total and histogram_.maximum > 0:
        return min(0.0, histogram_.minimum), histogram_.maximum
    return auto_limits(histogram_)


def initial_transfer(volume: Volume) -> Transfer:
    """Return the curve to show first: that of the window the source states first, else a straight line."""
    stated = next((window for window in volume.acquisition.windows if window.width > 0), None)
    return STRAIGHT if stated is None or volume.is_colour else stated.transfer(volume.dtype)


def spread(histogram_: Histogram) -> Spread:
    """Return how many values lie up to each value: exact for discrete bins, else at the edges of the bins."""
    cumulated = np.cumsum(histogram_.counts, dtype=np.float64)
    if not histogram_.discrete:
        return Spread(histogram_.edges, np.concatenate([[0.0], cumulated]))
    values = histogram_.start + np.arange(-1, len(cumulated), dtype=np.float64)
    return Spread(values, np.concatenate([[0.0], cumulated]))


def region_limits(values: NDArray[Any], padding: tuple[float, float] | None = None) -> tuple[float, float] | None:
    """Return the window of a few values: 2 to 98 %, of fewer than 100 the lowest and highest.

    Padding and what is not finite is left out; None when nothing remains. Equal values get a window around them.
    """
    valid = counted(values, padding)
    kept = np.asarray(values if valid is None else values[valid], dtype=np.float64).ravel()
    if not kept.size:
        return None
    few = kept.size < _FEW
    low, high = (float(v) for v in np.percentile(kept, (0, 100) if few else (2, 98)))
    if low == high:
        low, high = float(kept.min()), float(kept.max())
    if low == high:
        air = 0.5 if values.dtype.kind in "iub" else max(abs(low), 1e-6) * 0.01
        low, high = low - air, high + air
    return low, high


def sample_limits(parts: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """Return about the window that ``auto_limits`` gives a whole image, from a few slices of it."""
    thinned = [part.ravel()[:: max(1, part.size // _SAMPLE)] for part in parts]
    values = np.concatenate([part.astype(np.float64) for part in thinned])
    kept = values[np.isfinite(values)]
    if not kept.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(kept, (0.1, 99.9)))
    if high <= low:
        low, high = float(kept.min()), float(kept.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def color_range(volume: Volume) -> tuple[float, float]:
    """Return the values of black and of full light of a colour image.

    Whole numbers of more than 8 bits have full light at the depth, in steps of 2 bits, that holds all their colours;
    floats at 1, or at 255 or their maximum when they are above.
    """
    if volume.dtype == np.uint8:
        return 0.0, 255.0
    most = max((float(np.nanmax(part[..., :3], initial=0)) for part in volume.array), default=0.0)
    if volume.dtype.kind == "f":
        return 0.0, next((top for top in (1.0, 255.0) if most <= top), most)
    bits = max(8, int(np.ceil(max(int(most).bit_length(), 1) / 2)) * 2)
    return 0.0, float(2**bits - 1)


Chunks = Callable[[], Iterator[NDArray[Any]]]


def _whole_range(chunks: Chunks, kind: np.dtype[Any]) -> tuple[int, int]:
    if kind.kind == "b":
        return 0, 1
    if kind.itemsize <= 2:
        return int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    ends = [(int(part.min()), int(part.max())) for part in chunks() if part.size]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0, 0)


def _count_whole(chunks: Chunks, low: int, high: int, padding: tuple[float, float] | None) -> Histogram:
    counts = np.zeros(high - low + 1, np.int64)
    for part in chunks():
        # Unsigned 64-bit values do not fit an index before they are shifted.
        shifted = part - part.dtype.type(low) if part.dtype.itemsize == 8 else part.astype(np.intp) - low
        counts += np.bincount(shifted.astype(np.intp, copy=False), minlength=len(counts))
    if padding is not None:
        first, last = (int(n) for n in (np.ceil(padding[0]) - low, np.floor(padding[1]) - low))
        counts[max(first, 0) : max(last + 1, 0)] = 0
    used = np.flatnonzero(counts)
    if not used.size:
        return Histogram(np.zeros(1, np.int64), 0.0, 1.0, True, 0, 0.0, 0.0, 0.0, 0.0)
    counts = counts[used[0] : used[-1] + 1].copy()
    start, total = low + int(used[0]), int(counts.sum())
    offsets = np.arange(len(counts), dtype=np.float64)
    mean = float(counts @ offsets) / total
    std = float(np.sqrt(counts @ (offsets - mean) ** 2 / total))
    return Histogram(
        counts,
        float(start),
        1.0,
        True,
        total,
        float(start),
        float(start + len(counts) - 1),
        start + mean,
        std,
    )


def _count_wide(chunks: Chunks, padding: tuple[float, float] | None) -> Histogram:
    def values() -> Iterator[Floats]:
        for part in chunks():
            valid = counted(part, padding)
            yield (part if valid is None else part[valid]).astype(np.float64)

    total, mean, squares, low, high = 0, 0.0, 0.0, np.inf, -np.inf
    for part in values():
        if part.size:  # Chan, Golub and LeVeque (1979): join the moments of two samples
            change = float(part.mean()) - mean
            joined = total + part.size
            squares += float(((part - part.mean()) ** 2).sum()) + change**2 * total * part.size / joined
            mean += change * part.size / joined
            total, low, high = joined, min(low, float(part.min())), max(high, float(part.max()))
    if not total:
        return Histogram(np.zeros(1, np.int64), 0.0, 1.0, False, 0, 0.0, 0.0, 0.0, 0.0)
    top = high if high > low else low + 1.0
    # Bins finer than the numbers themselves can tell apart do not exist.
    bins = int(min(_FLOAT_BINS, max(1.0, (high - low) / (4 * np.spacing(max(abs(low), abs(high)))))))
    counts = np.zeros(bins, np.int64)
    for part in values():
        counts += np.histogram(part, bins=bins, range=(low, top))[0]
    std = float(np.sqrt(squares / total))
    return Histogram(counts, low, (top - low) / bins, False, total, low, high, mean, std)
