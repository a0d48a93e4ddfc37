"""What a placement does to space, as it is drawn on a plane: the lines of a bent grid, and arrows.

All is in plane coordinates (mm, px where no lengths are known), and only where it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.model.askew import Bounds
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.placement import Placement
from pellucid.model.planes import PlaneFrame, positions_along

_MOST_LEVELS = 64
"""Lines that may run through one cell of the raster; where space is torn apart further there are none."""
_SAMPLES = 12
_OUT = 0.5
"""Voxels beyond the outermost centres that still belong to an image."""


def nice_spacing(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least a length."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(n * power for n in (1.0, 2.0, 5.0, 10.0) if n * power >= least * (1 - 1e-9)))


def fitting_spacing(wanted: float, scale: float, least: float) -> float:
    """Return the spacing of lines that are at least some pixels apart, where a mm is ``scale`` pixels.

    That is the wanted one or as many times its double as needed; 0 wants whatever is twice as much as needed.
    """
    if wanted <= 0:
        return nice_spacing(2 * least / scale)
    return float(wanted * 2 ** max(0, np.ceil(np.log2(least / (wanted * scale)) - 1e-9)))


@dataclass(frozen=True)
class Place:
    """A part of a plane: a frame, the depth of the slice, what is seen of it, and the distance of samples."""

    frame: PlaneFrame
    depth: float
    bounds: Bounds
    pitch: float

    def raster(self) -> tuple[Floats, Floats]:
        """Return the plane coordinates of columns and rows; they keep their places while the view moves."""
        left, top, right, bottom = self.bounds
        first, upper = np.floor(left / self.pitch), np.floor(top / self.pitch)
        us = (first + np.arange(np.ceil(right / self.pitch) - first + 1)) * self.pitch
        vs = (upper + np.arange(np.ceil(bottom / self.pitch) - upper + 1)) * self.pitch
        return us, vs

    def world(self, us: Floats, vs: Floats) -> Floats:
        """Return the world points (rows, columns, 3) of a raster."""
        frame = self.frame
        start = frame.origin + self.depth * frame.normal
        return np.asarray(start + us[None, :, None] * frame.right + vs[:, None, None] * frame.down)


def grid_lines(placement: Placement | None, own: Geometry, place: Place, spacing: float) -> Floats:
    """Return the lines, as pieces (n, 2, 2), in which a plane cuts a regular grid in an image that was placed.

    The grid has its planes across the voxel axes of the image, ``spacing`` mm apart from its first voxel on, as far
    as the image goes. Those nearly parallel to the plane are left out. Where folds turn space over lines cross.
    """
    us, vs = place.raster()
    if len(us) < 2 or len(vs) < 2:
        return np.zeros((0, 2, 2))
    index = _own_index(placement, own, place.world(us, vs).reshape(-1, 3))
    inside = (_beyond(index, own) <= 0).all(axis=1).reshape(len(vs), len(us))
    corners = (inside[:-1, :-1], inside[:-1, 1:], inside[1:, :-1], inside[1:, 1:])
    whole, some = np.logical_and.reduce(corners), np.logical_or.reduce(corners)
    straight = placement is None or placement.is_linear  # then lines need no place within the image to be found
    border = ~whole if straight else some & ~whole
    found = [np.zeros((0, 2, 2))]
    for axis in _axes_across(placement, own, place.frame):
        values = _lengths(own, axis, index[:, axis]).reshape(inside.shape) / spacing
        found += [
            _contours(values, whole, us, vs), _clipped(_contours(values, border, us, vs), placement, own, place)
        ]  # fmt: skip
    return np.concatenate(found)


def _own_index(placement: Placement | None, own: Geometry, world: Floats) -> Floats:
    return own.world_to_index(world if placement is None else placement.to_own(world))


def _beyond(index: Floats, own: Geometry) -> Floats:
    """Return how far (n, 6), in voxels, places are beyond each side of an image; negative within."""
    last = np.array(own.size) - 1 + _OUT
    return np.concatenate([-_OUT - 1e-6 - index, index - last - 1e-6], axis=-1)


def _clipped(lines: Floats, placement: Placement | None, own: Geometry, place: Place) -> Floats:
    """Return the parts of pieces (n, 2, 2) of lines that lie within an image."""
    frame = place.frame
    start = frame.origin + place.depth * frame.normal
    world = start + lines[..., :1] * frame.right + lines[..., 1:] * frame.down
    beyond = _beyond(_own_index(placement, own, world.reshape(-1, 3)), own).reshape(-1, 2, 6)
    first, last = beyond[:, 0], beyond[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = first / (first - last)
    enters = np.where((first > 0) & (last <= 0), crossing, 0.0).max(axis=1)
    leaves = np.where((first <= 0) & (last > 0), crossing, 1.0).min(axis=1)
    kept = ~((first > 0) & (last > 0)).any(axis=1) & (leaves > enters)
    way = lines[:, 1] - lines[:, 0]
    ends = [lines[:, 0] + share[:, None] * way for share in (enters, leaves)]
    return np.stack(ends, axis=1)[kept]


def _lengths(own: Geometry, axis: int, index: Floats) -> Floats:
    """Return distances in mm along a voxel axis from the first voxel."""
    if axis != 2 or own.is_even:
        return index * own.spacing[axis]
    return np.asarray(np.interp(index, np.arange(own.size[2]), positions_along(own, 2)))


def _axes_across(placement: Placement | None, own: Geometry, frame: PlaneFrame) -> list[int]:
    """Return the voxel axes of an image that run within a plane rather than along its normal."""
    steps = own.axes if placement is None else np.linalg.inv(placement.matrix[:3, :3]) @ own.axes
    along = np.abs(frame.normal @ (steps / np.linalg.norm(steps, axis=0)))
    return [axis for axis in range(3) if axis != int(np.argmax(along)) and own.size[axis] > 1]


def _contours(values: Floats, cells: NDArray[np.bool_], us: Floats, vs: Floats) -> Floats:
    """Return where values on a raster are whole numbers within some cells of it, as pieces (n, 2, 2) of (u, v)."""
    above = np.ceil(values)  # of most cells all corners lie between the same two lines
    same = (above[:-1, :-1] == above[1:, 1:]) & (above[:-1, 1:] == above[1:, :-1]) & (above[:-1, :-1] == above[1:, :-1])
    rows, columns = np.nonzero(cells & ~same)
    corners = [(rows + down, columns + across) for down, across in ((0, 0), (0, 1), (1, 1), (1, 0))]
    z = np.stack([values[place] for place in corners], axis=1)
    points = np.stack([np.stack([us[c], vs[r]], axis=1) for r, c in corners], axis=1)
    first, last = np.ceil(z.min(axis=1)), np.floor(z.max(axis=1))
    found = []
    for step in range(_MOST_LEVELS):
        crossed = first + step <= last
        if not crossed.any():
            break
        found.append(_crossings(z[crossed], points[crossed], (first + step)[crossed]))
    return np.concatenate(found) if found else np.zeros((0, 2, 2))


def _crossings(heights: Floats, places: Floats, level: Floats) -> Floats:
    """Return the pieces of a line in (n) cells whose sides cross a level; of a saddle there are two."""
    above = heights > level[:, None]  # a corner exactly on the level counts as below: each line is found once
    crossed = above != np.roll(above, -1, axis=1)
    sides = np.argsort(~crossed, axis=1, kind="stable")
    count = crossed.sum(axis=1)
    pieces = [_piece(heights, places, level, np.flatnonzero(count >= 2), sides[:, :2]),
              _piece(heights, places, level, np.flatnonzero(count == 4), sides[:, 2:])]  # fmt: skip
    lines = np.concatenate(pieces)
    return np.asarray(lines[(lines[:, 0] != lines[:, 1]).any(axis=1)])  # in a corner there is only a point


def _piece(heights: Floats, places: Floats, level: Floats, n: NDArray[np.intp], sides: NDArray[np.intp]) -> Floats:
    """Return what joins the places where two sides of cells ``n`` cross a level."""
    ends = []
    for side in sides[n].T:
        other = (side + 1) % 4
        low, high = heights[n, side], heights[n, other]
        share = ((level[n] - low) / (high - low))[:, None]
        ends.append(places[n, side] * (1 - share) + places[n, other] * share)
    return np.stack(ends, axis=1)


@dataclass(frozen=True)
class Arrows:
    """Arrows in a plane: tails (n, 2), heads (n, 2), and the lengths (n) of the displacements in space."""

    tails: Floats
    heads: Floats
    lengths: Floats


def arrows(placement: Placement, rigid: Floats | None, onto: Geometry, place: Place) -> Arrows:
    """Return arrows from places of a plane to where a placement takes them, seen along the normal.

    With ``rigid`` (4 × 4) that motion is taken out. They stand on the pitch of ``place``, where the fixed image is.
    """
    us, vs = place.raster()
    tails = np.stack(np.meshgrid(us, vs), axis=-1).reshape(-1, 2)
    world = place.world(us, vs).reshape(-1, 3)
    index = onto.world_to_index(world)
    inside = ((index >= -_OUT) & (index <= np.array(onto.size) - 1 + _OUT)).all(axis=1)
    tails, world = tails[inside], world[inside]
    moved = displacement(placement, rigid, world)
    flat = moved @ np.stack([place.frame.right, place.frame.down], axis=1)
    return Arrows(tails, tails + flat, np.linalg.norm(moved, axis=1))


def displacement(placement: Placement, rigid: Floats | None, world: Floats) -> Floats:
    """Return how far (n, 3) a placement takes world points, without a rigid motion if one is given."""
    there = placement.to_own(world)
    if rigid is not None:
        there = (there - rigid[:3, 3]) @ rigid[:3, :3]
    return np.asarray(there - world)


def rigid_part(placement: Placement, onto: Geometry) -> Floats:
    """Return the rigid motion (4 × 4) that is nearest to a placement on the grid of the fixed image.

    Source: Kabsch, A solution for the best rotation to relate two sets of vectors, Acta Crystallographica A32, 1976.
    """
    here = _spread(onto)
    there = placement.to_own(here)
    middles = here.mean(axis=0), there.mean(axis=0)
    left, _, right = np.linalg.svd((there - middles[1]).T @ (here - middles[0]))
    turn = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, middles[1] - turn @ middles[0]
    return matrix


def usual_length(placement: Placement, rigid: Floats | None, onto: Geometry) -> float:
    """Return the length in mm that 98 of 100 displacements on the grid of the fixed image stay below."""
    moved = displacement(placement, rigid, _spread(onto))
    return float(np.percentile(np.linalg.norm(moved, axis=1), 98))


def _spread(grid: Geometry) -> Floats:
    """Return world points (n, 3) spread evenly over a grid."""
    sides = [np.linspace(0, n - 1, min(n, _SAMPLES)) for n in grid.size]
    return grid.index_to_world(np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3))
