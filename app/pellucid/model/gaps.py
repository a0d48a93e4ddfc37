"""Gaps of a stack from which slices are missing: where nothing is shown because nothing is known (H01)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pellucid.language import mark
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.planes import PlaneFrame

ACROSS = mark("The line crosses a gap between slices, where nothing was imaged.")
_WIDE = 1.5  # steps; slices nearer than that lie side by side
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1]


@dataclass(frozen=True)
class Gap:
    """What lies empty after slice ``after`` (from 0): from ``first`` to ``last`` mm along the stack."""

    after: int
    first: float
    last: float

    @property
    def length(self) -> float:
        """Return how wide it is, in mm along the stack."""
        return self.last - self.first


@lru_cache(maxsize=64)
def gaps(geometry: Geometry) -> tuple[Gap, ...]:
    """Return the gaps of a stack that are wider than one and a half steps, as the panes leave them empty."""
    if geometry.slice_positions is None:
        return ()
    places, step = np.array(geometry.slice_positions), geometry.spacing[2]
    wide = np.flatnonzero(np.diff(places) > _WIDE * step)
    return tuple(Gap(int(k), float(places[k] + step / 2), float(places[k + 1] - step / 2)) for k in wide)


def crosses_gap(geometry: Geometry, points: ArrayLike) -> bool:
    """Return whether a line through world points (n, 3) goes through a gap."""
    found = gaps(geometry)
    if not found:
        return False
    along = _along(geometry, np.asarray(points, dtype=np.float64))
    starts, ends = np.minimum(along[:-1], along[1:]), np.maximum(along[:-1], along[1:])
    return any(bool(np.any((starts < gap.last) & (ends > gap.first))) for gap in found)


def outline(geometry: Geometry, gap: Gap, frame: PlaneFrame, depth: float) -> Floats | None:
    """Return the corners (n, 3) in the world of what a plane shows of a gap, in order; None where it misses it."""
    corners = _box(geometry, gap)
    heights = (corners - frame.origin) @ frame.normal - depth
    cuts = [
        corners[a] + (corners[b] - corners[a]) * (heights[a] / (heights[a] - heights[b]))
        for a, b in _EDGES
        if heights[a] * heights[b] < 0
    ]
    if len(cuts) < 3:
        return None
    points = np.array(cuts)
    flat = np.column_stack([points @ frame.right, points @ frame.down])
    around = flat - flat.mean(axis=0)
    return np.asarray(points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))])


def _along(geometry: Geometry, points: Floats) -> Floats:
    """Return how far points lie along the stack, in mm from the first slice."""
    return np.asarray((points - np.array(geometry.origin)) @ np.linalg.inv(geometry.axes)[2])


def _box(geometry: Geometry, gap: Gap) -> Floats:
    """Return the eight corners of a gap, half a voxel beyond the centres of the outer columns and rows."""
    nx, ny, _ = geometry.size
    dx, dy, _ = geometry.spacing
    bits = np.array([[n >> axis & 1 for axis in range(3)] for n in range(8)])
    low = np.array([-0.5 * dx, -0.5 * dy, gap.first])
    high = np.array([(nx - 0.5) * dx, (ny - 0.5) * dy, gap.last])
    return np.asarray(np.where(bits, high, low) @ geometry.axes.T + np.array(geometry.origin))
