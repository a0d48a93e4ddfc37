"""The section “By hand” of the dock Registration: the tool, and the placement of the moving image as numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import EmissionInfo
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.measuring import written
from pellucid.model.rigid_parts import RigidParts
from pellucid.model.view import Tool
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, push_button, row
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session import Session

HINT = mark(
    "Drag the moving image on a pane, or turn it by the ring. Shift: finer. Arrow keys: one pixel (Shift: ten), "
    "with Alt: half a degree. Page keys: one slice."
)
NONE = mark("Choose two images above.")
_AXES = ("x", "y", "z")
_TOWARDS = (mark("towards the left of the patient"), mark("towards the back of the patient"),
            mark("towards the head of the patient"))  # fmt: skip
_TURNS = (mark("about x: from y to z"), mark("about y: from z to x"),
          mark("about z: from x to y, clockwise in a picture"))  # fmt: skip
_WIDTH = 64
_DECIMALS, _SCALE_DECIMALS = 2, 4


class HandBox(QWidget):
    """Starts the tool, and shows and sets shifts, angles and scale about the centre of the moving image."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._hand = session, session.hand_placing
        self._watch = LayerWatch(self._layer_changed)
        self._wait = QTimer(self, singleShot=True, interval=0)
        self._wait.timeout.connect(self._show)
        self._make_buttons()
        self._make_numbers()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self.tool, dim(tr(HINT)), self._grid(), self.note, row(self.centre, self.reset, spacing=8)):
            column.addWidget(part)
        session.registering.changed.connect(self._later)
        session.view.events.connect(self._view_changed)
        self._show()

    # ---------------------------------------------------------------- assembly

    def _make_buttons(self) -> None:
        self.tool = push_button(tr("Move on the panes"), self._take, glyph="axis-arrow", kind="chip",
                                tip=tr("Drag and turn the moving image with the left button (Shift+T)"))  # fmt: skip
        self.tool.setCheckable(True)
        centre = tr("Bring the centre of the moving image onto that of the fixed one")
        self.centre = push_button(
            tr("Centre"), lambda: self._do(self._hand.centre), glyph="image-filter-center-focus", tip=centre
        )
        self.reset = push_button(tr("Reset"), lambda: self._do(self._hand.reset), glyph="restore",
                                 tip=tr("Take the moving image back to where its file says it lies"))  # fmt: skip
        self.note = dim()

    def _make_numbers(self) -> None:
        self.shifts = [NumberBox(Bounds(), 1.0) for _ in _AXES]
        self.angles = [NumberBox(Bounds(-360.0, 360.0), 0.5, "°") for _ in _AXES]
        self.scale = NumberBox(Bounds(0.01, 100.0), 0.01)
        for axis, name in enumerate(_AXES):
            described(self.shifts[axis], tr("Shift along {axis}", axis=name))
            described(self.angles[axis], tr("Turn about {axis}", axis=name))
            self.angles[axis].set_tip(tr(_TURNS[axis]))
        described(self.scale, tr("Scale"))
        self.scale.set_tip(tr("How many times larger the moving image is shown, about its centre"))
        for number in (*self.shifts, *self.angles, self.scale):
            number.setFixedWidth(_WIDTH)
            number.edited.connect(self._set)

    def _grid(self) -> QWidget:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        self._heads = [dim(axis, wrap=False) for axis in _AXES]
        for axis, head in enumerate(self._heads):
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(head, 0, axis + 1)
        self.unit = dim("mm", wrap=False)
        lines = ((tr("Shift"), self.shifts, self.unit), (tr("Turn"), self.angles, dim("°", wrap=False)),
                 (tr("Scale"), [self.scale], dim("×", wrap=False)))  # fmt: skip
        for line, (title, numbers, unit) in enumerate(lines, 1):
            label = QLabel(title)
            label.setBuddy(numbers[0])
            grid.addWidget(label, line, 0)
            for column, number in enumerate(numbers, 1):
                grid.addWidget(number, line, column)
            grid.addWidget(unit, line, len(numbers) + 1)
        grid.setColumnStretch(5, 1)
        return body

    # ---------------------------------------------------------------- from the session

    def _later(self, *_what: object) -> None:
        self._wait.start()

    def _layer_changed(self, what: str) -> None:
        if what in ("placement", "frames"):
            self._later()

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name == "tool":
            self.tool.setChecked(info.args[0] is Tool.MOVE_LAYER)

    def _show(self) -> None:
        layer = self._hand.moving()
        self._watch.on(layer)
        why = tr(NONE) if layer is None else ""
        busy = why or (tr("A registration is running.") if self._session.registering.is_running else "")
        for control in (self.tool, self.centre, *self.shifts, *self.angles, self.scale):
            allow(control, busy)
        self.tool.setChecked(self._session.view.tool is Tool.MOVE_LAYER)
        lies = tr("It lies where its file says.") if layer is not None and layer.placement is None else ""
        allow(self.reset, busy or lies)
        self.note.setVisible(False)
        if layer is not None:
            self._show_numbers(layer)

    def _show_numbers(self, layer: ImageLayer) -> None:
        parts, planar = self._hand.parts(layer), self._hand.is_planar(layer)
        picture = planar and not layer.volume.geometry.oriented
        for widget in (self.shifts[2], *self.angles[:2], *self._heads[2:]):
            widget.setVisible(not picture)
        own = layer.volume.geometry
        self.unit.setText("mm" if own.has_lengths else "px")
        for axis, number in enumerate(self.shifts):
            _fill(number, parts.shifts[axis], _DECIMALS)
            number.set_tip(_shift_tip(axis, oriented=own.oriented))
        for axis, number in enumerate(self.angles):
            _fill(number, parts.angles[axis], _DECIMALS)
        _fill(self.scale, parts.scale, _SCALE_DECIMALS)
        self.note.setText(_more(layer, parts))
        self.note.setVisible(bool(self.note.text()))

    # ---------------------------------------------------------------- from the user

    def _take(self) -> None:
        on = self._session.view.tool is not Tool.MOVE_LAYER
        try:
            if on:
                self._hand.choose_tool(Tool.MOVE_LAYER)
            else:
                self._session.view.tool = Tool(self._session.settings.left_tool)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
        self.tool.setChecked(self._session.view.tool is Tool.MOVE_LAYER)

    def _do(self, what: Any) -> None:
        layer = self._hand.moving()
        try:
            if layer is not None:
                what(layer)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

    def _set(self, _value: float) -> None:
        layer = self._hand.moving()
        boxes = (*self.shifts, *self.angles, self.scale)
        if layer is None or any(number.complaint() for number in boxes):
            return
        now = self._hand.parts(layer)
        x, y, z = (_typed(number, old, _DECIMALS) for number, old in zip(self.shifts, now.shifts, strict=True))
        a, b, c = (_typed(number, old, _DECIMALS) for number, old in zip(self.angles, now.angles, strict=True))
        wanted = replace(now, shifts=(x, y, z), angles=(a, b, c), scale=_typed(self.scale, now.scale, _SCALE_DECIMALS))
        self._do(lambda moving: self._hand.set_parts(moving, wanted))


def _fill(number: NumberBox, value: float, decimals: int) -> None:
    """Show a value, unless that is what is being typed."""
    shown = round(value, decimals) + 0.0
    if not number.hasFocus() or number.value() != shown:
        number.set_value(shown)


def _typed(number: NumberBox, exact: float, decimals: int) -> float:
    """Return what a box says; the exact value where it only shows that rounded."""
    return exact if number.value() == round(exact, decimals) + 0.0 else number.value()


def _shift_tip(axis: int, *, oriented: bool) -> str:
    if oriented:
        return tr(_TOWARDS[axis])
    return tr("to the right") if axis == 0 else tr("down") if axis == 1 else tr("to the next slice")


def _more(layer: ImageLayer, parts: RigidParts) -> str:
    """Return what the numbers leave out: stretching and bending."""
    warp = layer.placement.warp if layer.placement is not None else None
    if warp is not None:
        bend = f"{written(warp.reach)} mm"
        return tr("The image is bent too, by up to {length}. The numbers move it as a whole.", length=bend)
    if parts.is_stretched:
        return tr("The image is stretched or sheared too. That is kept when the numbers change.")
    return ""
