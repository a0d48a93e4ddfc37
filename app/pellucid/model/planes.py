"""The planes of the screen: how the voxel axes of a grid lie in each, and where a point of the world falls.

A grid frame runs along the voxel axes of its grid, so that cutting it is a cheap view; ``oblique`` has the others.
Plane coordinates (u to the right, v down) are in mm, or in pixels where the spacing is unknown.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.view import Plane, PlaneMode

SCREEN = {
    Plane.AXIAL: ((0, 1), (1, 1), 2),
    Plane.CORONAL: ((0, 1), (2, -1), 1),
    Plane.SAGITTAL: ((1, 1), (2, -1), 0),
}
"""Which way the screen looks (LPS): (world axis, sign) of right and of down, and the world axis looked along."""


@dataclass(frozen=True, eq=False)
class PlaneFrame(ABC):
    """How the slices of one plane lie in the world and on the screen.

    ``right``, ``down`` and ``normal`` are orthonormal world vectors; normal points to the next slice.
    ``origin`` is the world point of the plane coordinates (0, 0) on slice 0. ``mode`` says what the name of the
    plane stands for.
    """

    plane: Plane
    geometry: Geometry
    right: Floats
    down: Floats
    normal: Floats
    origin: Floats
    mode: PlaneMode

    is_along_grid: ClassVar[bool]
    """Whether the slices are those of the grid, so that cutting it gives its own voxels."""

    def letters(self) -> tuple[str, str, str, str]:
        """Return the patient letters at the left, right, top and bottom of the screen, or empty texts."""
        named = self.geometry.letters
        return named(-self.right), named(self.right), named(-self.down), named(self.down)

    @property
    @abstractmethod
    def slice_count(self) -> int:
        """Return how many slices there are along the normal."""

    @property
    @abstractmethod
    def depths(self) -> Floats:
        """Return the distance of every slice from slice 0 along the normal, shape (slice_count,)."""

    @property
    @abstractmethod
    def step_mm(self) -> float:
        """Return the distance between neighbouring slices along the normal (the median of uneven ones)."""

    @property
    @abstractmethod
    def pixel_mm(self) -> tuple[float, float]:
        """Return the distance of samples to the right and down."""

    @property
    @abstractmethod
    def has_lengths(self) -> bool:
        """Return whether lengths in the plane may be shown in mm."""

    @property
    @abstractmethod
    def has_depths(self) -> bool:
        """Return whether distances between slices may be shown in mm."""

    @property
    @abstractmethod
    def extent(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the grid in plane coordinates, voxel edges included."""

    @property
    def obliqueness_degrees(self) -> float:
        """Return the angle between the normal and the anatomical axis of the plane's name.

        An acquired plane is compared with the nearest axis; without a known orientation the angle is 0.
        """
        if not self.geometry.oriented:
            return 0.0
        along = np.abs(self.normal)
        cosine = np.max(along) if self.plane is Plane.ACQUIRED else along[SCREEN[self.plane][2]]
        return float(np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0))))

    def slice_index(self, world: ArrayLike) -> int:
        """Return the slice nearest to a world point; beyond the ends the outermost slice."""
        depth = float((np.asarray(world, dtype=np.float64) - self.origin) @ self.normal)
        return int(np.clip(np.floor(depth / self.step_mm + 0.5), 0, self.slice_count - 1))

    def world_at(self, u: float, v: float, index: int) -> Floats:
        """Return the world point of plane coordinates on slice ``index``."""
        return np.asarray(self.origin + u * self.right + v * self.down + self.depths[index] * self.normal)

    def plane_coordinates(self, world: ArrayLike) -> tuple[float, float]:
        """Return the plane coordinates (u, v) of a world point projected along the normal."""
        offset = np.asarray(world, dtype=np.float64) - self.origin
        return float(offset @ self.right), float(offset @ self.down)


