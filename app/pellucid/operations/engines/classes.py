"""Classes of values: what is counted in a histogram falls into a few classes, the darkest first.

Scripts carry these functions along; none of them needs a Context.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.pixels import Array
from pellucid.operations.plain import on_grid_of, voxels

Bins = tuple[Any, Any, Array]
"""Where the first bin begins, how wide each is, and how many values it holds; the width 1 (a whole number) is exact."""
_FINEST = 512  # bins between which every split is tried
_MIXED = 1024  # bins a mixture is fitted to


def counted(array: Array, padding: tuple[float, float] | None) -> Bins:
    """Count the finite values: one bin for each whole number, or 65,536 bins; values of padding are not counted."""
    kept = array[np.isfinite(array)]
    if kept.size == 0:
        return 0, 1, np.zeros(1, np.int64)
    low, span = kept.min().item(), kept.max().item() - kept.min().item()
    exact = array.dtype.kind in "iu" and (span < 65536 or array.dtype.itemsize <= 2)
    step = 1 if exact else span / 65536 or 1.0
    bins = kept.astype(np.int64) - low if exact else ((kept.astype(float) - low) / step).astype(int).clip(0, 65535)
    counts = np.bincount(bins.ravel(), minlength=1 if exact else 65536)
    if padding is not None:  # values that are no measurements are not counted
        values = low + step * np.arange(len(counts))
        counts[(values + (0 if exact else step) >= padding[0]) & (values <= padding[1])] = 0
    return low, step, counts


def best_splits(counts: Array, classes: int) -> list[int]:
    """Return the last bin of every class but the last, for the largest variance between the classes.

    Of up to 512 bins that are used every split is tried; of more, groups of them are split and the splits then moved
    until each bin lies with the nearest mean. At least as many bins as classes must be used.
    """
    used = np.flatnonzero(counts)
    starts = np.arange(0, len(used), -(-len(used) // _FINEST))
    mass = counts[used].astype(np.float64)
    places = used - used @ mass / mass.sum()
    weight, moment = (
        np.concatenate([[0.0], np.cumsum(np.add.reduceat(part, starts))]) for part in (mass, mass * places)
    )
    inside = weight[np.newaxis] - weight[:, np.newaxis]
    pull = moment[np.newaxis] - moment[:, np.newaxis]
    gain = np.where(inside > 0, pull**2 / np.where(inside > 0, inside, 1), -np.inf)
    best, cuts = gain[0], []
    for _ in range(classes - 1):
        total = best[:, np.newaxis] + gain
        cuts.append(total.argmax(axis=0))
        best = total.max(axis=0)
    ends = [len(starts)]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1]]))
    splits = [int(used[starts[end] - 1]) for end in reversed(ends[1:])]
    return splits if len(starts) == len(used) else settled(counts, splits)


def settled(counts: Array, splits: list[int]) -> list[int]:
    """Return splits moved until every bin lies with the nearest of the means of the classes."""
    weight, moment = (
        np.concatenate([[0.0], np.cumsum(part)]) for part in (counts, counts * np.arange(len(counts), dtype=np.float64))
    )
    for _ in range(1000):
        edges = np.array([0, *(split + 1 for split in splits), len(counts)])
        means = np.diff(moment[edges]) / np.diff(weight[edges])
        moved = [int(place) for place in np.floor((means[1:] + means[:-1]) / 2)]
        lasts = weight[[0, *(split + 1 for split in moved), len(counts)]]
        if moved == splits or (np.diff(lasts) <= 0).any():
            break
        splits = moved
    return splits


def split_table(counts: Array, classes: int) -> Array:
    """Return the class, from 0 on, of every bin by its best splits."""
    return np.searchsorted(best_splits(counts, classes), np.arange(len(counts)), side="left").astype(np.uint16)


def mixture_table(counts: Array, classes: int) -> Array:
    """Return the class, from 0 on, of every bin: the Gaussian of a mixture to which it most probably belongs."""
    used = np.flatnonzero(counts)
    first, last = int(used[0]), int(used[-1])  # how many empty bins lie around the values must not matter
    means, deviations, shares = mixture(counts[first : last + 1], classes)
    return likeliest(np.arange(len(counts)) - first, means, deviations, shares).astype(np.uint16)


def mixture(counts: Array, classes: int) -> tuple[Array, Array, Array]:
    """Fit Gaussians to a histogram: means and standard deviations in bins, and shares, by rising mean."""
    width = -(-len(counts) // _MIXED)
    weights = np.add.reduceat(counts, np.arange(0, len(counts), width)).astype(np.float64)
    used = np.flatnonzero(weights)
    places, weights = used.astype(np.float64), weights[used] / weights.sum()
    first = np.searchsorted(best_splits(counts, classes), used * width, side="left")
    belongs = (first == np.arange(classes)[:, np.newaxis]).astype(np.float64)
    before = -np.inf
    for _ in range(2000):
        shares = np.maximum(belongs @ weights, 1e-12)
        means = belongs @ (weights * places) / shares
        spread = (belongs * (places - means[:, np.newaxis]) ** 2) @ weights / shares
        deviations = np.sqrt(spread + 1 / 12)  # a bin is one wide: no Gaussian is narrower
        density = _log_density(places, means, deviations, shares)
        most = density.max(axis=0)
        belongs = np.exp(density - most)
        total = belongs.sum(axis=0)
        belongs /= total
        likelihood = float(weights @ (most + np.log(total)))
        if likelihood - before < 1e-9:
            break
        before = likelihood
    order = np.argsort(means, kind="stable")
    return means[order] * width + (width - 1) / 2, deviations[order] * width, shares[order]


def likeliest(places: Array, means: Array, deviations: Array, shares: Array) -> Array:
    """Return to which Gaussian places belong most probably."""
    return np.asarray(_log_density(places, means, deviations, shares).argmax(axis=0))


def _log_density(places: Array, means: Array, deviations: Array, shares: Array) -> Array:
    distance = (places - means[:, np.newaxis]) / deviations[:, np.newaxis]
    return np.asarray(np.log(shares / deviations)[:, np.newaxis] - distance**2 / 2)


def classified(values: Array, bins: Bins, table: Array, first: int, padding: tuple[float, float] | None) -> Array:
    """Return the label of every value: its class, counted from ``first``; 0 for NaN and for padding."""
    low, step, _ = bins
    labels = table + np.uint16(first)
    if values.dtype.kind == "f":
        within = np.clip(np.nan_to_num(values.astype(np.float64), nan=low, posinf=np.inf, neginf=-np.inf), low, None)
        places = np.minimum((within - low) / step, len(table) - 1).astype(np.int64)
        made = np.where(np.isnan(values), np.uint16(0), labels[places])
    elif isinstance(step, int):
        made = labels[(values.astype(np.int64) - low).clip(0, len(table) - 1)]
    else:
        made = labels[((values.astype(np.float64) - low) / step).astype(np.int64).clip(0, len(table) - 1)]
    return made if padding is None else np.where((values >= padding[0]) & (values <= padding[1]), np.uint16(0), made)


def class_map(image: sitk.Image, bins: Bins, table: Array, first: int, padding: Any) -> sitk.Image:
    """Return the labels of the classes of a whole image."""
    return on_grid_of(classified(voxels(image), bins, table, first, padding), image)
