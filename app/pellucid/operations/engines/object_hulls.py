"""Convex hulls of objects and the calipers around them, from the corners of the outermost voxels.

Corners are counted in half voxels, so that whether one lies inside the hull of others is decided exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

from pellucid.operations.engines.object_runs import Runs
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

_TOGETHER = 200
"""Objects that one piece of work measures."""
_FERET_ROWS = 1024


def flat_hulls(runs: Runs, matrix: Array, each: Each = one_by_one) -> tuple[Array, Array, Array]:
    """Return area of the hull, largest and smallest caliper of every object of one slice."""
    hull, largest, least = np.zeros((3, len(runs.ids)))
    (left_key, left_y, left_x), (right_key, right_y, right_x) = outlines(runs)
    plane = matrix[:, :2] @ np.linalg.inv(np.linalg.qr(matrix[:, :2])[1])  # two perpendicular unit vectors
    sides = plane.T @ matrix[:, :2] / 2
    numbers = np.arange(len(runs.ids) + 1)
    left_first, right_first = np.searchsorted(left_key, numbers), np.searchsorted(right_key, numbers)
    scale = abs(np.linalg.det(sides))

    def measure(begin: int) -> None:
        for n in range(begin, min(begin + _TOGETHER, len(runs.ids))):
            left, right = (slice(first[n], first[n + 1]) for first in (left_first, right_first))
            x = np.concatenate([left_x[left], right_x[right][::-1]])
            y = np.concatenate([left_y[left], right_y[right][::-1]])
            hull[n] = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 * scale
            corners = np.stack([x, y], axis=1) @ sides.T
            largest[n], least[n] = calipers(corners)

    each(measure, range(0, len(runs.ids), _TOGETHER))
    return hull, largest, least


def calipers(corners: Array) -> tuple[float, float]:
    """Return the largest and the smallest distance of two parallel lines around a convex polygon."""
    edges = np.roll(corners, -1, axis=0) - corners
    widths = np.ptp(corners @ np.stack([edges[:, 1], -edges[:, 0]]), axis=0) / np.hypot(edges[:, 0], edges[:, 1])
    apart = corners[:, None] - corners
    return float(np.sqrt((apart**2).sum(axis=-1).max())), float(widths.min())


def deep_hulls(runs: Runs, matrix: Array, each: Each = one_by_one) -> tuple[Array, Array]:
    """Return volume of the hull and largest caliper of every object of a volume."""
    hull, largest = np.zeros((2, len(runs.ids)))
    parts = outlines(runs)
    key, y, x = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    number, z = np.divmod(key, runs.shape[0])
    order = np.argsort(number, kind="stable")
    first = np.searchsorted(number[order], np.arange(len(runs.ids) + 1))
    points = np.stack([x, y, 2 * z], axis=1)[order]
    up = np.array([0, 0, 1])

    def measure(n: int) -> None:
        mine = points[first[n] : first[n + 1]] - points[first[n]]
        corners = np.concatenate([mine - up, mine + up])
        body = ConvexHull(corners @ (matrix.T / 2))
        hull[n], largest[n] = body.volume, longest(body.points[body.vertices])

    each(measure, range(len(runs.ids)))
    return hull, largest


def longest(points: Array) -> float:
    """Return the largest distance between two of some points."""
    squares = (points**2).sum(axis=1)
    most = 0.0
    for begin in range(0, len(points), _FERET_ROWS):
        part = slice(begin, begin + _FERET_ROWS)
        most = max(most, float((squares[part, None] + squares - 2 * points[part] @ points.T).max()))
    return float(np.sqrt(most))


def outlines(runs: Runs) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]:
    """Return the corners of the hull in each slice of each object, left and right: (object · slices + slice, y, x).

    y and x are in half voxels; y rises within a slice.
    """
    key = runs.object * runs.shape[0] + runs.z
    new = np.flatnonzero(np.diff(key * runs.shape[1] + runs.y, prepend=-1))
    row_key, row_y = key[new], runs.y[new]
    left = np.minimum.reduceat(runs.start, new) if len(new) else new
    right = np.maximum.reduceat(runs.stop, new) if len(new) else new
    return _chain(row_key, row_y, 2 * left - 1, np.minimum), _chain(row_key, row_y, 2 * right - 1, np.maximum)


def _chain(key: Array, y: Array, x: Array, outer: np.ufunc) -> tuple[Array, Array, Array]:
    """Return the corners on one side of rows of pixels that lie on the hull."""
    key = np.repeat(key, 2)
    y = (2 * y[:, None] + np.array([-1, 1])).ravel()
    x = np.repeat(x, 2)
    new = np.flatnonzero((np.diff(key, prepend=-1) != 0) | (np.diff(y, prepend=y[:1] - 1) != 0))
    key, y, x = key[new], y[new], outer.reduceat(x, new) if len(new) else x
    sign = 1 if outer is np.minimum else -1
    while True:
        same = (key[2:] == key[:-2]) & (key[1:-1] == key[:-2])
        chord = (x[2:] - x[:-2]) * (y[1:-1] - y[:-2])
        inside = same & (sign * ((x[1:-1] - x[:-2]) * (y[2:] - y[:-2]) - chord) >= 0)
        if not inside.any():
            return key, y, x
        keep = np.ones(len(key), bool)
        keep[1:-1] = ~inside
        key, y, x = key[keep], y[keep], x[keep]
