"""Bringing the slices of a thick slab into one picture: maximum, minimum, mean or sum.

A slab holds the slices whose centres lie within half its thickness of the middle one; each counts once. Of labels
the one nearest to the middle slice is shown; on equal distance that of the earlier slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import PlaneImage, SliceLayout
from pellucid.model.view import Projection

_EDGE = 1e-6  # mm


@dataclass(frozen=True)
class Thickness:
    """How thick a slab is in mm, and how its slices become one picture."""

    mm: float
    projection: Projection = Projection.MAXIMUM


def slices_within(frame: PlaneFrame, index: int, mm: float) -> range:
    """Return the slices of a frame whose centres lie in a slab of ``mm`` around slice ``index``."""
    inside = np.flatnonzero(np.abs(frame.depths - frame.depths[index]) <= mm / 2 + _EDGE)
    return range(int(inside[0]), int(inside[-1]) + 1)


def upright_slab(
    array: NDArray[Any], layout: SliceLayout, frame: PlaneFrame, index: int, thickness: Thickness, fill: float,
    labels: bool,
) -> PlaneImage | None:  # fmt: skip
    """Return the slab around a slice of a frame of a layer whose slices lie behind each other, or None outside it.

    Means and sums are floating point with NaN for ``fill``; a sum is values times slices. Colours are projected
    channel by channel; their sum is shown as the mean.
    """
    depth = float(frame.depths[index])
    away = np.abs(layout.positions() - depth)
    inside = np.flatnonzero(away <= thickness.mm / 2 + _EDGE)
    middle = layout.slice_at(depth)
    if not len(inside):
        if middle < 0:
            return None
        inside = np.array([middle])
    axis = 2 - layout.normal_axis
    block = array[(slice(None),) * axis + (slice(int(inside[0]), int(inside[-1]) + 1),)]
    if labels:
        order = inside[np.argsort(away[inside], kind="stable")] - inside[0]
        picture = _nearest_label(block, axis, order)
    else:
        picture = _reduced(block, axis, thickness.projection)
    if picture.dtype.kind == "f":
        fill = float("nan")
    k = middle if middle >= 0 else int(inside[np.argmin(away[inside])])
    times = 1 if labels else summed(array, thickness, len(inside))
    return PlaneImage(layout.arranged(picture, fill), layout.transform(k), -1, -1, times)


def summed(array: NDArray[Any], thickness: Thickness, count: int) -> int:
    """Return of how many slices the values of a slab are a sum: one for all but sums of values."""
    return count if thickness.projection is Projection.SUM and array.ndim == 3 else 1


def _nearest_label(block: NDArray[Any], axis: int, order: NDArray[np.intp]) -> NDArray[Any]:
    found: NDArray[Any] = block.take(int(order[0]), axis)
    for k in order[1:]:
        np.copyto(found, block[(slice(None),) * axis + (int(k),)], where=found == 0)
    return found


def _reduced(block: NDArray[Any], axis: int, projection: Projection) -> NDArray[Any]:
    """Return a projection of (z, y, x[, c]) along an axis."""
    if projection in (Projection.MAXIMUM, Projection.MINIMUM):
        names = ("fmax", "fmin") if block.dtype.kind == "f" else ("maximum", "minimum")
        merge = getattr(np, names[projection is Projection.MINIMUM])
        if axis == 2:  # voxels side by side are merged three times faster when nothing stands between them
            block = np.ascontiguousarray(block)
        return np.asarray(merge.reduce(block, axis=axis))
    if block.dtype.kind == "f":
        return _summed(block, axis, projection)
    colour, count = block.ndim == 4, block.shape[axis]
    small = block.dtype.itemsize <= 2
    total = np.add.reduce(block, axis=axis, dtype=np.int32 if small else np.int64)
    if colour:
        return np.rint(total / count).astype(block.dtype)
    if projection is Projection.MEAN:
        total = total / count
    return np.asarray(total, dtype=np.float32 if small and count < 256 else np.float64)


def _summed(block: NDArray[Any], axis: int, projection: Projection) -> NDArray[Any]:
    """Return the mean or sum of what is a number."""
    seen = ~np.isnan(block)
    count = np.add.reduce(seen, axis=axis, dtype=np.int32)
    total = np.add.reduce(block, axis=axis, dtype=np.float64, where=seen)
    with np.errstate(invalid="ignore"):  # where nothing was seen: not a number
        total = total / (count if projection is Projection.MEAN or block.ndim == 4 else np.minimum(count, 1))
    return np.asarray(total, dtype=block.dtype)
