"""Layers and views as DICOM: about whom, made of what and how, planned and written in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.writing.origin import Origin, read_origin
from pellucid.dicom.writing.request import Request, Subject
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, on_same_voxels
from pellucid.model.volume import Volume
from pellucid.session.chains import start_of
from pellucid.session.saving import as_it_lies, bent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.files.export import Report
    from pellucid.jobs.job import Job
    from pellucid.session.session import Session

Done = Callable[["Report"], None]


@dataclass(frozen=True)
class Planned:
    """What a choice would become: a title, what it would lose, and what else is to be known."""

    title: str
    losses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def image_of(session: Session, layer: Layer) -> ImageLayer | None:
    """Return the image of a layer: itself, or the one that labels were made for or lie on."""
    if isinstance(layer, ImageLayer):
        return layer
    made_for = session.document.find(layer.made_for)
    if isinstance(made_for, ImageLayer):
        return made_for
    return next((one for one in session.document.images if on_same_voxels(one, layer)), None)


def _read_from(session: Session, image: ImageLayer) -> tuple[ImageLayer, ...]:
    """Return an image, and the open one that its steps began with."""
    start = start_of(image.provenance)
    before = session.document.find(start.layer) if start is not None else None
    return (image, before) if isinstance(before, ImageLayer) else (image,)


def source_files(session: Session, layer: Layer) -> tuple[Path, ...]:
    """Return the DICOM files that a layer, or what it was computed from, was read from; none where there are none."""
    image = image_of(session, layer)
    if image is None:
        return _files_of(layer)
    for one in _read_from(session, image):
        if files := _files_of(one):
            return files
    uid = image.volume.acquisition.series_uid
    known = next((one for one in session.library.series if uid and one.uid == uid), None)
    return tuple(known.files) if known is not None else ()


def _files_of(layer: Layer) -> tuple[Path, ...]:
    return tuple(map(Path, layer.source.paths)) if layer.source.kind == "dicom" else ()


def steps_of(layer: Layer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the steps that made a layer, in words, and the names of their operations."""
    from pellucid.recipes.step_words import said_of

    steps = [step for step in layer.provenance if step.enabled]
    unit = layer.volume.unit if isinstance(layer, ImageLayer) else ""
    said = [": ".join(part for part in said_of(step, unit) if part) for step in steps]
    names = [step.operation for step in steps]
    if layer.placement is not None:
        said.append(tr("Moved to where registration put it"))
    return tuple(said), tuple(names)


