"""The crosshair: the lines in which the other planes cut this one, with handles that turn and shift those planes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.model.oblique import turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.view import EDITING_TOOLS, Plane, Tool
from pellucid.ui.canvas.crosshair_tools import CentreTool, ShiftTool, TurnTool
from pellucid.ui.canvas.tools import CanvasTool, Pointer
from pellucid.ui.theme import PLANE_COLORS

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_GAP = 10
"""Widget pixels around the point that stay free, so that what is marked can be seen."""
_DARKER = 125
_RADIUS = 6.0
_REACH = {"handle": 11.0, "centre": 8.0, "line": 4.0, "near": 26.0}
"""Widget pixels within which parts can be taken hold of, and within which handles come into sight."""
_SHARE, _LEAST_ARM = 0.74, 56.0
"""Where on the visible part of an arm its handle is, and how long that part must be."""
_THREE = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_LOOKING = (Tool.WINDOW, Tool.CROSSHAIR, Tool.PAN, Tool.ZOOM, Tool.SCROLL)
"""Tools that leave the lines to be taken hold of; others draw and must not be disturbed."""


@dataclass(frozen=True)
class Line:
    """The line of one plane in another: through ``at``, along the unit vector ``along``, in widget pixels.

    ``half`` is how far the edges of a thick slab lie from it, or 0.
    """

    plane: Plane
    at: QPointF
    along: QPointF
    half: float = 0.0

    @property
    def color(self) -> QColor:
        """Return the colour of the plane that it stands for."""
        return QColor(PLANE_COLORS[self.plane]).darker(_DARKER)

    @property
    def across(self) -> QPointF:
        """Return the unit vector across the line."""
        return QPointF(-self.along.y(), self.along.x())

    def distance(self, position: QPointF) -> float:
        """Return how far a position is from the line."""
        return abs(QPointF.dotProduct(position - self.at, self.across))

    def handles(self, width: float, height: float) -> list[QPointF]:
        """Return where the handles of both arms are in a pane of this size; short arms have none."""
        found = []
        for way in (self.along, -self.along):
            length = _room(self.at, way, width, height)
            if length >= _LEAST_ARM:
                found.append(self.at + way * (_SHARE * length))
        return found


def lines(pane: SliceView) -> tuple[Line, ...]:
    """Return the lines of the other planes in a pane, or none where only one plane can be shown."""
    frame, view = pane.frame, pane.session.view
    if frame is None or not view.show_crosshair or frame.geometry.is_planar or view.tool in EDITING_TOOLS:
        return ()
    place = pane.session.viewing.position(pane.state)
    at = pane.widget_at(place)
    screen = next((screen for screen in view.screens if pane.state in screen.panes), view)
    slabs = {state.plane: state.slab for state in reversed(screen.shown) if not state.information}
    found = []
    for plane in _THREE:
        if plane is frame.plane:
            continue
        other = turned_frame(frame.geometry, plane, place, mode=view.plane_mode, rotation=view.rotation)
        cut = _cut(frame, other)
        if cut is not None:
            u, v, lean = cut
            half = slabs.get(plane, 0.0) / 2 / max(lean, 0.1) * pane.camera.scale
            found.append(Line(plane, at, QPointF(u, v), half))
    return tuple(found)


@lru_cache(maxsize=64)
def _cut(frame: PlaneFrame, other: PlaneFrame) -> tuple[float, float, float] | None:
    """Return the direction (u, v) on the screen of the line in which a plane cuts a frame; None when it does not.

    The third number is the sine of the angle between both planes: how thick a slab of the other looks here.
    """
    line = np.cross(frame.normal, other.normal)
    u, v = float(line @ frame.right), float(line @ frame.down)
    length = float(np.hypot(u, v))
    if length <= 0.05:
        return None
    u, v = u / length, v / length
    return u, v, abs(float(other.normal @ (frame.down * u - frame.right * v)))


def _room(at: QPointF, way: QPointF, width: float, height: float) -> float:
    """Return how far it is from a position to the edge of a pane; 0 when it lies outside."""
    if not QRectF(0, 0, width, height).contains(at):
        return 0.0
    limits = [np.inf]
    for here, step, size in ((at.x(), way.x(), width), (at.y(), way.y(), height)):
        if abs(step) > 1e-9:
            limits.append(((size if step > 0 else 0.0) - here) / step)
    return float(min(limits))


class Crosshair:
    """The overlay that draws the lines of one pane and lets them be dragged."""

    def __init__(self) -> None:
        self._turn, self._shift, self._centre = TurnTool(), ShiftTool(), CentreTool()
        self._shown: tuple[bool, ...] = ()

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the lines with a gap where they cross, and the handles near the mouse."""
        found = lines(pane)
        self._shown = self._near(pane, found, pane.mouse.at)
        for line, handles in zip(found, self._shown, strict=True):
            _paint_line(painter, line, pane.width(), pane.height())
            if handles:
                _paint_handles(painter, line, pane)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return the tool of the handle, the crossing or the line under the mouse."""
        found = lines(pane)
        if self._near(pane, found, pointer.at) != self._shown:
            pane.viewport().update()
        tool = pane.session.view.tool
        if not found or tool not in _LOOKING:
            return None
        for line in found:
            if any(_apart(at, pointer.at) <= _REACH["handle"] for at in line.handles(pane.width(), pane.height())):
                return self._turn
        if tool is Tool.CROSSHAIR:
            return None
        if _apart(found[0].at, pointer.at) <= _REACH["centre"]:
            return self._centre
        for line in found:
            if line.distance(pointer.at) <= _REACH["line"]:
                self._shift.take(line.plane, line.across)
                return self._shift
        return None

    def _near(self, pane: SliceView, found: tuple[Line, ...], at: QPointF | None) -> tuple[bool, ...]:
        """Return for every line whether its handles are to be seen."""
        if self._turn.active:
            return (True,) * len(found)
        if at is None or pane.session.view.tool not in _LOOKING:
            return (False,) * len(found)
        size = pane.width(), pane.height()
        return tuple(
            line.distance(at) <= _REACH["near"] or any(_apart(h, at) <= 2 * _REACH["near"] for h in line.handles(*size))
            for line in found
        )


def _apart(one: QPointF, other: QPointF) -> float:
    return float(np.hypot(one.x() - other.x(), one.y() - other.y()))


def _paint_line(painter: QPainter, line: Line, width: int, height: int) -> None:
    color, at, along = line.color, line.at, line.along
    x, y = round(at.x()), round(at.y())
    if abs(along.x()) < 1e-6:
        for part in (QRect(x, 0, 1, y - _GAP), QRect(x, y + _GAP + 1, 1, height - y)):
            painter.fillRect(part, color)
    elif abs(along.y()) < 1e-6:
        for part in (QRect(0, y, x - _GAP, 1), QRect(x + _GAP + 1, y, width - x, 1)):
            painter.fillRect(part, color)
    else:
        far = _apart(at, QPointF(width / 2, height / 2)) + width + height
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(color, 1.2))
        for way in (along, -along):
            painter.drawLine(at + way * _GAP, at + way * far)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if line.half >= 2:
        _paint_slab(painter, line, width, height)


def _paint_slab(painter: QPainter, line: Line, width: int, height: int) -> None:
    """Draw the edges of a thick slab as dashed lines."""
    far = _apart(line.at, QPointF(width / 2, height / 2)) + width + height
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(line.color, 1.0, Qt.PenStyle.DashLine))
    for side in (line.half, -line.half):
        middle = line.at + line.across * side
        painter.drawLine(middle - line.along * far, middle + line.along * far)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_handles(painter: QPainter, line: Line, pane: SliceView) -> None:
    at = pane.mouse.at
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for handle in line.handles(pane.width(), pane.height()):
        held = at is not None and _apart(handle, at) <= _REACH["handle"]
        painter.setPen(QPen(QColor(0, 0, 0, 170), 3.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(handle, _RADIUS, _RADIUS)
        color = QColor(PLANE_COLORS[line.plane])
        painter.setPen(QPen(color, 1.8))
        painter.setBrush(color if held else QColor(0, 0, 0, 120))
        painter.drawEllipse(handle, _RADIUS, _RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
