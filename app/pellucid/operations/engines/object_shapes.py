"""Size, place and axes of objects: exact sums over the runs they are made of, in the space of the patient."""

from __future__ import annotations

import numpy as np

from pellucid.operations.engines.object_runs import Runs
from pellucid.operations.pixels import Array


def cell_size(matrix: Array, *, flat: bool) -> float:
    """Return the volume of a voxel, or the area of a pixel; the columns of ``matrix`` are its sides in mm."""
    if flat:
        return float(np.linalg.norm(np.cross(matrix[:, 0], matrix[:, 1])))
    return float(abs(np.linalg.det(matrix)))


def mean_places(runs: Runs) -> Array:
    """Return the mean index (x, y, z) of every object, shape (n, 3)."""
    length = runs.lengths
    along = (length * (runs.start + runs.stop - 1) / 2, length * runs.y, length * runs.z)
    sums = [np.bincount(runs.object, part, minlength=len(runs.ids)) for part in along]
    return np.stack(sums, axis=1) / runs.voxels[:, None]


def spreads(runs: Runs, means: Array, *, flat: bool) -> Array:
    """Return the central second moments of every object in voxels, shape (n, 3, 3), of the voxels as solid boxes."""
    length = runs.lengths
    middle = (runs.start + runs.stop - 1) / 2
    x, y, z = (
        part - means[runs.object, k] for k, part in enumerate((middle, runs.y, runs.z))
    )
    found = np.zeros((len(runs.ids), 3, 3))
    for row, one in enumerate((x, y, z)):
        for column, other in enumerate((x, y, z)[: row + 1]):
            sums = length * one * other
            if row == column == 0:
                sums = sums + length * (length.astype(np.float64) ** 2 - 1) / 12
            found[:, row, column] = found[:, column, row] = np.bincount(runs.object, sums, minlength=len(runs.ids))
    found /= runs.voxels[:, None, None]
    return found + np.diag([1.0, 1.0, 0.0 if flat else 1.0]) / 12


def principal_axes(moments: Array, matrix: Array, *, flat: bool) -> tuple[Array, Array]:
    """Return the lengths in mm of the axes (longest first) of the ellipse or ellipsoid with the moments of an object.

    Beside them the direction of the longest in space, its largest component positive.
    """
    values, vectors = np.linalg.eigh(matrix @ moments @ matrix.T)
    values = np.maximum(values[:, ::-1], 0.0)
    lengths = 4 * np.sqrt(values[:, :2]) if flat else 2 * np.sqrt(5 * values)
    longest = vectors[:, :, -1]
    strongest = np.take_along_axis(longest, np.abs(longest).argmax(axis=1)[:, None], axis=1)
    return lengths, longest * np.where(strongest < 0, -1.0, 1.0)


def boxes(runs: Runs) -> tuple[Array, Array]:
    """Return the first voxel (x, y, z) of the box around every object, and the number of voxels along x, y, z."""
    begin = runs.first[:-1]
    if not len(begin):
        return np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64)
    low = [np.minimum.reduceat(part, begin) for part in (runs.start, runs.y, runs.z)]
    high = [np.maximum.reduceat(part, begin) for part in (runs.stop - 1, runs.y, runs.z)]
    first = np.stack(low, axis=1)
    return first, np.stack(high, axis=1) - first + 1


def at_border(runs: Runs, first: Array, size: Array) -> Array:
    """Return which objects touch the border of the grid; a grid of one slice has none above and below."""
    grid = np.array(runs.shape[2::-1])
    touches = (first == 0) | (first + size == grid)
    return (touches & (grid > 1)).any(axis=1)
