"""Which images and labels stand for those that a recipe names and that are not open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice


class MapInputsDialog(QDialog):
    """One list of what is open for each name."""

    def __init__(self, names: Sequence[str], choices: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Inputs of the recipe"))
        self.setMinimumWidth(420)
        self.boxes = {name: Choice(tuple(choices.items())) for name in names}
        for name, box in self.boxes.items():
            box.setAccessibleName(tr("What stands for {name}", name=name))
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.run = push_button(tr("Run"), self.accept, kind="primary")
        self.run.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Inputs of the recipe")))
        column.addWidget(dim(tr("The recipe names images or labels that are not open. Choose what stands for them.")))
        column.addWidget(titled(self.boxes.items()))
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), self.cancel, self.run, spacing=theme.MARGIN, stretch=0))

    def mapping(self) -> dict[str, Any]:
        """Return what was chosen for each name."""
        return {name: box.value() for name, box in self.boxes.items()}
