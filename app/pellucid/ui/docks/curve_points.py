"""The points of a curve in the histogram plot: dragged, added and removed with mouse or keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent

from pellucid.ui import theme

if TYPE_CHECKING:
    from pellucid.ui.docks.histogram_plot import HistogramPlot

Point = tuple[float, float]
Points = tuple[Point, ...]

_REACH = 9.0
"""Screen pixels around a point that take hold of it."""
_STEP, _LARGE_STEP = 0.02, 0.1
_MOST = 32
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


def moved(points: Points, number: int, place: Point) -> Points:
    """Return the points with one at another place: never past its neighbours nor out of the window."""
    least = points[number - 1][0] if number > 0 else 0.0
    most = points[number + 1][0] if number + 1 < len(points) else 1.0
    x, y = min(max(place[0], least), most), min(max(place[1], 0.0), 1.0)
    return (*points[:number], (round(x, 4), round(y, 4)), *points[number + 1 :])


def added(points: Points, place: Point | None = None) -> tuple[Points, int]:
    """Return the points with one more, and its number: at a place, else in the middle of the widest gap."""
    if place is None:
        places = np.array([x for x, _ in points])
        gap = int(np.argmax(np.diff(places)))
        x = float(places[gap : gap + 2].mean())
        place = x, float(np.interp(x, places, [y for _, y in points]))
    number = sum(x <= place[0] for x, _ in points)
    spread = (*points[:number], (min(max(place[0], 0.0), 1.0), 0.0), *points[number:])
    return moved(spread, number, place), number


class CurvePoints(QObject):
    """Shows the points of a curve over a histogram plot and lets the user change them.

    It listens to the plot before pyqtgraph does, so that a point can be taken hold of where the window can be, too.
    """

    edited = Signal(object)
    """Emitted with the new points while the user changes them."""

    def __init__(self, plot: HistogramPlot) -> None:
        super().__init__(plot)
        self._plot = plot
        self._points: Points = ()
        self._chosen = 0
        self._held = False
        self._marks = pg.ScatterPlotItem(size=9, pxMode=True)
        self._marks.setZValue(30)
        self._marks.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        plot.plot.addItem(self._marks)
        plot.plot.viewport().installEventFilter(self)
        plot.plot.installEventFilter(self)
        theme.signals.changed.connect(self.draw)

    def show(self, points: Points) -> None:
        """Show these points, or none."""
        self._points = points
        self._chosen = min(self._chosen, max(len(points) - 1, 0))
        self.draw()

    def draw(self) -> None:
        """Draw the points where the window is now."""
        c = theme.colors()
        brushes = [pg.mkBrush(QColor(c.accent if n == self._chosen else c.panel)) for n in range(len(self._points))]
        spots = [self._value(point) for point in self._points]
        self._marks.setData(
            [x for x, _ in spots], [y for _, y in spots], brush=brushes, pen=pg.mkPen(QColor(c.text), width=1.5)
        )

    def place_of(self, number: int) -> QPointF:
        """Return where a point stands in the viewport of the plot, in pixels."""
        return self._plot.position_of(*self._value(self._points[number]))

    def add(self) -> None:
        """Add a point in the middle of the widest gap."""
        if self._points and len(self._points) < _MOST:
            points, self._chosen = added(self._points)
            self._change(points)

    def remove(self) -> None:
        """Remove the chosen point; two always remain."""
        if len(self._points) > 2:
            self._change((*self._points[: self._chosen], *self._points[self._chosen + 1 :]))

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Take the events that concern a point before the plot sees them."""
        if not self._points or not self._plot.is_movable:
            return False
        if isinstance(event, QKeyEvent) and watched is self._plot.plot:
            return event.type() == QEvent.Type.KeyPress and self._key(event)
        if isinstance(event, QMouseEvent) and watched is self._plot.plot.viewport():
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        near = self._near(at)
        if kind == QEvent.Type.MouseButtonDblClick and event.button() == Qt.MouseButton.LeftButton:
            self._add_at(at, near)
        elif kind == QEvent.Type.MouseButtonPress and near is not None:
            self._press(event.button(), near)
        elif kind == QEvent.Type.MouseMove and self._held:
            self._change(moved(self._points, self._chosen, self._share(at)))
        elif kind == QEvent.Type.MouseButtonRelease and self._held:
            self._held = False
        else:
            return False
        return True

    def _press(self, button: Qt.MouseButton, near: int) -> None:
        self._chosen = near
        self._plot.plot.setFocus(Qt.FocusReason.MouseFocusReason)
        if button == Qt.MouseButton.RightButton:
            self.remove()
        elif button == Qt.MouseButton.LeftButton:
            self._held = True
            self.draw()

    def _add_at(self, at: QPointF, near: int | None) -> None:
        self._held = False
        if near is None and len(self._points) < _MOST:
            points, self._chosen = added(self._points, self._share(at))
            self._change(points)

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _ARROWS:
            large = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = _LARGE_STEP if large else _STEP
            (x, y), (dx, dy) = self._points[self._chosen], _ARROWS[key]
            self._change(moved(self._points, self._chosen, (x + dx * step, y + dy * step)))
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._chosen = (self._chosen + (1 if key == Qt.Key.Key_PageDown else -1)) % len(self._points)
            self.draw()
        elif key == Qt.Key.Key_Insert:
            self.add()
        elif key == Qt.Key.Key_Delete:
            self.remove()
        else:
            return False
        return True

    def _change(self, points: Points) -> None:
        self._chosen = min(self._chosen, len(points) - 1)
        self._points = points
        self.draw()
        self.edited.emit(points)

    def _near(self, at: QPointF) -> int | None:
        """Return the number of the point under the mouse, the nearest of several."""
        far = [(self.place_of(n) - at).manhattanLength() for n in range(len(self._points))]
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= _REACH else None

    def _value(self, point: Point) -> Point:
        """Return value and height in the plot of a point."""
        (low, high), invert = self._plot.window_shown
        return low + point[0] * (high - low), 1 - point[1] if invert else point[1]

    def _share(self, at: QPointF) -> Point:
        """Return the point that stands at a place of the viewport."""
        (low, high), invert = self._plot.window_shown
        spot = self._plot.box.mapSceneToView(self._plot.plot.mapToScene(at.toPoint()))
        share = (spot.x() - low) / (high - low) if high > low else 0.0
        return float(share), float(1 - spot.y() if invert else spot.y())
