"""Where the voxels of an image lie in the patient: size, spacing, origin, direction.

World coordinates are DICOM's LPS in millimetres. Index order is (x, y, z); NumPy arrays are (z, y, x).
A direction is nine numbers, row-major, whose *columns* are the unit vectors of the x, y and z axis; they
need not be perpendicular (a tilted gantry shears the volume).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pellucid.model.warps import Warp

Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]
Floats = NDArray[np.float64]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_POSITIVE, _NEGATIVE = "LPS", "RAI"


@dataclass(frozen=True)
class Geometry:
    """The grid of an image in world space.

    ``size`` is in voxels and ``spacing`` in mm, both (x, y, z); a planar image has size z = 1.
    ``known_spacing`` says per axis whether the spacing was stated by the source; where it is not, lengths
    along that axis are in pixels and must never be shown as mm.
    ``oriented`` says whether the source states the orientation in the patient; else there are no letters.
    ``slice_positions`` holds, for an unevenly spaced stack, the true distance in mm of every slice from the
    first along the z axis; it is None for a regular grid.
    ``at_detector`` marks in-plane spacing measured at the detector of a projection, not in the patient.
    """

    size: tuple[int, int, int]
    spacing: Vector = (1.0, 1.0, 1.0)
    origin: Vector = (0.0, 0.0, 0.0)
    direction: Matrix = IDENTITY
    known_spacing: tuple[bool, bool, bool] = (True, True, True)
    oriented: bool = True
    slice_positions: tuple[float, ...] | None = None
    at_detector: bool = False
    frame_of_reference: str = ""

    warp: ClassVar[Warp | None] = None
    """What bends the grid; only that of a layer that was registered may be bent (see ``placement``)."""
    registered_to: ClassVar[Geometry | None] = None
    """The grid of the image that a layer was registered to: both lie in its world."""

    @property
    def straight(self) -> Geometry:
        """Return the grid without what bends it."""
        return self

    @cached_property
    def axes(self) -> Floats:
        """Return the direction as a 3×3 matrix whose columns are the axes."""
        return np.array(self.direction, dtype=np.float64).reshape(3, 3)

    @cached_property
    def affine(self) -> Floats:
        """Return the 4×4 matrix from index (x, y, z) to world (LPS, mm), for the regular grid."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes * np.array(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    @cached_property
    def _inverse(self) -> Floats:
        return np.asarray(np.linalg.inv(self.affine), dtype=np.float64)

    @property
    def is_even(self) -> bool:
        """Return whether all slices are equally far apart."""
        return self.slice_positions is None

    @property
    def is_planar(self) -> bool:
        """Return whether only the acquired plane can be shown: one slice, or slices of unknown distance."""
        return self.size[2] == 1 or not self.known_spacing[2]

    @property
    def has_lengths(self) -> bool:
        """Return whether in-plane lengths may be shown in mm."""
        return self.known_spacing[0] and self.known_spacing[1]

    @property
    def voxel_volume(self) -> float | None:
        """Return the volume of one voxel in mm³, or None where a spacing is unknown or slices are uneven."""
        if not all(self.known_spacing) or not self.is_even:
            return None
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def index_to_world(self, index: ArrayLike) -> Floats:
        """Map continuous indices, shape (3,) or (n, 3), to world points of the same shape."""
        points = np.array(index, dtype=np.float64)
        if self.slice_positions is not None:
            points[..., 2] = _interpolate(points[..., 2], np.arange(self.size[2]), self.slice_positions)
            points[..., 2] /= self.spacing[2]
        return points @ self.affine[:3, :3].T + self.affine[:3, 3]

    def world_to_index(self, world: ArrayLike) -> Floats:
        """Map world points, shape (3,) or (n, 3), to continuous indices of the same shape."""
        points = (np.asarray(world, dtype=np.float64) - self.affine[:3, 3]) @ self._inverse[:3, :3].T
        if self.slice_positions is not None:
            distance = points[..., 2] * self.spacing[2]
            points[..., 2] = _interpolate(distance, self.slice_positions, np.arange(self.size[2]))
        return points

    def world_to_index_along(self, world: Floats, axis: int) -> Floats:
        """Map world points (n, 3) to their continuous index along one axis: a fraction of the work for very many."""
        if axis == 2 and self.slice_positions is not None:
            return self.world_to_index(world)[:, 2]
        row = self._inverse[axis, :3]
        return np.asarray(world @ row - self.affine[:3, 3] @ row)

    def contains(self, index: ArrayLike) -> bool:
        """Return whether a continuous index falls on a voxel: within half a voxel of a centre."""
        i = np.asarray(index, dtype=np.float64)
        return bool(np.all(i >= -0.5) and np.all(i < np.array(self.size) - 0.5))

    def corners(self) -> Floats:
        """Return the world positions, shape (8, 3), of the centres of the corner voxels."""
        last = np.array(self.size) - 1
        bits = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
        return self.index_to_world(bits * last)

    def centre(self) -> Floats:
        """Return the world position of the middle of the grid."""
        return self.index_to_world((np.array(self.size) - 1) / 2)

    def same_grid(self, other: Geometry, tolerance: float = 1e-3) -> bool:
        """Return whether both grids have the same size, corners and slices within ``tolerance`` mm.

        In microscopy a tenth of a voxel is less than that, and counts.
        """
        if self is other:  # the rule: labels share the grid of the image they were made for
            return True
        if self.size != other.size or self.warp is not other.warp:
            return False
        points = [grid.corners() for grid in (self, other)]
        if not (self.is_even and other.is_even):
            line = np.arange(self.size[2])[:, None] * np.array([0, 0, 1])
            points = [np.concatenate([grid.corners(), grid.index_to_world(line)]) for grid in (self, other)]
        return bool(np.allclose(points[0], points[1], atol=min(tolerance, min(self.spacing) / 10), rtol=0))

    def letters(self, vector: Sequence[float] | Floats) -> str:
        """Return the patient letters a world vector points to, strongest first (``"LA"``), or ``""``.

        A second letter is given when its component is at least a fifth of the vector (PS3.3 C.7.6.1.1.1).
        """
        if not self.oriented:
            return ""
        v = np.asarray(vector, dtype=np.float64)
        v = v / (np.linalg.norm(v) or 1.0)
        order = np.argsort(-np.abs(v), kind="stable")
        chosen = [k for k in order if abs(v[k]) >= 0.2]
        return "".join(_POSITIVE[k] if v[k] > 0 else _NEGATIVE[k] for k in chosen[:2])

    @property
    def orthonormality_error(self) -> float:
        """Return the largest departure of the axes from being mutually perpendicular unit vectors."""
        return float(np.max(np.abs(self.axes.T @ self.axes - np.eye(3))))

    def cropped(self, start: Sequence[int], size: Sequence[int]) -> Geometry:
        """Return the grid of the box that begins at voxel ``start`` and has ``size`` voxels (x, y, z)."""
        positions = self.slice_positions
        if positions is not None:
            kept = positions[start[2] : start[2] + size[2]]
            positions = tuple(p - kept[0] for p in kept)
        x, y, z = (float(c) for c in self.index_to_world(start))
        return replace(self, size=(size[0], size[1], size[2]), origin=(x, y, z), slice_positions=positions)


