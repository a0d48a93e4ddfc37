"""The peak of a region: the highest mean of a sphere of 1 cm³ around one of its voxels.

Source: Wahl, Jacene, Kasamon, Lodge (2009): From RECIST to PERCIST, J Nucl Med 50 Suppl 1, 122S.
"""

from __future__ import annotations

import numpy as np

from pellucid.model.annotations import Annotation
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.regions import region_index
from pellucid.model.volume import Volume

RADIUS = float((3000.0 / (4 * np.pi)) ** (1 / 3))
"""Of a sphere of 1 cm³, in mm."""
_ROWS = 4096


def region_peak(annotation: Annotation, volume: Volume) -> float | None:
    """Return the peak of a region; None for planar images, uneven slices and where no voxel is.

    The region is the one slice that was drawn on, the spheres reach into its neighbours; beyond the image they have
    fewer voxels.
    """
    geometry = volume.geometry
    if volume.is_colour or geometry.is_planar or not geometry.is_even or not all(geometry.known_spacing):
        return None
    index = region_index(annotation, geometry)
    if not len(index):
        return None
    offsets = _sphere(geometry)
    parts = (index[n : n + _ROWS] for n in range(0, len(index), _ROWS))
    return float(max(_means(volume, part, offsets).max() for part in parts))


def _sphere(geometry: Geometry) -> np.ndarray:
    """Return the voxels whose centres lie in the sphere around a voxel, as steps (n, 3)."""
    axes = geometry.affine[:3, :3]
    reach = np.ceil(RADIUS * np.linalg.norm(np.linalg.inv(axes), axis=1)).astype(int)
    steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(steps[np.linalg.norm(steps @ axes.T, axis=1) <= RADIUS])


def _means(volume: Volume, index: np.ndarray, offsets: np.ndarray) -> Floats:
    size = np.array(volume.geometry.size)
    at = index[:, None, :] + offsets[None]
    within = np.all((at >= 0) & (at < size), axis=2)
    x, y, z = np.moveaxis(np.clip(at, 0, size - 1), 2, 0)
    values = np.where(within, volume.array[z, y, x].astype(np.float64), 0.0)
    return np.asarray(values.sum(axis=1) / within.sum(axis=1))
