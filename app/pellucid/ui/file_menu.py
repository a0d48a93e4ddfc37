"""What the File menu does: ask for paths, open, save, export, and never lose work unasked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from pellucid.language import mark, quoted, tr

if TYPE_CHECKING:
    from pellucid.dicom.documents import Document
    from pellucid.session.loading import Oversize
    from pellucid.session.versions import Undecided
    from pellucid.ui.main_window import MainWindow

WORK_FILTER = mark("Pellucid work (*.pellucid)")


class FileMenu:
    """Opening and saving in the name of one main window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._session = window.session

    def open_paths(self, paths: list[Any]) -> None:
        """Open files and folders; a saved work takes the place of what is open."""
        if any(str(path).lower().endswith(".pellucid") for path in paths) and not self.may_close():
            return
        self._window.attempt(lambda: self._session.open(paths))

    def show_reports(self, documents: tuple[Document, ...]) -> None:
        """Show documents as text beside the window."""
        from pellucid.ui.dialogs.report import ReportDialog

        dialog = ReportDialog(self._session, documents, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def ask_how_much(self, oversize: Oversize) -> None:
        """Ask what to open of an image that is larger than memory allows."""
        from pellucid.ui.dialogs.large import LargeDialog

        dialog = LargeDialog(oversize.refusal, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        loading = self._session.loading
        dialog.chosen.connect(
            lambda reduction: loading.load(
                oversize.item, oversize.part, replace=oversize.replace, reduce=reduction, place=oversize.place
            )
        )
        dialog.rejected.connect(lambda: self._session.notice.emit(str(oversize.refusal), "warning"))
        dialog.open()

    def ask_version(self, undecided: Undecided) -> None:
        """Ask which version of an image to open; without an answer nothing is."""
        from pellucid.ui.dialogs.versions import VersionsDialog

        dialog = VersionsDialog(undecided, self._session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def ask_folder(self) -> None:
        """Ask for a folder and open it."""
        folder = QFileDialog.getExistingDirectory(self._window, tr("Open a folder"), self._session.settings.last_folder)
        if folder:
            self._session.settings.last_folder = folder
            self.open_paths([folder])

    def ask_files(self) -> None:
        """Ask for files and open them."""
        files, _ = QFileDialog.getOpenFileNames(self._window, tr("Open files"), self._session.settings.last_folder)
        if files:
            self._session.settings.last_folder = str(Path(files[0]).parent)
            self.open_paths(list(files))

    def fill_recent(self, menu: QMenu) -> None:
        """List what was opened lately."""
        menu.clear()
        for number, path in enumerate(self._session.recent(), 1):
            menu.addAction(self._session.concealing.path(path, number), partial(self.open_paths, [path]))
        if menu.isEmpty():
            menu.addAction(tr("Nothing opened yet")).setEnabled(False)

    def save(self, then: Callable[[bool], None] = lambda _: None) -> None:
        """Save the work where it was saved before, else ask; ``then`` hears whether it was saved."""
        path = self._session.saving.path
        if path is None:
            self.save_as(then)
        else:
            self._session.saving.save(path, then)

    def save_as(self, then: Callable[[bool], None] = lambda _: None) -> None:
        """Ask where to save the work."""
        start = str(Path(self._session.settings.last_folder or Path.home()) / f"{self._session.title}.pellucid")
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save work as"), start, tr(WORK_FILTER))
        if name:
            path = Path(name)
            path = path if path.suffix == ".pellucid" else path.with_name(f"{path.name}.pellucid")
            self._session.saving.save(path, then)
        else:
            then(False)

    def find_sources(self, path: Path, state: Any) -> None:
        """Ask for the folder of images that a saved work refers to and that are gone."""
        names = ", ".join(quoted(missing.name) for missing in state.missing)
        self._window.notices.tell(
            tr("The images of {names} are not where they were. Choose their folder.", names=names), "warning"
        )
        folder = QFileDialog.getExistingDirectory(self._window, tr("Where are the images of {names}?", names=names))
        self._session.saving.resume(path, state, Path(folder) if folder else None)

    def export(self) -> None:
        """Show the export dialog."""
        from pellucid.ui.dialogs.export import ExportDialog

        dialog = ExportDialog(self._session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def export_dicom(self) -> None:
        """Show the dialog that writes layers and pictures as DICOM."""
        from pellucid.ui.dialogs.dicom import DicomDialog

        dialog = DicomDialog(self._session, self._window.canvas, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def take_away(self) -> None:
        """Show the dialog for pictures and films of the panes."""
        from pellucid.ui.dialogs.take_away import TakeAwayDialog

        dialog = TakeAwayDialog(self._session, self._window.canvas, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def batch(self) -> None:
        """Show the dialog for a recipe on many images."""
        from pellucid.ui.dialogs.batch import show_batch

        show_batch(self._session, self._window)

    def deidentify(self) -> None:
        """Show the dialog for copies that do not say who the patient is."""
        from pellucid.ui.dialogs.deidentify import show_deidentify

        show_deidentify(self._session, self._window)

    def copy_picture(self, *, layout: bool) -> None:
        """Put a picture of the pane in use, or of all panes, on the clipboard."""
        from pellucid.ui.canvas.picturing import Look, Picturing

        canvas, session = self._window.canvas, self._session
        identity = session.settings.picture_identity and not session.view.hide_identity
        look = Look(None if layout else canvas.pane_in_use(), identity=identity)
        QGuiApplication.clipboard().setImage(Picturing(canvas).picture(look))
        if look.identity:
            said = tr("The panes were copied.") if layout else tr("The pane was copied.")
        else:
            said = tr("The panes were copied without the identity.") if layout else tr(
                "The pane was copied without the identity.")  # fmt: skip
        self._session.notice.emit(said, "info")

    def close_all(self) -> None:
        """Close every layer, asking once when work would be lost."""
        if self.may_close():
            self._session.close_all()

    def may_close(self) -> bool:
        """Ask once when work would be lost; return whether to go on."""
        if self._session.is_clean:
            return True
        from pellucid.ui.dialogs.unsaved import Answer, ask_unsaved

        answer = ask_unsaved(self._window, self._session.title)
        if answer is Answer.SAVE:
            return self._save_and_wait()
        return answer is Answer.DISCARD

    def _save_and_wait(self) -> bool:
        loop, answers = QEventLoop(), list[bool]()

        def hear(saved: bool) -> None:
            answers.append(saved)
            loop.quit()

        self.save(hear)
        if not answers:
            loop.exec()
        return answers == [True]
