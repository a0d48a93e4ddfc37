"""Look for text in the pixels of a series and draw rectangles over it, on a picture of its brightest frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme

Box = tuple[int, int, int, int]


class PixelPicture(QWidget):
    """A picture with black rectangles: drag draws one, Delete takes the last away, Escape gives up."""

    edited = Signal()
    """Emitted when rectangles were drawn or taken away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(tr("Picture of the series"))
        self.setToolTip(tr("Drag a rectangle over text · Delete: take the last one away"))
        self.boxes: list[Box] = []
        self._image = QImage()
        self._said = ""
        self._from: QPoint | None = None
        self._to = QPoint()

    def sizeHint(self) -> QSize:
        """Return a size that suits a dialog."""
        return QSize(480, 400)

    def show_picture(self, pixels: NDArray[Any] | None, said: str = "") -> None:
        """Show pixels (grey or RGB, 8 bits), or a sentence instead."""
        self._said = said
        self._image = QImage()
        if pixels is not None:
            data = np.ascontiguousarray(pixels)
            kind = QImage.Format.Format_RGB888 if data.ndim == 3 else QImage.Format.Format_Grayscale8
            self._image = QImage(data.tobytes(), data.shape[1], data.shape[0], data.strides[0], kind).copy()
        self._from = None
        self.update()

    def set_boxes(self, boxes: list[Box]) -> None:
        """Show rectangles in pixels of the picture."""
        self.boxes = boxes
        self.update()

    # ---------------------------------------------------------------- from widget to pixels

    def _place(self) -> QRectF:
        size = self._image.size()
        if size.isEmpty():
            return QRectF()
        scale = min(self.width() / size.width(), self.height() / size.height())
        width, height = size.width() * scale, size.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def to_pixel(self, at: QPointF) -> QPoint:
        """Return the pixel under a place of the widget, the nearest one outside the picture."""
        place = self._place()
        x = int((at.x() - place.x()) / place.width() * self._image.width())
        y = int((at.y() - place.y()) / place.height() * self._image.height())
        return QPoint(min(max(x, 0), self._image.width() - 1), min(max(y, 0), self._image.height() - 1))

    def _to_widget(self, box: QRect) -> QRectF:
        place = self._place()
        scale = place.width() / self._image.width()
        return QRectF(place.x() + box.x() * scale, place.y() + box.y() * scale, box.width() * scale,
                      box.height() * scale)  # fmt: skip

    # ---------------------------------------------------------------- what the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a rectangle."""
        if event.button() == Qt.MouseButton.LeftButton and not self._image.isNull():
            self._from = self._to = self.to_pixel(event.position())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        if self._from is not None:
            self._to = self.to_pixel(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep the rectangle; a click alone is none."""
        if self._from is None or event.button() != Qt.MouseButton.LeftButton:
            return
        box, self._from = self._drawn(), None
        if box.width() > 1 and box.height() > 1:
            self.boxes.append((box.x(), box.y(), box.width(), box.height()))
            self.edited.emit()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the last rectangle away, or give up the one being drawn."""
        if event.key() == Qt.Key.Key_Escape and self._from is not None:
            self._from = None
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.boxes:
            self.boxes.pop()
            self.edited.emit()
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def _drawn(self) -> QRect:
        assert self._from is not None
        left, right = sorted((self._from.x(), self._to.x()))
        top, bottom = sorted((self._from.y(), self._to.y()))
        return QRect(left, top, right - left + 1, bottom - top + 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture and the rectangles, or the sentence."""
        painter, colors = QPainter(self), theme.colors()
        painter.fillRect(self.rect(), QColor(colors.panel))
        if self._image.isNull():
            painter.setPen(QColor(colors.dim))
            painter.drawText(self.rect().adjusted(16, 16, -16, -16),
                             Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._said)  # fmt: skip
            return
        painter.drawImage(self._place(), self._image)
        painter.setPen(QPen(QColor(colors.accent), 1.5))
        boxes = [QRect(*box) for box in self.boxes]
        for box in (*boxes, *([self._drawn()] if self._from is not None else [])):
            where = self._to_widget(box)
            painter.fillRect(where, Qt.GlobalColor.black)
            painter.drawRect(where)


def column_of(*widgets: QWidget) -> QWidget:
    """Return widgets below each other; pictures, tables and texts take what is left."""
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    column.setSpacing(theme.MARGIN)
    for widget in widgets:
        grows = isinstance(widget, QAbstractScrollArea | PixelPicture)
        column.addWidget(widget, 1 if grows else 0)
    return body
