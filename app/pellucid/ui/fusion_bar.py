"""The bar above the panes while two images are fused: how much is seen of each, and how to take them apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.session.fusing import EVEN, Pair
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided, flat_button, push_button
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import ValueSlider
from pellucid.ui.forms.numbers import Scale

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent

    from pellucid.session import Session

_FIELDS = ("name", "visible", "opacity", "placement", "frames")


class FusionBar(QFrame):
    """A slider between the two images, made when first needed; the wheel moves it, wherever on the bar the mouse is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Fusion of two images"))
        self._session = session
        self._made = False
        self.shown: Pair | None = None
        self._watches = (LayerWatch(self._layer_changed), LayerWatch(self._layer_changed))
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        session.consenting.changed.connect(lambda: self._later.start())
        session.view.events.connect(self._view_changed)
        theme.signals.changed.connect(self._dress)
        self.hide()

    def _make(self) -> None:
        self._made = True
        self.below, self.above = Elided(), Elided()
        self.below.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider = ValueSlider(Scale(0, 100, whole=True))
        self.slider.setAccessibleName(tr("Fusion balance"))
        self.slider.moved.connect(self._moved)
        self.percent = QLabel()
        self.percent.setFont(theme.figures(self.percent.font()))
        self.percent.setMinimumWidth(44)
        self.even = flat_button("circle-half-full", tr("As much of both"), partial(self._move_to, EVEN))
        tip = tr("Three fused planes, and beside them the brightest of the upper image")
        self.projection = push_button(tr("With projection"), partial(self._attempt, "add_projection"), tip=tip)
        self.apart = push_button(tr("Side by side"), partial(self._attempt, "separate"),
                                 tip=tr("Show each of the two in a pane of its own"))  # fmt: skip
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.SECTION_GAP, theme.GRID, theme.GRID, theme.GRID)
        line.setSpacing(theme.MARGIN)
        widths = {self.below: 2, self.slider: 3, self.above: 2}
        for widget in (self.below, self.slider, self.above, self.percent, self.even, self.projection, self.apart):
            line.addWidget(widget, widths.get(widget, 0))
        self._dress()

    def _dress(self) -> None:
        colors = theme.colors()
        self.setStyleSheet(f"FusionBar {{ background: {colors.panel}; border-bottom: 1px solid {colors.line}; }}")

    def _view_changed(self, info: Any) -> None:
        if info.signal.name in ("layout", "compare", "apart", "consented", "maximised"):
            self._later.start()

    def _layer_changed(self, what: str) -> None:
        if what in _FIELDS:
            self._later.start()

    def refresh(self) -> None:
        """Show the pair that is fused now, or nothing."""
        self.shown = self._session.fusing.pair()
        self.setVisible(self.shown is not None)
        for watch, layer in zip(self._watches, self.shown or (None, None), strict=True):
            watch.on(layer)
        if self.shown is None:
            return
        if not self._made:
            self._make()
        below, above = self.shown
        self.below.setText(below.name)
        self.above.setText(above.name)
        share = round(100 * above.opacity)
        self.slider.set_value(share)
        self.slider.setToolTip(tr("How much is seen of “{first}” and of “{second}” (wheel; Ctrl+Alt+Left and Right)",
                                  first=below.name, second=above.name))  # fmt: skip
        self.percent.setText(f"{share} %")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the wheel move the balance."""
        if self.shown is not None:
            self._session.fusing.step(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    # ---------------------------------------------------------------- from the user

    def _moved(self, percent: float) -> None:
        self._move_to(percent / 100)

    def _move_to(self, share: float) -> None:
        self._session.fusing.balance = share

    def _attempt(self, what: str) -> None:
        try:
            getattr(self._session.fusing, what)()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
