"""The square of pixels that the lens shows, drawn on its pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from pellucid.ui import theme
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


class LensOutline:
    """Thin while it follows the mouse, in the accent colour while it is pinned."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw it where its slice is shown."""
        spot = pane.session.pointing.lens
        if spot is None or spot.pane is not pane.state or pane.frame is None:
            return
        if pane.frame.slice_index(spot.corners.mean(axis=0)) != pane.index:
            return
        square = QPolygonF([pane.widget_at(corner) for corner in spot.corners])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, color in ((3.0, "#000000"), (1.2, theme.DARK.accent if spot.pinned else theme.DARK.text)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawPolygon(square)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None
