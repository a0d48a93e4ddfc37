"""What tables of panels and dialogs share: their look, their keys, rows that are chosen."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QTableView

from pellucid.ui import theme

_EDGE = 3


class RowTable(QTableView):
    """A table whose rows can be deleted with Delete and copied with Ctrl+C."""

    delete_asked = Signal()
    copy_asked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete or copy; everything else as in every table."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_asked.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        else:
            super().keyPressEvent(event)


def show_whole_rows(table: QTableView, height: int = theme.CONTROL_HEIGHT, *, editable: bool = False) -> None:
    """Let a table show and select whole rows, one line of so many px each; Tab leaves it.

    Args:
        table: Its model may be set before or after.
        height: Of a row, in px.
        editable: Whether a double click and F2 edit a cell that the model lets be edited.
    """
    table.setProperty("frame", True)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setFont(theme.figures(table.font()))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    trigger = QAbstractItemView.EditTrigger
    table.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed if editable else trigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(height)
    table.horizontalHeader().setHighlightSections(False)


def side(*, text: bool) -> Qt.AlignmentFlag:
    """Return where a cell is written: texts at the left, numbers at the right, both in the middle of the line."""
    return (Qt.AlignmentFlag.AlignLeft if text else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter


def paint_choice(painter: QPainter, option: QStyleOptionViewItem, *, edge: bool = False) -> None:
    """Paint behind a row whether it is selected or under the mouse; ``edge`` marks a selected one at its left too."""
    place = option.rect
    if option.state & QStyle.StateFlag.State_Selected:
        painter.fillRect(place, QColor(theme.selection()))
        if edge:
            painter.fillRect(QRect(place.left(), place.top(), _EDGE, place.height()), QColor(theme.colors().accent))
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(place, QColor(theme.colors().raised))
