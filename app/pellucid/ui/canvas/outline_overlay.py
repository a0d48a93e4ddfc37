"""The outline being drawn to change labels: its line, what it would fill or erase, and its size at the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QGuiApplication, QPainter, QPainterPath, QPen, QPolygonF

from pellucid.language import tr
from pellucid.model.annotations import BOXED, Annotation
from pellucid.model.geometry import Floats
from pellucid.model.labels import color_for
from pellucid.model.measuring import Measurement, measure, outline_area
from pellucid.model.shapes import outline, to_world
from pellucid.model.view import Cut, Depth
from pellucid.session.outlining import Use
from pellucid.ui import theme
from pellucid.ui.canvas.measure_plates import Places, Plate, paint_plate, plate_size
from pellucid.ui.canvas.outline_tools import OutlineTool
from pellucid.ui.canvas.words import Words

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

_FONT_PIXELS = 12
_HALO = QColor(16, 16, 16)
_FILLED = 0.28
_ERASED = "#ff5a4f"
"""The colour of outlines that take labels away, which no label has at first."""
_DASHES = [5.0, 3.0]
_MARK = 5.0
_AWAY = QPointF(18, 18)


class OutlineOverlay:
    """Draws the outline of the tool in force."""

    def __init__(self) -> None:
        font = theme.figures(QGuiApplication.font())
        font.setPixelSize(_FONT_PIXELS)
        self._words = Words(font)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: nothing here can be taken hold of."""
        return None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw in widget pixels; before anything is drawn only the sign of what a press would begin."""
        tool = pane.mouse.tool
        if not isinstance(tool, OutlineTool) or pane.is_pictured:
            return
        draft, use = tool.outline(pane), tool.use(pane)
        color = QColor(_ERASED if use.erases else _label_color(pane))
        if draft is not None:
            line = _on_widget(pane, draft)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            _paint_area(painter, pane, line, use, color)
            _paint_line(painter, line, use, color)
            _paint_points(painter, pane, draft, color)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if pane.mouse.at is not None:
            self._paint_words(painter, pane, draft, use, pane.mouse.at)

    def _paint_words(
        self, painter: QPainter, pane: SliceView, draft: Annotation | None, use: Use, at: QPointF
    ) -> None:
        """Write size and depth beside the mouse, or what a press would do where that is not the plain thing."""
        deep = depth_words(pane, use)
        lines = tuple(line for line in (size_words(pane, draft) if draft is not None else "", deep) if line)
        if draft is None:
            lines = (_does(use), *lines) if use != Use() else ()
        if not lines:
            return
        places = Places(pane.width(), pane.height(), np.zeros((0, 4)))
        box = places.at(plate_size(lines, self._words), at + _AWAY)
        color = _ERASED if use.erases else _label_color(pane)
        paint_plate(painter, Plate("", box, lines, color, draft is None, False, box.topLeft()), self._words)


def size_words(pane: SliceView, draft: Annotation) -> str:
    """Return the size of what is drawn: width × height of boxes, else the area; px where no lengths are known."""
    if pane.frame is None or not draft.is_complete:
        return ""
    geometry = pane.frame.geometry
    if draft.kind not in BOXED:
        return outline_area(draft, geometry).text
    sides = {found.quantity: found for found in measure(draft, geometry)}
    width, height = sides["width"], sides["height"]
    return f"{_number(width)} × {height.text}" if width.unit == height.unit else f"{width.text} × {height.text}"


def _number(measured: Measurement) -> str:
    return measured.text.removesuffix(measured.unit).rstrip()


def depth_words(pane: SliceView, use: Use) -> str:
    """Return how deep an outline reaches, or nothing when only the slice is meant."""
    if use.depth is Depth.SLICE or pane.frame is None or pane.frame.slice_count == 1:
        return ""
    if use.depth is Depth.ALL:
        return tr("all slices")
    unit = "mm" if pane.frame.has_depths else "px"
    return f"± {pane.session.view.outline_reach:g} {unit}"


def _does(use: Use) -> str:
    if use.cut is Cut.FILL:
        return tr("fill")
    return tr("keep inside") if use.cut is Cut.KEEP else tr("erase")


def _label_color(pane: SliceView) -> str:
    layer = pane.session.document.active_labels
    return color_for(1) if layer is None else layer.labels.label(layer.active_label).color


def _on_widget(pane: SliceView, draft: Annotation) -> Floats:
    """Return the closed outline in widget pixels, shape (n, 2)."""
    assert pane.frame is not None
    boxed = draft.kind in BOXED and len(draft.points) > 1
    world = to_world(draft, outline(draft)) if boxed else np.array((*draft.points, draft.points[0]))
    flat = (world - pane.frame.origin) @ np.stack([pane.frame.right, pane.frame.down], axis=1)
    start = pane.camera.to_widget(0.0, 0.0)
    return np.asarray(flat * pane.camera.scale + [start.x(), start.y()])


def _polygon(line: Floats) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in line.tolist()])


def _paint_area(painter: QPainter, pane: SliceView, line: Floats, use: Use, color: QColor) -> None:
    """Fill what would be filled; hatch what would be erased, outside of what is kept."""
    path = QPainterPath()
    path.addPolygon(_polygon(line))
    if use.cut is Cut.KEEP:
        whole = QPainterPath()
        whole.addRect(QRectF(0, 0, pane.width(), pane.height()))
        path = whole.subtracted(path)
    tint = QColor(color)
    tint.setAlphaF(_FILLED)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(path, QBrush(tint, Qt.BrushStyle.SolidPattern if not use.erases else Qt.BrushStyle.BDiagPattern))


def _paint_line(painter: QPainter, line: Floats, use: Use, color: QColor) -> None:
    """Draw the line with a dark halo; dashed where it erases."""
    shape = _polygon(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    stroke = QPen(color, 1.8)
    if use.erases:
        stroke.setDashPattern(_DASHES)
    for pen in (QPen(_HALO, 3.2), stroke):
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(pen)
        painter.drawPolyline(shape)


def _paint_points(painter: QPainter, pane: SliceView, draft: Annotation, color: QColor) -> None:
    """Mark the corners that were clicked, the first one largest: a click there closes the outline."""
    wire = pane.session.outlining.wire
    clicked = wire.world_knots if wire is not None else draft.points[:-1]
    if draft.kind.value != "polygon":
        return
    painter.setPen(QPen(_HALO, 1))
    for n, world in enumerate(clicked):
        painter.setBrush(QColor("#ffffff") if n == 0 else color)
        size = _MARK if n == 0 else _MARK - 1.5
        painter.drawEllipse(pane.widget_at(world), size, size)
    painter.setBrush(Qt.BrushStyle.NoBrush)
