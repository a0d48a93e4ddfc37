"""A linear motion of space as the numbers people set by hand: shifts, angles and a scale about a point.

A motion is a 4 × 4 matrix (LPS, mm) that takes a point of a layer's own world to where it lies; the matrix of a
placement is its inverse.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pellucid.model.geometry import IDENTITY, Floats, Matrix, Vector
from pellucid.model.oblique import turn_about

_AXES = np.eye(3)
_LEVEL = 1 - 1e-12


@dataclass(frozen=True)
class RigidParts:
    """A motion that shifts, turns and scales: p → pivot + shifts + scale · turn · stretch · (p − pivot).

    ``angles`` are degrees about the world's x, y and z, made in this order; positive turns take x to y, y to z and z
    to x. ``stretch`` is what else a linear motion does: symmetric, of determinant 1 or, where it mirrors, −1.
    """

    shifts: Vector = (0.0, 0.0, 0.0)
    angles: Vector = (0.0, 0.0, 0.0)
    scale: float = 1.0
    pivot: Vector = (0.0, 0.0, 0.0)
    stretch: Matrix = field(default=IDENTITY, repr=False)

    @property
    def is_stretched(self) -> bool:
        """Return whether it does more than to shift, turn and scale."""
        return not np.allclose(self.stretch, IDENTITY, rtol=0, atol=1e-6)


def motion_of(parts: RigidParts, *, planar: bool = False) -> Floats:
    """Return the motion of some parts; in a plane the scale leaves z alone."""
    scales = np.diag([parts.scale, parts.scale, 1.0 if planar else parts.scale])
    linear = turn_of(parts.angles) @ scales @ np.array(parts.stretch).reshape(3, 3)
    return about(linear, parts.pivot, parts.shifts)


def parts_of(motion: Floats, pivot: ArrayLike, *, planar: bool = False) -> RigidParts:
    """Return the parts of a linear motion about a point of the layer's own world; ``motion_of`` gives it back.

    The turn is the one nearest to the motion (polar decomposition).
    """
    linear, about_point = motion[:3, :3], np.asarray(pivot, dtype=np.float64)
    u, sizes, v = np.linalg.svd(linear)
    turn = u @ v
    if np.linalg.det(turn) < 0:
        turn = u @ np.diag([1.0, 1.0, -1.0]) @ v
    volume = float(np.prod(sizes))
    scale = volume ** (1 / 2 if planar else 1 / 3)
    back = np.diag([1 / scale, 1 / scale, 1.0 if planar else 1 / scale])
    stretch = back @ turn.T @ linear
    a, b, c, d, e, f, g, h, i = (float(n) for n in stretch.ravel())
    shifts = motion[:3, :3] @ about_point + motion[:3, 3] - about_point
    return RigidParts(_vector(shifts), angles_of(turn), scale, _vector(about_point), (a, b, c, d, e, f, g, h, i))


def turn_of(angles: Vector) -> Floats:
    """Return the rotation by degrees about x, then y, then z of the world."""
    x, y, z = (turn_about(axis, angle) for axis, angle in zip(_AXES, angles, strict=True))
    return np.asarray(z @ y @ x)


def angles_of(turn: Floats) -> Vector:
    """Return the degrees about x, then y, then z of a rotation; where y is ±90° the turn about z is 0."""
    sine = -float(turn[2, 0])
    y = float(np.degrees(np.arctan2(sine, np.hypot(turn[2, 1], turn[2, 2]))))
    if abs(sine) > _LEVEL:
        return float(np.degrees(np.arctan2(np.sign(sine) * turn[0, 1], turn[1, 1]))), y, 0.0
    x = float(np.degrees(np.arctan2(turn[2, 1], turn[2, 2])))
    return x, y, float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])))


def about(linear: Floats, pivot: ArrayLike, shifts: ArrayLike = (0.0, 0.0, 0.0)) -> Floats:
    """Return the motion p → pivot + shifts + linear · (p − pivot)."""
    motion, point = np.eye(4), np.asarray(pivot, dtype=np.float64)
    motion[:3, :3] = linear
    motion[:3, 3] = point + np.asarray(shifts, dtype=np.float64) - linear @ point
    return motion


def shift(way: ArrayLike) -> Floats:
    """Return the motion by a vector."""
    return about(np.eye(3), np.zeros(3), way)


def turn(axis: ArrayLike, degrees: float, pivot: ArrayLike) -> Floats:
    """Return the motion that turns about a unit vector through a point."""
    return about(turn_about(axis, degrees), pivot)


def _vector(values: Floats) -> Vector:
    x, y, z = (float(n) for n in values)
    return x, y, z
