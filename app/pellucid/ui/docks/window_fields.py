"""The window as numbers: level and width, lowest and highest value."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.controls import NumberBox
from pellucid.ui.forms.numbers import Bounds, nice_step


class WindowFields(QWidget):
    """Four numbers in two lines, each line with the unit behind it."""

    edited = Signal(float, float)
    """Emitted with the two ends of the window that the user typed or stepped to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.GRID)
        self.level, self.width_box = NumberBox(), NumberBox(Bounds(minimum=1e-9))
        self.low, self.high = NumberBox(), NumberBox()
        named = (
            (self.level, tr("Level"), tr("The value shown in the middle between black and white")),
            (self.width_box, tr("Width"), tr("How many values lie between black and white")),
            (self.low, tr("Min"), tr("This value and everything below is black")),
            (self.high, tr("Max"), tr("This value and everything above is white")),
        )
        for number, (box, title, tip) in enumerate(named):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(56)
            box.setMaximumWidth(120)
            box.setAccessibleName(title)
            box.set_tip(tip)
            label = QLabel(title)
            label.setBuddy(box)
            line, column = divmod(number, 2)
            grid.addWidget(label, line, 2 * column)
            grid.addWidget(box, line, 2 * column + 1)
        self.units = (QLabel(), QLabel())
        for line, unit in enumerate(self.units):
            unit.setProperty("dim", True)
            grid.addWidget(unit, line, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.level.edited.connect(lambda v: self._set_window(v, self.width_box.value()))
        self.width_box.edited.connect(lambda v: self._set_window(self.level.value(), v))
        self.low.edited.connect(lambda v: self._set_ends(v, self.high.value()))
        self.high.edited.connect(lambda v: self._set_ends(self.low.value(), v))

    def show_window(self, level: float, width: float, unit: str) -> None:
        """Show a window without telling anybody, to a hundred-thousandth of its width: no screen shows more."""
        low, high = level - width / 2, level + width / 2
        decimals = max(0, 4 - math.floor(math.log10(width))) if width > 0 and math.isfinite(width) else 7
        for box, value in ((self.level, level), (self.width_box, width), (self.low, low), (self.high, high)):
            box.step = nice_step(width)
            box.set_value(round(float(value), decimals))
        for label in self.units:
            label.setText(unit)
            label.setVisible(bool(unit))

    def allow(self, *, on: bool) -> None:
        """Let the numbers be changed, or show them only."""
        for box in (self.level, self.width_box, self.low, self.high):
            box.setEnabled(on)

    def _set_window(self, level: float, width: float) -> None:
        self.edited.emit(level - width / 2, level + width / 2)

    def _set_ends(self, low: float, high: float) -> None:
        complaint = "" if high > low else tr("Min must be below max.")
        for box in (self.low, self.high):
            box.mark(complaint)
        if not complaint:
            self.edited.emit(low, high)
