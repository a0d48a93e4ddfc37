"""What speaks against a result, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.language import tr
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.plans import Plan
from pellucid.operations.engines.registration.stages import End


def doubts_of(
    chain: Chain, plan: Plan, course: Course, ends: Sequence[End], before: float, after: float, overlap: float,
    rivalry: float,
) -> tuple[str, ...]:  # fmt: skip
    """Return the sentences that speak against a result; none where it can be trusted."""
    found = []
    if not ends[-1].at_rest:
        found.append(tr("The optimiser was still moving when its iterations ended. Give it more iterations, or a "
                        "larger step."))  # fmt: skip
    if after > before:
        found.append(tr("The images agree less than they did before. Start nearer, or take another metric."))
    return tuple(found)
