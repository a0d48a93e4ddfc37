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
from pellucid.operations.pixels import Array

Run = Callable[..., sitk.Image]
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


def middles(depth: Array, spacing: Spacing, neck: float, apart: float, run: Run = executed) -> Array:
    """Return the voxels (z, y, x), one in each object, at which its depth is largest.

    Between two of them the depth falls by at least the share ``neck`` of the lower one. Of those in one part that are
    nearer to each other than ``apart`` (mm) only the deepest stays. Every part keeps one.
    """
    inside = depth > 0
    floor = np.float32(min(spacing) * 1e-3)
    height = np.log(np.maximum(depth, floor))
    filter = sitk.ReconstructionByDilationImageFilter()
    lowered = as_flat(height + np.float32(np.log(1 - neck) - 1e-4), spacing)
    tops = sitk.RegionalMaximaImageFilter()
    tops.SetForegroundValue(1)
    tops.SetBackgroundValue(0)
    peaks = run(tops, run(filter, lowered, as_flat(height, spacing)))
    peaks = (sitk.GetArrayFromImage(peaks).reshape(depth.shape) > 0) & inside
    numbers, count = ndimage.label(peaks)
    places = np.array(ndimage.maximum_position(depth, numbers, range(1, count + 1))).reshape(-1, 3)
    if apart <= 0 or count < 2:
        return places.astype(np.int64)
    return far_apart(places, depth, ndimage.label(inside)[0], apart, spacing)


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
    return by_size(np.where(depth > 0, found, 0), len(places))


def by_size(labels: Array, count: int, least: float = 0) -> Array:
    """Return labels numbered by size, the largest first; those smaller than ``least`` voxels are left out."""
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    number = np.zeros(count + 1, np.uint16)
    kept = int(np.count_nonzero((sizes >= least) & (sizes > 0)))
    number[1 + np.argsort(-sizes, kind="stable")[:kept]] = np.arange(1, kept + 1)
    return number[labels]


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
