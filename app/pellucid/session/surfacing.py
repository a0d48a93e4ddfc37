"""Surfaces of labels as files, in the background; nothing in them names a patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import LabelLayer
from pellucid.session.saving import as_it_lies, bent

if TYPE_CHECKING:
    from pellucid.files.surfaces import SurfaceChoice, SurfaceReport
    from pellucid.session.session import Session


def export(
    session: Session,
    layer: LabelLayer,
    values: tuple[int, ...] | None,
    path: Path,
    choice: SurfaceChoice,
    done: Callable[[SurfaceReport], None] = lambda _report: None,
) -> Job:
    """Write the surfaces of labels (None: of all that have voxels), verified; a failure becomes a notice."""
    taken, lies = layer.labels.snapshot(), layer.geometry
    if why := bent(layer):
        raise Refused(why)

    def work(job: Job) -> SurfaceReport:
        from pellucid.files.surfaces import export_surfaces
        from pellucid.operations.engines.meshing import label_boxes

        snapshot, chosen = as_it_lies(taken.map(), lies), values
        if chosen is None:
            chosen = tuple(label_boxes(snapshot.array, lambda _done: job.check()))
        if not chosen:
            raise Refused(tr("“{name}” holds no voxel of any label.", name=layer.name))
        wanted = [(snapshot, value) for value in chosen]
        return export_surfaces(wanted, path, choice, progress=job.report, cancelled=job.cancelled)

    def finish(report: SurfaceReport) -> None:
        done(report)
        session.notice.emit(" ".join(sentences(report)), "info")

    return session.jobs.load(
        tr("Writing {name}", name=path.name), work, finish, lambda text: session.notice.emit(text, "error")
    )


def sentences(report: SurfaceReport) -> tuple[str, ...]:
    """Return what was written, for people."""
    names = ", ".join(path.name for path in report.paths[:4]) + (" …" if len(report.paths) > 4 else "")
    said = tr("{names}: {count} triangles, read back.", names=names, count=sum(row.triangles for row in report.rows))
    return said, *report.remarks
