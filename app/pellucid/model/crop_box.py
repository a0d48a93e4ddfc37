"""A box of voxels on the grid of an image: where it cuts a plane of the screen, and what dragging makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.planes import PlaneFrame


class Box(NamedTuple):
    """First voxel x, y, z, then the number of voxels along x, y, z."""

    x: int
    y: int
    z: int
    size_x: int
    size_y: int
    size_z: int


_PARALLEL = 1e-6


def axes_in_plane(frame: PlaneFrame, geometry: Geometry) -> tuple[int, int] | None:
    """Return the two voxel axes that lie in a plane, or None where it runs askew to them."""
    lying = [axis for axis in range(3) if abs(float(frame.normal @ geometry.axes[:, axis])) < _PARALLEL]
    return (lying[0], lying[1]) if len(lying) == 2 else None


def limits(box: Box) -> Floats:
    """Return the lowest and highest continuous index of a box, voxel edges included, shape (2, 3)."""
    start, size = np.array(box[:3], float), np.array(box[3:], float)
    return np.stack([start - 0.5, start + size - 0.5])


def outline(frame: PlaneFrame, index: int, geometry: Geometry, box: Box) -> Floats:
    """Return the corners, shape (n, 3), of the polygon in which a box cuts a slice; none where it does not.

    Where the plane lies along two voxel axes they are, for the lower and higher end (0, 1) of the first and the
    second of these axes: 00, 10, 11, 01.
    """
    ends, axes = limits(box), axes_in_plane(frame, geometry)
    if axes is None:
        return _cut(frame, index, geometry, ends)
    across = ({0, 1, 2} - set(axes)).pop()
    place = geometry.world_to_index(frame.world_at(0.0, 0.0, index))[across]
    if not ends[0, across] <= place < ends[1, across]:
        return np.empty((0, 3))
    return _corners(geometry, ends, axes, float(place))


def shadow(frame: PlaneFrame, index: int, geometry: Geometry, box: Box) -> Floats:
    """Return where the box would cut a slice along two voxel axes that lies beyond it; none on an askew plane."""
    axes = axes_in_plane(frame, geometry)
    if axes is None:
        return np.empty((0, 3))
    across = ({0, 1, 2} - set(axes)).pop()
    place = geometry.world_to_index(frame.world_at(0.0, 0.0, index))[across]
    return _corners(geometry, limits(box), axes, float(place))


def _corners(geometry: Geometry, ends: Floats, axes: tuple[int, int], place: float) -> Floats:
    corners = np.full((4, 3), place)
    for n, (a, b) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        corners[n, axes[0]], corners[n, axes[1]] = ends[a, axes[0]], ends[b, axes[1]]
    return geometry.index_to_world(corners)


def _cut(frame: PlaneFrame, index: int, geometry: Geometry, ends: Floats) -> Floats:
    """Return the polygon in which an askew plane cuts the box, in order around its middle."""
    bits = np.array(list(product((0, 1), repeat=3)))
    corners = geometry.index_to_world(ends[bits, range(3)])
    heights = (corners - frame.world_at(0.0, 0.0, index)) @ frame.normal
    hit = []
    for n, bit in enumerate(bits):
        for axis in range(3):
            if bit[axis] == 0:
                other = n + (4, 2, 1)[axis]
                low, high = heights[n], heights[other]
                if (low < 0) != (high < 0):
                    hit.append(corners[n] + (corners[other] - corners[n]) * (low / (low - high)))
    if len(hit) < 3:
        return np.empty((0, 3))
    points = np.array(hit)
    away = points - points.mean(axis=0)
    return np.asarray(points[np.argsort(np.arctan2(away @ frame.down, away @ frame.right))])


def resized(box: Box, size: tuple[int, int, int], sides: Mapping[int, int], steps: Mapping[int, int],
            *, centred: bool = False) -> Box:  # fmt: skip
    """Return a box with some sides moved by steps in voxels, at least one voxel wide and within an image.

    ``sides`` says for an axis which end moves: -1 the lower, 1 the higher. ``centred`` moves the opposite end the
    other way, so that the middle stays.
    """
    start, count = list(box[:3]), list(box[3:])
    for axis, side in sides.items():
        low, high, step = start[axis], start[axis] + count[axis], steps[axis]
        if centred:
            out = min(max(step * side, -((count[axis] - 1) // 2)), low, size[axis] - high)
            low, high = low - out, high + out
        elif side < 0:
            low = min(max(low + step, 0), high - 1)
        else:
            high = max(min(high + step, size[axis]), low + 1)
        start[axis], count[axis] = low, high - low
    return Box(*start, *count)


def moved(box: Box, size: tuple[int, int, int], steps: Mapping[int, int]) -> Box:
    """Return a box moved by steps in voxels, within an image."""
    start = list(box[:3])
    for axis, step in steps.items():
        start[axis] = min(max(start[axis] + step, 0), size[axis] - box[3 + axis])
    return Box(*[*start, *box[3:]])
