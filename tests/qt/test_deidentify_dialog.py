"""The de-identify dialog, used as a person would: look, draw over the text, run, read and save the report."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel

from dicom_making import put_pixels, save, slice_dataset
from patience import PATIENCE
from pellucid import main
from pellucid.settings import Settings
from pellucid.ui.dialogs.deidentify import PIXELS, REPORT, show_deidentify
from pellucid.ui.dialogs.send import SendDialog

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def originals(folder: Path) -> Path:
    folder.mkdir()
    ct = [slice_dataset(np.full((16, 16), 100 * n, np.int16), number=n, position=(0, 0, n)) for n in (1, 2)]
    capture = slice_dataset(np.zeros((4, 4), np.uint8), series="1.2.3.5", modality="OT", sop_class=CAPTURE,
                            position=None, orientation=None, slope=None)  # fmt: skip
    pixels = np.full((40, 60, 3), 90, np.uint8)
    pixels[5:10, 10:30] = 255
    put_pixels(capture, pixels, "RGB")
    save(folder, (*ct, capture))
    return folder


@pytest.fixture
def window(qtbot):
    window = main.make_window(Settings())
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close_without_asking()


@pytest.fixture
def dialog(window, qtbot, tmp_path):
    dialog = show_deidentify(window.session, window)
    qtbot.mouseClick(dialog.set_up.what.buttons[1], Qt.MouseButton.LeftButton)
    qtbot.keyClicks(dialog.set_up.source, str(originals(tmp_path / "in")))
    qtbot.keyClick(dialog.set_up.source, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.series.count() == 2)
    qtbot.keyClicks(dialog.set_up.out, str(tmp_path / "out"))
    return dialog


def draw(qtbot, picture, box) -> None:
    x, y, width, height = box
    place = picture._place()
    scale = place.width() / picture._image.width()

    def at(column: float, line: float) -> QPoint:
        return QPointF(place.x() + column * scale, place.y() + line * scale).toPoint()

    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=at(x + 0.5, y + 0.5))
    qtbot.mouseMove(picture, at(x + width - 0.5, y + height - 0.5))
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=at(x + width - 0.5, y + height - 0.5))


@pytest.mark.hazard("H36")
def test_text_is_drawn_over_and_gone_from_the_copies(dialog, qtbot, tmp_path):
    assert "may show text" in dialog.series.currentText() and dialog.card.lines
    dialog.tabs.setCurrentIndex(PIXELS)
    qtbot.waitUntil(lambda: not dialog.picture._image.isNull())
    draw(qtbot, dialog.picture, (9, 4, 23, 8))
    assert dialog.picture.boxes == [(9, 4, 23, 8)]
    dialog.confirmed.click()
    assert dialog.card.isHidden()  # who has looked is not told to look
    qtbot.keyClicks(dialog.set_up.code, "Case1")
    dialog.set_up.boxes["modified_dates"].click()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog._work.outcome is not None)
    copy = dcmread(next(path for path in (tmp_path / "out").rglob("*.dcm") if dcmread(path).Modality == "OT"))
    assert copy.pixel_array.max() == 90 and (copy.pixel_array[4:12, 9:32] == 0).all()
    assert copy.PatientID == "Case1" and copy.BurnedInAnnotation == "NO"
    assert dialog.tabs.currentIndex() == REPORT and "113107" in dialog.report.toPlainText()
    assert "1 rectangle was blacked out" in dialog.report.toPlainText()
    assert not any("may show" in line for line in (*dialog.card.lines, dialog.report.toPlainText()))
    dialog.save_report(tmp_path / "report.json")
    qtbot.waitUntil((tmp_path / "report.json").exists)
    said = dialog.card.lines
    dialog.save_report(tmp_path / "report.json" / "below.json")
    qtbot.waitUntil(lambda: dialog.card.lines != said)
    assert len(json.loads((tmp_path / "report.json").read_text())["files"]) == 3
    assert dialog.folder.isVisible()
    qtbot.mouseClick(dialog.send, Qt.MouseButton.LeftButton)
    (sending,) = dialog.findChildren(SendDialog)
    assert sending.paths() == (tmp_path / "out",) and "with the identity" not in said_in(sending)


def said_in(dialog) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


def test_the_preview_says_what_would_change(dialog, qtbot):
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    rows = [[dialog.table.item(n, c).text() for c in range(3)] for n in range(dialog.table.rowCount())]
    assert ["(0010,0010)", "Patient's Name", "replaced"] in rows
    dialog.set_up.boxes["uids"].click()
    rows = range(dialog.table.rowCount())
    qtbot.waitUntil(lambda: any("kept by option" in dialog.table.item(n, 2).text() for n in rows))


def test_rectangles_are_taken_away_and_a_drag_is_given_up(dialog, qtbot):
    qtbot.waitUntil(lambda: not dialog.picture._image.isNull())
    dialog.tabs.setCurrentIndex(PIXELS)
    draw(qtbot, dialog.picture, (1, 1, 5, 5))
    qtbot.keyClick(dialog.picture, Qt.Key.Key_Delete)
    assert dialog.picture.boxes == []
    qtbot.mousePress(dialog.picture, Qt.MouseButton.LeftButton, pos=dialog.picture.rect().center())
    qtbot.keyClick(dialog.picture, Qt.Key.Key_Escape)
    qtbot.mouseRelease(dialog.picture, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert dialog.picture.boxes == [] and dialog.isVisible()
    draw(qtbot, dialog.picture, (1, 1, 5, 5))
    qtbot.mouseClick(dialog.every, Qt.MouseButton.LeftButton)
    assert dialog._black_out() == {1: ((1, 1, 5, 5),), 2: ((1, 1, 5, 5),)}


def test_what_is_missing_is_said_and_originals_are_safe(dialog, qtbot, tmp_path):
    dialog.set_up.out.clear()
    dialog.set_up.edited.emit()
    assert not dialog.go.isEnabled() and "folder" in dialog.go.toolTip()
    qtbot.keyClicks(dialog.set_up.out, str(tmp_path / "in" / "copies"))
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "where the originals are" in " ".join(dialog.card.lines) and not (tmp_path / "in" / "copies").exists()


def test_dates_are_kept_or_shifted_never_both(dialog):
    for first, second in (("full_dates", "modified_dates"), ("modified_dates", "full_dates")):
        dialog.set_up.boxes[first].click()
        dialog.set_up.boxes[second].click()
        assert not dialog.set_up.boxes[first].isChecked()
        dialog.set_up.boxes[second].click()


def test_open_series_are_offered(window, qtbot, tmp_path):
    window.session.open([originals(tmp_path / "in")])
    qtbot.waitUntil(lambda: bool(window.session.document.layers) and not window.session.jobs.running)
    window.actions_table.by_id["file.deidentify"].trigger()
    from pellucid.ui.dialogs.deidentify import DeidentifyDialog

    dialog = window.findChild(DeidentifyDialog)
    qtbot.waitUntil(lambda: dialog.series.count() == 1)
    dialog.reject()


def test_a_picture_that_comes_after_closing_is_dropped(window, dialog, qtbot, monkeypatch):
    asked, answered = Event(), Event()

    class Pool:
        def call(self, *_arguments, **_options):
            asked.set()
            answered.wait(PATIENCE)
            return {}, [np.zeros((4, 4), np.uint8)]

    monkeypatch.setattr("pellucid.dicom.child.default_pool", Pool)
    dialog.tabs.setCurrentIndex(PIXELS)
    qtbot.keyClick(dialog.series, Qt.Key.Key_Down)
    qtbot.waitUntil(asked.is_set)
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()
    answered.set()
    qtbot.waitUntil(lambda: not window.session.jobs.running)
