"""The part of the menu Registration that reads and writes DICOM registrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry, needs_two

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _cannot_save(session: Session) -> str:
    return session.spatial_registrations.why_not(session.document.active_image)


def _load(window: MainWindow) -> None:
    name, _ = QFileDialog.getOpenFileName(window, tr("Apply a DICOM registration"), "", tr("DICOM (*.dcm);;All (*)"))
    if name:
        window.session.spatial_registrations.load(Path(name))


def _save(window: MainWindow) -> None:
    layer = window.session.document.active_image
    name, _ = QFileDialog.getSaveFileName(
        window, tr("Save as a DICOM registration"), "registration.dcm", tr("DICOM (*.dcm)"))  # fmt: skip
    if name and layer is not None:
        path = Path(name)
        window.session.spatial_registrations.save(layer, path if path.suffix else path.with_suffix(".dcm"))


ROWS: tuple[Entry, ...] = (
    Entry("registration.load_dicom", "Registration", "Apply a &DICOM registration…", _load, (), "file-import-outline",
          needs_two, tip="Put an image where a spatial registration (SRO) says that it lies"),
    Entry("registration.save_dicom", "Registration", "Sa&ve as a DICOM registration…", _save, (),
          "file-export-outline", _cannot_save,
          tip="Write where the active image was put as a spatial registration (SRO)"),
)  # fmt: skip
