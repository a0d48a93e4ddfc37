"""One editor per kind of parameter; each puts its controls into the columns of the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, ValueSlider
from pellucid.ui.forms.numbers import Bounds, Scale, nice_step

if TYPE_CHECKING:
    from pellucid.operations.operation import Field

AXES = ("x", "y", "z")
IMAGE_UNIT = "intensity"
_LENGTH = "mm"
"""The declared unit of parameters that are values of the image."""


class FieldEditor(QWidget):
    """The controls of one parameter."""

    edited = Signal()
    """Emitted when the user changed something, valid or not."""
    labelled = True
    """Whether the form puts the title in front."""
    tall = False
    follows_image = False
    """Whether the slider takes the range of the image's values."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.title, self.help = tr(field.title), tr(field.help)

    def value(self) -> Any:
        """Return the last valid value."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        raise NotImplementedError

    def complaint(self) -> str:
        """Return why what is shown cannot be used, or ``""``."""
        return ""

    def mark(self, complaint: str) -> None:
        """Show a complaint that comes from elsewhere."""

    def set_range(self, low: float, high: float, unit: str) -> None:
        """Take over the range and unit of the image's values."""

    def set_size(self, size: tuple[int, int, int]) -> None:
        """Take over the number of voxels of the image along x, y and z."""

    def leave_open(self) -> None:
        """Show no value until the user states one; what has no number to type keeps its own."""

    def set_spacing_known(self, known: bool) -> None:
        """Take over whether lengths of the image are known: where they are not, one pixel counts as 1."""

    def set_scale(self, scale: float) -> None:
        """Take over how much smaller or larger than millimetres the voxels of the image are: a power of ten."""

    def came_back(self) -> None:
        """Hide again what is not needed now: all controls were shown after they had been left out."""

    def place(self, grid: QGridLayout, row: int) -> None:
        """Put the controls into a row of the form."""
        grid.addWidget(self, row, 0 if not self.labelled else 1, 1, 4 if not self.labelled else 3)

    def _fill(self, *widgets: QWidget, stretch: int = 0) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        for number, widget in enumerate(widgets):
            widget.setAccessibleName(self.title)
            widget.setToolTip(self.help)
            layout.addWidget(widget, 1 if number == stretch else 0)
        self.setFocusProxy(widgets[0])


