"""Series and layers dropped on panes, and panes that go together, with real events."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from canvas_bench import make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.view import Layout
from pellucid.ui.canvas.drops import ITEM_MIME, LAYER_MIME
from pellucid.ui.canvas.link_chip import LinkChip
from pellucid.ui.canvas.pane_drops import OVERLAY, SHOW

CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton


@pytest.fixture
def pair(bench, tmp_path):
    """Return a bench of two axial panes over a CT, with one more image in the library."""
    bench.layer = make_layer(np.full((10, 20, 20), 60, np.int16), Geometry((20, 20, 10), frame_of_reference="1"))
    bench.show(bench.layer)
    bench.session.arranging.choose(Layout(1, 2))
    path = tmp_path / "other.mha"
    image = sitk.GetImageFromArray(np.full((6, 12, 12), 200, np.int16))
    sitk.WriteImage(image, str(path))
    bench.session.library.scan([path], lambda _found: None)
    assert bench.session.jobs.drain(120)
    bench.key_of_other = bench.session.library.key(bench.session.library.images[0])
    bench.area.flush()
    return bench


def mime(kind, text):
    data = QMimeData()
    data.setData(kind, text.encode())
    return data


def centre_of(area, pane):
    return pane.mapTo(area, pane.rect().center())


def drag_over(area, pane, data, keys=NONE):
    at = centre_of(area, pane)
    entering = QDragEnterEvent(at, COPY, data, LEFT, keys)
    QApplication.sendEvent(area, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(area, QDragMoveEvent(at, COPY, data, LEFT, keys))


def drop(bench, pane, data, keys=NONE):
    drag_over(bench.area, pane, data, keys)
    at = QPointF(centre_of(bench.area, pane))
    QApplication.sendEvent(bench.area, QDropEvent(at, COPY, data, LEFT, keys))
    assert bench.session.jobs.drain(120)
    bench.area.flush()


def names(bench, n):
    return [layer.name for layer in bench.session.viewing.layers(bench.session.view.panes[n])]


def greys(bench, n):
    pixels = bench.area.grab_pane(bench.area.panes[n])
    return pixels.pixelColor(pixels.width() // 2 + 30, pixels.height() // 2 + 30).red()


def test_a_series_dropped_on_a_pane_is_shown_there_alone(pair):
    left, right = pair.area.shown_panes()
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    assert names(pair, 0) == ["CT"] and names(pair, 1) == ["other.mha"]
    other = pair.session.document.images[-1]
    other.display.set_limits(0, 255)
    assert greys(pair, 0) == 60 and greys(pair, 1) == 200
    assert left.accessibleName() == "Axial view" and right.accessibleName() == "Axial view of other.mha"
    assert pair.session.document.active is other


def test_dropped_again_it_is_not_read_twice(pair):
    left, right = pair.area.shown_panes()
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    drop(pair, left, mime(ITEM_MIME, pair.key_of_other))
    assert len(pair.session.document) == 2
    assert names(pair, 0) == names(pair, 1) == ["other.mha"]
    assert [pane.accessibleName() for pane in pair.area.shown_panes()] == [
        "Axial view of other.mha, pane 1", "Axial view of other.mha, pane 2"
    ]  # fmt: skip


def test_with_ctrl_it_lies_over_what_is_there_once_the_user_says_so(pair):
    drop(pair, pair.area.shown_panes()[1], mime(ITEM_MIME, pair.key_of_other), CTRL)
    assert names(pair, 0) == names(pair, 1) == ["CT"]  # one states a frame of reference, the other does not
    question = pair.session.consenting.question
    pair.session.consenting.consent(question.below, question.above)
    assert names(pair, 0) == names(pair, 1) == ["CT", "other.mha"]


def test_the_pane_under_a_drag_says_what_a_drop_would_do(pair):
    left, right = pair.area.shown_panes()
    before = pair.area.grab_pane(right)
    drag_over(pair.area, right, mime(ITEM_MIME, pair.key_of_other))
    assert (left.drop_hint, right.drop_hint) == ("", SHOW)
    assert pair.area.grab_pane(right) != before
    drag_over(pair.area, right, mime(ITEM_MIME, pair.key_of_other), CTRL)
    assert right.drop_hint == OVERLAY
    drag_over(pair.area, left, mime(ITEM_MIME, pair.key_of_other))
    assert (left.drop_hint, right.drop_hint) == (SHOW, "")
    QApplication.sendEvent(pair.area, QDragLeaveEvent())
    assert (left.drop_hint, right.drop_hint) == ("", "")


def test_a_layer_dragged_from_the_dock_is_shown_where_it_is_dropped(pair):
    other = make_layer(np.full((10, 20, 20), 200, np.int16), Geometry((20, 20, 10), frame_of_reference="1"))
    other.name = "second"
    pair.show(other)
    drop(pair, pair.area.shown_panes()[1], mime(LAYER_MIME, pair.layer.id))
    assert names(pair, 0) == ["CT", "second"] and names(pair, 1) == ["CT"]


def test_the_information_pane_makes_room_for_what_is_dropped_on_it(pair):
    pair.session.arranging.choose(Layout.QUAD)
    pair.area.flush()
    drop(pair, pair.area.information, mime(ITEM_MIME, pair.key_of_other))
    assert not pair.area.information.isVisible()
    assert names(pair, 3) == ["other.mha"] and pair.area.panes[3].isVisible()


def test_when_its_layers_went_a_pane_waits_for_others(pair):
    right = pair.area.shown_panes()[1]
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    pair.session.remove(pair.layer)
    pair.area.flush()
    left = pair.area.shown_panes()[0]
    assert left.frame is None and left.accessibleName() == "Empty view"
    QTest.mouseClick(left.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    pair.wheel(left, 3)
    picture = pair.area.grab_pane(left)
    assert len({picture.pixelColor(x, picture.height() // 2).name() for x in range(picture.width())}) > 3
    pair.session.undo()
    pair.area.flush()
    assert left.frame is not None


def test_a_click_on_a_pane_makes_its_image_active(pair):
    left, right = pair.area.shown_panes()
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    QTest.mouseClick(left.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert pair.session.document.active is pair.layer
    QTest.mouseClick(right.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert pair.session.document.active.name == "other.mha"


def test_panes_of_different_worlds_scroll_by_themselves(pair):
    left, right = pair.area.shown_panes()
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    before = left.index
    pair.wheel(right, -2)
    assert right.index == 4 and left.index == before
    pair.wheel(left, -1)
    assert left.index == before + 1 and right.index == 4


def chip(pane):
    return next(overlay for overlay in pane.overlays if isinstance(overlay, LinkChip))


def open_menu(pane):
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=chip(pane).place(pane).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return {action.text(): action for action in menu.actions()}, menu


@pytest.mark.qt_log_ignore("does not support")
def test_the_chip_opens_the_menu_of_links(pair):
    pair.session.view.show_annotations = True
    pair.area.flush()
    left, right = pair.area.shown_panes()
    actions, menu = open_menu(left)
    assert actions["Group A"].isChecked() and actions["Position"].isChecked()
    assert not actions["Zoom and pan"].isChecked()
    actions["Zoom and pan"].trigger()
    menu.close()
    pair.wheel(left, 2, keys=CTRL)
    assert left.camera.scale == right.camera.scale != left.state.fit
    actions, menu = open_menu(right)
    actions["No group"].trigger()
    menu.close()
    pair.wheel(left, 2, keys=CTRL)
    assert left.camera.scale != right.camera.scale


@pytest.mark.qt_log_ignore("does not support")
def test_the_chip_says_that_another_frame_of_reference_goes_its_own_way(pair):
    pair.session.view.show_annotations = True
    left, right = pair.area.shown_panes()
    drop(pair, right, mime(ITEM_MIME, pair.key_of_other))
    assert chip(right).place(right).width() > 2 * chip(left).place(left).width()
    actions, menu = open_menu(right)
    actions["Go along by the present offset"].trigger()
    menu.close()
    there = right.index
    pair.wheel(left, -1)
    assert right.index == there + 1


def test_no_chip_where_there_is_only_one_pane(pair):
    pair.session.view.show_annotations = True
    pair.session.arranging.choose(Layout.SINGLE)
    pair.area.flush()
    pane = pair.area.shown_panes()[0]
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=chip(pane).place(pane).center())
    assert QApplication.activePopupWidget() is None


def test_two_panes_chosen_by_hand_stay_two_over_a_single_picture(bench):
    bench.show(make_layer(np.zeros((1, 20, 20), np.uint8), Geometry((20, 20, 1))))
    assert len(bench.area.shown_panes()) == 1
    bench.session.arranging.choose(Layout(1, 2))
    bench.area.flush()
    names = [pane.accessibleName() for pane in bench.area.shown_panes()]
    assert names == ["Acquired view, pane 1", "Acquired view, pane 2"]


def test_sixteen_panes_are_there_and_each_can_be_maximised(pair):
    pair.session.arranging.choose(Layout(4, 4))
    pair.area.flush()
    shown = pair.area.shown_panes()
    assert len(shown) == 16 and len({pane.accessibleName() for pane in shown}) == 16
    assert shown[9].accessibleName() == "Axial view, pane 10"
    QTest.mouseDClick(shown[9].viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    pair.area.flush()
    assert pair.area.shown_panes() == (shown[9],) and shown[9].width() > 700
    QTest.mouseDClick(shown[9].viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    pair.area.flush()
    assert len(pair.area.shown_panes()) == 16


def test_a_zoom_that_was_saved_is_taken_up(pair):
    left = pair.area.shown_panes()[0]
    left.state.centre, left.state.scale = (4.0, 5.0), 9.0
    pair.area.flush()
    assert (left.camera.scale, left.camera.centre) == (9.0, (4.0, 5.0))
