"""Find corners: places where slopes of different directions meet.

What is found comes as rows of x, y, z (mm in the world), radius (mm) and strength, the strongest first. Scripts carry
these functions along.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import KDTree

from pellucid.operations.context import Region
from pellucid.operations.engines.separable import filtered, gaussian_kernel
from pellucid.operations.engines.slopes import (
    Each,
    blockwise,
    gaussian_derivatives,
    in_turn,
    metric_per_mm,
    slope,
    voxel_sigmas,
    voxel_steps,
    widened,
)
from pellucid.operations.engines.vessels import symmetric_eigenvalues
from pellucid.operations.pixels import Array

LANDMARK_VOXELS = 1 << 17
MOST_CANDIDATES = 1 << 18


def serially() -> Iterator[Each]:
    """Return, as often as asked, what does pieces of work one after the other."""
    return itertools.repeat(in_turn)


def find_corners(
    image: sitk.Image,
    array: Array,
    limits: tuple[float, float],
    sigma: float,
    *,
    harris: bool,
    planar: bool,
    share: float,
    distance: float,
    count: int,
    turns: Iterator[Each] | None = None,
) -> Array:
    """Return rows of the corners that reach a share of the strongest and are a distance apart."""
    turns = turns or serially()
    metric = metric_per_mm(image, planar=planar)
    widths = [width * (metric[k, k] > 0) for k, width in enumerate(voxel_sigmas(image, sigma))]

    def compute(block: Region) -> Array:
        return np.nan_to_num(corner_strength(array, widths, metric, block, harris=harris), nan=0, posinf=0, neginf=0)

    strength = blockwise(array.shape, compute, np.float32, next(turns), LANDMARK_VOXELS)
    rounding = (least_answer(limits) ** 2 * float(metric.max())) ** (np.count_nonzero(np.diag(metric)) if harris else 1)
    places = local_maxima(strength, metric, max(share * float(strength.max()), rounding), next(turns))
    values = strength[tuple(places.T)]
    order = np.argsort(-values, kind="stable")[:MOST_CANDIDATES]
    places, values = places[order], values[order]
    chosen = spaced(positions_of(image, places), places[:, 0] * planar, distance, count)
    moved = meeting_places(array, places[chosen], sigma, widths, metric, next(turns))
    positions, values = positions_of(image, moved), values[chosen]
    chosen = spaced(positions, moved[:, 0] * planar, distance, count)
    return np.column_stack([positions, np.zeros(len(moved)), values])[chosen]


def least_answer(limits: tuple[float, float]) -> float:
    """Return how far an answer may be from nothing by rounding alone, where values have these limits."""
    return 1e-6 * max(abs(float(limits[0])), abs(float(limits[1])))


def corner_strength(array: Array, widths: list[float], metric: Array, block: Region, *, harris: bool) -> Array:
    """Return Harris' measure of corners, or the lesser principal slope squared (Shi and Tomasi)."""
    axes = [axis for axis in range(3) if metric[axis, axis] > 0]
    root = np.linalg.cholesky(metric[np.ix_(axes, axes)])  # turns slopes along the axes into those per mm
    kernels = gaussian_derivatives([0.7 * width for width in widths])
    window = [gaussian_kernel(width) for width in widths]
    reach = [0 if kernel is None else len(kernel) // 2 for kernel in window]
    grown, inner = widened(block, tuple(reach), array.shape)
    along = [slope(array, axis, kernels, grown) for axis in axes]
    slopes = [sum(root[i, j] * part for i, part in enumerate(along) if root[i, j] != 0) for j in range(len(axes))]
    n = range(len(axes))
    z, y, x = window
    tensor = {(i, j): filtered(np.asarray(slopes[i] * slopes[j]), (z, y, x), inner) for i in n for j in n if i <= j}
    out = np.empty(array[block].shape)
    for plane in range(len(out)):
        entries = {pair: values[plane].astype(np.float64) for pair, values in tensor.items()}
        values = symmetric_eigenvalues([[entries[min(i, j), max(i, j)] for j in n] for i in n])
        out[plane] = harris_measure(values) if harris else values[0]
    return out


def harris_measure(values: list[Array]) -> Array:
    """Return the determinant minus a share of the power of the trace; in three dimensions after Laptev."""
    share = 0.04 if len(values) < 3 else 0.005
    return np.asarray(math.prod(values) - share * sum(values) ** len(values))


def local_maxima(strength: Array, metric: Array, floor: float, each: Each) -> Array:
    """Return the voxels (n, 3) that are above 0, reach ``floor`` and are not below any neighbour."""
    size = [3 if metric[axis, axis] > 0 else 1 for axis in range(3)]
    found: dict[tuple[int, int], Array] = {}

    def work(z: int) -> None:
        first, last = max(0, z - 1), min(len(strength), z + 2)
        part = strength[first:last]
        here = part[z - first]
        highest = ndimage.maximum_filter(part, size, mode="nearest")[z - first]
        y, x = np.nonzero((here == highest) & (here > 0) & (here >= floor))
        found[z, 0] = np.column_stack([np.full(len(y), z), y, x])

    each(work, range(len(strength)))
    return np.concatenate([found[key] for key in sorted(found)])


def meeting_places(array: Array, places: Array, sigma: float, widths: list[float], metric: Array, each: Each) -> Array:
    """Return voxels moved to where the edges around them meet (Foerstner): nearest to all lines across a slope."""
    axes = [axis for axis in range(3) if metric[axis, axis] > 0]
    form = np.linalg.inv(metric[np.ix_(axes, axes)]) / max(1e-9, sigma**2)
    kernels = gaussian_derivatives([0.7 * width for width in widths])
    reach = [1 + int(2 * width) if axis in axes else 0 for axis, width in enumerate(widths)]
    moved = places.astype(np.float64)

    def work(n: int) -> None:
        z, y, x = (
            slice(max(0, k - far), min(size, k + far + 1))
            for k, far, size in zip(places[n], reach, array.shape, strict=True)
        )
        slopes = np.stack([slope(array, axis, kernels, (z, y, x)).astype(np.float64).ravel() for axis in axes])
        index = np.meshgrid(*(np.arange(part.start, part.stop) for part in (z, y, x)), indexing="ij")
        offsets = np.stack([index[axis].ravel() - places[n, axis] for axis in axes]).astype(np.float64)
        weights = np.exp(-0.5 * np.einsum("in,ij,jn->n", offsets, form, offsets))
        tensor = (weights * slopes) @ slopes.T
        aim = (weights * (slopes * offsets).sum(axis=0)) @ slopes.T
        step = np.linalg.lstsq(tensor, aim, rcond=1e-6)[0]
        if step @ form @ step <= 9:
            moved[n, axes] += step

    each(work, range(len(places)))
    return moved


def positions_of(image: sitk.Image, places: Array) -> Array:
    """Return the world points (n, 3) of voxels given as z, y, x; a planar image lies at z = 0."""
    origin = np.array((*image.GetOrigin(), 0.0)[:3])
    steps = voxel_steps(image)
    return np.asarray(origin + sum(np.outer(places[:, axis], steps[:, axis]) for axis in range(3)))


def spaced(positions: Array, layers: Array, distance: float, count: int) -> list[int]:
    """Return which points to keep, the first ones first, so that none is too near to another of its layer."""
    if len(positions) == 0:
        return []
    positions = np.column_stack([positions, layers * (2 * distance + 1)])
    tree, free, kept = KDTree(positions), np.ones(len(positions), bool), []
    for n in range(len(positions)):
        if free[n]:
            kept.append(n)
            free[tree.query_ball_point(positions[n], distance)] = False
        if len(kept) == count:
            break
    return kept
