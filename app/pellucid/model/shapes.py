"""The shapes of annotations in their plane: outlines, handles, and what dragging does to them.

Plane coordinates are the world's in mm along ``right`` and ``down``: u = point · right, v = point · down.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pellucid.model.annotations import BOXED, Annotation, Kind
from pellucid.model.geometry import Floats, Vector
from pellucid.model.planes import PlaneFrame

SIDES = 96
"""Corners of the polygon that is drawn for an ellipse."""
_BOX_HANDLES: tuple[tuple[float, float], ...] = ((0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5))
"""Places of the handles of a box as shares of its width and height."""


def vector(values: ArrayLike) -> Vector:
    """Return three numbers as a tuple."""
    x, y, z = (float(n) for n in np.asarray(values))
    return x, y, z


def on_plane(kind: Kind, points: tuple[Vector, ...], plane: PlaneFrame, /, **fields: object) -> Annotation:
    """Return an annotation that lies in the plane of a frame; further arguments are its fields."""
    reference = plane.geometry.frame_of_reference
    axes = {name: vector(getattr(plane, name)) for name in ("normal", "right", "down")}
    return Annotation(kind, points, **axes, frame_of_reference=reference, **fields)  # type: ignore[arg-type]


def to_plane(annotation: Annotation, points: ArrayLike) -> Floats:
    """Return world points, shape (3,) or (n, 3), as plane coordinates, shape (2,) or (n, 2)."""
    axes = np.array([annotation.right, annotation.down])
    return np.asarray(np.asarray(points, dtype=np.float64) @ axes.T)


def to_world(annotation: Annotation, flat: ArrayLike) -> Floats:
    """Return plane coordinates, shape (2,) or (n, 2), as world points on the plane of the annotation."""
    axes = np.array([annotation.right, annotation.down])
    depth = np.dot(annotation.points[0], annotation.normal)
    return np.asarray(np.asarray(flat, dtype=np.float64) @ axes + depth * np.array(annotation.normal))


@lru_cache(maxsize=4096)
def flat_points(annotation: Annotation) -> Floats:
    """Return the points of an annotation in plane coordinates, shape (n, 2), read-only."""
    flat = to_plane(annotation, annotation.points)
    flat.flags.writeable = False
    return flat


def box(annotation: Annotation) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the points in plane coordinates."""
    flat = flat_points(annotation)
    (left, top), (right, bottom) = flat.min(axis=0), flat.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


@lru_cache(maxsize=4096)
def outline(annotation: Annotation, sides: int = SIDES) -> Floats:
    """Return the line that is drawn, shape (n, 2) in plane coordinates; regions end where they begin."""
    flat = flat_points(annotation)
    if annotation.kind in BOXED and len(flat) == 2:
        left, top, right, bottom = box(annotation)
        if annotation.kind is Kind.RECTANGLE:
            return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
        turn = np.linspace(0, 2 * np.pi, sides + 1)
        centre, radii = np.array([left + right, top + bottom]) / 2, np.array([right - left, bottom - top]) / 2
        return np.asarray(centre + radii * np.stack([np.cos(turn), np.sin(turn)], axis=1))
    if annotation.is_region:
        return np.concatenate([flat, flat[:1]])
    return flat


def handles(annotation: Annotation) -> Floats:
    """Return the places, shape (n, 2) in plane coordinates, by which an annotation can be reshaped.

    A rectangle and a freehand region have the corners and the middles of the sides of their box, an ellipse
    the ends of its axes, everything else its points.
    """
    if annotation.kind in BOXED or annotation.kind is Kind.FREEHAND:
        left, top, right, bottom = box(annotation)
        shares = np.array(_box_handles(annotation))
        return np.array([left, top]) + shares * np.array([right - left, bottom - top])
    return flat_points(annotation)


def _box_handles(annotation: Annotation) -> tuple[tuple[float, float], ...]:
    return _BOX_HANDLES[1::2] if annotation.kind is Kind.ELLIPSE else _BOX_HANDLES


def with_handle(annotation: Annotation, handle: int, world: ArrayLike) -> Annotation:
    """Return the annotation with a handle dragged to a world point (projected onto the plane)."""
    at = to_plane(annotation, world)
    if annotation.kind in BOXED or annotation.kind is Kind.FREEHAND:
        return _stretched(annotation, _box_handles(annotation)[handle], at)
    points = list(annotation.points)
    points[handle] = vector(to_world(annotation, at))
    return replace(annotation, points=tuple(points))


def _stretched(annotation: Annotation, shares: tuple[float, float], at: Floats) -> Annotation:
    """Return the annotation with the side or corner of its box at ``shares`` moved; the opposite one stays."""
    left, top, right, bottom = box(annotation)
    flat = flat_points(annotation).copy()
    for axis, (share, low, high) in enumerate(zip(shares, (left, top), (right, bottom), strict=True)):
        if share == 0.5:
            continue
        fixed, moved = (high, low) if share == 0 else (low, high)
        span = moved - fixed
        scale = (at[axis] - fixed) / span if span else 0.0
        flat[:, axis] = fixed + (flat[:, axis] - fixed) * scale
    return _with_flat(annotation, flat)


def moved(annotation: Annotation, step: ArrayLike) -> Annotation:
    """Return the annotation moved in its plane by a world vector."""
    return _with_flat(annotation, flat_points(annotation) + to_plane(annotation, step))


def _with_flat(annotation: Annotation, flat: Floats) -> Annotation:
    return replace(annotation, points=tuple(vector(p) for p in to_world(annotation, flat)))


def simplified(points: Floats, tolerance: float) -> Floats:
    """Return a line, shape (n, 2), without the points that lie within a tolerance of it.

    Source: Douglas and Peucker (1973), "Algorithms for the reduction of the number of points".
    """
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        between = points[first + 1 : last] - points[first]
        along = points[last] - points[first]
        length = float(np.hypot(*along))
        if length:
            away = np.abs(between[:, 0] * along[1] - between[:, 1] * along[0]) / length
        else:
            away = np.hypot(between[:, 0], between[:, 1])
        farthest = int(np.argmax(away))
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return points[keep]