@dataclass(frozen=True, eq=False)
class GridFrame(PlaneFrame):
    """A frame along the voxel axes of its grid (0 = x); a sign of -1: the screen runs against the index.

    Right runs along a voxel axis, down lies in the plane of two.
    """

    normal_axis: int
    right_axis: int
    right_sign: int
    down_axis: int
    down_sign: int

    is_along_grid = True

    @property
    def slice_count(self) -> int:
        """Return how many slices the grid has along the normal."""
        return self.geometry.size[self.normal_axis]

    @cached_property
    def depths(self) -> Floats:
        """Return the distance of every slice from slice 0 along the normal, shape (slice_count,)."""
        return positions_along(self.geometry, self.normal_axis) * self._lean

    @cached_property
    def _lean(self) -> float:
        return float(self.geometry.axes[:, self.normal_axis] @ self.normal)

    @property
    def step_mm(self) -> float:
        """Return the distance between neighbouring slices along the normal (the median of uneven ones)."""
        return self.geometry.spacing[self.normal_axis] * self._lean

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Return the spacing to the right and down."""
        return self.geometry.spacing[self.right_axis], self.geometry.spacing[self.down_axis]

    @property
    def has_lengths(self) -> bool:
        """Return whether lengths in the plane may be shown in mm."""
        return self.geometry.known_spacing[self.right_axis] and self.geometry.known_spacing[self.down_axis]

    @property
    def has_depths(self) -> bool:
        """Return whether distances between slices may be shown in mm."""
        return self.geometry.known_spacing[self.normal_axis]

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the grid in plane coordinates, voxel edges included."""
        offsets = (self.geometry.corners() - self.origin) @ np.stack([self.right, self.down], axis=1)
        half = np.array(self.pixel_mm) / 2
        left, top = (float(n) for n in offsets.min(axis=0) - half)
        right, bottom = (float(n) for n in offsets.max(axis=0) + half)
        return left, top, right, bottom

    def slice_index(self, world: ArrayLike) -> int:
        """Return the slice nearest to a world point; beyond the ends the outermost slice."""
        if self.geometry.slice_positions is None or self.normal_axis != 2:
            return super().slice_index(world)
        depth = float((np.asarray(world, dtype=np.float64) - self.origin) @ self.normal)
        return int(np.argmin(np.abs(self.depths - depth)))


def plane_frame(geometry: Geometry, plane: Plane, *, stored: bool = False) -> GridFrame:
    """Return the frame of a plane along the axes of a grid.

    Axial shows the patient's left on the right and the back below, coronal the left on the right and the feet
    below, sagittal the back on the right and the feet below; the nearest voxel axes are taken. Without a
    known orientation, or with ``stored``, the stored axes are used: x to the right, y down (in sagittal to the
    right), z up.
    """
    return _grid_frame(geometry.straight, plane, stored)


@lru_cache(maxsize=64)
def _grid_frame(geometry: Geometry, plane: Plane, stored: bool) -> GridFrame:
    normal, (right, right_sign), (down, down_sign) = _screen_axes(geometry, plane, stored)
    axes = geometry.axes
    u = right_sign * axes[:, right]
    v = down_sign * axes[:, down]
    v = v - (v @ u) * u
    v /= np.linalg.norm(v)
    n = np.cross(u, v)
    n *= np.sign(n @ axes[:, normal])
    start = np.zeros(3)
    for axis, sign in ((right, right_sign), (down, down_sign)):
        start[axis] = 0 if sign > 0 else geometry.size[axis] - 1
    origin = geometry.index_to_world(start)
    for array in (u, v, n, origin):
        array.flags.writeable = False
    mode = PlaneMode.ACQUISITION if stored else PlaneMode.NEAREST
    return GridFrame(plane, geometry, u, v, n, origin, mode, normal, right, right_sign, down, down_sign)


def _screen_axes(geometry: Geometry, plane: Plane, stored: bool) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Return the voxel axis of the normal, and (voxel axis, sign) of right and down."""
    if plane is Plane.ACQUIRED:
        return 2, (0, 1), (1, 1)
    (right, right_sign), (down, down_sign), normal = SCREEN[plane]
    if stored or not geometry.oriented:
        return normal, (right, right_sign), (down, -1 if down == 2 else 1)
    axes = geometry.axes

    def agreement(order: tuple[int, ...]) -> float:
        return float(sum(abs(axes[world, voxel]) for world, voxel in enumerate(order)))

    order = max(permutations(range(3)), key=agreement)

    def signed(world: int, sign: int) -> tuple[int, int]:
        return order[world], sign if axes[world, order[world]] >= 0 else -sign

    return order[normal], signed(right, right_sign), signed(down, down_sign)


@lru_cache(maxsize=256)
def positions_along(geometry: Geometry, axis: int) -> Floats:
    """Return the distance in mm of every slice from the first along a voxel axis."""
    if axis == 2 and geometry.slice_positions is not None:
        return np.array(geometry.slice_positions, dtype=np.float64)
    return np.arange(geometry.size[axis], dtype=np.float64) * geometry.spacing[axis]


@lru_cache(maxsize=64)
def outer_corners(geometry: Geometry) -> Floats:
    """Return the world positions, shape (8, 3), of the corners of the grid, voxel edges included.

    Those of a bent grid are of a box that it does not leave.
    """
    lengths = np.array([float(positions_along(geometry, axis)[-1]) for axis in range(3)])
    half = np.array(geometry.spacing) / 2 + (geometry.warp.reach if geometry.warp is not None else 0.0)
    bits = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
    corners = np.where(bits, lengths + half, -half) @ geometry.axes.T + np.array(geometry.origin)
    corners.flags.writeable = False
    return np.asarray(corners)


def whole_thickness(frame: PlaneFrame) -> float:
    """Return a thickness in whole mm that holds all slices whichever is in the middle."""
    return float(np.ceil(2 * frame.depths[-1] + frame.step_mm))
