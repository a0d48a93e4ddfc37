"""Below the table of objects: the histogram of a column, or two columns against each other; dragging selects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsRectItem, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.histogram_plot import ValueAxis

_BINS = 40
_POINT = 6
_NEAR = 8.0
"""Pixels from a point within which a click takes it."""


class _Brush(pg.ViewBox):  # type: ignore[misc]
    """Left drag draws a box and tells it, a click tells its place; wheel and right drag do nothing."""

    boxed = Signal(object, bool)
    clicked = Signal(object, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(False, False)
        self._box = QGraphicsRectItem()
        self._box.setZValue(100)
        self._box.hide()
        self.addItem(self._box, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Show the box while it is drawn."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        ends = (self.mapSceneToView(event.buttonDownScenePos()), self.mapSceneToView(event.scenePos()))
        box = QRectF(*ends).normalized()
        self._box.setRect(box)
        self._box.setPen(pg.mkPen(theme.colors().accent))
        self._box.setVisible(not event.isFinish())
        if event.isFinish():
            self.boxed.emit(box, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def mouseClickEvent(self, event: Any) -> None:
        """Tell the place."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            more = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.clicked.emit(self.mapSceneToView(event.scenePos()), more)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Leave the wheel alone: the plot always shows everything."""
        event.ignore()


class ObjectPlot(QWidget):
    """A plot of the rows that pass the filter."""

    selected = Signal(object, bool)
    """Emitted with the numbers of the rows that were brushed, and whether they come to those selected already."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x: NDArray[np.float64] = np.zeros(0)
        self._y: NDArray[np.float64] | None = None
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._chosen: frozenset[int] = frozenset()
        self._titles = ("", "")
        self.brush = _Brush()
        axes = {"bottom": ValueAxis("bottom"), "left": ValueAxis("left")}
        self.plot = pg.PlotWidget(viewBox=self.brush, enableMenu=False, axisItems=axes)
        self.plot.setAccessibleName(tr("Plot of the measured objects"))
        self.plot.setToolTip(tr("Drag a box to select objects · Ctrl adds them"))
        self.plot.hideButtons()
        self.plot.getPlotItem().setContentsMargins(0, 0, 4, 0)
        self.brush.boxed.connect(self._boxed)
        self.brush.clicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(112)
        theme.signals.changed.connect(self._draw)

    def sizeHint(self) -> QSize:
        """Return a height that shows the points and leaves the table room."""
        return QSize(280, 180)

    def show_columns(
        self, rows: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64] | None, titles: tuple[str, str]
    ) -> None:
        """Show rows by their numbers: one column as a histogram, two against each other."""
        held = np.isfinite(x) if y is None else np.isfinite(x) & np.isfinite(y)
        self._rows, self._x, self._y, self._titles = rows[held], x[held], None if y is None else y[held], titles
        self._draw()

    def choose(self, rows: frozenset[int]) -> None:
        """Mark the rows that are selected."""
        self._chosen = rows
        self._draw()

    @property
    def marked(self) -> NDArray[np.bool_]:
        """Return which of the points are selected."""
        return np.isin(self._rows, list(self._chosen))

    def _draw(self) -> None:
        c, item = theme.colors(), self.plot.getPlotItem()
        self.plot.setBackground(c.panel)
        font = theme.figures(self.font())
        font.setPixelSize(11)
        for side, title in zip(("bottom", "left"), self._titles, strict=True):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(c.line))
            axis.setTextPen(pg.mkPen(c.dim))
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4, hideOverlappingLabels=True)
            axis.enableAutoSIPrefix(False)
            axis.setToolTip(title)
        item.clearPlots()
        for old in [one for one in item.items if isinstance(one, pg.BarGraphItem | pg.ScatterPlotItem)]:
            item.removeItem(old)
        if len(self._x):
            (self._draw_bars if self._y is None else self._draw_points)()
        item.getViewBox().enableAutoRange()

    def _draw_bars(self) -> None:
        c = theme.colors()
        edges = np.histogram_bin_edges(self._x, min(_BINS, max(5, int(np.sqrt(len(self._x)) * 2))))
        for values, color in ((self._x, c.dim), (self._x[self.marked], c.accent)):
            counts = np.histogram(values, edges)[0]
            self.plot.addItem(
                pg.BarGraphItem(x0=edges[:-1], x1=edges[1:], height=counts, brush=QColor(color), pen=pg.mkPen(c.panel))
            )

    def _draw_points(self) -> None:
        c, marked = theme.colors(), self.marked
        assert self._y is not None
        faint = QColor(c.dim)
        faint.setAlpha(150)
        for part, color in ((~marked, faint), (marked, QColor(c.accent))):
            self.plot.addItem(
                pg.ScatterPlotItem(self._x[part], self._y[part], size=_POINT, brush=color, pen=pg.mkPen(None))
            )

    def _boxed(self, box: QRectF, more: bool) -> None:
        inside = (self._x >= box.left()) & (self._x <= box.right())
        if self._y is not None:
            inside &= (self._y >= box.top()) & (self._y <= box.bottom())
        self.selected.emit(frozenset(self._rows[inside].tolist()), more)

    def _clicked(self, at: Any, more: bool) -> None:
        """Take the nearest point, or nothing."""
        if self._y is None or not len(self._x):
            self.selected.emit(frozenset(), more)
            return
        width, height = self.brush.viewPixelSize()
        away = np.hypot((self._x - at.x()) / (width or 1), (self._y - at.y()) / (height or 1))
        nearest = int(np.argmin(away))
        found = {int(self._rows[nearest])} if away[nearest] <= _NEAR else set()
        self.selected.emit(frozenset(found), more)
