"""States of the dialog “Export DICOM”; ``pictures.py`` draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from pellucid.ui import theme
from pellucid.ui.dialogs.dicom import DicomDialog
from pellucid.ui.dialogs.dicom_targets import What, choices

if TYPE_CHECKING:
    from pictures import Stage

DICOM_EXPORT_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    DICOM_EXPORT_STATES[function.__name__] = function
    return function


def _dialog(stage: Stage, wanted: Callable[[What], bool] | None = None, *, exact: bool = True) -> DicomDialog:
    """Show the dialog with a choice, whatever it is called, and wait for what it says of it."""
    dialog = DicomDialog(stage.session, stage.window.canvas, stage.window)
    if wanted is not None:
        row = next(n for n, (_, what) in enumerate(choices(stage.session)) if wanted(what))
        dialog.what.setCurrentIndex(row)
        dialog.what.chosen.emit(dialog.what.value())
    if not exact:
        dialog.numbers.buttons[1].click()
    stage.popup = dialog
    dialog.move(stage.window.mapToGlobal(QPoint(400, 160)))
    dialog.show()
    stage.settle(0.6)
    return dialog


@state
def export_dicom(stage: Stage) -> None:
    """Show what the dialog says of an image."""
    stage.open()
    _dialog(stage)


@state
def export_dicom_light(stage: Stage) -> None:
    """Show it in light colours."""
    stage.open()
    theme.apply(stage.app, "light")
    _dialog(stage)


@state
def export_dicom_rounded(stage: Stage) -> None:
    """Show what is said of an image whose values would be rounded."""
    stage.open()
    stage.run("intensity.rescale", minimum=0.0, maximum=1.0, pixel_type="float32")
    _dialog(stage, exact=False)


@state
def export_dicom_labels(stage: Stage) -> None:
    """Show what is said of labels."""
    stage.open()
    stage.run("threshold.range", lower=200.0, upper=3000.0)
    _dialog(stage, lambda what: len(what.kinds) > 1)


@state
def export_dicom_picture(stage: Stage) -> None:
    """Show what is said of a picture of a pane."""
    stage.open()
    _dialog(stage, lambda what: what.layer is None)


@state
def export_dicom_done(stage: Stage) -> None:
    """Show what was written, and what can be done with it."""
    stage.open()
    dialog = _dialog(stage)
    dialog.path.setText(str(Path(tempfile.mkdtemp()) / "Chest DICOM"))
    dialog._tell()
    dialog.go.click()
    stage.settle(0.6)
    stage.window.notices.hide()


@state
def export_dicom_cleaned(stage: Stage) -> None:
    """Show what is said where what is written is to be de-identified and compressed."""
    stage.open()
    dialog = _dialog(stage)
    dialog.compression.buttons[1].click()
    dialog.clean.click()
    stage.settle(0.6)
