"""Networks of comparisons that sort, or find the value of a rank in, many small sets at once.

A network is a fixed list of steps "put the smaller of two values here and the larger there". Applied to
whole arrays with NumPy's minimum and maximum, one step serves thousands of voxels (Knuth, The Art of
Computer Programming 3, section 5.3.4). Steps that cannot matter are left out: those whose result nobody
reads, and those that, because the inputs are partly sorted, never exchange anything (0-1 principle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np

from pellucid.operations.pixels import Array

_MOST_PATTERNS = 200_000


@dataclass(frozen=True)
class Step:
    """Compare two places: the smaller value to ``low``, the larger to ``high``; one may be unread."""

    low: int
    high: int
    keep_low: bool = True
    keep_high: bool = True


@dataclass(frozen=True)
class Network:
    """Steps, and the places whose values are the answer."""

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def apply(self, values: Sequence[Array]) -> list[Array]:
        """Return the answers for arrays of equal shape; the arrays given are not modified."""
        places, own = list(values), [False] * len(values)
        spare: list[Array] = []
        for step in self.steps:
            a, b = places[step.low], places[step.high]
            small = np.minimum(a, b, out=spare.pop() if spare else None) if step.keep_low else None
            if step.keep_high:
                target = b if own[step.high] else a if own[step.low] else (spare.pop() if spare else None)
                large = np.maximum(a, b, out=target)
            else:
                large = None
            spare.extend(
                array for array, mine in ((a, own[step.low]), (b, own[step.high])) if mine and array is not large
            )
            for place, result in ((step.low, small), (step.high, large)):
                if result is not None:
                    places[place], own[place] = result, True
                else:
                    own[place] = False
        return [places[place] for place in self.outputs]


def _batcher(places: Sequence[int]) -> list[tuple[int, int]]:
    """Return Batcher's merge exchange for the places, in order (Knuth, algorithm 5.2.2M)."""
    n, pairs = len(places), []
    top = 1 << max(0, (n - 1).bit_length() - 1)
    p = top if n > 1 else 0
    while p > 0:
        q, r, d = top, 0, p
        while True:
            pairs += [(places[i], places[i + d]) for i in range(n - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return pairs


def _read_only(pairs: Sequence[tuple[int, int]], outputs: Sequence[int]) -> Network:
    """Keep the steps whose results reach an output."""
    needed, kept = set(outputs), []
    for low, high in reversed(pairs):
        if low in needed or high in needed:
            kept.append(Step(low, high, low in needed, high in needed))
            needed |= {low, high}
    return Network(tuple(reversed(kept)), tuple(outputs))


def _exchanging(pairs: Sequence[tuple[int, int]], rows: int, columns: int) -> list[tuple[int, int]]:
    """Keep the steps that can exchange something when rows and columns of the input matrix are sorted.

    By the 0-1 principle it is enough to try every matrix of zeros and ones with sorted rows and columns.
    """
    kept = []
    values = np.packbits(_staircases(rows, columns), axis=1)
    for low, high in pairs:
        a, b = values[low], values[high]
        if np.any(a & ~b):
            kept.append((low, high))
            values[low], values[high] = a & b, a | b
    return kept


def _staircases(rows: int, columns: int) -> Array:
    """Return all 0-1 matrices with sorted rows and columns: one matrix per column, one place per row."""
    paths = np.array(list(combinations(range(rows + columns), columns)))
    zeros = (paths - np.arange(columns))[:, ::-1]  # how many zeros top each column of the matrix, falling
    return np.asarray(np.arange(rows)[:, np.newaxis, np.newaxis] >= zeros.T).reshape(rows * columns, -1)


@cache
def rank_network(runs: int, length: int, rank: int) -> Network | None:
    """Return the network for the value of a rank (0: the smallest) among sorted runs of ``length`` values.

    Value i of run k is at place ``i * runs + k``. None when the network would be too large.
    """
    return _merge(runs, length, (rank,))


@cache
def sort_network(runs: int, length: int) -> Network | None:
    """Return the network that merges sorted runs of ``length`` values, or None when it is too large."""
    return _merge(runs, length, tuple(range(runs * length)))


def _merge(runs: int, length: int, ranks: tuple[int, ...]) -> Network | None:
    if comb(runs + length, runs) > _MOST_PATTERNS:
        return None
    across = [pair for row in range(length) for pair in _batcher(range(row * runs, (row + 1) * runs))]
    lowest, highest = ranks[0], ranks[-1]
    below = [place for place in range(runs * length) if _is_below(place, runs, length, lowest)]
    above = [place for place in range(runs * length) if _is_above(place, runs, highest)]
    places = [place for place in range(runs * length) if place not in {*below, *above}]
    pairs = across + _exchanging(_batcher(places), length, runs)
    return _read_only(pairs, [places[rank - len(below)] for rank in ranks])


def _is_below(place: int, runs: int, length: int, rank: int) -> bool:
    """Return whether a place of a matrix with sorted rows and columns certainly holds less than a rank."""
    row, column = divmod(place, runs)
    return (length - row) * (runs - column) > runs * length - rank


def _is_above(place: int, runs: int, rank: int) -> bool:
    """Return whether a place of a matrix with sorted rows and columns certainly holds more than a rank."""
    row, column = divmod(place, runs)
    return (row + 1) * (column + 1) > rank + 1
