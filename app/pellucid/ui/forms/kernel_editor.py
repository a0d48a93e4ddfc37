"""The editor of a kernel in the form of an operation: presets, size, a grid of weights, their sum and divisor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.kernel_text import (
    LARGEST,
    WrittenKernel,
    read_kernel,
    read_number,
    write_kernel,
    write_number,
)
from pellucid.ui import theme
from pellucid.ui.forms.controls import Choice, NumberBox
from pellucid.ui.forms.fields import FieldEditor
from pellucid.ui.forms.kernel_grid import KernelGrid
from pellucid.ui.forms.kernel_model import KernelModel
from pellucid.ui.forms.kernel_presets import PRESETS, Preset, preset_like, resized
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.operations.operation import Field

_ROUNDING = 1e-12  # a sum that is smaller, beside the sum of absolute values, is 0
_SMALLEST = 3


class KernelField(FieldEditor):
    """A kernel up to 15 × 15 × 15: chosen from a list, typed into a grid, or pasted as text."""

    labelled = False
    tall = True

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._text = self._unread = ""
        self._make_controls()
        self._connect()
        self.setFocusProxy(self.preset)
        self.set_value(field.default)

    def value(self) -> str:
        """Return the text of the last kernel that was valid."""
        return self._text

    def set_value(self, value: str) -> None:
        """Show a kernel without telling anybody; of one that cannot be read only what is wrong is shown."""
        self._text, self._unread = str(value), ""
        try:
            self._show(read_kernel(self._text))
        except Refused as refused:
            self._unread = str(refused)

    def complaint(self) -> str:
        """Return where a weight is no number, or ``""``."""
        divided = tr("The kernel cannot be divided by 0.") if self.divisor.value() == 0 else ""
        return self._unread or self.model.complaint() or self.divisor.complaint() or divided

    def came_back(self) -> None:
        """Show the way through the slices only where there are several, and what is said only where it is."""
        self._tell_slice()
        self._say(self.said.text())

    def place(self, grid: QGridLayout, row: int) -> None:
        """Put the controls into rows of the form, their names into its first column."""
        sizes = _line((self.size_choice, 1), (QLabel(tr("Slices")), 0), (self.slices, 1))
        rows: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            (self.title, self.preset),
            (tr("Size"), sizes),
            ("", self.turning),
            ("", self.grid),
            (tr("Divided by"), _line((self.divisor, 0), (self.sum_said, 1))),
            ("", _line(*((button, 1) for button in self.buttons))),
            ("", self.said),
        )
        for number, (name, what) in enumerate(rows, row):
            if name:
                grid.addWidget(QLabel(name), number, 0)
            span = (number, 1, 1, 3) if name else (number, 0, 1, 4)
            if isinstance(what, QWidget):
                grid.addWidget(what, *span)
            else:
                grid.addLayout(what, *span)
        self.hide()

    def paste(self) -> None:
        """Take the kernel that is on the clipboard, or a single number for the weight in use."""
        text = QApplication.clipboard().text()
        index = self.grid.currentIndex()
        if index.isValid() and read_number(text.strip()) is not None:
            self.model.setData(index, text.strip())
            return
        try:
            self._take(read_kernel(text))
        except Refused as refused:
            self._say(tr("What is on the clipboard is no kernel. {why}", why=str(refused)))

    def copy(self) -> None:
        """Put the kernel on the clipboard as a table."""
        slices = ("\n".join("\t".join(map(write_number, row)) for row in rows) for rows in self.model.weights)
        divided = "" if self.divisor.value() == 1 else f"\n/ {write_number(self.divisor.value())}"
        QApplication.clipboard().setText("\n|\n".join(slices) + divided)

    def normalise(self) -> None:
        """Divide by the sum of the weights."""
        self._take(WrittenKernel(self.model.weights, float(self.model.weights.sum())))

    def flip(self) -> None:
        """Turn the kernel by 180°."""
        self._take(WrittenKernel(self.model.weights[::-1, ::-1, ::-1], self.divisor.value()))

    def mark(self, complaint: str) -> None:
        """Show a complaint that comes from elsewhere."""
        self.divisor.mark(complaint)

    def _make_controls(self) -> None:
        self.preset = Choice(((tr("Own weights"), None), *((tr(one.title), one) for one in PRESETS)))
        for n, one in enumerate(PRESETS, 1):
            self.preset.setItemData(n, tr(one.tip), Qt.ItemDataRole.ToolTipRole)
        sizes = range(_SMALLEST, LARGEST + 1, 2)
        self.size_choice = Choice([(f"{n} × {n}", n) for n in sizes])
        self.slices = Choice([(str(n), n) for n in (1, *sizes)])
        for choice in (self.size_choice, self.slices):
            choice.setMinimumContentsLength(2)
        self.model = KernelModel(self)
        self.grid = KernelGrid(self.model)
        self.back, self.on = self._arrow("chevron-left", -1), self._arrow("chevron-right", 1)
        self.turning = QWidget()
        self.slice_said, self.sum_said, self.said = QLabel(), QLabel(), QLabel("", wordWrap=True)
        self.said.setProperty("tone", "danger")
        self.said.hide()
        self.turning.setLayout(_line((self.back, 0), (self.slice_said, 1), (self.on, 0)))
        self.slice_said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sum_said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.sum_said.setFont(theme.figures(self.sum_said.font()))
        self.divisor = NumberBox()
        self.buttons = [
            self._button(tr("Normalise"), "", self.normalise),
            self._button(tr("Flip"), tr("Turn the weights by 180°"), self.flip),
            self._button(tr("Paste"), tr("Take rows of numbers, such as 1 2 1; 2 4 2; 1 2 1 / 16"), self.paste),
        ]
        self._name()

    def _name(self) -> None:
        for control, name, tip in (
            (self.preset, self.title, self.help),
            (self.size_choice, tr("Size of the kernel"), tr("Rows and columns; the middle stays")),
            (self.slices, tr("Slices of the kernel"), tr("More than one slice makes a kernel for volumes")),
            (self.grid, tr("Weights"), ""),
            (self.divisor, tr("Divisor"), tr("All weights are divided by this")),
        ):
            control.setAccessibleName(name)
            if tip:
                control.setToolTip(tip)
        self.divisor.set_tip(tr("All weights are divided by this"))
        said = tr("Arrow keys move, typing replaces a weight, Page Down shows the next slice")
        self.grid.setAccessibleDescription(said)

    def _connect(self) -> None:
        self.preset.chosen.connect(self._choose)
        self.size_choice.chosen.connect(lambda _n: self._resize())
        self.slices.chosen.connect(lambda _n: self._resize())
        self.model.changed.connect(self._edited)
        self.divisor.edited.connect(lambda _value: self._edited())
        self.divisor.invalid.connect(lambda _why: self._edited())
        self.grid.pasted.connect(self.paste)
        self.grid.copied.connect(self.copy)
        self.grid.turned.connect(lambda by: self._turn(by))

    def _choose(self, preset: Preset | None) -> None:
        if preset is not None:
            self._take(preset.kernel)

    def _resize(self) -> None:
        weights = resized(self.model.weights, self.slices.value(), self.size_choice.value())
        self._take(WrittenKernel(weights, self.divisor.value()))

    def _turn(self, by: int) -> None:
        self.model.show_slice(self.model.slice + by)
        self._tell_slice()

    def _take(self, kernel: WrittenKernel) -> None:
        """Show a kernel that the user chose and tell it."""
        self._show(kernel)
        self._edited()

    def _show(self, kernel: WrittenKernel) -> None:
        slices, rows, columns = kernel.weights.shape
        size = max(rows, columns, _SMALLEST)
        place = self.grid.currentIndex()
        self.model.set_weights(resized(kernel.weights, slices, size))
        if place.isValid():
            self.grid.setCurrentIndex(self.model.index(min(place.row(), size - 1), min(place.column(), size - 1)))
        self.size_choice.set_value(size)
        self.slices.set_value(slices)
        self.divisor.set_value(kernel.divisor)
        self._tell()

    def _edited(self) -> None:
        """Take what is shown, if it is valid, and tell it."""
        self._unread = ""
        self._tell()
        if not self.complaint():
            self._text = write_kernel(self._kernel())
        self.edited.emit()

    def _kernel(self) -> WrittenKernel:
        return WrittenKernel(self.model.weights, self.divisor.value())

    def _tell(self) -> None:
        """Say what follows from the weights: sum, preset, slice, what can be done."""
        self._say("")
        self._tell_slice()
        weights, divisor = self.model.weights, self.divisor.value()
        total = float(weights.sum())
        none = abs(total) <= _ROUNDING * float(np.abs(weights).sum())
        why = tr("The weights add up to 0; choose absolute values under Normalise instead.")
        self.buttons[0].setEnabled(not none)
        self.buttons[0].setToolTip(why if none else tr("Divide by the sum, so that the weights add up to 1"))
        share = 0.0 if none else total / divisor if divisor else total
        self.sum_said.setText(tr("Sum {total}", total=short_number(int(share) if share == int(share) else share)))
        self.preset.setCurrentIndex(0)
        if divisor and not self.model.wrong:
            self.preset.set_value(preset_like(self._kernel()))

    def _tell_slice(self) -> None:
        count, here = len(self.model.weights), self.model.slice
        self.turning.setVisible(count > 1)
        self.slice_said.setText(tr("Slice {number} of {count}", number=here + 1, count=count))
        self.back.setEnabled(here > 0)
        self.on.setEnabled(here < count - 1)

    def _say(self, sentence: str) -> None:
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def _arrow(self, glyph: str, by: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(glyph))
        button.setProperty("flat", True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        name = tr("Next slice of the kernel") if by > 0 else tr("Previous slice of the kernel")
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.clicked.connect(lambda: self._turn(by))
        return button

    def _button(self, text: str, tip: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("chip", True)
        button.setToolTip(tip)
        button.clicked.connect(lambda: action())
        return button


def _line(*widgets: tuple[QWidget, int]) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.MARGIN)
    for widget, stretch in widgets:
        layout.addWidget(widget, stretch)
    return layout