class NumberField(FieldEditor):
    """A slider over the usual range, a box for any allowed value, the unit beside."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        whole = field.kind == "int"
        self.follows_image = field.unit == IMAGE_UNIT
        self.ranged = self.follows_image or None not in (field.ui_minimum, field.ui_maximum)
        unit = "" if self.follows_image else tr(field.unit)
        low, high = _usual(field)
        step = field.step or (1.0 if whole else nice_step(high - low))
        self.slider = ValueSlider(Scale(low, high, whole))
        self.box = NumberBox(Bounds(field.minimum, field.maximum, whole), step, unit)
        self.unit = QLabel(unit)
        self.unit.setProperty("dim", True)
        self.slider.moved.connect(self._slid)
        self.box.edited.connect(self._typed)
        self.box.invalid.connect(lambda _why: self.edited.emit())
        self.slider.setAccessibleName(tr("{title} slider", title=self.title))
        self.slider.setToolTip(self.help)
        self.box.setAccessibleName(f"{self.title}, {unit}" if unit else self.title)
        self.box.set_tip(self.help)
        self.setFocusProxy(self.box)
        self.set_value(field.default)

    def value(self) -> float:
        """Return the last valid value."""
        return self.box.value()

    def set_value(self, value: float) -> None:
        """Show a value without telling anybody."""
        self.box.set_value(value)
        self.slider.set_value(value)

    def leave_open(self) -> None:
        """Show no value until the user states one."""
        self.box.leave_open()

    def complaint(self) -> str:
        """Return why what is shown cannot be used, or ``""``."""
        return self.box.complaint()

    def mark(self, complaint: str) -> None:
        """Show a complaint that comes from elsewhere."""
        self.box.mark(complaint)

    def set_range(self, low: float, high: float, unit: str) -> None:
        """Take over the range and unit of the image's values."""
        if self.field.begins is not None and self.field.begins.is_extent:
            low, high = 0.0, (high - low) * (1.0 if self.field.begins.share == 1.0 else 10 * self.field.begins.share)
        elif self.box.bounds.minimum is not None:
            low, high = max(low, self.box.bounds.minimum), high
        if high > low:
            self.slider.set_scale(Scale(low, high, self.box.bounds.whole))
            self.slider.set_value(self.value())
            self.box.step = self.field.step or max(nice_step(high - low), 1.0 if self.box.bounds.whole else 0.0)
        self.unit.setText(unit)

    def set_spacing_known(self, known: bool) -> None:
        """Say px instead of mm where lengths are unknown."""
        if self.field.unit == _LENGTH:
            unit = tr(_LENGTH) if known else tr("px")
            self.box.unit = unit
            self.box.setAccessibleName(f"{self.title}, {unit}")
            self.unit.setText(unit)

    def set_scale(self, scale: float) -> None:
        """Let the slider of a length reach as far as voxels of this image make sense of."""
        if self.field.unit == _LENGTH:
            low, high = _usual(self.field)
            self.slider.set_scale(Scale(low * scale, high * scale))
            self.slider.set_value(self.value())
            self.box.step = (self.field.step or nice_step(high - low)) * scale

    def place(self, grid: QGridLayout, row: int) -> None:
        """Put slider, box and unit into their columns."""
        if self.ranged:
            grid.addWidget(self.slider, row, 1)
        grid.addWidget(self.box, row, 2)
        grid.addWidget(self.unit, row, 3)
        self.hide()

    def _slid(self, value: float) -> None:
        self.box.set_value(self.box.bounds.clamp(value))
        self.edited.emit()

    def _typed(self, value: float) -> None:
        self.slider.set_value(value)
        self.edited.emit()


class FlagField(FieldEditor):
    """A tick box that carries its own title."""

    labelled = False

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.tick = QCheckBox(self.title)
        self._fill(self.tick)
        self.tick.setChecked(bool(field.default))
        self.tick.clicked.connect(lambda _on: self.edited.emit())

    def value(self) -> bool:
        """Return the last valid value."""
        return self.tick.isChecked()

    def set_value(self, value: bool) -> None:
        """Show a value without telling anybody."""
        self.tick.setChecked(bool(value))


