"""Icons: one family (Material Design, as qtawesome ships it), drawn in the text colour of the theme in force.

The font is read straight from qtawesome's folder: importing the package loads eleven fonts, 0.2 s at start.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)


@cache
def icon(name: str, color: str = "") -> QIcon:
    """Return a glyph by its Material Design name (``"eye-off-outline"``).

    Without ``color`` it follows the palette: text, faded when disabled, accent when checked.
    Raises KeyError for a name the family does not have.
    """
    return QIcon(_Glyph(_characters()[name], color))


def icon_font(pixels: int) -> QFont:
    """Return the icon font at a size in pixels."""
    font = QFont(_family())
    font.setPixelSize(pixels)
    return font


class _Glyph(QIconEngine):
    """Draw one character of the icon font; every paint looks the colour up, so themes need no reload."""

    def __init__(self, character: str, color: str) -> None:
        super().__init__()
        self._character, self._color = character, color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        painter.setPen(self._pen(mode, state))
        painter.setFont(icon_font(max(8, min(rect.width(), rect.height()))))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Glyph(self._character, self._color)

    def _pen(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        palette, group = QGuiApplication.palette(), QPalette.ColorGroup
        if mode == QIcon.Mode.Disabled:
            return palette.color(group.Disabled, QPalette.ColorRole.WindowText)
        if self._color:
            return QColor(self._color)
        on = state == QIcon.State.On
        return palette.color(group.Active, QPalette.ColorRole.Highlight if on else QPalette.ColorRole.WindowText)


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise RuntimeError("the icon font is missing: install qtawesome")
    return Path(spec.origin).parent / "fonts"


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(next(_folder().glob("materialdesignicons6-webfont-*.ttf"))))
    return QFontDatabase.applicationFontFamilies(number)[0]


@cache
def _characters() -> dict[str, str]:
    path = next(_folder().glob("materialdesignicons6-webfont-charmap-*.json"))
    return {name: chr(int(code, 16)) for name, code in json.loads(path.read_text("utf-8")).items()}
