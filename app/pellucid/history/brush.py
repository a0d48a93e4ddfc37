"""Which voxels a round brush covers, on any grid: anisotropic, oblique, sheared or unevenly spaced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.labels import Box
from pellucid.model.planes import PlaneFrame, positions_along
from pellucid.model.slicing import layer_slice

Footprint = tuple[Box, NDArray[np.bool_]]


class Brush:
    """A brush on the grid of a label layer, seen on slice ``index`` of a frame of the reference grid."""

    def __init__(self, geometry: Geometry, frame: PlaneFrame, index: int) -> None:
        self._geometry = geometry
        self._frame = frame
        self._depth = float(frame.depths[index])
        self._axis, self._slice = layer_slice(geometry, frame, index)
        self._inverse = np.linalg.inv(geometry.axes)

    def between(self, start: Floats, end: Floats, radius: float, *, ball: bool) -> Footprint | None:
        """Return a box, and which of its voxels have their centre within ``radius`` mm of a line.

        A disc covers voxels of the slice shown only; the voxel under the end is always covered.
        None is returned when nothing is.
        """
        if not ball:
            if self._axis >= 0 and self._slice < 0:
                return None
            start, end = self._flattened(start), self._flattened(end)
        thickness = 0.0 if ball or self._axis >= 0 else self._half_thickness()
        box = self._box(start, end, float(np.hypot(radius, thickness)), ball=ball)
        if any(part.stop <= part.start for part in box):
            return None
        inside = self._near(box, start, end, radius, ball=ball)
        if thickness:
            inside &= np.abs(self._along(box, self._frame.normal, end)) <= thickness
        inside |= self._under(box, end)
        return (box, inside) if inside.any() else None

    def squared_distance(self, box: Box, middle: Floats, *, ball: bool) -> Floats:
        """Return the squared distance in mm of every voxel of a box from the middle of a dab."""
        vectors = [self._frame.right, self._frame.down, *([self._frame.normal] if ball else [])]
        at = middle if ball else self._flattened(middle)
        return np.asarray(sum(self._along(box, vector, at) ** 2 for vector in vectors))

    def _flattened(self, point: Floats) -> Floats:
        """Move a point along the normal onto the plane of the label slice that is shown."""
        depth = self._depth
        if self._axis >= 0:
            corner = np.zeros(3)
            corner[self._axis] = self._slice
            offset = self._geometry.index_to_world(corner) - self._frame.origin
            depth = float(offset @ self._frame.normal)
        height = float((point - self._frame.origin) @ self._frame.normal)
        return np.asarray(point + (depth - height) * self._frame.normal)

    def _half_thickness(self) -> float:
        """Return how far from its centre a plane of the frame can still cut a voxel of an askew grid."""
        steps = np.abs(self._frame.normal @ self._geometry.axes) * np.array(self._geometry.spacing)
        return float(steps.sum() / 2)

    def _box(self, start: Floats, end: Floats, reach: float, *, ball: bool) -> Box:
        origin = np.array(self._geometry.origin)
        ends = np.stack([self._inverse @ (point - origin) for point in (start, end)])
        widths = np.linalg.norm(self._inverse, axis=1) * reach
        parts = []
        for axis in range(3):
            if not ball and axis == self._axis:
                parts.append(slice(self._slice, self._slice + 1))
                continue
            positions = positions_along(self._geometry, axis)
            width = max(float(widths[axis]), self._geometry.spacing[axis] / 2)
            low = int(np.searchsorted(positions, float(ends[:, axis].min()) - width))
            high = int(np.searchsorted(positions, float(ends[:, axis].max()) + width, side="right"))
            parts.append(slice(low, high))
        return parts[2], parts[1], parts[0]

    def _along(self, box: Box, vector: Floats, point: Floats) -> Floats:
        """Return the distance of every voxel of a box from a point, measured along a world vector."""
        x, y, z = vector @ self._geometry.axes
        constant = float(vector @ (np.array(self._geometry.origin) - point))
        zs, ys, xs = (positions_along(self._geometry, axis)[box[2 - axis]] for axis in (2, 1, 0))
        return np.asarray((z * zs + constant)[:, None, None] + (y * ys)[:, None] + x * xs)

    def _near(self, box: Box, start: Floats, end: Floats, radius: float, *, ball: bool) -> NDArray[np.bool_]:
        """Return the voxels near the line: along each row they are those from one to another, found without a look at
        the voxels between.
        """
        vectors = np.stack([self._frame.right, self._frame.down, *([self._frame.normal] if ball else [])])
        zs, ys, xs = (positions_along(self._geometry, axis)[box[2 - axis]] for axis in (2, 1, 0))
        across, down, up = (vectors @ self._geometry.axes).T
        origin = vectors @ (np.array(self._geometry.origin) - end)
        rows = origin + zs[:, None, None] * up + ys[:, None] * down
        low, high = _reach(rows, across, vectors @ (start - end), radius * (1 + 5e-10))
        first, stop = np.searchsorted(xs, low), np.searchsorted(xs, high, side="right")
        place = np.arange(len(xs), dtype=np.int32)
        return np.asarray((place >= first[..., None]) & (place < stop[..., None]))

    def _under(self, box: Box, point: Floats) -> NDArray[np.bool_]:
        """Return the voxel that holds a point, so that a brush smaller than a voxel still paints."""
        under = np.zeros(tuple(part.stop - part.start for part in box), bool)
        index = self._geometry.world_to_index(point)
        if self._geometry.contains(index):
            x, y, z = (int(n) for n in np.floor(index + 0.5))
            offset = (z - box[0].start, y - box[1].start, x - box[2].start)
            if all(0 <= n < size for n, size in zip(offset, under.shape, strict=True)):
                under[offset] = True
        return under


def _reach(rows: Floats, across: Floats, line: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return from where to where along each row the points lie within ``radius`` of a line from 0 to ``line``.

    A row is the points ``row + t * across`` of a plane or of space, and the answer a pair of t; the first is larger
    than the second where there is none. What is near a line is convex, so there is one such stretch: the hull of those
    in the balls at both ends and in the tube between them.
    """
    low, high = _in_ball(rows, across, radius)
    length = float(np.linalg.norm(line))
    if length > 0:
        along = line / length
        far = _in_ball(rows - line, across, radius)
        tube = _in_ball(rows - (rows @ along)[..., None] * along, across - (across @ along) * along, radius)
        between = _in_slab(rows @ along, float(across @ along), length)
        middle = np.maximum(tube[0], between[0]), np.minimum(tube[1], between[1])
        gone = middle[0] > middle[1]
        low = np.minimum(np.minimum(low, far[0]), np.where(gone, np.inf, middle[0]))
        high = np.maximum(np.maximum(high, far[1]), np.where(gone, -np.inf, middle[1]))
    return low, high


def _in_ball(rows: Floats, across: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return from where to where each row lies in a ball about 0; from ∞ to −∞ where it misses it."""
    square = float(across @ across)
    rest = np.einsum("...k,...k", rows, rows) - radius * radius
    if square < 1e-18:  # the rows are points here
        return np.where(rest <= 0, -np.inf, np.inf), np.where(rest <= 0, np.inf, -np.inf)
    half = rows @ across
    inside = half * half - square * rest
    reach = np.sqrt(np.maximum(inside, 0))
    missed = inside < 0
    return np.where(missed, np.inf, (-half - reach) / square), np.where(missed, -np.inf, (reach - half) / square)


def _in_slab(start: Floats, step: float, length: float) -> tuple[Floats, Floats]:
    """Return from where to where ``start + t * step`` lies between 0 and ``length``."""
    if abs(step) < 1e-9:
        inside = (start >= 0) & (start <= length)
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    ends = np.stack([-start / step, (length - start) / step])
    return ends.min(axis=0), ends.max(axis=0)
