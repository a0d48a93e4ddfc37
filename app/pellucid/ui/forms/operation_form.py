"""The form of an operation, built from its declaration: nothing here knows any operation by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLayoutItem, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.fields import BoxField, FieldEditor, editor_for
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.operations.operation import Field, Operation
    from pellucid.ui.forms.seeds import SeedField

LABEL_WIDTH = 88
LIMITS = ("lower", "upper")
"""Two parameters of these names are limits on the values of the image; a histogram can show and drag them."""


class OperationForm(QWidget):
    """One row per parameter; passes on valid values only, at most 30 times a second."""

    touched = Signal()
    """Emitted as soon as the user changes a value, not for values that fit the image."""
    edited = Signal(object)
    """Emitted with all values after one was changed and all are valid."""
    invalid = Signal(str)
    """Emitted with a sentence when a value cannot be used."""

    def __init__(self, operation: Operation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operation = operation
        self.setAccessibleName(tr("Parameters of {title}", title=tr(operation.title)))
        self.editors: dict[str, FieldEditor] = {}
        self._rows: dict[str, range] = {}
        self._throttle = Throttle(self._tell, parent=self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)
        for field in operation.fields:
            self._add(field)
        self._leave_out()
        self._hint = QLabel("", wordWrap=True)
        self._hint.setProperty("tone", "danger")
        self._hint.hide()
        self._grid.addWidget(self._hint, self._grid.rowCount(), 0, 1, 4)
        for editor in list(self.editors.values())[:1]:
            self.setFocusProxy(editor.focusProxy() or editor)

    def values(self) -> dict[str, Any]:
        """Return the last valid value of every parameter."""
        return {name: editor.value() for name, editor in self.editors.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values without telling anybody; names the form does not have are left out."""
        for name in self.editors.keys() & values.keys():
            self.editors[name].set_value(values[name])
        self._leave_out()
        self.check()

    def reset(self) -> None:
        """Return to the declared defaults and tell it."""
        self.set_values({field.name: field.default for field in self.operation.fields})
        self._touch()

    def begin(self, values: Mapping[str, Any]) -> None:
        """Start with values that fit the image, and tell it like typed ones."""
        self.set_values(values)
        self._edited()

    def leave_open(self, names: Iterable[str]) -> None:
        """Ask for numbers that are not to be guessed; nothing can be used before they were typed."""
        for name in names:
            self.editors[name].leave_open()
        self._edited()

    def set_ranges(self, low: float, high: float, unit: str = "") -> None:
        """Give parameters that are values of the image the image's own range and unit."""
        for editor in self.editors.values():
            if editor.follows_image:
                editor.set_range(low, high, unit)

    def set_size(self, size: tuple[int, int, int]) -> None:
        """Tell parameters that are counted in voxels how large the image is."""
        for editor in self.editors.values():
            editor.set_size(size)

    def set_spacing_known(self, known: bool) -> None:
        """Tell parameters that are lengths whether those of the image are known."""
        for editor in self.editors.values():
            editor.set_spacing_known(known)

    def set_scale(self, scale: float) -> None:
        """Tell parameters that are lengths how much smaller or larger than millimetres the voxels are."""
        for editor in self.editors.values():
            editor.set_scale(scale)

    @property
    def follows_image(self) -> bool:
        """Return whether any parameter takes its range from the image's values."""
        return any(editor.follows_image for editor in self.editors.values())

    @property
    def has_limits(self) -> bool:
        """Return whether the operation has a lower and an upper limit on the values of the image, not on slopes."""
        found = [self.editors[name].field for name in LIMITS if name in self.editors]
        return len(found) == len(LIMITS) and all(field.minimum is None and self._counts(field) for field in found)

    def limits(self) -> tuple[float, float] | None:
        """Return the lower and upper limit, or None when the operation has none."""
        if not self.has_limits:
            return None
        return float(self.editors["lower"].value()), float(self.editors["upper"].value())

    def set_limits(self, low: float, high: float) -> None:
        """Take limits that were dragged elsewhere, and tell it like a typed value."""
        if self.has_limits:
            for name, value in zip(LIMITS, (min(low, high), max(low, high)), strict=True):
                self.editors[name].set_value(value)
            self._touch()

    @property
    def _box(self) -> FieldEditor | None:
        """Return the editor of a box of voxels, if there is one."""
        boxes = (one for one in self.editors.values() if isinstance(one, BoxField) and one.is_box)
        return next(boxes, None)

    def box(self) -> tuple[int, ...] | None:
        """Return the box of voxels that is set, or None when the operation has none."""
        return self._box.value() if self._box is not None else None

    def set_box(self, box: tuple[int, ...]) -> None:
        """Take a box that was dragged elsewhere, and tell it like a typed value."""
        if self._box is not None:
            self._box.set_value(box)
            self._touch()

    def seeds(self) -> dict[str, SeedField]:
        """Return the editors of seeds by the names of their parameters."""
        from pellucid.ui.forms.seeds import SeedField

        return {name: editor for name, editor in self.editors.items() if isinstance(editor, SeedField)}

    def check(self) -> str:
        """Return why the values cannot be used, or ``""``; show the sentence, turn the field red."""
        seen = (editor for editor in self.editors.values() if self._counts(editor.field))
        complaint = next((text for editor in seen if (text := editor.complaint())), "")
        if not complaint:
            complaint = _refusal(self.operation, self.values())
            if self.has_limits:
                self.editors["upper"].mark(complaint)
        self._hint.setText(complaint)
        self._hint.setVisible(bool(complaint))
        return complaint

    def _add(self, field: Any) -> None:
        editor = editor_for(field, self)
        self.editors[field.name] = editor
        row = self._grid.rowCount()
        if editor.labelled:
            label = QLabel(tr(field.title), wordWrap=True)
            label.setToolTip(tr(field.help))
            label.setBuddy(editor.focusProxy() or editor)
            label.setFixedWidth(LABEL_WIDTH)
            top = Qt.AlignmentFlag.AlignTop if editor.tall else Qt.AlignmentFlag.AlignVCenter
            label.setMinimumHeight(theme.CONTROL_HEIGHT)
            self._grid.addWidget(label, row, 0, top)
        editor.place(self._grid, row)
        self._rows[field.name] = range(row, self._grid.rowCount())
        editor.edited.connect(self._touch)

    def _counts(self, field: Field) -> bool:
        """Return whether a parameter means something with the choices that are made."""
        return field.when is None or self.editors[field.when.name].value() in field.when.values

    def _leave_out(self) -> None:
        """Show the rows of the parameters that count."""
        for field in self.operation.fields:
            if field.when is not None:
                counts = self._counts(field)
                for row, column in product(self._rows[field.name], range(4)):
                    for widget in _widgets(self._grid.itemAtPosition(row, column)):
                        widget.setVisible(counts)
                if counts:
                    self.editors[field.name].came_back()

    def _touch(self) -> None:
        self.touched.emit()
        self._edited()

    def _edited(self) -> None:
        self._leave_out()
        complaint = self.check()
        if complaint:
            self._throttle.drop()
            self.invalid.emit(complaint)
        else:
            self._throttle.request()

    def _tell(self) -> None:
        if not self.check():
            self.edited.emit(self.values())


def _widgets(item: QLayoutItem | None) -> Iterator[QWidget]:
    """Yield what stands in a place of a layout, also inside layouts of its own."""
    if item is None:
        return
    if (widget := item.widget()) is not None:
        yield widget
    elif (inner := item.layout()) is not None:
        for n in range(inner.count()):
            yield from _widgets(inner.itemAt(n))


def _refusal(operation: Operation, values: dict[str, Any]) -> str:
    """Return what the operation itself says against values that are valid one by one, or ``""``."""
    from pellucid.operations.operation import Refused

    try:
        operation.validate(**values)
    except Refused as refused:
        return str(refused)
    return ""
