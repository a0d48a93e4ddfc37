"""One element in all files of a series: a line per slice."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from pellucid.language import tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, flat_button, row
from pellucid.ui.docks.tables import show_whole_rows

ABSENT = "–"


class TagColumn(QWidget):
    """A table of slice, file and value, with how many different values there are."""

    left = Signal()
    """Emitted when the user goes back to the tree."""
    chosen = Signal(int)
    """Emitted with the number of the file in the row the user chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self._rows: list[tuple[str, str, str]] = []
        back = flat_button("arrow-left", tr("Back to all tags"), self.left.emit)
        copy = flat_button("content-copy", tr("Copy"), self.copy, tip=tr("Copy the table"))
        self.title, self.about = dim(wrap=True), dim(wrap=True)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(tr("One tag in all files"))
        self.table.setHorizontalHeaderLabels([tr("No."), tr("Value"), tr("File")])
        show_whole_rows(self.table, 22)
        header = self.table.horizontalHeader()
        header.setProperty("flush", True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.itemActivated.connect(lambda item: self.chosen.emit(item.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(back, self.title, copy, stretch=1))
        column.addWidget(self.about)
        column.addWidget(self.table, 1)

    def wait(self, title: str) -> None:
        """Say which element is being read."""
        self._title, self._rows = title, []
        self.title.setText(title)
        self.about.setText(tr("Reading all files…"))
        self.table.setRowCount(0)

    def show_texts(self, paths: Sequence[Path], texts: Sequence[str | None], names: Sequence[str]) -> None:
        """Show what each file says; a dash where it does not have the element."""
        self._rows = [
            (str(n), ABSENT if text is None else text, name)
            for n, (text, name) in enumerate(zip(texts, names, strict=True), 1)
        ]
        values = len({text for text in texts if text is not None})
        missing = sum(text is None for text in texts)
        said = [tr_count("{count:,} file", "{count:,} files", len(paths)),
                tr_count("{count:,} different value", "{count:,} different values", values)]  # fmt: skip
        if missing:
            said.append(tr_count("{count:,} file does not have it", "{count:,} files do not have it", missing))
        self.about.setText(" · ".join(said))
        self.table.setRowCount(len(self._rows))
        for n, cells in enumerate(self._rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text.replace("\n", " ⏎ "))
                item.setToolTip(text[:512])
                self.table.setItem(n, column, item)

    def complain(self, sentence: str) -> None:
        """Say why there are no values."""
        self.about.setText(sentence)

    def copy(self) -> None:
        """Put the table on the clipboard, tab-separated."""
        out = io.StringIO()
        csv.writer(out, delimiter="\t", lineterminator="\n").writerows([("No.", self._title, "File"), *self._rows])
        QGuiApplication.clipboard().setText(out.getvalue())
