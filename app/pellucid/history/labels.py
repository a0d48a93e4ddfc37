"""Steps that change the table of a label layer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from pellucid.history.command import SMALL, Command
from pellucid.history.hand_steps import Steps, without_label
from pellucid.history.painting import PatchLabels
from pellucid.history.turning_labels import turned
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
    def nbytes(self) -> int:
        """Return the bytes of both tables: a row is a reference, and its object where the tables differ in it."""
        return SMALL + 8 * (len(self._before) + len(self._after)) + SMALL * self._differing

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
        there = {row.value: row for row in rows}
        changed = [row for row in self._after if there.get(row.value) is not row]
        self._differing = len(changed) + max(0, len(rows) - len(self._after))
        self._reshown = {
            row.value for row in changed if (old := there.get(row.value)) is None or old.visible is not row.visible
        }

    def _set(self, rows: Rows) -> None:
        labels, reshown = self._layer.labels, self._reshown
        there = {row.value: row for row in labels.labels}
        labels.labels = tuple(
            row
            if (now := there.get(row.value, row)) is row or now.visible is row.visible or row.value in reshown
            else replace(row, visible=now.visible)
            for row in rows
        )


class DropLabels(Command):
    """Remove several labels: their rows go, and their voxels become label ``into`` (0: background).

    The search for the voxels takes time and may run on a worker; ``is_stale`` then says whether they were painted on
    since, and the step must be made anew. Locked labels are refused.
    """

    def __init__(self, layer: LabelLayer, values: Collection[int], label: str, *, into: int = 0,
                 cancelled: Callable[[], bool] = lambda: False) -> None:  # fmt: skip
        self.label = label
        labels = layer.labels
        self._version, self._rows_before, self._layer = labels.version, labels.labels, layer
        for row in self._rows_before:
            if row.locked and (row.value in values or row.value == into):
                raise Refused(
                    tr("The label “{name}” is locked. Unlock it in the label table to change it.", name=row.name)
                )
        kept = tuple(row for row in self._rows_before if row.value not in values)
        steps: Steps = layer.provenance
        for value in values:
            steps = without_label(steps, value)
        patches, steps = turned(labels, values, into, steps, cancelled)
        self._voxels = PatchLabels(layer, patches, label, provenance=steps)
        self._table = SetLabelTable(layer, kept, label)

    @property
    def is_stale(self) -> bool:
        """Return whether voxels or rows changed since the step was made."""
        labels = self._layer.labels
        return labels.version != self._version or labels.labels is not self._rows_before

    @property
    def nbytes(self) -> int:
        """Return the bytes of the rows and of the compressed voxels."""
        return self._table.nbytes + self._voxels.nbytes

    @property
    def is_empty(self) -> bool:
        """Return whether there is neither a row nor a voxel of the labels."""
        return self._table.is_empty and self._voxels.is_empty

    def do(self, document: Document) -> None:
        """Change the voxels and drop the rows."""
        if not self._voxels.is_empty:
            self._voxels.do(document)
        self._table.do(document)

    def undo(self, document: Document) -> None:
        """Bring the rows and the voxels back."""
        self._table.undo(document)
        if not self._voxels.is_empty:
            self._voxels.undo(document)
