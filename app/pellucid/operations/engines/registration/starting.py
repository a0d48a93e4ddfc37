"""Where a registration begins: as the images lie, by their middles, by what is in them, or by looking around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.frames import homogeneous
from pellucid.operations.engines.registration.levels import level_of
from pellucid.operations.engines.registration.plans import Plan, Stage
from pellucid.operations.engines.registration.preparing import Pair
from pellucid.operations.engines.registration.searching import best_of
from pellucid.operations.pixels import Array

_VOXELS = 20_000
"""How many voxels an image has at least on the level where starts are compared."""


@dataclass(frozen=True, eq=False)
class Body:
    """Where the content of an image is: its middle, its principal axes as columns, the widest first."""

    middle: Array
    axes: Array


def started(chain: Chain, plan: Plan, given: bool, course: Course, seed: int) -> tuple[Chain, float]:
    """Return the chain after the start, and how near the second best start came (0 nowhere, 1 as good)."""
    if plan.start == "identity" or (given and plan.start != "search"):
        return chain, 0.0
    pair = chain.pair
    if plan.start == "centres":
        return Chain(pair, (shift(_middle(pair.moving) - _middle(pair.fixed)),)), 0.0
    small = smaller(pair)
    fixed, moving = body(small.fixed, small.fixed_mask), body(small.moving, small.moving_mask)
    if plan.start == "masses":
        return Chain(pair, (shift(moving.middle - fixed.middle),)), 0.0
    stage = next((stage for stage in plan.stages if stage.transform != "demons"), Stage(transform="rigid"))
    if plan.start == "moments":
        found, _ = best_of(small, list(_by_axes(fixed, moving)), stage, course, seed, refine=False)
        return Chain(pair, (found,)), 0.0
    found, rivalry = best_of(small, list(_around(chain, small, fixed, moving, stage)), stage, course, seed)
    return Chain(pair, (found,)), rivalry


def shift(by: Array) -> Array:
    """Return the matrix of a shift."""
    return homogeneous(np.eye(len(by)), by)


def smaller(pair: Pair, voxels: int = _VOXELS) -> Pair:
    """Return a pair on a level with about so many voxels, where a look costs some milliseconds."""
    finest = min(pair.fixed.GetSpacing())
    extent = np.prod(np.array(pair.fixed.GetSize()) * np.array(pair.fixed.GetSpacing()))
    target = max(finest, float(extent / voxels) ** (1 / pair.dimensions))
    fixed, moving = (level_of(image, target, target / 2) for image in (pair.fixed, pair.moving))
    return Pair(fixed, moving, pair.fixed_mask, pair.moving_mask, pair.fixed_frame, pair.moving_frame)


def body(image: sitk.Image, mask: sitk.Image | None) -> Body:
    """Return where an image differs from its border, or from its darkest part under a mask.

    The values are used as they differ, without a sign: dark on bright is as good as bright on dark.
    """
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    inside = np.ones(values.shape, dtype=bool)
    if mask is not None:
        inside = sitk.GetArrayFromImage(sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor)) > 0
        inside = inside if inside.any() else np.ones(values.shape, dtype=bool)
    weights = np.where(inside, np.abs(values - _background(values)), 0)
    weights[weights < 0.1 * weights.max()] = 0
    weights = weights if weights.any() else inside.astype(np.float64)
    places = np.stack([n.ravel() for n in np.meshgrid(*map(np.arange, values.shape), indexing="ij")][::-1], -1)
    n = image.GetDimension()
    steps = np.array(image.GetDirection()).reshape(n, n) * np.array(image.GetSpacing())
    points = places @ steps.T + np.array(image.GetOrigin())
    share = weights.ravel() / weights.sum()
    middle = share @ points
    spread = (points - middle).T @ ((points - middle) * share[:, None])
    return Body(middle, np.linalg.eigh(spread)[1][:, ::-1])


def _background(values: Array) -> float:
    """Return the value that most of the border has."""
    rim = np.ones(values.shape, dtype=bool)
    rim[tuple(slice(1, -1) if size > 2 else slice(None) for size in values.shape)] = False
    return float(np.median(values[rim] if rim.any() else values))


def _middle(image: sitk.Image) -> Array:
    return np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


def _by_axes(fixed: Body, moving: Body) -> Iterator[Array]:
    """Yield all ways to lay principal axes onto each other without a mirror."""
    for signs in product((1, -1), repeat=len(fixed.middle)):
        turn = moving.axes * np.array(signs) @ fixed.axes.T
        if np.linalg.det(turn) > 0:
            yield homogeneous(turn, moving.middle - turn @ fixed.middle)


def _around(chain: Chain, small: Pair, fixed: Body, moving: Body, stage: Stage) -> Iterator[Array]:
    """Yield starts from where they are likely to where they are not: shifts first, then turns about the middles."""
    n = len(fixed.middle)
    lying = chain.matrix if chain.matrix is not None else np.eye(n + 1)
    centres = shift(_middle(small.moving) - _middle(small.fixed))
    masses = shift(moving.middle - fixed.middle)
    yield from (lying, centres, masses)
    if stage.transform == "translation":
        return
    for turn in _turns(n):
        for known in (lying, masses):
            pivot = homogeneous(turn, fixed.middle - turn @ fixed.middle)
            yield known @ pivot
    yield from _by_axes(fixed, moving)


def _turns(n: int) -> Iterator[Array]:
    """Yield rotations: all around in a plane, up to 40 degrees and quarter turns in space."""
    if n == 2:
        for degrees in range(15, 360, 15):
            yield _rotation(2, 0, 1, degrees)
        return
    for first, second in ((0, 1), (0, 2), (1, 2)):
        for degrees in (-40, -20, 20, 40, 90, 180, 270):
            yield _rotation(3, first, second, degrees)


def _rotation(n: int, first: int, second: int, degrees: float) -> Array:
    turn = np.eye(n)
    angle = np.radians(degrees)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn


