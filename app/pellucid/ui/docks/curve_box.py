"""The choice of the curve between window and screen: its kind, the strength of a gamma, the points of a line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from pellucid.language import mark, tr
from pellucid.model.transfer import LEAST_GAMMA, MOST_GAMMA, Kind, Transfer, shares
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, flat_button, own_colours
from pellucid.ui.forms.controls import Choice, NumberBox, ValueSlider, translated
from pellucid.ui.forms.numbers import Bounds, Scale

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.model.volume import WindowPreset
    from pellucid.session import Session

KINDS = (
    (mark("Linear"), Kind.EXACT),
    (mark("Linear, whole values"), Kind.LINEAR),
    (mark("Gamma"), Kind.GAMMA),
    (mark("Sigmoid"), Kind.SIGMOID),
    (mark("Points"), Kind.POINTS),
    (mark("Equalised"), Kind.EQUALISED),
    (mark("Table of the file"), Kind.TABLE),
)
_TIPS = {
    Kind.EXACT: mark("A straight line from one end of the window to the other"),
    Kind.LINEAR: mark("The LINEAR function of DICOM, which counts whole values: of a window of 256 the last is white"),
    Kind.GAMMA: mark("The share of the window to the power of gamma: below 1 dark parts get brighter"),
    Kind.SIGMOID: mark("The SIGMOID function of DICOM: soft ends, values outside of the window still differ"),
    Kind.POINTS: mark(
        "Lines between points in the plot. Double click adds one, drag moves it, right click "
        "removes it.\nKeys in the plot: Page Up and Page Down choose, arrows move, Insert "
        "adds, Delete removes."
    ),
    Kind.EQUALISED: mark("Every step of brightness shows as many voxels; the values themselves stay as they are"),
    Kind.TABLE: mark("The lookup table (VOI LUT) that the file brings along"),
}


class CurveBox(QWidget):
    """Shows and sets the curve of one image layer."""

    add_requested = Signal()
    remove_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self.kind = Choice(translated(KINDS))
        described(self.kind, tr("Curve"))
        for number, (_title, kind) in enumerate(KINDS):
            self.kind.setItemData(number, tr(_TIPS[kind]), Qt.ItemDataRole.ToolTipRole)
        self.kind.chosen.connect(self._choose)
        self.slider = ValueSlider(Scale(math.log(LEAST_GAMMA), math.log(MOST_GAMMA)))
        described(self.slider, tr("Gamma slider"), tr("Left is brighter, right is darker; 1 is a straight line"))
        self.slider.moved.connect(lambda place: self._set_gamma(round(math.exp(place), 2)))
        self.gamma = NumberBox(Bounds(LEAST_GAMMA, MOST_GAMMA), 0.1)
        self.gamma.setFixedWidth(56)
        self.gamma.setAccessibleName(tr("Gamma"))
        self.gamma.edited.connect(self._set_gamma)
        self.add = flat_button(
            "plus", tr("Add a point"), self.add_requested.emit, tip=tr("Add a point to the curve (Insert)")
        )
        self.remove = flat_button(
            "minus", tr("Remove the point"), self.remove_requested.emit, tip=tr("Remove the chosen point (Delete)")
        )
        label = QLabel(tr("Curve"))
        label.setBuddy(self.kind)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GRID)
        line.addWidget(label)
        line.addSpacing(theme.GRID)
        for widget, stretch in ((self.kind, 1), (self.slider, 1), (self.gamma, 0), (self.add, 0), (self.remove, 0)):
            line.addWidget(widget, stretch)

    def follow(self, layer: ImageLayer | None) -> None:
        """Take up another layer, or none."""
        self._layer = layer
        self.show_display()

    def show_display(self) -> None:
        """Show the curve of the layer as it is now."""
        layer = self._layer
        if layer is None:
            return
        transfer = layer.display.transfer
        self.kind.set_value(transfer.kind)
        self.kind.setProperty("tip", tr(_TIPS[transfer.kind]))
        self._offer(Kind.LINEAR, layer.volume.dtype.kind in "iu")
        self._offer(Kind.TABLE, self._stated() is not None or transfer.kind is Kind.TABLE)
        for part in (self.slider, self.gamma):
            part.setVisible(transfer.kind is Kind.GAMMA)
        for button in (self.add, self.remove):
            button.setVisible(transfer.kind is Kind.POINTS)
        self.remove.setEnabled(len(transfer.points) > 2)
        self.slider.set_value(math.log(transfer.gamma))
        self.gamma.set_value(transfer.gamma)
        colour = own_colours(layer)
        for widget in (self.kind, self.slider, self.gamma, self.add):
            allow(widget, colour)

    def _offer(self, kind: Kind, possible: bool) -> None:
        """Let a kind be chosen where it makes sense."""
        model = self.kind.model()
        assert isinstance(model, QStandardItemModel)
        item = model.item([known for _title, known in KINDS].index(kind))
        if item.isEnabled() != possible:
            item.setEnabled(possible)

    def _stated(self) -> WindowPreset | None:
        """Return the first table of the file."""
        windows = self._layer.volume.acquisition.windows if self._layer is not None else ()
        return next((window for window in windows if window.table is not None), None)

    def _choose(self, kind: Kind) -> None:
        layer = self._layer
        if layer is None:
            return
        display = layer.display
        if kind is Kind.EQUALISED:
            self._session.appearance.equalise(layer)
        elif kind is Kind.POINTS:
            display.transfer = Transfer(kind, points=points_of(display.transfer, *display.limits))
        elif kind is Kind.TABLE and (stated := self._stated()) is not None:
            display.transfer = stated.transfer(layer.volume.dtype)
            display.level, display.width = stated.level, stated.width
        else:
            display.transfer = Transfer(kind, gamma=display.transfer.gamma)

    def _set_gamma(self, gamma: float) -> None:
        if self._layer is not None:
            self._layer.display.transfer = Transfer(Kind.GAMMA, gamma=float(gamma))


def points_of(transfer: Transfer, low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Return points to begin with: three on a straight line, five on any other curve."""
    places = np.linspace(0.0, 1.0, 3 if transfer.is_straight or transfer.kind is Kind.LINEAR else 5)
    heights = shares(low + places * (high - low), low, high, transfer)
    return tuple((float(x), round(float(y), 4)) for x, y in zip(places, heights, strict=True))
