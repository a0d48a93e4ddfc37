"""Demons: every voxel of the fixed image gets a displacement of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course, guarded
from pellucid.operations.engines.registration.outcome import Point
from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.stages import End, Level, levels_of
from pellucid.operations.pixels import view

_AT_ONCE = 5
"""Iterations of one call; between calls the field can be looked at."""
_DAMPED = 0.5
"""Share of its step that the symmetric variant takes: it has no limit of its own, and would swing and fold."""
_EDGE = 2
_WORSE = 0.05
"""Share by which the metric may end above its best; a field that is worse is left for the best one."""
_DEVIATION = 100.0
_WINDOW = 10
_FILTERS = {
    "classic": sitk.DemonsRegistrationFilter,
    "fast": sitk.FastSymmetricForcesDemonsRegistrationFilter,
    "symmetric": sitk.SymmetricForcesDemonsRegistrationFilter,
    "diffeomorphic": sitk.DiffeomorphicDemonsRegistrationFilter,
}


def fit(chain: Chain, stage: Stage, number: int, course: Course, seed: int) -> tuple[Chain, End]:
    """Fit a displacement field, level by level, and return the chain with it."""
    field: sitk.Image | None = None
    end = End()
    for made in levels_of(chain.pair, stage, number):
        level = made()
        field = _started(field, level.fixed)
        field, ended = _fit_level(chain, field, stage, level, course)
        end = replace(ended, iterations=end.iterations + ended.iterations)
        course.level_done()
    assert field is not None
    return chain.then(_transform(field)), end


def _started(coarser: sitk.Image | None, fixed: sitk.Image) -> sitk.Image:
    """Return the field a level begins with: none at all, or that of the level before on the new grid."""
    if coarser is not None:
        wide = sitk.ResampleImageFilter()
        wide.SetReferenceImage(fixed)
        wide.SetUseNearestNeighborExtrapolator(True)
        return wide.Execute(coarser)
    field = sitk.Image(fixed.GetSize(), sitk.sitkVectorFloat64, fixed.GetDimension())
    field.CopyInformation(fixed)
    return field


def _apart(field: sitk.Image) -> sitk.Image:
    """Return a copy that can be looked at while a filter holds the field."""
    copy = sitk.Image(field)
    copy.MakeUnique()
    return copy


def _transform(field: sitk.Image) -> sitk.Transform:
    return sitk.DisplacementFieldTransform(sitk.Image(field))


def _fit_level(
    chain: Chain, field: sitk.Image, stage: Stage, level: Level, course: Course
) -> tuple[sitk.Image, End]:
    fixed, moving = _comparable(chain, stage, level)
    values: list[float] = []
    best, lowest = field, np.inf
    while len(values) < stage.iterations and not _flat(values):
        count = min(1 if stage.variant == "symmetric" else _AT_ONCE, stage.iterations - len(values))
        before, first = field, len(values)
        field = _some(_filter(stage, count, course), fixed, moving, field, chain, level, stage, course, values)
        if stage.variant == "symmetric":
            field = _between(before, field)
        if values[first] < lowest:
            best, lowest = before, values[first]
    if values[-1] > lowest + _WORSE * abs(lowest):
        field = best
    reached = _flat(values)
    reason = tr("The images got no more alike.") if reached else tr("All iterations were used.")
    return field, End(reason, reached or _nearly_flat(values), len(values))


def _between(before: sitk.Image, after: sitk.Image) -> sitk.Image:
    """Return the field of a part of a step; the outermost voxels, whose gradients are poor, follow their neighbours."""
    values = view(before) * (1 - _DAMPED) + view(after) * _DAMPED
    values = values.reshape(*before.GetSize()[::-1], -1)
    for axis, size in enumerate(values.shape[:-1]):
        ends = np.clip(np.arange(size), min(_EDGE, size // 3), max(size - 1 - _EDGE, size - 1 - size // 3))
        values = np.take(values, ends, axis=axis)
    field = sitk.GetImageFromArray(values, isVector=True)
    field.CopyInformation(before)
    return field


def _filter(stage: Stage, count: int, course: Course) -> Any:
    demons = _FILTERS[stage.variant]()
    demons.SetNumberOfThreads(course.context.threads)
    demons.SetNumberOfIterations(count)
    demons.SetMaximumRMSError(0.0)
    demons.SetSmoothDisplacementField(stage.field_sigma > 0)
    demons.SetStandardDeviations(max(stage.field_sigma, 0.01))
    demons.SetSmoothUpdateField(stage.update_sigma > 0)
    demons.SetUpdateFieldStandardDeviations(max(stage.update_sigma, 0.01))
    return demons


def _some(
    demons: Any, fixed: sitk.Image, moving: sitk.Image, field: sitk.Image, chain: Chain, level: Level, stage: Stage,
    course: Course, values: list[float],
) -> sitk.Image:  # fmt: skip
    """Return the field after some more iterations; their metrics are added to the values."""
    known = _apart(field) if course.watch is not None else field
    found: list[sitk.Image] = []

    def note() -> None:
        values.append(float(demons.GetMetric()))
        course.step(Point(level.stage, level.number, len(values) - 1, values[-1]), stage.iterations,
                    lambda: chain.then(_transform(known)).outside())  # fmt: skip

    demons.AddCommand(sitk.sitkIterationEvent, note)
    try:
        guarded(lambda: found.append(demons.Execute(fixed, moving, field)), course.context, _refusal)
    finally:
        demons.RemoveAllCommands()
    return found[0]


def _refusal(reason: str) -> Refused:
    return Refused(tr("Demons cannot go on: {reason}", reason=reason.strip().splitlines()[-1]))


def _comparable(chain: Chain, stage: Stage, level: Level) -> tuple[sitk.Image, sitk.Image]:
    """Return the fixed image and the moving one on its grid, with values that can be subtracted."""
    lowest = float(view(level.moving).min())
    moving = sitk.Resample(level.moving, level.fixed, chain.within(), sitk.sitkLinear, lowest)
    if stage.match:
        moving = sitk.HistogramMatching(moving, level.fixed, 256, 15, True)
    deviation = float(view(level.fixed).std()) or 1.0
    return level.fixed * (_DEVIATION / deviation), moving * (_DEVIATION / deviation)


def _flat(values: list[float]) -> bool:
    """Return whether the last iterations changed next to nothing, or made it worse."""
    if len(values) < 2 * _WINDOW:
        return False
    gained = values[-_WINDOW - 1] - min(values[-_WINDOW:])
    return gained <= 1e-3 * max(values[0] - min(values), 1e-12)


def _nearly_flat(values: list[float]) -> bool:
    late = values[-max(5, len(values) // 10) :]
    return bool(np.ptp(late) <= 0.02 * max(np.ptp(values), 1e-12))
