"""The strip of colours below the histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from pellucid.language import tr
from pellucid.model.transfer import STRAIGHT, Transfer
from pellucid.ui import theme
from pellucid.ui.docks.curves import strip_colors

if TYPE_CHECKING:
    from numpy.typing import NDArray

Limits = tuple[float, float]


class ColorStrip(QWidget):
    """The colours that the values above it get on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(8)
        self.setAccessibleName(tr("Colours of the values"))
        self._table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        self._window: Limits = (0.0, 1.0)
        self._view: Limits = (0.0, 1.0)
        self._invert = False
        self._curve = STRAIGHT

    def show_table(self, table: NDArray[np.uint8]) -> None:
        """Use another colour table, (n, 3) uint8."""
        self._table = table
        self.update()

    def show_window(self, window: Limits, view: Limits, *, invert: bool, curve: Transfer) -> None:
        """Use another window, curve or visible range."""
        self._window, self._view, self._invert, self._curve = window, view, invert, curve
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw one colour per column."""
        rgb = strip_colors(self._table, *self._window, self._view, self.width(), invert=self._invert, curve=self._curve)
        row = np.ascontiguousarray(rgb[np.newaxis])
        image = QImage(row.data, row.shape[1], 1, row.shape[1] * 3, QImage.Format.Format_RGB888)
        painter = QPainter(self)
        painter.drawImage(self.rect(), image)
        painter.setPen(QColor(theme.colors().line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
