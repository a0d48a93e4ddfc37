"""Registering one image to another: the job, the estimate on the panes meanwhile, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.compare import Compare, CompareMode
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.placement import Placement
from pellucid.session.registration_choices import Choosing
from pellucid.session.registration_results import Result, remarks_on
from pellucid.session.registration_runs import Asked, Run

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.outcome import Outcome, Point
    from pellucid.operations.engines.registration.plans import Stage
    from pellucid.session.session import Session


class Registering:
    """The registration of the session: at most one runs."""

    changed = Signal()
    """Emitted when something else is chosen or can be chosen, and when a registration begins or ends."""
    progressed = Signal()
    """Emitted when there is more of the metric curve, or another estimate is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.choosing = Choosing(session)
        self.overlay = True
        """Whether both images are shown in red and green from the start of a registration on."""
        self.result: Result | None = None
        self.problem = ""
        """Why the last registration came to nothing."""
        self._run: Run | None = None
        self._shown: tuple[Layer, ...] = ()
        self._compare: tuple[Compare | None, Compare] | None = None
        session.document.removed.connect(self._removed)
        session.history.changed.connect(self.changed.emit)
        self.choosing.changed.connect(self.changed.emit)

    # ---------------------------------------------------------------- what is seen

    @property
    def is_running(self) -> bool:
        """Return whether a registration runs, or waits for its turn."""
        return self._run is not None

    @property
    def is_keeping(self) -> bool:
        """Return whether it was stopped and its estimate is being put in place."""
        return self._run is not None and self._run.is_kept

    @property
    def has_estimate(self) -> bool:
        """Return whether there is something to keep."""
        return self._run is not None and self._run.transform is not None

    @property
    def points(self) -> tuple[Point, ...]:
        """Return the metric curve of the registration that runs, or of the last one."""
        if self._run is not None:
            return self._run.points
        return self.result.outcome.curve if self.result is not None else ()

    @property
    def title(self) -> str:
        """Return the words of the step that is being made, or nothing."""
        return self._run.asked.title if self._run is not None else ""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return the stages of the registration that runs or ran last, or those it would have now."""
        if self._run is not None:
            return self._run.asked.plan.stages
        return self.result.stages if self.result is not None else self.choosing.plan.stages

    # ---------------------------------------------------------------- what is done

    def begin(self) -> Job:
        """Register in the background; what is seen meanwhile is no part of the work. Raises Refused."""
        if self._run is not None:
            raise Refused(tr("A registration is running. Keep or drop its estimate first."))
        run = Run(self._asked(), self._told)
        self._run, self.result, self.problem = run, None, ""
        self._show_both(run.asked.fixed, run.asked.moving)
        self._start(run, run.work)
        self.changed.emit()
        assert run.job is not None
        return run.job

    def keep(self) -> Job | None:
        """Stop, and put the moving image where the estimate that is shown has it, as one step."""
        run = self._run
        if run is None or run.is_kept or run.transform is None or run.job is None:
            return None
        run.is_kept = True
        run.job.cancel()
        self._start(run, lambda _job: run.stopped())
        self.changed.emit()
        return run.job

    def drop(self) -> None:
        """Stop, and leave everything as it was."""
        run = self._run
        if run is not None:
            self._close()
            self._take_back_compare()
            if run.job is not None:
                run.job.cancel()
            self.changed.emit()

    def compare(self) -> None:
        """Show the two images of the last registration on the sides of a divider. Raises Refused."""
        if self.result is None:
            raise Refused(tr("Register two images first."))
        self._session.comparing.start(CompareMode.SWIPE, first=self.result.fixed.id, second=self.result.moving.id)

    def _asked(self) -> Asked:
        choosing = self.choosing
        fixed, moving = choosing.pair()
        fixed_mask, moving_mask = choosing.mask_voxels()
        return Asked(
            fixed, moving, choosing.plan, choosing.how, choosing.step(), choosing.setup.seed, choosing.continues,
            fixed_mask, moving_mask,
        )  # fmt: skip

    def _start(self, run: Run, work: Callable[[Job], tuple[Outcome, Placement]]) -> None:
        run.job = self._session.running.edit(
            run.asked.title, work, lambda found: self._end(run, *found), lambda text: self._fail(run, text)
        )
        run.job.changed.connect(lambda: self._job_changed(run))

    # ---------------------------------------------------------------- meanwhile

    def _told(self, run: Run) -> None:
        """Hand the news of a run on to the main thread; called from the thread of the run."""
        self._session.jobs.post(lambda: self._progress(run))

    def _progress(self, run: Run) -> None:
        placement = run.take()
        if run is self._run and not run.is_kept and placement is not None:
            moving = run.asked.moving
            self._shown = tuple(dict.fromkeys((*self._shown, moving, *self._session.placing.followers(moving))))
            for layer in self._shown:
                layer.estimate = placement
            self.progressed.emit()

    def _show_both(self, fixed: ImageLayer, moving: ImageLayer) -> None:
        """Lay the images over each other in red and green, so that one can see the other come."""
        view = self._session.view
        self._compare = None
        if self.overlay:
            shown = Compare(CompareMode.RED_GREEN, fixed.id, moving.id)
            self._compare, view.compare = (view.compare, shown), shown

    def _take_back_compare(self) -> None:
        kept, self._compare = self._compare, None
        if kept is not None and self._session.view.compare is kept[1]:
            self._session.view.compare = kept[0]
            self._session.comparing.check()

    def _close(self) -> None:
        """Show layers where they lie again, and forget the run."""
        self._run = None
        for layer in self._shown:
            layer.estimate = None
        self._shown = ()

    def _job_changed(self, run: Run) -> None:
        """Drop the estimate of a job that was stopped from elsewhere, such as the status bar."""
        if run is self._run and run.job is not None:
            if run.job.state is JobState.CANCELLED:
                self.drop()
            else:
                self.progressed.emit()

    # ---------------------------------------------------------------- how it ends

    def _end(self, run: Run, outcome: Outcome, placement: Placement) -> None:
        if run is not self._run:
            return
        asked, lost = run.asked, self._why_lost(run.asked)
        self._close()
        if lost:
            self._take_back_compare()
            self._say(lost)
            return
        self._compare = None
        if asked.is_changed:
            placement = replace(placement, step=None)
        self.result = result = Result(asked, outcome, placement, remarks_on(asked), run.is_kept, asked.moving.placement)
        self._session.placing.put(asked.moving, placement, asked.title)
        self.changed.emit()
        if result.is_doubtful and not result.kept:
            said = tr("“{moving}” was registered to “{fixed}”, but look closely: {doubt}", moving=asked.moving.name,
                      fixed=asked.fixed.name, doubt=result.sentences[0])  # fmt: skip
            self._session.notice.emit(said, "warning")

    def _why_lost(self, asked: Asked) -> str:
        """Return why a result means nothing any more, or nothing."""
        for layer in (asked.fixed, asked.moving):
            if layer not in self._session.document:
                return tr("“{name}” was closed; its registration was dropped.", name=layer.name)
        if asked.fixed.placement is not asked.fixed_place:
            return tr("“{name}” was moved meanwhile; the registration to it was dropped. Register again.",
                      name=asked.fixed.name)  # fmt: skip
        return ""

    def _fail(self, run: Run, text: str) -> None:
        if run is self._run:
            self._close()
            self._take_back_compare()
            self._say(text, "error")

    def _say(self, sentence: str, severity: str = "warning") -> None:
        self.problem = sentence
        self._session.notice.emit(sentence, severity)
        self.changed.emit()

    def _removed(self, layer: Layer) -> None:
        run = self._run
        if run is not None and layer in (run.asked.fixed, run.asked.moving):
            stopped = run.job is not None and run.job.cancelled()  # everything is being closed
            self.drop()
            if not stopped:
                self._say(self._why_lost(run.asked))
        if self.result is not None and layer in (self.result.fixed, self.result.moving):
            self.result = None
            self.changed.emit()
