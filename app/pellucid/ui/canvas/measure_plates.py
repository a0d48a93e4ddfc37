"""The plates beside annotations: where each fits without hiding what it belongs to, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.model.geometry import Floats
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
    """Hands out places for plates, so that they hide neither shapes nor each other where there is room.

    ``shapes`` are the boxes of everything drawn, (n, 4) as left, top, right, bottom in widget pixels.
    """

    def __init__(self, width: float, height: float, shapes: Floats) -> None:
        self._room = QRectF(4, 4, width - 8, height - 8)
        self._shapes = shapes
        self._taken = np.zeros((0, 4))

    def beside(self, size: QSizeF, around: list[QRectF], line: Floats) -> QRectF:
        """Return a place beside one of some boxes, the first as good as any.

        ``line`` holds points of the shape itself, (n, 2), that should not be hidden.
        """
        boxes = np.concatenate([_candidates(size, part) for part in around])
        room, extent = self._room, np.array([size.width(), size.height()])
        lowest = np.array([room.left(), room.top()])
        corner = np.round(np.maximum(np.minimum(boxes, [room.right(), room.bottom()] - extent), lowest))
        best = corner[int(np.argmin(self._costs(corner, corner + extent, line)))]
        return self._take(QRectF(QPointF(*best.tolist()), size))

    def at(self, size: QSizeF, place: QPointF) -> QRectF:
        """Return the box at a place, moved only so far that it is seen."""
        return self._take(self._within(QRectF(place, size)))

    def _take(self, box: QRectF) -> QRectF:
        self._taken = np.vstack([self._taken, [box.left(), box.top(), box.right(), box.bottom()]])
        return box

    def _within(self, box: QRectF) -> QRectF:
        x = max(self._room.left(), min(box.left(), self._room.right() - box.width()))
        y = max(self._room.top(), min(box.top(), self._room.bottom() - box.height()))
        return QRectF(QPointF(round(x), round(y)), box.size())

    def _costs(self, first: Floats, last: Floats, line: Floats) -> Floats:
        """Return how much places hide: most of all the line they belong to, then plates, then other shapes."""
        inside = (line >= first[:, None] - 2) & (line <= last[:, None] + 2)
        own = inside.all(axis=2).mean(axis=1)
        return np.asarray(1e6 * own + 2 * _hidden(self._taken, first, last) + 0.2 * _hidden(self._shapes, first, last))


def _hidden(boxes: Floats, first: Floats, last: Floats) -> Floats:
    """Return how much of some boxes (n, 4) places hide, given their top left and bottom right corners (k, 2)."""
    over = np.minimum(boxes[:, 2:], last[:, None]) - np.maximum(boxes[:, :2], first[:, None])
    return np.asarray(np.maximum(over, 0).prod(axis=2).sum(axis=1))


def _candidates(size: QSizeF, around: QRectF) -> Floats:
    """Return the top left corners (k, 2) of places around a box, the best first."""
    w, h = size.width(), size.height()
    middle, right, left = around.center().x() - w / 2, around.right() + _AWAY, around.left() - _AWAY - w
    top, bottom, below, above = around.top(), around.bottom() - h, around.bottom() + _AWAY, around.top() - _AWAY - h
    return np.array([
        (right, top), (right, bottom), (left, top), (left, bottom), (middle, below), (middle, above), (right, below),
        (left, below), (right, above), (left, above),
    ])  # fmt: skip


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
