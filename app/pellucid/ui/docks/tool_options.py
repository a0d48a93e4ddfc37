"""The options of the tools of labels, one small form for each kind of tool; they show and set the view's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import EmissionInfo
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from pellucid.language import tr
from pellucid.model.brush_sizes import brush_limits
from pellucid.ui import theme
from pellucid.ui.docks.parts import described
from pellucid.ui.forms.controls import NumberBox, Segmented, ValueSlider
from pellucid.ui.forms.numbers import Bounds, Scale

if TYPE_CHECKING:
    from pellucid.session import Session


class Options(QWidget):
    """A grid of titles and controls that follows some fields of the view."""

    fields: tuple[str, ...] = ()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._view = session, session.view
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)
        self._build()
        session.view.events.connect(self._view_changed)
        session.document.active_changed.connect(self._show)
        self._show()

    def _build(self) -> None:
        raise NotImplementedError

    def _show(self) -> None:
        raise NotImplementedError

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name in self.fields:
            self._show()

    def _choice(self, line: int, title: str, field: str, options: tuple[tuple[str, Any, str], ...]) -> Segmented:
        """Add a choice between few (words, value, tip) that sets a field of the view."""
        choice = Segmented(tuple((words, value) for words, value, _tip in options))
        for button, (words, _value, tip) in zip(choice.buttons, options, strict=True):
            described(button, f"{title}: {words}", tip)
        choice.chosen.connect(lambda value: setattr(self._view, field, value))
        self._titled(line, title, choice)
        self._grid.addWidget(choice, line, 1, 1, 3)
        return choice

    def _number(
        self, line: int, title: str, scale: Scale, bounds: Bounds, tip: str
    ) -> tuple[ValueSlider, NumberBox, QLabel]:
        """Add a slider and a number with a unit behind it."""
        slider, number, unit = ValueSlider(scale), NumberBox(bounds, 1.0), QLabel()
        slider.setAccessibleName(tr("{title} slider", title=title))
        slider.setToolTip(tip)
        number.setAccessibleName(title)
        number.set_tip(tip)
        number.setFixedWidth(56)
        unit.setProperty("dim", True)
        unit.setMinimumWidth(24)
        self._titled(line, title, number)
        for column, widget in enumerate((slider, number, unit), 1):
            self._grid.addWidget(widget, line, column)
        return slider, number, unit

    def _titled(self, line: int, title: str, control: QWidget) -> None:
        label = QLabel(title)
        label.setBuddy(control)
        label.setMinimumWidth(64)
        self._grid.addWidget(label, line, 0)


def _show_number(slider: ValueSlider, number: NumberBox, value: float) -> None:
    slider.set_value(value)
    if not number.hasFocus() or number.value() != value:
        number.set_value(float(f"{value:.4g}"))


class BrushOptions(Options):
    """Shape and diameter of the brushes."""

    fields = ("brush_ball", "brush_diameter")

    def _build(self) -> None:
        self.shape = self._choice(0, tr("Brush shape"), "brush_ball", (
            (tr("Disc"), False, tr("Paint in the slice only")),
            (tr("Ball"), True, tr("Paint in all slices within the radius")),
        ))  # fmt: skip
        self.slider, self.diameter, self.unit = self._number(
            1, tr("Diameter"), Scale(0.5, 100.0), Bounds(0.1, 500.0),
            tr("Diameter of the brush: [ and ], or Shift+wheel on the image"),
        )  # fmt: skip
        for control in (self.slider.moved, self.diameter.edited):
            control.connect(lambda value: setattr(self._view, "brush_diameter", value))

    def _show(self) -> None:
        reference = self._session.document.reference
        smallest, largest = brush_limits(reference)
        self.slider.set_scale(Scale(smallest, min(largest, 100.0)))
        self.diameter.bounds = Bounds(smallest / 5, 2.5 * largest)
        self.shape.set_value(self._view.brush_ball)
        _show_number(self.slider, self.diameter, self._view.brush_diameter)
        self.unit.setText("mm" if reference is None or reference.has_lengths else "px")


class StrictnessRow(Options):
    """How different values may be under the smart brush."""

    fields = ("smart_strictness",)

    def _build(self) -> None:
        self.slider, self.number, unit = self._number(
            0, tr("Tolerance"), Scale(0.5, 8.0), Bounds(0.0, 100.0),
            tr("How far a value may be away from the mean under the middle of the brush, in standard deviations there"),
        )  # fmt: skip
        unit.setText(tr("SD"))
        for control in (self.slider.moved, self.number.edited):
            control.connect(lambda value: setattr(self._view, "smart_strictness", value))

    def _show(self) -> None:
        _show_number(self.slider, self.number, self._view.smart_strictness)


def _reach(options: Options, line: int, field: str) -> Segmented:
    return options._choice(line, tr("Search in"), field, (
        (tr("This slice"), False, tr("Only what the slice under the mouse shows")),
        (tr("All slices"), True, tr("Whatever is connected through all slices")),
    ))  # fmt: skip


class FillOptions(Options):
    """Where filling goes on."""

    fields = ("fill_volume",)

    def _build(self) -> None:
        self.reach = _reach(self, 0, "fill_volume")

    def _show(self) -> None:
        self.reach.set_value(self._view.fill_volume)


class IslandOptions(Options):
    """What counts as one island."""

    fields = ("island_volume",)

    def _build(self) -> None:
        self.reach = _reach(self, 0, "island_volume")

    def _show(self) -> None:
        self.reach.set_value(self._view.island_volume)


class WandOptions(Options):
    """What the wand takes: how similar, similar to what, where, and whether it must be connected."""

    fields = ("fill_volume", "wand_tolerance", "wand_mean", "wand_connected")

    def _build(self) -> None:
        self.slider, self.number, self.unit = self._number(
            0, tr("Tolerance"), Scale(0.0, 1.0), Bounds(0.0),
            tr("How far values may be away; drag up or down with the wand to change it while the region is shown"),
        )  # fmt: skip
        for control in (self.slider.moved, self.number.edited):
            control.connect(lambda value: setattr(self._view, "wand_tolerance", value))
        self.mean = self._choice(1, tr("Like the"), "wand_mean", (
            (tr("Voxel"), False, tr("Compare with the value of the voxel clicked")),
            (tr("Mean"), True, tr("Compare with the mean of 5 × 5 voxels around the click, against noise")),
        ))  # fmt: skip
        self.reach = _reach(self, 2, "fill_volume")
        self.connected = QCheckBox(tr("Connected only"))
        tip = tr("Take only voxels that are connected with the click by faces")
        described(self.connected, tr("Connected only"), tip)
        self.connected.toggled.connect(lambda on: setattr(self._view, "wand_connected", on))
        self._grid.addWidget(self.connected, 3, 1, 1, 3)

    def _show(self) -> None:
        image = self._session.document.active_image
        tolerance = self._session.wand.tolerance(image)
        width = image.display.width if image is not None and not image.volume.is_colour else 250.0
        whole = image is not None and image.volume.dtype.kind in "iu"
        self.slider.set_scale(Scale(0.0, max(width / 2, tolerance, 1e-6), whole=whole))
        _show_number(self.slider, self.number, tolerance)
        self.unit.setText(image.volume.unit if image is not None else "")
        self.mean.set_value(self._view.wand_mean)
        self.reach.set_value(self._view.fill_volume)
        self.connected.setChecked(self._view.wand_connected)
