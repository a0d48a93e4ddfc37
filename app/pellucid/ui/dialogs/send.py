"""What to send to which server: series that were found, or a folder of DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr, tr_count
from pellucid.session.opening import title_of
from pellucid.ui import theme
from pellucid.ui.dialogs.server import ServerDialog
from pellucid.ui.docks.parts import (
    Elided,
    EmptyState,
    allow,
    described,
    dim,
    flat_button,
    push_button,
    row,
    section,
    titled,
)
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.session import Session

ABOUT = mark("Files are sent as they are, with the identity of the patient. To send them without it, de-identify them "
             "into a folder first, and send that.")  # fmt: skip
COPIES = mark("The copies are sent as they were written. Read the report and look at their pixels before.")
EVERYTHING = mark("Everything in the folder that is DICOM is sent.")
NONE = mark("No DICOM series was opened. Choose a folder of DICOM files to send.")


class SendDialog(QDialog):
    """Tick series, or choose a folder; it is sent in the background and listed in the study browser."""

    def __init__(self, session: Session, parent: QWidget | None = None, about: str = ABOUT) -> None:
        super().__init__(parent)
        self._session = session
        self._folder: Path | None = None
        self.setWindowTitle(tr("Send to a server"))
        self.setMinimumSize(520, 420)
        self._make_parts()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        add = flat_button("plus", tr("Add a server"), self._add, tip=tr("Add a PACS or a DICOMweb server"))
        column.addWidget(titled([(tr("Server"), row(self.server, add, stretch=0))]))
        column.addWidget(section(tr("Series to send")))
        column.addWidget(self.pages, 1)
        column.addWidget(row(self.choose, self.folder_line, self.back, spacing=theme.MARGIN, stretch=1))
        column.addWidget(dim(tr(about)))
        cancel = push_button(tr("Cancel"), self.reject)
        column.addWidget(row(QWidget(), cancel, self.go, spacing=theme.MARGIN, stretch=0))
        session.servers.changed.connect(self._show_servers)
        self.finished.connect(lambda _result: session.servers.changed.disconnect(self._show_servers))
        self._show_servers()

    def _make_parts(self) -> None:
        self.server = Choice()
        described(self.server, tr("Server"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Series to send"))
        self.list.setProperty("frame", True)
        self.list.setSpacing(2)
        shown = {str(path) for layer in self._session.document.images for path in layer.source.paths}
        for series in self._session.library.series:
            count = tr_count("{count:,} file", "{count:,} files", len(series.files))
            title = self._session.concealing.text(title_of(series))
            item = QListWidgetItem(f"{series.modality}  {title} · {count}")
            item.setToolTip(item.text())
            item.setData(Qt.ItemDataRole.UserRole, series.files)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_open = any(str(path) in shown for path in series.files[:1])
            item.setCheckState(Qt.CheckState.Checked if is_open else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.itemChanged.connect(lambda _item: self._enable())
        self.pages = QStackedWidget()
        self.pages.addWidget(self.list if self.list.count() else EmptyState("folder-open-outline", tr(NONE)))
        self.pages.addWidget(EmptyState("folder-open-outline", tr(EVERYTHING)))
        self.choose = push_button(tr("A folder instead…"), self._ask_folder,
                                  tip=tr("Send everything in a folder that is DICOM"))  # fmt: skip
        self.folder_line = Elided(mode=Qt.TextElideMode.ElideMiddle)
        self.back = flat_button("close", tr("Send series"), self.choose_series,
                                tip=tr("Forget the folder: send the series that are ticked"))  # fmt: skip
        self.back.hide()
        self.go = push_button(tr("Send"), self.accept, kind="primary")
        self.go.setDefault(True)

    def _show_servers(self) -> None:
        before = self.server.value()
        nodes = self._session.servers.nodes
        self.server.set_options([(node.name, node) for node in nodes] or [(tr("No server is known yet"), None)])
        names = [node.name for node in nodes]
        if before is not None and before.name in names:
            self.server.setCurrentIndex(names.index(before.name))
        self._enable()

    def _add(self) -> None:
        dialog = ServerDialog(self._session.servers, None, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Send a folder"), self._session.settings.last_folder)
        if folder:
            self.choose_folder(Path(folder))

    def choose_folder(self, folder: Path) -> None:
        """Send a folder instead of series."""
        self._folder = folder
        self.folder_line.setText(self._session.concealing.path(folder, 1))
        self._show_choice()

    def choose_series(self) -> None:
        """Send series instead of a folder."""
        self._folder = None
        self.folder_line.setText("")
        self._show_choice()

    def _show_choice(self) -> None:
        self.pages.setCurrentIndex(0 if self._folder is None else 1)
        self.back.setVisible(self._folder is not None)
        self._enable()

    def paths(self) -> tuple[Path, ...]:
        """Return the files or the folder that are to be sent."""
        if self._folder is not None:
            return (self._folder,)
        items = [self.list.item(n) for n in range(self.list.count())]
        ticked = [item for item in items if item.checkState() == Qt.CheckState.Checked]
        return tuple(path for item in ticked for path in item.data(Qt.ItemDataRole.UserRole))

    def _enable(self) -> None:
        why_not = "" if self.server.value() is not None else tr("Add a server first.")
        allow(self.go, why_not or ("" if self.paths() else tr("Tick a series or choose a folder.")))

    def accept(self) -> None:
        """Send it."""
        paths = self.paths()
        count = tr_count("{count:,} file", "{count:,} files", len(paths))
        title = self._folder.name if self._folder is not None else count
        self._session.servers.transfers.send(self.server.value(), paths, title)
        super().accept()


def show_send(session: Session, parent: QWidget, folder: Path | None = None, *, copies: bool = False) -> SendDialog:
    """Show the dialog; with a ``folder`` that is what is sent, de-identified ``copies`` or not."""
    dialog = SendDialog(session, parent, COPIES if copies else ABOUT)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if folder is not None:
        dialog.choose_folder(folder)
    dialog.open()
    return dialog
