"""The weights of a kernel as a Qt model: one slice at a time, with the texts that are no numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from pellucid.language import tr
from pellucid.operations.engines.kernel_text import read_number, write_number
from pellucid.ui import theme
from pellucid.ui.forms.numbers import format_number, parse_number
from pellucid.ui.stylesheet import mix

Index = QModelIndex | QPersistentModelIndex
ROLE = Qt.ItemDataRole
_TOP = QModelIndex()
_FAINTEST = 0.12
_STRONGEST = {"dark": 0.36, "light": 0.5}
"""The share of colour behind the smallest and the largest weight; more would hide the text."""


class KernelModel(QAbstractTableModel):
    """The weights (slices, rows, columns) of which one slice is shown, and the texts that are no numbers."""

    changed = Signal()
    """Emitted after the user changed a weight, valid or not."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.weights: NDArray[np.float64] = np.zeros((1, 3, 3))
        self.wrong: dict[tuple[int, int, int], str] = {}
        self.slice = 0

    def set_weights(self, weights: NDArray[np.float64]) -> None:
        """Show other weights without telling anybody; the slice in the middle comes first when their number changes."""
        self.beginResetModel()
        if len(weights) != len(self.weights):
            self.slice = len(weights) // 2
        self.weights, self.wrong = weights.copy(), {}
        self.endResetModel()

    def show_slice(self, number: int) -> None:
        """Show another slice, if there is one."""
        self.beginResetModel()
        self.slice = min(max(number, 0), len(self.weights) - 1)
        self.endResetModel()

    def complaint(self) -> str:
        """Return where a weight is no number, or ``""``."""
        for (slice_, row, column), given in sorted(self.wrong.items()):
            place = self.place(row, column, slice_)
            return tr("{place}: “{given}” is not a number.", place=place, given=given)
        return ""

    def place(self, row: int, column: int, slice_: int | None = None) -> str:
        """Return where a weight is, in words."""
        if len(self.weights) == 1:
            return tr("Row {row}, column {column}", row=row + 1, column=column + 1)
        number = (self.slice if slice_ is None else slice_) + 1
        return tr("Slice {number}, row {row}, column {column}", number=number, row=row + 1, column=column + 1)

    def rowCount(self, parent: Index = _TOP) -> int:
        """Return the rows of the kernel."""
        return 0 if parent.isValid() else self.weights.shape[1]

    def columnCount(self, parent: Index = _TOP) -> int:
        """Return the columns of the kernel."""
        return 0 if parent.isValid() else self.weights.shape[2]

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let every weight be edited."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        """Return the text of a weight, and its place for tooltip and screen reader."""
        where = self.slice, index.row(), index.column()
        given, value = self.wrong.get(where), float(self.weights[where])
        if role == ROLE.DisplayRole:
            return format_number(value) if given is None else given
        if role == ROLE.EditRole:
            return write_number(value) if given is None else given
        if role in (ROLE.ToolTipRole, ROLE.AccessibleTextRole):
            return f"{self.place(*where[1:])}: {format_number(value)}" if given is None else self.complaint()
        return Qt.AlignmentFlag.AlignCenter if role == ROLE.TextAlignmentRole else None

    def setData(self, index: Index, text: Any, role: int = ROLE.EditRole) -> bool:
        """Take what was typed, and tell it if it says something new."""
        where = self.slice, index.row(), index.column()
        value = read_number(str(text))
        value = parse_number(str(text)) if value is None else value
        if value is None:
            self.wrong[where] = str(text)
        elif where not in self.wrong and self.weights[where] == value:
            return True
        else:
            self.wrong.pop(where, None)
            self.weights[where] = value
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
        self.changed.emit()
        return True

    def back(self, index: Index) -> str:
        """Return the colour behind a weight: blue above 0, amber below, stronger for larger ones."""
        c, where = theme.colors(), (self.slice, index.row(), index.column())
        if where in self.wrong:
            return mix(c.danger, c.panel, 0.2)
        value, largest = float(self.weights[where]), float(np.abs(self.weights).max())
        if value == 0 or not np.isfinite(largest):
            return c.panel
        more = _STRONGEST["dark" if theme.is_dark() else "light"] - _FAINTEST
        return mix(c.accent if value > 0 else c.warning, c.panel, _FAINTEST + more * abs(value) / largest)
