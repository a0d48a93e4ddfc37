"""The divider of a swipe: a line with a knob that can be dragged; with Shift it turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from pellucid.model.compare import CompareMode
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_REACH = 6.0
"""Widget pixels beside the line at which it can be taken hold of."""
_KNOB = 12.0
_LINE, _EDGE = QColor(255, 255, 255, 230), QColor(0, 0, 0, 160)


class SwipeTool:
    """Moves the divider with the mouse; Shift when the button goes down turns it first."""

    def __init__(self, cursor: Qt.CursorShape) -> None:
        self.cursor = cursor
        self._before: tuple[float, bool] = (0.5, False)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of where the divider is."""
        compare = pane.session.view.compare
        if compare is None:
            return
        self._before = (compare.position, compare.level)
        if pointer.has(Qt.KeyboardModifier.ShiftModifier):
            pane.session.comparing.change(level=not compare.level)
            self.move(pane, pointer)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Bring the divider under the mouse."""
        compare = pane.session.view.compare
        if compare is None:
            return
        at, length = (pointer.at.y(), pane.height()) if compare.level else (pointer.at.x(), pane.width())
        pane.session.comparing.change(position=min(max(at / max(length, 1), 0.0), 1.0))

    def release(self, pane: SliceView) -> None:
        """Leave the divider where it is."""

    def cancel(self, pane: SliceView) -> None:
        """Bring the divider back."""
        position, level = self._before
        pane.session.comparing.change(position=position, level=level)


class CompareOverlay:
    """Paints the divider of a swipe and lets it be dragged."""

    def __init__(self) -> None:
        self._upright = SwipeTool(Qt.CursorShape.SplitHCursor)
        self._level = SwipeTool(Qt.CursorShape.SplitVCursor)

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw line and knob."""
        comparison = pane.comparison
        if comparison.mode is not CompareMode.SWIPE or comparison.compare is None:
            return
        level, at = comparison.compare.level, round(comparison.divider())
        width, height = pane.width(), pane.height()
        line = QRectF(0, at - 1, width, 2) if level else QRectF(at - 1, 0, 2, height)
        painter.fillRect(line.adjusted(-1, -1, 1, 1), _EDGE)
        painter.fillRect(line, _LINE)
        middle = QPointF(width / 2, at) if level else QPointF(at, height / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(_EDGE, 1.5))
        painter.setBrush(_LINE)
        painter.drawEllipse(middle, _KNOB, _KNOB)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(30, 33, 36))
        for side in (-1, 1):
            points = [QPointF(side * 8, 0), QPointF(side * 3, -4), QPointF(side * 3, 4)]
            turned = [QPointF(p.y(), p.x()) if level else p for p in points]
            painter.drawPolygon(QPolygonF([middle + p for p in turned]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return the tool that drags the divider when the mouse is on its line or knob."""
        comparison = pane.comparison
        if comparison.mode is not CompareMode.SWIPE or comparison.compare is None:
            return None
        level, at = comparison.compare.level, comparison.divider()
        across, along = (pointer.at.y(), pointer.at.x()) if level else (pointer.at.x(), pointer.at.y())
        middle = (pane.width() if level else pane.height()) / 2
        reach = _KNOB if abs(along - middle) <= _KNOB else _REACH
        if abs(across - at) > reach:
            return None
        return self._level if level else self._upright
