"""The panel “Histogram & window”: what values there are, and which of them are shown how bright."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import mark, tr
from pellucid.model import colormaps
from pellucid.model.findings import Refused
from pellucid.model.transfer import Kind, Transfer
from pellucid.model.view import Tool
from pellucid.ui import theme
from pellucid.ui.docks.color_box import ColorBox
from pellucid.ui.docks.curve_box import CurveBox
from pellucid.ui.docks.curve_points import Points
from pellucid.ui.docks.curves import reading, summary
from pellucid.ui.docks.flow_layout import FlowLayout
from pellucid.ui.docks.histogram_plot import HistogramPlot
from pellucid.ui.docks.parts import (
    Elided,
    EmptyState,
    Panel,
    allow,
    described,
    flat_button,
    own_colours,
    push_button,
    scrolling,
)
from pellucid.ui.docks.preset_bar import PresetBar
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.docks.window_fields import WindowFields
from pellucid.ui.forms.controls import Segmented, translated
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.model.statistics import Histogram
    from pellucid.session import Session

_SHOWN = ("transfer", "colormap", "invert", "interpolate")
_REDISPLAY = 60
"""ms between two showings of a window that is being dragged: the image comes first."""
SCOPES = ((mark("Volume"), "volume"), (mark("Slice"), "slice"), (mark("Mask"), "mask"))


class HistogramPanel(Panel):
    """Histogram, window, presets and colours of the active image."""

    limits_edited = Signal(float, float)
    """Emitted while the user drags the limits of an operation; see ``show_limits``."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Histogram & window"), parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self._histogram: Histogram | None = None
        self._setting = False
        self._recount = Throttle(self._count, 150, self)
        self._redisplay = Throttle(self._show_display, _REDISPLAY, self)
        self._build()
        self._watch = LayerWatch(self._layer_changed)
        self._later, after = (QTimer(self, singleShot=True, interval=0) for _ in range(2))
        self._later.timeout.connect(after.start)  # in a turn of its own: the panes are painted first
        after.timeout.connect(self._follow)
        document = session.document
        for changed in (document.active_changed, document.inserted, document.removed):
            changed.connect(self._document_changed)
        session.view.events.crosshair.connect(self._moved)
        self._follow()

    # ---------------------------------------------------------------- for the main window

    def show_limits(self, limits: tuple[float, float] | None) -> None:
        """Show the limits of an operation, draggable, or hide them with None."""
        self.plot.show_limits(limits)

    def refresh(self) -> None:
        """Count again; for the main window, when other slices became visible."""
        if self.scope.value() != "volume":
            self._recount.request()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.scope = Segmented(translated(SCOPES))
        for button, tip in zip(
            self.scope.buttons, (tr("All voxels"), tr("The slice in view"), tr("The active label")), strict=True
        ):
            described(button, tr("Histogram of: {scope}", scope=button.text()), tip)
        self.scope.chosen.connect(lambda _scope: self._count())
        self.set_header(tr("Histogram"), self.scope)
        self.empty = EmptyState("chart-histogram", tr("Open an image to see its values and set the window."))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._body())
        self.column.addWidget(self.stack, 1)

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        self.plot = HistogramPlot()
        self.plot.window_dragged.connect(self._set_limits)
        self.plot.limits_dragged.connect(self.limits_edited)
        self.plot.pointed.connect(self._read)
        self.reading = Elided()
        self.reading.setProperty("dim", True)
        self.reading.setFont(theme.figures(self.reading.font()))
        self.presets = PresetBar(self._session)
        self.fields = WindowFields()
        self.fields.edited.connect(self._set_told)
        self.colors, self.curve = ColorBox(self._session), CurveBox(self._session)
        self.curve.add_requested.connect(self.plot.points.add)
        self.curve.remove_requested.connect(self.plot.points.remove)
        self.plot.points.edited.connect(self._set_points)
        for part in (self.plot, self.reading, self.fields, self._buttons(), self.presets, self.curve, self.colors):
            column.addWidget(part, 1 if part is self.plot else 0)
        column.addStretch(0)
        return scrolling(body)

    def _buttons(self) -> QWidget:
        auto = push_button(tr("Auto"), self._auto, tip=tr("0.1 to 99.9 % of the values of the volume (Ctrl+J)"))
        slice_ = push_button(
            tr("Slice"), self._auto_slice, tip=tr("0.1 to 99.9 % of the values of the slice in view (Ctrl+Shift+J)")
        )
        slice_.setAccessibleName(tr("Auto window of the slice"))
        reset = push_button(tr("Reset"), self._reset, tip=tr("Back to the window and the curve first shown"))
        self.region = flat_button(
            "select-drag",
            tr("Window from a region"),
            self._draw_region,
            tip=tr("Drag a rectangle in the view: its values get the whole range of brightness (Shift+W)"),
        )
        self.log = flat_button(
            "math-log", tr("Logarithmic counts"), tip=tr("Count axis: logarithmic or even"), checkable=True
        )
        self.cdf = flat_button(
            "chart-bell-curve-cumulative",
            tr("Cumulative curve"),
            checkable=True,
            tip=tr("Show which share of the voxels lies below each value"),
        )
        fit = flat_button(
            "arrow-expand-horizontal",
            tr("Fit the plot"),
            lambda: self.plot.fit(),
            tip=tr("Show all values (or double click the plot; the wheel zooms)"),
        )
        self.log.setChecked(True)
        self.cdf.setChecked(True)
        self.log.toggled.connect(self.plot.set_log)
        self.cdf.toggled.connect(self.plot.set_cdf)
        self.auto, self.auto_slice, self.reset = auto, slice_, reset
        line = QWidget()
        flow = FlowLayout(line)
        for button in (auto, slice_, self.region, reset, self.log, self.cdf, fit):
            flow.addWidget(button)
        return line

    # ---------------------------------------------------------------- from the model

    def _document_changed(self, _layer: object) -> None:
        """Show another image once, not at each signal of an opening or of undoing many steps."""
        self._update_scopes()
        self._later.start()

    def _follow(self) -> None:
        layer = self._session.document.active_image
        self._update_scopes()
        if layer is self._layer and layer is not None:
            return
        self._layer = layer
        self._watch.on(layer)
        if layer is None:
            self.stack.setCurrentIndex(0)
        self.scope.setEnabled(layer is not None)
        self._histogram = None
        self.plot.show_histogram(None)
        for box in (self.presets, self.curve, self.colors):
            box.follow(layer)
        if layer is not None:
            self._show_display()
            self._count()
            self.stack.setCurrentIndex(1)  # last: each change of a page that is seen lays out the whole dock

    def _layer_changed(self, what: str) -> None:
        if what == "frame" and self._session.playing.is_playing:
            return  # counted when it stops
        if what in ("frames", "frame", "channel"):
            self._count()
            for box in (self.presets, self.curve, self.colors):
                box.follow(self._layer)
            self._show_display()
        elif not self._setting and what in ("level", "width"):
            self._redisplay.request()
        elif not self._setting and what in _SHOWN:
            self._show_display()

    def _show_display(self) -> None:
        layer = self._layer
        if layer is None:
            return
        display = layer.display
        low, high = display.limits
        factor, unit = layer.volume.told_in
        self.fields.show_window(display.level * factor, display.width * factor, unit)
        self.plot.tell_in(factor)
        self.colors.show_display()
        self.curve.show_display()
        colour = own_colours(layer)
        self.fields.allow(on=not colour)
        for widget in (self.auto, self.auto_slice, self.region, self.reset):
            allow(widget, colour)
        self.plot.set_movable(not colour)
        self.plot.strip.show_table(colormaps.table(display.colormap))
        self.plot.show_window(low, high, invert=display.invert, curve=display.transfer)
        self.presets.mark(display, self._histogram)

    def _update_scopes(self) -> None:
        document, mask = self._session.document, self.scope.buttons[2]
        image, labels = document.active_image, document.active_labels
        fits = image is not None and labels is not None and labels.geometry.same_grid(image.geometry)
        allow(mask, "" if fits else tr("Make a label on this image first: with a threshold or the brush."))
        if not fits and self.scope.value() == "mask":
            self.scope.set_value("volume")

    def _moved(self, *_args: object) -> None:
        if self.scope.value() == "slice":
            self._recount.request()

    def _count(self) -> None:
        layer, scope = self._layer, self.scope.value()
        if layer is None:
            return
        if scope == "slice" and self._session.slice_in_use() is None:
            self._session.looking.forget("histogram")
            self._histogram = None
            self.plot.show_histogram(None)
            self.reading.setText(tr("This pane cuts across slices; choose Volume."))
            return
        self.reading.setText(tr("Counting…"))

        def done(histogram: Histogram) -> None:
            if layer is self._layer and scope == self.scope.value():
                self._show_histogram(histogram)

        self._session.looking.histogram(layer, scope, done, "histogram")

    def _show_histogram(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self.plot.show_histogram(histogram)
        self._read(None)
        if self._layer is not None:
            self.presets.mark(self._layer.display, histogram)

    def _read(self, value: float | None) -> None:
        if self._histogram is None or self._layer is None:
            return
        (factor, unit), cumulative = self._layer.volume.told_in, self.plot.cumulative()
        if value is not None and cumulative is not None:
            self.reading.setText(reading(cumulative, value, unit, factor))
        else:
            self.reading.setText(summary(self._histogram.told_in(factor), unit))

    # ---------------------------------------------------------------- from the user

    def _set_limits(self, low: float, high: float) -> None:
        if self._layer is not None and high > low:
            self._setting = True  # level and width change one after the other; show them once
            self._layer.display.set_limits(low, high)
            self._setting = False
            self._show_display()

    def _set_told(self, low: float, high: float) -> None:
        if self._layer is not None:
            factor, _unit = self._layer.volume.told_in
            self._set_limits(low / factor, high / factor)

    def _auto(self) -> None:
        if self._layer is not None:
            self._session.looking.auto_window(self._layer)

    def _auto_slice(self) -> None:
        if self._layer is not None:
            try:
                self._session.looking.auto_slice(self._layer)
            except Refused as refusal:
                self._session.notice.emit(str(refusal), "warning")

    def _draw_region(self) -> None:
        self._session.view.tool = Tool.WINDOW_REGION

    def _reset(self) -> None:
        if self._layer is not None:
            self._session.looking.reset_window(self._layer)

    def _set_points(self, points: Points) -> None:
        if self._layer is not None:
            self._layer.display.transfer = Transfer(Kind.POINTS, points=points)
