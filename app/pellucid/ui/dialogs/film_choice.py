"""The part of “Take away” that says what a film shows: which slices or frames, how fast, how far it turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from pellucid.language import mark, tr
from pellucid.model.timing import DEFAULT_RATE, timing
from pellucid.session.filming import Film, can_turn, cine, picked, rotation, scroll
from pellucid.ui import theme
from pellucid.ui.docks.parts import described
from pellucid.ui.forms.controls import NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.model.view import PaneState
    from pellucid.session import Session

PICTURE, SLICES, CINE, TURN = "picture", "slices", "cine", "turn"
KINDS = ((mark("Picture"), PICTURE), (mark("Slices"), SLICES), (mark("Cine"), CINE), (mark("Turn"), TURN))
_TURN_STEPS, _TURN_RATE = 36, 12.0


class FilmChoice(QWidget):
    """From, to and every so many; pictures of a turn; pictures per second."""

    changed = Signal()
    """Emitted when the film would be another one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kind = PICTURE
        self._pane: PaneState | None = None
        self.first, self.last = (self._box(name, 1) for name in (tr("First picture"), tr("Last picture")))
        self.every = self._box(tr("Every so many"), 1)
        self.turns = self._box(tr("Pictures of the turn"), _TURN_STEPS)
        self.rate = self._box(tr("Pictures per second"), DEFAULT_RATE, Bounds(0.1, 240.0))
        self.whole = QCheckBox(tr("Through the whole image"))
        tip = tr("On: the brightest value along the line of sight (MIP). Off: the plane or slab as it is.")
        described(self.whole, tr("Through the whole image"), tip)
        self.whole.toggled.connect(lambda _on: self.changed.emit())
        titles = {self.first: tr("From"), self.last: tr("to"), self.every: tr("every"), self.turns: tr("Pictures"),
                  self.rate: tr("Per second")}  # fmt: skip
        self._labels = {box: QLabel(title) for box, title in titles.items()}
        self._lay_out()

    def _box(self, name: str, value: float, bounds: Bounds | None = None) -> NumberBox:
        box = NumberBox(bounds or Bounds(1, 9999, whole=True), value)
        box.set_value(value)
        box.setAccessibleName(name)
        box.setFixedWidth(56)
        box.edited.connect(lambda _value: self.changed.emit())
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.MARGIN)
        places = ((self.first, 0, 0), (self.last, 0, 2), (self.every, 0, 4), (self.turns, 0, 0), (self.rate, 1, 0))
        for box, line, column in places:
            self._labels[box].setBuddy(box)
            grid.addWidget(self._labels[box], line, column)
            grid.addWidget(box, line, column + 1)
        grid.addWidget(self.whole, 1, 2, 1, 4)
        grid.setColumnMinimumWidth(0, 72)
        grid.setColumnStretch(6, 1)

    # ---------------------------------------------------------------- what is chosen

    def show_kind(self, kind: str, pane: PaneState | None) -> None:
        """Offer what a kind of film of a pane needs, with all of it chosen."""
        self._kind, self._pane = kind, pane
        self.setVisible(kind != PICTURE)
        for box in (self.first, self.last, self.every):
            self._show(box, kind in (SLICES, CINE))
        self._show(self.turns, kind == TURN)
        self.whole.setVisible(kind == TURN)
        count, rate = self._count(), {CINE: self._true_rate(), TURN: _TURN_RATE}.get(kind, DEFAULT_RATE)
        for box, value in ((self.first, 1), (self.last, count)):
            box.bounds = Bounds(1, max(count, 1), whole=True)
            box.set_value(value)
        self.rate.set_value(float(f"{rate:.4g}"))

    def _show(self, box: NumberBox, on: bool) -> None:
        box.setVisible(on)
        self._labels[box].setVisible(on)

    def _count(self) -> int:
        image, frame = self._session.document.active_image, None
        if self._kind == CINE:
            return len(image.frames) if image is not None else 1
        if self._pane is not None:
            frame = self._session.viewing.frame(self._pane)
        return frame.slice_count if frame is not None else 1

    def _true_rate(self) -> float:
        image = self._session.document.active_image
        return timing(image.frames).rate if image is not None else DEFAULT_RATE

    def obstacle(self, kind: str, pane: PaneState | None) -> str:
        """Return why a kind of film cannot be made, or nothing."""
        image = self._session.document.active_image
        if kind == PICTURE:
            return ""
        if pane is None:
            return tr("No pane shows an image.")
        frame = self._session.viewing.frame(pane)
        if kind == SLICES:
            return "" if frame is not None and frame.slice_count > 1 else tr("The pane has a single slice.")
        if kind == CINE:
            return "" if image is not None and len(image.frames) > 1 else tr("The active image has one frame.")
        return can_turn(self._session, pane)

    def complaint(self) -> str:
        """Return which number cannot be used, or nothing."""
        boxes = [box for box in self._labels if not box.isHidden()]
        return next((box.complaint() for box in boxes if box.complaint()), "")

    def film(self) -> Film | None:
        """Return the film that is chosen, or None for a single picture."""
        if self._kind == PICTURE or self._pane is None:
            return None
        rate = self.rate.value()
        if self._kind == TURN:
            return rotation(self._session, self._pane, int(self.turns.value()), rate, whole=self.whole.isChecked())
        numbers = picked(int(self.first.value()) - 1, int(self.last.value()) - 1, int(self.every.value()))
        if self._kind == SLICES:
            return scroll(self._session, self._pane, numbers, rate)
        image = self._session.document.active_image
        assert image is not None
        film = cine(self._session, image, numbers)
        # frames that are left out are longer on the screen: the rate is that of all frames
        return film.sped(rate / self._true_rate())
