"""Saving a layout under a name, and the small dialog that renames and deletes layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QInputDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row, section

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def ask_and_save(window: MainWindow) -> None:
    """Ask for a name and keep the layout of the window in front under it."""
    own, screen = window.session.own_layouts, window.canvas_in_use().screen_state
    name, given = QInputDialog.getText(
        window, tr("Save layout"), tr("Name of the layout:"), QLineEdit.EchoMode.Normal, _proposal(window.session)
    )
    if given:
        window.attempt(lambda: own.save(name, screen))


def _proposal(session: Session) -> str:
    taken = {layout.name for layout in session.own_layouts.all()}
    return next(name for n in range(1, 1000) if (name := tr("Layout {n}", n=n)) not in taken)


class LayoutsDialog(QDialog):
    """The layouts there are: type another name, or delete; both take effect at once."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Saved layouts"))
        self.setMinimumSize(360, 300)
        self._own = session.own_layouts
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Saved layouts"))
        self.list.itemChanged.connect(self._rename)
        self.list.currentRowChanged.connect(lambda _row: self._allow())
        self.said = dim("")
        self.said.setProperty("tone", "warning")
        self.rename = push_button(tr("Rename"), self._edit)
        self.delete = push_button(tr("Delete"), self._delete)
        close = push_button(tr("Close"), self.accept, kind="primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Saved layouts")))
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        column.addWidget(row(self.rename, self.delete, QWidget(), close, spacing=theme.MARGIN, stretch=2))
        self._fill()

    def _fill(self, chosen: int = 0) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for layout in self._own.all():
            item = QListWidgetItem(layout.name)
            item.setData(Qt.ItemDataRole.UserRole, layout.name)
            item.setToolTip(tr("{rows} × {columns} panes", rows=layout.rows, columns=layout.columns))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.setCurrentRow(min(chosen, self.list.count() - 1))
        self.list.blockSignals(False)
        self._allow()

    def _allow(self) -> None:
        for button in (self.rename, self.delete):
            button.setEnabled(self.list.currentItem() is not None)

    def _edit(self) -> None:
        self.list.editItem(self.list.currentItem())

    def _rename(self, item: QListWidgetItem) -> None:
        self.said.setText("")
        try:
            self._own.rename(item.data(Qt.ItemDataRole.UserRole), item.text())
        except Refused as refusal:
            self.said.setText(str(refusal))
        chosen = self.list.row(item)
        QTimer.singleShot(0, self, lambda: self._fill(chosen))  # Qt still uses the item after this signal

    def _delete(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._own.delete(item.data(Qt.ItemDataRole.UserRole))
            self._fill(self.list.currentRow())
