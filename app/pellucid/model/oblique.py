"""Planes that run askew to the voxel axes, and which frame a plane has under a mode and a rotation.

A turned plane keeps its picture upright: it is brought from its place before the rotation to its place after it on
the shortest way, so turning two planes about the normal of the third leaves the picture of the third as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pellucid.model.geometry import IDENTITY, Floats, Geometry, Matrix
from pellucid.model.planes import SCREEN, PlaneFrame, outer_corners, plane_frame
from pellucid.model.view import Plane, PlaneMode

_ALIGNED = 1e-6
_PLACES = 6  # decimals of a step to which the slices are placed


@dataclass(frozen=True, eq=False)
class ObliqueFrame(PlaneFrame):
    """A frame with slices at every smallest spacing of the grid; (0, 0) is beneath the middle of the grid."""

    count: int

    is_along_grid = False

    @property
    def slice_count(self) -> int:
        """Return how many slices cover the grid along the normal."""
        return self.count

    @cached_property
    def depths(self) -> Floats:
        """Return the distance of every slice from slice 0 along the normal, shape (slice_count,)."""
        return np.arange(self.count, dtype=np.float64) * self.step_mm

    @property
    def step_mm(self) -> float:
        """Return the smallest spacing of the grid."""
        return min(self.geometry.spacing)

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Return the smallest spacing of the grid, twice."""
        return self.step_mm, self.step_mm

    @property
    def has_lengths(self) -> bool:
        """Return whether the spacing of all axes is known."""
        return all(self.geometry.known_spacing)

    @property
    def has_depths(self) -> bool:
        """Return whether the spacing of all axes is known."""
        return self.has_lengths

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the grid in plane coordinates, voxel edges included."""
        offsets = (outer_corners(self.geometry) - self.origin) @ np.stack([self.right, self.down], axis=1)
        left, top = (float(n) for n in offsets.min(axis=0))
        right, bottom = (float(n) for n in offsets.max(axis=0))
        return left, top, right, bottom


def turned_frame(
    geometry: Geometry, plane: Plane, through: ArrayLike, *, mode: PlaneMode = PlaneMode.NEAREST,
    rotation: Matrix = IDENTITY,
) -> PlaneFrame:  # fmt: skip
    """Return the frame of a plane under a mode and a rotation of the world.

    Planes that lie along voxel axes have the frame of ``plane_frame``. Of others one slice runs through the
    world point ``through`` exactly, so what is looked at does not jump to a neighbouring slice as planes turn.
    An acquired plane is never turned, nor are planes of a grid that has only one.
    """
    geometry = geometry.straight
    if plane is Plane.ACQUIRED or geometry.is_planar:
        return plane_frame(geometry, plane)
    _, _, normal, straight = _turned(geometry, plane, mode, rotation)
    if straight:
        return plane_frame(geometry, plane, stored=mode is PlaneMode.ACQUISITION)
    step = min(geometry.spacing)
    phase = round(float(np.asarray(through, dtype=np.float64) @ normal) / step % 1.0, _PLACES) % 1.0
    return _frame(geometry, plane, mode, rotation, phase)


@lru_cache(maxsize=64)
def _frame(geometry: Geometry, plane: Plane, mode: PlaneMode, rotation: Matrix, phase: float) -> ObliqueFrame:
    """Return the frame whose slices lie ``phase`` of a step beyond whole steps from the world's origin."""
    right, down, normal, _ = _turned(geometry, plane, mode, rotation)
    step = min(geometry.spacing)
    depths = geometry.corners() @ normal / step - phase
    first = int(np.ceil(depths.min() - 0.5))
    count = max(1, int(np.floor(depths.max() + 0.5)) - first + 1)
    centre = geometry.centre()
    origin = centre + ((first + phase) * step - float(centre @ normal)) * normal
    origin.flags.writeable = False
    return ObliqueFrame(plane, geometry, right, down, normal, origin, mode, count)


@lru_cache(maxsize=64)
def _turned(geometry: Geometry, plane: Plane, mode: PlaneMode, rotation: Matrix) -> tuple[Floats, Floats, Floats, bool]:
    """Return right, down and normal of a plane, and whether they are those of the frame along the grid."""
    base = plane_frame(geometry, plane, stored=mode is PlaneMode.ACQUISITION)
    right, down, normal = base.right, base.down, base.normal
    if mode is PlaneMode.ANATOMICAL and geometry.oriented:
        right, down, normal = _anatomical(plane, base.normal)
    turn = np.array(rotation).reshape(3, 3)
    if rotation != IDENTITY:
        goal = turn @ normal
        swing = shortest_turn(normal, goal / np.linalg.norm(goal), down)
        right, down = swing @ right, swing @ down
        normal = np.cross(right, down) * np.sign(np.cross(base.right, base.down) @ base.normal)
    for vector in (right, down, normal):
        vector.flags.writeable = False
    straight = np.allclose([right, down, normal], [base.right, base.down, base.normal], rtol=0, atol=_ALIGNED)
    return right, down, normal, straight


def _anatomical(plane: Plane, along: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the vectors of a plane of the patient whose normal runs with ``along``."""
    (right_axis, right_sign), (down_axis, down_sign), normal_axis = SCREEN[plane]
    axes = np.eye(3)
    sign = 1.0 if along[normal_axis] >= 0 else -1.0
    return right_sign * axes[right_axis], down_sign * axes[down_axis], sign * axes[normal_axis]


def shortest_turn(start: Floats, end: Floats, spare: Floats) -> Floats:
    """Return the smallest rotation, shape (3, 3), between two unit vectors; half a turn goes about ``spare``."""
    cosine = float(start @ end)
    if cosine < -1 + 1e-9:
        return 2 * np.outer(spare, spare) - np.eye(3)
    x, y, z = np.cross(start, end)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cosine))


def turn_about(axis: ArrayLike, degrees: float) -> Floats:
    """Return the rotation, shape (3, 3), by an angle about a unit vector (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def combined(turn: Floats, rotation: Matrix) -> Matrix:
    """Return a rotation followed by another one, brought back to a perfect rotation."""
    u, _, vt = np.linalg.svd(turn @ np.array(rotation).reshape(3, 3))
    a, b, c, d, e, f, g, h, i = (float(n) for n in (u @ vt).ravel())
    return a, b, c, d, e, f, g, h, i
