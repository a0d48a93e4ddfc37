"""How a row of the study browser looks: a glyph or thumbnail, a title with a quieter line, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from pellucid.ui import theme
from pellucid.ui.browser.study_rows import DATE, MODALITY, NAME, Row
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.study_delegate import GLYPHS
from pellucid.ui.docks.tables import paint_choice
from pellucid.ui.row_thumbnails import RowThumbnails

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
THUMB, LINE, TALL = 44, 30, 52
SIGNS = {"offline": "power-plug-off-outline", "missing": "file-alert-outline"}
ALIGN = Qt.AlignmentFlag


class RowPaint(QStyledItemDelegate):
    """Draws rows; asks for a thumbnail only when its row is drawn."""

    def __init__(self, view: QTreeView, thumbnail: Callable[[str], Any]) -> None:
        super().__init__(view)
        self.thumbnails = RowThumbnails(thumbnail)

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of a row: of thumbnails, or of one line."""
        row: Row | None = index.data(ROW_ROLE)
        return QSize(60, TALL if row is not None and row.kind == "series" else LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        row: Row = index.data(ROW_ROLE)
        painter.save()
        painter.setFont(option.font)
        paint_choice(painter, option)
        if index.column() == NAME:
            self._paint_name(painter, option, row)
        else:
            self._paint_cell(painter, option, row, index.column())
        painter.restore()

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        c, rect = theme.colors(), option.rect
        ink = _ink(row)
        left = THUMB + 12 if row.kind == "series" else 26
        if row.kind == "series":
            box = QRect(rect.left() + 4, rect.top() + 4, THUMB, THUMB)
            self.thumbnails.paint(painter, box, row.key if row.pictured else "", row.glyph)
        else:
            paint_icon(painter, QRect(rect.left(), rect.top(), 22, rect.height()), theme.icon(GLYPHS[row.kind], c.dim))
        room = rect.adjusted(left, 2, -8, -2)
        if row.sign:
            place = QRect(room.right() - 18, room.top(), 18, room.height())
            paint_icon(painter, place, theme.icon(SIGNS[row.sign], c.warning))
            room.adjust(0, 0, -24, 0)
        if row.kind == "patient":
            bold = QFont(option.font)
            bold.setWeight(QFont.Weight.DemiBold)
            painter.setFont(bold)
        if row.kind == "series":
            half = room.height() // 2 if row.detail else 4
            _text(painter, room.adjusted(0, 4, 0, -half), row.texts[NAME], ink)
            _text(painter, room.adjusted(0, half, 0, -4), row.detail, c.dim)
            return
        used = _text(painter, room, row.texts[NAME], ink)
        painter.setFont(option.font)
        if room.width() - used > 60:
            _text(painter, room.adjusted(used + 12, 0, 0, 0), row.detail, c.dim)

    def _paint_cell(self, painter: QPainter, option: QStyleOptionViewItem, row: Row, column: int) -> None:
        if column == DATE:
            painter.setFont(theme.figures(option.font))
        side = ALIGN.AlignLeft if column in (DATE, MODALITY) else ALIGN.AlignRight
        color = theme.colors().dim if row.kind == "patient" else _ink(row)
        _text(painter, option.rect.adjusted(8, 0, -8, 0), row.texts[column], color, side)


def _ink(row: Row) -> str:
    """Return the colour of a row: quieter where its files are away."""
    return theme.colors().dim if row.sign == "offline" else theme.colors().text


def _text(
    painter: QPainter, room: QRect, text: str, color: str, side: Qt.AlignmentFlag = ALIGN.AlignLeft
) -> int:
    """Write a line, without its end where there is no room; return its width."""
    painter.setPen(QColor(color))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, int(side | ALIGN.AlignVCenter), shown)
    return painter.fontMetrics().horizontalAdvance(shown)
