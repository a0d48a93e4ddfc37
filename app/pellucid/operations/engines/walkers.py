"""Random walks between scribbles: the probability of meeting each of them first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import cg

from pellucid.operations.pixels import Array

_LEAST = 1e-6
_MOST_ROUNDS = 3000


def walked(
    values: Array, marks: Array, steps: Any, stiffness: float, each: Callable[[int, int], None] = lambda n, of: None
) -> Array:
    """Return the label (z, y, x) that a random walker from each voxel meets first with the greatest probability.

    ``steps`` are the distances of voxels along z, y, x. The edges are weighted as in skimage.segmentation.random_walker
    on values from 0 to 1; the equations are solved by conjugate gradients to a ten-thousandth. ``each(n, of)`` is told
    while label n is solved.
    """
    span = float(values.max() - values.min()) or 1.0
    weights, first, last = _edges(values.astype(np.float64) / span, steps, stiffness)
    count = marks.size
    both = np.concatenate([first, last]), np.concatenate([last, first])
    joined = coo_matrix((np.concatenate([weights, weights]), both), shape=(count, count)).tocsr()
    free = np.flatnonzero(marks.ravel() == 0)
    seeded = np.flatnonzero(marks.ravel())
    out = marks.astype(np.uint16).ravel()
    if not len(free):
        return out.reshape(marks.shape)
    degrees = np.asarray(joined.sum(axis=1)).ravel()[free]
    inner = diags(degrees) - joined[free][:, free]
    border = joined[free][:, seeded]
    found = np.unique(out[seeded])
    best, rest = np.full(len(free), -np.inf), np.ones(len(free))
    for n, value in enumerate(found):
        if n < len(found) - 1:
            chance = _met(inner, border @ (out[seeded] == value), degrees, partial(each, n, len(found)))
        else:
            chance = rest
        rest = rest - chance
        out[free[chance > best]] = value
        best = np.maximum(best, chance)
    return out.reshape(marks.shape)


def _met(inner: Any, right: Array, degrees: Array, told: Callable[[], None]) -> Array:
    """Solve for the probability of meeting one label, with the degrees as preconditioner."""
    quick = diags(1 / np.maximum(degrees, 1e-30))
    found, _failed = cg(inner, right, rtol=1e-4, maxiter=_MOST_ROUNDS, M=quick, callback=lambda _x: told())
    return np.asarray(found)


def _edges(values: Array, steps: Any, stiffness: float) -> tuple[Array, Array, Array]:
    """Return the weights of neighbouring voxels, and which ones they are."""
    spread = float(values.std()) or 1.0
    nodes = np.arange(values.size).reshape(values.shape)
    weights, first, last = [], [], []
    for axis, step in enumerate(steps):
        count = values.shape[axis]
        before, after = (nodes.take(range(*ends), axis=axis).ravel() for ends in ((0, count - 1), (1, count)))
        slope = (values.ravel()[after] - values.ravel()[before]) / (step / min(steps))
        weights.append(np.exp(-stiffness / (10 * spread) * slope**2) + _LEAST)
        first.append(before)
        last.append(after)
    return np.concatenate(weights), np.concatenate(first), np.concatenate(last)
