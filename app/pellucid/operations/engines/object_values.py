"""The values of an image under objects: exact order statistics, moments, and the entropy of their grey levels."""

from __future__ import annotations

import numpy as np

from pellucid.operations.engines.object_runs import Runs, batches, pieces_of, places
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

NO_LEVEL = 255
"""Stands in a map of grey levels where a value is no number."""
MOST_CELLS = 1 << 21


def value_statistics(
    runs: Runs, values: Array, percents: tuple[float, ...], each: Each = one_by_one
) -> dict[str, Array]:
    """Return statistics of the finite values of every object by name, NaN where there are none.

    ``p…`` are percentiles between the nearest values (linear), moments are those of the population.
    """
    shares = {"median": 50.0, **{f"p{percent:g}": percent for percent in percents}}
    names = ("mean", "sd", "minimum", *shares, "maximum", "sum", "skewness", "kurtosis")
    found = {name: np.full(len(runs.ids), np.nan) for name in names}
    flat = values.reshape(-1)

    def measure(group: tuple[int, int]) -> None:
        taken, sizes = _taken(runs, flat, *group)
        part = slice(*group)
        for name, column in _moments(taken, sizes).items():
            found[name][part] = column
        for name, column in _ordered(taken, sizes, shares).items():
            found[name][part] = column

    each(measure, list(batches(runs, 1 << 14)))
    return found


def _taken(runs: Runs, flat: Array, begin: int, end: int) -> tuple[Array, Array]:
    """Return the finite values of some objects, one object after the other, and how many of each."""
    parts = [flat[places(runs, piece)[1]] for piece in pieces_of(runs, begin, end)]
    taken = parts[0] if len(parts) == 1 else np.concatenate(parts)
    sizes = runs.voxels[begin:end]
    if taken.dtype.kind == "f":
        finite = np.isfinite(taken)
        if not finite.all():
            sizes = np.add.reduceat(finite.astype(np.int64), np.cumsum(sizes) - sizes)
            taken = taken[finite]
    return taken, sizes


def _sums(parts: Array, sizes: Array) -> Array:
    """Return the sum of each part; parts without values give 0."""
    held = np.flatnonzero(sizes)
    result = np.zeros(len(sizes))
    if len(held):
        result[held] = np.add.reduceat(parts, (np.cumsum(sizes) - sizes)[held])
    return result


def _moments(taken: Array, sizes: Array) -> dict[str, Array]:
    values = taken.astype(np.float64)
    with np.errstate(all="ignore"):
        total = np.where(sizes > 0, _sums(values, sizes), np.nan)
        mean = total / sizes
        values -= np.repeat(mean, sizes)
        power = values * values
        second = _sums(power, sizes) / sizes
        power *= values
        third = _sums(power, sizes) / sizes
        power *= values
        fourth = _sums(power, sizes) / sizes
        even = second <= (1e-12 * np.abs(mean)) ** 2
        skewness = np.where(even, np.nan, third / second**1.5)
        kurtosis = np.where(even, np.nan, fourth / second**2 - 3)
    return {"mean": mean, "sd": np.sqrt(second), "sum": total, "skewness": skewness, "kurtosis": kurtosis}


def _ordered(taken: Array, sizes: Array, shares: dict[str, float]) -> dict[str, Array]:
    ends = np.cumsum(sizes)
    begins = ends - sizes
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        taken[begin:end].sort()
    held = np.flatnonzero(sizes)
    found = {}
    for name, share in {"minimum": 0.0, **shares, "maximum": 100.0}.items():
        column = found[name] = np.full(len(sizes), np.nan)
        place = begins[held] + (sizes[held] - 1) * (share / 100)
        low = np.floor(place).astype(np.int64)
        below = taken[low].astype(np.float64)
        above = taken[np.minimum(low + 1, ends[held] - 1)].astype(np.float64)
        column[held] = below + (above - below) * (place - low)
    return found


def grey_levels(values: Array, low: float, high: float, levels: int, each: Each = one_by_one) -> Array:
    """Return the grey level of every voxel: so many of equal width from ``low`` to ``high``."""
    found = np.zeros(values.shape, np.uint8)
    scale = levels / (high - low) if high > low else 0.0

    def work(z: int) -> None:
        plane = values[z].astype(np.float64)
        with np.errstate(invalid="ignore"):
            level = np.clip(np.floor((plane - low) * scale), 0, levels - 1)
            found[z] = np.where(np.isfinite(plane), level, NO_LEVEL).astype(np.uint8)

    each(work, range(len(values)))
    return found


def level_entropy(runs: Runs, grey: Array, levels: int, each: Each = one_by_one) -> Array:
    """Return the Shannon entropy, in bits, of the grey levels of every object."""
    found, flat = np.full(len(runs.ids), np.nan), grey.reshape(-1)

    def measure(group: tuple[int, int]) -> None:
        begin, end = group
        counts = np.zeros((end - begin) * levels, np.int64)
        for piece in pieces_of(runs, begin, end):
            run, index = places(runs, piece)
            level = flat[index]
            cell = (runs.object[piece] - begin)[run] * levels + level
            counts += np.bincount(cell[level != NO_LEVEL], minlength=len(counts))
        table = counts.reshape(-1, levels)
        with np.errstate(all="ignore"):
            share = table / table.sum(axis=1, keepdims=True)
            found[begin:end] = -np.where(share > 0, share * np.log2(share), np.where(share == 0, 0, np.nan)).sum(axis=1)

    each(measure, list(batches(runs, MOST_CELLS // levels)))
    return found + 0.0  # no minus zero
