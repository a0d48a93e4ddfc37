"""The table of a label layer as a whole: shown alone, locked, merged, deleted, found, taken from files and to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pellucid.history.labels import DropLabels, SetLabelTable
from pellucid.history.turning_labels import Stopped
from pellucid.jobs.job import Job
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.model.geometry import Vector
from pellucid.model.label_places import place_of, values_in
from pellucid.model.labels import Label, Status
from pellucid.model.layer import LabelLayer
from pellucid.model.shapes import vector

if TYPE_CHECKING:
    from pellucid.files.label_tables import Preset
    from pellucid.session.session import Session


class LabelTables:
    """Everything the user does to several rows of a label table at once, and to one with respect to the others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._solo: WeakKeyDictionary[LabelLayer, tuple[int, dict[int, bool]]] = WeakKeyDictionary()

    # ---------------------------------------------------------------- what is seen

    def is_solo(self, layer: LabelLayer, value: int) -> bool:
        """Return whether a label is shown alone."""
        alone, _ = self._solo.get(layer, (0, {}))
        return alone == value and all(row.visible == (row.value == value) for row in layer.labels.labels)

    def solo(self, layer: LabelLayer, value: int) -> None:
        """Show only this label, or all as before when it is shown alone; a matter of the screen only."""
        alone, before = self._solo.get(layer, (0, {}))
        if self.is_solo(layer, value):
            del self._solo[layer]
            self._show(layer, lambda row: before.get(row.value, True))
            return
        if not alone or not self.is_solo(layer, alone):
            before = {row.value: row.visible for row in layer.labels.labels}
        self._solo[layer] = value, before
        self._show(layer, lambda row: row.value == value)

    def show_all(self, layer: LabelLayer) -> None:
        """Show every label."""
        self._solo.pop(layer, None)
        self._show(layer, lambda _row: True)

    @staticmethod
    def _show(layer: LabelLayer, shown: Callable[[Label], bool]) -> None:
        layer.labels.labels = tuple(
            row if row.visible == shown(row) else replace(row, visible=not row.visible) for row in layer.labels.labels
        )

    # ---------------------------------------------------------------- rows

    def step(self, layer: LabelLayer, step: int) -> None:
        """Make the label that many rows on in the order of values active, from the last to the first again."""
        values = [row.value for row in layer.labels.labels]
        if values:
            here = values.index(layer.active_label) if layer.active_label in values else -step
            layer.active_label = values[(here + step) % len(values)]

    def lock(self, layer: LabelLayer, values: Collection[int], *, locked: bool) -> None:
        """Lock some labels, or unlock them, as one step."""
        title = tr_count("Lock {count} label", "Lock {count} labels", len(values)) if locked else tr_count(
            "Unlock {count} label", "Unlock {count} labels", len(values)
        )  # fmt: skip
        self._set(layer, title, lambda row: replace(row, locked=locked) if row.value in values else row)

    def lock_others(self, layer: LabelLayer, values: Collection[int]) -> None:
        """Lock every label but these, and unlock these, as one step."""
        self._set(
            layer, tr("Lock all other labels"),
            lambda row: row if row.locked == (row.value not in values) else replace(row, locked=not row.locked),
        )  # fmt: skip

    def _set(self, layer: LabelLayer, title: str, changed: Callable[[Label], Label]) -> None:
        command = SetLabelTable(layer, tuple(map(changed, layer.labels.labels)), title)
        if not command.is_empty:
            self._session.history.do(command)

    def mark(self, layer: LabelLayer, values: Collection[int], status: Status) -> None:
        """Say how far the work on some labels is, as one step."""
        title = tr_count("Status of {count} label", "Status of {count} labels", len(values))
        self._set(layer, title, lambda row: replace(row, status=status) if row.value in values else row)

    def apply(self, layer: LabelLayer, preset: Preset) -> None:
        """Take a table that comes with the program as one step, its names in the language of the user."""
        rows = (replace(row, name=tr(row.name)) for row in preset.labels)
        self.take(layer, rows, tr("Apply label table {name}", name=tr(preset.title)))

    def take(self, layer: LabelLayer, rows: Iterable[Label], title: str) -> None:
        """Put rows into the table as one step: a row takes the place of that of its value, the others stay."""
        table = {row.value: row for row in layer.labels.labels} | {row.value: row for row in rows}
        command = SetLabelTable(layer, tuple(table.values()), title)
        if not command.is_empty:
            self._session.history.do(command)

    # ---------------------------------------------------------------- voxels

    def delete(self, layer: LabelLayer, values: Collection[int]) -> Job | None:
        """Remove labels and their voxels as one step, in the background."""
        rows = [row for row in layer.labels.labels if row.value in values]
        if not rows:
            return None
        title = (
            tr("Delete label {name}", name=rows[0].name)
            if len(rows) == 1
            else tr_count("Delete {count} label", "Delete {count} labels", len(rows))
        )
        return self._drop(layer, frozenset(values), title, into=0)

    def merge(self, layer: LabelLayer, values: Collection[int], into: int) -> Job | None:
        """Make the voxels of some labels those of another and remove their rows, as one step, in the background."""
        others = frozenset(values) - {into}
        if not others:
            raise Refused(tr("Select the labels to merge into “{name}”.", name=layer.labels.label(into).name))
        title = tr_count("Merge {count} label into {name}", "Merge {count} labels into {name}", len(others),
                         name=layer.labels.label(into).name)  # fmt: skip
        return self._drop(layer, others, title, into=into)

    def _drop(self, layer: LabelLayer, values: frozenset[int], title: str, *, into: int) -> Job:
        session = self._session
        for row in layer.labels.labels:
            if row.locked and (row.value in values or row.value == into):
                said = tr("The label “{name}” is locked. Unlock it in the label table to change it.", name=row.name)
                raise Refused(said)

        def work(job: Job) -> DropLabels | None:
            try:
                return DropLabels(layer, values, title, into=into, cancelled=job.cancelled)
            except Stopped:
                return None

        def done(command: DropLabels | None) -> None:
            if command is None or layer not in session.document:
                return
            if command.is_stale:  # painted on while the voxels were looked for
                command = DropLabels(layer, values, title, into=into)
            if not command.is_empty:
                session.history.do(command)
            if not layer.labels.has(layer.active_label) and layer.labels.labels:
                layer.active_label = into or layer.labels.labels[0].value

        return session.running.edit(title, work, done, lambda said: session.notice.emit(said, "error"))

    def delete_empty(self, layer: LabelLayer) -> Job:
        """Remove the rows of all labels without a voxel as one step; locked ones stay."""
        session, labels, version = self._session, layer.labels, layer.labels.version

        def done(present: frozenset[int]) -> None:
            if layer not in session.document:
                return
            if layer.labels is not labels or labels.version != version:
                self.delete_empty(layer)  # painted on while the voxels were looked through
                return
            kept = tuple(row for row in labels.labels if row.value in present or row.locked)
            count = len(labels.labels) - len(kept)
            if not count:
                session.notice.emit(tr("Every label of “{name}” has voxels.", name=layer.name), "info")
                return
            title = tr_count("Delete {count} empty label", "Delete {count} empty labels", count)
            session.history.do(SetLabelTable(layer, kept, title))
            if not labels.has(layer.active_label) and kept:
                layer.active_label = kept[0].value

        title = tr("Looking for empty labels")
        return session.running.edit(
            title, lambda _job: values_in(labels), done, lambda said: session.notice.emit(said, "error")
        )

    def centre_on(self, layer: LabelLayer, value: int) -> Job:
        """Put the crosshair onto the voxel of a label that is nearest to its centroid, found in the background."""
        session, labels = self._session, layer.labels

        def done(place: Vector | None) -> None:
            if place is None:
                name = labels.label(value).name
                session.notice.emit(tr("“{name}” has no voxels yet.", name=name), "info")
            elif layer in session.document:
                if layer.lies is not None:
                    place = vector(layer.lies.to_common(place))
                session.view.crosshair = place
                for pane in session.viewing.panes():
                    if layer in session.viewing.layers(pane) and session.viewing.position(pane) != place:
                        session.viewing.move_to(pane, place)

        title = tr("Centre on label")
        return session.jobs.query("centre on label", title, lambda job: place_of(labels, value, job.cancelled), done)

    # ---------------------------------------------------------------- files

    def read(self, layer: LabelLayer, path: Path) -> Job:
        """Take the labels of a file into the table as one step; what cannot be read is said with its line."""
        session = self._session

        def work(_job: Job) -> tuple[Label, ...]:
            from pellucid.files.label_tables import read_table

            return read_table(path)

        def done(rows: tuple[Label, ...]) -> None:
            if layer in session.document:
                self.take(layer, rows, tr("Import label table {name}", name=path.name))
                said = tr_count("{count} label of {name} is in the table of “{layer}”.",
                                "{count} labels of {name} are in the table of “{layer}”.",
                                len(rows), name=path.name, layer=layer.name)  # fmt: skip
                session.notice.emit(said, "info")

        return session.jobs.load(
            tr("Opening {name}", name=path.name), work, done, lambda said: session.notice.emit(said, "error")
        )

    def write(self, layer: LabelLayer, path: Path) -> Job:
        """Write the table to a file in the format that its ending names."""
        session, rows, title = self._session, layer.labels.labels, self._session.concealing.nameless(layer.name)

        def work(_job: Job) -> None:
            from pellucid.files.label_tables import write_table

            write_table(path, rows, title)

        def done(_nothing: None) -> None:
            session.notice.emit(tr("The label table is in {name}.", name=path.name), "info")

        return session.jobs.load(
            tr("Writing {name}", name=path.name), work, done, lambda said: session.notice.emit(said, "error")
        )
