"""Dragging the crosshair turns and shifts planes: angles and distances are those of the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer, point
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.view import Plane, Tool
from pellucid.ui.canvas.crosshair import lines

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def shown(bench):
    array = np.zeros((40, 60, 60), np.int16)
    array[15:25, 20:40, 20:40] = 200
    bench.show(make_layer(array, Geometry((60, 60, 40), (1.0, 1.0, 1.5))))
    bench.session.view.show_crosshair = True
    bench.area.flush()
    return bench


def line_of(pane, plane):
    return next(line for line in lines(pane) if line.plane is plane)


def move(pane, at, keys):
    where = QPointF(point((at.x(), at.y())))
    event = QMouseEvent(QEvent.Type.MouseMove, where, pane.viewport().mapToGlobal(where), Qt.MouseButton.NoButton,
                        Qt.MouseButton.LeftButton, keys)  # fmt: skip
    QApplication.sendEvent(pane.viewport(), event)


def turn_to(bench, pane, plane, degrees, keys=Qt.KeyboardModifier.NoModifier):
    """Drag the first handle of a plane's line around the crosshair, as a hand does."""
    line = line_of(pane, plane)
    start = line.handles(pane.width(), pane.height())[0]
    arm = start - line.at
    bench.press(pane, (start.x(), start.y()), keys=keys)
    for share in np.linspace(0.1, 1, 10):
        angle = np.radians(degrees * share)
        cosine, sine = np.cos(angle), np.sin(angle)
        end = line.at + QPointF(arm.x() * cosine - arm.y() * sine, arm.x() * sine + arm.y() * cosine)
        move(pane, end, keys)
        bench.area.flush()
    QTest.mouseRelease(pane.viewport(), Qt.MouseButton.LeftButton, keys, point((end.x(), end.y())))
    bench.area.flush()
    true = np.degrees(np.arctan2(round(end.y()) - line.at.y(), round(end.x()) - line.at.x()))
    began = np.degrees(np.arctan2(round(start.y()) - line.at.y(), round(start.x()) - line.at.x()))
    return (true - began + 180) % 360 - 180


def angle_between(a, b):
    return np.degrees(np.arccos(np.clip(a @ b, -1, 1)))


@pytest.mark.parametrize("pane_plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
@pytest.mark.parametrize("degrees", [20, -35])
def test_dragging_a_handle_turns_the_other_planes_by_the_angle_of_the_mouse(shown, pane_plane, degrees):
    pane = shown.pane(pane_plane)
    others = [plane for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL) if plane is not pane_plane]
    before = {plane: shown.pane(plane).frame for plane in (*others, pane_plane)}
    crosshair = shown.session.view.crosshair
    places = {plane: shown.pane(plane).widget_at(crosshair) for plane in before}
    turned = turn_to(shown, pane, others[0], degrees)
    assert turned == pytest.approx(degrees, abs=0.6)  # whole pixels
    about = np.cross(pane.frame.right, pane.frame.down)
    for plane in others:
        after = shown.pane(plane).frame
        assert angle_between(before[plane].normal, after.normal) == pytest.approx(abs(turned), abs=1e-6)
        assert np.sign(np.cross(before[plane].normal, after.normal) @ about) == np.sign(degrees)
        # The line on the screen lies where the handle was dragged to.
    line = line_of(pane, others[0])
    assert shown.session.view.crosshair == crosshair
    for plane, place in places.items():
        now = shown.pane(plane).widget_at(crosshair)
        assert (now.x(), now.y()) == pytest.approx((place.x(), place.y()), abs=1e-6), plane
    assert pane.frame is before[pane_plane]
    assert line.along.x() * line.along.y() != 0
    shown.session.view.show_crosshair = False
    picture = shown.grey(pane_plane)[6:-6, 6:-6]
    shown.session.view.rotation = IDENTITY
    assert np.array_equal(picture, shown.grey(pane_plane)[6:-6, 6:-6])


def test_the_line_runs_through_the_handle_after_the_drag(shown):
    pane = shown.pane(Plane.AXIAL)
    turned = turn_to(shown, pane, Plane.SAGITTAL, 25)
    line = line_of(pane, Plane.SAGITTAL)
    upright = np.degrees(np.arctan2(line.along.y(), line.along.x())) % 180
    assert upright == pytest.approx(90 + turned, abs=1e-6)


def test_shift_snaps_to_fifteen_degrees_and_escape_turns_back(shown):
    pane = shown.pane(Plane.AXIAL)
    turn_to(shown, pane, Plane.SAGITTAL, 27, SHIFT)
    line = line_of(pane, Plane.SAGITTAL)
    angle = np.degrees(np.arctan2(line.along.y(), line.along.x())) % 15
    assert min(angle, 15 - angle) == pytest.approx(0, abs=0.6)
    turned = shown.session.view.rotation
    line = line_of(pane, Plane.SAGITTAL)
    start = line.handles(pane.width(), pane.height())[0]
    shown.press(pane, (start.x(), start.y()))
    shown.move(pane, (start.x() + 40, start.y() + 30))
    assert shown.session.view.rotation != turned
    QTest.keyClick(shown.area.window().windowHandle(), Qt.Key.Key_Escape)
    assert shown.session.view.rotation == pytest.approx(turned)
    shown.release(pane, (start.x() + 40, start.y() + 30))


