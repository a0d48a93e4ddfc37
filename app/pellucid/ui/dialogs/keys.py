"""Two small windows of the Help menu: the mouse and key habits, and what Pellucid is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid import __version__

if TYPE_CHECKING:
    from pellucid.ui.actions.entry import Entry

MOUSE = (
    ("Scroll slices", "Wheel"),
    ("Zoom at the cursor", "Ctrl+wheel, or right drag"),
    ("Move the image", "Middle drag, or hold Space and drag"),
    ("Window level (the tool at start)", "Left drag: right is wider, down is brighter"),
    ("Maximise or restore a pane", "Double-click"),
    ("Next or previous slice", "Down, Up, PgDn, PgUp; Shift: ten at once"),
    ("First or last slice", "Home, End"),
    ("Window presets, window of the image", "1 to 9, 0"),
    ("Image before the previewed change", "Hold ` (backquote)"),
    ("Brush size", "[ and ], or Shift+wheel"),
    ("Erase while painting", "Hold Ctrl"),
)


class KeysDialog(QDialog):
    """A searchable sheet of everything the mouse and the keys do."""

    def __init__(self, table: Sequence[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mouse and keys")
        self.resize(560, 620)
        self.search = QLineEdit(placeholderText="Search an action or a key", clearButtonEnabled=True)
        self.search.setAccessibleName("Search keys")
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setAlternatingRowColors(True)
        self.list.setHeaderLabels(["Action", "Mouse or keys"])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.setAccessibleName("Actions and keys")
        rows = [*MOUSE, *((_plain(entry), ", ".join(entry.keys)) for entry in table if entry.keys)]
        for row in rows:
            self.list.addTopLevelItem(QTreeWidgetItem(list(row)))
        self.list.resizeColumnToContents(1)
        self.search.textChanged.connect(self._filter)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.search, self.list, buttons):
            column.addWidget(widget)

    def _filter(self, text: str) -> None:
        for n in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(n)
            if item is not None:
                item.setHidden(text.lower() not in f"{item.text(0)} {item.text(1)}".lower())


def _plain(entry: Entry) -> str:
    title = entry.title if isinstance(entry.title, str) else entry.id.split(".")[-1].capitalize()
    return title.replace("&", "").rstrip("…")


def about(parent: QWidget) -> None:
    """Say what Pellucid is and what it is not."""
    box = QMessageBox(parent)
    box.setWindowTitle("About Pellucid")
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(
        f"<h3>Pellucid {__version__}</h3><p>A workbench for medical and biomedical images.</p>"
        "<p>For research and teaching. It is not a medical device: do not base a diagnosis on it.</p>"
        "<p>Apache License 2.0. Qt for Python is used under the LGPL 3.</p>"
    )
    box.exec()
