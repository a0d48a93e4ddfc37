"""The spacing of an image whose source states none, typed by the user; what is known is shown and stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume
from pellucid.recipes.spacing import LEAST, MOST, Stated, open_axes
from pellucid.session.respacing import set_spacing
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, dim, push_button, row, section, titled
from pellucid.ui.forms.controls import NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session.session import Session

_NAMES = (mark("Pixels along a row"), mark("Pixels along a column"), mark("Slices"))


class Unstated(NumberBox):
    """A distance that nobody has stated yet: empty, and left out as long as it is."""

    def __init__(self) -> None:
        super().__init__(Bounds(LEAST, MOST), 0.1, "mm")
        self.leave_open()

    def stated(self) -> float | None:
        """Return what was typed, None where nothing is."""
        return self.value() if self.text().strip() else None

    def complaint(self) -> str:
        """Return why the text cannot be used; an empty field says nothing, and so nothing wrong."""
        return super().complaint() if self.text().strip() else ""

    def _tidy(self) -> None:
        if self.text().strip():
            super()._tidy()


class SetSpacingDialog(QDialog):
    """Asks for the distances that are not known, in mm; none is proposed, because none may be guessed."""

    def __init__(self, session: Session, layer: ImageLayer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._layer = session, layer
        self.setWindowTitle(tr("Set spacing"))
        self.setMinimumWidth(440)
        self.free = open_axes(layer.volume)
        self.boxes = tuple(self._box(axis, layer.volume) for axis in range(3))
        self.complaint = QLabel(wordWrap=True)
        self.complaint.setAccessibleName(tr("Why it cannot be set"))
        self.go = push_button(tr("Set spacing"), self._set, kind="primary")
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.go.setDefault(True)
        self._lay_out(layer)
        next((box for box, free in zip(self.boxes, self.free, strict=True) if free), self.cancel).setFocus()
        self._check()

    @property
    def stated(self) -> Stated:
        """Return what was typed; None for what the source states."""
        x, y, z = (box.stated() if free else None for box, free in zip(self.boxes, self.free, strict=True))
        return x, y, z

    def _box(self, axis: int, volume: Volume) -> Unstated:
        box = Unstated()
        box.setAccessibleName(tr("{what}, distance in mm", what=tr(_NAMES[axis])))
        if volume.geometry.known_spacing[axis] and not volume.geometry.at_detector:
            box.set_value(round(volume.geometry.spacing[axis], 6))
        box.setEnabled(self.free[axis])
        box.edited.connect(lambda _value: self._check())
        box.invalid.connect(lambda _sentence: self._check())
        return box

    def _lay_out(self, layer: ImageLayer) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Set spacing")))
        column.addWidget(dim(tr("The source of “{name}” does not state every spacing. What you type here is kept as a "
                                "step of the image, is said in its information, and can be undone.", name=layer.name)))
        count = 3 if layer.geometry.size[2] > 1 else 2
        column.addWidget(titled(
            (tr(name), row(box, dim(self._about(axis), wrap=False), spacing=theme.MARGIN))
            for axis, (name, box) in enumerate(list(zip(_NAMES, self.boxes, strict=True))[:count])
        ))  # fmt: skip
        if thickness := stated_thickness(layer.volume):
            column.addWidget(dim(tr("The slices are said to be {thickness:g} mm thick. Their distance may be another "
                                    "where they overlap or leave gaps.", thickness=thickness)))  # fmt: skip
        column.addWidget(self.complaint)
        column.addSpacing(theme.GRID)
        column.addWidget(row(QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=0))

    def _about(self, axis: int) -> str:
        return tr("mm apart") if self.free[axis] else tr("mm, stated by the source")

    def _check(self) -> None:
        said = next((box.complaint() for box, free in zip(self.boxes, self.free, strict=True)
                     if free and box.complaint()), "")  # fmt: skip
        self.complaint.setText(said)
        self.complaint.setVisible(bool(said))
        x, y, z = self.stated
        lacking = (x is None) != (y is None) or (x is None and z is None)
        why = tr("State the size of a pixel along both axes, or the distance of slices.") if lacking else ""
        allow(self.go, said or why)

    def _set(self) -> None:
        try:
            set_spacing(self._session, self._layer, self.stated)
        except Refused as refusal:
            self.complaint.setText(str(refusal))
            self.complaint.show()
            return
        self.accept()


def stated_thickness(volume: Volume) -> float | None:
    """Return how thick the slices of a stack without positions are said to be, None where nothing is said."""
    if volume.geometry.size[2] == 1 or volume.geometry.known_spacing[2]:
        return None
    try:
        return float(volume.acquisition.extra.get("slice_thickness", "")) or None
    except ValueError:
        return None
