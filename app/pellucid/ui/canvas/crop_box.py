"""The box of a form over the image of a pane: what lies outside is dimmed, its sides can be dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from pellucid.model.crop_box import axes_in_plane, outline, shadow
from pellucid.model.view import Tool
from pellucid.session.framing import Framed
from pellucid.ui import theme
from pellucid.ui.canvas.crop_box_tool import BoxGrip
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_DIM = QColor(0, 0, 0, 130)
_HANDLE = 3.5
_REACH = {"corner": 10.0, "side": 6.0}
"""Widget pixels within which a corner or a side can be taken hold of."""
_LOOKING = (Tool.WINDOW, Tool.CROSSHAIR, Tool.PAN, Tool.ZOOM, Tool.SCROLL)
"""Tools that leave the box to be taken hold of; others draw and must not be disturbed."""


@dataclass(frozen=True, eq=False)
class Outline:
    """The polygon of a box on a pane, in widget pixels; ``axes`` where its sides lie along two voxel axes."""

    framed: Framed
    corners: tuple[QPointF, ...]
    axes: tuple[int, int] | None

    @property
    def polygon(self) -> QPolygonF:
        """Return the polygon for painting."""
        return QPolygonF(list(self.corners))


def outline_on(pane: SliceView) -> Outline | None:
    """Return the box on a pane that shows its image, or None; no corners where the box does not reach the slice."""
    framed, frame = pane.session.framing.shown, pane.frame
    if framed is None or frame is None or pane.is_pictured or framed.geometry.warp is not None:
        return None
    if all(layer.id != framed.layer for layer in pane.session.viewing.layers(pane.state)):
        return None
    places = outline(frame, pane.index, framed.geometry, framed.box)
    return Outline(framed, tuple(map(pane.widget_at, places)), axes_in_plane(frame, framed.geometry))


class BoxInside:
    """Below the crosshair: dims what lies outside, and takes hold of the inside to move the box."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Darken the pane but for the box."""
        found = outline_on(pane)
        if found is None:
            return
        path = QPainterPath()
        path.addRect(QRectF(pane.rect()))
        if found.corners:
            path.addPolygon(found.polygon)
            path.closeSubpath()
        painter.fillPath(path, _DIM)  # odd and even: the inside of the polygon stays

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what moves the box, where there is room to move it and no tool was chosen."""
        found = outline_on(pane)
        if found is None or found.axes is None or pane.session.view.tool is not Tool.WINDOW:
            return None
        box, size = found.framed.box, found.framed.geometry.size
        if all(box[3 + axis] == size[axis] for axis in found.axes):
            return None
        inside = found.polygon.containsPoint(pointer.at, Qt.FillRule.OddEvenFill)
        return BoxGrip(found.axes, (0, 0), Qt.CursorShape.SizeAllCursor) if inside else None


class BoxSides:
    """Above the crosshair: draws the sides of the box with handles, and takes hold of them."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the box where it cuts the slice, and its shadow where it does not."""
        found = outline_on(pane)
        if found is None or pane.frame is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if found.corners:
            _paint_outline(painter, found.polygon, Qt.PenStyle.SolidLine)
            if found.axes is not None:
                _paint_handles(painter, found.corners)
        else:
            framed = found.framed
            beyond = shadow(pane.frame, pane.index, framed.geometry, framed.box)
            if len(beyond):
                _paint_outline(painter, QPolygonF(list(map(pane.widget_at, beyond))), Qt.PenStyle.DotLine)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what drags the corner or the side under the mouse."""
        found = outline_on(pane)
        if found is None or found.axes is None or not found.corners or pane.session.view.tool not in _LOOKING:
            return None
        sides = sides_at(found.corners, pointer.at)
        if sides == (0, 0):
            return None
        return BoxGrip(found.axes, sides, _cursor(found.corners, sides))


def sides_at(corners: tuple[QPointF, ...], at: QPointF) -> tuple[int, int]:
    """Return which ends (-1, 0 or 1) of the first and second axis lie under a position."""
    places = np.array([[corner.x(), corner.y()] for corner in corners])
    mouse = np.array([at.x(), at.y()])
    ends = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    apart = np.hypot(*(places - mouse).T)
    if apart.min() <= _REACH["corner"]:
        return ends[int(apart.argmin())]
    nearest, sides = _REACH["side"], (0, 0)
    for n, side in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):  # from corner n to the next
        start, along = places[n], places[(n + 1) % 4] - places[n]
        share = np.clip((mouse - start) @ along / max(float(along @ along), 1e-9), 0, 1)
        distance = float(np.hypot(*(mouse - start - share * along)))
        if distance <= nearest:
            nearest, sides = distance, side
    return sides


def _cursor(corners: tuple[QPointF, ...], sides: tuple[int, int]) -> Qt.CursorShape:
    """Return the arrow that points where a corner or side is dragged to."""
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    ways = [_unit(first) * sides[0], _unit(second) * sides[1]]
    way = ways[0] + ways[1]
    angle = float(np.degrees(np.arctan2(way.y(), way.x()))) % 180.0
    shapes = (Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeVerCursor,
              Qt.CursorShape.SizeBDiagCursor)  # fmt: skip
    return shapes[int(angle / 45.0 + 0.5) % 4]


def _unit(way: QPointF) -> QPointF:
    length = float(np.hypot(way.x(), way.y()))
    return way / length if length else way


def _paint_outline(painter: QPainter, polygon: QPolygonF, style: Qt.PenStyle) -> None:
    for color, width in ((QColor(0, 0, 0, 170), 3.5), (QColor(theme.DARK.accent), 1.5)):
        painter.setPen(QPen(color, width, style))
        painter.drawPolygon(polygon)


def _paint_handles(painter: QPainter, corners: tuple[QPointF, ...]) -> None:
    painter.setPen(QPen(QColor(0, 0, 0, 190), 1.0))
    painter.setBrush(QColor(theme.DARK.accent))
    middles = [(corner + corners[(n + 1) % 4]) / 2 for n, corner in enumerate(corners)]
    for at in (*corners, *middles):
        painter.drawRect(QRectF(at.x() - _HANDLE, at.y() - _HANDLE, 2 * _HANDLE, 2 * _HANDLE))
    painter.setBrush(Qt.BrushStyle.NoBrush)
