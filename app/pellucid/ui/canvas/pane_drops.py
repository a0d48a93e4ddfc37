"""What is dragged over a pane: where it would go, said before it is let go, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QRect, Qt
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication, QPainter, QPen

from pellucid.language import mark, tr
from pellucid.session.loading import Place
from pellucid.ui import theme
from pellucid.ui.canvas.drops import ITEM_MIME, LAYER_MIME
from pellucid.ui.canvas.words import CENTRE, Words

if TYPE_CHECKING:
    from pellucid.model.view import PaneState
    from pellucid.ui.canvas.canvas_area import CanvasArea

SHOW, OVERLAY, EMPTY = mark("Show here"), mark("Overlay (Ctrl)"), mark("Drop a series here")
_TEXT_PIXELS = 14


class PaneDrops:
    """Shows what a drop would do on the pane under it, and does it."""

    def __init__(self, area: CanvasArea) -> None:
        self._area = area

    def aim(self, event: QDropEvent | None) -> None:
        """Mark the pane under a drag; None when the drag went elsewhere."""
        state = self._state(event)
        hint = tr(OVERLAY if _over(event) else SHOW) if event is not None else ""
        for pane in self._area.panes:
            wanted = hint if pane.state is state else ""
            if pane.drop_hint != wanted:
                pane.drop_hint = wanted
                pane.viewport().update()

    def take(self, event: QDropEvent) -> bool:
        """Show what was dropped on a pane; return whether it belonged to one."""
        state, mime, session = self._state(event), event.mimeData(), self._area.session
        self.aim(None)
        if state is None:
            return False
        state.information = False
        if mime.hasFormat(ITEM_MIME):
            session.loading.load_into(_text(mime, ITEM_MIME), Place(state, _over(event)))
            return True
        layer = session.document.find(_text(mime, LAYER_MIME))
        if layer is not None:
            session.viewing.put(state, layer, over=_over(event))
        return True

    def _state(self, event: QDropEvent | None) -> PaneState | None:
        """Return the pane that a series or a layer is over, if there is one to show it in."""
        if event is None or not self._area.session.document.layers:
            return None
        mime = event.mimeData()
        if not (mime.hasFormat(ITEM_MIME) or mime.hasFormat(LAYER_MIME)):
            return None
        return self._area.grid.state_at(self._area.grid.mapFrom(self._area, event.position().toPoint()))


class Hints:
    """Draws what a pane says of drops: the two things a drop can do, or that the pane is empty."""

    def __init__(self) -> None:
        font = QGuiApplication.font()
        font.setPixelSize(_TEXT_PIXELS)
        self._words = Words(font)

    def paint_drop(self, painter: QPainter, hint: str, width: int, height: int) -> None:
        """Frame the pane and say what a drop does; what it could do otherwise is said more quietly."""
        painter.fillRect(QRect(0, 0, width, height), QColor(0, 0, 0, 130))
        painter.setPen(QPen(QColor(theme.DARK.accent), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRect(1, 1, width - 3, height - 3))
        line = self._words.height + 2 * theme.GRID
        for n, text in enumerate((SHOW, OVERLAY)):
            chosen, size = text == hint, self._words.width(text) + 4 * theme.GRID
            box = QRect((width - size) // 2, height // 2 + (n - 1) * (line + theme.GRID), size, line)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.DARK.accent) if chosen else QColor(0, 0, 0, 170))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(theme.DARK.on_accent if chosen else theme.DARK.text))
            painter.setFont(self._words.font)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def paint_empty(self, painter: QPainter, width: int, height: int) -> None:
        """Say that the pane waits for something to show."""
        painter.setPen(QPen(QColor(theme.DARK.line), 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRect(8, 8, width - 17, height - 17), 6, 6)
        text = self._words.fitted(EMPTY, width - 32)
        self._words.draw(painter, text, theme.DARK.dim, width / 2, (height - self._words.height) / 2, CENTRE)


def _over(event: QDropEvent | None) -> bool:
    return event is not None and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _text(mime: QMimeData, kind: str) -> str:
    return bytes(mime.data(kind).data()).decode("utf-8", "replace")
