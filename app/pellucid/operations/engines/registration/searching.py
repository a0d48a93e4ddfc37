"""Compare many starts on a small copy of the images, and improve the best of them before one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.plans import Stage, Transform
from pellucid.operations.engines.registration.preparing import Pair
from pellucid.operations.engines.registration.scoring import covered, metric_of
from pellucid.operations.engines.registration.stages import Level, fit_level, fresh
from pellucid.operations.pixels import Array

_IMPROVED = 4
_FAR = 0.15
"""Starts that lead all points at least so far from each other, in radii of the fixed image, are other places."""
_LEAST_COVER = 0.3
_ITERATIONS = 40


@dataclass(frozen=True, eq=False)
class Try:
    """A start and how well the images agree there."""

    matrix: Array
    metric: float


def best_of(
    small: Pair, starts: list[Array], stage: Stage, course: Course, seed: int, *, refine: bool = True
) -> tuple[Array, float]:
    """Return the best of several starts, and how near the best of the others came (0 nowhere, 1 as good)."""
    context = course.context
    tried = [_judged(small, matrix, stage, context) for matrix in starts]
    known = sorted((one for one in tried if np.isfinite(one.metric)), key=lambda one: one.metric)
    if not known:
        return starts[0], 0.0
    if not refine:
        return known[0].matrix, 0.0
    ends = sorted(
        (improved(small, one, stage, course, seed) for one in apart(known, _IMPROVED)), key=lambda one: one.metric
    )
    others = [one for one in ends if distance(one.matrix, ends[0].matrix) > _FAR]
    level = float(np.median([one.metric for one in known]))
    if not others or level <= ends[0].metric:
        return ends[0].matrix, 0.0
    return ends[0].matrix, max(0.0, (level - others[0].metric) / (level - ends[0].metric))


def distance(first: Array, second: Array) -> float:
    """Return how far two matrices lead the points of the fixed image apart, as a root of mean squares in radii."""
    n = len(first) - 1
    gap = first - second
    return float(np.sqrt((gap[:n, :n] ** 2).sum() / n + (gap[:n, n] ** 2).sum()))


def apart(known: list[Try], most: int) -> list[Try]:
    """Return the best that are not near to a better one."""
    kept: list[Try] = []
    for one in known:
        if len(kept) < most and all(distance(one.matrix, other.matrix) > _FAR for other in kept):
            kept.append(one)
    return kept


def _judged(small: Pair, matrix: Array, stage: Stage, context: Context) -> Try:
    chain = Chain(small, (matrix,))
    if covered(chain, 300) < _LEAST_COVER:
        return Try(matrix, np.inf)
    return Try(matrix, metric_of(chain, stage, context))


def improved(small: Pair, start: Try, stage: Stage, course: Course, seed: int) -> Try:
    """Return where a start ends after a short descent on the small images; it is no part of the curve."""
    chain = Chain(small, (start.matrix,))
    unit = max(small.fixed.GetSpacing())
    kind: Transform = "translation" if stage.transform == "translation" else "rigid"
    quick = Stage(transform=kind, metric=stage.metric, bins=stage.bins, radius=stage.radius, iterations=_ITERATIONS,
                  least_step=0.05, sampling="all")  # fmt: skip
    transform = fresh(kind, small.dimensions)
    silent = Course(Context(cancelled=course.context.cancelled, threads=course.context.threads), None, 1)
    try:
        fit_level(chain, transform, quick, Level(0, 0, small.fixed, small.moving, unit), silent, seed)
    except Refused:
        return Try(start.matrix, np.inf)
    ended = chain.then(transform)
    assert ended.matrix is not None
    return _judged(small, ended.matrix, stage, course.context)