@lru_cache(maxsize=256)
def same_world(one: Geometry, other: Geometry) -> bool:
    """Return whether a world point means the same place in two grids.

    That is so within one frame of reference (DICOM PS3.3 C.7.4.1) and on the same grid. Where neither source has
    frames of reference but both state how the image lies in the patient (NIfTI, NRRD), their word is taken; an
    image that states none is never taken to lie where another does, unless it was registered to it.
    """
    if one.frame_of_reference and other.frame_of_reference:
        return one.frame_of_reference == other.frame_of_reference
    if one.same_grid(other):
        return True
    if one.registered_to is not None or other.registered_to is not None:
        return same_world(one.registered_to or one, other.registered_to or other)
    nothing_stated = not one.frame_of_reference and not other.frame_of_reference
    return nothing_stated and one.oriented and other.oriented


def _interpolate(value: ArrayLike, xs: ArrayLike, ys: ArrayLike) -> Floats:
    """Interpolate linearly and continue beyond both ends with the slope of the outermost interval."""
    v, x, y = (np.asarray(a, dtype=np.float64) for a in (value, xs, ys))
    if len(x) == 1:
        return np.asarray(v - x[0] + y[0])
    k = np.clip(np.searchsorted(x, v) - 1, 0, len(x) - 2)
    return np.asarray(y[k] + (v - x[k]) * (y[k + 1] - y[k]) / (x[k + 1] - x[k]))
