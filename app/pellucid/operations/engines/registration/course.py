"""The way of a registration: its curve, its progress, what can be watched, and the wish to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import SimpleITK as sitk

from pellucid.operations.context import Cancelled, Context
from pellucid.operations.engines.registration.outcome import Moment, Point, Watch

_APART = 1 / 30


@dataclass
class Course:
    """Collects what happens; ``steps`` is the number of levels of all stages."""

    context: Context
    watch: Watch | None
    steps: int
    curve: list[Point] = field(default_factory=list)
    done: int = 0
    _shown: float = -math.inf

    def step(self, point: Point, of: int, transform: Callable[[], sitk.Transform]) -> None:
        """Note an iteration; raise Cancelled when the run was told to stop."""
        self.context.check()
        self.curve.append(point)
        self.context.progress(min(1.0, (self.done + min(1.0, (point.iteration + 1) / of)) / self.steps))
        now = time.monotonic()
        if self.watch is not None and now - self._shown >= _APART:
            self._shown = now
            self.watch(Moment(point, transform))

    def level_done(self) -> None:
        """Note that a level has ended."""
        self.done += 1
        self.context.check()
        self.context.progress(min(1.0, self.done / self.steps))

    def latest(self, stage: int, level: int) -> list[Point]:
        """Return the points of a level."""
        return [point for point in self.curve if (point.stage, point.level) == (stage, level)]


def guarded(work: Callable[[], object], context: Context, refuse: Callable[[str], Exception]) -> None:
    """Do the work of a filter whose commands may raise Cancelled; the filter makes another error of it."""
    try:
        work()
    except RuntimeError as error:
        context.check()
        if Cancelled.__name__ in str(error):
            raise Cancelled from None
        raise refuse(str(error)) from error
