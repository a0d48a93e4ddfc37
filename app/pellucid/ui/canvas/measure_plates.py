"""The plates beside annotations: where each fits without hiding what it belongs to, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.ui.canvas.corner_texts import TEXT
from pellucid.ui.canvas.words import Words

_PAD = 5
_AWAY = 10.0
_BACK = QColor(0, 0, 0, 178)


@dataclass(frozen=True)
class Plate:
    """Words in a box of widget pixels; ``headed`` draws the first line in the colour of the annotation."""

    id: str
    box: QRectF
    lines: tuple[str, ...]
    color: str
    headed: bool
    chosen: bool
    anchor: QPointF
    """The point of the shape nearest to the plate."""


class Places:
    """Hands out places for plates, so that they hide neither their own shape nor each other where there is room."""

    def __init__(self, width: float, height: float) -> None:
        self._room = QRectF(4, 4, width - 8, height - 8)
        self._taken = np.zeros((0, 4))

    def take(self, size: QSizeF, around: QRectF, beside: QPointF | None = None) -> QRectF:
        """Return a box of a size beside a shape, or at a point."""
        if beside is not None:
            box = self._within(QRectF(beside, size))
        else:
            box = self._free(size, around)
        self._taken = np.vstack([self._taken, [box.left(), box.top(), box.right(), box.bottom()]])
        return box

    def _free(self, size: QSizeF, around: QRectF) -> QRectF:
        w, h = size.width(), size.height()
        middle = around.center()
        corners = (
            (around.right() + _AWAY, around.top()), (around.right() + _AWAY, around.bottom() - h),
            (around.left() - _AWAY - w, around.top()), (around.left() - _AWAY - w, around.bottom() - h),
            (middle.x() - w / 2, around.bottom() + _AWAY), (middle.x() - w / 2, around.top() - _AWAY - h),
            (around.right() + _AWAY, around.bottom() + _AWAY), (around.left() - _AWAY - w, around.bottom() + _AWAY),
            (around.right() + _AWAY, around.top() - _AWAY - h), (around.left() - _AWAY - w, around.top() - _AWAY - h),
        )  # fmt: skip
        boxes = [self._within(QRectF(QPointF(x, y), size)) for x, y in corners]
        return min(boxes, key=lambda box: self._cost(box, around))

    def _within(self, box: QRectF) -> QRectF:
        x = max(self._room.left(), min(box.left(), self._room.right() - box.width()))
        y = max(self._room.top(), min(box.top(), self._room.bottom() - box.height()))
        return QRectF(QPointF(round(x), round(y)), box.size())

    def _cost(self, box: QRectF, around: QRectF) -> float:
        """Return how much a place hides; places that hide nothing are equally good and the first is taken."""
        own = box.intersected(around)
        left, top, right, bottom = self._taken.T
        width = np.minimum(right, box.right()) - np.maximum(left, box.left())
        height = np.minimum(bottom, box.bottom()) - np.maximum(top, box.top())
        others = float((np.maximum(width, 0) * np.maximum(height, 0)).sum())
        return 2.0 * own.width() * own.height() + others


def plate_size(lines: tuple[str, ...], words: Words) -> QSizeF:
    """Return the size of a plate for some lines."""
    width = max((words.width(line) for line in lines), default=0)
    return QSizeF(width + 2 * _PAD, words.height * len(lines) + 4)


def paint_plate(painter: QPainter, plate: Plate, words: Words) -> None:
    """Draw the words on a dark plate, and a fine line to what they belong to where that is far."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    box = plate.box
    nearest = QPointF(min(max(plate.anchor.x(), box.left()), box.right()),
                      min(max(plate.anchor.y(), box.top()), box.bottom()))  # fmt: skip
    if (nearest - plate.anchor).manhattanLength() > 2 * _AWAY:
        painter.setPen(QPen(QColor(plate.color), 1, Qt.PenStyle.DotLine))
        painter.drawLine(plate.anchor, nearest)
    painter.setPen(QPen(QColor(plate.color), 1) if plate.chosen else Qt.PenStyle.NoPen)
    painter.setBrush(_BACK)
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for n, line in enumerate(plate.lines):
        color = plate.color if plate.headed and n == 0 else TEXT
        words.draw(painter, line, color, box.left() + _PAD, box.top() + 2 + n * words.height)
