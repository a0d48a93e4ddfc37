"""Surface and perimeter of objects: how often lines through the grid, in many directions, enter and leave them."""

from __future__ import annotations

from threading import Lock

import numpy as np
from scipy.spatial import SphericalVoronoi

from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

FLAT_OFFSETS = ((1, 0, 0), (0, 1, 0), (1, 1, 0), (1, -1, 0))
"""Half of the neighbours (x, y, z) of a pixel; the other half lies opposite."""
DEEP_OFFSETS = (
    *FLAT_OFFSETS, (0, 0, 1), (1, 0, 1), (-1, 0, 1), (0, 1, 1), (0, -1, 1), (1, 1, 1), (-1, 1, 1), (1, -1, 1),
    (-1, -1, 1),
)  # fmt: skip


def crofton_weights(matrix: Array, *, flat: bool) -> Array:
    """Return by how much the surface (perimeter) grows with each crossing, for each direction of the grid.

    By the formula of Cauchy and Crofton; each direction counts for the part of the sphere (circle) nearest to it.
    """
    ways = np.array(FLAT_OFFSETS if flat else DEEP_OFFSETS) @ matrix.T
    lengths = np.linalg.norm(ways, axis=1)
    units = ways / lengths[:, None]
    if flat:
        across = units @ np.linalg.qr(matrix[:, :2])[0]
        angles = np.arctan2(across[:, 1], across[:, 0]) % np.pi
        order = np.argsort(angles)
        gaps = np.diff(angles[order], append=angles[order[0]] + np.pi)
        shares = np.empty(len(order))
        shares[order] = (gaps + np.roll(gaps, 1)) / (2 * np.pi)
        area = np.linalg.norm(np.cross(matrix[:, 0], matrix[:, 1]))
        return np.pi / 2 * shares * area / lengths
    shares = SphericalVoronoi(np.concatenate([units, -units])).calculate_areas()[: len(units)] / (2 * np.pi)
    return 2 * shares * abs(np.linalg.det(matrix)) / lengths


def crossings(objects: Array, count: int, *, flat: bool, each: Each = one_by_one) -> Array:
    """Return how often lines in each direction enter or leave each object, shape (directions, count)."""
    offsets = FLAT_OFFSETS if flat else DEEP_OFFSETS
    found, lock = np.zeros((len(offsets), count), np.int64), Lock()

    def padded(z: int) -> Array:
        inside = 0 <= z < len(objects)
        return np.pad(objects[z] if inside else np.zeros(objects.shape[1:], objects.dtype), 1)

    def count_plane(z: int) -> None:
        here, below = padded(z), None if flat else padded(z + 1)
        for n, (dx, dy, dz) in enumerate(offsets):
            one, other = _overlapping(here, here if dz == 0 or below is None else below, dx, dy)
            differs = np.flatnonzero(one != other)
            if len(differs):
                crossed = np.concatenate([one.ravel()[differs], other.ravel()[differs]])
                counts = np.bincount(crossed, minlength=count)
                with lock:
                    found[n] += counts

    each(count_plane, range(0 if flat else -1, len(objects)))
    found[:, 0] = 0
    return found


def _overlapping(one: Array, other: Array, dx: int, dy: int) -> tuple[Array, Array]:
    """Return the parts of two planes that lie on each other when the second is shifted."""
    ny, nx = one.shape
    here = one[max(0, -dy) : ny - max(0, dy), max(0, -dx) : nx - max(0, dx)]
    there = other[max(0, dy) : ny - max(0, -dy), max(0, dx) : nx - max(0, -dx)]
    return here, there
