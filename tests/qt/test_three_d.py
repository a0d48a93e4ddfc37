"""The 3-D view by hand: what is drawn, what it follows, what mouse and keys do, and what is said without VTK."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer
from hands import User
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.ui.three_d import availability

pytest.importorskip("vtkmodules")
pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)
BUTTON, KEY = Qt.MouseButton, Qt.Key
GRID = Geometry((48, 40, 36), (1.0, 1.0, 1.2), (-10.0, 20.0, -30.0))
BALL, RADIUS = (34, 20, 18), 9.0


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1100, 760))
    z, y, x = np.indices(GRID.size[::-1])
    values = (x * 20).astype(np.int16)
    user.session.document.insert(0, make_layer(values, GRID, (0, 960), unit="HU"))
    place = GRID.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3)) - GRID.index_to_world(BALL)
    array = (np.linalg.norm(place, axis=1) <= RADIUS).reshape(x.shape).astype(np.uint16) * 400
    labels = LabelMap(GRID, array, (Label(400, "Ball", "#FF2020"), Label(2, "Other", "#20FF20")))
    user.session.document.insert(1, LabelLayer("Labels", labels))
    user.session.document.active = user.session.document.layers[0]
    user.session.centre_crosshair()
    user.rest()
    yield user
    user.leave()


@pytest.fixture
def window(user):
    user.window.actions_table.by_id["view.three_d"].trigger()
    window = user.window.canvases.three_d
    user.wait(lambda: window.view is not None)
    window.resize(520, 460)
    rest(user, window)
    return window


def rest(user, window) -> None:
    """Wait until what was asked for is drawn, well."""
    window.studio.wait()
    user.rest(0.1)
    user.wait(lambda: not (window.view._rough or window.view._soon.isActive() or window.following._rest.isActive()))
    user.rest(0.1)
    for _ in range(2):
        window.studio.wait()
        QApplication.processEvents()


def labels(user) -> LabelLayer:
    return user.session.document.label_layers[0]


def red(window) -> np.ndarray:
    """Return where the picture is red, (rows, columns)."""
    pixels = window.view.pixels().astype(int)
    return (pixels[..., 0] > 90) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)


def green(window) -> int:
    pixels = window.view.pixels().astype(int)
    return int(((pixels[..., 1] > 90) & (pixels[..., 0] < 60) & (pixels[..., 2] < 60)).sum())


def middle(where) -> np.ndarray:
    """Return the mean (row, column) of what is true."""
    return np.argwhere(where).mean(axis=0)


def drag(view, button, start, way) -> None:
    first = QPoint(*start)
    QTest.mousePress(view, button, pos=first)
    for n in range(1, 6):
        QTest.mouseMove(view, first + QPoint(way[0] * n // 5, way[1] * n // 5))
        QApplication.processEvents()
    QTest.mouseRelease(view, button, pos=first + QPoint(*way))


def only_the_ball(user, window) -> None:
    window.planes.click()
    rest(user, window)


def test_the_label_is_seen_in_its_colour_and_follows_the_table_at_once(user, window):
    assert red(window).sum() > 1500
    user.session.labelling.edit_label(labels(user), 400, color="#20FF20")
    rest(user, window)
    assert red(window).sum() == 0 and green(window) > 1500
    user.session.labelling.edit_label(labels(user), 400, visible=False)
    rest(user, window)
    assert green(window) == 0
    user.session.labelling.edit_label(labels(user), 400, visible=True, opacity=0.3)
    rest(user, window)
    assert green(window) < 1500, "what lies behind shines through"
    labels(user).opacity = 1.0
    user.session.labelling.edit_label(labels(user), 400, opacity=1.0)
    labels(user).visible = False
    rest(user, window)
    assert green(window) == 0


def test_surfaces_can_be_switched_off_and_on(user, window):
    before = red(window).sum()
    window.surfaces.click()
    rest(user, window)
    assert red(window).sum() == 0
    window.surfaces.click()
    rest(user, window)
    assert red(window).sum() == before


def test_painting_is_followed_when_the_hand_rests(user, window):
    only_the_ball(user, window)
    layer = labels(user)
    layer.labels.array[5:30, 5:35, 2:8] = 2
    layer.labels.touch((slice(5, 30), slice(5, 35), slice(2, 8)))
    rest(user, window)
    assert green(window) > 500 and red(window).sum() > 1000
    layer.labels.array[:] = 0
    layer.labels.touch(layer.labels.whole())
    rest(user, window)
    assert green(window) == 0 and red(window).sum() == 0


def test_left_drag_turns_and_double_click_shows_all_again(user, window):
    first = window.view.pixels()
    drag(window.view, BUTTON.LeftButton, (200, 200), (90, 30))
    rest(user, window)
    turned = window.view.pixels()
    assert (turned != first).any(axis=-1).mean() > 0.02
    before = user.session.view.crosshair
    QTest.mouseClick(window.view, BUTTON.LeftButton, pos=QPoint(250, 200))
    QTest.mouseDClick(window.view, BUTTON.LeftButton, pos=QPoint(250, 200))
    rest(user, window)
    assert np.array_equal(window.view.pixels(), first) and user.session.view.crosshair == before


def test_keys_look_from_the_sides_of_the_patient(user, window):
    only_the_ball(user, window)
    window.view.setFocus()
    half = window.view.width() / 2
    QTest.keyClick(window.view, KEY.Key_A)
    QTest.keyClick(window.view, KEY.Key_Minus)
    rest(user, window)
    from_front = red(window)
    assert abs(middle(from_front)[1] - half) < 4, "it is all there is, so it stands in the middle"
    layer = labels(user)
    layer.labels.array[10:26, 10:30, 2:8] = 2
    layer.labels.touch((slice(10, 26), slice(10, 30), slice(2, 8)))
    rest(user, window)
    for key, left in ((KEY.Key_A, False), (KEY.Key_P, True)):
        QTest.keyClick(window.view, key)
        rest(user, window)
        assert bool(middle(red(window))[1] < half) is left, "from the front the left of the patient is on the right"
    QTest.keyClick(window.view, KEY.Key_L)
    rest(user, window)
    assert abs(middle(red(window))[1] - half) < 60 and green(window) < 2000


def test_buttons_and_menu_keys_do_the_same(user, window):
    QTest.keyClick(window.view, KEY.Key_S)
    rest(user, window)
    by_key = window.view.pixels()
    user.click("From the front (A)", window)
    rest(user, window)
    assert not np.array_equal(window.view.pixels(), by_key)
    user.click("From above (S)", window)
    rest(user, window)
    assert np.array_equal(window.view.pixels(), by_key)


def test_wheel_and_right_drag_zoom_and_middle_drag_moves(user, window):
    only_the_ball(user, window)
    size = red(window).sum()
    where = QPointF(200, 200)
    event = QWheelEvent(where, window.view.mapToGlobal(where), QPoint(), QPoint(0, -360), BUTTON.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(window.view, event)
    rest(user, window)
    small = red(window)
    assert small.sum() < 0.7 * size
    drag(window.view, BUTTON.MiddleButton, (200, 200), (60, -40))
    rest(user, window)
    assert np.allclose(middle(red(window)) - middle(small), (-40, 60), atol=6)
    drag(window.view, BUTTON.RightButton, (200, 200), (0, -30))
    rest(user, window)
    assert red(window).sum() > 1.2 * small.sum()


def test_a_rough_picture_comes_while_dragging_and_a_good_one_after(user, window):
    kinds = []
    window.studio.drawn.connect(lambda _picture, rough: kinds.append(rough))
    QTest.mousePress(window.view, BUTTON.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(window.view, QPoint(250, 200))
    user.wait(lambda: bool(kinds))
    rough = tuple(kinds)
    QTest.mouseRelease(window.view, BUTTON.LeftButton, pos=QPoint(250, 200))
    rest(user, window)
    assert all(rough) and kinds[-1] is False


def test_a_click_on_a_surface_moves_the_crosshair_there(user, window):
    row, column = middle(red(window)).astype(int)
    QTest.mouseClick(window.view, BUTTON.LeftButton, pos=QPoint(int(column), int(row)))
    rest(user, window)
    distance = np.linalg.norm(np.array(user.session.view.crosshair) - GRID.index_to_world(BALL))
    assert distance == pytest.approx(RADIUS, abs=0.7)
    before = user.session.view.crosshair
    QTest.mouseClick(window.view, BUTTON.LeftButton, pos=QPoint(500, 5))
    rest(user, window)
    assert user.session.view.crosshair == before, "there is nothing"


def test_a_click_on_the_volume_moves_the_crosshair_to_what_is_seen(user, window):
    labels(user).visible = False
    pick_volume(user, window, "CT: bone")
    QTest.keyClick(window.view, KEY.Key_R)
    rest(user, window)
    place = QPoint(window.view.width() // 2, window.view.height() // 2)
    QTest.mouseClick(window.view, BUTTON.LeftButton, pos=place)
    rest(user, window)
    index = GRID.world_to_index(user.session.view.crosshair)
    assert 10 < index[0] < 17 and np.allclose(index[1:], (19.5, 17.5), atol=1), "values of bone begin at x = 7"


def test_planes_follow_crosshair_and_window(user, window):
    labels(user).visible = False
    QTest.keyClick(window.view, KEY.Key_L)  # the sagittal plane is seen face on
    rest(user, window)
    image = user.session.document.active_image

    def grey() -> float:
        pixels = window.view.pixels().astype(int)
        rows, columns = pixels.shape[:2]
        part = pixels[rows // 3 : rows // 3 + 30, columns // 3 : columns // 3 + 30]
        return float(np.median(part))

    _x, y, z = user.session.view.crosshair
    shown = []
    for voxel in (10, 30):
        user.session.view.crosshair = (float(GRID.index_to_world([voxel, 0, 0])[0]), y, z)
        rest(user, window)
        shown.append(grey())
    assert shown[0] == pytest.approx(10 * 20 / 960 * 255, abs=4)
    assert shown[1] == pytest.approx(30 * 20 / 960 * 255, abs=4)
    image.display.set_limits(0, 700)
    rest(user, window)
    assert grey() == pytest.approx(30 * 20 / 700 * 255, abs=4)
    window.planes.click()
    rest(user, window)
    assert grey() == 0


def pick_volume(user, window, title) -> None:
    user.choose("Volume", title, window)
    rest(user, window)


def test_the_volume_is_drawn_with_presets_and_sliders(user, window):
    labels(user).visible = False
    window.planes.click()
    rest(user, window)
    empty = window.view.pixels().mean()
    pick_volume(user, window, "CT: bone")
    bone = window.view.pixels()
    assert bone.mean() > empty + 5 and not window.planes.isChecked()
    assert window.strength.isEnabled() and window.shift.isEnabled()
    QTest.keyClick(window.shift, KEY.Key_Home)
    rest(user, window)
    assert window.view.pixels().mean() > bone.mean(), "more of the image reaches the preset"
    pick_volume(user, window, "Maximum")
    bright = window.view.pixels().mean()
    assert not window.strength.isEnabled() and "window" in window.shift.toolTip()
    user.session.document.active_image.display.set_limits(0, 2000)
    rest(user, window)
    assert window.view.pixels().mean() < 0.8 * bright, "it follows the window"
    pick_volume(user, window, "No volume")
    assert window.view.pixels().mean() == pytest.approx(empty)


def test_presets_for_ct_are_not_offered_for_others(user, window):
    pick_volume(user, window, "CT: bone")
    pet = make_layer(np.ones(GRID.size[::-1], np.float32), GRID, (0, 2), unit="SUV")
    user.session.document.insert(2, pet)
    user.session.document.active = pet
    rest(user, window)
    assert window.preset.currentText().startswith("Maximum")
    item = window.preset.model().item(1)
    assert not item.isEnabled() and "Hounsfield" in item.toolTip()


def test_what_is_made_smaller_or_cannot_be_drawn_is_said(user, window, monkeypatch):
    from pellucid.session import solids

    monkeypatch.setattr(solids.block, "__defaults__", (10_000,))
    pick_volume(user, window, "Maximum")
    assert "voxels" in window.view.note and "averaged" in window.view.note
    colour = make_layer(np.zeros((*GRID.size[::-1], 3), np.uint8), GRID)
    user.session.document.insert(2, colour)
    user.session.document.active = colour
    rest(user, window)
    assert "colours" in window.view.note


def test_the_picture_is_copied_and_written(user, window, tmp_path):
    user.click("Copy the picture", window)
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (window.view.width(), window.view.height())
    window.write_picture(tmp_path / "view.png")
    user.rest()
    from PIL import Image

    with Image.open(tmp_path / "view.png") as read:
        assert np.array_equal(np.asarray(read), window.view.pixels())


def test_it_can_be_closed_opened_again_and_emptied(user, window):
    window.close()
    user.session.labelling.edit_label(labels(user), 400, color="#20FF20")
    user.rest()
    user.window.actions_table.by_id["view.three_d"].trigger()
    rest(user, window)
    assert user.window.canvases.three_d is window and green(window) > 1500 and red(window).sum() == 0
    user.session.close_all()
    rest(user, window)
    assert green(window) == 0


def test_without_vtk_the_menu_says_what_to_install(user, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "vtkmodules" else find(name))
    action = user.window.actions_table.by_id["view.three_d"]
    assert action.isEnabled() and action.isVisible()
    action.trigger()
    assert user.window.canvases.three_d is None
    assert 'pip install "pellucid[3d]"' in user.window.notices.text


def test_a_way_to_draw_that_fails_gives_way_to_the_next(monkeypatch):
    monkeypatch.setattr(availability, "_state", {})
    monkeypatch.setattr(availability, "_WAYS", ({"PELLUCID_TRY": "1"}, {"PELLUCID_TRY": "2"}))
    monkeypatch.setattr(availability, "_PROBE", "import os; raise SystemExit(os.environ['PELLUCID_TRY'] == '1')")
    monkeypatch.setenv("PELLUCID_TRY", "0")
    assert availability.why_not() == "" and availability.os.environ["PELLUCID_TRY"] == "2"


@pytest.mark.parametrize("probe", ["import os; os.abort()", "raise SystemExit(3)"])
def test_a_driver_that_fails_takes_only_the_probe_with_it(user, monkeypatch, probe):
    monkeypatch.setattr(availability, "_PROBE", probe)
    monkeypatch.setattr(availability, "_state", {})
    user.window.canvases.open_three_d()
    window = user.window.canvases.three_d
    user.rest()
    assert window.view is None and "OpenGL did not start" in window.empty._sentence.text()


def test_surfaces_of_another_frame_of_reference_are_not_drawn_with_the_image_unless_consented(user, window):
    from dataclasses import replace

    session = user.session
    image, known = session.document.active_image, labels(user)
    only_the_ball(user, window)
    assert red(window).sum() > 1000
    moved = replace(GRID, frame_of_reference="9.9", origin=(-9.0, 21.0, -30.0))
    other = make_layer(image.volume.array, moved, (0, 960), unit="HU")
    other.name = "Other image"
    session.document.insert(2, other)
    session.document.active = other
    rest(user, window)
    assert red(window).sum() == 0 and "“Labels”" in window.view.note and "one space" in window.view.note
    session.consenting.consent(image, other)
    rest(user, window)
    assert red(window).sum() > 1000 and "Labels" not in window.view.note
    session.consenting.withdraw()
    rest(user, window)
    assert red(window).sum() == 0
    session.document.active = known
    session.document.active = image
    rest(user, window)
    assert red(window).sum() > 1000
