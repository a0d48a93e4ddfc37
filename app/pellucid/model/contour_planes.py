"""Which contours lie on a slice of a plane of the screen, and where: as they were drawn, in plane coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pellucid.model.drawn_contours import CLOSED, FLAT, Contours, nearest_slice
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import slice_layout


@dataclass(frozen=True, eq=False)
class Line:
    """A contour, or the part of one that reaches a slice: points (n, 2) in plane coordinates; one point is a mark."""

    value: int
    points: Floats
    closed: bool


class ContourPlanes:
    """The contours of labels in the slices of a frame.

    ``own`` is the grid that the labels are on, ``lies`` the same where registration puts it: contours go with it. They
    are drawn on the slice that shows the voxels made of them; of several planes at one slice the nearest counts.
    """

    def __init__(self, contours: Contours, own: Geometry, lies: Geometry, frame: PlaneFrame) -> None:
        self._contours, self._own, self._lies, self._frame = contours, own, lies, frame
        self._layout = slice_layout(lies, frame)
        self._heights = self._height_of_points()
        """Of each point along the normal, counted in slices: of the labels, where these are those of the frame."""
        firsts, counts = contours.starts[:-1], np.diff(contours.starts)
        self._means = np.add.reduceat(self._heights, firsts) / counts
        self._low, self._high = (end.reduceat(self._heights, firsts) for end in (np.minimum, np.maximum))
        self._flat = np.maximum(self._high - self._means, self._means - self._low) <= FLAT
        held = np.asarray(contours.values)
        self.labels = frozenset(held[self._flat & contours.closed].tolist())
        """The labels that have closed contours in planes of this frame."""
        self._kept: dict[int, tuple[Line, ...]] = {}

    def lines(self, index: int) -> tuple[Line, ...]:
        """Return what is to be drawn on a slice of the frame; it is kept."""
        if index not in self._kept:
            self._kept[index] = tuple(self._lines(index))
        return self._kept[index]

    def _lines(self, index: int) -> Iterator[Line]:
        at = self._height_of(index)
        if at is None:
            return
        contours = self._contours
        here = self._flat & (nearest_slice(self._means - at) == 0)
        for n in self._nearest(np.flatnonzero(here & contours.closed), at):
            yield Line(contours.values[n], self._part(n), closed=True)
        for n in np.flatnonzero(here & ~contours.closed).tolist():
            yield Line(contours.values[n], self._part(n), closed=False)
        reaches = ~self._flat & (nearest_slice(self._low - at) <= 0) & (nearest_slice(self._high - at) >= 0)
        for n in np.flatnonzero(reaches).tolist():
            if contours.kinds[n] not in CLOSED:
                yield from self._pieces(n, at)

    def _height_of(self, index: int) -> float | None:
        """Return which slice of the labels, or which height, is shown on a slice of the frame; None beside them."""
        depth = float(self._frame.depths[index])
        if self._layout is None:
            return depth / self._frame.step_mm
        k = self._layout.slice_at(depth)
        return None if k < 0 else float(k)

    def _nearest(self, candidates: NDArray[np.intp], at: float) -> Iterator[int]:
        """Go through those contours of each label that lie in the plane nearest to a height."""
        values, heights = np.asarray(self._contours.values)[candidates], self._means[candidates]
        for value in np.unique(values).tolist():
            here = values == value
            best = heights[here][np.argmin(np.abs(heights[here] - at))]
            yield from candidates[here & (np.abs(heights - best) < FLAT / 2)].tolist()

    def _height_of_points(self) -> Floats:
        points, frame = self._contours.points, self._frame
        if self._layout is not None:
            return self._own.world_to_index_along(points, self._layout.normal_axis)
        if self._lies is not self._own:
            points = self._lies.index_to_world(self._own.world_to_index(points))
        return np.asarray((points @ frame.normal - frame.origin @ frame.normal) / frame.step_mm)

    def _places(self, points: Floats) -> Floats:
        """Return where points lie in the plane: only those of a slice that is looked at are asked for."""
        if self._lies is not self._own:
            points = self._lies.index_to_world(self._own.world_to_index(points))
        return np.asarray((points - self._frame.origin) @ np.stack([self._frame.right, self._frame.down], axis=1))

    def _part(self, n: int) -> Floats:
        return self._places(self._contours[n].points)

    def _pieces(self, n: int, at: float) -> Iterator[Line]:
        """Go through the runs of points of an open line that lie at a slice."""
        first, last = self._contours.starts[n : n + 2]
        here = np.flatnonzero(nearest_slice(self._heights[first:last] - at) == 0)
        for run in np.split(here, np.flatnonzero(np.diff(here) > 1) + 1):
            if len(run):
                yield Line(self._contours.values[n], self._places(self._contours.points[first + run]), closed=False)


@lru_cache(maxsize=32)
def contour_planes(contours: Contours, own: Geometry, lies: Geometry, frame: PlaneFrame) -> ContourPlanes:
    """Return the contours of labels in the slices of a frame; it is kept while it is looked at."""
    return ContourPlanes(contours, own, lies, frame)
