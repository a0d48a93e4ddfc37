"""Where a registration begins."""

from __future__ import annotations

import numpy as np

from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.frames import homogeneous
from pellucid.operations.engines.registration.plans import Plan


def started(chain: Chain, plan: Plan, given: bool, course: Course, seed: int) -> tuple[Chain, float]:
    """Return the chain after the start, and how near the second best start came (0 nowhere, 1 as good)."""
    if given or plan.start == "identity":
        return chain, 0.0
    moving = chain.pair.moving
    middle = moving.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in moving.GetSize()])
    return Chain(chain.pair, (homogeneous(np.eye(len(middle)), np.array(middle)),)), 0.0