def _opening_of(session: Session, layer: Layer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what opening a part of an image, or fewer voxels, did to it, as ``steps_of`` does."""
    image = image_of(session, layer)
    opened = () if image is None else (one.source.reduction for one in _read_from(session, image))
    reduction = next((one for one in opened if one is not None and not one.is_whole), None)
    if reduction is None:
        return (), ()
    names = ("geometry.crop",) * reduction.is_part + ("geometry.resample",) * (reduction.factor > 1)
    return (reduction.note,), names


def plan(session: Session, layer: Layer, request: Request,
         done: Callable[[Planned], None], failed: Callable[[str], None]) -> Job:  # fmt: skip
    """Find out in the background what a layer becomes; only the latest question is answered."""
    ask, frames = _asked(session, layer, request), _frames(image_of(session, layer))
    taken = (layer.labels.snapshot(), layer.geometry) if isinstance(layer, LabelLayer) else None

    def work(_job: Job) -> Planned:
        from pellucid.dicom.writing.segmentation import check_labels
        from pellucid.dicom.writing.series import plan_series

        full = ask()
        if taken is not None and (full.origin is not None or not frames):
            check_labels(as_it_lies(taken[0].map(), taken[1]), full)
            return Planned(tr("labels that refer to the images they were made on"))
        found = plan_series(frames, full)
        remarks = found.remarks
        if taken is not None:
            remarks = (tr("The image of the labels has no DICOM files, so it is written beside them."), *remarks)
        return Planned(found.title, found.losses, remarks)

    return session.jobs.query("dicom plan", tr("Looking at what will be written"), work, done, failed, quiet=True)


def write_layer(session: Session, layer: Layer, kinds: Sequence[str], folder: Path, request: Request,
                done: Done | None = None) -> Job:  # fmt: skip
    """Write an image as a derived series, or labels as ``kinds``, into a new folder; a failure becomes a notice."""
    if why := bent(layer):
        raise Refused(why)
    ask, frames = _asked(session, layer, request), _frames(layer)
    if isinstance(layer, LabelLayer):
        taken, lies = layer.labels.snapshot(), layer.geometry
        image = image_of(session, layer)
        shown = () if image is None else (image.where_it_lies(image.volume),)

        def work(job: Job) -> Report:
            from pellucid.files.dicom_objects import RTSTRUCT, write_labels

            labels = as_it_lies(taken.map(), lies)
            report = write_labels(labels, folder, ask(), kinds, image=shown, progress=job.report,
                                  cancelled=job.cancelled, commit=job.commit)  # fmt: skip
            if taken.contours is not None and labels.contours is None and RTSTRUCT in kinds:
                said = tr("They lie where registration put them, so the edges of their voxels are written, not the "
                          "contours that were drawn, and neither open lines nor points.")  # fmt: skip
                report = replace(report, sentences=(*report.sentences, said))
            return _cleaned(report, request)
    else:

        def work(job: Job) -> Report:
            from pellucid.files.dicom_export import write_image

            written = write_image(frames, folder, ask(), progress=job.report, cancelled=job.cancelled,
                                  commit=job.commit)  # fmt: skip
            return _cleaned(written.report, request)

    return _write(session, folder, work, done)


def write_picture(session: Session, pixels: NDArray[np.uint8], layer: Layer | None, folder: Path, request: Request, *,
                  texts: bool, identity: bool, done: Done | None = None) -> Job:  # fmt: skip
    """Write a picture of the screen.

    With ``identity`` it joins patient and study of the layer, else it names nobody and joins no study.
    """
    if identity and layer is not None:
        ask = _asked(session, layer, replace(request, subject=subject_of(session, layer)))
    else:
        ask = _nobody(request)

    def work(job: Job) -> Report:
        from pellucid.files.dicom_objects import write_capture

        return write_capture(pixels, folder, ask(), texts=texts, cancelled=job.cancelled, commit=job.commit)

    return _write(session, folder, work, done)


def _cleaned(report: Report, request: Request) -> Report:
    """Say what de-identification changed, where it was asked for."""
    from pellucid.dicom.deidentify.finishing import Finisher

    if not isinstance(request.finish, Finisher):
        return report
    return replace(report, sentences=(*report.sentences, request.finish.sentence()))


def subject_of(session: Session, layer: Layer) -> Subject:
    """Return who an image is about as far as it is known without its files."""
    image = image_of(session, layer)
    if image is None:
        return Subject()
    about = image.volume.acquisition
    return Subject(about.patient_name, about.patient_id, about.birth_date, about.sex, about.study_description)


def _nobody(request: Request) -> Callable[[], Request]:
    return lambda: replace(request, origin=None, subject=Subject(), study="")


def _frames(layer: Layer | None) -> tuple[Volume, ...]:
    return tuple(map(layer.where_it_lies, layer.frames)) if isinstance(layer, ImageLayer) else ()


def _asked(session: Session, layer: Layer | None, request: Request) -> Callable[[], Request]:
    """Return how a worker completes a request: with the header of the source and the steps that were taken."""
    files = source_files(session, layer) if layer is not None else ()
    before, then = (_opening_of(session, layer), steps_of(layer)) if layer is not None else (((), ()), ((), ()))

    def ask() -> Request:
        return replace(request, origin=_origin(files), steps=(*before[0], *then[0]), operations=(*before[1], *then[1]))

    return ask


def _origin(files: tuple[Path, ...]) -> Origin | None:
    return read_origin(files) if files else None


def _write(session: Session, folder: Path, work: Callable[[Job], Any], done: Done | None) -> Job:
    def finish(report: Report) -> None:
        if done is not None:
            done(report)
        session.notice.emit(" ".join(report.sentences), "info")

    return session.jobs.load(
        tr("Writing {name}", name=folder.name), work, finish, lambda text: session.notice.emit(text, "error")
    )
