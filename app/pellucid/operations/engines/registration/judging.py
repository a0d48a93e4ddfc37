"""How well two images agree under a transform: the metric on the full images, and how much of them meets."""

from __future__ import annotations

import math

import numpy as np

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.methods import method_of
from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.stages import attach, fresh
from pellucid.operations.pixels import Array, view

_LOOKED_AT = 200_000
_PROBES = 20_000


def metric_of(chain: Chain, stage: Stage, context: Context) -> float:
    """Return the metric of a stage on the full images (a regular sample of large ones); infinite where none meet."""
    fixed = chain.pair.fixed
    share = min(1.0, _LOOKED_AT / fixed.GetNumberOfPixels())
    metric = "mean_squares" if stage.transform == "demons" else stage.metric
    asked = Stage(transform="translation", metric=metric, bins=stage.bins, radius=stage.radius,
                  sampling="regular" if share < 1 else "all", share=share, interpolator=stage.interpolator)  # fmt: skip
    method = method_of(asked, fixed, 1, context.threads, 1.0, chain.pair.dimensions)
    moving = attach(method, chain, chain.pair.moving)
    method.SetInitialTransform(fresh("translation", chain.pair.dimensions), True)
    context.check()
    try:
        value = float(method.MetricEvaluate(fixed, moving))
    except RuntimeError:
        return math.inf
    return value if math.isfinite(value) and abs(value) < 1e30 else math.inf


def covered(chain: Chain) -> float:
    """Return the share of the fixed image, or of its mask, that the moving image covers."""
    points = probes(chain)
    transform, moving = chain.within(), chain.pair.moving
    size = np.array(moving.GetSize())
    inside = 0
    for point in points:
        index = np.array(moving.TransformPhysicalPointToContinuousIndex(transform.TransformPoint(point)))
        inside += bool(((index >= -0.5) & (index <= size - 0.5)).all())
    return inside / len(points)


def probes(chain: Chain) -> list[list[float]]:
    """Return places all over the fixed image, or its mask."""
    grid = chain.pair.fixed if chain.pair.fixed_mask is None else chain.pair.fixed_mask
    if chain.pair.fixed_mask is None:
        shape = grid.GetSize()[::-1]
        flat: Array = np.arange(int(np.prod(shape)))
    else:
        values = view(grid)
        shape = values.shape[-grid.GetDimension() :]
        flat = np.flatnonzero(values)
    flat = flat[:: max(1, len(flat) // (_PROBES // 8))]
    places = np.stack(np.unravel_index(flat, shape)[::-1], -1)
    n = grid.GetDimension()
    steps = np.array(grid.GetDirection()).reshape(n, n) * np.array(grid.GetSpacing())
    return list((places @ steps.T + np.array(grid.GetOrigin())).tolist())
