"""The colour bar of a difference: how much the first layer is above or below the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

from pellucid.model import colormaps
from pellucid.model.compare import CompareMode
from pellucid.model.compositing import difference_span, same_quantity
from pellucid.ui import theme
from pellucid.ui.canvas.color_bar import ticks
from pellucid.ui.canvas.corner_texts import TEXT
from pellucid.ui.canvas.tools import CanvasTool, Pointer
from pellucid.ui.canvas.words import RIGHT, Words

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_WIDTH, _FROM_RIGHT, _TICK_ROOM, _TEXT_PIXELS = 12, 32, 34, 12
_LEAST = 200


class DifferenceBar:
    """Stands where the colour bar of an image would, in its place."""

    def __init__(self) -> None:
        self._words: Words | None = None
        colors = np.ascontiguousarray(colormaps.table("cool-warm")[::-1])
        self._picture = QImage(colors.tobytes(), 1, 256, 3, QImage.Format.Format_RGB888).copy()

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw colours, ticks and unit."""
        comparison = pane.comparison
        if comparison.mode is not CompareMode.DIFFERENCE or comparison.compare is None or comparison.layers is None:
            return
        if min(pane.width(), pane.height()) < _LEAST or not pane.session.view.show_annotations:
            return
        first, second = comparison.layers
        span, unit = difference_span(first, second, comparison.compare), first.volume.unit
        if not same_quantity(first.volume, second.volume):
            span, unit = 100 * span, "%"
        words = self._font()
        top = round(pane.height() / 4 + words.height + 8)
        box = QRectF(pane.width() - _FROM_RIGHT - _WIDTH, top, _WIDTH, round(pane.height() * 0.75) - top)
        marks = ticks(-span, span, max(2, int(box.height() / _TICK_ROOM)))
        left = max([words.width(unit) - _WIDTH, *(words.width(text) + 8 for _, text in marks)]) + 6
        painter.fillRect(box.adjusted(-left, -words.height - 10, 8, 10), QColor(0, 0, 0, 150))
        painter.drawImage(box, self._picture)
        words.draw(painter, unit, TEXT, box.right(), box.top() - words.height - 6, RIGHT)
        for value, text in marks:
            y = box.center().y() - value / span * box.height() / 2
            painter.fillRect(QRectF(box.left() - 5, y - 0.5, 5, 1), QColor(TEXT))
            words.draw(painter, text, TEXT, box.left() - 8, y - words.height / 2, RIGHT)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return nothing: the bar cannot be taken hold of."""
        return None

    def _font(self) -> Words:
        if self._words is None:
            font = theme.figures(QGuiApplication.font())
            font.setPixelSize(_TEXT_PIXELS)
            self._words = Words(font)
        return self._words
