"""How two channels go together inside objects: Pearson's correlation and the coefficients of Manders."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from threading import Lock

import numpy as np
from skimage.filters import threshold_otsu

from pellucid.operations.engines.object_runs import Runs, places
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

MEASURES = ("pearson", "manders_m1", "manders_m2")
MOST_BINS, PIECE = 1 << 16, 1 << 17


def pairs_of(prefixes: list[str]) -> list[tuple[str, str, str]]:
    """Return the prefix of the columns of each pair of channels, with those of both; a single pair needs none."""
    pairs = list(itertools.combinations(prefixes, 2))
    return [("" if len(pairs) == 1 else f"{one}{other}", one, other) for one, other in pairs]


def colocalisation(
    runs: Runs, channels: dict[str, Array], above: float | None, each: Each = one_by_one
) -> dict[str, Array]:
    """Return the measures of all pairs of channels in every object by name, NaN where they cannot be said.

    A channel is there where it is greater than ``above``, or than the threshold of Otsu of the whole channel if None.
    """
    levels = {name: otsu_level(one, each) if above is None else above for name, one in channels.items()}
    found: dict[str, Array] = {}
    for start, one, other in pairs_of(list(channels)):
        both = (channels[one].reshape(-1), channels[other].reshape(-1))
        table = _measured(runs, both, (levels[one], levels[other]), each)
        found |= {f"{start}{name}": column for name, column in zip(MEASURES, table, strict=True)}
    return found


def otsu_level(values: Array, each: Each = one_by_one) -> float:
    """Return the threshold of Otsu of the finite values, infinity where there are not two of them.

    As skimage.filters.threshold_otsu: a bin for each whole number, 256 for others.
    """
    ends = np.zeros((len(values), 2))

    def look(z: int) -> None:
        held = values[z][np.isfinite(values[z])]
        ends[z] = (held.min(), held.max()) if held.size else (np.inf, -np.inf)

    each(look, range(len(values)))
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if not low < high:
        return float(np.inf)
    whole = values.dtype.kind in "iu" and high - low < MOST_BINS
    bins = int(high - low) + 1 if whole else 256
    span = (low - 0.5, high + 0.5) if whole else (low, high)
    counts, lock = np.zeros(bins, np.int64), Lock()

    def count(z: int) -> None:
        plane = values[z].ravel()
        if whole:
            found = np.bincount(plane.astype(np.int64) - int(low), minlength=bins)
        else:
            found = np.histogram(plane[np.isfinite(plane)], bins, span)[0]
        with lock:
            np.add(counts, found, out=counts)

    each(count, range(len(values)))
    edges = np.linspace(*span, bins + 1)
    middles = np.arange(bins) + low if whole else (edges[1:] + edges[:-1]) / 2
    return float(threshold_otsu(hist=(counts, middles)))


def _measured(runs: Runs, both: tuple[Array, Array], levels: tuple[float, float], each: Each) -> Array:
    """Return the measures of one pair of channels, shape (measures, objects)."""

    def first(owner: Array, one: Array, other: Array) -> tuple[Array, ...]:
        present = np.where(other > levels[1], one, 0.0), np.where(one > levels[0], other, 0.0)
        return np.ones(len(owner)), one, other, *present, (one < 0) * 1.0, (other < 0) * 1.0

    def second(owner: Array, one: Array, other: Array) -> tuple[Array, ...]:
        a, b = one - mean[0][owner], other - mean[1][owner]
        return a * a, b * b, a * b

    with np.errstate(all="ignore"):
        number, *sums = _totals(runs, both, first, 7, each)
        mean = sums[0] / number, sums[1] / number
        *spreads, product = _totals(runs, both, second, 3, each)
        even = [spread <= number * (1e-12 * np.abs(one)) ** 2 for spread, one in zip(spreads, mean, strict=True)]
        pearson = np.where(even[0] | even[1], np.nan, product / np.sqrt(spreads[0] * spreads[1]))
        manders = [
            np.where((sums[4 + k] > 0) | (sums[k] <= 0), np.nan, sums[2 + k] / sums[k]) for k in (0, 1)
        ]  # fmt: skip
    return np.stack([np.clip(pearson, -1, 1), *manders])


def _totals(
    runs: Runs, both: tuple[Array, Array], terms: Callable[..., tuple[Array, ...]], count: int, each: Each
) -> Array:
    """Return the sum of each term over the voxels of every object, piece by piece and always in the same order."""
    ends = np.cumsum(runs.lengths)
    cuts = [*np.searchsorted(ends, np.arange(0, ends[-1] if len(ends) else 0, PIECE)).tolist(), len(ends)]
    pieces = [slice(a, b) for a, b in itertools.pairwise(dict.fromkeys(cuts))]
    parts: list[tuple[slice, Array]] = [(slice(0), np.zeros(0))] * len(pieces)

    def work(n: int) -> None:
        objects = runs.object[pieces[n]]
        run, index = places(runs, pieces[n])
        one, other = (flat[index].astype(np.float64) for flat in both)
        held = np.isfinite(one) & np.isfinite(other)
        owner, one, other = objects[run][held], one[held], other[held]
        low, most = int(objects[0]), int(objects[-1]) - int(objects[0]) + 1
        sums = [np.bincount(owner - low, term, minlength=most) for term in terms(owner, one, other)]
        parts[n] = (slice(low, low + most), np.stack(sums))

    each(work, range(len(pieces)))
    found = np.zeros((count, len(runs.ids)))
    for where, sums in parts:
        found[:, where] += sums
    return found
