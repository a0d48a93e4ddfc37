"""The plot of the histogram: counts, cumulative curve, transfer line, and limits that can be dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.transfer import STRAIGHT, Kind, Transfer
from pellucid.ui import theme
from pellucid.ui.docks.color_strip import ColorStrip
from pellucid.ui.docks.curve_points import CurvePoints
from pellucid.ui.docks.curves import Cumulative, outline, transfer, view_range
from pellucid.ui.forms.numbers import MINUS

if TYPE_CHECKING:
    from pellucid.model.statistics import Histogram

Limits = tuple[float, float]


class HistogramPlot(QWidget):
    """Counts over values; the window and its two ends are dragged, the wheel zooms, a double click fits."""

    window_dragged = Signal(float, float)
    """Emitted with the two ends of the window while the user drags."""
    limits_dragged = Signal(float, float)
    """Emitted with the lower and upper limit of an operation while the user drags them."""
    pointed = Signal(object)
    """Emitted with the value under the mouse, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cumulative: Cumulative | None = None
        self._histogram: Histogram | None = None
        self._window: Limits = (0.0, 1.0)
        self._log, self._quiet, self._invert = True, False, False
        self._curve = STRAIGHT
        self.is_movable = True
        self.plot = pg.PlotWidget(enableMenu=False, axisItems={"bottom": ValueAxis("bottom")})
        self.strip = ColorStrip()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot)
        column.addWidget(self.strip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(104)
        self._set_up()
        self._add_curves()
        self._add_handles()
        self.points = CurvePoints(self)
        theme.signals.changed.connect(self._paint_theme)
        self._paint_theme()

    def sizeHint(self) -> QSize:
        """Return a height that leaves room for the window fields on a small screen; more is taken where there is."""
        return QSize(264, 120)

    # ---------------------------------------------------------------- what is shown

    def show_histogram(self, histogram: Histogram | None) -> None:
        """Show counts, or nothing; the visible range follows only when other values came."""
        self._histogram = histogram
        self._cumulative = None if histogram is None else Cumulative.of(histogram)
        if histogram is not None:
            self.fit()
        self._redraw()

    def show_window(self, low: float, high: float, *, invert: bool, curve: Transfer = STRAIGHT) -> None:
        """Show the window and the curve of the layer without telling anybody."""
        begins = curve.kind is Kind.POINTS and self._curve.kind is not Kind.POINTS
        self._window, self._invert, self._curve = (low, high), invert, curve
        if begins and not self.view()[0] <= low < high <= self.view()[1]:
            self.fit()  # every point can be reached
        self._quiet = True
        self.region.setRegion((low, high))
        self._quiet = False
        self._draw_curve()
        self.points.show(curve.points if curve.kind is Kind.POINTS else ())

    def _draw_curve(self) -> None:
        low, high = self._window
        self.line.setData(*transfer(low, high, self.view(), invert=self._invert, curve=self._curve))
        self.strip.show_window(self._window, self.view(), invert=self._invert, curve=self._curve)

    @property
    def window_shown(self) -> tuple[Limits, bool]:
        """Return the window, and whether it is inverted."""
        return self._window, self._invert

    def show_limits(self, limits: Limits | None) -> None:
        """Show the limits of an operation beside the window, or hide them."""
        self._quiet = True
        self.limits.setVisible(limits is not None)
        if limits is not None:
            self.limits.setRegion(limits)
            self._reveal(limits)
        self._quiet = False

    def tell_in(self, factor: float) -> None:
        """Write the values on the axis times a factor: the unit they are told in."""
        self.plot.getAxis("bottom").setScale(factor)

    def set_movable(self, on: bool) -> None:
        """Let the window be dragged, or show it only."""
        self.is_movable = on
        self.region.setMovable(on)

    def set_log(self, on: bool) -> None:
        """Show counts by their logarithm or as they are."""
        self._log = on
        self._redraw()

    def set_cdf(self, on: bool) -> None:
        """Show or hide the cumulative curve."""
        self.cdf.setVisible(on)

    def fit(self) -> None:
        """Show nearly all values and the whole window."""
        if self._histogram is not None:
            self.box.setXRange(*view_range(self._histogram, self._window), padding=0)

    def _reveal(self, limits: Limits) -> None:
        """Widen the view until both limits can be grabbed, as far as there are values."""
        if self._histogram is None:
            return
        ends = [min(max(end, self._histogram.minimum), self._histogram.maximum) for end in limits]
        low, high = self.view()
        if min(ends) < low or max(ends) > high:
            air = 0.03 * (max(high, *ends) - min(low, *ends))
            self.box.setXRange(min(low, ends[0] - air), max(high, ends[1] + air), padding=0)

    def view(self) -> Limits:
        """Return the visible range of values."""
        (low, high), _rows = self.box.viewRange()
        return float(low), float(high)

    def position_of(self, value: float, height: float = 0.5) -> QPointF:
        """Return where a value stands in the plot's viewport, in pixels."""
        scene = self.box.mapViewToScene(QPointF(value, height))
        return QPointF(self.plot.mapFromScene(scene))

    def cumulative(self) -> Cumulative | None:
        """Return the cumulative counts of what is shown."""
        return self._cumulative

    # ---------------------------------------------------------------- pieces

    def _set_up(self) -> None:
        self.box = self.plot.getViewBox()
        self.box.setMouseEnabled(x=True, y=False)
        self.box.setYRange(0, 1.04, padding=0)
        self.box.setDefaultPadding(0)
        self.plot.hideAxis("left")
        self.plot.hideButtons()
        self.plot.getAxis("bottom").setStyle(tickLength=-4, tickTextOffset=2, hideOverlappingLabels=True)
        self.plot.getAxis("bottom").setHeight(20)
        self.plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.plot.setAccessibleName(tr("Histogram"))
        self.plot.setMouseTracking(True)
        self.plot.viewport().installEventFilter(self)
        self.box.sigXRangeChanged.connect(self._view_changed)

    def _add_curves(self) -> None:
        self.counts = pg.PlotCurveItem(fillLevel=0.0)
        self.cdf = pg.PlotCurveItem()
        self.line = pg.PlotCurveItem()
        for curve in (self.counts, self.cdf, self.line):
            self.plot.addItem(curve)

    def _add_handles(self) -> None:
        self.region = pg.LinearRegionItem((0.0, 1.0), swapMode="sort")
        self.limits = pg.LinearRegionItem((0.0, 1.0), swapMode="sort", movable=False)
        self.region.setZValue(-5)
        self.limits.setZValue(20)
        self.limits.hide()
        for line in (*self.region.lines, *self.limits.lines):
            line.setMovable(True)
            line.setCursor(Qt.CursorShape.SplitHCursor)
        self.region.setCursor(Qt.CursorShape.SizeHorCursor)
        for line in self.region.lines:
            line.setZValue(15)
        self.plot.addItem(self.region)
        self.plot.addItem(self.limits)
        self.region.sigRegionChanged.connect(lambda item: self._dragged(item, self.window_dragged))
        self.limits.sigRegionChanged.connect(lambda item: self._dragged(item, self.limits_dragged))

    def _dragged(self, item: Any, signal: Any) -> None:
        if not self._quiet:
            low, high = sorted(float(v) for v in item.getRegion())
            signal.emit(low, high)

    def _view_changed(self, *_args: Any) -> None:
        self._redraw()
        self._draw_curve()

    def _redraw(self) -> None:
        if self._cumulative is None or not self._cumulative.total:
            self.counts.setData([], [])
            self.cdf.setData([], [])
            return
        columns = max(64, min(1024, self.plot.width()))
        x, y = outline(self._cumulative, *self.view(), columns, log=self._log)
        self.counts.setData(x, y)
        self.cdf.setData(x, self._cumulative.share(x))

    def _paint_theme(self) -> None:
        c = theme.colors()
        self.plot.setBackground(c.panel)
        axis = self.plot.getAxis("bottom")
        axis.setPen(pg.mkPen(c.line))
        axis.setTextPen(pg.mkPen(c.dim))
        font = self.font()
        font.setPixelSize(11)
        axis.setTickFont(theme.figures(font))
        self.counts.setPen(pg.mkPen(_faded(c.dim, 0.9), width=1))
        self.counts.setBrush(pg.mkBrush(_faded(c.dim, 0.40)))
        self.cdf.setPen(pg.mkPen(_faded(c.good, 0.9), width=1, style=Qt.PenStyle.DashLine))
        self.line.setPen(pg.mkPen(c.text, width=1.5))
        _style(self.region, c.accent, 0.10)
        _style(self.limits, c.warning, 0.12)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Tell which value is under the mouse; a double click shows everything again."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            point = self.box.mapSceneToView(self.plot.mapToScene(event.position().toPoint()))
            self.pointed.emit(float(point.x()))
        elif event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.fit()
            return True
        return super().eventFilter(watched, event)


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose negative numbers carry a true minus sign, as everywhere else."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of the ticks."""
        return [text.replace("-", MINUS, 1) for text in super().tickStrings(values, scale, spacing)]


def _faded(color: str, alpha: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded


def _style(region: Any, color: str, fill: float) -> None:
    region.setBrush(pg.mkBrush(_faded(color, fill)))
    region.setHoverBrush(pg.mkBrush(_faded(color, fill * 1.6)))
    for line in region.lines:
        line.setPen(pg.mkPen(color, width=2))
        line.setHoverPen(pg.mkPen(color, width=4))
