"""The folders of the study database: add one, look through it again, take it out; what is not connected is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from pellucid.language import tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, flat_button, section

if TYPE_CHECKING:
    from pellucid.database.rows import Root
    from pellucid.session import Session

ROOT_ROLE = Qt.ItemDataRole.UserRole + 1
WIDTH = 228


class FolderList(QWidget):
    """Folders with their state; Delete takes the chosen one out of the list."""

    add_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setFixedWidth(WIDTH)
        self.add = flat_button("folder-plus-outline", tr("Add a folder"), self.add_asked.emit,
                               tip=tr("Add a folder: its studies are listed, nothing is copied"))  # fmt: skip
        self.update_button = flat_button("refresh", tr("Update folders"), self.update_chosen,
                                         tip=tr("Look through the chosen folder again, or through all"))  # fmt: skip
        self.stop_button = flat_button("stop-circle-outline", tr("Stop updating"), self.stop,
                                       tip=tr("Stop; what was found stays in the list"))  # fmt: skip
        away = tr("Take the folder out of the list (Delete); its files stay")
        self.remove_button = flat_button("folder-remove-outline", tr("Remove folder"), self.remove_chosen, tip=away)
        self._make_list()
        self.keep = QCheckBox(tr("Keep thumbnails"))
        described(self.keep, tr("Keep thumbnails"), tr("Off: they are made anew each time and those kept are deleted"))
        self.keep.toggled.connect(session.studies.pictures.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Folders"), self.add, self.update_button, self.stop_button, self.remove_button))
        column.addWidget(self.list, 1)
        column.addWidget(self.keep)
        column.addWidget(dim(tr("Thumbnails show patients, and text that was burned in. They and the list stay in your "
                                "private folder; your files are never changed.")))  # fmt: skip
        self.show_state()

    def _make_list(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Folders of the study database"))
        self.list.setProperty("frame", True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.currentItemChanged.connect(lambda *_: self._enable())

    def chosen(self) -> Root | None:
        """Return the chosen folder."""
        item = self.list.currentItem()
        return item.data(ROOT_ROLE) if item is not None else None

    def show_state(self) -> None:
        """Show the folders as they are now."""
        studies, before = self._session.studies, self.chosen()
        self.keep.blockSignals(True)
        self.keep.setChecked(self._session.settings.keep_thumbnails)
        self.keep.blockSignals(False)
        while self.list.count() > len(studies.roots):
            self.list.takeItem(self.list.count() - 1)
        hidden = self._session.view.hide_identity
        for n, root in enumerate(studies.roots):
            item = self.list.item(n) or QListWidgetItem(self.list)
            item.setData(ROOT_ROLE, root)
            name = tr("Folder {number}", number=n + 1) if hidden else root.path.name or str(root.path)
            item.setText(f"{name}\n{self._state(root)}")
            item.setToolTip("" if hidden else str(root.path))
            item.setIcon(theme.icon("power-plug-off-outline" if root.offline else "folder-outline",
                                    theme.colors().warning if root.offline else ""))  # fmt: skip
            item.setSizeHint(QSize(0, 2 * self.fontMetrics().height() + 12))
            if before is not None and root.id == before.id:
                self.list.setCurrentItem(item)
        self._enable()

    def _state(self, root: Root) -> str:
        progress = self._session.studies.progress(root)
        if progress is not None:
            return tr_count("updating: {count:,} file", "updating: {count:,} files", progress.seen)
        if root.offline:
            return tr("cannot be reached")
        files = tr_count("{count:,} file", "{count:,} files", root.files)
        if root.missing:
            return " · ".join((files, tr("{count:,} missing", count=root.missing)))
        return " · ".join((files, _when(root.updated)))

    def _enable(self) -> None:
        studies, root = self._session.studies, self.chosen()
        running = any(studies.progress(one) is not None for one in studies.roots)
        nothing = tr("Add a folder first.")
        allow(self.update_button, "" if studies.roots else nothing)
        allow(self.stop_button, "" if running else tr("No folder is being updated."))
        choose = tr("Choose a folder first.") if studies.roots else nothing
        allow(self.remove_button, choose if root is None else "")

    # ---------------------------------------------------------------- from the user

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes the chosen folder out of the list."""
        if event.matches(QKeySequence.StandardKey.Delete) and self.list.hasFocus():
            self.remove_chosen()
        else:
            super().keyPressEvent(event)

    def update_chosen(self) -> None:
        """Look through the chosen folder again, or through all."""
        root = self.chosen()
        if root is not None:
            self._session.studies.update(root)
        else:
            self._session.studies.update_all()

    def stop(self) -> None:
        """Stop every update."""
        for root in self._session.studies.roots:
            self._session.studies.stop(root)

    def remove_chosen(self) -> None:
        """Take the chosen folder out of the list; its files stay, and it can be added again."""
        root = self.chosen()
        if root is not None:
            self._session.studies.remove_root(root)


def _when(updated: float) -> str:
    """Return when a folder was looked through last, in few words."""
    if not updated:
        return tr("not complete")
    then, now = time.localtime(updated), time.localtime()
    if then[:3] == now[:3]:
        return tr("today {time}", time=time.strftime("%H:%M", then))
    return time.strftime("%Y-%m-%d", then)
