"""A chart of a few curves over time or frames: bands, a line at the present frame, a click that goes to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from pellucid.ui import theme
from pellucid.ui.forms.numbers import format_number

Floats = NDArray[np.float64]
Height = Callable[[float], float]
_TOP, _BOTTOM, _RIGHT, _GAP = 8, 22, 10, 6
_MARK = 2.5


@dataclass(frozen=True, eq=False)
class Line:
    """One curve: a value for each place of the axis (NaN leaves a gap), and half the height of its band."""

    values: Floats
    color: str
    band: Floats | None = None


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from low to high, at most so many: steps of 1, 2 or 5."""
    span = high - low
    if not (np.isfinite(span) and span > 0):
        return [low]
    rough = span / max(most, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough * 0.999))
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [n * step for n in range(first, last + 1)]


class LineChart(QWidget):
    """Draws lines over an axis; places are numbers of frames, 0 first."""

    chosen = Signal(int)
    """Emitted with the place the user clicked, dragged or stepped to."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        font = theme.figures(self.font())
        font.setPixelSize(11)
        self.setFont(font)
        self._axis: Floats = np.zeros(0)
        self._title = ""
        self._lines: tuple[Line, ...] = ()
        self._place = 0
        self._marked: tuple[int, ...] = ()
        theme.signals.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a comfortable size for a dock."""
        return QSize(300, 180)

    def show_lines(self, axis: Floats, title: str, lines: Sequence[Line]) -> None:
        """Show other lines over an axis with a title, such as ``s``."""
        self._axis, self._title, self._lines = axis, title, tuple(lines)
        self.update()

    def mark_places(self, places: Sequence[int]) -> None:
        """Mark places that are to be looked at with care, below the lines."""
        self._marked = tuple(places)
        self.update()

    def show_place(self, place: int) -> None:
        """Move the line that marks the present frame."""
        if place != self._place:
            self._place = place
            self.update()

    # ---------------------------------------------------------------- places

    def area(self) -> QRectF:
        """Return where the lines are drawn."""
        low, high = self._range()
        widest = max((self.fontMetrics().horizontalAdvance(format_number(v)) for v in self._rows(low, high)), default=8)
        left = widest + _GAP + 2
        return QRectF(left, _TOP, max(self.width() - left - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def position_of(self, place: int) -> QPointF:
        """Return the middle of a place in the widget."""
        area = self.area()
        return QPointF(self._x(self._axis[place], area), area.center().y())

    def place_at(self, x: float) -> int:
        """Return the place nearest to a position in the widget."""
        area = self.area()
        places = np.array([self._x(value, area) for value in self._axis])
        return int(np.argmin(np.abs(places - x)))

    def _x(self, value: float, area: QRectF) -> float:
        low, high = float(self._axis[0]), float(self._axis[-1])
        return area.left() + area.width() * (value - low) / (high - low or 1.0)

    def _range(self) -> tuple[float, float]:
        """Return the lowest and the highest value that is drawn, with a little air."""
        ends = [line.values for line in self._lines]
        ends += [line.values + sign * line.band for line in self._lines if line.band is not None for sign in (-1, 1)]
        found = np.concatenate(ends) if ends else np.zeros(0)
        found = found[np.isfinite(found)]
        if not found.size:
            return 0.0, 1.0
        low, high = float(found.min()), float(found.max())
        air = 0.05 * (high - low) or max(abs(low) * 0.05, 0.5)
        return low - air, high + air

    def _rows(self, low: float, high: float) -> list[float]:
        return ticks(low, high, max(2, (self.height() - _TOP - _BOTTOM) // 28))

    # ---------------------------------------------------------------- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw axes, bands, lines and the present frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.colors()
        if len(self._axis) < 2:
            return
        area, (low, high) = self.area(), self._range()

        def y(value: float) -> float:
            return area.bottom() - area.height() * (value - low) / (high - low)

        self._paint_axes(painter, area, y, low, high)
        painter.save()
        painter.setClipRect(area.adjusted(-_MARK - 1, -_MARK, _MARK + 1, _MARK))
        for line in self._lines:
            self._paint_band(painter, line, area, y)
        x = int(self._x(self._axis[min(self._place, len(self._axis) - 1)], area)) + 0.5  # one sharp column
        painter.setPen(QPen(QColor(colors.text), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        for line in self._lines:
            self._paint_line(painter, line, area, y)
        painter.restore()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.warning))
        for place in self._marked:
            if place < len(self._axis):
                x = self._x(self._axis[place], area)
                peak, foot = area.bottom() - 2 * _MARK, area.bottom() + _MARK
                painter.drawPolygon(QPolygonF([QPointF(x, peak), QPointF(x - 4, foot), QPointF(x + 4, foot)]))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colors.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_axes(self, painter: QPainter, area: QRectF, y: Height, low: float, high: float) -> None:
        colors, metrics = theme.colors(), self.fontMetrics()
        for value in self._rows(low, high):
            painter.setPen(QPen(QColor(colors.line), 1))
            painter.drawLine(QPointF(area.left(), y(value)), QPointF(area.right(), y(value)))
            painter.setPen(QColor(colors.dim))
            box = QRectF(0, y(value) - 8, area.left() - _GAP, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, format_number(value))
        unit = metrics.horizontalAdvance(self._title)
        right = self.width() - _RIGHT / 2
        top = area.bottom() + 4
        painter.drawText(QRectF(right - unit, top, unit + 2, 16), Qt.AlignmentFlag.AlignRight, self._title)
        first, last = float(self._axis[0]), float(self._axis[-1])
        for value in ticks(first, last, max(2, int(area.width() // 56))):
            text, x = format_number(float(f"{value:.6g}")), self._x(value, area)
            wide = metrics.horizontalAdvance(text)
            if x + wide / 2 < right - unit - _GAP:
                painter.drawText(QRectF(x - wide / 2 - 2, top, wide + 4, 16), Qt.AlignmentFlag.AlignCenter, text)

    def _points(self, values: Floats, area: QRectF, y: Height) -> list[list[QPointF]]:
        """Return the points of a line, in pieces where values are missing."""
        pieces: list[list[QPointF]] = [[]]
        for place, value in zip(self._axis, values, strict=True):
            if np.isfinite(value):
                pieces[-1].append(QPointF(self._x(place, area), y(float(value))))
            elif pieces[-1]:
                pieces.append([])
        return [piece for piece in pieces if piece]

    def _paint_band(self, painter: QPainter, line: Line, area: QRectF, y: Height) -> None:
        if line.band is None:
            return
        color = QColor(line.color)
        color.setAlphaF(0.18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        above = self._points(line.values + line.band, area, y)
        below = self._points(line.values - line.band, area, y)
        for upper, lower in zip(above, below, strict=True):
            painter.drawPolygon(QPolygonF([*upper, *lower[::-1]]))

    def _paint_line(self, painter: QPainter, line: Line, area: QRectF, y: Height) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(line.color), 1.5))
        for piece in self._points(line.values, area, y):
            painter.drawPolyline(QPolygonF(piece))
        value = line.values[min(self._place, len(line.values) - 1)]
        if np.isfinite(value):
            painter.setBrush(QColor(line.color))
            at = QPointF(self._x(self._axis[min(self._place, len(self._axis) - 1)], area), y(float(value)))
            painter.drawEllipse(at, _MARK, _MARK)

    # ---------------------------------------------------------------- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the frame under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse from frame to frame."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not len(self._axis):
            super().keyPressEvent(event)
        else:
            self.chosen.emit(min(max(self._place + step, 0), len(self._axis) - 1))

    def _choose(self, x: float) -> None:
        if len(self._axis):
            self.chosen.emit(self.place_at(x))
