"""Distances in mm to the nearest voxel of a mask, also on sheared grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy.spatial import cKDTree

from pellucid.operations.pixels import Array

_AT_ONCE = 1 << 18


def is_sheared(image: sitk.Image) -> bool:
    """Return whether the axes of an image are not at right angles to each other."""
    axes = np.array(image.GetDirection()).reshape(image.GetDimension(), -1)
    return bool(np.abs(axes.T @ axes - np.eye(len(axes))).max() > 1e-6)


def execute_plainly(filter: Any, image: sitk.Image) -> sitk.Image:
    """Run a filter without progress."""
    return filter.Execute(image)


def distance_to(
    inside: Array,
    image: sitk.Image,
    execute: Callable[[Any, sitk.Image], sitk.Image] = execute_plainly,
    check: Callable[[], None] = lambda: None,
) -> Array:
    """Return the distance in mm of every voxel centre to the nearest one that is ``inside`` (z, y, x), as float32.

    ``inside`` lies on the axes of ``image`` and holds at least one voxel. As scipy.ndimage.distance_transform_edt;
    where the axes are sheared the nearest voxel is looked for in a tree.
    """
    if is_sheared(image):
        return _distance_in_tree(inside, image, check)
    steps = (*image.GetSpacing(), 1.0)[:3]
    thin = tuple(axis for axis, n in enumerate(inside.shape) if n == 1)[: inside.ndim - 2]
    mask = sitk.GetImageFromArray(np.ascontiguousarray(inside.squeeze(thin)).astype(np.uint8))
    mask.SetSpacing([step for axis, step in zip((2, 1, 0), steps, strict=True) if axis not in thin])
    filter = sitk.SignedMaurerDistanceMapImageFilter()
    filter.SetUseImageSpacing(True)
    filter.SetSquaredDistance(False)
    found = execute(filter, mask)  # must outlive its view
    return np.maximum(sitk.GetArrayViewFromImage(found), 0).astype(np.float32).reshape(inside.shape)


def _distance_in_tree(inside: Array, image: sitk.Image, check: Callable[[], None]) -> Array:
    dimension = image.GetDimension()
    axes = np.array(image.GetDirection()).reshape(dimension, -1) * np.array(image.GetSpacing())
    to_world = np.eye(3)
    to_world[:dimension, :dimension] = axes
    tree = cKDTree(np.argwhere(_rim(inside))[:, ::-1] @ to_world.T)
    out = np.zeros(inside.size, np.float32)
    todo = np.flatnonzero(~inside.ravel())
    for first in range(0, len(todo), _AT_ONCE):
        check()
        part = todo[first : first + _AT_ONCE]
        places = np.stack(np.unravel_index(part, inside.shape), axis=1)[:, ::-1] @ to_world.T
        out[part] = tree.query(places, workers=-1)[0]
    return out.reshape(inside.shape)


def _rim(inside: Array) -> Array:
    """Return the voxels inside that have a voxel outside among their 26 neighbours."""
    from scipy import ndimage

    return np.asarray(inside & ~ndimage.binary_erosion(inside, np.ones((3, 3, 3), bool), border_value=1))
