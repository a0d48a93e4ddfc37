"""The places of new voxels along the axes of an image: for a spacing, for a size, for the grid of another image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.resampling import AxisGrid, alias_sigma, centred
from pellucid.operations.plain import voxels

_SMALL = 1e-6


def spacing_grids(
    size: Sequence[int], spacing: Sequence[float], wanted: Sequence[float], *, anti_alias: bool
) -> list[AxisGrid]:
    """Return voxels of another spacing that cover the same space; an axis of one voxel stays."""
    grids = []
    for n, old, new in zip(size, spacing, wanted, strict=False):
        step = 1.0 if n == 1 else new / old
        grids.append(centred(n, max(1, int(n / step + 0.5)), step, anti_alias=anti_alias))
    return grids


def size_grids(size: Sequence[int], wanted: Sequence[int], *, anti_alias: bool) -> list[AxisGrid]:
    """Return so many voxels that cover exactly the same space; 0 keeps an axis, and one of a single voxel stays."""
    counts = [old if old == 1 or new == 0 else new for old, new in zip(size, wanted, strict=False)]
    return [centred(old, new, old / new, anti_alias=anti_alias) for old, new in zip(size, counts, strict=True)]


@dataclass(frozen=True)
class SharedAxes:
    """How one grid runs along the axes of another: axis k along ``order[k]``, against it where ``flips[k]``."""

    order: tuple[int, ...]
    flips: tuple[bool, ...]
    grids: tuple[AxisGrid, ...]


def shared_axes(image: sitk.Image, other: sitk.Image, *, anti_alias: bool) -> SharedAxes | None:
    """Return the voxels of another image as places along the axes of an image, or None where it is turned."""
    n = image.GetDimension()

    def steps(one: sitk.Image) -> np.ndarray:
        return np.array(one.GetDirection()).reshape(n, n) * one.GetSpacing()

    into = np.linalg.inv(steps(image))
    ways = into @ steps(other)  # column k: how far axis k of the other goes along each axis of the image
    order = np.abs(ways).argmax(axis=0)
    if len(set(order.tolist())) < n:
        return None
    along = ways[order, range(n)]
    beside = ways.copy()
    beside[order, range(n)] = 0
    reached = np.abs(beside) @ (np.array(other.GetSize()) - 1)
    if reached.max() > _SMALL * max(image.GetSize()):
        return None
    first = (into @ (np.array(other.GetOrigin()) - np.array(image.GetOrigin())))[order]
    grids = []
    for axis, start, step, count in zip(order.tolist(), first, along, other.GetSize(), strict=True):
        length = image.GetSize()[axis]
        start = length - 1 - start if step < 0 else start
        step = abs(step)
        blur = alias_sigma(step) if anti_alias and step > 1 + _SMALL else 0.0
        grids.append(AxisGrid(length, count, _tidy(start), _tidy(step), blur))
    return SharedAxes(tuple(order.tolist()), tuple((along < 0).tolist()), tuple(grids))


def _tidy(number: float) -> float:
    """Return a number without the noise of the arithmetic that made it, if it is whole."""
    whole = round(float(number))
    return float(whole) if abs(number - whole) < 1e-9 else float(number)


def turned_to(image: sitk.Image, shared: SharedAxes) -> sitk.Image:
    """Return the voxels of an image in the order of shared axes, as an image whose place does not matter."""
    n = image.GetDimension()
    if shared.order == tuple(range(n)) and not any(shared.flips):
        return image
    array = voxels(image)
    first = 3 - n
    axes = [2 - axis for axis in reversed(shared.order)]
    array = array.transpose(*range(first), *axes, *range(3, array.ndim))
    ways = tuple(slice(None, None, -1 if flip else 1) for flip in reversed(shared.flips))
    array = array[(slice(None),) * first + ways]
    turned = sitk.GetImageFromArray(np.ascontiguousarray(array[0] if n == 2 else array), isVector=array.ndim == 4)
    turned.SetSpacing([image.GetSpacing()[axis] for axis in shared.order])
    return turned
