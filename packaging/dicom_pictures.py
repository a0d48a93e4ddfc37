"""States of the window that show what DICOM holds besides plain volumes; ``pictures.py`` draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialog

from pellucid.dicom.documents import Document
from pellucid.dicom.structured_reports import Line
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition
from pellucid.ui import theme
from pellucid.ui.dialogs.report import ReportDialog
from pellucid.ui.dialogs.splitting import SplittingDialog

if TYPE_CHECKING:
    from pictures import Stage

DICOM_STATES: dict[str, Callable[[Stage], None]] = {}
_SIZE = 64


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    DICOM_STATES[function.__name__] = function
    return function


def _popup(stage: Stage, dialog: QDialog, place: QPoint) -> None:
    stage.popup = dialog
    dialog.show()
    dialog.move(stage.window.pos() + place)
    stage.settle(0.4)


def _echoes(stage: Stage) -> None:
    """Open a generated series of two echoes at three times."""
    from pydicom.uid import generate_uid

    from pellucid.dicom.writing.demo_series import write_series

    folder = Path(tempfile.mkdtemp(prefix="pellucid-"))
    y, x = np.mgrid[-1 : 1 : _SIZE * 1j, -1 : 1 : _SIZE * 1j]
    uid, grid = generate_uid(), Geometry((_SIZE, _SIZE, 12), (1.0, 1.0, 2.0))
    about = Acquisition("MR", series_description="Two echoes, three times")
    for echo in range(2):
        for time in range(3):
            ball = [np.exp(-(x**2 + y**2 + z**2) * (1 + echo + time)) * 1000 for z in np.linspace(-1, 1, 12)]
            extra = {"SeriesInstanceUID": uid, "EchoTime": 4.6 * (echo + 1), "TemporalPositionIdentifier": time + 1,
                     "FrameOfReferenceUID": "1.2.3"}  # fmt: skip
            write_series(folder / f"{echo}{time}", np.array(ball).astype(np.int16), grid, about,
                         seed=f"{echo}{time}", extra=extra)  # fmt: skip
    stage.session.open([folder])
    stage.settle()


def _split(stage: Stage) -> SplittingDialog:
    _echoes(stage)
    dialog = SplittingDialog(stage.session, stage.session.library.series[0], stage.window)
    _popup(stage, dialog, QPoint(440, 240))
    rows = [dialog.tags.topLevelItem(n) for n in range(dialog.tags.topLevelItemCount())]
    row = next(row for row in rows if row is not None and "EchoTime" in row.text(1))
    row.setCheckState(0, Qt.CheckState.Checked)
    stage.settle(0.4)
    return dialog


@state
def split_series(stage: Stage) -> None:
    """Show the dialog that splits a series by other tags."""
    _split(stage)


@state
def split_series_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    _split(stage)


@state
def split_series_done(stage: Stage) -> None:
    """Show the list of studies after a series was split."""
    _split(stage).accept()
    stage.settle(0.6)


_LINES = (
    (0, "Imaging Measurement Report (complete, verified)"), (1, "Language of Content Item and Descendants: English"),
    (1, "Observer Type: Person"), (1, "Person Observer Name: House, Gregory"),
    (1, "Procedure reported: Computed tomography of chest"), (1, "Imaging Measurements"),
    (2, "Measurement Group"), (3, "Tracking Identifier: Lesion 1"), (3, "Finding Site: Lower lobe of right lung"),
    (3, "Length: 12.5 mm"), (4, "Path: line, 2 points"), (5, "Source: CT Image 1.2.826.0.1.3680043.8.498.1"),
    (3, "Attenuation coefficient: 37 [hnsf'U]"), (2, "Measurement Group"), (3, "Tracking Identifier: Lesion 2"),
    (3, "Finding Site: Hilar lymph node"), (3, "Short Axis: 9 mm"), (1, "Conclusion: The nodule of the lower lobe has"),
    (2, "grown by 2 mm since the examination of March. A control in three months is advised."),
)  # fmt: skip


_LETTER = (
    "PDF 1.7, 0.212 MB", "Page 1 of 2", "Department of Radiology", "Dear colleague,",
    "thank you for sending us Jane Doe (born 12.04.1958), whom we examined on 1 March 2024.",
    "Computed tomography of the chest: a nodule of 12.5 mm in the lower lobe of the right lung,",
    "which has grown by 2 mm since last March.", "Page 2 of 2", "A control in three months is advised.",
    "With kind regards",
)  # fmt: skip


def _report(stage: Stage) -> ReportDialog:
    stage.open("CT")
    lines = tuple(Line(depth, text, "House" in text) for depth, text in _LINES)
    report = Document(Path("a"), "Imaging Measurement Report", "report", lines, ("Doe, Jane", "P-4711", "19580412"),
                      "2024-03-01 13:45")  # fmt: skip
    pages = tuple(Line(text[:5] not in ("PDF 1", "Page "), text, False) for text in _LETTER)
    letter = Document(Path("b"), "Letter to the referring doctor", "pdf", pages, report.patient, report.date,
                      "Only the words are shown, without pictures and layout. Save it, or open it with the viewer of "
                      "your system.", 212_000)  # fmt: skip
    dialog = ReportDialog(stage.session, (report, letter), stage.window)
    _popup(stage, dialog, QPoint(420, 180))
    return dialog


@state
def report(stage: Stage) -> None:
    """Show a structured report, searched."""
    _report(stage).search.setText("lesion")
    stage.settle()


@state
def report_hidden_light(stage: Stage) -> None:
    """Show the same with the identity hidden, in the light theme."""
    theme.apply(stage.app, "light")
    stage.session.view.hide_identity = True
    _report(stage)


@state
def report_pdf(stage: Stage) -> None:
    """Show the words of a PDF."""
    dialog = _report(stage)
    dialog.which.set_value(1)
    dialog.which.activated.emit(1)
    stage.settle()
