"""A bar of a round length, so that sizes can be read off the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from pellucid.language import tr
from pellucid.model.planes import PlaneFrame
from pellucid.ui.canvas.corner_texts import MARGIN, TEXT
from pellucid.ui.canvas.words import CENTRE, Words

_SHARE, _LEAST_SHARE, _WIDE = 0.22, 0.14, 400
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
    share = max(_LEAST_SHARE, _SHARE * min(1.0, width / _WIDE))  # narrow panes need the room for their corners
    room = min(share * width, _LONGEST) / scale
    power = 10.0
    while power * 10 <= room:
        power *= 10
    while power > room:
        power /= 10
    length = max(step * power for step in _STEPS if step * power <= room)
    geometry = frame.geometry
    if not frame.has_lengths:
        return Bar(length * scale, f"{length:g} px")
    if length < 0.1:
        said = f"{length * 1000:g} µm"
    else:
        said = f"{length:g} mm"
    return Bar(length * scale, tr("{said} at detector", said=said) if geometry.at_detector else said)


def paint(painter: QPainter, measure: Bar, words: Words, width: int, height: int) -> int:
    """Draw the bar at the bottom, in the middle; return the height it takes."""
    left, base = (width - measure.pixels) / 2, height - MARGIN - 1.5
    parts = (
        QRectF(left, base - 0.75, measure.pixels, 1.5),
        QRectF(left - 0.75, base - 5.75, 1.5, 6.5),
        QRectF(left + measure.pixels - 0.75, base - 5.75, 1.5, 6.5),
    )
    for color, around in ((QColor(0, 0, 0, 150), 1.0), (QColor(TEXT), 0.0)):
        for part in parts:
            painter.fillRect(part.adjusted(-around, -around, around, around), color)
    words.draw(painter, measure.text, TEXT, width / 2, base - 7 - words.height, CENTRE)
    return words.height + MARGIN + 10
