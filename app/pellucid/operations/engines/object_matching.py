"""Objects of two label maps, matched by how much they overlap: which were found, missed, or are not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Matching:
    """Pairs of objects (value in the first map, value in the second, IoU, Dice), and those that are alone."""

    pairs: tuple[tuple[int, int, float, float], ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]

    def numbers(self) -> dict[str, float]:
        """Return counts and scores; NaN where there is no answer."""
        hits, wrong, missed = len(self.pairs), len(self.only_first), len(self.only_second)
        nothing = float("nan")
        return {
            "objects_first": hits + wrong,
            "objects_second": hits + missed,
            "true_positives": hits,
            "false_positives": wrong,
            "false_negatives": missed,
            "precision": hits / (hits + wrong) if hits + wrong else nothing,
            "recall": hits / (hits + missed) if hits + missed else nothing,
            "f1": 2 * hits / (2 * hits + wrong + missed) if hits + wrong + missed else 1.0,
            "mean_matched_iou": float(np.mean([pair[2] for pair in self.pairs])) if hits else nothing,
            "mean_matched_dice": float(np.mean([pair[3] for pair in self.pairs])) if hits else nothing,
        }


def match(first: Array, second: Array, threshold: float = 0.5) -> Matching:
    """Match the objects of two label maps of one shape so that the sum of IoU is largest; 0 is background.

    Only pairs whose intersection over union is at least ``threshold`` match, each object once (Hungarian method).
    """
    seen = (first != 0) | (second != 0)
    ones, one = np.unique(first[seen], return_inverse=True)
    others, other = np.unique(second[seen], return_inverse=True)
    pairs, counts = np.unique(one * np.int64(len(others)) + other, return_counts=True)
    rows, columns = np.divmod(pairs, len(others))
    sizes, other_sizes = np.bincount(one), np.bincount(other)
    both = (ones[rows] != 0) & (others[columns] != 0)
    rows, columns, counts = rows[both], columns[both], counts[both]
    iou = counts / (sizes[rows] + other_sizes[columns] - counts)
    kept = iou >= threshold
    found = _assigned(rows[kept], columns[kept], iou[kept], (len(ones), len(others)))
    matched = tuple((int(ones[r]), int(others[c]), share, 2 * share / (1 + share)) for r, c, share in found)
    used, other_used = {0, *(pair[0] for pair in matched)}, {0, *(pair[1] for pair in matched)}
    return Matching(
        matched,
        tuple(int(value) for value in ones if int(value) not in used),
        tuple(int(value) for value in others if int(value) not in other_used),
    )


def _assigned(rows: Array, columns: Array, iou: Array, shape: tuple[int, int]) -> list[tuple[int, int, float]]:
    """Return the best pairs of rows and columns, group by group of those that touch one another."""
    if not len(rows):
        return []
    size = sum(shape)
    graph = coo_array((np.ones(len(rows)), (rows, columns + shape[0])), shape=(size, size))
    groups = connected_components(graph, directed=False)[1][rows]
    found = []
    for members in np.split(np.argsort(groups, kind="stable"), np.flatnonzero(np.diff(np.sort(groups))) + 1):
        downs, down = np.unique(rows[members], return_inverse=True)
        rights, right = np.unique(columns[members], return_inverse=True)
        gain = np.zeros((len(downs), len(rights)))
        gain[down, right] = iou[members]
        for r, c in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
            if gain[r, c] > 0:
                found.append((int(downs[r]), int(rights[c]), float(gain[r, c])))
    return sorted(found)
