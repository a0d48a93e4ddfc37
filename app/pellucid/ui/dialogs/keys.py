"""The sheet of everything mouse and keys do: searched, changed, reset, exported and imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid.files.texts import write_text
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.canvas.key_book import KeyBook, KeyRow, shown
from pellucid.ui.dialogs.key_recorder import KeyRecorder
from pellucid.ui.docks.parts import allow, dim, push_button, row
from pellucid.ui.mouse_habits import habits_of, mouse_sheet, scheme_of

if TYPE_CHECKING:
    from pellucid.session import Session

ID_ROLE = Qt.ItemDataRole.UserRole
_CHANGED_MARK = "changed"
_ROW = QSize(0, 24)


class KeysDialog(QDialog):
    """Enter or a double-click changes the key of a row; what the mouse does is told above, by scheme."""

    def __init__(self, session: Session, book: KeyBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Mouse and keys"))
        self.resize(620, 640)
        self._session, self._book = session, book
        self._items: dict[str, QTreeWidgetItem] = {}
        self._make_list()
        self._make_buttons()
        self._lay_out()
        self._fill()
        self.search.setFocus()

    def _make_list(self) -> None:
        self.search = QLineEdit(placeholderText=tr("Search an action or a key"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Search keys"))
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(12)
        self.list.setUniformRowHeights(True)
        self.list.setProperty("frame", True)
        self.list.setHeaderLabels([tr("Action"), tr("Mouse or keys"), ""])
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setAccessibleName(tr("Actions and keys"))
        self.list.currentItemChanged.connect(lambda *_: self._chosen())
        self.list.itemDoubleClicked.connect(lambda *_: self.change())
        self.list.installEventFilter(self)

    def _make_buttons(self) -> None:
        self.recorder = KeyRecorder(self._book)
        self.recorder.done.connect(self._recorded)
        self.change_button = push_button(tr("Change…"), self.change, tip=tr("Press another key for this (Enter)"))
        self.add_button = push_button(tr("Add a key…"), self.add, tip=tr("Let a second key do this, too"))
        self.take_button = push_button(tr("Remove key"), self.take_away, tip=tr("No key does this any more (Delete)"))
        self.reset_button = push_button(tr("Reset"), self.reset, tip=tr("The key it had at first"))
        self.reset_all_button = push_button(tr("Reset all"), self.reset_all, tip=tr("All keys as they were at first"))
        self.export_button = push_button(tr("Export…"), self._ask_export, tip=tr("Write your keys to a file"))
        self.import_button = push_button(tr("Import…"), self._ask_import, tip=tr("Take over keys from a file"))
        self.close_button = push_button(tr("Close"), self.accept)
        self.said = dim()
        self.said.setAccessibleName(tr("What happened to the keys"))

    def _lay_out(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self.recorder)
        column.addWidget(row(self.change_button, self.add_button, self.take_button, self.reset_button,
                             spacing=theme.MARGIN))  # fmt: skip
        column.addWidget(self.said)
        column.addWidget(row(self.reset_all_button, self.export_button, self.import_button, QWidget(),
                             self.close_button, spacing=theme.MARGIN, stretch=3))  # fmt: skip

    # ---------------------------------------------------------------- the list

    def _fill(self) -> None:
        settings = self._session.settings
        habits = habits_of(settings)
        scheme = scheme_of(habits)
        mouse = self._group(tr("Mouse – {title}", title=tr(scheme.title)) if scheme else tr("Mouse – your own choice"))
        for what, how in mouse_sheet(habits, up_is_brighter=settings.invert_window_vertical):
            item = QTreeWidgetItem(mouse, [what, how])
            item.setSizeHint(0, _ROW)
            item.setToolTip(0, tr("Edit ▸ Preferences changes what the mouse does"))
        groups: dict[str, QTreeWidgetItem] = {}
        for key_row in self._book.rows:
            if key_row.group not in groups:
                groups[key_row.group] = self._group(key_row.group)
            item = QTreeWidgetItem(groups[key_row.group], [key_row.title])
            item.setData(0, ID_ROLE, key_row.id)
            item.setSizeHint(0, _ROW)
            self._items[key_row.id] = item
        self.list.expandAll()
        self._refresh()
        self._chosen()

    def _group(self, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.list, [title])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setSizeHint(0, _ROW)
        item.setFont(0, theme.small_caps(self.font()))
        item.setForeground(0, self.palette().placeholderText())
        return item

    def _refresh(self) -> None:
        for row_id, item in self._items.items():
            item.setText(1, shown(self._book.keys(row_id)))
            item.setText(2, _CHANGED_MARK if self._book.is_changed(row_id) else "")
            item.setForeground(2, self.palette().placeholderText())
        allow(self.reset_all_button, "" if self._session.settings.keys else tr("No key was changed."))

    def _filter(self, text: str) -> None:
        wanted = text.lower().split()
        for n in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(n)
            assert group is not None
            found = 0
            for k in range(group.childCount()):
                item = group.child(k)
                assert item is not None
                said = f"{group.text(0)} {item.text(0)} {item.text(1)}".lower()
                item.setHidden(not all(word in said for word in wanted))
                found += not item.isHidden()
            group.setHidden(not found)

    def current(self) -> KeyRow | None:
        """Return the row that is chosen, if its key can be changed."""
        item = self.list.currentItem()
        row_id = item.data(0, ID_ROLE) if item is not None else None
        return self._book.row(row_id) if row_id else None

    def _chosen(self) -> None:
        key_row = self.current()
        self.recorder.stop()
        why_not = "" if key_row else tr("Choose an action in the list first.")
        for button in (self.change_button, self.add_button):
            allow(button, why_not)
        has_keys = key_row is not None and bool(self._book.keys(key_row.id))
        allow(self.take_button, why_not or ("" if has_keys else tr("No key does this.")))
        changed = key_row is not None and self._book.is_changed(key_row.id)
        allow(self.reset_button, why_not or ("" if changed else tr("It has the key it had at first.")))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Change with Enter and take away with Delete while the list has the focus."""
        if watched is self.list and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
                self.change()
                return True
            if event.key() == Qt.Key.Key_Delete:
                self.take_away()
                return True
        return super().eventFilter(watched, event)

    # ---------------------------------------------------------------- changing

    def change(self) -> None:
        """Record another key for the chosen row."""
        key_row = self.current()
        if key_row is not None:
            self._record(key_row, ())

    def add(self) -> None:
        """Record one more key for the chosen row."""
        key_row = self.current()
        if key_row is not None:
            self._record(key_row, self._book.keys(key_row.id))

    def _record(self, key_row: KeyRow, besides: tuple[str, ...]) -> None:
        self.recorder.record(key_row, besides)
        self._column.activate()
        self.list.scrollToItem(self._items[key_row.id])

    def take_away(self) -> None:
        """Leave the chosen row without a key."""
        key_row = self.current()
        if key_row is not None and self._book.keys(key_row.id):
            self._book.give(key_row.id, ())
            self._tell(tr("No key does “{title}” any more.", title=key_row.title))

    def reset(self) -> None:
        """Give the chosen row the key it had at first."""
        key_row = self.current()
        if key_row is not None:
            self._book.reset(key_row.id)
            self._tell(tr("“{title}” has the key it had at first.", title=key_row.title))

    def reset_all(self) -> None:
        """Give every row the key it had at first."""
        self._book.reset_all()
        self._tell(tr("All keys are as they were at first."))

    def _recorded(self, said: str) -> None:
        if said:
            self._tell(said)
        self.list.setFocus()

    def _tell(self, said: str) -> None:
        self._refresh()
        self._chosen()
        self.said.setText(said)

    # ---------------------------------------------------------------- files

    def _ask_export(self) -> None:
        start = str(Path(self._session.settings.last_folder or Path.home()) / "pellucid-keys.json")
        path, _ = QFileDialog.getSaveFileName(self, tr("Export keys"), start, tr("Keys (*.json)"))
        if path:
            self.export_to(Path(path))

    def _ask_import(self) -> None:
        start = self._session.settings.last_folder or str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self, tr("Import keys"), start, tr("Keys (*.json)"))
        if path:
            self.import_from(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the changed keys to a file."""
        try:
            write_text(path, self._book.to_json())
        except Refused as refusal:
            self._tell(str(refusal))
        else:
            self._tell(tr("Your keys were written to {name}.", name=path.name))

    def import_from(self, path: Path) -> None:
        """Take over the keys of a file."""
        try:
            unknown = self._book.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self._tell(tr("{name} could not be read. Choose a file of keys that was exported here.", name=path.name))
        except Refused as refusal:
            self._tell(str(refusal))
        else:
            said = tr("The keys of {name} are in force.", name=path.name)
            self._tell(
                tr("{said} {unknown} of its actions are not known here.", said=said, unknown=unknown)
                if unknown
                else said
            )
