"""Brush, eraser, their size and shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pellucid.language import tr
from pellucid.model.view import Tool
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, flat_button, row
from pellucid.ui.forms.controls import NumberBox, Segmented, ValueSlider
from pellucid.ui.forms.numbers import Bounds, Scale

if TYPE_CHECKING:
    from pellucid.session import Session


class BrushBox(QWidget):
    """The controls of the brush; they show and set the view's state, which keys and wheel change too."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view, self._document = session.view, session.document
        self.brush = flat_button(
            "brush",
            tr("Brush"),
            lambda: self._use(Tool.BRUSH),
            checkable=True,
            tip=tr("Paint the active label (B). Ctrl erases for one stroke."),
        )
        self.eraser = flat_button(
            "eraser", tr("Eraser"), lambda: self._use(Tool.ERASER), checkable=True, tip=tr("Erase the active label")
        )
        self.shape = Segmented(((tr("Disc"), False), (tr("Ball"), True)))
        tips = (tr("Paint in the slice only"), tr("Paint in all slices within the radius"))
        for button, tip in zip(self.shape.buttons, tips, strict=True):
            described(button, tr("Brush shape: {shape}", shape=button.text()), tip)
        self.slider = ValueSlider(Scale(0.5, 100.0))
        self.diameter = NumberBox(Bounds(0.1, 500.0), 1.0)
        self.slider.setAccessibleName(tr("Brush diameter slider"))
        self.slider.setToolTip(tr("Diameter of the brush: [ and ], or Shift+wheel on the image"))
        self.diameter.setAccessibleName(tr("Brush diameter"))
        self.diameter.set_tip(tr("Diameter of the brush"))
        self.unit = QLabel("mm")
        self.unit.setProperty("dim", True)
        self._lay_out()
        self.shape.chosen.connect(lambda ball: setattr(self._view, "brush_ball", ball))
        self.slider.moved.connect(self._resize)
        self.diameter.edited.connect(self._resize)
        self._view.events.connect(self._view_changed)
        self._document.active_changed.connect(self._changed)
        self._changed()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.GRID)
        grid.addWidget(row(self.brush, self.eraser), 0, 0)
        grid.addWidget(self.shape, 0, 1, 1, 3)
        label = QLabel(tr("Diameter"))
        label.setBuddy(self.diameter)
        grid.addWidget(label, 1, 0)
        grid.addWidget(self.slider, 1, 1)
        grid.addWidget(self.diameter, 1, 2)
        grid.addWidget(self.unit, 1, 3)
        grid.setColumnStretch(1, 1)

    def _use(self, tool: Tool) -> None:
        self._view.tool = Tool.WINDOW if self._view.tool == tool else tool
        self._changed()

    def _resize(self, value: float) -> None:
        self._view.brush_diameter = value

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name in ("tool", "brush_ball", "brush_diameter"):
            self._changed()

    def _changed(self, *_args: object) -> None:
        self.brush.setChecked(self._view.tool == Tool.BRUSH)
        self.eraser.setChecked(self._view.tool == Tool.ERASER)
        self.shape.set_value(self._view.brush_ball)
        self.slider.set_value(self._view.brush_diameter)
        if not self.diameter.hasFocus() or self.diameter.value() != self._view.brush_diameter:
            self.diameter.set_value(float(f"{self._view.brush_diameter:.4g}"))
        reference = self._document.reference
        self.unit.setText("mm" if reference is None or reference.has_lengths else "px")
