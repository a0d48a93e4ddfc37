"""The bar of a comparison and the dialog that merges channels, by mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from pellucid.history.layers import AddLayer
from pellucid.model.compare import CompareMode
from pellucid.model.layer import ImageLayer
from pellucid.ui.compare_bar import CompareBar
from pellucid.ui.dialogs.merge_channels import MergeChannelsDialog


@pytest.fixture
def bar(session, qtbot):
    made = CompareBar(session)
    qtbot.addWidget(made)
    made.resize(620, 36)
    session.comparing.start(CompareMode.SWIPE)
    qtbot.waitExposed(made)
    return made


def modes(bar):
    return bar._group.buttons()


def test_the_bar_is_there_only_while_something_is_compared(session, qtbot):
    bar = CompareBar(session)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    session.comparing.start(CompareMode.FLICKER)
    assert bar.isVisible() and bar.flicker.interval == 500
    qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert bar.isHidden() and session.view.compare is None and bar.flicker.interval == 0


def test_each_way_has_a_button_and_its_own_number(bar, session, qtbot):
    shown = {
        CompareMode.SWIPE: bar.level, CompareMode.CHECKERBOARD: bar.square, CompareMode.FLICKER: bar.pause,
        CompareMode.DIFFERENCE: bar.span, CompareMode.RED_GREEN: bar.cyan,
    }  # fmt: skip
    for button, mode in zip(modes(bar), CompareMode, strict=True):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert session.view.compare.mode is mode and button.isChecked()
        assert {m for m, widget in shown.items() if widget.isVisible()} == {mode}


def test_numbers_and_switches_reach_the_comparison(bar, session, qtbot):
    qtbot.mouseClick(bar.level, Qt.MouseButton.LeftButton)
    assert session.view.compare.level is True
    for number, box, field, text in ((1, bar.square, "square", "35"), (2, bar.rate, "rate", "5"),
                                     (3, bar.span, "span", "120")):  # fmt: skip
        qtbot.mouseClick(modes(bar)[number], Qt.MouseButton.LeftButton)
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert getattr(session.view.compare, field) == float(text) and box.text() == text
    assert bar.flicker.interval == 0
    qtbot.mouseClick(modes(bar)[2], Qt.MouseButton.LeftButton)
    assert bar.flicker.interval == 200
    qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    assert session.view.compare.paused and bar.flicker.interval == 0


def test_layers_are_chosen_and_exchanged(bar, session, qtbot):
    ct, pet = session.document.images
    assert (bar.first.value(), bar.second.value()) == (ct.id, pet.id)
    qtbot.mouseClick(bar.swap, Qt.MouseButton.LeftButton)
    assert (session.view.compare.first, session.view.compare.second) == (pet.id, ct.id)
    assert (bar.first.currentText(), bar.second.currentText()) == ("PET", "CT")
    said = []
    session.notice.connect(lambda text, _severity: said.append(text))
    bar.first.setCurrentIndex(1)
    bar.first.activated.emit(1)
    assert "two different layers" in said[0] and bar.first.currentText() == "PET"


def test_the_unit_of_a_difference_is_said(bar, session, qtbot):
    ct, pet = session.document.images
    qtbot.mouseClick(modes(bar)[3], Qt.MouseButton.LeftButton)
    assert "brightness" in bar._units[CompareMode.DIFFERENCE].text()
    pet.frames = (replace(pet.volume, unit="HU"),)
    session.comparing.change(span=0.0)
    assert bar._units[CompareMode.DIFFERENCE].text() == "HU" and bar.span.value() == ct.display.width / 2


def test_other_frames_of_reference_are_a_question(bar, session, qtbot):
    session.comparing.stop()
    for number, layer in enumerate(session.document.images):
        grid = replace(layer.geometry, frame_of_reference=f"1.2.{number}")
        layer.frames = (replace(layer.volume, geometry=grid),)
    session.comparing.start(CompareMode.DIFFERENCE)
    assert session.view.compare is None and bar.isVisible() and bar.anyway.isVisible()
    assert "different frames of reference" in bar._sentence.text()
    qtbot.mouseClick(bar.anyway, Qt.MouseButton.LeftButton)
    assert session.view.compare.mode is CompareMode.DIFFERENCE and not bar.anyway.isVisible()


def test_merging_says_what_does_not_fit_and_then_merges(session, show, qtbot):
    ct = session.document.images[0]
    for name in ("Green", "Blue"):
        session.history.do(AddLayer(ImageLayer(name, (ct.volume,))))
    dialog = show(MergeChannelsDialog(session), 460, 260)
    red, green, blue, alpha = dialog.choices
    assert (green.currentText(), blue.currentText(), alpha.currentText()) == ("Green", "Blue", "None")
    pet = next(n for n in range(red.count()) if red.itemText(n) == "PET")
    red.setCurrentIndex(pet)
    qtbot.mouseClick(dialog.merge, Qt.MouseButton.LeftButton)
    assert dialog.isVisible() and "float32" in dialog.complaint.text()
    red.setCurrentIndex(red.findText("CT"))
    qtbot.mouseClick(dialog.merge, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.document.images[-1].volume.is_colour)
    assert session.history.steps[-1] == "Merge channels into CT in colour"
