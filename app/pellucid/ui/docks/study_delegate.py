"""How the rows of the studies tree look: thumbnails, badges, sentences that wrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from pellucid.ui import theme
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.study_nodes import Node
from pellucid.ui.docks.tables import paint_choice
from pellucid.ui.row_thumbnails import RowThumbnails

Index = QModelIndex | QPersistentModelIndex
NODE_ROLE = Qt.ItemDataRole.UserRole + 1
THUMB, ICON_ROOM = 48, 26
GLYPHS = {
    "patient": "account-outline",
    "study": "calendar-blank-outline",
    "group": "folder-outline",
    "volume": "cube-outline",
    "part": "shape-outline",
    "problem": "file-alert-outline",
}
TONES = {"info": "information-outline", "warning": "alert-outline", "error": "alert-circle-outline"}
ALIGN = Qt.AlignmentFlag


def tone_color(tone: str) -> str:
    """Return the colour of a finding."""
    c = theme.colors()
    return {"warning": c.warning, "error": c.danger}.get(tone, c.dim)


class StudyDelegate(QStyledItemDelegate):
    """Draws nodes; asks for a thumbnail only when its row is drawn."""

    def __init__(self, view: QTreeView, thumbnail: Callable[[str], Any], shown: Callable[[Node], bool]) -> None:
        super().__init__(view)
        self._view, self._shown = view, shown
        self.thumbnails = RowThumbnails(thumbnail)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height a row needs at the present width of the tree."""
        node: Node = index.data(NODE_ROLE)
        if node.kind in ("series", "image"):
            return QSize(120, THUMB + 8)
        if node.kind in ("patient", "study", "group"):
            return QSize(120, 40)
        if node.kind in ("finding", "problem"):
            return QSize(120, self._sentence_height(option.font, index, node))
        return QSize(120, theme.CONTROL_HEIGHT)

    def _sentence_height(self, font: QFont, index: Index, node: Node) -> int:
        depth, parent = 1, index.parent()
        while parent.isValid():
            depth, parent = depth + 1, parent.parent()
        width = self._view.viewport().width() - depth * self._view.indentation() - ICON_ROOM - 8
        text = node.title if node.kind == "finding" else node.detail
        wrapped = QFontMetrics(font).boundingRect(0, 0, max(80, width), 1000, Qt.TextFlag.TextWordWrap, text)
        return wrapped.height() + (QFontMetrics(font).height() if node.kind == "problem" else 0) + 8

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a node."""
        node: Node = index.data(NODE_ROLE)
        painter.save()
        painter.setFont(option.font)
        paint_choice(painter, option)
        if node.kind in ("series", "image"):
            self._paint_item(painter, option, node)
        elif node.kind in ("finding", "problem"):
            self._paint_sentence(painter, option.rect, node)
        elif node.kind in ("volume", "part"):
            self._paint_volume(painter, option.rect, node)
        else:
            self._paint_group(painter, option, node)
        painter.restore()

    def _paint_item(self, painter: QPainter, option: QStyleOptionViewItem, node: Node) -> None:
        c, rect = theme.colors(), option.rect
        box = QRect(rect.left() + 4, rect.top() + 4, THUMB, THUMB)
        glyph = node.glyph or ("image-outline" if node.item else "file-document-outline")
        self.thumbnails.paint(painter, box, "" if node.covered else node.item, glyph)
        if self._shown(node):
            painter.fillRect(QRect(rect.left(), rect.top() + 4, 3, THUMB), QColor(c.accent))
        room = rect.adjusted(THUMB + 12, 8, -8, -6)
        upper, lower = room.adjusted(0, 0, 0, -room.height() // 2), room.adjusted(0, room.height() // 2, 0, 0)
        _line(painter, upper, node.title, c.text if node.item else c.dim, Qt.TextElideMode.ElideMiddle)
        width = self._paint_badge(painter, lower, node.badge)
        lower.adjust(width, 0, 0, 0)
        tone = worst(node)
        if tone:
            paint_icon(
                painter,
                QRect(lower.right() - 18, lower.top(), 18, lower.height()),
                theme.icon(TONES[tone], tone_color(tone)),
            )
            lower.adjust(0, 0, -22, 0)
        _line(painter, lower, fitting(node.detail, painter.fontMetrics(), lower.width()), c.dim)

    def _paint_badge(self, painter: QPainter, room: QRect, text: str) -> int:
        c = theme.colors()
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.DemiBold)
        painter.save()
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 10
        badge = QRectF(room.left(), room.center().y() - 8 + 0.5, width, 17)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.groove()))
        painter.drawRoundedRect(badge, 3, 3)
        painter.setPen(QColor(c.text))
        painter.drawText(badge, int(ALIGN.AlignCenter), text)
        painter.restore()
        return width + 8

    def _paint_sentence(self, painter: QPainter, rect: QRect, node: Node) -> None:
        c = theme.colors()
        glyph = TONES.get(node.tone, "information-outline") if node.kind == "finding" else GLYPHS["problem"]
        paint_icon(painter, QRect(rect.left(), rect.top() + 2, 22, 20), theme.icon(glyph, tone_color(node.tone)))
        room = rect.adjusted(ICON_ROOM, 4, -8, -4)
        if node.kind == "problem":
            height = painter.fontMetrics().height()
            _line(
                painter,
                QRect(room.left(), room.top(), room.width(), height),
                node.title,
                c.text,
                Qt.TextElideMode.ElideMiddle,
            )
            room.adjust(0, height, 0, 0)
        painter.setPen(QColor(c.dim if node.kind == "problem" else c.text))
        text = node.detail if node.kind == "problem" else node.title
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap) | int(ALIGN.AlignTop), text)

    def _paint_volume(self, painter: QPainter, rect: QRect, node: Node) -> None:
        c = theme.colors()
        paint_icon(painter, QRect(rect.left(), rect.top(), 22, rect.height()), theme.icon(GLYPHS[node.kind], c.dim))
        shown = self._shown(node)
        _line(painter, rect.adjusted(ICON_ROOM, 0, -8, 0), node.title, c.accent if shown else c.text)

    def _paint_group(self, painter: QPainter, option: QStyleOptionViewItem, node: Node) -> None:
        c, rect = theme.colors(), option.rect
        color = tone_color(node.tone) if node.tone else c.dim
        glyph = "alert-outline" if node.tone else GLYPHS[node.kind]
        paint_icon(painter, QRect(rect.left(), rect.top(), 22, rect.height()), theme.icon(glyph, color))
        room = rect.adjusted(ICON_ROOM, 3, -8, -3)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold if node.kind == "patient" else QFont.Weight.Normal)
        painter.setFont(bold)
        _line(painter, room.adjusted(0, 0, 0, -room.height() // 2), node.title, c.text)
        painter.setFont(option.font)
        _line(painter, room.adjusted(0, room.height() // 2, 0, 0), node.detail, c.dim)


def fitting(detail: str, metrics: QFontMetrics, width: int) -> str:
    """Return as many whole parts of a detail as there is room for, the first at least."""
    parts = detail.split(" · ")
    while len(parts) > 1 and metrics.horizontalAdvance(" · ".join(parts)) > width:
        parts.pop()
    return " · ".join(parts)


def worst(node: Node) -> str:
    """Return the most serious tone among the findings of a series, ``""`` without any worth a sign."""
    tones = {child.tone for child in node.children if child.kind == "finding"}
    return next((tone for tone in ("error", "warning") if tone in tones), "")


def _line(
    painter: QPainter,
    room: QRect,
    text: str,
    color: str,
    mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    painter.setPen(QColor(color))
    shown = painter.fontMetrics().elidedText(text, mode, room.width())
    painter.drawText(room, int(ALIGN.AlignLeft | ALIGN.AlignVCenter), shown)
