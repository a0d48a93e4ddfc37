"""A bar of a round length, so that sizes can be read off the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from pellucid.model.planes import PlaneFrame
from pellucid.ui.canvas.corner_texts import MARGIN, TEXT, shadowed

_SHARE = 0.22
_LONGEST = 180.0
_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Bar:
    """Length on the screen in widget pixels, and the words beside it."""

    pixels: float
    text: str


def bar(frame: PlaneFrame, scale: float, width: int) -> Bar:
    """Choose the longest round length (1, 2 or 5 times a power of ten) that suits a pane of this width.

    Lengths are in mm where the source states the spacing of both axes of the plane, else in pixels; a
    projection says that its millimetres are those at the detector.
    """
    room = min(_SHARE * width, _LONGEST) / scale
    power = 10.0
    while power * 10 <= room:
        power *= 10
    while power > room:
        power /= 10
    length = max(step * power for step in _STEPS if step * power <= room)
    geometry = frame.geometry
    known = geometry.known_spacing[frame.right_axis] and geometry.known_spacing[frame.down_axis]
    if not known:
        return Bar(length * scale, f"{length:g} px")
    if length < 0.1:
        said = f"{length * 1000:g} µm"
    else:
        said = f"{length:g} mm"
    return Bar(length * scale, f"{said} at detector" if geometry.at_detector else said)


def paint(painter: QPainter, measure: Bar, font: QFont, width: int, height: int) -> int:
    """Draw the bar at the bottom, in the middle; return the height it takes."""
    metrics = QFontMetrics(font)
    left, base = (width - measure.pixels) / 2, height - MARGIN - 1.5
    marks = [
        (QPointF(left, base), QPointF(left + measure.pixels, base)),
        (QPointF(left, base - 5), QPointF(left, base)),
        (QPointF(left + measure.pixels, base - 5), QPointF(left + measure.pixels, base)),
    ]
    for color, thick in ((QColor(0, 0, 0, 180), 3.0), (QColor(TEXT), 1.5)):
        pen = QPen(color, thick)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        for start, end in marks:
            painter.drawLine(start, end)
    box = QRect(0, round(base - 7 - metrics.height()), width, metrics.height())
    shadowed(painter, box, Qt.AlignmentFlag.AlignCenter, measure.text, QColor(TEXT))
    return metrics.height() + MARGIN + 10
