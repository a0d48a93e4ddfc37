"""The connected parts of a mask, numbered in the order of their first voxels."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context, Region
from pellucid.operations.pixels import Array, from_array, view


def parts_within(inside: Array, box: Region, corners: bool, context: Context) -> tuple[Array, int]:
    """Return the number of the part of every voxel (z, y, x) of a box, from 1 on, 0 outside, and how many there are.

    As scipy.ndimage.label, but it can be told to stop, lets other threads run, and takes no more than the box.
    """
    filter = sitk.ConnectedComponentImageFilter()
    filter.SetFullyConnected(corners)
    parts = context.execute(filter, from_array(inside[box].astype(np.uint8, copy=False)))
    return view(parts), int(filter.GetObjectCount())


def box_of(inside: Array) -> Region | None:
    """Return the smallest box (z, y, x) around what is true or not 0, None where nothing is."""
    flat = inside.view(bool) if inside.dtype == np.uint8 else inside
    deep = np.flatnonzero(flat.any(axis=(1, 2)))
    if not len(deep):
        return None
    z = slice(int(deep[0]), int(deep[-1]) + 1)
    shadow = np.zeros(flat.shape[1:], bool)
    for plane in flat[z]:
        shadow |= plane
    y, x = (np.flatnonzero(shadow.any(axis=axis)) for axis in (1, 0))
    return z, slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)
