"""The numbers an operation measured, beside its form, to read and to copy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import push_button
from pellucid.ui.forms.numbers import format_number

if TYPE_CHECKING:
    from pellucid.operations.answers import Entry, Table


class AnswerTable(QWidget):
    """Rows of title, value and unit; hidden while there is no table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Table | None = None
        self._unit = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(0, 1)
        column.addLayout(self._grid)
        self.copy = push_button(tr("Copy table"), self._copy, tip=tr("Put the numbers on the clipboard, to paste them"))
        column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignRight)
        self.hide()

    def show_table(self, table: Table | None, unit: str = "") -> None:
        """Show the numbers of a table; ``unit`` is that of the image's values."""
        self._table, self._unit = table, unit
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row, entry in enumerate(table.entries if table is not None else ()):
            self._add(row, entry)
        self.setVisible(table is not None)

    def _add(self, row: int, entry: Entry) -> None:
        title, value, unit = QLabel(tr(entry.title), wordWrap=True), QLabel(_number(entry)), QLabel(self._said(entry))
        value.setFont(theme.figures(value.font()))
        value.setAlignment(Qt.AlignmentFlag.AlignRight)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        unit.setProperty("dim", True)
        title.setToolTip(tr(entry.help) if entry.help else "")
        for column, widget in enumerate((title, value, unit)):
            self._grid.addWidget(widget, row, column)

    def _said(self, entry: Entry) -> str:
        return self._unit if entry.unit == "intensity" else tr(entry.unit) if entry.unit else ""

    def _copy(self) -> None:
        entries = self._table.entries if self._table is not None else ()
        lines = ["\t".join((tr(entry.title), repr(entry.value), self._said(entry))) for entry in entries]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _number(entry: Entry) -> str:
    return format_number(float(f"{entry.value:.5g}")) if math.isfinite(entry.value) else "–"
