"""Texts on an image: legible on any grey, and drawn only once, because most stand still while slices move."""

from __future__ import annotations

import re
from typing import ClassVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QStaticText

from pellucid.ui.canvas.sampling import device_ratio

_SHADOW = QColor(0, 0, 0, 190)
_AROUND = ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 1))
_KEPT = 512
_CUT = "…"
_NUMBER = re.compile(r"[-+\N{MINUS SIGN}]?\d(?:[\d.,:/-]*\d)?(?:[^\W\d_]{1,3}(?!\w)|[%°])?")
"""A number or date with its unit: ``−132.5``, ``2024-03-01``, ``3mm``; of ``3D_T1`` the 3."""

LEFT, CENTRE, RIGHT = 0.0, 0.5, 1.0
"""Which part of a text stands at the given place."""


class Words:
    """Texts in one font, kept as pictures that all panes share: most say the same."""

    _of_fonts: ClassVar[dict[str, dict[tuple[str, str, float], QImage]]] = {}

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._metrics = QFontMetrics(font)
        self._pictures = self._of_fonts.setdefault(font.key(), {})
        self._elided: dict[tuple[str, int], str] = {}

    @property
    def height(self) -> int:
        """Return the height of a line."""
        return self._metrics.height()

    def width(self, text: str) -> int:
        """Return the width of a text."""
        return self._metrics.horizontalAdvance(text)

    def fitted(self, text: str, limit: int) -> str:
        """Return a text, cut with … when it is wider than a limit; never within a number, which would be another.

        Of a text that begins with a number for which there is no room nothing is left.
        """
        key = text, limit
        if key not in self._elided:
            _make_room(self._elided)
            self._elided[key] = _whole_numbers(text, self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, limit))
        return self._elided[key]

    def draw(self, painter: QPainter, text: str, color: str, x: float, y: float, side: float = LEFT) -> None:
        """Draw a text with its top at ``y`` and its left end, middle or right end at ``x``."""
        ratio = device_ratio(painter)
        key = text, color, ratio
        picture = self._pictures.get(key)
        if picture is None:
            _make_room(self._pictures)
            picture = self._pictures[key] = self._picture(*key)
        width = picture.width() / ratio - 2
        painter.drawImage(QPointF(round(x - side * width) - 1, round(y) - 1), picture)

    def _picture(self, text: str, color: str, ratio: float) -> QImage:
        width, height = self.width(text), self.height
        picture = QImage(
            round((width + 2) * ratio), round((height + 2) * ratio), QImage.Format.Format_ARGB32_Premultiplied
        )
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setFont(self.font)
        shaped = QStaticText(text)
        shaped.setTextFormat(Qt.TextFormat.PlainText)
        painter.setPen(_SHADOW)
        for dx, dy in _AROUND:
            painter.drawStaticText(QPointF(1 + dx, 1 + dy), shaped)
        painter.setPen(QColor(color))
        painter.drawStaticText(QPointF(1, 1), shaped)
        painter.end()
        return picture


def _whole_numbers(text: str, cut: str) -> str:
    """Return a cut text without a number of which a part is missing: ``L −132.5`` must not be read as ``L −13…``."""
    kept = len(cut) - len(_CUT) if cut != text else 0
    broken = next((found.start() for found in _NUMBER.finditer(text) if found.start() < kept < found.end()), None)
    if broken is None:
        return cut
    return f"{text[:broken]}{_CUT}" if broken else ""


def _make_room(kept: dict) -> None:  # type: ignore[type-arg]
    if len(kept) >= _KEPT:
        kept.clear()
