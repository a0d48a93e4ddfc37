"""Regions that grow from a voxel: connected voxels, voxels of similar values, and what is alike under a brush."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Slices = tuple[slice, ...]
Region = tuple[Slices, Mask]
"""A box, and which of its voxels belong to the region."""

_FIRST_REACH = 24
"""Voxels to all sides that are searched first; the box grows only where the region reaches its side."""
_LARGE = 1 << 20
"""Voxels from which on SimpleITK finds connected parts."""
_CORE = 0.25
"""The share of the radius of a brush around its middle whose voxels say what is alike."""
_LEAST_SPREAD = 0.05
"""The least standard deviation of these voxels, as a share of that of all voxels under the brush."""
_ENOUGH = 4096
"""Voxels under the brush of which that is estimated."""


def _unchecked() -> None:
    """Never stop."""


def connected(
    shape: tuple[int, ...], seed: tuple[int, ...], mask_of: Callable[[Slices], Mask],
    check: Callable[[], object] = _unchecked,
) -> Region:  # fmt: skip
    """Return the voxels of a mask that are connected by faces with a seed, in two or three dimensions.

    ``mask_of`` gives the mask in a box: only as much of it is asked for as the region needs. ``check`` is called now
    and then and may raise to stop.
    """
    low = [max(0, n - _FIRST_REACH) for n in seed]
    high = [min(size, n + _FIRST_REACH + 1) for n, size in zip(seed, shape, strict=True)]
    while True:
        check()
        box = tuple(map(slice, low, high))
        mask = mask_of(box)
        at = tuple(n - first for n, first in zip(seed, low, strict=True))
        if not mask[at]:
            return tuple(slice(n, n) for n in seed), np.zeros((0,) * len(shape), bool)
        check()
        region = _component(mask, at)
        open_sides = False
        for axis in range(len(shape)):
            length = high[axis] - low[axis]
            if low[axis] > 0 and region.take(0, axis).any():
                low[axis], open_sides = max(0, low[axis] - length), True
            if high[axis] < shape[axis] and region.take(-1, axis).any():
                high[axis], open_sides = min(shape[axis], high[axis] + length), True
        if not open_sides:
            return _tight(box, region)


def _component(mask: Mask, at: tuple[int, ...]) -> Mask:
    if mask.size < _LARGE or mask.ndim != 3:
        from scipy import ndimage

        parts, _count = ndimage.label(mask)
        return np.asarray(parts == parts[at])
    import SimpleITK as sitk  # three times as fast as scipy, but only where starting it does not matter

    image = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.view(np.uint8)))
    parts = sitk.GetArrayViewFromImage(image)
    return np.asarray(parts == parts[at])


def _tight(box: Slices, region: Mask) -> Region:
    """Return the same voxels in the smallest box."""
    inner = []
    for axis in range(region.ndim):
        hit = np.flatnonzero(region.any(axis=tuple(other for other in range(region.ndim) if other != axis)))
        inner.append(slice(int(hit[0]), int(hit[-1]) + 1))
    outer = tuple(
        slice(part.start + inside.start, part.start + inside.stop) for part, inside in zip(box, inner, strict=True)
    )
    return outer, region[tuple(inner)]


def whole(shape: tuple[int, ...], mask_of: Callable[[Slices], Mask]) -> Region:
    """Return all voxels of a mask, connected or not."""
    box = tuple(slice(0, n) for n in shape)
    mask = mask_of(box)
    return _tight(box, mask) if mask.any() else (tuple(slice(0, 0) for _ in shape), mask[(slice(0, 0),) * mask.ndim])


def similar(values: NDArray[Any], like: NDArray[Any], tolerance: float, *, colour: bool) -> Mask:
    """Return where values are within a tolerance of another; colours by their Euclidean distance. NaN is not."""
    if colour:
        away = values[..., :3].astype(np.float32) - np.asarray(like[:3], np.float32)
        return np.asarray(np.einsum("...c,...c->...", away, away) <= np.float32(tolerance) ** 2)
    low, high = float(like) - tolerance, float(like) + tolerance
    if values.dtype.kind in "iu":  # comparing whole numbers spares a conversion of them all
        return np.asarray((values >= int(np.ceil(low))) & (values <= int(np.floor(high))))
    return np.asarray((values >= low) & (values <= high))


def alike(values: NDArray[Any], inside: Mask, core: Mask, strictness: float, *, colour: bool) -> Mask:
    """Return the voxels under a brush that are like those of its core and connected with them.

    Like is what lies within ``strictness`` standard deviations of the core from its mean (colours: root mean square
    distance), as in confidence connected region growing. An even core is taken to vary by a twentieth of what
    all values under the brush do.
    """
    from scipy import ndimage

    within = values[inside][..., :3] if colour else values[inside]
    middle = values[core & inside][..., :3] if colour else values[core & inside]
    mean, spread = _spread(middle)
    _mean, overall = _spread(within[:: max(1, len(within) // _ENOUGH)])
    if not np.all(np.isfinite(mean)):
        return np.zeros_like(inside)
    tolerance = strictness * max(spread, _LEAST_SPREAD * overall)
    near = inside & similar(values, mean, tolerance * (1 + 1e-9), colour=colour)
    parts, count = ndimage.label(near)
    kept = np.zeros(count + 1, bool)
    kept[np.unique(parts[core & near])] = True
    kept[0] = False
    return np.asarray(kept[parts])


def _spread(values: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Return the mean of finite values (n[, c]) and the root mean square distance from it."""
    values = values.astype(np.float64)
    finite = values[np.isfinite(values).reshape(len(values), -1).all(axis=1)]
    if not len(finite):
        return np.full(values.shape[1:], np.nan), 0.0
    mean = finite.mean(axis=0)
    return mean, float(np.sqrt(np.mean(np.sum((finite - mean).reshape(len(finite), -1) ** 2, axis=1))))


def core_of(inside: Mask, squared: NDArray[Any], radius: float) -> Mask:
    """Return the core of a brush from the squared distance of each voxel to its middle: never without a voxel."""
    near = inside & (squared <= (_CORE * radius) ** 2)
    closest = np.where(inside, squared, np.inf)
    return near | (inside & (closest <= closest.min()))
