"""Small pictures in the rows of lists: asked for when a row is drawn, kept, and put into a square."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from pellucid.ui import theme
from pellucid.ui.docks.layer_delegate import paint_icon


class RowThumbnails:
    """The pictures of rows by their key; ``ask`` answers (h, w[, 3]) uint8, or None while there is none yet."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        self._ask = ask
        self._pictures: dict[str, QImage] = {}

    def forget(self, key: str) -> None:
        """Ask for a picture again at the next drawing, for all of them where the key is ``""``."""
        if key:
            self._pictures.pop(key, None)
        else:
            self._pictures.clear()

    def paint(self, painter: QPainter, box: QRect, key: str, glyph: str) -> None:
        """Draw the picture of a key, whole, into a square; a glyph where there is none, or no key."""
        image = self._picture(key) if key else None
        painter.fillRect(box, QColor("#000000" if image else theme.colors().raised))
        if image is None:
            paint_icon(painter, box, theme.icon(glyph, theme.colors().dim))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRect(QPoint(0, 0), image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
        place.moveCenter(box.center())
        painter.drawImage(place, image)

    def _picture(self, key: str) -> QImage | None:
        if key not in self._pictures:
            array = self._ask(key)
            if array is None:
                return None
            self._pictures[key] = _picture(array)
        return self._pictures[key]


def _picture(array: np.ndarray) -> QImage:
    """Return a thumbnail as a Qt image that owns its pixels."""
    pixels = np.ascontiguousarray(array)
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], form).copy()
