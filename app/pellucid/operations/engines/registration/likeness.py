"""How alike two images are where both are, and how far labels overlap: the numbers that judge a registration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pellucid.operations.pixels import Array

BINS = 64
_SAMPLES = 400_000
_TAILS = (0.1, 99.9)


@dataclass(frozen=True)
class Range:
    """The values that the bins of a histogram are spread over; what lies beyond counts in the outermost."""

    low: float
    high: float

    def bins(self, values: Array) -> Array:
        """Return the bin of every value."""
        share = (values - self.low) * (BINS / (self.high - self.low))
        return np.clip(share, 0, BINS - 1).astype(np.intp)


def range_of(values: Array) -> Range:
    """Return the range between the outermost thousandths of an image (NaN left out)."""
    step = max(1, round(values.size / _SAMPLES))
    known = np.asarray(values).reshape(-1)[::step].astype(np.float64)
    known = known[np.isfinite(known)]
    low, high = (float(n) for n in np.percentile(known, _TAILS)) if known.size else (0.0, 1.0)
    return Range(low, high if high > low else low + 1.0)


@dataclass(frozen=True)
class Likeness:
    """How alike two images are in the voxels of the fixed image that the moving one covers; NaN: no answer.

    ``mutual_information`` is in nats, ``normalised`` is (H(fixed) + H(moving)) / H(both), 1 for independent images
    and 2 for images that tell each other (Studholme et al., Pattern Recognition 32, 1999), both of 64 × 64 bins.
    """

    mean_squares: float
    correlation: float
    mutual_information: float
    normalised: float
    overlap: float
    voxels: int


class Comparison:
    """Adds up how alike two images are, slice by slice."""

    def __init__(self, fixed: Range, moving: Range) -> None:
        self._ranges = fixed, moving
        self._joint = np.zeros((BINS, BINS))
        self._sums = np.zeros(5)
        self._squares = 0.0
        self._there = self._known = self._all = 0

    def take(self, fixed: Array, moving: Array, there: Array) -> None:
        """Take a slice of the fixed image, the moving values at its voxels, and which of them the moving one covers."""
        self._all += int(np.count_nonzero(np.isfinite(fixed)))
        both = there & np.isfinite(fixed) & np.isfinite(moving)
        self._there += int(np.count_nonzero(there & np.isfinite(fixed)))
        self._known += int(np.count_nonzero(both))
        f, m = fixed[both].astype(np.float64), moving[both].astype(np.float64)
        self._squares += float(np.square(f - m).sum())
        f0, m0 = f - self._ranges[0].low, m - self._ranges[1].low  # near zero, so that the sums keep their digits
        self._sums += [f0.sum(), m0.sum(), (f0 * f0).sum(), (m0 * m0).sum(), (f0 * m0).sum()]
        pairs = self._ranges[0].bins(f) * BINS + self._ranges[1].bins(m)
        self._joint += np.bincount(pairs, minlength=BINS * BINS).reshape(BINS, BINS)

    def result(self) -> Likeness:
        """Return the numbers of everything that was taken."""
        nothing, n = float("nan"), self._known
        overlap = self._there / self._all if self._all else nothing
        if not n:
            return Likeness(nothing, nothing, nothing, nothing, overlap, 0)
        f, m, ff, mm, fm = self._sums / n
        spread = np.sqrt(max(ff - f * f, 0.0) * max(mm - m * m, 0.0))
        correlation = float((fm - f * m) / spread) if spread > 0 else nothing
        shares = self._joint / n
        one, other, joint = (entropy(p) for p in (shares.sum(1), shares.sum(0), shares))
        normalised = (one + other) / joint if joint > 0 else nothing
        return Likeness(self._squares / n, correlation, one + other - joint, normalised, overlap, n)


def entropy(shares: Array) -> float:
    """Return the entropy of shares in nats."""
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())


def values_at(image: Array, index: Array) -> tuple[Array, Array]:
    """Return the values of an image (z, y, x) between its voxels at indices (y, x, 3), and which of them it covers."""
    from scipy import ndimage

    size = np.array(image.shape[::-1])
    there = np.asarray(((index >= -0.5) & (index < size - 0.5)).all(axis=-1))
    places = np.moveaxis(index[..., ::-1], -1, 0)
    kind = np.float64 if image.dtype.itemsize > 4 else np.float32
    return ndimage.map_coordinates(image, places, order=1, mode="nearest", output=kind, prefilter=False), there


def nearest_at(image: Array, index: Array) -> Array:
    """Return the values of the voxels of labels (z, y, x) that hold indices (y, x, 3); 0 beyond."""
    voxels = np.floor(index + 0.5).astype(np.intp)
    there = np.asarray(((voxels >= 0) & (voxels < np.array(image.shape[::-1]))).all(axis=-1))
    x, y, z = np.moveaxis(np.where(there[..., None], voxels, 0), -1, 0)
    found = image[z, y, x]
    found[~there] = 0
    return found


class Overlaps:
    """Counts the voxels that pairs of labels share: (value in the fixed labels, value in the moving ones)."""

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._pairs = tuple(pairs)
        self._counts = np.zeros((len(self._pairs), 3), np.int64)

    def take(self, fixed: Array, moving: Array) -> None:
        """Take a slice of both, on the same voxels."""
        for n, (one, other) in enumerate(self._pairs):
            first, second = fixed == one, moving == other
            self._counts[n] += [np.count_nonzero(first), np.count_nonzero(second), np.count_nonzero(first & second)]

    def dice(self) -> tuple[float, ...]:
        """Return the Dice coefficient of each pair; NaN where neither label has a voxel."""
        return tuple(2 * common / (one + other) if one + other else float("nan")
                     for one, other, common in self._counts.tolist())  # fmt: skip
