"""Where the colour bar of a pane stands, and the round values beside it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QGuiApplication, QPainter

from pellucid.ui import theme
from pellucid.ui.canvas.corner_texts import TEXT
from pellucid.ui.canvas.words import RIGHT, Words

LEAST = 200
"""Width and height below which a pane has no room for a bar."""
_WIDTH = 12
_FROM_RIGHT = 32
"""Widget pixels from the right edge that belong to the letter of the patient's side."""
_TICK_ROOM = 34
_TEXT_PIXELS = 12


class BarScale:
    """Places a bar at the right of a pane, between the corner texts, and draws ticks and unit beside it."""

    def __init__(self) -> None:
        self._words: Words | None = None

    def place(self, width: int, height: int) -> QRectF:
        """Return where the bar of a pane of this size stands."""
        top = height / 4 + self.text_height + 8
        return QRectF(width - _FROM_RIGHT - _WIDTH, round(top), _WIDTH, math.floor(height * 0.75 - top))

    @property
    def text_height(self) -> float:
        """Return the height of a line of text beside the bar."""
        return self._font().height

    def paint(self, painter: QPainter, box: QRectF, limits: tuple[float, float], unit: str) -> None:
        """Draw the unit above a bar and round values beside it, the highest at the top."""
        words, (low, high) = self._font(), limits
        if unit:
            words.draw(painter, unit, TEXT, box.right(), box.top() - words.height - 6, RIGHT)
        if not high > low:
            return
        for value, text in ticks(low, high, max(2, int(box.height() / _TICK_ROOM))):
            y = box.bottom() - (value - low) / (high - low) * box.height()
            painter.fillRect(QRectF(box.left() - 5, y - 0.5, 5, 1), QColor(TEXT))
            words.draw(painter, text, TEXT, box.left() - 8, y - words.height / 2, RIGHT)

    def _font(self) -> Words:
        if self._words is None:
            font = theme.figures(QGuiApplication.font())
            font.setPixelSize(_TEXT_PIXELS)
            self._words = Words(font)
        return self._words


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return at most ``most`` round values (1, 2 or 5 times a power of ten apart) in a range, with their texts."""
    span = high - low
    if not span > 0 or not math.isfinite(span) or most < 1:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((n * power for n in (1, 2, 5, 10, 20, 50) if span / (n * power) <= most), 100 * power)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first = math.ceil(low / step - 1e-9)
    values = [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
    return [(value, _tick_text(value, decimals)) for value in values]


def _tick_text(value: float, decimals: int) -> str:
    text = f"{value:.3g}" if abs(value) >= 1e6 or decimals > 6 else f"{value:.{decimals}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
