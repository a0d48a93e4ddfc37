"""Which voxels of a grid lie within an outline drawn in a plane, on any grid and to any depth.

A voxel belongs to an outline when its centre, seen along the normal of the plane, lies inside; the edge of a
rectangle or an ellipse counts. An outline that holds no centre at all changes the voxel under its middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pellucid.model.annotations import BOXED, Annotation, Kind
from pellucid.model.askew import nearest_slices
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.labels import Box
from pellucid.model.measuring import crossings
from pellucid.model.planes import outer_corners, positions_along
from pellucid.model.regions import between_crossings
from pellucid.model.shapes import box as flat_box
from pellucid.model.shapes import flat_points, to_plane, to_world
from pellucid.model.view import Depth

_PARALLEL = 1e-4  # cosine, as for the slices that are shown
_EDGE = 1e-9
_AT_ONCE = 1 << 21
"""Voxels that are looked at together."""
_MOST_CROSSINGS = 1 << 21
_PIECE = (16, 32)
"""Slices and rows of the pieces that an askew plane is followed in."""


class Prism:
    """The voxels of a grid within an outline, to a depth on both sides of its plane.

    ``Depth.SLICE`` is the slice of the grid that lies nearest to the plane, or on an askew grid the voxels that the
    plane cuts; ``Depth.NEAR`` adds all whose centre is within ``reach`` mm of the plane, and ``Depth.ALL`` is the grid.
    """

    def __init__(self, outline: Annotation, grid: Geometry, depth: Depth = Depth.SLICE, reach: float = 0.0) -> None:
        self.outline, self.grid, self.depth = outline, grid, depth
        self._normal = np.array(outline.normal)
        self._leans = self._normal @ grid.axes
        self._deep = int(np.argmax(np.abs(self._leans)))
        self._across, self._down = (axis for axis in range(3) if axis != self._deep)
        self._plane = float(np.dot(outline.points[0], outline.normal))
        self._base = float(np.dot(grid.origin, outline.normal))
        self._steps = [to_plane(outline, grid.axes[:, axis]) for axis in range(3)]
        self._start = to_plane(outline, np.array(grid.origin))
        self._askew = bool(np.abs(np.delete(self._leans, self._deep)).max() > _PARALLEL)
        self._reach = reach * (1 + _EDGE) if depth is Depth.NEAR else 0.0
        if self._askew:
            half = float(np.abs(self._leans) @ np.array(grid.spacing)) / 2
            self._reach = max(self._reach, half)
        self.layers = self._layers()

    def _positions(self, axis: int) -> Floats:
        return positions_along(self.grid, axis)

    def _layers(self) -> slice:
        """Return the slices along the axis nearest to the normal; of an askew grid all of them."""
        count = self.grid.size[self._deep]
        if self._askew or self.depth is Depth.ALL:
            return slice(0, count)
        lean = float(self._leans[self._deep])
        place = (self._plane - self._base) / lean
        shown = int(nearest_slices(self.grid, self._deep, np.array([place]))[0])
        near = np.zeros(count, bool)
        if shown >= 0:
            near[shown] = True
        if self.depth is Depth.NEAR:
            near |= np.abs(self._base + lean * self._positions(self._deep) - self._plane) <= self._reach
        found = np.flatnonzero(near)
        return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)

    # ---------------------------------------------------------------- boxes

    @cached_property
    def box(self) -> Box:
        """Return the box (z, y, x) that everything inside lies in; it may be empty."""
        left, top, right, bottom = flat_box(self.outline)
        corners = to_world(self.outline, [(left, top), (right, top), (right, bottom), (left, bottom)])
        ends = [corners + (depth - self._plane) * self._normal for depth in self._depths()]
        inverse = np.linalg.inv(self.grid.axes)
        places = (np.concatenate(ends) - np.array(self.grid.origin)) @ inverse.T
        parts = [slice(0, 0)] * 3
        for axis in range(3):
            positions, slack = self._positions(axis), 1e-6 * self.grid.spacing[axis]
            low = int(np.searchsorted(positions, float(places[:, axis].min()) - slack))
            high = int(np.searchsorted(positions, float(places[:, axis].max()) + slack, side="right"))
            parts[axis] = slice(low, max(high, low))
        if not self._askew:
            parts[self._deep] = self.layers
        return parts[2], parts[1], parts[0]

    def _depths(self) -> tuple[float, float]:
        """Return how deep the nearest and the farthest voxels may lie."""
        if not self._askew:
            ends = self._positions(self._deep)[self.layers]
            if not len(ends):
                return self._plane, self._plane
            first, last = (self._base + float(self._leans[self._deep]) * float(ends[n]) for n in (0, -1))
            return first, last
        if self.depth is Depth.ALL:
            depths = outer_corners(self.grid) @ self._normal
            return float(depths.min()), float(depths.max())
        return self._plane - self._reach, self._plane + self._reach

    @property
    def deep_box(self) -> Box:
        """Return the box of everything within the depth, inside the outline or not."""
        parts = [slice(0, size) for size in self.grid.size]
        parts[self._deep] = self.layers
        return parts[2], parts[1], parts[0]

    def pieces(self, *, outside: bool = False) -> Iterator[tuple[Box, NDArray[np.bool_]]]:
        """Yield boxes slab by slab, and which of their voxels lie inside (or within the depth, but ``outside``)."""
        whole = self.deep_box if outside else self.box
        cut = self._cut_pieces(whole) if self._askew and self.depth is not Depth.ALL else _slabs(whole)
        for part in cut:
            yield part, self._outside(part) if outside else self.inside(part)

    def _cut_pieces(self, box: Box) -> Iterator[Box]:
        """Yield the parts of a box that hold what lies near an askew plane: most of the box does not."""
        (low_x, high_x), along = self._ends(0, box[2]), self._leans[0] * self._positions(0)
        turn = 1 if self._leans[0] >= 0 else -1
        for z in _parts(box[0], _PIECE[0]):
            for y in _parts(box[1], _PIECE[1]):
                (low_z, high_z), (low_y, high_y) = self._ends(2, z), self._ends(1, y)
                least = self._plane - self._base - self._reach - high_z - high_y
                most = self._plane - self._base + self._reach - low_z - low_y
                if most < low_x or least > high_x:
                    continue
                first, last = np.searchsorted(turn * along, sorted((turn * least, turn * most)))
                x = slice(max(box[2].start, int(first) - 1), min(box[2].stop, int(last) + 1))
                if x.stop > x.start:
                    yield z, y, x

    def _ends(self, axis: int, part: slice) -> tuple[float, float]:
        """Return the least and the greatest depth that a part of an axis adds."""
        first, last = (float(self._leans[axis] * self._positions(axis)[n]) for n in (part.start, part.stop - 1))
        return min(first, last), max(first, last)

    def under(self) -> tuple[Box, NDArray[np.bool_]] | None:
        """Return the voxel under the middle of the outline, for an outline that holds no centre."""
        left, top, right, bottom = flat_box(self.outline)
        index = self.grid.world_to_index(to_world(self.outline, [(left + right) / 2, (top + bottom) / 2]))
        if not self._askew and self.depth is not Depth.ALL and self.layers.stop > self.layers.start:
            index[self._deep] = np.clip(index[self._deep], self.layers.start, self.layers.stop - 1)
        if not self.grid.contains(index):
            return None
        x, y, z = (slice(n, n + 1) for n in np.floor(index + 0.5).astype(int).tolist())
        return (z, y, x), np.ones((1, 1, 1), bool)

    # ---------------------------------------------------------------- voxels

    def inside(self, box: Box) -> NDArray[np.bool_]:
        """Return which voxels of a part of ``box`` lie inside; do not write into it."""
        spans = {axis: box[2 - axis] for axis in range(3)}
        shape = tuple(spans[axis].stop - spans[axis].start for axis in self._order)
        if self._is_straight:
            whole = self.box
            across, down = (
                slice(spans[axis].start - whole[2 - axis].start, spans[axis].stop - whole[2 - axis].start)
                for axis in (self._across, self._down)
            )
            found = self._profile[:, down, across]
        else:
            found = self._within(spans)
        if self._askew and self.depth is not Depth.ALL:
            found = found & self._is_near(spans)
        turned = [self._order.index(axis) for axis in (2, 1, 0)]
        return np.broadcast_to(found, shape).transpose(turned)

    @property
    def _order(self) -> tuple[int, int, int]:
        """Return the axes in which masks are made: deep, down, across."""
        return self._deep, self._down, self._across

    @cached_property
    def _is_straight(self) -> bool:
        """Return whether the slices lie behind each other, so that one profile holds for all."""
        away = float(np.abs(self._steps[self._deep]).max()) * float(self._positions(self._deep)[-1])
        return not self._askew and away < 1e-3 * min(self.grid.spacing)

    @cached_property
    def _profile(self) -> NDArray[np.bool_]:
        """Return what is inside on every slice of a straight grid, shape (1, down, across) of the box."""
        spans = {axis: self.box[2 - axis] for axis in range(3)}
        return self._within(spans | {self._deep: slice(0, 1)})

    def _within(self, spans: dict[int, slice]) -> NDArray[np.bool_]:
        if self.outline.kind in BOXED:
            return self._in_box(spans)
        return self._in_polygon(spans)

    def _in_box(self, spans: dict[int, slice]) -> NDArray[np.bool_]:
        left, top, right, bottom = flat_box(self.outline)
        u, v = (self._plane_places(spans, n) for n in (0, 1))
        across = (2 * u - left - right) / max(right - left, _EDGE)
        along = (2 * v - top - bottom) / max(bottom - top, _EDGE)
        if self.outline.kind is Kind.RECTANGLE:
            return np.asarray((np.abs(across) <= 1 + _EDGE) & (np.abs(along) <= 1 + _EDGE))
        return np.asarray(across**2 + along**2 <= 1 + _EDGE)

    def _plane_places(self, spans: dict[int, slice], n: int) -> Floats:
        """Return plane coordinate ``n`` of every voxel, shape (deep, down, across)."""
        deep, down, across = (self._steps[axis][n] * self._positions(axis)[spans[axis]] for axis in self._order)
        return np.asarray(self._start[n] + deep[:, None, None] + down[None, :, None] + across[None, None, :])

    def _in_polygon(self, spans: dict[int, slice]) -> NDArray[np.bool_]:
        """Return which voxels lie inside, from where each row of them crosses the edges."""
        spacing = self.grid.spacing
        basis = np.stack([self._steps[axis] * spacing[axis] for axis in (self._across, self._down)], axis=1)
        corners: Floats = np.asarray(np.linalg.solve(basis, (flat_points(self.outline) - self._start).T).T, np.float64)
        lean = np.linalg.solve(basis, self._steps[self._deep])
        deep = self._positions(self._deep)[spans[self._deep]]
        down = self._positions(self._down)[spans[self._down]] / spacing[self._down]
        rows: Floats = (down[None, :] + (lean[1] * deep)[:, None]).ravel()
        shift = np.repeat(lean[0] * deep, len(down)) + spans[self._across].start
        width = spans[self._across].stop - spans[self._across].start
        result = np.empty((len(rows), width), bool)
        count = max(1, _MOST_CROSSINGS // len(corners))
        for first in range(0, len(rows), count):
            part = slice(first, first + count)
            result[part] = between_crossings(crossings(corners, rows[part]) - shift[part, None], width)
        return result.reshape(len(deep), len(down), width)

    def _is_near(self, spans: dict[int, slice]) -> NDArray[np.bool_]:
        parts = (self._leans[axis] * self._positions(axis)[spans[axis]] for axis in self._order)
        deep, down, across = parts
        away = deep[:, None, None] + down[None, :, None] + across[None, None, :] + (self._base - self._plane)
        return np.asarray(np.abs(away) <= self._reach)

    def _outside(self, box: Box) -> NDArray[np.bool_]:
        spans = {axis: box[2 - axis] for axis in range(3)}
        shape = tuple(part.stop - part.start for part in box)
        result = np.ones(shape, bool)
        if self._askew and self.depth is not Depth.ALL:
            turned = [self._order.index(axis) for axis in (2, 1, 0)]
            result &= self._is_near(spans).transpose(turned)
        shared = _overlap(box, self.box)
        if shared is not None:
            z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(shared, box, strict=True))
            result[z, y, x] &= ~self.inside(shared)
        return result


def _slabs(box: Box) -> Iterator[Box]:
    z, y, x = box
    area = (y.stop - y.start) * (x.stop - x.start)
    if area:
        yield from ((part, y, x) for part in _parts(z, max(1, _AT_ONCE // area)))


def _parts(whole: slice, size: int) -> Iterator[slice]:
    for first in range(whole.start, whole.stop, size):
        yield slice(first, min(first + size, whole.stop))


def _overlap(one: Box, other: Box) -> Box | None:
    parts = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)]
    z, y, x = parts
    return None if any(part.stop <= part.start for part in parts) else (z, y, x)
