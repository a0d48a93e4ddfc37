"""Which labels of two layers lie on each other: measured in the background, named, and handed to whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import LabelLayer
from pellucid.recipes.object_tables import overlapping
from pellucid.session.inputs import check_places

if TYPE_CHECKING:
    from pellucid.operations.answers import Rows
    from pellucid.session.results import Step
    from pellucid.session.session import Session


@dataclass(frozen=True, eq=False)
class OverlapTable:
    """A row for each pair of labels that share voxels, and the names of the layers they are of."""

    rows: Rows
    name: str
    other: str


class Overlaps:
    """Measures the overlap of two label layers; nothing of the document changes."""

    measured = Signal(object)
    """Emitted on the main thread with the ``OverlapTable``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def measure(self, labels: str, other: str) -> Job:
        """Measure the overlap of two layers by their ids. Raises Refused."""
        session = self._session
        layers = [session.document.find(id) for id in (labels, other)]
        one, two = layers
        if not isinstance(one, LabelLayer) or not isinstance(two, LabelLayer):
            raise Refused(tr("The label layer is no longer there."))
        check_places(one, two)
        taken = [session.running.inputs.taken((layer.id, 0)) for layer in (one, two)]
        names = [{row.value: row.name for row in layer.labels.labels} for layer in (one, two)]
        elsewhere = not one.own_geometry.same_grid(two.own_geometry)
        remarks: list[str] = []

        def work(job: Job) -> Rows:
            images = [voxels.image for voxels in taken if voxels is not None]
            return overlapping(images, names, resample=elsewhere, progress=job.report, cancelled=job.cancelled,
                               remark=remarks.append)  # fmt: skip

        def done(rows: Rows) -> None:
            session.running.inputs.forget()
            for sentence in dict.fromkeys(remarks):
                session.notice.emit(sentence, "info")
            self.measured.emit(OverlapTable(rows, one.name, two.name))

        title = tr("Measuring the overlap of {name} with {other}", name=one.name, other=two.name)
        return session.jobs.query("overlap", title, work, done, lambda text: session.notice.emit(text, "warning"))

    def take(self, rows: Rows, step: Step) -> None:
        """Hand over the rows that were measured from the list of operations."""
        from pellucid.recipes.object_tables import named_overlap

        made = step.made[-1]
        found = {layer.name: {row.value: row.name for row in layer.labels.labels}
                 for layer in self._session.document.label_layers}  # fmt: skip
        one, other = made.inputs[:2]
        self.measured.emit(OverlapTable(named_overlap(rows, found.get(one, {}), found.get(other, {})), one, other))

    def export(self, table: OverlapTable, path: Path) -> Job:
        """Write the table by the ending of the name. Raises Refused."""
        from pellucid.files.row_files import check_ending, write_rows

        check_ending(path)
        notice = self._session.notice.emit
        return self._session.jobs.load(
            tr("Saving {name}", name=path.name),
            lambda _job: write_rows(table.rows, path),
            lambda _nothing: notice(tr("{name} was saved.", name=path.name), "info"),
            lambda text: notice(text, "error"),
        )
