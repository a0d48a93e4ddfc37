"""The editor of seeds in the form of an operation: a button that lets clicks on the image set them, and their list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.seeds import parse_places, place_text
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided, allow, described, flat_button, push_button, row
from pellucid.ui.forms.fields import FieldEditor

if TYPE_CHECKING:
    from pellucid.model.geometry import Vector
    from pellucid.operations.operation import Field

_LINES = 5
_LINE_HEIGHT = 22


class SeedList(QListWidget):
    """The seeds in their order; Delete removes the chosen one, Enter or a double click goes to it."""

    removed = Signal(int)
    visited = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("frame", True)
        self.setUniformItemSizes(True)
        self.setFont(theme.figures(self.font()))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.itemActivated.connect(lambda item: self.visited.emit(self.row(item)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove the chosen seed with Delete; leave Escape to what is around."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.currentRow() >= 0:
            self.removed.emit(self.currentRow())
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


class SeedField(FieldEditor):
    """Places in LPS mm: set on the image while “Place” is on, listed here."""

    tall = True
    placing_changed = Signal()
    visited = Signal(object)
    """Emitted with a place that the user wants to see."""
    crosshair_asked = Signal()
    """Emitted when the user wants a seed where the crosshair is."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._text = self._complaint = ""
        self._unit = tr("mm")
        self.places: tuple[Vector, ...] = ()
        self._build()
        self.set_value(field.default)

    def _build(self) -> None:
        self.place_button = push_button(tr("Place"), tip=self.help, glyph="map-marker-plus-outline", kind="chip")
        self.place_button.setCheckable(True)
        described(
            self.place_button, tr("Place {title}", title=self.title),
            tr("{help} A click on the image sets a seed, a click on a seed removes it, dragging moves it; Esc ends.",
               help=self.help),
        )  # fmt: skip
        self.place_button.toggled.connect(self._toggled)
        self.count = Elided()
        self.count.setProperty("dim", True)
        self.cross = flat_button("crosshairs-gps", tr("Seed at the crosshair"), self.crosshair_asked.emit)
        self.minus = flat_button("minus", tr("Remove the chosen seed"), lambda: self._remove(self.list.currentRow()))
        self.clear_button = flat_button("trash-can-outline", tr("Remove all seeds"), lambda: self.take(()))
        self.list = SeedList()
        self.list.setAccessibleName(self.title)
        self.list.setToolTip(tr("Enter or a double click goes to a seed, Delete removes it."))
        self.list.removed.connect(self._remove)
        self.list.visited.connect(lambda number: self.visited.emit(self.places[number]))
        self.list.currentRowChanged.connect(self._allow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(self.place_button, self.count, self.cross, self.minus, self.clear_button, stretch=1))
        column.addWidget(self.list)
        self.setFocusProxy(self.place_button)

    # ---------------------------------------------------------------- the value

    def value(self) -> str:
        """Return the places as text."""
        return self._text

    def set_value(self, value: str) -> None:
        """Show places without telling anybody; of a text that holds none, what is wrong with it."""
        self._text, self._complaint = str(value), ""
        try:
            self.places = parse_places(self._text)
        except Refused as refused:
            self.places, self._complaint = (), str(refused)
        self._list()

    def complaint(self) -> str:
        """Return why the text cannot be used, or ``""``."""
        return self._complaint

    def take(self, places: Sequence[Vector]) -> None:
        """Take places that were set on the image, and tell it like typed ones."""
        if tuple(places) != self.places or self._complaint:
            self.set_value(place_text(tuple(places)))
            self.edited.emit()

    def set_spacing_known(self, known: bool) -> None:
        """Say px instead of mm where lengths are unknown."""
        self._unit = tr("mm") if known else tr("px")
        self._list()

    # ---------------------------------------------------------------- placing

    @property
    def is_placing(self) -> bool:
        """Return whether clicks on the image set seeds."""
        return self.place_button.isChecked()

    def set_placing(self, on: bool) -> None:
        """Begin or end placing, and tell it."""
        self.place_button.setChecked(on)

    def _toggled(self, _on: bool) -> None:
        self._list()
        self.placing_changed.emit()

    def _remove(self, number: int) -> None:
        if 0 <= number < len(self.places):
            self.take(self.places[:number] + self.places[number + 1 :])
            self.list.setCurrentRow(min(number, len(self.places) - 1))

    # ---------------------------------------------------------------- what is shown

    def _list(self) -> None:
        count, here = len(self.places), self.list.currentRow()
        said = tr("{count} seeds", count=count) if count != 1 else tr("1 seed")
        empty = tr("Click on the image") if self.is_placing else tr("No seeds yet")
        self.count.setText(said if count else empty)
        self.list.clear()
        self.list.addItems([self._line(number, place) for number, place in enumerate(self.places, 1)])
        self.list.setVisible(bool(count))
        self.list.setFixedHeight(min(count, _LINES) * max(_LINE_HEIGHT, self.list.sizeHintForRow(0)) + 2)
        self.list.setCurrentRow(min(here, count - 1))
        self._allow()

    def _line(self, number: int, place: Vector) -> str:
        return f"{number}   " + "   ".join(f"{part:.1f}" for part in place).replace("-", "−") + f" {self._unit}"

    def _allow(self, *_row: int) -> None:
        none = "" if self.places else tr("There is no seed.")
        allow(self.clear_button, none)
        allow(self.minus, none or ("" if self.list.currentRow() >= 0 else tr("Choose a seed in the list first.")))
