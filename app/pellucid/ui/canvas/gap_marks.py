"""The hatching of gaps in a stack: where slices are missing, nothing is made up, and it is seen that it is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

from pellucid.language import tr
from pellucid.model.gaps import Gap, gaps, outline
from pellucid.model.measuring import written
from pellucid.ui import theme
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_HATCH, _EDGE, _WORDS = 110, 190, 11
_ROOM = 15  # pixels of a gap that has room for its words


class GapMarks:
    """Hatches the gaps of the image of a pane, and says how wide they are."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the gaps that the plane of the pane cuts."""
        for gap, polygon in shown_gaps(pane):
            _paint(painter, polygon, gap)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None


def shown_gaps(pane: SliceView) -> list[tuple[Gap, QPolygonF]]:
    """Return the gaps that a pane shows, each as a polygon in widget pixels."""
    layer, frame = pane.image, pane.frame
    if layer is None or frame is None or layer.geometry.warp is not None:
        return []
    geometry, depth = layer.geometry, float(frame.depths[pane.index])
    found = ((gap, outline(geometry, gap, frame, depth)) for gap in gaps(geometry))
    return [
        (gap, QPolygonF([pane.widget_at(point) for point in corners])) for gap, corners in found if corners is not None
    ]


def _paint(painter: QPainter, polygon: QPolygonF, gap: Gap) -> None:
    color = QColor(theme.DARK.warning)
    painter.save()
    color.setAlpha(_EDGE)
    painter.setPen(QPen(color, 1, Qt.PenStyle.DashLine))
    color.setAlpha(_HATCH)
    painter.setBrush(QBrush(color, Qt.BrushStyle.BDiagPattern))
    painter.drawPolygon(polygon)
    _paint_words(painter, polygon, gap)
    painter.restore()


def _paint_words(painter: QPainter, polygon: QPolygonF, gap: Gap) -> None:
    box = polygon.boundingRect()
    font = QFont(painter.font())
    font.setPixelSize(_WORDS)
    painter.setFont(font)
    words = tr("no slices for {length} mm", length=written(gap.length))
    width = painter.fontMetrics().horizontalAdvance(words)
    if min(box.width(), box.height()) < _ROOM or box.width() < width + 2 * _ROOM:
        return
    place = box.center() - QPointF(width / 2, -_WORDS / 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(QRectF(place.x() - 4, place.y() - _WORDS, width + 8, _WORDS + 4), 3, 3)
    painter.setPen(QColor(theme.DARK.warning))
    painter.drawText(place, words)
