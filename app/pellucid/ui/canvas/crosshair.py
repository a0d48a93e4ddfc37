"""The crosshair: the lines in which the other two planes cut this one."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QPainter

from pellucid.model.planes import PlaneFrame
from pellucid.model.view import Plane
from pellucid.ui.theme import PLANE_COLORS

_GAP = 10
"""Widget pixels around the point that stay free, so that what is marked can be seen."""
_DARKER = 125
_OTHERS = {
    Plane.AXIAL: (Plane.SAGITTAL, Plane.CORONAL),
    Plane.CORONAL: (Plane.SAGITTAL, Plane.AXIAL),
    Plane.SAGITTAL: (Plane.CORONAL, Plane.AXIAL),
    Plane.ACQUIRED: (Plane.ACQUIRED, Plane.ACQUIRED),
}


def line_colors(frame: PlaneFrame) -> tuple[QColor, QColor]:
    """Return the colours of the vertical and of the horizontal line: those of the planes they stand for."""
    upright, level = _OTHERS[frame.plane]
    return QColor(PLANE_COLORS[upright]).darker(_DARKER), QColor(PLANE_COLORS[level]).darker(_DARKER)


def paint(painter: QPainter, frame: PlaneFrame, at: QPointF, width: int, height: int) -> None:
    """Draw the two lines through a widget position, leaving a gap around it."""
    x, y = round(at.x()), round(at.y())
    upright, level = line_colors(frame)
    for color, lines in (
        (upright, (QRect(x, 0, 1, y - _GAP), QRect(x, y + _GAP + 1, 1, height - y))),
        (level, (QRect(0, y, x - _GAP, 1), QRect(x + _GAP + 1, y, width - x, 1))),
    ):
        for line in lines:
            painter.fillRect(line, color)
