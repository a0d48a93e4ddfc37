"""Frames that bend, such as a chest that breathes: a B-spline after the linear motion, each frame in one thread.

One thread for each frame keeps all cores busy, and gives the same numbers whatever their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.plans import Plan, Stage
from pellucid.operations.engines.registration.running import register
from pellucid.operations.engines.registration.series import Movement


def bent(
    fixed: sitk.Image, frames: Sequence[sitk.Image], found: Sequence[Movement], starts: Sequence[sitk.Transform],
    mesh: float, context: Context,
) -> tuple[list[Movement], list[sitk.Transform]]:  # fmt: skip
    """Return motions and transforms of frames onto one image, bent from where they lie; doubtful ones stay there."""
    stage = Stage(transform="bspline", metric="correlation", optimiser="lbfgsb", iterations=40, mesh=mesh,
                  sampling="all", shrink=(2, 1), smooth=(1.0, 0.5), refine=False)  # fmt: skip
    plan, transforms, movements = Plan((stage,), "identity"), list(starts), list(found)

    def work(n: int) -> None:
        if found[n].doubt or frames[n] is fixed:
            return
        alone = Context(cancelled=context.cancelled, threads=1, padding=context.padding)
        outcome = register(fixed, frames[n], plan, alone, initial=starts[n])
        if outcome.metric_after <= outcome.metric_before:
            transforms[n] = outcome.transform
        else:
            movements[n] = replace(found[n], doubt="restless")

    context.each(work, range(len(frames)))
    return movements, transforms
