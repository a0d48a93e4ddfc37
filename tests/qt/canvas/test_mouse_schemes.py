"""Each mouse scheme does on a pane what it promises, from the moment it is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer
from pellucid.model.view import Tool
from pellucid.ui.mouse_habits import NAPARI, RADIOLOGY, SLICER, MouseHabits, keep

BUTTON, KEYS = Qt.MouseButton, Qt.KeyboardModifier


@pytest.fixture
def shown(bench):
    bench.layer = make_layer(np.random.default_rng(3).integers(0, 255, (24, 40, 40)).astype(np.int16))
    bench.show(bench.layer)
    return bench


def habit(shown, habits: MouseHabits) -> None:
    keep(shown.session.settings, habits)
    shown.session.view.tool = habits.left
    shown.session.habits_changed.emit()


def move(pane, at, keys=KEYS.NoModifier) -> None:
    """Move the mouse with keys held; QTest cannot."""
    where = QPointF(*at)
    event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), BUTTON.NoButton, BUTTON.NoButton, keys)
    QApplication.sendEvent(pane.viewport(), event)


def test_napari_wheel_zooms_and_ctrl_wheel_steps(shown):
    habit(shown, NAPARI.habits)
    pane = shown.pane()
    scale, index = pane.camera.scale, pane.index
    shown.wheel(pane, 1)
    assert pane.camera.scale == pytest.approx(1.2 * scale) and pane.index == index
    shown.wheel(pane, -2, keys=KEYS.ControlModifier)
    assert pane.index == index + 2 and pane.camera.scale == pytest.approx(1.2 * scale)


def test_napari_left_drag_pans_and_right_drag_windows(shown):
    habit(shown, NAPARI.habits)
    pane = shown.pane()
    width, centre = shown.layer.display.width, pane.camera.centre
    shown.drag(pane, (100, 100), (140, 100))
    assert pane.camera.centre != centre and shown.layer.display.width == width
    shown.drag(pane, (100, 100), (140, 100), BUTTON.RightButton)
    assert shown.layer.display.width > width


def test_slicer_left_puts_the_crosshair_and_shift_takes_it_along(shown):
    habit(shown, SLICER.habits)
    pane = shown.pane()
    shown.press(pane, (80, 90))
    shown.release(pane, (80, 90))
    placed = shown.session.view.crosshair
    assert np.allclose(placed, pane.world_at(pane.widget_at(placed)), atol=1e-6)
    move(pane, (150, 150))
    assert shown.session.view.crosshair == placed, "without Shift the mouse only looks"
    move(pane, (180, 160), KEYS.ShiftModifier)
    wanted = pane.world_at(pane.mouse.at)
    assert np.allclose(shown.session.view.crosshair, wanted, atol=1e-6) and shown.session.view.crosshair != placed


def test_radiology_leaves_the_crosshair_when_shift_is_held(shown):
    habit(shown, RADIOLOGY.habits)
    before = shown.session.view.crosshair
    move(shown.pane(), (180, 160), KEYS.ShiftModifier)
    assert shown.session.view.crosshair == before


def test_a_button_without_a_tool_does_nothing_but_the_menu(shown, qtbot):
    habit(shown, replace(RADIOLOGY.habits, right=None, middle=None))
    pane = shown.pane()
    scale, centre, asked = pane.camera.scale, pane.camera.centre, []
    pane.menu_requested.disconnect()
    pane.menu_requested.connect(asked.append)
    shown.drag(pane, (100, 100), (100, 140), BUTTON.RightButton)
    shown.drag(pane, (100, 100), (140, 140), BUTTON.MiddleButton)
    assert (pane.camera.scale, pane.camera.centre) == (scale, centre) and len(asked) == 1


def test_shift_wheel_still_resizes_the_brush_where_the_wheel_zooms(shown):
    habit(shown, NAPARI.habits)
    shown.session.view.tool = Tool.BRUSH
    size, scale = shown.session.view.brush_diameter, shown.pane().camera.scale
    shown.wheel(shown.pane(), 1, keys=KEYS.ShiftModifier)
    assert shown.session.view.brush_diameter > size and shown.pane().camera.scale == scale


def test_escape_returns_to_the_tool_of_the_scheme(shown):
    habit(shown, SLICER.habits)
    shown.session.view.tool = Tool.BRUSH
    shown.key(Qt.Key.Key_Escape)
    assert shown.session.view.tool is Tool.CROSSHAIR
