"""What is seen while a layer is moved by hand: its outline, the pivot, and the ring by which it is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.view import Tool
from pellucid.ui import theme
from pellucid.ui.canvas.hand_tool import HandTool, movable, pivot, ring
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_HANDLE = 5.0
_CROSS = 7.0


class HandOverlay:
    """Draws pivot and ring while the tool is in force, and gives the mouse what it does inside and outside of it."""

    def __init__(self) -> None:
        self._move, self._turn = HandTool(), HandTool(turns=True)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what turns on and outside of the ring or with Ctrl, else what moves."""
        if pane.session.view.tool is not Tool.MOVE_LAYER or self._layer(pane) is None:
            return None
        return self._turn if self._turns(pane, pointer) else self._move

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the edge of the moving image, and the ring stronger where the mouse would turn it."""
        if pane.session.view.tool is not Tool.MOVE_LAYER or pane.is_pictured or pane.frame is None:
            return
        layer = self._layer(pane)
        if layer is None:
            return
        at = pane.mouse.at
        turns = at is not None and self._turns(pane, Pointer(at, pane.mouse.modifiers))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._paint_edge(painter, pane, layer)
        self._paint_ring(painter, pane, turns=turns)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _layer(self, pane: SliceView) -> ImageLayer | None:
        try:
            return movable(pane)
        except Refused:
            return None

    def _turns(self, pane: SliceView, pointer: Pointer) -> bool:
        if pointer.has(Qt.KeyboardModifier.ControlModifier):
            return True
        away = pointer.at - pivot(pane)
        return float(np.hypot(away.x(), away.y())) >= ring(pane) - _HANDLE

    def _paint_edge(self, painter: QPainter, pane: SliceView, layer: ImageLayer) -> None:
        """Draw the outline of a picture; the edge of a volume is seen by itself."""
        grid = layer.geometry
        if grid.size[2] != 1 or grid.warp is not None:
            return
        right, bottom = grid.size[0] - 0.5, grid.size[1] - 0.5
        corners = grid.index_to_world([[-0.5, -0.5, 0], [right, -0.5, 0], [right, bottom, 0], [-0.5, bottom, 0]])
        outline = QPolygonF([pane.widget_at(corner) for corner in corners])
        painter.setPen(QPen(QColor(theme.DARK.accent), 1.2, Qt.PenStyle.DashLine))
        painter.drawPolygon(outline)

    def _paint_ring(self, painter: QPainter, pane: SliceView, *, turns: bool) -> None:
        centre, radius = pivot(pane), ring(pane)
        color = QColor(theme.DARK.accent)
        faint = QColor(color)
        faint.setAlpha(230 if turns else 120)
        for pen in (QPen(QColor(0, 0, 0, 120), 3.0), QPen(faint, 1.6 if turns else 1.2)):
            painter.setPen(pen)
            painter.drawEllipse(centre, radius, radius)
        for pen in (QPen(QColor(0, 0, 0, 170), 3.5), QPen(color, 1.6)):
            painter.setPen(pen)
            for step in (QPointF(_CROSS, 0), QPointF(0, _CROSS)):
                painter.drawLine(centre - step, centre + step)
        painter.setBrush(color if turns else QColor(0, 0, 0, 120))
        for angle in (0, 90, 180, 270):
            way = QPointF(np.cos(np.radians(angle)), np.sin(np.radians(angle)))
            painter.drawEllipse(centre + way * radius, _HANDLE, _HANDLE)
        painter.setBrush(Qt.BrushStyle.NoBrush)
