"""A contour that can be watched while it moves: play, pause, single steps; what is seen now can be applied."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.layer import ImageLayer, Preview
from pellucid.session.previewing import Answer, Asked

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.evolution import Moment
    from pellucid.session.session import Session

PICTURE_INTERVAL = 1 / 20
ITERATIONS = "iterations"
"""The parameter that says how many iterations an operation takes."""


@dataclass(eq=False)
class Run:
    """One contour on its way. The worker that holds ``lock`` moves it until ``target``; ``gate`` guards the numbers."""

    asked: Asked
    target: int = 0
    iteration: int = 0
    changes: list[float] = field(default_factory=list)
    ended: bool = False
    is_gone: bool = False
    """Whether nothing is left inside."""
    is_working: bool = False
    is_dead: bool = False
    is_kept: bool = False
    """Whether the result is wanted, so that the iteration it is in must be finished though nobody watches."""
    slices: tuple[tuple[int, int], ...] = ()
    job: Job | None = None
    waited: Job | None = None
    """The worker that was asked for last."""
    lock: Any = field(default_factory=Lock)
    gate: Any = field(default_factory=Lock)
    _moments: Iterator[Moment] | None = None
    _moment: Moment | None = None

    @property
    def is_lost(self) -> bool:
        """Return whether the contour cannot move on: its worker was stopped, or never began."""
        stopped = self.waited is not None and self.waited.state is JobState.CANCELLED
        return self.is_dead or (stopped and self.is_working)

    def work(self, job: Job, show: Callable[[Answer], None]) -> Answer:
        """Move the contour until its target; hand pictures on while it moves, and return the last one."""
        try:
            with self.lock:
                self.job = job
                if self._moments is None:
                    self._begin()
                shown = time.monotonic()
                while self._goes_on(job):
                    self._step()
                    if time.monotonic() - shown >= PICTURE_INTERVAL:
                        shown = time.monotonic()
                        show(self.picture())
                return self.picture()
        except BaseException:
            with self.gate:
                self.is_dead, self.is_working = True, False
            raise

    def _begin(self) -> None:
        from pellucid.operations.operation import Context

        context = Context(cancelled=self._cancelled, padding=self.asked.volume.padding)
        images = tuple(item.image for item in self.asked.inputs)
        self._moments = self.asked.operation.evolve(context, *images, **self.asked.parameters)
        self._moment = next(self._moments)

    def _cancelled(self) -> bool:
        return not self.is_kept and self.job is not None and self.job.cancelled()

    def _goes_on(self, job: Job) -> bool:
        if self._cancelled():
            job.check()
        with self.gate:
            self.is_working = not self.ended and self.iteration < self.target
            return self.is_working

    def _step(self) -> None:
        assert self._moments is not None
        moment = next(self._moments, None)
        gone = moment is None and self._moment is not None and not (self._moment.level < 0).any()
        with self.gate:
            if moment is None:
                self.ended, self.is_gone = True, gone
                return
            self._moment, self.iteration = moment, moment.iteration
            self.changes.append(moment.change)

    def go(self, target: int) -> bool:
        """Set the iteration to move to; return whether a worker is needed for it."""
        with self.gate:
            self.target = target
            needed, self.is_working = not self.is_working, True
            return needed

    def halt(self) -> int:
        """Let the contour come to rest after the iteration it is in; return the number it will have then."""
        with self.gate:
            moving = self.is_working and not self.ended and self.iteration < self.target
            self.target = self.iteration + moving
            return self.target

    def picture(self) -> Answer:
        """Return the contour on the slices that are wanted."""
        level = self._moment.level if self._moment is not None else None
        title = tr("{title}, iteration {number}", title=tr(self.asked.operation.title), number=self.iteration)
        parts: dict[tuple[int, int], NDArray[Any]] = {}
        for axis, index in self.slices if level is not None else ():
            assert level is not None
            if index < level.shape[2 - axis]:
                parts[axis, index] = (level.take(index, 2 - axis) < 0).view(np.uint8)
        return Answer(Preview(title, parts, is_mask=True, color=self.asked.color))

    def result(self, context: Any) -> sitk.Image:
        """Return the contour as a mask, once it rests."""
        from pellucid.operations.evolution import mask_of

        with self.lock:
            assert self._moment is not None
            return mask_of(self.asked.inputs[0].image, self._moment.level, context)


class Evolving:
    """Moves one contour at a time as the preview of the active image."""

    changed = Signal()
    """Emitted when the contour moved, began to move or to rest, or is gone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._run: Run | None = None
        self._image: ImageLayer | None = None
        self._pending = False
        session.preview_state.connect(self._preview_state)

    # ---------------------------------------------------------------- what is seen

    @property
    def is_begun(self) -> bool:
        """Return whether there is a contour, moving or at rest."""
        return self._run is not None and not self._run.is_lost

    @property
    def is_moving(self) -> bool:
        """Return whether the contour moves, or was told to."""
        run = self._run
        return run is not None and not run.is_lost and run.is_working and run.target > run.iteration

    @property
    def has_ended(self) -> bool:
        """Return whether the contour came to rest by itself."""
        return self._run is not None and self._run.ended

    @property
    def is_gone(self) -> bool:
        """Return whether the contour shrank to nothing."""
        return self._run is not None and self._run.is_gone

    @property
    def iteration(self) -> int:
        """Return how many iterations the contour has taken."""
        return self._run.iteration if self._run is not None else 0

    @property
    def changes(self) -> tuple[float, ...]:
        """Return by how many mm the contour moved in each iteration."""
        return tuple(self._run.changes) if self._run is not None else ()

    # ---------------------------------------------------------------- what is done

    def begin(self, image: ImageLayer, asked: Asked) -> Job | None:
        """Show where a contour starts; one that started the same way stays, wherever it is by now."""
        if self.is_begun and self._run is not None and image is self._image and _same(self._run.asked, asked):
            self._run.asked = asked
            self.refresh()
            return self._run.waited
        self._drop()
        self._run, self._image = Run(asked), image
        return self._move(0)

    def play(self) -> None:
        """Let the contour move to the iterations of the form, and from there on without end."""
        run = self._run
        if run is not None:
            most = int(run.asked.parameters[ITERATIONS])
            self._move(most if run.iteration < most else 1 << 31)

    def pause(self) -> None:
        """Let the contour come to rest."""
        if self._run is not None:
            self._run.halt()
            self.changed.emit()

    def step(self, count: int = 1) -> None:
        """Move the contour by so many iterations from where it comes to rest."""
        if self._run is not None:
            self._move(self._run.halt() + count)

    def restart(self) -> None:
        """Return to the start."""
        run, image = self._run, self._image
        if run is not None and image is not None:
            self._drop()
            self._run, self._image = Run(run.asked), image
            self._move(0)

    def refresh(self) -> None:
        """Show the contour on the slices that are visible now."""
        run = self._run
        if run is None or self._image is None:
            return
        run.slices = self._session.visible_slices()
        if not run.is_working and not run.is_lost:
            self._session.running.show(self._image, run.picture())

    def taken(self, asked: Asked) -> tuple[int, Callable[[Any], sitk.Image]] | None:
        """Bring a contour that moved to rest and return its iterations and what makes its mask.

        None where there is none, or not of the same inputs and settings.
        """
        run = self._run
        if run is None or run.is_lost or not _same(run.asked, asked):
            return None
        reached = run.halt()
        run.is_kept = reached > 0
        return (reached, run.result) if reached else None

    def _move(self, target: int) -> Job | None:
        """Move to an iteration, by the worker that is at it or by a new one."""
        run, image = self._run, self._image
        if run is None or image is None:
            return None
        run.slices = self._session.visible_slices()
        if run.go(target):
            title = tr("Preview of {title}", title=tr(run.asked.operation.title))
            run.waited = self._session.running.ask(image, title, lambda job: self._work(run, job), self.refresh)
        self.changed.emit()
        return run.waited

    def _work(self, run: Run, job: Job) -> Answer:
        """Do the work of a run on a worker; at most one picture waits to be shown."""

        def show(answer: Answer) -> None:
            if not self._pending:
                self._pending = True
                self._session.jobs.post(lambda: self._show(run, answer))

        return run.work(job, show)

    def _show(self, run: Run, answer: Answer) -> None:
        self._pending = False
        image = self._image
        if run is not self._run or image is None:
            return
        if image.volume is run.asked.volume and image in self._session.document:
            self._session.running.show(image, answer)

    def _preview_state(self, state: str) -> None:
        """Forget the contour when the preview is dropped; tell of everything else."""
        if not state:
            self._drop()
        if self._run is not None or not state:
            self.changed.emit()

    def _drop(self) -> None:
        run, self._run, self._image = self._run, None, None
        if run is not None and run.waited is not None:
            run.waited.cancel()


def _same(one: Asked, other: Asked) -> bool:
    """Return whether two contours start the same way and are driven the same way."""
    settings = [{**asked.parameters, ITERATIONS: 0} for asked in (one, other)]
    inputs = len(one.inputs) == len(other.inputs) and all(
        a is b for a, b in zip(one.inputs, other.inputs, strict=True)
    )
    return one.operation.id == other.operation.id and inputs and settings[0] == settings[1]
