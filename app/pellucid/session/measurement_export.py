"""Measurements for files and the clipboard; nothing in them names a patient."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.findings import Refused
from pellucid.model.measurement_table import Measured, to_csv, to_json
from pellucid.model.reading import read, read_shape

if TYPE_CHECKING:
    from pellucid.session.session import Session


def measured(session: Session, annotations: Iterable[Annotation] | None = None) -> list[Measured]:
    """Return annotations (all unless given) with everything they say."""
    measuring, found = session.measuring, []
    for annotation in session.document.annotations if annotations is None else annotations:
        volume, geometry = measuring.volume(annotation), measuring.geometry(annotation)
        if geometry is None:
            continue
        reading = read_shape(annotation, geometry) if volume is None else measuring.reading(annotation)
        if reading.pending and volume is not None:
            reading = read(annotation, volume)
        about = volume.acquisition if volume is not None else None
        series, modality = (about.series_description, about.modality) if about is not None else ("", "")
        found.append(Measured(annotation, reading, series, modality, measuring.slice_text(annotation)))
    return found


def export(session: Session, path: Path) -> Job:
    """Write all measurements to a CSV or JSON file in the background, verified; a failure becomes a notice."""
    if not len(session.document.annotations):
        raise Refused(tr("There are no measurements to export. Draw one with a tool of the menu Measure first."))
    rows = measured(session)
    text = to_json(rows) if path.suffix.lower() == ".json" else to_csv(rows)

    def work(_job: Job) -> None:
        from pellucid.files.texts import write_text

        write_text(path, text)

    def done(_nothing: None) -> None:
        session.notice.emit(tr("The measurements were written to “{name}” and read back.", name=path.name), "info")

    def failed(sentence: str) -> None:
        session.notice.emit(sentence, "error")

    return session.jobs.load(tr("Writing {name}", name=path.name), work, done, failed)