def test_a_turned_plane_grows_with_its_pane_until_it_is_zoomed(shown):
    axial, coronal = shown.pane(Plane.AXIAL), shown.pane(Plane.CORONAL)
    whole = coronal.camera.scale
    turn_to(shown, axial, Plane.SAGITTAL, 25)
    assert coronal.camera.scale == whole
    shown.area.maximise(coronal)
    shown.area.flush()
    assert coronal.camera.scale == pytest.approx(2 * whole, rel=0.02)
    shown.area.maximise(coronal)
    shown.area.flush()
    assert coronal.camera.scale == pytest.approx(whole)
    coronal.camera.zoom(1.5, QPointF(200, 200))
    shown.area.maximise(coronal)
    shown.area.flush()
    assert coronal.camera.scale == pytest.approx(1.5 * whole)


def test_two_drags_in_different_panes_keep_the_planes_perpendicular(shown):
    turn_to(shown, shown.pane(Plane.AXIAL), Plane.SAGITTAL, 30)
    turn_to(shown, shown.pane(Plane.SAGITTAL), Plane.CORONAL, -20)
    normals = np.stack([shown.pane(plane).frame.normal for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)])
    np.testing.assert_allclose(np.abs(normals @ normals.T), np.eye(3), atol=1e-9)
    assert "oblique" in shown.pane(Plane.AXIAL).title()


def test_dragging_a_line_shifts_that_plane_only(shown):
    pane = shown.pane(Plane.AXIAL)
    turn_to(shown, pane, Plane.SAGITTAL, 30)
    line = line_of(pane, Plane.SAGITTAL)
    start = line.at + line.along * 80
    before = np.array(shown.session.view.crosshair)
    moved = line.across * 25
    end = start + moved + line.along * 13
    shown.drag(pane, (start.x(), start.y()), (end.x(), end.y()))
    after = np.array(shown.session.view.crosshair)
    step = point((end.x(), end.y())) - point((start.x(), start.y()))
    wanted = (step.x() * line.across.x() + step.y() * line.across.y()) / pane.camera.scale
    shift = after - before
    assert np.linalg.norm(shift) == pytest.approx(abs(wanted), rel=1e-6)
    coronal = shown.pane(Plane.CORONAL).frame.normal
    assert shift @ coronal == pytest.approx(0, abs=1e-9)
    assert abs(shift @ shown.pane(Plane.SAGITTAL).frame.normal) == pytest.approx(abs(wanted), rel=1e-6)
    assert shift @ pane.frame.normal == pytest.approx(0, abs=1e-9)


def test_dragging_the_crossing_moves_the_crosshair_by_as_much_as_the_mouse(shown):
    pane = shown.pane(Plane.CORONAL)
    at = pane.widget_at(shown.session.view.crosshair)
    before = np.array(shown.session.view.crosshair)
    shown.drag(pane, (at.x() + 3, at.y()), (at.x() + 33, at.y() - 20))
    shift = np.array(shown.session.view.crosshair) - before
    assert shift @ pane.frame.right == pytest.approx(30 / pane.camera.scale, abs=1.1 / pane.camera.scale)
    assert shift @ pane.frame.down == pytest.approx(-20 / pane.camera.scale, abs=1.1 / pane.camera.scale)


def test_away_from_lines_and_with_drawing_tools_the_tool_in_force_works(shown):
    pane = shown.pane(Plane.AXIAL)
    layer = shown.session.document.active_image
    width = layer.display.width
    shown.drag(pane, (60, 60), (120, 60))
    assert layer.display.width != width and shown.session.view.rotation == IDENTITY
    handle = line_of(pane, Plane.SAGITTAL).handles(pane.width(), pane.height())[0]
    shown.session.view.tool = Tool.LENGTH if Tool.LENGTH in pane.mouse._tools else Tool.BRUSH
    shown.drag(pane, (handle.x(), handle.y()), (handle.x() + 40, handle.y() + 10))
    assert shown.session.view.rotation == IDENTITY


def test_the_crosshair_tool_still_puts_the_crosshair_on_a_line(shown):
    shown.session.view.tool = Tool.CROSSHAIR
    pane = shown.pane(Plane.AXIAL)
    line = line_of(pane, Plane.CORONAL)
    at = line.at + QPointF(60, 1)
    shown.press(pane, (at.x(), at.y()))
    shown.release(pane, (at.x(), at.y()))
    now = pane.widget_at(shown.session.view.crosshair)
    assert (now.x(), now.y()) == pytest.approx((round(at.x()), round(at.y())), abs=1.5)


def test_handles_come_into_sight_near_the_mouse_only_and_in_volumes_only(shown, bench):
    pane = shown.pane(Plane.AXIAL)
    line = line_of(pane, Plane.SAGITTAL)
    handle = line.handles(pane.width(), pane.height())[0]
    spot = slice(round(handle.y()) - 8, round(handle.y()) + 9), slice(round(handle.x()) - 8, round(handle.x()) + 9)
    shown.move(pane, (40, 40))
    away = shown.rgb()[spot].copy()
    shown.move(pane, (handle.x() + 14, handle.y()))
    near = shown.rgb()[spot]
    assert np.abs(near - away).sum() > 2000
    cursor = pane.viewport().cursor().shape()
    shown.move(pane, (handle.x(), handle.y()))
    shown.area.flush()
    assert pane.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor != cursor
