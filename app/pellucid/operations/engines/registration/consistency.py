"""How well two transforms undo each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.jacobians import Lattice
from pellucid.operations.engines.registration.splitting import apply, linear_matrix
from pellucid.operations.pixels import Array

Way = Callable[[Array], Array]
_PIECE = 2000
MOST_POINTS = 20_000


@dataclass(frozen=True)
class Errors:
    """Distances in mm (px where lengths are not known): mean, median, largest, and of how many places."""

    mean: float
    median: float
    largest: float
    count: int


def errors(distances: Array) -> Errors | None:
    """Return distances in numbers, or None where there are none."""
    if not len(distances):
        return None
    values = np.asarray(distances, dtype=np.float64)
    return Errors(float(values.mean()), float(np.median(values)), float(values.max()), len(values))


def way(transform: sitk.Transform) -> Way:
    """Return what takes points (n, 3) where a transform takes them."""
    if not transform.IsLinear():
        return lambda points: apply(transform, points)
    matrix = linear_matrix(transform)
    return lambda points: np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def spread_points(lattice: Lattice, most: int = MOST_POINTS) -> Array:
    """Return places (n, 3) of voxels spread evenly over a grid, at most some thousands and always the same."""
    counts = np.array(lattice.shape)
    step = max(1, int(np.ceil((counts.prod() / most) ** (1 / max(int((counts > 1).sum()), 1)))))
    slices = range(min(step // 2, int(counts[0]) - 1), int(counts[0]), step)
    start = step // 2
    rows, columns = (min(start, int(n) - 1) for n in counts[1:])
    return np.concatenate([lattice.points(k)[rows::step, columns::step].reshape(-1, 3) for k in slices])


def there_and_back(points: Array, forward: Way, backward: Way, context: Context) -> Array:
    """Return how far (mm) from each of (n, 3) points backward(forward(point)) is."""
    found = np.empty(len(points))
    for first in range(0, len(points), _PIECE):
        context.check()
        context.progress(first / len(points))
        piece = slice(first, first + _PIECE)
        found[piece] = np.linalg.norm(backward(forward(points[piece])) - points[piece], axis=1)
    return found
