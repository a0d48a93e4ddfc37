"""Every mouse habit, by real events on the panes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_labels, make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.view import Layout, Plane, Tool

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def shown(bench):
    array = np.random.default_rng(0).integers(0, 256, (20, 40, 40)).astype(np.int16)
    layer = make_layer(array, Geometry((40, 40, 20), (1.0, 1.0, 2.0)))
    bench.show(layer)
    bench.layer = layer
    return bench


def test_dragging_right_is_wider_and_down_is_brighter(shown):
    display, pane = shown.layer.display, shown.pane()
    level, width = display.level, display.width
    shown.drag(pane, (100, 100), (160, 100))
    assert display.width > width and display.level == level
    width = display.width
    shown.drag(pane, (100, 100), (100, 160))
    assert display.level < level and display.width == width
    shown.drag(pane, (160, 100), (100, 40))
    assert display.width < width


def test_the_direction_of_brightness_can_be_turned_round(shown):
    shown.session.settings.invert_window_vertical = True
    level = shown.layer.display.level
    shown.drag(shown.pane(), (100, 100), (100, 160))
    assert shown.layer.display.level > level


def test_shift_makes_the_window_finer(shown):
    start = shown.layer.display.width
    shown.drag(shown.pane(), (100, 100), (200, 100))
    coarse = shown.layer.display.width - start
    shown.layer.display.width = start
    pane = shown.pane()
    shown.press(pane, (100, 100), keys=SHIFT)
    for x in (150, 200):
        at = QPointF(x, 100)
        event = QMouseEvent(QEvent.Type.MouseMove, at, pane.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, SHIFT)
        QApplication.sendEvent(pane.viewport(), event)
    shown.release(pane, (200, 100), keys=SHIFT)
    assert 0 < shown.layer.display.width - start < coarse / 5


def test_the_window_is_read_out_at_the_mouse_and_goes_away(shown):
    pane = shown.pane()
    before = shown.rgb()
    shown.press(pane, (100, 100))
    shown.move(pane, (120, 100))
    during = shown.rgb()
    shown.release(pane, (120, 100))
    shown.layer.display.set_limits(0, 255)
    assert (during[110:140, 136:220] != before[110:140, 136:220]).mean() > 0.5
    assert "W " in _said(shown, pane)


def _said(bench, pane):
    said = []
    original = pane.say
    pane.say = lambda text: (said.append(text), original(text))
    bench.drag(pane, (100, 100), (130, 120))
    return said[-2]


def test_the_width_never_reaches_zero_and_the_level_stays_put(shown):
    shown.drag(shown.pane(), (350, 100), (20, 100))
    shown.drag(shown.pane(), (350, 100), (20, 100))
    assert shown.layer.display.width >= 1


@pytest.mark.hazard("H15")
def test_colour_images_are_not_windowed(bench):
    layer = make_layer(np.zeros((1, 30, 30, 3), np.uint8))
    bench.show(layer)
    bench.drag(bench.pane(Plane.ACQUIRED), (100, 100), (200, 200))
    assert layer.display.limits == (0, 255)


def test_the_wheel_steps_slices_and_shift_steps_ten(shown):
    pane = shown.pane()
    start = pane.index
    shown.wheel(pane, -1)
    assert pane.index == start + 1
    shown.wheel(pane, 2)
    assert pane.index == start - 1
    shown.wheel(pane, -1, keys=SHIFT)
    assert pane.index == start + 9
    shown.wheel(pane, -50)
    assert pane.index == 19


def test_small_turns_of_a_touchpad_add_up(shown):
    pane = shown.pane()
    start = pane.index
    for _ in range(4):
        shown.wheel(pane, -0.25)
    assert pane.index == start + 1


def test_scrolling_one_plane_leaves_the_slices_of_the_others(shown):
    before = {plane: shown.pane(plane).index for plane in (Plane.CORONAL, Plane.SAGITTAL)}
    shown.wheel(shown.pane(), -3)
    assert before == {plane: shown.pane(plane).index for plane in before}
    z = shown.layer.geometry.world_to_index(shown.session.view.crosshair)[2]
    assert round(z) == shown.pane().index


def test_ctrl_wheel_zooms_and_keeps_the_point_under_the_mouse(shown):
    pane = shown.pane()
    at = QPointF(130, 220)
    world, scale = pane.world_at(at), pane.camera.scale
    shown.wheel(pane, 3, (130, 220), CTRL)
    assert pane.camera.scale == pytest.approx(scale * 1.2**3)
    assert np.allclose(pane.world_at(at), world)
    assert pane.index == 9


def test_middle_drag_pans(shown):
    pane = shown.pane()
    world = pane.world_at(QPointF(100, 100))
    shown.drag(pane, (100, 100), (140, 90), MIDDLE)
    assert np.allclose(pane.world_at(QPointF(140, 90)), world)


def test_right_drag_zooms_in_upwards_about_its_start(shown):
    pane = shown.pane()
    scale, world = pane.camera.scale, pane.world_at(QPointF(150, 150))
    shown.drag(pane, (150, 150), (150, 90), RIGHT)
    assert pane.camera.scale > 1.3 * scale
    assert np.allclose(pane.world_at(QPointF(150, 150)), world, atol=1e-6)
    shown.drag(pane, (150, 90), (150, 150), RIGHT)
    assert pane.camera.scale == pytest.approx(scale)


def test_right_click_asks_for_the_menu_and_a_right_drag_does_not(shown, qtbot):
    pane = shown.pane()
    asked = []
    pane.menu_requested.disconnect()
    pane.menu_requested.connect(asked.append)
    QTest.mouseClick(pane.viewport(), RIGHT)
    assert len(asked) == 1
    shown.drag(pane, (150, 150), (150, 190), RIGHT)
    assert len(asked) == 1


def test_double_click_maximises_and_restores(shown):
    pane = shown.pane(Plane.CORONAL)
    QTest.mouseDClick(pane.viewport(), LEFT)
    shown.area.flush()
    assert shown.session.view.layout == Layout.QUAD
    assert [p.plane for p in shown.area.panes if p.isVisible()] == [Plane.CORONAL]
    QTest.mouseDClick(pane.viewport(), LEFT)
    shown.area.flush()
    assert sum(p.isVisible() for p in shown.area.panes) == 3


def test_the_crosshair_tool_links_all_planes_through_the_world(shown):
    shown.session.view.tool = Tool.CROSSHAIR
    pane = shown.pane()
    x, y = shown.centre(pane)
    shown.drag(pane, (x, y), (x - 10 * pane.camera.scale, y + 5 * pane.camera.scale))
    voxel = shown.layer.geometry.world_to_index(shown.session.view.crosshair)
    assert voxel == pytest.approx([9.5, 24.5, 9], abs=0.2)
    assert shown.pane(Plane.SAGITTAL).index in (9, 10)
    assert shown.pane(Plane.CORONAL).index in (24, 25)
    shown.drag(pane, (x, y), (5, 5))
    voxel = shown.layer.geometry.world_to_index(shown.session.view.crosshair)
    assert shown.layer.geometry.contains(voxel)


def test_crosshair_lines_cross_at_the_same_world_point_in_every_plane(shown):
    shown.session.view.show_crosshair = True
    shown.session.view.crosshair = (10.0, 30.0, 8.0)
    shown.layer.visible = False
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        rgb = shown.rgb(plane)[2:-2, 2:-2]
        pane = shown.pane(plane)
        at = pane.widget_at((10.0, 30.0, 8.0))
        line = rgb[40].max(axis=1), rgb[:, 40].max(axis=1)
        assert np.argmax(line[0]) + 2 == pytest.approx(at.x(), abs=1)
        assert np.argmax(line[1]) + 2 == pytest.approx(at.y(), abs=1)


def test_pan_zoom_and_scroll_tools(shown):
    pane = shown.pane()
    shown.session.view.tool = Tool.PAN
    centre = pane.camera.centre
    shown.drag(pane, (100, 100), (130, 100))
    assert pane.camera.centre[0] < centre[0]
    shown.session.view.tool = Tool.ZOOM
    scale = pane.camera.scale
    shown.drag(pane, (100, 100), (100, 60))
    assert pane.camera.scale > scale
    shown.session.view.tool = Tool.SCROLL
    index = pane.index
    shown.drag(pane, (100, 100), (100, 136))
    assert pane.index == index + 6


def test_hovering_tells_the_world_point_and_leaving_tells_none(shown, qtbot):
    told = []
    shown.area.hovered.connect(lambda world, plane: told.append((world, plane)))
    pane = shown.pane(Plane.SAGITTAL)
    QTest.mouseMove(pane.viewport(), pane.viewport().rect().center())
    world, on = told[-1]
    assert on is pane
    index = shown.layer.geometry.world_to_index(world)
    assert index == pytest.approx([19, 19.5, 9.5], abs=0.6)
    pane.mouse.leave()
    assert told[-1][0] is None


def test_a_brush_stroke_is_one_step_and_a_ball_of_millimetres(shown):
    labels = make_labels(shown.layer, np.zeros((20, 40, 40)))
    shown.show(labels)
    shown.session.document.active = labels
    shown.session.view.tool = Tool.BRUSH
    shown.session.view.brush_diameter = 8.0
    pane = shown.pane()
    x, y = shown.centre(pane)
    before = shown.session.history.position
    shown.drag(pane, (x, y), (x + 10 * pane.camera.scale, y))
    assert shown.session.history.position == before + 1
    painted = labels.labels.array == 1
    assert painted[pane.index].sum() == painted.sum() == pytest.approx(np.pi * 16 + 80, rel=0.12)
    shown.session.undo()
    assert not labels.labels.array.any()


def test_ctrl_erases_and_the_eraser_too(shown):
    labels = make_labels(shown.layer, np.ones((20, 40, 40)))
    shown.show(labels)
    shown.session.document.active = labels
    shown.session.view.tool = Tool.BRUSH
    pane = shown.pane()
    at = shown.centre(pane)
    shown.press(pane, at, keys=CTRL)
    shown.release(pane, at)
    erased = (labels.labels.array == 0).sum()
    assert erased > 50
    shown.session.view.tool = Tool.ERASER
    shown.drag(pane, at, (at[0] + 80, at[1]))
    assert (labels.labels.array == 0).sum() > erased


def test_a_locked_label_is_refused_with_a_sentence(shown):
    labels = make_labels(shown.layer, np.zeros((20, 40, 40)))
    labels.labels.edit_label(1, locked=True)
    shown.show(labels)
    shown.session.document.active = labels
    shown.session.view.tool = Tool.BRUSH
    said = []
    shown.session.notice.connect(lambda text, severity: said.append((text, severity)))
    shown.drag(shown.pane(), (100, 100), (150, 150))
    assert "locked" in said[0][0] and said[0][1] == "warning"
    assert not labels.labels.array.any()


def test_shift_wheel_resizes_the_brush_while_painting(shown):
    shown.session.view.tool = Tool.BRUSH
    start, index = shown.session.view.brush_diameter, shown.pane().index
    shown.wheel(shown.pane(), 1, keys=SHIFT)
    assert shown.session.view.brush_diameter > start
    assert shown.pane().index == index


def test_the_brush_is_drawn_in_its_true_size(shown):
    shown.layer.visible = False
    shown.session.view.tool = Tool.BRUSH
    shown.session.view.brush_diameter = 10.0
    pane = shown.pane()
    QTest.mouseMove(pane.viewport(), pane.viewport().rect().center())
    bright = shown.grey()[3:-3, 3:-3]
    bright = bright[40:-40, 40:-40] > 100
    columns = np.flatnonzero(bright.any(axis=0))
    assert np.ptp(columns) / pane.camera.scale == pytest.approx(10.0, abs=0.4)


def test_many_events_before_a_frame_are_drawn_once(shown, qtbot):
    pane = shown.pane()
    flushes = []
    pane.refreshed.connect(lambda: flushes.append(pane.index))
    for n in range(50):
        shown.session.view.crosshair = (20.0, 20.0, float(n % 30))
    assert flushes == []
    qtbot.waitUntil(lambda: bool(flushes))
    assert len(flushes) == 1
