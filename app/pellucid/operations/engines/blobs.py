"""Find blobs: spots that stand out most at a scale of their own.

What is found comes as rows of x, y, z (mm in the world), radius (mm) and strength, the strongest first. Scripts carry
these functions along.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from scipy.spatial import KDTree

from pellucid.operations.context import Region
from pellucid.operations.engines.corners import (
    LANDMARK_VOXELS,
    MOST_CANDIDATES,
    least_answer,
    local_maxima,
    positions_of,
    serially,
)
from pellucid.operations.engines.separable import filtered, gaussian_kernel
from pellucid.operations.engines.slopes import (
    Each,
    blockwise,
    gaussian_derivatives,
    laplacian_of,
    metric_per_mm,
    voxel_sigmas,
)
from pellucid.operations.pixels import Array

_SPREAD = 1.6  # ratio of the widths whose difference stands for a Laplacian


def blob_radii(smallest: float, largest: float, count: int) -> list[float]:
    """Return ``count`` radii with equal ratios between them, and one more at either end."""
    ratio = (largest / smallest) ** (1 / (count - 1)) if count > 1 and largest > smallest else 1.25
    inside = range(-1, count + 1) if largest > smallest else range(-1, 2)
    return [smallest * ratio**n for n in inside]


def find_blobs(
    image: sitk.Image,
    array: Array,
    limits: tuple[float, float],
    radii: list[float],
    *,
    dark: bool,
    difference: bool,
    planar: bool,
    share: float,
    overlap: float,
    count: int,
    turns: Iterator[Each] | None = None,
) -> Array:
    """Return rows of the blobs whose answer is largest at a radius between the first and the last."""
    turns = turns or serially()
    metric = metric_per_mm(image, planar=planar)
    dimension = max(1, int(np.count_nonzero(np.diag(metric))))
    found, best = [np.zeros((0, 6))], 0.0
    layers: list[Array] = []
    for n, radius in enumerate(radii):
        sigma = radius / math.sqrt(dimension)
        widths = [width * (metric[k, k] > 0) for k, width in enumerate(voxel_sigmas(image, sigma))]
        answer = blob_answer(array, widths, sigma**2 * metric, next(turns), difference=difference)
        layers = [*layers[-2:], np.negative(answer, out=answer) if dark else answer]
        if len(layers) == 3:
            floor = max(share * best, least_answer(limits))
            rows = blobs_between(image, layers, radii[n - 2 : n + 1], metric, floor, next(turns))
            best = max(best, rows[:, 4].max(initial=0.0))
            found.append(rows)
    rows = np.concatenate(found)
    rows = rows[rows[:, 4] >= share * best]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")[:MOST_CANDIDATES]]
    return np.asarray(rows[separate(rows, overlap, count, dimension, planar=planar), :5])


def blob_answer(array: Array, widths: list[float], metric: Array, each: Each, *, difference: bool) -> Array:
    """Return how bright spots of a width (voxels along z, y, x) stand out; ``metric`` holds the square of it in mm."""
    kernels = gaussian_derivatives(widths)
    narrow, wide = ([gaussian_kernel(width * _SPREAD**power) for width in widths] for power in (-0.5, 0.5))

    def compute(block: Region) -> Array:
        if difference:
            answer = filtered(array, (narrow[0], narrow[1], narrow[2]), block)
            answer -= filtered(array, (wide[0], wide[1], wide[2]), block)
            answer /= math.log(_SPREAD)
        else:
            answer = -laplacian_of(array, kernels, metric, block)
        return np.nan_to_num(answer, nan=0, posinf=0, neginf=0)

    return blockwise(array.shape, compute, np.float32, each, LANDMARK_VOXELS)


def blobs_between(
    image: sitk.Image, layers: list[Array], radii: list[float], metric: Array, floor: float, each: Each
) -> Array:
    """Return rows (and the slice) of what stands out more at the middle of three radii than at its neighbours."""
    below, here, above = layers
    places = local_maxima(here, metric, floor, each)
    values = here[tuple(places.T)]
    places = places[(values > highest_near(below, places, metric)) & (values >= highest_near(above, places, metric))]
    samples = [layer[tuple(places.T)].astype(np.float64) for layer in layers]
    sizes = radii[1] * (radii[2] / radii[1]) ** summit(*samples)
    positions = positions_of(image, refined(here, places, metric))
    return np.column_stack([positions, sizes, samples[1], places[:, 0]])


def refined(strength: Array, places: Array, metric: Array) -> Array:
    """Return voxels moved, by less than one, to the top of the parabola through their neighbours along each axis."""
    moved = places.astype(np.float64)
    here = strength[tuple(places.T)].astype(np.float64)
    for axis in (axis for axis in range(3) if metric[axis, axis] > 0):
        step = np.eye(3, dtype=int)[axis]
        before, after = (
            strength[tuple((places + way * step).clip(0, np.array(strength.shape) - 1).T)].astype(np.float64)
            for way in (-1, 1)
        )
        inside = (places[:, axis] > 0) & (places[:, axis] < strength.shape[axis] - 1)
        moved[:, axis] += np.where(inside, summit(before, here, after), 0)
    return moved


def summit(before: Array, here: Array, after: Array) -> Array:
    """Return how far, from -0.5 to 0.5, the top of a parabola lies from the middle of three samples."""
    bend = before - 2 * here + after
    return np.asarray(np.clip((before - after) / 2 / np.where(bend < 0, bend, -np.inf), -0.5, 0.5))


def highest_near(layer: Array, places: Array, metric: Array) -> Array:
    """Return the largest value at or next to some voxels."""
    highest = np.full(len(places), -np.inf, layer.dtype)
    for step in itertools.product(*((-1, 0, 1) if metric[axis, axis] > 0 else (0,) for axis in range(3))):
        near = (places + step).clip(0, np.array(layer.shape) - 1)
        np.maximum(highest, layer[tuple(near.T)], out=highest)
    return highest


def separate(rows: Array, overlap: float, count: int, dimension: int, *, planar: bool) -> list[int]:
    """Return which rows to keep, the first ones first, so that none shares more than a part of the smaller one."""
    if len(rows) == 0:
        return []
    radii = rows[:, 3]
    widest = float(radii.max())
    centres = np.column_stack([rows[:, :3], rows[:, 5] * 3 * widest * planar])  # slices do not meet
    tree, free, kept = KDTree(centres), np.ones(len(rows), bool), []
    for n in range(len(rows)):
        if free[n]:
            kept.append(n)
            near = np.array(tree.query_ball_point(centres[n], radii[n] + widest))
            far = np.linalg.norm(centres[near] - centres[n], axis=1)
            free[near[shared_part(far, radii[n], radii[near], dimension) > overlap]] = False
        if len(kept) == count:
            break
    return kept


def shared_part(distance: Array, radius: float, radii: Array, dimension: int) -> Array:
    """Return how much of the smaller of two balls (discs, lines) lies in the other one."""
    less, more = np.minimum(radius, radii), np.maximum(radius, radii)
    apart = np.clip(distance, np.maximum(more - less, 1e-9 * more), more + less)
    if dimension == 1:
        part = (more + less - apart) / (2 * less)
    elif dimension == 2:
        first = np.arccos(np.clip((apart**2 + less**2 - more**2) / (2 * apart * less), -1, 1))
        second = np.arccos(np.clip((apart**2 + more**2 - less**2) / (2 * apart * more), -1, 1))
        lens = less**2 * (first - np.sin(2 * first) / 2) + more**2 * (second - np.sin(2 * second) / 2)
        part = lens / (math.pi * less**2)
    else:
        gap = more + less - apart
        lens = gap**2 * (apart**2 + 2 * apart * (less + more) - 3 * (more - less) ** 2) / (12 * apart)
        part = lens / (4 / 3 * less**3)
    return np.asarray(np.minimum(part, 1))