class ChoiceField(FieldEditor):
    """A few short choices side by side, otherwise a list."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        options = [(tr(title), choice) for title, choice in zip(field.shown_choices, field.choices, strict=True)]
        short = len(options) <= 3 and sum(len(title) for title, _value in options) <= 24
        self.control: Segmented | Choice = Segmented(options) if short else Choice(options)
        self._fill(self.control)
        self.control.set_value(field.default)
        self.control.chosen.connect(lambda _value: self.edited.emit())

    def value(self) -> Any:
        """Return the last valid value."""
        return self.control.value()

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        self.control.set_value(value)


class BoxField(FieldEditor):
    """Whole numbers along x, y and z: one row, or a row of starts over a row of sizes."""

    tall = True

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        bounds = Bounds(field.minimum, field.maximum, whole=True)
        self.boxes = [NumberBox(bounds, 1.0, tr(field.unit), self) for _value in field.default]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.GRID)
        for number, box in enumerate(self.boxes):
            self._add(grid, number, box)
        self.setFocusProxy(self.boxes[0])
        self._size: tuple[int, int, int] | None = None
        self.set_value(field.default)

    def value(self) -> tuple[int, ...]:
        """Return the last valid value."""
        return tuple(int(box.value()) for box in self.boxes)

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        for box, number in zip(self.boxes, value, strict=True):
            box.set_value(int(number))

    def complaint(self) -> str:
        """Return why what is shown cannot be used, or ``""``."""
        return next((text for box in self.boxes if (text := box.complaint())), "") or self._beyond()

    @property
    def is_box(self) -> bool:
        """Return whether these are starts and sizes."""
        return len(self.boxes) == 6

    def _beyond(self) -> str:
        """Return the sentence that says along which axis the box leaves the image, or ``""``."""
        if self._size is None or not self.is_box:
            return ""
        value = self.value()
        for axis, extent in enumerate(self._size):
            if value[axis] + value[axis + 3] > extent:
                return tr(
                    "Along {axis} the box ends beyond the image, which has {voxels} voxels.",
                    axis=AXES[axis],
                    voxels=extent,
                )
        return ""

    def set_size(self, size: tuple[int, int, int]) -> None:
        """Bound starts and sizes by the image; an untouched box, or one of another size, becomes the whole image."""
        if not self.is_box:
            return
        untouched = self.value() == tuple(self.field.default) or self._size not in (None, size)
        self._size = size
        for number, box in enumerate(self.boxes):
            extent = size[number % 3]
            box.bounds = Bounds(0, extent - 1, whole=True) if number < 3 else Bounds(1, extent, whole=True)
        if untouched:
            self.set_value((0, 0, 0, *size))
        self._tell_extent(size)

    def _tell_extent(self, size: tuple[int, int, int]) -> None:
        for number, box in enumerate(self.boxes):
            box.set_tip(
                tr(
                    "{help} The image has {voxels} voxels along {axis}.",
                    help=self.help,
                    voxels=size[number % 3],
                    axis=AXES[number % 3],
                )
            )

    def _add(self, grid: QGridLayout, number: int, box: NumberBox) -> None:
        part = ("", tr("Start"), tr("Size"))[(number // 3 + 1) if len(self.boxes) == 6 else 0]
        axis = AXES[number % 3]
        box.setMinimumWidth(40)
        box.setMaximumWidth(96)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.setAccessibleName(", ".join(filter(None, (self.title, part, axis))))
        box.set_tip(self.help)
        box.edited.connect(lambda _value: self.edited.emit())
        box.invalid.connect(lambda _why: self.edited.emit())
        if number % 3 == 0 and part:
            grid.addWidget(_dim(part), 1 + number // 3, 0)
        if number < 3:
            grid.addWidget(_dim(axis), 0, 1 + number, Qt.AlignmentFlag.AlignHCenter)
        grid.addWidget(box, 1 + number // 3, 1 + number % 3)


class TextField(FieldEditor):
    """A line of text."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.line = QLineEdit(str(field.default or ""))
        self._fill(self.line)
        self.line.textEdited.connect(lambda _text: self.edited.emit())

    def value(self) -> str:
        """Return the last valid value."""
        return self.line.text()

    def set_value(self, value: str) -> None:
        """Show a value without telling anybody."""
        self.line.setText(str(value))


def editor_for(field: Field, parent: QWidget | None = None) -> FieldEditor:
    """Return the editor for the kind of a field; raise KeyError for a kind nobody declared."""
    from pellucid.ui.forms.kernel_editor import KernelField
    from pellucid.ui.forms.seeds import SeedField

    editors: dict[str, type[FieldEditor]] = {
        "float": NumberField,
        "int": NumberField,
        "bool": FlagField,
        "choice": ChoiceField,
        "box": BoxField,
        "text": TextField,
        "kernel": KernelField,
        "places": SeedField,
    }
    return editors[field.kind](field, parent)


def _dim(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("dim", True)
    return label


def _usual(field: Field) -> tuple[float, float]:
    """Return the declared range of the slider, or a makeshift until the image's range is known."""
    if field.ui_minimum is not None and field.ui_maximum is not None:
        return field.ui_minimum, field.ui_maximum
    default = float(field.default or 0.0)
    low = field.minimum if field.minimum is not None else min(0.0, default * 2)
    high = field.maximum if field.maximum is not None else max(1.0, default * 2, low + 1.0)
    return float(low), float(high)
