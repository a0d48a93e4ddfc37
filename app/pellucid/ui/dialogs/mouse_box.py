"""The part of the preferences that says what the mouse does: a scheme, or each button by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QCheckBox, QWidget

from pellucid.language import mark, tr
from pellucid.model.view import Tool
from pellucid.ui.docks.parts import dim
from pellucid.ui.forms.controls import Choice, Segmented, translated
from pellucid.ui.mouse_habits import SCHEMES, MouseHabits, Scheme, Wheel, hint, scheme_of

_TITLES = {
    Tool.WINDOW: mark("Window level"),
    Tool.CROSSHAIR: mark("Crosshair"),
    Tool.PAN: mark("Pan"),
    Tool.ZOOM: mark("Zoom"),
    Tool.SCROLL: mark("Scroll slices"),
}
_LEFT = (Tool.WINDOW, Tool.CROSSHAIR, Tool.PAN, Tool.ZOOM, Tool.SCROLL)
_RIGHT = (Tool.ZOOM, Tool.WINDOW, Tool.PAN, Tool.SCROLL)
_MIDDLE = (Tool.PAN, Tool.WINDOW, Tool.CROSSHAIR, Tool.ZOOM, Tool.SCROLL)
_WHEELS = ((mark("Slices (Ctrl: zoom)"), Wheel.SLICES), (mark("Zoom (Ctrl: slices)"), Wheel.ZOOM))
_OWN = "own"


class MouseBox(QObject):
    """Choosing a scheme fills in the buttons; changing a button makes the scheme “Own”."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._habits = MouseHabits()
        self.scheme = Segmented((*((tr(scheme.title), scheme) for scheme in SCHEMES), (tr("Own"), _OWN)))
        self.scheme.setAccessibleName(tr("Mouse scheme"))
        for button, scheme in zip(self.scheme.buttons, SCHEMES, strict=False):
            button.setToolTip(tr(scheme.tip))
        self.scheme.buttons[-1].setToolTip(tr("What you chose for each button yourself"))
        self.left = _choice(tr("Left mouse button at start"), _LEFT, tr("The toolbar changes it at any time"))
        self.right = _choice(
            tr("Right mouse button"), _RIGHT, tr("A click shows the menu"), (tr("Only the menu"), None)
        )
        self.middle = _choice(
            tr("Middle mouse button"), _MIDDLE, tr("Pressed wheel or middle button"), (tr("Nothing"), None)
        )
        self.wheel = Choice(translated(_WHEELS))
        self.wheel.setAccessibleName(tr("Wheel"))
        self.wheel.setToolTip(tr("What turning the wheel over an image does"))
        self.shift = QCheckBox(tr("Moving with Shift held takes the crosshair along"))
        self.said = dim()
        self.scheme.chosen.connect(self._take_scheme)
        for box in (self.left, self.right, self.middle, self.wheel):
            box.chosen.connect(self._take_buttons)
        self.shift.toggled.connect(self._take_buttons)

    def rows(self) -> tuple[tuple[str, QWidget], ...]:
        """Return title and control of every row."""
        return (
            (tr("Scheme"), self.scheme),
            (tr("Left button"), self.left),
            (tr("Right button"), self.right),
            (tr("Middle button"), self.middle),
            (tr("Wheel"), self.wheel),
            ("", self.shift),
            ("", self.said),
        )

    def value(self) -> MouseHabits:
        """Return the habits that are chosen."""
        return self._habits

    def set_value(self, habits: MouseHabits) -> None:
        """Show habits."""
        self._habits = habits
        for box, value in (
            (self.left, habits.left), (self.right, habits.right), (self.middle, habits.middle),
            (self.wheel, habits.wheel),
        ):  # fmt: skip
            box.set_value(value)
        self.shift.blockSignals(True)
        self.shift.setChecked(habits.shift_crosshair)
        self.shift.blockSignals(False)
        self.scheme.set_value(scheme_of(habits) or _OWN)
        self.said.setText(hint(habits.left, habits))

    def _take_scheme(self, scheme: Scheme | str) -> None:
        if isinstance(scheme, Scheme):
            self.set_value(scheme.habits)
        else:
            self.scheme.set_value(scheme_of(self._habits) or _OWN)

    def _take_buttons(self, _value: object) -> None:
        self.set_value(
            replace(
                self._habits,
                left=self.left.value(),
                right=self.right.value(),
                middle=self.middle.value(),
                wheel=self.wheel.value(),
                shift_crosshair=self.shift.isChecked(),
            )
        )


def _choice(name: str, tools: Sequence[Tool], tip: str, *more: tuple[str, None]) -> Choice:
    box = Choice((*((tr(_TITLES[tool]), tool) for tool in tools), *more))
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box
