"""Put labels onto the grid of the image they were made on, where every voxel of theirs is a voxel of its."""

from __future__ import annotations

import numpy as np

from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap

_MM, _VOXEL = 0.05, 0.1
"""Labels lie on the grid of an image when their voxels are no farther from its: files round what they write."""


def fitted(labels: LabelMap, geometry: Geometry) -> LabelMap | None:
    """Return the labels on a grid, voxel by voxel; None where they do not lie on its voxels.

    Slices that hold no label may lie anywhere: an image has none where a segmentation only left a gap.
    """
    used = np.flatnonzero(labels.array.any(axis=(1, 2)))
    corner = _corner(labels.geometry, geometry, used)
    if corner is None:
        return None
    (left, top), slices = corner
    nz, ny, nx = geometry.size[::-1]
    _, height, width = labels.shape
    array = np.zeros((nz, ny, nx), labels.array.dtype)
    rows, columns = slice(max(top, 0), min(top + height, ny)), slice(max(left, 0), min(left + width, nx))
    if len(used) and (rows.start >= rows.stop or columns.start >= columns.stop):
        return None
    part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    for own, other in zip(used, slices, strict=True):
        plane = labels.array[own]
        array[other, rows, columns] = plane[part]
        if np.count_nonzero(array[other]) != np.count_nonzero(plane):
            return None  # labels lie outside the image
    return LabelMap(geometry, array, labels.labels)


def _corner(own: Geometry, other: Geometry, used: np.ndarray) -> tuple[tuple[int, int], list[int]] | None:
    """Return where the first voxel of a slice lies on another grid, and which of its slices are used."""
    width, height, _ = own.size
    ends = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    points = np.array([(x, y, z) for z in (used if len(used) else [0]) for x, y in ends], np.float64)
    index = other.world_to_index(own.index_to_world(points))
    nearest = np.rint(index)
    off = np.abs(other.index_to_world(nearest) - own.index_to_world(points)).max()
    expected = nearest.reshape(-1, 4, 3)[:, :1] + np.array([(x, y, 0) for x, y in ends])
    if off > _MM or np.abs(index - nearest).max() > _VOXEL or np.any(nearest.reshape(-1, 4, 3) != expected):
        return None
    starts = nearest.reshape(-1, 4, 3)[:, 0].astype(int)
    if np.any(starts[:, :2] != starts[0, :2]) or len(set(starts[:, 2])) != len(starts):
        return None
    if len(used) and not (starts[:, 2].min() >= 0 and starts[:, 2].max() < other.size[2]):
        return None
    return (int(starts[0, 0]), int(starts[0, 1])), [int(k) for k in starts[:, 2]] if len(used) else []
