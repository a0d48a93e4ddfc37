"""How far the surfaces of two masks lie apart, in mm, on straight, tilted, sheared and uneven grids.

The surface of a mask are its voxels with a face towards the outside, or at the border of the image; the distance of
two voxels is that of their centres. A k-d tree of the surface voxels finds the nearest one: on 512 × 512 × 300 voxels
that is ten times as fast as distance maps, and it does not need axes that stand at right angles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pellucid.operations.engines.overlap import slabs
from pellucid.operations.engines.pieces import Each, one_by_one

Array = NDArray[Any]
Place = Callable[[Array], Array]
"""Maps indices (n, 3) in x, y, z to points in mm, as far as distances go."""
_POINTS = 1 << 13


def surface(mask: Array, axes: tuple[int, ...], each: Each = one_by_one) -> tuple[Array, Array]:
    """Return which voxels of a mask (z, y, x; bool) are its surface, and their indices (n, 3) in z, y, x.

    ``axes`` are those along which the image has more than one voxel: along the others nothing has faces.
    """
    rim = np.zeros_like(mask)
    found: dict[int, Array] = {}

    def work(part: slice) -> None:
        here = mask[part]
        inner = here.copy() if axes else np.zeros_like(here)
        for axis in axes:
            _without_ends(inner, here, axis)
        if 0 in axes and part.start > 0:
            inner[0] = _inside(mask, part.start, axes)
        if 0 in axes and part.stop < len(mask):
            inner[-1] = _inside(mask, part.stop - 1, axes)
        rim[part] = here & ~inner
        found[part.start] = np.argwhere(rim[part]) + np.array([part.start, 0, 0])

    each(work, slabs(mask.shape))
    return rim, np.concatenate([found[start] for start in sorted(found)])


def _without_ends(inner: Array, here: Array, axis: int) -> None:
    """Take out of ``inner`` what has no neighbour before or after it along an axis."""
    inner, here = np.moveaxis(inner, axis, 0), np.moveaxis(here, axis, 0)
    inner[1:] &= here[:-1]
    inner[:-1] &= here[1:]
    inner[0] = inner[-1] = False


def _inside(mask: Array, z: int, axes: tuple[int, ...]) -> Array:
    """Return which voxels of one slice have all their neighbours."""
    inner = mask[z].copy()
    for axis in axes:
        if axis > 0:
            _without_ends(inner, mask[z], axis - 1)
    return inner & mask[z - 1] & mask[z + 1] if 0 < z < len(mask) - 1 else np.zeros_like(inner)


def surface_distances(
    first: Array, second: Array, place: Place, axes: tuple[int, ...], each: Each = one_by_one
) -> tuple[Array, Array]:
    """Return how far each surface voxel of either mask is from the surface of the other; both hold voxels."""
    rims, places = zip(*(surface(mask, axes, each) for mask in (first, second)), strict=True)
    points = [place(indices[:, ::-1]) for indices in places]
    found = []
    for n in (0, 1):
        apart = ~rims[1 - n][tuple(places[n].T)]  # the others lie on both surfaces
        distances = np.zeros(len(apart))
        if apart.any():
            distances[apart] = nearest(points[n][apart], points[1 - n], each)
        found.append(distances)
    return found[0], found[1]


def nearest(points: Array, others: Array, each: Each = one_by_one) -> Array:
    """Return the distance of every point (n, 3) to the nearest of the others (m, 3)."""
    tree = cKDTree(others, balanced_tree=False, compact_nodes=False)  # on a lattice quicker to make, and as quick
    distances = np.empty(len(points))

    def work(start: int) -> None:
        part = slice(start, start + _POINTS)
        distances[part] = tree.query(points[part])[0]

    each(work, range(0, len(points), _POINTS))
    return distances


def distance_summary(first: Array, second: Array) -> dict[str, float]:
    """Return what the distances from either surface to the other come to.

    Hausdorff is the largest of all, its 95 % the larger one of the two directed 95th percentiles (as MONAI and
    surface-distance; MedPy takes the percentile of both sets at once), its mean the larger one of the two directed
    means (the modified Hausdorff distance). The mean surface distance is the mean over the voxels of both surfaces.
    """
    return {
        "hausdorff": float(max(first.max(), second.max())),
        "hausdorff95": float(max(np.percentile(first, 95), np.percentile(second, 95))),
        "hausdorff_mean": float(max(first.mean(), second.mean())),
        "mean_surface_distance": float((first.sum() + second.sum()) / (len(first) + len(second))),
    }
