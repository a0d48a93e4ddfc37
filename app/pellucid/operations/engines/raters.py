"""What several masks of the same thing come to: a vote, or STAPLE, which learns how far each rater can be trusted.

Of R raters there are only 2^R ways to judge a voxel. Voxels are counted by that way once, and everything else is
worked out on the counts: the answer of STAPLE is that of SimpleITK, in a hundredth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.engines.overlap import slabs
from pellucid.operations.engines.pieces import Each, one_by_one

Array = NDArray[Any]
MOST = 16
"""The most raters there can be."""
_ROUNDS = 10_000
_SETTLED = 1e-14  # of the squared change of a rater's performance, as in ITK


@dataclass(frozen=True, eq=False)
class Consensus:
    """What STAPLE estimates: for each way to judge a voxel how likely it is inside, and how good each rater is."""

    probability: Array
    sensitivity: Array
    specificity: Array


def judged(masks: Sequence[Array], each: Each = one_by_one) -> tuple[Array, Array]:
    """Return how every voxel was judged, rater n at bit n, and how many voxels were judged in each way."""
    codes = np.zeros(masks[0].shape, np.uint8 if len(masks) <= 8 else np.uint16)
    found: dict[int, Array] = {}

    def work(part: slice) -> None:
        here = codes[part]
        for n, mask in enumerate(masks):
            here |= mask[part].astype(codes.dtype) << codes.dtype.type(n)
        found[part.start] = np.bincount(here.ravel(), minlength=1 << len(masks))

    each(work, slabs(codes.shape))
    return codes, np.sum(list(found.values()), axis=0)


def judgements(raters: int) -> Array:
    """Return which rater (column) says inside in each way to judge a voxel (row)."""
    return (np.arange(1 << raters)[:, np.newaxis] >> np.arange(raters)) & 1 == 1


def staple(counts: Array, raters: int) -> Consensus:
    """Return the consensus of raters by expectation maximisation, from the voxels judged in each way.

    The prior is the mean share of voxels that the raters say are inside; it begins with their mean opinion.
    """
    inside, total = judgements(raters), counts.sum()
    weight = inside.mean(axis=1)
    prior = float(np.dot(counts, weight)) / total
    sensitivity, specificity = np.full(raters, np.nan), np.full(raters, np.nan)
    if 0 < prior < 1:
        for _round in range(_ROUNDS):
            before = sensitivity, specificity
            yes, no = counts * weight, counts * (1 - weight)
            sensitivity = yes @ inside / yes.sum()
            specificity = no @ ~inside / no.sum()
            hit = prior * np.where(inside, sensitivity, 1 - sensitivity).prod(axis=1)
            miss = (1 - prior) * np.where(inside, 1 - specificity, specificity).prod(axis=1)
            weight = np.divide(hit, hit + miss, out=np.zeros(len(hit)), where=hit + miss > 0)
            if max(np.square(sensitivity - before[0]).max(), np.square(specificity - before[1]).max()) <= _SETTLED:
                break
    return Consensus(weight, sensitivity, specificity)


def dice_matrix(counts: Array, raters: int) -> Array:
    """Return the Dice of each rater with each, from the voxels judged in each way; two empty masks agree fully."""
    inside = judgements(raters)
    common = (inside * counts[:, np.newaxis]).T @ inside.astype(np.int64)
    sizes = np.diagonal(common)
    sums = sizes[:, np.newaxis] + sizes
    return np.divide(2 * common, sums, out=np.ones(sums.shape), where=sums > 0)


def chosen(codes: Array, rule: Array, each: Each = one_by_one) -> Array:
    """Return a mask (0 and 1) of the voxels that were judged in a way for which a rule says yes."""
    table, result = rule.astype(np.uint8), np.empty(codes.shape, np.uint8)

    def work(part: slice) -> None:
        np.take(table, codes[part], out=result[part])

    each(work, slabs(codes.shape))
    return result
