"""A bar of a round length, so that sizes can be read off the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from pellucid.language import tr
from pellucid.model.planes import PlaneFrame
from pellucid.ui.canvas.corner_texts import MARGIN, TEXT
from pellucid.ui.canvas.sampling import device_ratio
from pellucid.ui.canvas.words import CENTRE, Words

_SHARE, _LEAST_SHARE, _WIDE = 0.22, 0.14, 400
_LONGEST = 180.0
_STEPS = (1.0, 2.0, 5.0)
_ROOM = 3
_FORMAT = QImage.Format.Format_ARGB32_Premultiplied


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
    base = height - MARGIN - 1.5
    ratio = device_ratio(painter)
    picture = _picture(measure.pixels, (width - measure.pixels) / 2 % 1.0, ratio)
    painter.drawImage(QPointF((width - measure.pixels) // 2 - _ROOM, base - 6.5 - _ROOM), picture)
    words.draw(painter, measure.text, TEXT, width / 2, base - 7 - words.height, CENTRE)
    return words.height + MARGIN + 10


@lru_cache(maxsize=32)
def _picture(pixels: float, left: float, ratio: float) -> QImage:
    """Return the bar alone, drawn once: it stands still while slices move. ``left`` is its fraction of a pixel."""
    picture = QImage(round((pixels + 2 * _ROOM + 2) * ratio), round((8 + 2 * _ROOM) * ratio), _FORMAT)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.translate(_ROOM + left, _ROOM + 6.5)
    parts = (
        QRectF(0.0, -0.75, pixels, 1.5),
        QRectF(-0.75, -5.75, 1.5, 6.5),
        QRectF(pixels - 0.75, -5.75, 1.5, 6.5),
    )
    for color, around in ((QColor(0, 0, 0, 150), 1.0), (QColor(TEXT), 0.0)):
        for part in parts:
            painter.fillRect(part.adjusted(-around, -around, around, around), color)
    painter.end()
    return picture
