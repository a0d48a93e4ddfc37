"""A table of numbers on their own greys: every cell is a pixel, the one in the middle is framed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from pellucid.ui import theme

_LEAST, _MOST, _HEIGHT, _AIR = 28, 72, 24, 8
_ARROWS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


@dataclass(frozen=True)
class Cell:
    """One number: its text, the colour behind it (``""``: none), what its tooltip says, and how it is drawn."""

    text: str
    color: str = ""
    tip: str = ""
    outside: bool = False
    faint: bool = False


class NumberGrid(QWidget):
    """Square rows of cells; arrow keys and clicks tell where somebody wants to go."""

    stepped = Signal(int, int)
    """Emitted with rows and columns that the middle shall move by."""

    def __init__(self, name: str, *, steps: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._rows: Sequence[Sequence[Cell]] = ()
        self._inner = 0
        self._needed = _LEAST
        self._steps = steps
        self.setFont(theme.figures(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if steps else Qt.FocusPolicy.NoFocus)

    def set_cells(self, rows: Sequence[Sequence[Cell]], inner: int = 0) -> None:
        """Show cells; the ``inner`` × ``inner`` ones in the middle are framed together."""
        self._rows, self._inner = rows, inner
        measure = self.fontMetrics().horizontalAdvance
        self._needed = max([measure(text) + _AIR for text in {cell.text for row in rows for cell in row}] + [_LEAST])
        wanted = self.sizeHint()
        if self.minimumWidth() != wanted.width() or self.height() != wanted.height():
            self.setMinimumWidth(wanted.width())
            self.setFixedHeight(wanted.height())
        self.update()

    @property
    def cells(self) -> Sequence[Sequence[Cell]]:
        """Return what is shown."""
        return self._rows

    def sizeHint(self) -> QSize:
        """Return the size in which every number can be read."""
        count = len(self._rows)
        return QSize(self._needed * count + 2, _HEIGHT * count + 2)

    def cell_rect(self, row: int, column: int) -> QRect:
        """Return where a cell is."""
        count = max(len(self._rows), 1)
        width = max(min((self.width() - 2) // count, max(_MOST, self._needed)), 1)
        left = max((self.width() - width * count) // 2, 0)
        return QRect(left + column * width, 1 + row * _HEIGHT, width, _HEIGHT)

    def cell_at(self, position: QPoint) -> tuple[int, int] | None:
        """Return row and column of the cell at a position, or None."""
        for row in range(len(self._rows)):
            for column in range(len(self._rows)):
                if self.cell_rect(row, column).contains(position):
                    return row, column
        return None

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw cells, frames and the focus."""
        painter, c = QPainter(self), theme.colors()
        count = len(self._rows)
        for n, row in enumerate(self._rows):
            for k, cell in enumerate(row):
                self._paint_cell(painter, self.cell_rect(n, k), cell)
        middle = count // 2
        if self._inner > 1 and count:
            first, last = middle - self._inner // 2, middle + self._inner // 2
            frame = self.cell_rect(first, first).united(self.cell_rect(last, last))
            painter.setPen(QPen(QColor(c.warning), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(frame.adjusted(1, 1, -1, -1))
        if self._steps and count:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 3 if self.hasFocus() else 2))
            painter.drawRect(self.cell_rect(middle, middle).adjusted(1, 1, -1, -1))

    def _paint_cell(self, painter: QPainter, place: QRect, cell: Cell) -> None:
        c = theme.colors()
        back = cell.color or c.panel
        painter.fillRect(place, QColor(back))
        if cell.outside:
            painter.fillRect(place, QBrush(QColor(c.dim), Qt.BrushStyle.BDiagPattern))
        painter.setPen(QColor(c.line))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(readable(back) if not cell.faint else faded(back)))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, cell.text)

    def event(self, event: QEvent) -> bool:
        """Tell of each cell what it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self.cell_at(event.pos())
            text = self._rows[at[0]][at[1]].tip if at is not None else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask to go one pixel on with the arrow keys."""
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or not self._steps:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(*step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask to go to the cell that is clicked."""
        at = self.cell_at(event.position().toPoint())
        if self._steps and at is not None and event.button() == Qt.MouseButton.LeftButton:
            middle = len(self._rows) // 2
            self.stepped.emit(at[0] - middle, at[1] - middle)


@lru_cache(maxsize=1024)
def readable(back: str) -> str:
    """Return black or white, whichever can be read better on a colour."""
    return max(("#000000", "#ffffff"), key=lambda color: theme.contrast(color, back))


@lru_cache(maxsize=1024)
def faded(back: str) -> str:
    """Return a grey that can just be read on a colour."""
    return "#8a8a8a" if theme.contrast("#8a8a8a", back) >= 3.0 else readable(back)
