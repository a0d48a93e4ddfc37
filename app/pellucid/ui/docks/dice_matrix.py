"""A square of numbers from 0 to 1, the darker the less: each rater with each; a click or Enter chooses a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.stylesheet import mix

_ROW, _HEAD, _AIR = 26, 20, 6
_CELL, _NAME = 48, 72
_KEYS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class DiceMatrix(QWidget):
    """Rows are named, columns numbered as the rows are; the arrow keys go from cell to cell."""

    chosen = Signal(int, int)
    """Emitted with the row and the column of a pair."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAccessibleDescription(tr("Arrow keys go from cell to cell, Enter compares the pair"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        font = theme.figures(self.font())
        font.setPixelSize(11)
        self.setFont(font)
        self._names: tuple[str, ...] = ()
        self.dice: NDArray[Any] = np.ones((0, 0))
        self._at = (0, 1)
        theme.signals.changed.connect(self.update)

    def show_dice(self, names: Sequence[str], dice: NDArray[Any]) -> None:
        """Show other numbers."""
        self._names, self.dice = tuple(names), dice
        self._at = (0, min(1, max(len(dice) - 1, 0)))
        self.setFixedHeight(_HEAD + _ROW * len(dice) + 2)
        self.setMinimumWidth(_NAME + 28 * len(dice))
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all cells."""
        return QSize(_NAME + _CELL * len(self.dice), _HEAD + _ROW * len(self.dice) + 2)

    def cell(self, first: int, second: int) -> QRectF:
        """Return where a pair is drawn."""
        count = max(len(self.dice), 1)
        wide = max(min(_CELL, (self.width() - _NAME) / count), 8.0)
        left = max(self.width() - wide * count, _NAME)
        return QRectF(left + wide * second, _HEAD + _ROW * first, wide, _ROW)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw names, numbers and colours."""
        painter, colors = QPainter(self), theme.colors()
        for n, name in enumerate(self._names):
            row, head = self.cell(n, 0), self.cell(0, n)
            painter.setPen(QColor(colors.text))
            width = row.left() - _AIR
            text = self.fontMetrics().elidedText(f"{n + 1}  {name}", Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(QRectF(0, row.top(), width, _ROW), Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(QColor(colors.dim))
            painter.drawText(QRectF(head.left(), 0, head.width(), _HEAD), Qt.AlignmentFlag.AlignCenter, str(n + 1))
        for first, second in np.ndindex(*self.dice.shape):
            self._paint_cell(painter, first, second)

    def _paint_cell(self, painter: QPainter, first: int, second: int) -> None:
        colors, place = theme.colors(), self.cell(first, second).adjusted(1, 1, -1, -1)
        value = float(self.dice[first, second])
        back = QColor(colors.raised if first == second else mix(colors.accent, colors.panel, 0.15 + 0.75 * value))
        painter.fillRect(place, back)
        dark = back.lightnessF() < 0.5
        painter.setPen(QColor(colors.dim if first == second else "#ffffff" if dark else "#0b1622"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "–" if first == second else f"{value:.2f}")
        if self.hasFocus() and (first, second) == self._at:
            painter.setPen(QPen(QColor(colors.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place)

    def at(self, position: QPointF) -> tuple[int, int] | None:
        """Return the pair at a place in the widget, or None."""
        for first, second in np.ndindex(*self.dice.shape):
            if self.cell(first, second).contains(position):
                return int(first), int(second)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the pair under the mouse."""
        found = self.at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self._at = found
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from cell to cell, or choose."""
        key, count = Qt.Key(event.key()), len(self.dice)
        if key in _KEYS and count:
            down, right = _KEYS[key]
            self._at = (min(max(self._at[0] + down, 0), count - 1), min(max(self._at[1] + right, 0), count - 1))
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        else:
            super().keyPressEvent(event)

    def _choose(self) -> None:
        self.update()
        first, second = self._at
        if first != second and max(self._at) < len(self.dice):
            self.chosen.emit(first, second)

    def event(self, event: QEvent) -> bool:
        """Say the whole names and the number of the cell under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self.at(QPointF(event.pos()))
            if found is not None and found[0] != found[1]:
                first, second = (self._names[n] for n in found)
                value = f"{self.dice[found]:.4f}"
                said = tr("Dice of {first} and {second}: {value}. Click: compare the two",
                          first=first, second=second, value=value)  # fmt: skip
                QToolTip.showText(event.globalPos(), said, self)
                return True
        return super().event(event)
