"""A batch from the window: it runs in the background, and each of its cases can be opened as the recipe leaves it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.files.discover import is_series
from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.recipes.recipe import Recipe
from pellucid.session.answers import place_for
from pellucid.session.carrying_over import as_one

if TYPE_CHECKING:
    from pellucid.files.discover import Found, Item
    from pellucid.recipes.batch import Batch, Entry, Order
    from pellucid.recipes.batch import Item as Case
    from pellucid.session.session import Session

_LOOK_SECONDS = 0.1


class Stage(StrEnum):
    """How far the batch is."""

    IDLE = "idle"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Batching:
    """The batch of a session: at most one runs at a time, and the last one is remembered."""

    changed = Signal()
    """Emitted on the main thread when the stage changed."""
    arrived = Signal(object)
    """Emitted on the main thread with the entries that are new."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.stage = Stage.IDLE
        self.job: Job | None = None
        self.order: Order | None = None
        self.entries: list[Entry] = []
        self.total = 0
        self.sentence = ""
        """Why it failed."""
        self._batch: Batch | None = None
        self._cases: dict[str, Case] = {}
        self._new: deque[Entry] = deque()

    # ---------------------------------------------------------------- what there is to choose

    def recipe_of_active(self) -> Recipe:
        """Return the recipe of the active layer; raise Refused with why there is none."""
        recipe = self._session.recipes.of()
        if not recipe.steps:
            raise Refused(tr("The active layer has no steps. Apply something to it, or choose a recipe."))
        return recipe

    def look(
        self, inputs: Iterable[Path], out: Path | None, done: Callable[[tuple[Case, ...]], None],
        failed: Callable[[str], None],
    ) -> Job:  # fmt: skip
        """Find what there is to work on, in the background; only the answer to the latest question comes."""
        roots = tuple(inputs)

        def work(job: Job) -> tuple[Case, ...]:
            from pellucid.recipes.batch import collect

            return collect(roots, without=out, cancelled=job.cancelled)

        return self._session.jobs.query("batch inputs", tr("Looking for images"), work, done, failed)

    # ---------------------------------------------------------------- running

    def start(self, order: Order, cases: Iterable[Case]) -> Job:
        """Run a batch in the background; raise Refused for what can be known before."""
        from pellucid.recipes.batch import Batch

        if self.stage is Stage.RUNNING:
            raise Refused(tr("A batch is running already. Wait for it, or cancel it."))
        batch = self._batch = Batch(order, tuple(cases))
        self.order, self._cases, self.total = order, {case.id: case for case in batch.items}, len(batch.items)
        self.entries, self._new, self.sentence = [], deque(), ""
        self.stage = Stage.RUNNING
        self.job = self._session.jobs.load(tr("Batch"), partial(self._work, batch), self._done, self._failed)
        self.job.changed.connect(self._progressed)
        self.changed.emit()
        return self.job

    def cancel(self) -> None:
        """Stop soon; what is done stays."""
        if self.job is not None:
            self.job.cancel()

    def _work(self, batch: Batch, job: Job) -> None:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_LOOK_SECONDS):
                if job.cancelled():
                    batch.stop()
                    return

        def hear(entry: Entry, done: int, total: int) -> None:
            self._new.append(entry)
            job.report(done / total, tr("{done} of {total}", done=done, total=total))

        threading.Thread(target=watch, name="pellucid-batch-watch", daemon=True).start()
        try:
            batch.run(hear)
        finally:
            over.set()

    def _progressed(self) -> None:
        """Take over what is new; a cancelled job hands over no answer, so its end is seen here."""
        self._take_new()
        if self.job is not None and self.job.state is JobState.CANCELLED:
            self._end(Stage.CANCELLED)

    def _done(self, _nothing: None) -> None:
        self._take_new()
        self._end(Stage.FINISHED)

    def _failed(self, sentence: str) -> None:
        self._take_new()
        self.sentence = sentence
        self._end(Stage.FAILED)

    def _take_new(self) -> None:
        new = []
        while self._new:
            new.append(self._new.popleft())
        if new:
            self.entries += new
            self.arrived.emit(new)

    def _end(self, stage: Stage) -> None:
        if self.stage is Stage.RUNNING:
            self.stage = stage
            self.changed.emit()

    def export_report(self, path: Path) -> Job:
        """Write a row for each item that went through, verified; a failure becomes a notice."""
        from pellucid.recipes.batch.reports import check_report, write_report

        check_report(path)
        entries, notice = tuple(self.entries), self._session.notice.emit
        return self._session.jobs.load(
            tr("Writing {name}", name=path.name),
            lambda _job: write_report(entries, path),
            lambda _nothing: notice(tr("The report was written to “{name}”.", name=path.name), "info"),
            lambda sentence: notice(sentence, "error"),
        )

    # ---------------------------------------------------------------- opening a case

    def open_case(self, entry: Entry) -> Job:
        """Open the input of an entry in place of what is open, and take the recipe on it."""
        case, order = self._cases.get(entry.item), self.order
        if case is None or order is None:
            raise Refused(tr("This case is not known any more. Run the batch again."))
        wanted = case.path if not case.plans else case.folder
        if not wanted.exists():
            raise Refused(tr("“{name}” is not there any more. Check the path or the drive.", name=wanted.name))
        session = self._session

        def show(found: Found) -> None:
            item = _item(found, case)
            if item is None:
                said = tr("“{name}” could not be opened.", name=wanted.name)
                session.notice.emit(next((p.sentence for p in found.problems), said), "error")
                return
            session.loading.load(item, case.part, then=lambda layer: self.take(order, case, layer))

        return session.library.scan([wanted], show)

    def take(self, order: Order, case: Case, layer: ImageLayer) -> Job:
        """Take the recipe of an order on the image of a case, as one step."""
        session, volume = self._session, layer.volume
        step = as_one(order.recipe, layer, {})
        place = place_for(session, layer, step, as_new_layer=False)
        remarks: list[str] = []

        def work(job: Job) -> None:
            from pellucid.recipes import frames
            from pellucid.recipes.batch.task import named_images

            options = order.options
            given = frames.starts(order.recipe, (volume,), case.path.name, options.label, remarks.append)
            if options.even:
                from pellucid.files.evening import evened

                given = tuple(evened(one) for one in given)
            named = frames.handed(order.recipe, named_images(options, case), options.label, remarks.append)
            (result,) = frames.take_all(
                order.recipe, given, named, cancelled=job.cancelled, remark=remarks.append, progress=job.report
            )
            place.prepare(result)

        def done(_nothing: None) -> None:
            if layer in session.document:
                place.commit()
                for sentence in dict.fromkeys(remarks):
                    session.notice.emit(sentence, "info")

        return session.jobs.edit(step.title, work, done, lambda sentence: session.notice.emit(sentence, "error"))


def _item(found: Found, case: Case) -> Item | None:
    """Return what a scan found of a case."""
    if not case.plans:
        return next((image for image in found.images if image.path.absolute() == case.path), None)
    first = case.files[0]
    return next((series for series in found.series if is_series(series) and first in series.files), None)
