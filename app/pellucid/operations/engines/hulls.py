"""The convex hull of a mask, rasterised slice by slice: sections of a polyhedron are polygons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from pellucid.operations.pixels import Array

_EDGE = 1e-9


def hull_of_slices(inside: Array, check: Callable[[], None] = lambda: None) -> Array:
    """Return the voxels (z, y, x) whose centre is in the convex hull of the voxel centres of their slice."""
    out = np.zeros(inside.shape, bool)
    for plane, target in zip(inside, out, strict=True):
        check()
        _fill(target, np.argwhere(plane)[:, ::-1].astype(float))
    return out


def hull_of_volume(inside: Array, check: Callable[[], None] = lambda: None) -> Array:
    """Return the voxels (z, y, x) whose centre is in the convex hull of all voxel centres of a mask."""
    points = _corners(inside)
    out = np.zeros(inside.shape, bool)
    if len(points) == 0:
        return out
    try:
        hull = ConvexHull(points)
    except QhullError:  # all in a plane or on a line: the sections are those of its points
        hull = None
    edges = _edges(hull) if hull is not None else np.array([(a, b) for a in range(len(points)) for b in range(a)])
    for z in range(int(points[:, 2].min()), int(points[:, 2].max()) + 1):
        check()
        _fill(out[z], _section(points, edges, float(z)))
    return out


def _corners(inside: Array) -> Array:
    """Return the voxels (x, y, z) that can be corners of the hull: the first and the last of each row."""
    found: list[tuple[int, int, int]] = []
    for z, plane in enumerate(inside):
        rows = np.flatnonzero(plane.any(axis=1))
        if len(rows):
            ends = np.array([(plane[y].argmax(), plane.shape[1] - 1 - plane[y][::-1].argmax()) for y in rows])
            places = zip(rows.tolist(), ends.tolist(), strict=True)
            found.extend((x, y, z) for y, pair in places for x in dict.fromkeys(pair))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _edges(hull: Any) -> Array:
    triangles = hull.simplices
    pairs = np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    return np.unique(np.sort(pairs), axis=0)


def _section(points: Array, edges: Array, z: float) -> Array:
    """Return the points (x, y) in which the plane at ``z`` cuts edges, with the corners that lie in it."""
    here = [points[points[:, 2] == z, :2]]
    if len(edges):
        first, last = points[edges[:, 0]], points[edges[:, 1]]
        crosses = (first[:, 2] - z) * (last[:, 2] - z) < 0
        first, last = first[crosses], last[crosses]
        share = ((z - first[:, 2]) / (last[:, 2] - first[:, 2]))[:, np.newaxis]
        here.append((first + share * (last - first))[:, :2])
    return np.concatenate(here)


def _fill(target: Array, points: Array) -> None:
    """Set the voxels of a slice whose centre is in the convex hull of points (x, y)."""
    if len(points) == 0:
        return
    low, high = np.ceil(points.min(axis=0) - _EDGE).astype(int), np.floor(points.max(axis=0) + _EDGE).astype(int)
    y, x = np.ogrid[low[1] : high[1] + 1, low[0] : high[0] + 1]
    part = target[low[1] : high[1] + 1, low[0] : high[0] + 1]
    try:
        sides = ConvexHull(points).equations
    except (QhullError, ValueError):  # fewer than three corners: a point or a line
        part |= _on_line(points, x, y)
        return
    inside = np.ones(part.shape, bool)
    for across, along, offset in sides:
        inside &= across * x + along * y + offset <= _EDGE * 1e3
    part |= inside


def _on_line(points: Array, x: Array, y: Array) -> Array:
    middle = points.mean(axis=0)
    way = points[np.argmax(np.abs(points - middle).sum(axis=1))] - middle
    length = float(np.hypot(*way)) or 1.0
    return np.asarray(np.abs((x - middle[0]) * way[1] - (y - middle[1]) * way[0]) / length <= _EDGE * 1e3)
