"""The minimal cut between object and background scribbles: voxels are nodes, neighbours are joined."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from pellucid.operations.pixels import Array

_SCALE = 1000.0
_NEVER = 1 << 28
_BINS = 64


def cut_region(values: Array, marks: Array, steps: Any, smoothness: float, contrast: float) -> Array:
    """Return the object (z, y, x) of values with ``marks`` 1 on the object and 2 on the background.

    ``steps`` are the distances of voxels along z, y, x; ``contrast`` counts in the usual difference of neighbours (root
    of the mean square). Capacities are whole numbers, thousandths.
    """
    values = values.astype(np.float64).reshape(marks.shape)
    count = values.size
    nodes = np.arange(count, dtype=np.int32).reshape(values.shape)
    changes = np.concatenate([np.diff(values, axis=axis).ravel() for axis in range(3)])
    contrast = contrast * float(np.sqrt(np.mean(changes**2))) or 1.0
    near = [min(steps) / step for step in steps]
    sides = [_neighbours(values, nodes, axis, smoothness * near[axis], contrast) for axis in range(3)]
    first, last, weight = (np.concatenate([side[n] for side in sides]) for n in range(3))
    to_object, to_background = _likelihoods(values, marks)
    source, sink = count, count + 1
    everyone = nodes.ravel()
    rows = np.concatenate([first, last, np.full(count, source), everyone])
    columns = np.concatenate([last, first, everyone, np.full(count, sink)])
    capacity = np.concatenate([weight, weight, to_object.ravel(), to_background.ravel()])
    wanted = capacity > 0
    graph = csr_matrix((capacity[wanted], (rows[wanted], columns[wanted])), shape=(count + 2, count + 2))
    flow = maximum_flow(graph, source, sink).flow
    rest = graph - flow
    rest.data[rest.data < 0] = 0
    rest.eliminate_zeros()
    reached = breadth_first_order(rest, source, return_predecessors=False)
    inside = np.zeros(count + 2, bool)
    inside[reached] = True
    return inside[:count].reshape(values.shape)


def _neighbours(
    values: Array, nodes: Array, axis: int, smoothness: float, contrast: float
) -> tuple[Array, Array, Array]:
    """Return which voxels are joined along an axis, and how dearly they are parted."""
    count = values.shape[axis]
    before, after = (nodes.take(range(*ends), axis=axis).ravel() for ends in ((0, count - 1), (1, count)))
    change = (values.ravel()[before] - values.ravel()[after]) / contrast
    weight = smoothness * _SCALE * np.exp(-0.5 * change**2)
    return before, after, np.rint(weight).astype(np.int32)


def _likelihoods(values: Array, marks: Array) -> tuple[Array, Array]:
    """Return how dear it is to call each voxel background, and object: by the histograms of the scribbles."""
    low, high = float(values.min()), float(values.max())
    bins = np.minimum(((values - low) / ((high - low) or 1.0) * _BINS).astype(np.int64), _BINS - 1)
    shares = []
    for mark in (1, 2):
        held = np.bincount(bins[marks == mark], minlength=_BINS).astype(np.float64)
        held = np.convolve(held, np.exp(-0.5 * (np.arange(-6, 7) / 2.0) ** 2), mode="same") + 1e-3
        shares.append(held / held.sum())
    chance = shares[0] / (shares[0] + shares[1])
    as_background = np.rint(-np.log(np.clip(1 - chance, 1e-4, 1)) * _SCALE).astype(np.int32)[bins]
    as_object = np.rint(-np.log(np.clip(chance, 1e-4, 1)) * _SCALE).astype(np.int32)[bins]
    for mark, dear, free in ((1, as_background, as_object), (2, as_object, as_background)):
        dear[marks == mark], free[marks == mark] = _NEVER, 0
    return as_background, as_object
