"""Which file of which image or series the tags are of: a list, and the number of the file in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim
from pellucid.ui.forms.controls import Choice, NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session.tag_reading import Files


class FileChoice(QWidget):
    """An image or series, and one of its files."""

    chosen = Signal(object)
    """Emitted with the ``Files`` the user chose."""
    numbered = Signal()
    """Emitted when the user chose another file of them."""

    def __init__(self, name: str, number: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice, self.number = Choice(), NumberBox(Bounds(1, 1, whole=True), unit="")
        self._of = dim(wrap=False)
        described(self.choice, name)
        described(self.number, number)
        self.number.setFixedWidth(48)
        self.choice.chosen.connect(self.chosen)
        self.number.edited.connect(lambda _number: self.numbered.emit())
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GRID)
        for part in (self.choice, self.number, self._of):
            line.addWidget(part, 1 if part is self.choice else 0)

    def files(self) -> Files | None:
        """Return what is chosen, None where there is nothing to choose."""
        files: Files | None = self.choice.value()
        return files

    def show_all(self, every: Sequence[Files], wanted: Files | None, title: Callable[[Files], str]) -> None:
        """Offer images and series; ``wanted`` is chosen without telling anybody."""
        self.choice.set_options([(title(files), files) for files in every])
        if wanted is not None:
            self.choice.set_value(wanted)

    def go_to(self, index: int) -> None:
        """Choose a file by its place, the nearest where there are fewer."""
        files = self.files()
        count = len(files.paths) if files is not None else 0
        self.number.bounds = Bounds(1, max(count, 1), whole=True)
        self.number.set_value(min(max(index, 0), max(count - 1, 0)) + 1)
        self._of.setText(tr("of {count:,}", count=count))
        self.number.setEnabled(count > 1)

    def path(self) -> Path | None:
        """Return the file that is chosen."""
        files = self.files()
        if files is None or not files.paths:
            return None
        self.go_to(int(self.number.value()) - 1)
        return files.paths[int(self.number.value()) - 1]
