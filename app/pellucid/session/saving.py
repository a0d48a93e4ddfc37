"""Taking work away: exports of images, labels, slices and pictures, and the whole work in one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.placement import PlacedGeometry
from pellucid.model.placement_words import said
from pellucid.model.slicing import PlaneFrame, layer_plane

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.files.workspace import WorkspaceState
    from pellucid.session.session import Session


class Saving:
    """Exports and the saved work; every file is written beside, read back and then put in place."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.path: Path | None = None
        self._saving: Job | None = None
        self._opening: Job | None = None
        self._work = object()  # stands for what is open now

    def forget(self) -> None:
        """Forget where the work was saved: it was closed."""
        self.path, self._work = None, object()

    def save(self, path: Path, then: Callable[[bool], None] = lambda _: None) -> Job:
        """Save the whole work into one file in the background; ``then`` hears whether it was saved."""
        from pellucid.files.workspace_document import capture

        session = self._session
        session.editing.settle()
        with session.concealing.revealed():
            state = capture(session.document, session.view)
        work_saved, saved, earlier = self._work, session.history.here, self._saving
        heard: list[bool] = []

        def work(job: Job) -> None:
            from pellucid.files.workspace import save

            if earlier is not None:
                earlier.wait()  # two savings at once may end in any order, and the older state would stay
            save(path, state, progress=job.report, cancelled=job.cancelled)

        def done(_nothing: None) -> None:
            if self._work is work_saved:
                self.path = path
            if session.history.here is saved:
                session.history.mark_clean()
            session.notice.emit(tr("{name} was saved and read back.", name=path.name), "info")
            session.title_changed.emit()
            answer(True)

        def answer(well: bool) -> None:
            if not heard:
                heard.append(well)
                then(well)

        def failed(sentence: str) -> None:
            session.notice.emit(sentence, "error")
            answer(False)

        def check_cancelled() -> None:
            if job.state is JobState.CANCELLED:  # neither done nor failed is called then
                answer(False)

        job = self._saving = session.jobs.load(tr("Saving {name}", name=path.name), work, done, failed)
        job.changed.connect(check_cancelled)
        return job

    def open_workspace(self, path: Path) -> Job:
        """Open a saved work; where sources are gone, ``sources_missing`` asks for them first.

        It replaces nothing that was done while it was read: then it is offered.
        """
        session, since = self._session, self._session.history.here
        if self._opening is not None:
            self._opening.cancel()  # the work asked for last is the one shown

        def work(job: Job) -> WorkspaceState:
            from pellucid.files.workspace import load

            return load(path, progress=job.report, cancelled=job.cancelled)

        def done(state: WorkspaceState) -> None:
            session.remember([path])
            if state.missing and len(session.sources_missing):
                session.sources_missing.emit(path, state)
            else:
                self._unless_worked_on(path, since, lambda: self.resume(path, state))

        return self._open(path, work, done)

    def resume(self, path: Path, state: WorkspaceState, folder: Path | None = None) -> Job:
        """Show a loaded work; ``folder`` is where its missing sources are looked for by name."""
        session, since = self._session, self._session.history.here

        def work(job: Job) -> tuple[WorkspaceState, dict[str, Any], tuple[str, ...]]:
            from pellucid.files.workspace_document import read_sources, relocated

            found = state if folder is None else relocated(state, folder)
            return found, *read_sources(found, progress=job.report, cancelled=job.cancelled)

        def show(found: WorkspaceState, frames: dict[str, Any], said: tuple[str, ...]) -> None:
            from pellucid.files.workspace_document import restore, restore_annotations, restore_view

            layers, active = restore(found, frames)
            session.close_all()
            for layer in layers:
                session.document.insert(len(session.document), layer)
            session.document.active = active or (layers[-1] if layers else None)
            restore_annotations(found, session.document)
            with session.linking.quiet():
                restore_view(found, session.view)
            session.linking.settle(stay=True)
            session.comparing.check()
            self.path = path
            session.history.mark_clean()
            session.title_changed.emit()
            if said:
                session.notice.emit(" ".join(said), "warning")

        def done(answer: tuple[WorkspaceState, dict[str, Any], tuple[str, ...]]) -> None:
            self._unless_worked_on(path, since, lambda: show(*answer))

        return self._open(path, work, done)

    def _unless_worked_on(self, path: Path, since: object, go_on: Callable[[], object]) -> None:
        """Go on with a work that takes the place of what is open, or offer it where something was done meanwhile."""
        session = self._session
        if session.history.here is since:
            go_on()
            return
        session.offer.emit(
            tr("“{name}” is ready, but you went on working while it was read. Opening it closes what is open: save "
               "that first.", name=path.name), tr("Open it now"), go_on,
        )  # fmt: skip

    def _open(self, path: Path, work: Callable[[Job], Any], done: Callable[[Any], None]) -> Job:
        session = self._session
        self._opening = session.jobs.load(
            tr("Opening {name}", name=path.name), work, done, lambda text: session.notice.emit(text, "error")
        )
        return self._opening

    def has_work(self) -> bool:
        """Return whether there is anything that saving would keep."""
        return bool(self._session.document.layers)

    def losses(self, layer: Layer, target: str | Path) -> tuple[str, ...]:
        """Return a sentence for everything the format of a path cannot keep of a layer."""
        from pellucid.files.formats import losses

        if layer.geometry.warp is not None:
            return ()
        return losses(_exported(layer), target)

    def obstacle(self, layer: Layer, target: str | Path) -> str:
        """Return the sentence why the format of a path cannot hold a layer at all, or ``""``."""
        from pellucid.files.formats import obstacle

        return bent(layer) or obstacle(_exported(layer), target)

    def export_layer(self, layer: Layer, path: Path, *, accept_loss: bool = False,
                     done: Callable[[Report], None] | None = None) -> Job:  # fmt: skip
        """Write a layer to a file in the background and verify it; a failure becomes a notice."""
        if why := bent(layer):
            raise Refused(why)
        if isinstance(layer, LabelLayer):
            snapshot, lies = layer.labels.snapshot(), layer.geometry

            def work(job: Job) -> Report:
                from pellucid.files.export import export_labels

                labels = as_it_lies(snapshot.map(), lies)
                return export_labels(labels, path, accept_loss=accept_loss, progress=job.report,
                                     cancelled=job.cancelled)  # fmt: skip
        else:
            own, changed = layer.frames, bool(layer.provenance)
            frames = tuple(map(layer.where_it_lies, own))

            def work(job: Job) -> Report:
                from pellucid.files.export import export_image
                from pellucid.files.gradients import told_beside

                report = export_image(frames, path, accept_loss=accept_loss, progress=job.report,
                                      cancelled=job.cancelled)  # fmt: skip
                return replace(report, sentences=(*report.sentences, *told_beside(own, path, changed=changed)))

        return self._write(path, work, done, where_written(layer, path))

    def export_slice(self, layer: ImageLayer, frame: PlaneFrame, index: int, path: Path, *, as_shown: bool,
                     done: Callable[[Report], None] | None = None) -> Job:  # fmt: skip
        """Write one slice: with ``as_shown`` in 8 bits with the window, else with its true values."""
        plane = layer_plane(layer.volume.array, layer.geometry, frame, index)
        pixels = None if plane is None else np.ascontiguousarray(plane.array)
        limits = layer.display.limits if as_shown and not layer.volume.is_colour else None
        inverted = layer.display.invert
        spacing = plane.pixel_mm if plane is not None and frame.has_lengths else None

        def work(job: Job) -> Report:
            from pellucid.files.export import export_slice
            if pixels is None:
                raise Refused(tr("“{name}” does not reach this slice. Move to a slice that shows it.", name=layer.name))
            window = limits[::-1] if limits is not None and inverted else limits
            return export_slice(pixels, path, window=window, spacing=spacing)

        return self._write(path, work, done)

    def _write(
        self, path: Path, work: Callable[[Job], Report], done: Callable[[Report], None] | None, where: str = ""
    ) -> Job:
        session = self._session

        def finish(report: Report) -> None:
            report = replace(report, sentences=(*report.sentences, where)) if where else report
            if done is not None:
                done(report)
            session.notice.emit(" ".join(report.sentences), "info")

        return session.jobs.load(
            tr("Writing {name}", name=path.name), work, finish, lambda text: session.notice.emit(text, "error")
        )


def _exported(layer: Layer) -> Any:
    if isinstance(layer, LabelLayer):
        return as_it_lies(layer.labels, layer.geometry)
    return tuple(map(layer.where_it_lies, layer.frames))


def as_it_lies(labels: LabelMap, lies: Geometry) -> LabelMap:
    """Return labels on the grid of the common world on which registration put them, their voxels shared."""
    return LabelMap(lies.plain, labels.array, labels.labels) if isinstance(lies, PlacedGeometry) else labels


def bent(layer: Layer) -> str:
    """Return the sentence that says why no file can hold a layer as it lies, or ``""``: no header says a bent grid."""
    if layer.geometry.warp is None:
        return ""
    return tr("“{name}” is bent by its transform, and no header can say so. Use Transform ▸ Resample to grid first, or "
              "reset the transform.", name=layer.name)  # fmt: skip


def where_written(layer: Layer, target: str | Path) -> str:
    """Return the sentence that says where a placed layer is written, ``""`` where its source or no format says it."""
    from pellucid.files.formats import format_of

    if layer.placement is None or layer.geometry.warp is not None or not format_of(target).places:
        return ""
    return tr("It is written where it lies: its transform ({transform}) goes into position and orientation.",
              transform=said(layer))  # fmt: skip
