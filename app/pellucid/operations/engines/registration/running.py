"""Register two images by a plan."""

from __future__ import annotations

import time

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.registration import bends, demons, stages
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.doubts import Findings, doubts_of
from pellucid.operations.engines.registration.outcome import Outcome, Watch
from pellucid.operations.engines.registration.plans import Plan, Stage, changed
from pellucid.operations.engines.registration.preparing import Pair, inwards, prepare
from pellucid.operations.engines.registration.scoring import covered, metric_of
from pellucid.operations.engines.registration.stages import End
from pellucid.operations.engines.registration.starting import started

_LESS = 0.02
"""The share of the mutual information that a bend may lose."""


def register(
    fixed: sitk.Image, moving: sitk.Image, plan: Plan, context: Context, *,
    fixed_mask: sitk.Image | None = None, moving_mask: sitk.Image | None = None,
    initial: sitk.Transform | None = None, seed: int = 1, watch: Watch | None = None,
) -> Outcome:  # fmt: skip
    """Return the transform that brings a moving image onto a fixed one.

    The same images, plan and seed give the same transform. An ``initial`` transform takes the place of the start of the
    plan, except that ``search`` also looks around it. Raises Refused with a sentence where the images cannot be
    registered, Cancelled when the context says so.
    """
    began = time.monotonic()
    if not plan.stages:
        raise Refused(tr("A registration needs at least one stage, such as “rigid”."))
    pair = prepare(fixed, moving, fixed_mask, moving_mask, context)
    course = Course(context, watch, sum(len(stage.shrink) for stage in plan.stages))
    chain, rivalry = started(_given(pair, initial), plan, initial is not None, course, seed)
    ends = []
    for number, stage in enumerate(plan.stages):
        fit = {"demons": demons.fit, "bspline": bends.fit}.get(stage.transform, stages.fit)
        found, end = fit(chain, stage, number, course, seed)
        chain, end = _better(chain, found, stage, end, context)
        ends.append(end)
    before = metric_of(_given(pair, None), plan.stages[-1], context)
    after = metric_of(chain, plan.stages[-1], context)
    overlap = covered(chain)
    doubts = doubts_of(chain, plan, course, Findings(before, after, overlap, rivalry, ends), seed)
    return Outcome(
        chain.outside(), not doubts, before, after, sum(end.iterations for end in ends), ends[-1].reason,
        time.monotonic() - began, doubts, overlap, tuple(course.curve), ends[-1].text,
    )  # fmt: skip


def _better(chain: Chain, found: Chain, stage: Stage, end: End, context: Context) -> tuple[Chain, End]:
    """Return what a stage found, or what it began with where a bend makes the full images less alike."""
    if stage.transform not in ("bspline", "demons"):
        return found, end
    if metric_of(found, stage, context) <= metric_of(chain, stage, context) and _share(chain, found, stage, context):
        return found, end
    return chain, End(tr("A bend would make the images less alike, so they were left as they were."), True,
                      end.iterations, end.text, is_dropped=True)  # fmt: skip


def _share(chain: Chain, found: Chain, stage: Stage, context: Context) -> bool:
    """Return whether images tell as much of each other as before: demons would not mind that they are unlike."""
    if stage.transform != "demons":
        return True
    shared = changed(stage, transform="bspline", metric="mattes")
    before, after = metric_of(chain, shared, context), metric_of(found, shared, context)
    return after <= before + _LESS * abs(before)


def _given(pair: Pair, initial: sitk.Transform | None) -> Chain:
    """Return the chain a registration begins with: how the images lie, or a transform that is given."""
    if initial is None:
        return Chain(pair, (np.eye(pair.dimensions + 1),))
    known = inwards(pair, initial)
    return Chain(pair, (known,)) if isinstance(known, np.ndarray) else Chain(pair, (), initial)

