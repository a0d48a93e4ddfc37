"""Where labels are: which of them have voxels, and the voxel of one that is nearest to its centroid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.model.geometry import Vector
from pellucid.model.labels import MAX_VALUE, LabelMap
from pellucid.model.planes import positions_along


def values_in(labels: LabelMap) -> frozenset[int]:
    """Return the values above 0 that some voxel holds."""
    seen = np.zeros(MAX_VALUE + 1, bool)
    for plane in labels.array:
        seen[plane] = True
    return frozenset(np.flatnonzero(seen[1:]) + 1)


def place_of(labels: LabelMap, value: int, cancelled: Callable[[], bool] = lambda: False) -> Vector | None:
    """Return the world point of the voxel of a label that is nearest to the centroid of all; None without voxels.

    The centroid of a ring lies in its hole: the answer lies on the ring.
    """
    middle = _centroid(labels, value, cancelled)
    if middle is None:
        return None
    found, least = None, np.inf
    geometry = labels.geometry
    axes = geometry.axes
    heights = positions_along(geometry, 2)
    order = np.argsort(np.abs(heights - middle[2]))
    for z in order.tolist():
        if abs(heights[z] - middle[2]) * _thinness(axes) > least or cancelled():
            break
        y, x = np.nonzero(labels.array[z] == value)
        if len(x):
            steps = np.stack([x * geometry.spacing[0], y * geometry.spacing[1], np.full(len(x), heights[z])], axis=1)
            apart = np.linalg.norm((steps - middle) @ axes.T, axis=1)
            best = int(np.argmin(apart))
            if apart[best] < least:
                found, least = (int(x[best]), int(y[best]), z), float(apart[best])
    if found is None:
        return None
    a, b, c = (float(n) for n in geometry.index_to_world(found))
    return a, b, c


def _centroid(labels: LabelMap, value: int, cancelled: Callable[[], bool]) -> np.ndarray | None:
    """Return the mean place of the voxels in mm along the axes of the grid."""
    heights = positions_along(labels.geometry, 2)
    count, sums = 0, np.zeros(3)
    for z, plane in enumerate(labels.array):
        if cancelled():
            return None
        held = plane == value
        here = int(np.count_nonzero(held))
        if here:
            columns, rows = held.sum(axis=0), held.sum(axis=1)
            sums += (columns @ np.arange(len(columns)), rows @ np.arange(len(rows)), here * heights[z])
            count += here
    return None if not count else sums / count * (*labels.geometry.spacing[:2], 1.0)


def _thinness(axes: np.ndarray) -> float:
    """Return how far apart slices one mm apart along their axis are at least: less than 1 where the grid is sheared."""
    normal = np.cross(axes[:, 0], axes[:, 1])
    return float(abs(axes[:, 2] @ normal) / np.linalg.norm(normal))
