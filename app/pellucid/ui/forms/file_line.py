"""A line for the path of a file, with a button to choose it."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, flat_button
from pellucid.ui.forms.controls import TextLine


class FileLine(QWidget):
    """May stay empty."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = TextLine(placeholderText=name, clearButtonEnabled=True)
        described(self.line, name)
        self.button = flat_button("folder-open-outline", tr("Choose a file"), self._ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)

    def path(self) -> str:
        """Return what was entered."""
        return self.line.text().strip()

    def set_path(self, path: str) -> None:
        """Show a path."""
        self.line.setText(path)

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.line.accessibleName(), self.path())
        if path:
            self.line.setText(path)
