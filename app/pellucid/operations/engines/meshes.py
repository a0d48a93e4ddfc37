"""A closed surface of triangles: what it measures, and how it is smoothed without losing volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Place = Callable[[Floats], Floats]
"""Takes indices (n, 3) to points of the world."""
Tick = Callable[[float], None]
"""Hears how far the work is, and may raise to stop it."""

_INWARDS, _OUTWARDS = 0.5, -0.53
"""The two factors of Taubin's filter: each step shrinks, then grows back a little more than it shrank."""
_ROUNDS = 3
_MOST_SHIFT = 0.25


@dataclass(frozen=True, eq=False)
class Mesh:
    """Points (n, 3) and triangles (m, 3) of their numbers, counter-clockwise seen from outside."""

    points: Floats
    faces: NDArray[np.integer[Any]]

    @cached_property
    def crosses(self) -> Floats:
        """Return the normal of every triangle, as long as twice its area."""
        a, b, c = (self.points[self.faces[:, n]] for n in range(3))
        return np.cross(b - a, c - a)

    @property
    def area(self) -> float:
        """Return the area of all triangles."""
        return float(np.linalg.norm(self.crosses, axis=1).sum() / 2)

    @property
    def volume(self) -> float:
        """Return the volume enclosed; negative where the triangles look inwards."""
        if not len(self.faces):
            return 0.0
        middle = self.points.mean(axis=0)
        return float(np.einsum("ij,ij->", self.points[self.faces[:, 0]] - middle, self.crosses) / 6)

    @cached_property
    def normals(self) -> Floats:
        """Return the unit normal of every point: the mean of its triangles, the larger the more."""
        total = np.zeros_like(self.points)
        for corner in range(3):
            for axis in range(3):
                total[:, axis] += np.bincount(self.faces[:, corner], self.crosses[:, axis], len(self.points))
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.divide(total, length, out=np.zeros_like(total), where=length > 0)

    def outward(self) -> Mesh:
        """Return the mesh with its triangles turned over if they look inwards."""
        return self if self.volume >= 0 else Mesh(self.points, np.ascontiguousarray(self.faces[:, ::-1]))

    def moved(self, points: Floats) -> Mesh:
        """Return the same triangles with their points elsewhere."""
        return Mesh(points, self.faces)


def smoothed(mesh: Mesh, steps: int, tick: Tick) -> Mesh:
    """Return a mesh after Taubin's filter: ripples go, the size stays.

    Taubin (1995), "A signal processing approach to fair surface design", with equal weights.
    """
    from scipy import sparse

    if not steps or not len(mesh.faces):
        return mesh
    faces, count = mesh.faces, len(mesh.points)
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    near = sparse.csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (count, count))
    share = 1.0 / np.maximum(np.asarray(near.sum(axis=1)), 1.0)
    points = np.array(mesh.points, dtype=np.float64)
    for step in range(steps):
        for factor in (_INWARDS, _OUTWARDS):
            points = points + factor * (near @ points * share - points)
        tick((step + 1) / steps)
    return mesh.moved(points)


def inflated(mesh: Mesh, volume: float, step: float) -> Mesh:
    """Return a mesh moved along its normals until it encloses a volume, by a quarter of a voxel at most in all."""
    left = _MOST_SHIFT * step
    for _ in range(_ROUNDS):
        if not mesh.area:
            break
        shift = float(np.clip((volume - mesh.volume) / mesh.area, -left, left))
        left -= abs(shift)
        mesh = mesh.moved(mesh.points + shift * mesh.normals)
    return mesh
