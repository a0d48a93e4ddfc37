"""Forms of operations with further images, with frames, and with numbers for an answer: as a user clicks them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from operation_making import declared
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui.docks.operations import OperationsDock
from pellucid.ui.forms.controls import Choice


@pytest.fixture
def filters(session, show, qtbot):
    with declared():
        dock = show(OperationsDock(session, "Filters"))
        qtbot.waitUntil(lambda: dock.list.tree.topLevelItemCount() > 0)
        yield dock


def pick(control, text):
    """Choose a row of a list by its words, as the keyboard does."""
    control.setFocus()
    control.setCurrentIndex(control.findText(text))
    control.activated.emit(control.currentIndex())


def test_another_image_is_chosen_and_named(filters, session, ct, qtbot):
    filters.choose("arithmetic.add")
    (other,) = filters.inputs.findChildren(Choice)
    assert [other.itemText(n) for n in range(other.count())] == ["PET"]
    before = ct.volume.array.copy()
    QTest.mouseClick(filters.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(ct.provenance), timeout=20_000)
    pet = session.document.layers[1].volume.array
    assert np.array_equal(ct.volume.array, np.rint(before + pet.astype(float)).astype(np.int16))
    assert ct.provenance[-1].inputs == ("CT", "PET")


def test_an_optional_input_waits_for_the_one_before_it(filters):
    filters.choose("noise.estimate")
    region, background = filters.inputs.findChildren(Choice)
    assert region.currentText() == "None" and not background.isEnabled()
    pick(region, "Lungs – Labels")
    assert background.isEnabled() and filters.inputs.value() == (region.value(),)
    pick(background, "Bone – Labels")
    assert [value for _, value in filters.inputs.value()] == [1, 2]
    pick(region, "None")
    assert filters.inputs.value() == () and not background.isEnabled()


def test_any_number_of_images_is_ticked(filters, session, qtbot):
    filters.choose("test.sum")
    (ticks,) = [control for _port, control in filters.inputs._rows]
    assert [ticks.item(n).text() for n in range(ticks.count())] == ["PET"]
    ticks.item(0).setCheckState(Qt.CheckState.Checked)
    assert filters.inputs.value() == ((session.document.layers[1].id, 0),)


def test_numbers_are_shown_live_and_copied(filters, ct, qtbot):
    filters.choose("test.mean")
    qtbot.waitUntil(filters.answer.isVisible, timeout=20_000)
    assert not filters.run.apply.isVisible() and not filters.run.apply_new.isVisible()
    shown = [label.text() for label in filters.answer.findChildren(QLabel) if label.isVisible()]
    assert shown == ["Mean", "−70", "HU"]
    QTest.mouseClick(filters.answer.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == f"Mean\t{float(ct.volume.array.mean())!r}\tHU"
    (region,) = filters.inputs.findChildren(Choice)
    pick(region, "Lungs – Labels")
    qtbot.waitUntil(lambda: "−790" in [one.text() for one in filters.answer.findChildren(QLabel)], timeout=20_000)


def test_a_remark_stands_under_the_preview(filters, qtbot):
    filters.choose("intensity.cast")
    filters.form.set_values({"pixel_type": "uint8"})
    filters.form.edited.emit(filters.form.values())
    qtbot.waitUntil(filters.run.remarks.isVisible, timeout=20_000)
    assert filters.run.remarks.text().startswith("In this slice: ")
    filters.close_operation()
    assert not filters.run.remarks.isVisible()


def test_all_frames_of_a_series_are_changed_unless_told_otherwise(filters, session, qtbot):
    grid = Geometry((6, 5, 8))
    frames = tuple(
        Volume(image_from_array(np.full((8, 5, 6), 100 * n, np.int16), grid), grid) for n in range(1, 4)
    )
    layer = ImageLayer("fMRI", frames)
    filters.choose("intensity.clamp")
    assert not filters.run.all_frames.isVisible(), "one frame"
    session.document.insert(3, layer)
    session.document.active = layer
    qtbot.waitUntil(filters.run.all_frames.isVisible)
    assert filters.run.all_frames.text() == "All 3 frames" and filters.run.all_frames.isChecked()
    filters.form.set_values({"lower": 0.0, "upper": 150.0})
    QTest.mouseClick(filters.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: layer.frames[2].array.max() == 150, timeout=20_000)
    assert [int(frame.array.max()) for frame in layer.frames] == [100, 150, 150]
    qtbot.waitUntil(filters.run.apply.isEnabled)
    QTest.keyClick(filters.run.all_frames, Qt.Key.Key_Space)
    filters.form.set_values({"lower": 0.0, "upper": 50.0})
    QTest.mouseClick(filters.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: layer.frames[0].array.max() == 50, timeout=20_000)
    assert [int(frame.array.max()) for frame in layer.frames] == [50, 150, 150]
