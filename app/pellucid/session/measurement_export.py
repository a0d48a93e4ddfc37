"""Measurements for files and the clipboard; nothing in them names a patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.measurement_table import Measured, to_csv, to_json
from pellucid.model.reading import read
from pellucid.session.text_files import write_in_job

if TYPE_CHECKING:
    from pellucid.session.session import Session


def measured(session: Session) -> Callable[[], list[Measured]]:
    """Take what is drawn, on the main thread; what is returned counts the regions that are too large to wait for.

    That may run in any thread.
    """
    measuring, taken, covered = session.measuring, [], session.concealing.nameless
    for annotation in session.document.annotations:
        volume, geometry = measuring.volume(annotation), measuring.geometry(annotation)
        if geometry is None:
            continue
        about = volume.acquisition if volume is not None else None
        series = covered(about.series_description) if about is not None else ""
        modality = about.modality if about is not None else ""
        row = Measured(annotation, measuring.reading(annotation), series, modality, measuring.slice_text(annotation))
        taken.append((row, volume))
        for layer, reading in measuring.fused_readings(annotation):
            about = layer.volume.acquisition
            place = measuring.slice_text(annotation, layer)
            row = Measured(annotation, reading, covered(about.series_description), about.modality, place)
            taken.append((row, layer.placed))

    def rows() -> list[Measured]:
        return [row if volume is None or not row.reading.pending else replace(row, reading=read(row.annotation, volume))
                for row, volume in taken]  # fmt: skip

    return rows


def copy(session: Session, done: Callable[[str], None]) -> Job:
    """Hand over all measurements as a table for the clipboard, as soon as the largest region is counted."""
    rows = measured(session)
    failed = session.notice.emit
    return session.jobs.query(
        "copy measurements", tr("Copying measurements"), lambda _job: to_csv(rows(), delimiter="\t"), done,
        lambda sentence: failed(sentence, "error"),
    )  # fmt: skip


def export(session: Session, path: Path) -> Job:
    """Write all measurements to a CSV or JSON file in the background, verified; a failure becomes a notice."""
    if not len(session.document.annotations):
        raise Refused(tr("There are no measurements to export. Draw one with a tool of the menu Measure first."))
    rows = measured(session)
    as_text = to_json if path.suffix.lower() == ".json" else to_csv
    written = tr("The measurements were written to “{name}” and read back.", name=path.name)
    return write_in_job(session, path, lambda: as_text(rows()), written)
