"""The objects of a label map as runs of voxels along x: what all measures of objects are computed from.

A map has far fewer runs than voxels, and the runs of one object lie together, so that thousands of objects are
measured in a few passes over arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from skimage.measure import label as connected_parts

from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

PIECE_VOXELS = 1 << 20


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of voxels (z, y, x from ``start`` to before ``stop``), those of one object together and in raster order.

    ``object`` counts the objects from 0; ``ids`` are their values in the map of objects, ``first`` (one longer) says
    where the runs of each begin.
    """

    object: Array
    z: Array
    y: Array
    start: Array
    stop: Array
    ids: Array
    first: Array
    shape: tuple[int, ...]

    @property
    def lengths(self) -> Array:
        """Return the number of voxels of every run."""
        return self.stop - self.start

    @property
    def voxels(self) -> Array:
        """Return the number of voxels of every object."""
        return np.bincount(self.object, self.lengths, minlength=len(self.ids)).astype(np.int64)


def separate_objects(labels: Array, *, connected: bool, corners: bool) -> Array:
    """Return a map of objects: the labels themselves, or a number for each connected part of each label."""
    if not connected:
        return labels
    return np.asarray(connected_parts(labels, background=0, connectivity=3 if corners else 1))


def runs_of(objects: Array, smallest: int = 1, each: Each = one_by_one) -> Runs:
    """Return the runs of all objects of at least ``smallest`` voxels; ids rise."""
    found: list[tuple[Array, ...]] = [()] * len(objects)

    def scan(z: int) -> None:
        plane = objects[z]
        inside = plane != 0
        begins, ends = inside.copy(), inside
        differs = plane[:, 1:] != plane[:, :-1]
        begins[:, 1:] &= differs
        ends[:, :-1] &= differs
        start, stop = np.flatnonzero(begins), np.flatnonzero(ends) + 1
        y, x = np.divmod(start, plane.shape[1])
        found[z] = (plane.ravel()[start].astype(np.int64), np.full(len(start), z), y, x, stop - y * plane.shape[1])

    each(scan, range(len(objects)))
    value, z, y, start, stop = (np.concatenate(part) for part in zip(*found, strict=True))
    sizes = np.bincount(value, stop - start, minlength=1)
    number = np.full(len(sizes), -1)
    ids = np.flatnonzero(sizes >= max(smallest, 1))
    number[ids] = np.arange(len(ids))
    which = number[value]
    order = np.argsort(which, kind="stable")[np.count_nonzero(which < 0) :]
    which = which[order]
    first = np.searchsorted(which, np.arange(len(ids) + 1))
    return Runs(which, z[order], y[order], start[order], stop[order], ids, first, objects.shape)


def batches(runs: Runs, most_objects: int) -> Iterator[tuple[int, int]]:
    """Split the objects into groups of at most so many, and of about so many voxels that they stay in the cache."""
    reached, begin = 0, 0
    for n, voxels in enumerate(runs.voxels.tolist()):
        if n > begin and (reached + voxels > PIECE_VOXELS or n - begin >= most_objects):
            yield begin, n
            begin, reached = n, 0
        reached += voxels
    if begin < len(runs.ids):
        yield begin, len(runs.ids)


def pieces_of(runs: Runs, begin: int, end: int) -> Iterator[slice]:
    """Split the runs of the objects from ``begin`` to before ``end`` into pieces that fit into the cache."""
    first, last = int(runs.first[begin]), int(runs.first[end])
    filled = np.cumsum(runs.lengths[first:last])
    while first < last:
        done = filled[0] - runs.lengths[first]
        count = max(1, int(np.searchsorted(filled, done + PIECE_VOXELS, side="right")))
        yield slice(first, first + count)
        first, filled = first + count, filled[count:]


def places(runs: Runs, piece: slice, offset: tuple[int, int, int] = (0, 0, 0)) -> tuple[Array, Array]:
    """Return (run, flat index) of the voxels of a piece whose neighbour at an offset (z, y, x) lies in the grid."""
    _, ny, nx = runs.shape[:3]
    dz, dy, dx = offset
    z, y = runs.z[piece], runs.y[piece]
    start, stop = np.maximum(runs.start[piece], -dx), np.minimum(runs.stop[piece], nx - dx)
    reached = (z + dz >= 0) & (z + dz < runs.shape[0]) & (y + dy >= 0) & (y + dy < ny)
    lengths = np.where(reached, np.maximum(stop - start, 0), 0)
    begins = (z * ny + y) * nx + start - (np.cumsum(lengths) - lengths)
    run = np.repeat(np.arange(len(lengths)), lengths)
    return run, begins[run] + np.arange(len(run))
