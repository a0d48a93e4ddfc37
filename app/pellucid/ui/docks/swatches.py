"""Small pictures of colours and colour maps, and the question for another colour."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QColorDialog, QWidget

from pellucid.language import tr
from pellucid.model import colormaps
from pellucid.model.label_colors import palette


def square(color: str, size: int = 12) -> QPixmap:
    """Return a square of a colour of so many px, to stand before a name."""
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(color))
    return pixmap


@cache
def map_image(name: str, *, mirrored: bool = False) -> QImage:
    """Return a colour map as an image of one row, lowest value left."""
    table = colormaps.table(name)[::-1] if mirrored else colormaps.table(name)
    count = len(table)
    return QImage(table.tobytes(), count, 1, count * 3, QImage.Format.Format_RGB888).copy()


def map_icon(name: str, width: int = 48, height: int = 12) -> QIcon:
    """Return a colour map as an icon."""
    return QIcon(QPixmap.fromImage(map_image(name)).scaled(QSize(width, height)))


def map_title(name: str) -> str:
    """Return the name of a colour map for people."""
    return tr(english_title(name))


def english_title(name: str) -> str:
    """Return the name of a colour map as it is translated."""
    return name if name.isupper() else name[:1].upper() + name[1:].replace("-", " ").replace("_", " ")


def ask_color(parent: QWidget, current: str, title: str) -> str | None:
    """Ask for a colour; return ``#rrggbb``, or None when the user thinks better of it."""
    for number, color in enumerate(palette()[: QColorDialog.customCount()]):
        QColorDialog.setCustomColor(number, QColor(color))
    chosen = QColorDialog.getColor(QColor(current), parent, title)
    return chosen.name() if chosen.isValid() else None
