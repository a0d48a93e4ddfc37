"""How two channels go together inside objects: Pearson's correlation and the coefficients of Manders."""

from __future__ import annotations

from itertools import combinations
from threading import Lock

import numpy as np
from skimage.filters import threshold_otsu

from pellucid.operations.engines.object_runs import Runs, batches, pieces_of, places
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

MEASURES = ("pearson", "manders_m1", "manders_m2")
MOST_BINS = 1 << 16


def pairs_of(prefixes: list[str]) -> list[tuple[str, str, str]]:
    """Return the prefix of the columns of each pair of channels, with those of both; a single pair needs none."""
    pairs = list(combinations(prefixes, 2))
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
    found = np.full((len(MEASURES), len(runs.ids)), np.nan)

    def measure(group: tuple[int, int]) -> None:
        begin, end = group
        parts = [places(runs, piece) for piece in pieces_of(runs, begin, end)]
        index = np.concatenate([part[1] for part in parts])
        owner = np.repeat(np.arange(end - begin), runs.voxels[begin:end])
        one, other = (flat[index].astype(np.float64) for flat in both)
        held = np.isfinite(one) & np.isfinite(other)
        found[:, begin:end] = _of_voxels(owner[held], one[held], other[held], levels, end - begin)

    each(measure, list(batches(runs, 1 << 14)))
    return found


def _of_voxels(owner: Array, one: Array, other: Array, levels: tuple[float, float], count: int) -> Array:
    def total(parts: Array) -> Array:
        return np.bincount(owner, parts, minlength=count)

    with np.errstate(all="ignore"):
        number = np.bincount(owner, minlength=count)
        sums = total(one), total(other)
        means = sums[0] / number, sums[1] / number
        a, b = one - means[0][owner], other - means[1][owner]
        spreads = total(a * a), total(b * b)
        even = [spread <= number * (1e-12 * np.abs(mean)) ** 2 for spread, mean in zip(spreads, means, strict=True)]
        pearson = np.where(even[0] | even[1], np.nan, total(a * b) / np.sqrt(spreads[0] * spreads[1]))
        negative = total((one < 0) * 1.0), total((other < 0) * 1.0)
        shared = total(np.where(other > levels[1], one, 0.0)), total(np.where(one > levels[0], other, 0.0))
        manders = [
            np.where((below > 0) | (whole <= 0), np.nan, part / whole)
            for part, whole, below in zip(shared, sums, negative, strict=True)
        ]
    return np.stack([np.clip(pearson, -1, 1), *manders])
