"""Steps that change the table of a label layer."""

from __future__ import annotations

from dataclasses import replace

from pellucid.history.command import SMALL, Command
from pellucid.history.hand_steps import without_label
from pellucid.history.painting import PatchLabels, cleared
from pellucid.language import tr
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer

Rows = tuple[Label, ...]


class SetLabelTable(Command):
    """Give a label layer another table: rows added, renamed, recoloured, locked.

    What the user hides or shows is not a matter of the history, so the visibility of a row is only set where
    the new table differs from the old one in it. Steps with the same ``merge_key`` on one layer that follow
    each other become one: a drag through colours is one step.
    """

    def __init__(self, layer: LabelLayer, rows: Rows, label: str, *, merge_key: str = "") -> None:
        self.label = label
        self._layer = layer
        self._merge_key = merge_key
        self._after: Rows = tuple(sorted(rows, key=lambda row: row.value))
        self._starts_from(layer.labels.labels)

    @property
    def is_empty(self) -> bool:
        """Return whether the table is the same."""
        return self._before == self._after

    def do(self, document: Document) -> None:
        """Set the new table."""
        self._set(self._after)

    def undo(self, document: Document) -> None:
        """Set the old table."""
        self._set(self._before)

    def merge(self, following: Command) -> Command | None:
        """Merge with a later step of the same drag."""
        if not isinstance(following, SetLabelTable) or following._layer is not self._layer:
            return None
        if not self._merge_key or following._merge_key != self._merge_key:
            return None
        merged = SetLabelTable(self._layer, following._after, following.label, merge_key=self._merge_key)
        merged._starts_from(self._before)
        return merged

    def _starts_from(self, rows: Rows) -> None:
        self._before = rows
        shown = {row.value: row.visible for row in rows}
        self._reshown = {row.value for row in self._after if shown.get(row.value) is not row.visible}

    def _set(self, rows: Rows) -> None:
        labels = self._layer.labels
        shown = {row.value: row.visible for row in labels.labels}

        def kept(row: Label) -> bool:
            return row.value in self._reshown or shown.get(row.value, row.visible) is row.visible

        labels.labels = tuple(row if kept(row) else replace(row, visible=not row.visible) for row in rows)


class DeleteLabel(Command):
    """Remove a label: its row and its voxels. A locked label is refused."""

    def __init__(self, layer: LabelLayer, value: int, label: str = "") -> None:
        row = layer.labels.label(value)
        if row.locked:
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table to delete it.", name=row.name))
        self.label = label or tr("Delete label {name}", name=row.name)
        before = layer.labels.labels
        self._table = SetLabelTable(layer, tuple(kept for kept in before if kept.value != value), self.label)
        steps = without_label(layer.provenance, value)
        self._voxels = PatchLabels(layer, cleared(layer.labels, value), self.label, provenance=steps)

    @property
    def nbytes(self) -> int:
        """Return the bytes of the row and of the compressed voxels."""
        return SMALL + self._voxels.nbytes

    @property
    def is_empty(self) -> bool:
        """Return whether there is neither a row nor a voxel of the label."""
        return self._table.is_empty and self._voxels.is_empty

    def do(self, document: Document) -> None:
        """Clear the voxels and drop the row."""
        if not self._voxels.is_empty:
            self._voxels.do(document)
        self._table.do(document)

    def undo(self, document: Document) -> None:
        """Bring the row and the voxels back."""
        self._table.undo(document)
        if not self._voxels.is_empty:
            self._voxels.undo(document)
