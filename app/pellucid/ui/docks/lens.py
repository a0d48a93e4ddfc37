"""The panel “Lens”: the numbers under the mouse and around it, and what a kernel makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.kernels import KERNELS, Kernel, Way, applied
from pellucid.model.layer import ImageLayer
from pellucid.model.neighbourhood import SIZES, Edge, Neighbourhood, neighbourhood
from pellucid.model.view import PaneState
from pellucid.session.pointing import LensSpot
from pellucid.ui import theme
from pellucid.ui.docks import lens_words as words
from pellucid.ui.docks.lens_cells import kernel_cells, pixel_cells
from pellucid.ui.docks.lens_parts import beside, choice, line, sideways
from pellucid.ui.docks.number_grid import NumberGrid
from pellucid.ui.docks.parts import EmptyState, Panel, allow, dim, flat_button, scrolling, section, titled
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Segmented, translated
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.model.histogram import Histogram
    from pellucid.session import Session

EMPTY = mark("Move the mouse over an image: the numbers under it and around it appear here. Shift+L holds them still.")
_EDGES = (
    (mark("Repeat the edge"), Edge.NEAREST),
    (mark("Mirror at the edge"), Edge.MIRROR),
    (mark("Zero outside"), Edge.ZERO),
)
_WAYS = ((mark("Correlation"), Way.CORRELATE), (mark("Convolution"), Way.CONVOLVE))
_VALUES = ((mark("Values"), False), (mark("Stored numbers"), True))
_CHANNELS = ((mark("Colour (hex)"), -1), (mark("Red"), 0), (mark("Green"), 1), (mark("Blue"), 2), (mark("Alpha"), 3))
_SIZES = [(f"{n} × {n}", n) for n in SIZES]
_KERNELS = [(kernel.title, kernel) for kernel in KERNELS]
_FIRST = (("value", mark("Value")), ("stored", mark("Stored")), ("index", mark("Index")))
_MORE = (
    ("type", mark("Type")),
    ("type_range", mark("Type range")),
    ("image_range", mark("Image range")),
    ("position", mark("Position")),
)
_PIN = mark("Hold the lens still (Shift+L); arrow keys in the table then move it by a pixel")
_WAIT = 16  # ms: one picture of the screen


class LensPanel(Panel):
    """Follows the mouse until it is pinned; then arrow keys and clicks on cells move it pixel by pixel."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Lens"), parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self._place: tuple[Any, PaneState] | None = None
        self._seen: tuple[Any, PaneState] | None = None
        self._near: Neighbourhood | None = None
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self.refresh)
        self._watch = LayerWatch(lambda _what: self._soon())
        self._make_controls()
        self._lay_out()
        session.pointing.pointed.connect(self._pointed)
        session.document.removed.connect(self._removed)
        theme.signals.changed.connect(self._soon)

    # ---------------------------------------------------------------- assembly

    def _make_controls(self) -> None:
        self.pin = flat_button("pin-outline", tr("Pin"), checkable=True, tip=tr(_PIN))
        self.pin.toggled.connect(lambda _on: self._soon())
        self.size_box = choice(tr("Size of the lens"), _SIZES, tr("Pixels shown around the one in the middle"))
        self.size_box.set_value(5)
        self.shown = Segmented(translated(_VALUES))
        self.shown.setAccessibleName(tr("Numbers shown"))
        self.channel = choice(tr("Channel"), translated(_CHANNELS), tr("What is shown of colours"))
        self.grid = NumberGrid(tr("Numbers around the pixel"), steps=True)
        self.grid.stepped.connect(self.step)
        self.kernel = choice(tr("Kernel"), translated(_KERNELS), tr("Weights that are laid on the pixels"))
        self.kernel.set_value(next(k for k in KERNELS if k.name == "gaussian"))
        self.edge = choice(tr("Outside the image"), translated(_EDGES), tr("What stands where the image has ended"))
        self.way = Segmented(translated(_WAYS))
        self.way.setAccessibleName(tr("How the kernel is laid on"))
        self.way.buttons[0].setToolTip(tr("The kernel is laid on as it is written"))
        self.way.buttons[1].setToolTip(tr("The kernel is turned by 180° first; only kernels without symmetry differ"))
        self.products = QCheckBox(tr("Products in the cells"))
        self.products.setToolTip(tr("Show weight × value instead of the value where the kernel lies"))
        self.weights = NumberGrid(tr("Weights of the kernel"))
        for box in (self.size_box, self.channel, self.kernel, self.edge, self.shown, self.way):
            box.chosen.connect(lambda _value: self._soon())
        self.products.toggled.connect(lambda _on: self._soon())
        self.lines = {name: line() for name, _title in (*_FIRST, *_MORE)}
        self.said, self.total, self.result, self.outside = dim(), line(), line(), dim()
        self.result.setAccessibleName(tr("Result of the kernel"))

    def _lay_out(self) -> None:
        self.set_header(tr("Lens"), self.pin)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(titled((tr(title), self.lines[name]) for name, title in _FIRST))
        column.addLayout(beside(self.size_box, self.shown, self.channel))
        column.addWidget(sideways(self.grid))
        column.addWidget(self.said)
        column.addWidget(self.outside)
        column.addWidget(section(tr("Kernel")))
        column.addWidget(
            titled(((tr("Weights"), self.kernel), (tr("Laid on by"), self.way), (tr("Outside"), self.edge)))
        )
        column.addWidget(self.weights)
        column.addWidget(self.total)
        column.addWidget(self.result)
        column.addWidget(self.products)
        column.addWidget(section(tr("Pixel")))
        column.addWidget(titled((tr(title), self.lines[name]) for name, title in _MORE))
        column.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("magnify-scan", tr(EMPTY)))
        self.stack.addWidget(scrolling(body))
        self.column.addWidget(self.stack, 1)

    # ---------------------------------------------------------------- following

    def _pointed(self, world: Any, pane: PaneState) -> None:
        if world is not None and not self.pin.isChecked():
            self._place = (world, pane)
            self._soon()

    def _removed(self, _layer: object) -> None:
        self._soon()

    def _soon(self) -> None:
        if self.isVisible() and not self._wait.isActive():
            self._wait.start()

    def toggle_pin(self) -> None:
        """Hold the lens still, or let it follow the mouse again."""
        self.pin.toggle()

    def step(self, rows: int, columns: int) -> None:
        """Pin the lens and move it by pixels of the screen, as far as there is image."""
        near = self._near
        if near is None or self._place is None:
            return
        middle = near.size // 2
        row_index, column_index = middle + rows, middle + columns
        if not (0 <= row_index < near.size and 0 <= column_index < near.size and near.inside[row_index, column_index]):
            return
        world = near.volume.geometry.index_to_world(near.indices[row_index, column_index])
        self._place = (world, self._place[1])
        self.pin.setChecked(True)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Take up what happened while hidden."""
        super().showEvent(event)
        self._soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the square off the image."""
        super().hideEvent(event)
        self._wait.stop()
        self._session.pointing.lens = None

    # ---------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Show the numbers around the place now."""
        self._wait.stop()
        self._near = self._look()
        self.stack.setCurrentIndex(int(self._near is not None))
        self._mark()
        if self._near is not None and self._layer is not None:
            self._show_facts(self._near)
            self._show_cells(self._near, self._layer)

    def _look(self) -> Neighbourhood | None:
        if self._place is None:
            return None
        world, pane = self._place
        viewing = self._session.viewing
        layer, frame = viewing.image(pane), viewing.frame(pane)
        if layer is not self._layer:
            self._layer = layer
            self._watch.on(layer)
            self.lines["image_range"].setText("…")
        if layer is None or frame is None:
            return None
        size = max(self.size_box.value(), self.kernel.value().size)
        near = neighbourhood(layer.placed, frame, world, size)
        if near is not None:
            self._seen = self._place
        elif self._seen is not None and self._seen is not self._place:
            self._place, self._seen = self._seen, None  # the mouse is beside the image: what was shown stays
            return self._look()
        return near

    def _mark(self) -> None:
        """Draw the square on the image, unless it stands there already."""
        pointing, near = self._session.pointing, self._near
        if near is None or self._place is None:
            pointing.lens = None
            return
        spot, old = LensSpot(self._place[1], near.outline(), self.pin.isChecked()), pointing.lens
        same = old is not None and (old.pane, old.pinned) == (spot.pane, spot.pinned)
        if not same or old is None or not np.array_equal(old.corners, spot.corners):
            pointing.lens = spot

    def _show_facts(self, near: Neighbourhood) -> None:
        said = words.facts(near)
        for name, _title in (*_FIRST, *_MORE):
            if name != "image_range":
                self.lines[name].setText(getattr(said, name))
        self.said.setText(" ".join((*self._origin(), words.direction_line(near))))
        outside = words.outside_line(near, self.edge.value())
        self.outside.setText(outside)
        self.outside.setVisible(bool(outside))
        self._ask_range()

    def _origin(self) -> tuple[str, ...]:
        """Say whose numbers these are, where the pane shows more than them."""
        if self._place is None or self._layer is None:
            return ()
        pane, session = self._place[1], self._session
        shown = [layer for layer in session.viewing.layers(pane) if isinstance(layer, ImageLayer) and layer.visible]
        return words.origin_lines(
            self._layer.name, pane, alone=len(shown) < 2, compared=session.comparing.layers(pane) is not None,
            preview=self._layer.preview is not None,
        )  # fmt: skip

    def _ask_range(self) -> None:
        """Count the whole image once, in the background, for its range."""
        layer = self._layer
        if layer is None or layer.volume.is_colour:
            self.lines["image_range"].setText(words.NOTHING)
            return
        volume = layer.volume

        def done(histogram: Histogram) -> None:
            if self._layer is not None and self._layer.volume is volume:
                ends = (short_number(float(end)) for end in (histogram.minimum, histogram.maximum))
                self.lines["image_range"].setText(words.with_unit(" … ".join(ends), volume.unit))

        self._session.looking.histogram(layer, "volume", done, "lens")

    def _show_cells(self, near: Neighbourhood, layer: ImageLayer) -> None:
        colour, kernel, way = near.volume.is_colour, self.kernel.value(), self.way.value()
        self.channel.setVisible(colour)
        self.shown.setVisible(not colour)
        values = near.values(self.edge.value())
        stored = near.stored(values)
        why_not = "" if stored is not None else words.stored_text(near, values)
        allow(self.shown.buttons[1], why_not)
        numbers = stored if self.shown.value() and stored is not None else values
        if colour and 0 <= self.channel.value() < values.shape[-1]:
            numbers = values[..., self.channel.value()]
        found = applied(kernel, numbers, way)
        products = found.products if self.products.isChecked() else None
        self.grid.set_cells(pixel_cells(near, values, numbers, layer, kernel, way, products), kernel.size)
        self.grid.setAccessibleDescription(f"{self.lines['index'].text()}: {self.lines['value'].text()}")
        self._show_kernel(kernel, way)
        unit = "" if colour or numbers is stored else near.volume.unit
        total, result = words.kernel_lines(kernel, found, unit, way)
        self.total.setText(total)
        self.result.setText(result)

    def _show_kernel(self, kernel: Kernel, way: Way) -> None:
        self.weights.set_cells(kernel_cells(kernel, way))
        self.weights.setAccessibleDescription(tr(kernel.tip))
        self.weights.setToolTip(tr(kernel.tip))
