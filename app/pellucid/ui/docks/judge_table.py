"""The table of a registration that is judged: a number before and after, and whether it became better."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

from pellucid.language import tr
from pellucid.session.judgement_rows import Row
from pellucid.ui import theme
from pellucid.ui.docks.tables import show_whole_rows

_LINE = 22
_SIGNS = {1: "▲", -1: "▼", 0: ""}


class JudgeTable(QTableWidget):
    """As high as its rows: the panel scrolls, not the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self.rows: tuple[Row, ...] = ()
        self.setAccessibleName(tr("Numbers before and after the registration"))
        self.setHorizontalHeaderLabels([tr("Measure"), tr("Before"), tr("After"), ""])
        show_whole_rows(self, _LINE)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(16)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.rows = tuple(rows)
        self.setRowCount(len(self.rows))
        for n, row in enumerate(self.rows):
            for column, text in enumerate((row.title, row.text(row.before), row.text(row.after), _SIGNS[row.verdict])):
                self.setItem(n, column, _item(row, column, text))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        height = self.horizontalHeader().sizeHint().height() + self.rowCount() * _LINE + 2 * self.frameWidth()
        return QSize(240, height)

    def minimumSizeHint(self) -> QSize:
        """Return the same height: there is no scroll bar."""
        return QSize(200, self.sizeHint().height())


def _item(row: Row, column: int, text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    verdict = {1: tr("better than before"), -1: tr("worse than before"), 0: ""}[row.verdict]
    nothing = row.why if column and (row.before, row.after)[min(column, 2) - 1] is None else ""
    tip = "\n".join(filter(None, (row.title, row.help, nothing, verdict if column > 1 else "")))
    item.setToolTip(tip)
    if column == 3 and row.verdict:
        colors = theme.colors()
        item.setForeground(QColor(colors.good if row.verdict > 0 else colors.warning))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, verdict)
    return item
