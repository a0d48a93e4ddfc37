"""What a registration came to, and what can be watched while it is on its way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import SimpleITK as sitk

from pellucid.language import tr


@dataclass(frozen=True)
class Point:
    """One iteration on the metric curve; stage and level count from 0, and a lower metric is better."""

    stage: int
    level: int
    iteration: int
    metric: float


@dataclass(frozen=True, eq=False)
class Moment:
    """Where a registration is: the newest point of its curve, and how to get the transform it has now.

    ``transform`` copies the estimate, so it may be kept and used in any thread; call it only inside ``Watch``.
    """

    point: Point
    transform: Callable[[], sitk.Transform]


Watch = Callable[[Moment], None]
"""Called from the thread of the registration after iterations, at most about thirty times a second."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """The transform from fixed to moving points (LPS, mm), and what is to be known about it.

    ``converged`` says that the optimiser came to rest and that nothing speaks against the result; ``doubts`` are the
    sentences that do. The metrics are values of the last stage's metric on the full images, lower is better, before
    (identity of the start as the images lie) and after. ``overlap`` is the share of the fixed image (or its mask)
    that the moving image covers after it. ``stop_reason`` says in a sentence why the last stage ended, ``stop_text``
    in the words of ITK. A metric is infinite where the images did not meet.
    """

    transform: sitk.Transform
    converged: bool
    metric_before: float
    metric_after: float
    iterations: int
    stop_reason: str
    seconds: float
    doubts: tuple[str, ...] = ()
    overlap: float = 1.0
    curve: tuple[Point, ...] = field(default=(), repr=False)
    stop_text: str = ""

    @property
    def unmeasured(self) -> str:
        """Return the sentence that says why the metric before has no value, ``""`` where it has one."""
        if math.isfinite(self.metric_before):
            return ""
        return tr("Where the images lay before they did not overlap, so the metric has no value there.")
