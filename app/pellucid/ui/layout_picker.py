"""Choosing rows and columns of panes by pointing at a grid of cells."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from pellucid.language import tr
from pellucid.model.view import Layout
from pellucid.ui import theme

_CELL, _GAP, _EDGE = 26, 4, 8
_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class LayoutPicker(QWidget):
    """Four by four cells; those up to the mouse are the panes of the layout a click chooses."""

    chosen = Signal(object)
    """Emitted with the layout that was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._present = Layout.SINGLE
        self._aimed = Layout.SINGLE
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Rows and columns"))
        self.setToolTip(tr("Point at the last pane: rows and columns up to there"))

    def show_layout(self, layout: Layout) -> None:
        """Show which layout is in force."""
        self._present = self._aimed = layout
        self._say()

    @property
    def aimed(self) -> Layout:
        """Return the layout a click would choose."""
        return self._aimed

    def sizeHint(self) -> QSize:
        """Return the size of the cells and the line of text below them."""
        side = 2 * _EDGE + Layout.LARGEST * _CELL + (Layout.LARGEST - 1) * _GAP
        return QSize(side, side + self.fontMetrics().height() + _GAP)

    def cell(self, row: int, column: int) -> QRectF:
        """Return where a cell is; rows and columns count from 0."""
        left = (self.width() - self.sizeHint().width()) / 2 + _EDGE
        return QRectF(left + column * (_CELL + _GAP), _EDGE + row * (_CELL + _GAP), _CELL, _CELL)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cells and the number of panes."""
        painter, colors = QPainter(self), theme.colors()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(Layout.LARGEST):
            for column in range(Layout.LARGEST):
                inside = row < self._aimed.rows and column < self._aimed.columns
                now = row < self._present.rows and column < self._present.columns
                painter.setPen(QPen(QColor(colors.accent if inside or now else colors.dim), 1))
                fill = QColor(colors.accent) if inside else QColor(colors.raised)
                fill.setAlphaF(0.45 if inside else 1.0)
                painter.setBrush(fill)
                painter.drawRoundedRect(self.cell(row, column).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QColor(colors.text))
        low = self.cell(Layout.LARGEST - 1, 0).bottom() + _GAP
        words = f"{self._aimed.rows} × {self._aimed.columns}"
        painter.drawText(QRectF(0, low, self.width(), self.fontMetrics().height()), Qt.AlignmentFlag.AlignCenter, words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Aim at the cell under the mouse."""
        self._aim(self._under(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._aim(self._under(event.position()))
            self.chosen.emit(self._aimed)

    def leaveEvent(self, _event: QEvent) -> None:
        """Aim at nothing else than what there is."""
        self._aim(self._present)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Aim with the arrow keys, choose with Enter."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None:
            rows, columns = self._aimed.rows + step[0], self._aimed.columns + step[1]
            self._aim(Layout(min(max(rows, 1), Layout.LARGEST), min(max(columns, 1), Layout.LARGEST)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._aimed)
        else:
            super().keyPressEvent(event)

    def _under(self, at: QPointF) -> Layout:
        first, pitch = self.cell(0, 0), _CELL + _GAP
        row, column = int((at.y() - first.top()) // pitch), int((at.x() - first.left()) // pitch)
        last = Layout.LARGEST - 1
        return Layout(min(max(row, 0), last) + 1, min(max(column, 0), last) + 1)

    def _aim(self, layout: Layout) -> None:
        if layout != self._aimed:
            self._aimed = layout
            self._say()

    def _say(self) -> None:
        self.setAccessibleDescription(
            tr("{rows} rows, {columns} columns", rows=self._aimed.rows, columns=self._aimed.columns)
        )
        self.update()
