"""Split touching objects where they are narrow, and flood an image from markers.

Scripts carry these functions along; a filter of SimpleITK is run by ``run(filter, *images)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import KDTree

from pellucid.operations.engines.separable import filtered_whole, gaussian_kernel
from pellucid.operations.engines.windows import unasked
from pellucid.operations.pixels import Array

Run = Callable[..., sitk.Image]
Check = Callable[[], Any]
Spacing = tuple[float, ...]
"""The length of a voxel along x, y, z."""


def executed(filter: Any, *images: sitk.Image) -> sitk.Image:
    """Run a filter of SimpleITK."""
    return filter.Execute(*images)


def as_flat(array: Array, spacing: Spacing) -> sitk.Image:
    """Return an array (z, y, x) as an image for a filter; what is one voxel thick has two dimensions."""
    thin = [axis for axis, n in enumerate(array.shape) if n == 1][:1]
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.squeeze(tuple(thin))))
    image.SetSpacing([step for axis, step in enumerate(spacing) if 2 - axis not in thin])
    return image


def surroundings(inside: Array) -> tuple[slice, ...]:
    """Return the box (z, y, x) around what is inside, one voxel wider where there is room."""
    found = []
    for axis in range(3):
        used = np.flatnonzero(inside.any(axis=tuple(k for k in range(3) if k != axis)))
        found.append(slice(max(0, used[0] - 1), used[-1] + 2) if len(used) else slice(0, 0))
    return tuple(found)


def depths(inside: Array, spacing: Spacing, smoothing: float, run: Run = executed) -> Array:
    """Return how far inside (mm, smoothed in mm) every voxel lies; outside it is 0."""
    if inside.all():
        return np.ones(inside.shape, np.float32)
    filter = sitk.SignedMaurerDistanceMapImageFilter()
    filter.SetInsideIsPositive(True)
    filter.SetSquaredDistance(False)
    filter.SetUseImageSpacing(True)
    found = run(filter, as_flat(inside.astype(np.uint8), spacing))
    depth = sitk.GetArrayFromImage(found).reshape(inside.shape)
    kernels = [gaussian_kernel(smoothing / step) for step in reversed(spacing)]
    if any(kernel is not None for kernel in kernels):
        depth = filtered_whole(depth, (kernels[0], kernels[1], kernels[2]))
    least = np.float32(min(spacing) / 2)
    return np.where(inside, np.maximum(depth, 0) + least, 0).astype(np.float32)


def middles(
    depth: Array, spacing: Spacing, neck: float, apart: float, run: Run = executed, check: Check = unasked
) -> Array:
    """Return the voxels (z, y, x), one in each object, at which its depth is largest.

    Between two of them the depth falls by at least the share ``neck`` of the lower one. Of those in one part that are
    nearer to each other than ``apart`` (mm) only the deepest stays. Every part keeps one.
    """
    floor = np.float32(min(spacing) * 1e-3)
    height = np.empty_like(depth)
    for plane, target in zip(depth, height, strict=True):
        check()
        np.log(np.maximum(plane, floor), out=target)
    filter = sitk.ReconstructionByDilationImageFilter()
    lowered = as_flat(height + np.float32(np.log(1 - neck) - 1e-4), spacing)
    filled = sitk.GetArrayFromImage(run(filter, lowered, as_flat(height, spacing))).reshape(depth.shape)
    places = deepest(depth, *maxima_of(filled, depth, check))
    if apart <= 0 or len(places) < 2:
        return places
    return far_apart(places, depth, parts_of(depth > 0, run)[0], apart, spacing)


def maxima_of(values: Array, depth: Array, check: Check = unasked) -> tuple[Array, Array]:
    """Return the voxels (indices, part) of the level parts inside that have no higher neighbour, by part.

    As SimpleITK.RegionalMaxima and scipy.ndimage.label. Most voxels have a higher neighbour and are left out at once.
    """
    top = depth > 0
    level = np.zeros(top.shape, bool)
    for axis in range(3):
        before, after = ((slice(None),) * axis + (part,) for part in (slice(0, -1), slice(1, None)))
        top[before] &= values[before] >= values[after]
        top[after] &= values[after] >= values[before]
        check()
    for axis in range(3):  # a level part that goes on where it has a higher neighbour is no top
        before, after = ((slice(None),) * axis + (part,) for part in (slice(0, -1), slice(1, None)))
        edge = (top[before] != top[after]) & (values[before] == values[after])
        level[before] |= edge
        level[after] |= edge
        check()
    numbers, count = ndimage.label(top)
    check()
    spoiled = np.zeros(count + 1, bool)
    spoiled[numbers[level & top]] = True
    places = np.flatnonzero(top)
    part = numbers.ravel()[places]
    return places[~spoiled[part]], part[~spoiled[part]]


def deepest(depth: Array, places: Array, part: Array) -> Array:
    """Return the deepest voxel (z, y, x) of every part; of equal ones the first."""
    order = np.lexsort((places, -depth.ravel()[places], part))
    first = np.flatnonzero(np.diff(part[order], prepend=0))
    return np.stack(np.unravel_index(places[order[first]], depth.shape), axis=1).astype(np.int64)


def parts_of(inside: Array, run: Run = executed) -> tuple[Array, int]:
    """Return the number of the connected part of every voxel (z, y, x), and how many there are."""
    filter = sitk.ConnectedComponentImageFilter()
    found = run(filter, as_flat(inside.astype(np.uint8), (1.0, 1.0, 1.0)))
    return sitk.GetArrayFromImage(found).reshape(inside.shape), int(filter.GetObjectCount())


def far_apart(places: Array, depth: Array, parts: Array, apart: float, spacing: Spacing) -> Array:
    """Return the places of which no two of the same part are nearer than ``apart``, the deepest first."""
    places = places[np.argsort(-depth[tuple(places.T)], kind="stable")]
    part = parts[tuple(places.T)]
    tree, free = KDTree(places * np.array(spacing[::-1])), np.ones(len(places), bool)
    kept = []
    for n in range(len(places)):
        if free[n]:
            kept.append(n)
            near = np.array(tree.query_ball_point(tree.data[n], apart * (1 - 1e-9)))
            free[near[part[near] == part[n]]] = False
    return places[kept].astype(np.int64)


def flooded(surface: Array, markers: Array, run: Run = executed) -> Array:
    """Return every voxel with the number of the marker whose flood reaches it first as the water rises."""
    filter = sitk.MorphologicalWatershedFromMarkersImageFilter()
    filter.SetMarkWatershedLine(False)
    grid = (1.0, 1.0, 1.0)
    found = run(filter, as_flat(surface, grid), as_flat(markers, grid))
    return sitk.GetArrayFromImage(found).reshape(surface.shape)


def objects_from(depth: Array, places: Array, run: Run = executed) -> Array:
    """Return 16-bit labels (z, y, x) of the objects around their middles, the largest first."""
    markers = np.zeros(depth.shape, np.uint32)
    markers[tuple(places.T)] = np.arange(1, len(places) + 1)
    found = flooded(-depth, markers, run) if len(places) > 1 else np.ones(depth.shape, np.uint32)
    np.copyto(found, 0, where=depth <= 0)
    return by_size(found, len(places))


def by_size(labels: Array, count: int, least: float = 0) -> Array:
    """Return labels numbered by size, the largest first; those smaller than ``least`` voxels are left out."""
    sizes = np.zeros(count + 1, np.int64)
    for plane in labels:
        sizes += np.bincount(plane.ravel(), minlength=count + 1)
    sizes = sizes[1:]
    number = np.zeros(count + 1, np.uint16)
    kept = int(np.count_nonzero((sizes >= least) & (sizes > 0)))
    number[1 + np.argsort(-sizes, kind="stable")[:kept]] = np.arange(1, kept + 1)
    return np.take(number, labels, mode="clip")


def levels_of_surface(surface: Array) -> Array:
    """Return a surface in 65,535 even steps from its lowest to its highest finite value; NaN is highest."""
    finite = surface[np.isfinite(surface)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    steps = (np.nan_to_num(surface, nan=high, posinf=high, neginf=low) - low) * (65534 / (high - low or 1.0))
    return np.rint(steps).astype(np.uint16)


def reached(labels: Array, inside: Array, markers: Array) -> Array:
    """Return labels inside only, and only in those parts of it that hold a marker."""
    parts, count = ndimage.label(inside)
    with_marker = np.zeros(count + 1, bool)
    with_marker[parts[markers > 0]] = True
    with_marker[0] = False
    return np.where(with_marker[parts], labels, np.uint16(0))


def basins_of(levels: Array, depth: float, run: Run = executed) -> Array:
    """Return a number for every basin (z, y, x) that is at least so many levels deep."""
    filter = sitk.MorphologicalWatershedImageFilter()
    filter.SetLevel(depth)
    filter.SetMarkWatershedLine(False)
    return sitk.GetArrayFromImage(run(filter, as_flat(levels, (1.0, 1.0, 1.0)))).reshape(levels.shape)
