"""The bars above the panes, as a user meets them: frames of reference in question, and the balance of a fusion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hands import User
from pellucid.model.annotations import Kind
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.shapes import on_plane, vector
from pellucid.model.view import Layout
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.opening import Loaded
from pellucid.ui.canvas.fused_texts import overlay_doubts
from pellucid.ui.canvas.measure_words import plate_lines

GRID = Geometry((40, 40, 12), (2.0, 2.0, 3.0), (-40.0, -40.0, 0.0), frame_of_reference="1.2.3")
OTHER = replace(GRID, frame_of_reference="9.9")


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def put(user, name, geometry, modality, value):
    array = np.full(geometry.size[::-1], value, np.float32)
    about = Acquisition(modality=modality, extra={"suv_bw": "0.001"} if modality == "PT" else {})
    unit = "Bq/ml" if modality == "PT" else "HU"
    volume = Volume(image_from_array(array, geometry), geometry, unit, acquisition=about)
    layer = user.session.loading.add(Loaded((volume,), (0.0, 10_000.0), name, Source()), replace=False)
    user.rest()
    return layer


def middle_of(user, number=0):
    """Return the colour in the middle of a pane, beside the crosshair."""
    pane = user.window.canvas.shown_panes()[number]
    picture = user.window.canvas.grab_pane(pane)
    return picture.pixelColor(picture.width() // 2 + 30, picture.height() // 2 + 30)


def test_a_stranger_waits_for_an_answer_and_is_then_called_unregistered(user):
    put(user, "CT", GRID, "CT", 5000)
    before = middle_of(user)
    put(user, "PET", OTHER, "PT", 9000)
    bar, pane = user.window.frames_bar, user.window.canvas.shown_panes()[0]
    assert bar.isVisible() and "different frames of reference" in bar.text
    assert middle_of(user) == before and "Not overlaid: PET" in overlay_doubts(pane)
    QTest.mouseClick(bar.anyway, Qt.MouseButton.LeftButton)
    user.rest()
    assert not bar.isVisible() and middle_of(user) != before
    assert overlay_doubts(pane) == "Unregistered overlay: PET"
    user.window.actions_table.by_id["fusion.withdraw"].trigger()
    user.rest()
    assert bar.isVisible() and middle_of(user) == before


def test_a_stranger_gets_a_pane_of_its_own(user):
    put(user, "CT", GRID, "CT", 5000)
    user.session.arranging.choose(Layout(1, 2))
    mr = put(user, "MR", OTHER, "MR", 9000)
    QTest.mouseClick(user.window.frames_bar.beside, Qt.MouseButton.LeftButton)
    user.rest()
    assert not user.window.frames_bar.isVisible()
    assert user.session.viewing.layers(user.session.view.shown[1]) == (mr,)


def test_left_out_it_stays_out_and_can_be_asked_about_again(user):
    put(user, "CT", GRID, "CT", 5000)
    put(user, "MR", OTHER, "MR", 9000)
    user.click("Leave it out", user.window.frames_bar)
    user.rest()
    assert not user.window.frames_bar.isVisible()
    user.window.actions_table.by_id["fusion.ask"].trigger()
    user.rest()
    assert user.window.frames_bar.isVisible()


def test_a_picture_over_a_volume_cannot_be_consented_to(user):
    put(user, "CT", GRID, "CT", 5000)
    put(user, "Slide", Geometry((30, 30, 1), known_spacing=(False,) * 3, oriented=False), "", 9000)
    bar = user.window.frames_bar
    assert "picture" in bar.text and not bar.anyway.isVisible() and bar.beside.isVisible()


def test_the_balance_is_moved_by_slider_wheel_and_keys(user):
    put(user, "CT", GRID, "CT", 5000)
    pet = put(user, "PET", GRID, "PT", 9000)
    bar = user.window.fusion_bar
    assert bar.isVisible() and (bar.below.text(), bar.above.text(), bar.percent.text()) == ("CT", "PET", "50 %")
    even = middle_of(user)
    bar.slider.setFocus()
    QTest.keyClick(bar.slider, Qt.Key.Key_Home)
    user.rest()
    assert pet.opacity == 0 and bar.percent.text() == "0 %" and middle_of(user) != even
    turn = QWheelEvent(QPointF(5, 5), bar.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
                       Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(bar, turn)
    assert pet.opacity == pytest.approx(0.1)
    QTest.keyClick(user.window, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert pet.opacity == pytest.approx(0.2)
    user.click("As much of both", bar)
    user.rest()
    assert pet.opacity == 0.5 and middle_of(user) == even


def test_side_by_side_and_fused_again(user):
    ct, pet = put(user, "CT", GRID, "CT", 5000), put(user, "PET", GRID, "PT", 9000)
    bar = user.window.fusion_bar
    QTest.mouseClick(bar.apart, Qt.MouseButton.LeftButton)
    user.rest()
    assert not bar.isVisible() and len(user.window.canvas.shown_panes()) == 2
    assert [user.session.viewing.layers(pane) for pane in user.session.view.shown] == [(ct,), (pet,)]
    user.window.actions_table.by_id["fusion.fuse"].trigger()
    user.rest()
    user.wait(lambda: bar.isVisible() and bar.projection.geometry().left() > bar.even.geometry().right())
    QTest.mouseClick(bar.projection, Qt.MouseButton.LeftButton)
    user.wait(lambda: len(user.window.canvas.shown_panes()) == 4)
    user.wait(lambda: user.window.canvas.shown_panes()[3].thickness is not None)


def test_the_plate_of_a_region_says_which_values_are_of_which_image(user):
    ct, pet = put(user, "CT", GRID, "CT", 40), put(user, "PET", GRID, "PT", 2500)
    pane = user.window.canvas.shown_panes()[0]
    corners = tuple(vector(pane.frame.world_at(at, at, pane.index)) for at in (8.0, 16.0))
    region = on_plane(Kind.RECTANGLE, corners, pane.frame, layer=ct.id)
    measuring = user.session.measuring
    lines = plate_lines(region, measuring.reading(region), measuring.fused_readings(region), ct)
    assert [line for line in lines if line.startswith("CT 40 ± 0 HU")] and any(line.startswith("PT ") for line in lines)
    alone = plate_lines(region, measuring.reading(region), (), ct)
    assert alone[0].startswith("40 ± 0 HU") and pet in user.session.document


def test_one_image_alone_has_no_bar(user):
    put(user, "CT", GRID, "CT", 5000)
    assert not user.window.fusion_bar.isVisible() and not user.window.frames_bar.isVisible()
    assert not user.window.actions_table.by_id["fusion.fuse"].isEnabled()


def test_corner_and_mouse_tell_both_values(user):
    put(user, "CT", GRID, "CT", 40)
    put(user, "PET", GRID, "PT", 2500)
    from pellucid.ui.canvas.fused_texts import fused_lines

    texts = [text for text, _ in fused_lines(user.window.canvas.shown_panes()[0])]
    assert texts[0].startswith("CT W ") and texts[-1].endswith("40 HU · 2.5 SUVbw")
    user.window.point_at((0.0, 0.0, 15.0), user.window.canvas.shown_panes()[0])
    assert user.window.status.values.text() == "PET 2.5 SUVbw (2500 Bq/ml)   ·   CT 40 HU"
