"""The rows of the label table: those of one layer that a filter lets through, in the order chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from pellucid.language import mark, tr
from pellucid.model.labels import Label, Status
from pellucid.model.layer import LabelLayer

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
COLOR, NAME, VISIBLE, LOCKED = range(4)
TITLES = (mark("Colour"), mark("Name"), mark("Visible"), mark("Locked"))
STATUS_TITLES = {
    Status.NOT_STARTED: mark("Not started"), Status.IN_PROGRESS: mark("In progress"),
    Status.COMPLETED: mark("Completed"), Status.FLAGGED: mark("Flagged"),
}  # fmt: skip
_ORDER = {Status.FLAGGED: 0, Status.IN_PROGRESS: 1, Status.NOT_STARTED: 2, Status.COMPLETED: 3}
ORDERS: dict[str, tuple[str, Callable[[Label], Any]]] = {
    "value": (mark("Value"), lambda row: row.value),
    "name": (mark("Name"), lambda row: (row.name.casefold(), row.value)),
    "status": (mark("Status"), lambda row: (_ORDER[row.status], row.value)),
}
"""Title and key of the orders that the rows can stand in."""


class LabelModel(QAbstractTableModel):
    """The labels of one layer; editing goes through the session, so that it can be undone."""

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(parent)
        self._session = session
        self.layer: LabelLayer | None = None
        self._table: tuple[Label, ...] = ()
        self._rows: list[Label] = []
        self._places: dict[int, int] = {}
        self.order = "value"
        self.wanted = ""

    def show_layer(self, layer: LabelLayer | None) -> None:
        """Show the table of a layer, or nothing."""
        self.layer = layer
        self.refresh()

    def arrange(self, order: str) -> None:
        """Put the rows in another order, one of ``ORDERS``."""
        self.order = order
        self._fill()

    def filter(self, wanted: str) -> None:
        """Show only rows whose name, code or value holds this text."""
        self.wanted = wanted.strip().casefold()
        self._fill()

    def refresh(self) -> None:
        """Read the table again, if it changed; rows stay where they are when only their contents did."""
        table = self.layer.labels.labels if self.layer is not None else ()
        if table is not self._table:
            self._table = table
            self._fill()

    def _fill(self) -> None:
        rows = [row for row in self._table if self._lets_through(row)] if self.wanted else list(self._table)
        if self.order != "value":
            rows.sort(key=ORDERS[self.order][1])
        if len(rows) == len(self._rows) and all(
            new is old or new.value == old.value for new, old in zip(rows, self._rows, strict=True)
        ):
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, LOCKED))
            return
        self.beginResetModel()
        self._rows = rows
        self._places = {row.value: place for place, row in enumerate(rows)}
        self.endResetModel()

    def _lets_through(self, row: Label) -> bool:
        wanted = self.wanted
        code = row.code
        return (
            wanted in row.name.casefold()
            or str(row.value).startswith(wanted)
            or (code is not None and (wanted in code.meaning.casefold() or wanted == code.value))
        )

    @property
    def total(self) -> int:
        """Return how many labels the layer has, shown or not."""
        return len(self._table)

    def label(self, row: int) -> Label | None:
        """Return the label of a row, or None."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row(self, value: int) -> int:
        """Return the row of a label value, −1 when it has none."""
        return self._places.get(value, -1)

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(TITLES)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        return tr(TITLES[section]) if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        label = self.label(index.row())
        if label is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) and index.column() == NAME:
            return label.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(label, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{tr(TITLES[index.column()])}: {_spoken(label, index.column())}"
        return label if role == Qt.ItemDataRole.UserRole else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        label, name = self.label(index.row()), str(value).strip()
        if self.layer is None or label is None or not name or role != Qt.ItemDataRole.EditRole:
            return False
        self._session.labelling.edit_label(self.layer, label.value, name=name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flag = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flag | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flag

    def toggle(self, index: Index, *, solo: bool = False) -> None:
        """Turn the eye or the lock of a row; ``solo`` turns the eyes of all others."""
        label = self.label(index.row())
        if self.layer is None or label is None:
            return
        if index.column() == VISIBLE and solo:
            self._session.label_tables.solo(self.layer, label.value)
        elif index.column() == VISIBLE:
            self._session.labelling.edit_label(self.layer, label.value, visible=not label.visible)
        elif index.column() == LOCKED:
            self._session.labelling.edit_label(self.layer, label.value, locked=not label.locked)

    def recolor(self, row: int, color: str) -> None:
        """Give a label another colour."""
        label = self.label(row)
        if self.layer is not None and label is not None:
            self._session.labelling.edit_label(self.layer, label.value, color=color)


def _tip(label: Label, column: int) -> str:
    return (
        tr("Click: another colour"),
        _told(label),
        tr("Click: hide · Alt+click: show only this label") if label.visible
        else tr("Click: show · Alt+click: show only this label"),
        tr("Locked: cannot be painted over. Click: unlock") if label.locked else tr("Click: protect from painting"),
    )[column]  # fmt: skip


def _told(label: Label) -> str:
    """Return all that is known of a label."""
    lines = [tr("{name} (value {value}). Double click or F2: rename", name=label.name, value=label.value)]
    if label.status is not Status.NOT_STARTED:
        lines.append(tr(STATUS_TITLES[label.status]))
    if label.code is not None:
        lines.append(f"{label.code.meaning} ({label.code.scheme} {label.code.value})")
    if label.notes:
        lines.append(label.notes)
    return "\n".join(lines)


def _spoken(label: Label, column: int) -> str:
    if column == COLOR:
        return label.color
    if column == NAME:
        status = "" if label.status is Status.NOT_STARTED else f", {tr(STATUS_TITLES[label.status])}"
        return f"{label.name}, {label.value}{status}"
    on = label.visible if column == VISIBLE else label.locked
    return tr("yes") if on else tr("no")
