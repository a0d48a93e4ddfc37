"""Help ▸ About lists every transfer syntax with what reads it, and lets it be copied."""

from __future__ import annotations

from importlib import metadata

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from pellucid import __version__
from pellucid.dicom import codecs
from pellucid.ui.dialogs.about import AboutDialog

pytestmark = pytest.mark.hazard("H17")


@pytest.fixture
def dialog(qtbot):
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def rows(dialog):
    items = [dialog.list.topLevelItem(n) for n in range(dialog.list.topLevelItemCount())]
    return {item.text(1): (item.text(0), item.text(2)) for item in items}


def test_every_common_syntax_is_listed_with_its_decoder(dialog):
    found = rows(dialog)
    jpeg = [f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 57, 70, 80, 81, 90, 91, 201, 202, 203)]
    assert set(found) == {f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2", ".5")} | set(jpeg)
    assert found["1.2.840.10008.1.2"][1] == f"Pellucid {__version__}"
    for syntax, package in (("5", "pydicom"), ("4.50", "pillow"), ("4.70", "imagecodecs"), ("4.80", "pyjpegls"),
                            ("4.90", "pylibjpeg-openjpeg"), ("4.203", "pylibjpeg-openjpeg")):  # fmt: skip
        assert found[f"1.2.840.10008.1.2.{syntax}"][1] == f"{package} {metadata.version(package)}"


def test_a_decoder_that_is_missing_is_said(qtbot, monkeypatch):
    monkeypatch.setattr(codecs, "find_spec", lambda name: None if name == "jpeg_ls" else object())
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert rows(dialog)["1.2.840.10008.1.2.4.80"][1] == "pyjpegls is missing"


def test_it_is_copied_as_a_whole_or_by_row(dialog):
    QTest.keyClick(dialog, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].startswith(f"Pellucid {__version__}, Python") and len(lines) == 1 + len(rows(dialog))
    dialog.list.topLevelItem(4).setSelected(True)
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == f"RLE\t1.2.840.10008.1.2.5\tpydicom {metadata.version('pydicom')}"


def test_it_says_what_it_is_not(dialog):
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "not a medical device" in said and __version__ in said
