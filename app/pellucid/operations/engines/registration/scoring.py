"""How well two images agree under a transform: the metric on the full images, and how much of them meets."""

from __future__ import annotations

import math

import numpy as np

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.frames import axes
from pellucid.operations.engines.registration.levels import level_of
from pellucid.operations.engines.registration.methods import method_of
from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.stages import attach, fresh
from pellucid.operations.pixels import Array, view

_LOOKED_AT = 2_000_000
_PROBES = 2_000


def metric_of(chain: Chain, stage: Stage, context: Context) -> float:
    """Return the metric of a stage on the images, shrunk to some two million voxels; infinite where none meet."""
    pair = chain.pair
    finest = min(pair.fixed.GetSpacing())
    extent = np.prod(np.array(pair.fixed.GetSize()) * np.array(pair.fixed.GetSpacing()))
    target = max(finest, float(extent / _LOOKED_AT) ** (1 / pair.dimensions))
    fixed, moving = (level_of(image, target, 0.0) for image in (pair.fixed, pair.moving))
    asked = Stage(transform="translation", metric="mean_squares" if stage.transform == "demons" else stage.metric,
                  bins=stage.bins, radius=stage.radius, sampling="all", interpolator=stage.interpolator)  # fmt: skip
    method = method_of(asked, fixed, 1, context.threads, 1.0, pair.dimensions)
    moving = attach(method, chain, fixed, moving)
    method.SetInitialTransform(fresh("translation", pair.dimensions), True)
    context.check()
    try:
        value = float(method.MetricEvaluate(fixed, moving))
    except RuntimeError:
        return math.inf
    return value if math.isfinite(value) and abs(value) < 1e30 else math.inf


def covered(chain: Chain, most: int = _PROBES) -> float:
    """Return the share of the fixed image, or of its mask, that the moving image covers."""
    points, moving, matrix = probes(chain, most), chain.pair.moving, chain.matrix
    if matrix is not None:
        there = points @ matrix[:-1, :-1].T + matrix[:-1, -1]
    else:
        transform = chain.within()
        there = np.array([transform.TransformPoint(point) for point in points.tolist()])
    steps = axes(moving) * np.array(moving.GetSpacing())
    index = (there - np.array(moving.GetOrigin())) @ np.linalg.inv(steps).T
    inside = (index >= -0.5) & (index <= np.array(moving.GetSize()) - 0.5)
    return float(inside.all(axis=1).mean())


def probes(chain: Chain, most: int = _PROBES) -> Array:
    """Return places all over the fixed image, or its mask."""
    grid = chain.pair.fixed if chain.pair.fixed_mask is None else chain.pair.fixed_mask
    if chain.pair.fixed_mask is None:
        shape = grid.GetSize()[::-1]
        flat: Array = np.arange(int(np.prod(shape)))
    else:
        values = view(grid)
        shape = values.shape[-grid.GetDimension() :]
        flat = np.flatnonzero(values)
    flat = flat[:: max(1, len(flat) // most)]
    places = np.stack(np.unravel_index(flat, shape)[::-1], -1)
    return np.asarray(places @ (axes(grid) * np.array(grid.GetSpacing())).T + np.array(grid.GetOrigin()))
