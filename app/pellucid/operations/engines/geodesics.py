"""Labels that grow from seeds: each voxel goes to the seed that is nearest along the image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.operations.engines.windows import unasked
from pellucid.operations.pixels import Array


def grown_labels(
    values: Array, seeds: Array, steps: tuple[float, ...], stiffness: float,
    each: Callable[[int], None] = lambda rounds: None, check: Callable[[], object] = unasked,
) -> Array:  # fmt: skip
    """Return the seeds (z, y, x; 0 is none) grown over a whole region by the shortest path.

    A path costs the change of the values along it and ``stiffness`` for every mm; ``steps`` are the distances of voxels
    along z, y, x. The region is swept forwards and backwards along every axis until nothing changes any more, so that
    the answer is that of Dijkstra; of equal paths the first found stays. ``each(n)`` is told before every round,
    ``check`` is asked before every plane.
    """
    labels = seeds.copy()
    cost = np.where(seeds != 0, 0.0, np.inf)
    values = values.astype(np.float64)
    rounds, changed = 0, True
    while changed:
        each(rounds)
        rounds, changed = rounds + 1, False
        for axis, step in enumerate(steps):
            along, paid, held = (np.moveaxis(one, axis, 0) for one in (values, cost, labels))
            for way in (slice(None), slice(None, None, -1)):
                changed |= _sweep(along[way], paid[way], held[way], stiffness * step, check)
    return labels


def _sweep(values: Array, cost: Array, labels: Array, dear: float, check: Callable[[], object]) -> bool:
    """Go through planes one after the other and let each take from the one before; return whether any did."""
    changed = False
    for n in range(1, len(values)):
        check()
        offered = cost[n - 1] + np.abs(values[n] - values[n - 1]) + dear
        better = offered < cost[n]
        if better.any():
            changed = True
            np.copyto(cost[n], offered, where=better)
            np.copyto(labels[n], labels[n - 1], where=better)
    return changed
