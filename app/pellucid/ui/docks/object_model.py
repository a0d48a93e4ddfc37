"""The table of objects as a Qt model: sorted and filtered here, in arrays, so that ten thousand rows answer at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from pellucid.language import tr
from pellucid.operations.answers import Column, Rows
from pellucid.operations.object_columns import group_of
from pellucid.session.object_filter import matching, numbers
from pellucid.session.object_rows import ObjectTable
from pellucid.ui.docks.swatches import square
from pellucid.ui.docks.tables import side
from pellucid.ui.forms.numbers import short_number

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
NOTHING = "–"
_TEXTS = ("name", "label")
_HIDDEN = ("voxels", "box_first_x", "box_first_y", "box_first_z", "box_size_x", "box_size_y", "box_size_z", "major_x",
           "major_y", "major_z")  # fmt: skip
"""Columns that are written to files but would crowd the screen."""


def heading(column: Column, unit: str) -> str:
    """Return the title of a column with its unit."""
    said = unit if column.unit == "intensity" else tr(column.unit) if column.unit else ""
    return f"{column.title}, {said}" if said else column.title


def shown_columns(rows: Rows, groups: set[str]) -> tuple[Column, ...]:
    """Return the columns of some groups; those that name a row always."""
    flat = all(size == 1 for size in rows.values.get("box_size_z", [0])) and not any(
        name.startswith("volume_") for name in rows.values
    )
    found = []
    for column in rows.columns:
        named = column.name in ("label", "name", "object")
        crowded = column.name in _HIDDEN and not (column.name == "voxels" and len(rows.columns) < 6)
        if named or (group_of(column.name) in groups and not crowded and not (flat and "_z_" in column.name)):
            found.append(column)
    return tuple(column for column in found if column.name != "label" or "name" not in rows.values)


class ObjectModel(QAbstractTableModel):
    """The rows that pass the filter, in the order of a column."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.table: ObjectTable | None = None
        self.columns: tuple[Column, ...] = ()
        self.order: NDArray[np.int64] = np.zeros(0, np.int64)
        """The number of the row of the table that each row of the screen shows."""
        self._place: NDArray[np.int64] = np.zeros(0, np.int64)
        self._values: list[list[Any]] = []
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._sorted: tuple[str, bool] = ("", False)
        self._filter = ""

    def show_table(self, table: ObjectTable | None, groups: set[str]) -> None:
        """Show another table, or other groups of columns of it."""
        self.beginResetModel()
        if table is not self.table:
            self._numbers = {}
        self.table = table
        self.columns = shown_columns(table.shown, groups) if table is not None else ()
        self._values = [table.shown.values[column.name] for column in self.columns] if table is not None else []
        self._arrange()
        self.endResetModel()

    def filter(self, text: str) -> None:
        """Show only the rows that fulfil a condition; raise Refused when it means nothing, and leave all as it is."""
        if self.table is not None:
            matching(self.table.shown, text)
        self.beginResetModel()
        self._filter = text
        self._arrange()
        self.endResetModel()

    def sort(self, number: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the rows by a column; what has no value comes last."""
        if not 0 <= number < len(self.columns):
            return
        self.beginResetModel()
        self._sorted = (self.columns[number].name, order is Qt.SortOrder.DescendingOrder)
        self._arrange()
        self.endResetModel()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of the whole table as numbers."""
        assert self.table is not None
        if name not in self._numbers:
            self._numbers[name] = numbers(self.table.shown, name)
        return self._numbers[name]

    def place_of(self, row: int) -> int:
        """Return where a row of the table is on the screen, -1 where the filter hides it."""
        return int(self._place[row]) if row < len(self._place) else -1

    def _arrange(self) -> None:
        if self.table is None:
            self.order = self._place = np.zeros(0, np.int64)
            return
        rows, (name, falling) = self.table.shown, self._sorted
        kept = np.flatnonzero(matching(rows, self._filter))
        if name == "name" and name in rows.values:
            words = rows.values[name]
            kept = np.array(sorted(kept.tolist(), key=lambda n: str(words[n]).casefold(), reverse=falling), np.int64)
        elif name in rows.values:
            held = self.numbers(name)[kept]
            kept = kept[np.argsort(-held if falling else held, kind="stable")]
        self.order = kept
        self._place = np.full(len(rows), -1, np.int64)
        self._place[kept] = np.arange(len(kept))

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = TOP) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal or number >= len(self.columns):
            return None
        column = self.columns[number]
        if role == Qt.ItemDataRole.DisplayRole:
            return heading(column, self.table.unit if self.table is not None else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            said = heading(column, self.table.unit if self.table is not None else "")
            return f"{said}: {tr(column.help)}" if column.help else said
        return side(text=column.name in _TEXTS) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole or (role == Qt.ItemDataRole.ToolTipRole and column.name == "name"):
            return self._text(column, self._values[index.column()][self.order[index.row()]])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column.name in _TEXTS)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0 and self.table is not None:
            value = int(self.table.values[self.order[index.row()]])
            return square(self.table.layer.labels.label(value).color)
        return None

    def _text(self, column: Column, value: Any) -> str:
        if column.name == "touches_border":
            return tr("yes") if value else tr("no")
        if value is None:
            return NOTHING
        return str(value) if isinstance(value, str | int) else short_number(float(value))
