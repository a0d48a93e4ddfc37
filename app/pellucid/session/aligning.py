"""Frames of a time series and sections of a stack brought into one place, and the curve of how they had moved."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Provenance
from pellucid.model.volume import Volume
from pellucid.recipes import together
from pellucid.recipes.own_steps import ALIGN_FRAMES, TEMPLATE
from pellucid.recipes.replay import checked, wrapped
from pellucid.recipes.step_words import describe
from pellucid.session.motion_curves import Motion
from pellucid.session.results import FramesPlace, ImagePlace, Step

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.series import Movement
    from pellucid.operations.operation import Operation
    from pellucid.session.session import Session

ALIGN_SECTIONS = "registration.align_slices"
_OFTEN = 0.1  # seconds between two pictures of the growing curve


class Aligning:
    """Aligns the active image; one alignment at a time."""

    changed = Signal()
    """Emitted when another curve holds, or the one that is shown grew."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._motions: dict[str, Motion] = {}
        self._job: Job | None = None
        self._growth: _Growing | None = None

    # ---------------------------------------------------------------- what there is

    def layer(self) -> ImageLayer | None:
        """Return the active image if there is something in it to align."""
        image = self._session.document.active_image
        if image is None or self._session.loading.is_placeholder(image):
            return None
        return image if len(image.frames) > 1 or image.volume.geometry.size[2] > 1 else None

    def is_stack(self, layer: ImageLayer) -> bool:
        """Return whether the sections of an image are aligned, and not its frames."""
        return len(layer.frames) == 1

    def declaration(self, layer: ImageLayer) -> Operation:
        """Return the settings there are for an image."""
        if self.is_stack(layer):
            return self._session.running.operations()[ALIGN_SECTIONS]
        found = together.declaration(ALIGN_FRAMES)
        assert found is not None
        return found

    def motion(self) -> Motion | None:
        """Return the curve of the active image: while it is aligned, and as long as its frames are those."""
        layer = self.layer()
        found = self._motions.get(layer.id) if layer is not None else None
        return found if found is not None and layer is not None and layer.frames in found.frames else None

    @property
    def is_running(self) -> bool:
        """Return whether something is being aligned."""
        return self._job is not None and not self._job.finished

    @property
    def job(self) -> Job | None:
        """Return what is being aligned, or was last."""
        return self._job

    # ---------------------------------------------------------------- what is done

    def start(self, values: Mapping[str, Any]) -> Job:
        """Align the active image as one step; raise Refused when it cannot be."""
        layer = self.layer()
        if layer is None:
            raise Refused(tr("Open a time series or a stack of sections first."))
        if self.is_running:
            raise Refused(tr("Something is being aligned already. Wait for it, or cancel it."))
        self._session.running.clear_preview()
        self._job = self._sections(layer, values) if self.is_stack(layer) else self._frames(layer, values)
        self._job.changed.connect(self._advanced)
        self.changed.emit()
        return self._job

    def cancel(self) -> None:
        """Stop aligning; the image stays as it is, and the curve goes."""
        if self._job is not None:
            self._job.cancel()  # also one that is done: until its answer came the image is as it was
            self._advanced()

    def _advanced(self) -> None:
        """Tell that the job went on; the curve of one that was cancelled goes, and does not come back."""
        if self._job is not None and self._job.cancelled():
            self._growth = None
            self._motions = {id: one for id, one in self._motions.items() if not one.is_growing}
        self.changed.emit()

    def _frames(self, layer: ImageLayer, values: Mapping[str, Any]) -> Job:
        operation, before = self.declaration(layer), layer.frames
        parameters = together.checked(ALIGN_FRAMES, values)
        together.check_frames(ALIGN_FRAMES, parameters, before)
        step = self._step(layer, operation, parameters)
        place = FramesPlace(self._session, layer, step, as_new_layer=False)
        growing = self._growing(layer, len(before))

        def work(job: Job, remarks: list[str]) -> tuple[tuple[Volume, ...], tuple[Movement, ...]]:
            frames, found = together.align(parameters, before, _context(job, remarks), growing.hear)
            place.prepare(frames)
            return frames, found

        return self._run(layer, step, place, work)

    def _sections(self, layer: ImageLayer, values: Mapping[str, Any]) -> Job:
        operation, parameters = checked(ALIGN_SECTIONS, values)
        volume = layer.volume
        self._session.running.inputs.check(operation, layer, ())
        step = self._step(layer, operation, parameters)
        place = ImagePlace(self._session, layer, step, as_new_layer=False)
        growing = self._growing(layer, volume.geometry.size[2])

        def work(job: Job, remarks: list[str]) -> tuple[tuple[Volume, ...], tuple[Movement, ...]]:
            from pellucid.operations.pixels import pinned
            from pellucid.operations.series import aligned_stack

            context = _context(job, remarks, volume)
            image, found = aligned_stack(pinned(volume.image), context, growing.hear, **parameters)
            result = wrapped(operation, volume, image)
            place.prepare(result)
            return (result,), found

        return self._run(layer, step, place, work)

    def _run(self, layer: ImageLayer, step: Step, place: Any, work: Any) -> Job:
        session, before, remarks = self._session, layer.frames, list[str]()

        def done(answer: tuple[tuple[Volume, ...], tuple[Movement, ...]]) -> None:
            frames, found = answer
            if layer not in session.document:
                self._motions.pop(layer.id, None)
                return
            place.commit()
            self._motions[layer.id] = self._motion(layer, (before, frames), found)
            self.changed.emit()
            session.notice.emit(" ".join(dict.fromkeys(remarks)), "info")

        def failed(sentence: str) -> None:
            self._motions.pop(layer.id, None)
            self.changed.emit()
            session.notice.emit(sentence, "error")

        return session.running.edit(step.name, lambda job: work(job, remarks), done, failed)

    def template(self, values: Mapping[str, Any]) -> Job:
        """Make one image of all frames of the active time series, as a layer of its own."""
        layer = self.layer()
        if layer is None or self.is_stack(layer):
            raise Refused(tr("A template image is made of the frames of a time series. Open one first."))
        session, frames = self._session, layer.frames
        operation, parameters = together.declaration(TEMPLATE), together.checked(TEMPLATE, values)
        assert operation is not None
        step = self._step(layer, operation, parameters)
        place = FramesPlace(session, layer, step, as_new_layer=True)
        remarks: list[str] = []

        def work(job: Job) -> None:
            place.prepare((together.template(parameters, frames, _context(job, remarks)),))

        return session.running.edit(
            step.name, work, lambda _nothing: place.commit(), lambda text: session.notice.emit(text, "error")
        )

    def _step(self, layer: ImageLayer, operation: Operation, parameters: dict[str, Any]) -> Step:
        name = describe(operation, parameters, layer.volume.unit)
        title = tr("{operation} on {layer}", operation=name, layer=layer.name)
        keeps = operation.keeps_window and parameters.get("values") != "deviation"
        made = Provenance(operation.id, parameters, (layer.name,))
        return Step("image", tr(operation.title), title, (made,), keeps)

    def save_table(self, motion: Motion, path: Path) -> Job:
        """Write how pictures had moved as CSV, in the background; a failure becomes a notice."""
        return self._session.recipes.write(path, motion.table())

    # ---------------------------------------------------------------- the curve

    def _motion(
        self, layer: ImageLayer, frames: tuple[tuple[Volume, ...], ...], movements: tuple[Movement | None, ...],
        *, grows: bool = False,
    ) -> Motion:  # fmt: skip
        unit = tr("mm") if layer.volume.geometry.has_lengths else tr("px")
        return Motion(layer, frames, movements, unit, self.is_stack(layer), grows)

    def _growing(self, layer: ImageLayer, count: int) -> _Growing:
        def show(movements: tuple[Movement | None, ...]) -> None:
            if self.is_running and self._growth is growing:
                self._motions[layer.id] = self._motion(layer, (layer.frames,), movements, grows=True)
                self.changed.emit()

        growing = self._growth = _Growing(count, lambda movements: self._session.jobs.post(lambda: show(movements)))
        return growing


class _Growing:
    """Hears of movements in any thread and passes on, now and then, what is known so far."""

    def __init__(self, count: int, show: Any) -> None:
        self._movements: list[Movement | None] = [None] * count
        self._show, self._lock, self._last = show, Lock(), 0.0

    def hear(self, n: int, movement: Movement) -> None:
        with self._lock:
            self._movements[n] = movement
            now = time.monotonic()
            if now - self._last < _OFTEN:
                return
            self._last = now
            self._show(tuple(self._movements))  # within the lock: what is known later is passed on later


def _context(job: Job, remarks: list[str], volume: Volume | None = None) -> Any:
    from pellucid.operations.operation import Context

    padding = volume.padding if volume is not None else None
    return Context(job.report, job.cancelled, remark=remarks.append, padding=padding)
