"""A report as text: searched, copied, hidden with the identity; a PDF is saved and handed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from pellucid.dicom.documents import Document
from pellucid.dicom.structured_reports import Line
from pellucid.ui.dialogs import report
from pellucid.ui.dialogs.report import ReportDialog

LINES = (Line(0, "Imaging Report", False), Line(1, "Observer: House, Gregory", True), Line(1, "Diameter: 12 mm", False),
         Line(2, "Jane has a lesion of 12 mm", False))  # fmt: skip
REPORT = Document(Path("a.dcm"), "Imaging Report", "report", LINES, ("Doe, Jane", "P-1", ""), "2024-03-01")
PDF = Document(Path("b.dcm"), "Letter of Doe", "pdf", (Line(0, "PDF 1.7", False),), ("Doe, Jane", "", ""),
               note="No pages.", size=100)  # fmt: skip


@pytest.fixture
def dialog(empty_session, show):
    return show(ReportDialog(empty_session, (REPORT, PDF)), 720, 600)


def test_the_text_stands_indented_below_who_it_is_about(dialog):
    assert dialog.text.toPlainText().splitlines() == [
        "Doe, Jane, P-1", "2024-03-01", "", "Imaging Report", "    Observer: House, Gregory", "    Diameter: 12 mm",
        "        Jane has a lesion of 12 mm",
    ]  # fmt: skip
    assert not dialog.save.isVisible() and not dialog.view.isVisible() and not dialog.note.isVisible()


def test_searching_goes_from_place_to_place(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "12 MM")
    first = dialog.text.textCursor().selectionStart()
    assert dialog.found.text() == "2 found" and dialog.text.textCursor().selectedText() == "12 mm"
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.text.textCursor().selectionStart() > first
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.text.textCursor().selectionStart() == first
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)  # what was found was not chosen: all is copied
    assert QApplication.clipboard().text() == dialog.text.toPlainText()
    qtbot.keyClick(dialog.text, Qt.Key.Key_Home)
    qtbot.keyClick(dialog.text, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == dialog.text.textCursor().selectedText() != ""
    qtbot.keyClicks(dialog.search, "nothing")
    assert dialog.found.text() == "0 found"


@pytest.mark.hazard("H34")
def test_hiding_the_identity_hides_it_here_and_in_the_clipboard(dialog, empty_session, qtbot):
    empty_session.view.hide_identity = True
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    for text in (dialog.text.toPlainText(), QApplication.clipboard().text()):
        assert "Diameter: 12 mm" in text
        assert not any(secret in text for secret in ("Doe", "Jane", "House", "P-1", "2024"))
    assert "free text may still name people" in dialog.note.text()
    assert [dialog.which.itemText(n) for n in range(2)] == ["Imaging Report", "Letter of •••"]


def test_a_pdf_can_be_opened_and_saved(dialog, empty_session, qtbot, monkeypatch, tmp_path):
    opened, bytes_ = [], b"%PDF-1.7\nx"
    monkeypatch.setattr("pellucid.dicom.documents.extract", lambda _path: bytes_)
    monkeypatch.setattr(report, "_open_outside", lambda path: opened.append(path))
    monkeypatch.setattr(report.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "letter"), ""))
    dialog.which.set_value(1)
    dialog.which.activated.emit(1)
    assert dialog.view.isVisible() and dialog.note.text() == "No pages."
    assert dialog.text.toPlainText().splitlines()[-2:] == ["Letter of Doe", "PDF 1.7"]
    qtbot.mouseClick(dialog.view, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(opened) == 1)
    assert opened[0].read_bytes() == bytes_ and "b" not in opened[0].stem
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (tmp_path / "letter.pdf").exists())
    assert (tmp_path / "letter.pdf").read_bytes() == bytes_
    empty_session.reports.close()
    assert not opened[0].exists()


def test_it_closes_without_following_any_more(dialog, empty_session):
    shown = dialog.text.toPlainText()
    dialog.reject()
    empty_session.view.hide_identity = not empty_session.view.hide_identity
    assert shown.startswith("Doe, Jane") and dialog.text.toPlainText() == shown
