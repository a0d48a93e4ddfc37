"""The files and folders a batch works on, with how many images each holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import mark, tr, tr_count
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.docks.parts import EmptyState, allow, dim, flat_button, push_button, row

if TYPE_CHECKING:
    from pellucid.recipes.batch import Item
    from pellucid.session import Session

EMPTY = mark("Drop files or folders here, or add them. Each image and each DICOM series is worked on.")


class InputList(QWidget):
    """A list to add to, to drop on and to take from; what is in it is looked at in the background."""

    changed = Signal()
    """Emitted when other images are meant, or when it is known which they are."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._session = session
        self.paths: list[Path] = []
        self.cases: tuple[Item, ...] = ()
        self.looking = False
        self.trouble = ""
        """Why the images cannot be found."""
        self._out: Path | None = None
        self._build()
        self._show()

    def _build(self) -> None:
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Files and folders"))
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setProperty("frame", True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemSelectionChanged.connect(self._allow)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("tray-arrow-down", tr(EMPTY)))
        self.stack.addWidget(self.list)
        self.list.setMinimumHeight(3 * theme.CONTROL_HEIGHT)
        self.stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.stack.setMinimumHeight(4 * theme.CONTROL_HEIGHT)
        self.files = push_button(tr("Add files…"), self._ask_files)
        self.folder = push_button(tr("Add a folder…"), self._ask_folder)
        self.remove = flat_button("minus", tr("Remove"), self._remove, tip=tr("Take the chosen lines off the list"))
        self.counted = dim(wrap=False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(self.files, self.folder, self.remove, self.counted, stretch=3))
        column.addWidget(self.stack, 1)

    def add(self, paths: Iterable[str | Path]) -> None:
        """Add files and folders, each once, and look what they hold."""
        new = [path for path in dict.fromkeys(Path(path).absolute() for path in paths) if path not in self.paths]
        if new:
            self.paths += new
            self.look()

    def leave_out(self, out: Path | None) -> None:
        """Pass over what lies in the folder of the results."""
        if out != self._out:
            self._out = out
            self.look()

    def look(self) -> None:
        """Find the images, in the background."""
        self.cases, self.trouble = (), ""
        self.looking = bool(self.paths)
        if self.paths:
            found, not_found = while_there(self, self._found), while_there(self, self._not_found)
            self._session.batching.look(self.paths, self._out, found, not_found)
        self._show()
        self.changed.emit()

    def _found(self, cases: tuple[Item, ...]) -> None:
        self.cases, self.looking = cases, False
        self._show()
        self.changed.emit()

    def _not_found(self, sentence: str) -> None:
        self.trouble, self.looking = sentence, False
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.stack.setCurrentIndex(1 if self.paths else 0)
        self.list.clear()
        for path in self.paths:
            count = sum(path in (case.path, *case.path.parents) for case in self.cases)
            said = "…" if self.looking else tr_count("{count} image", "{count} images", count)
            line = QTreeWidgetItem([str(path), said])
            line.setToolTip(0, str(path))
            line.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line.setIcon(0, theme.icon("folder-outline" if not path.suffix else "file-image-outline"))
            self.list.addTopLevelItem(line)
        total = tr_count("{count} image", "{count} images", len(self.cases))
        self.counted.setText("" if not self.paths else tr("Looking for images…") if self.looking else total)
        self._allow()

    def _allow(self) -> None:
        allow(self.remove, "" if self.list.selectedItems() else tr("Choose a line first."))

    def _ask_files(self) -> None:
        start = self._session.settings.last_folder
        names, _ = QFileDialog.getOpenFileNames(self, tr("Add files"), start)
        self.add(names)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Add a folder"), self._session.settings.last_folder)
        self.add([name] if name else [])

    def _remove(self) -> None:
        chosen = {self.list.indexOfTopLevelItem(line) for line in self.list.selectedItems()}
        self.paths = [path for n, path in enumerate(self.paths) if n not in chosen]
        self.look()

    def keyPressEvent(self, event: Any) -> None:
        """Take the chosen lines off the list with Delete."""
        if event.key() == Qt.Key.Key_Delete and self.list.selectedItems():
            self._remove()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        self.add(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        event.acceptProposedAction()
