"""The tools of labels that look at values, by real mouse and key events on axial, coronal and turned panes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_labels, make_layer
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import LABEL_TOOLS, Plane, Tool

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -30), IDENTITY)
PLANES = ["axial", "coronal", "turned"]


@pytest.fixture
def shown(bench):
    """A bright block of about 200 in noise about 40, and labels: 2 around a hole in the middle, 1 apart."""
    array = np.random.default_rng(0).normal(40, 4, (20, 40, 40))
    array[6:14, 12:28, 12:28] += 160
    layer = make_layer(array.astype(np.int16), Geometry((40, 40, 20), (1.0, 1.0, 2.0)))
    bench.show(layer)
    values = np.zeros((20, 40, 40))
    values[4:16, 8:32, 8:32] = 2
    values[7:13, 14:26, 14:26] = 0
    values[9:11, 2:5, 18:22] = values[9:11, 36:39, 18:22] = 1
    bench.layer, bench.labels = layer, make_labels(layer, values)
    bench.show(bench.labels)
    bench.session.document.active = bench.labels
    bench.said = []
    bench.session.notice.connect(lambda text, severity: bench.said.append(text))
    return bench


def pane_of(bench, plane):
    if plane == "turned":
        bench.session.view.rotation = TURNED
        bench.area.flush()
        return bench.pane(Plane.AXIAL)
    return bench.pane(Plane(plane))


def at(bench, pane, voxel):
    """Return the widget position of a voxel (z, y, x)."""
    place = pane.widget_at(bench.layer.geometry.index_to_world(voxel[::-1]))
    return place.x(), place.y()


def click(bench, pane, place, keys=Qt.KeyboardModifier.NoModifier):
    bench.press(pane, place, keys=keys)
    bench.release(pane, place, keys=keys)
    assert bench.session.jobs.drain(120)
    bench.area.flush()


def drag_to(pane, place, keys=Qt.KeyboardModifier.NoModifier):
    where = QPointF(*place)
    event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton, LEFT, keys)
    QApplication.sendEvent(pane.viewport(), event)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("tool", [Tool.FILL, Tool.WAND, Tool.SMART_BRUSH])
def test_a_click_is_one_step_ctrl_erases_and_undo_restores_the_bytes(shown, plane, tool):
    session, pane, array = shown.session, pane_of(shown, plane), shown.labels.labels.array
    session.view.tool, session.view.wand_tolerance = tool, 60.0
    session.view.brush_diameter, session.view.smart_strictness = 12.0, 4.0
    before, steps = array.copy(), session.history.position
    middle = shown.centre(pane)
    click(shown, pane, middle)
    painted = (array == 1) & (before != 1)
    assert session.history.position == steps + 1
    assert painted.sum() > 20 and painted[9:11, 18:22, 18:22].any()
    click(shown, pane, middle, CTRL)
    assert session.history.position == steps + 2
    assert (array[painted] == 0).mean() > 0.95 and (array[painted] <= 1).all()
    session.undo()
    assert np.array_equal((array == 1) & (before != 1), painted)
    session.undo()
    assert array.tobytes() == before.tobytes()


def test_fill_goes_through_all_slices_when_asked(shown):
    shown.session.view.tool, shown.session.view.fill_volume = Tool.FILL, True
    pane = shown.pane(Plane.CORONAL)
    click(shown, pane, shown.centre(pane))
    assert (shown.labels.labels.array == 1).sum() == 6 * 12 * 12 + 2 * 2 * 12


@pytest.mark.parametrize("plane", PLANES)
def test_dragging_the_wand_up_takes_more_at_once_and_esc_takes_all_back(shown, plane):
    session, pane, array = shown.session, pane_of(shown, plane), shown.labels.labels.array
    array[:] = 0
    session.view.tool, session.view.wand_tolerance = Tool.WAND, 4.0
    held, steps = array.tobytes(), session.history.position
    x, y = shown.centre(pane)
    shown.press(pane, (x, y))
    sizes = [array.sum()]
    for up in (60, 120, 160, 300, 500):
        drag_to(pane, (x, y - up))
        sizes.append(array.sum())
    assert sizes == sorted(sizes) and sizes[0] < sizes[2] < sizes[-1]
    assert session.view.wand_tolerance > 1000 and "±" in pane._readout and "voxels" in pane._readout
    drag_to(pane, (x, y - 60))
    assert array.sum() == sizes[1]
    for other in shown.area.panes:
        if other is not pane:
            other.mouse.leave()
    QTest.keyClick(shown.area.window().windowHandle(), Qt.Key.Key_Escape)
    assert array.tobytes() == held and session.history.position == steps and session.view.wand_tolerance == 4.0
    shown.release(pane, (x, y - 60))
    assert array.tobytes() == held and session.history.position == steps


def test_the_wand_through_all_slices_shows_the_last_tolerance_even_if_let_go_early(shown):
    session, pane, array = shown.session, shown.pane(), shown.labels.labels.array
    array[:] = 0
    session.view.tool, session.view.wand_tolerance, session.view.fill_volume = Tool.WAND, 3.0, True
    steps, (x, y) = session.history.position, shown.centre(pane)
    shown.press(pane, (x, y))
    for up in (40, 120, 200):
        drag_to(pane, (x, y - up))
    shown.release(pane, (x, y - 200))
    assert session.jobs.drain(120)
    assert (array == 1).sum() == 8 * 16 * 16 and session.history.position == steps + 1
    session.undo()
    assert not array.any()


def test_the_wand_of_a_locked_label_says_so(shown):
    shown.labels.labels.edit_label(1, locked=True)
    pane, held = shown.pane(), shown.labels.labels.array.tobytes()
    for tool in (Tool.WAND, Tool.FILL, Tool.SMART_BRUSH):
        shown.session.view.tool = tool
        shown.said.clear()
        click(shown, pane, shown.centre(pane))
        assert "locked" in shown.said[0]
    assert shown.labels.labels.array.tobytes() == held


def test_tools_keep_to_the_limits_and_the_pane_says_so(shown):
    session, pane, array = shown.session, shown.pane(), shown.labels.labels.array
    session.view.tool, session.view.wand_tolerance = Tool.WAND, 500.0
    assert pane._note() == ""
    session.view.paint_range, session.view.paint_within = (150.0, 999.0), 2
    assert pane._note() == "Painting limited: 150 to 999 · inside “two”"
    click(shown, pane, shown.centre(pane))
    changed = (array == 1) & (np.arange(20)[:, None, None] == pane.index)
    changed[:, :6] = changed[:, 34:] = False
    assert changed.sum() == 16 * 16 - 12 * 12
    session.view.tool = Tool.PAN
    assert pane._note() == ""


def test_the_smart_brush_stops_at_the_edge_where_the_brush_does_not(shown):
    session, pane, array = shown.session, shown.pane(), shown.labels.labels.array
    bright = shown.layer.volume.array > 120
    array[:] = 0
    session.view.brush_diameter = 14.0
    place = at(shown, pane, (pane.index, 20, 25))
    session.view.tool = Tool.SMART_BRUSH
    assert pane.mouse.tool.erasing(CTRL)
    click(shown, pane, place)
    assert not (array[~bright] == 1).any() and (array == 1).sum() > 80
    session.view.tool = Tool.BRUSH
    click(shown, pane, place)
    assert (array[~bright] == 1).sum() > 20


def test_picking_by_click_and_by_holding_the_key(shown):
    session, pane, labels = shown.session, shown.pane(), shown.labels
    session.view.tool = Tool.PICK_LABEL
    click(shown, pane, at(shown, pane, (pane.index, 10, 10)))
    assert labels.active_label == 2
    session.view.tool = Tool.BRUSH
    QTest.mouseMove(pane.viewport(), QPointF(*at(shown, pane, (9, 3, 20))).toPoint())
    shown.key_event(QEvent.Type.KeyPress, Qt.Key.Key_L, 1000)
    assert session.view.tool is Tool.PICK_LABEL
    click(shown, pane, at(shown, pane, (9, 3, 20)))
    shown.key_event(QEvent.Type.KeyRelease, Qt.Key.Key_L, 1350)
    assert labels.active_label == 1 and session.view.tool is Tool.BRUSH
    shown.hold_key(Qt.Key.Key_L, 349)
    assert session.view.tool is Tool.PICK_LABEL


def test_the_tool_before_comes_back_when_the_window_loses_the_keyboard(shown):
    shown.session.view.tool = Tool.BRUSH
    QTest.mouseMove(shown.pane().viewport(), QPoint(60, 60))
    shown.key_event(QEvent.Type.KeyPress, Qt.Key.Key_L, 1000)
    assert shown.session.view.tool is Tool.PICK_LABEL
    shown.area.keyboard.let_go()
    assert shown.session.view.tool is Tool.BRUSH


def test_an_island_is_kept_or_with_ctrl_removed(shown):
    session, pane, array = shown.session, shown.pane(), shown.labels.labels.array
    session.view.tool = Tool.ISLAND
    place = at(shown, pane, (9, 3, 20))
    click(shown, pane, place)
    assert (array == 1).sum() == 24 and not (array[:, 36:] == 1).any() and (array == 2).any()
    session.undo()
    click(shown, pane, place, CTRL)
    assert (array == 1).sum() == 24 and not (array[:, :5] == 1).any()
    click(shown, pane, shown.centre(pane))
    assert "active label" in shown.said[-1]


def test_keys_copy_the_label_to_the_next_slice_and_go_there(shown):
    session, pane, array = shown.session, shown.pane(), shown.labels.labels.array
    pane.go_to(10)
    shown.area.flush()
    steps = session.history.position
    shown.key(Qt.Key.Key_Down, CTRL | SHIFT)
    assert pane.index == 11 and (array[11] == 1).sum() == 24 and session.history.position == steps + 1
    pane.go_to(0)
    shown.area.flush()
    shown.key(Qt.Key.Key_Up, CTRL | SHIFT)
    assert "no further" in shown.said[-1]


def test_shift_i_limits_painting_to_the_window_and_back(shown):
    shown.key(Qt.Key.Key_I, SHIFT)
    assert shown.session.view.paint_range == (0.0, 255.0)
    shown.key(Qt.Key.Key_I, SHIFT)
    assert shown.session.view.paint_range is None


def test_tools_chosen_by_keys_leave_the_crosshair_alone_and_double_clicks_click(shown):
    session, pane = shown.session, shown.pane()
    session.view.show_crosshair = True
    for key, keys, tool in (
        (Qt.Key.Key_B, SHIFT, Tool.SMART_BRUSH), (Qt.Key.Key_F, SHIFT, Tool.FILL),
        (Qt.Key.Key_U, Qt.KeyboardModifier.NoModifier, Tool.WAND), (Qt.Key.Key_U, SHIFT, Tool.ISLAND),
    ):  # fmt: skip
        shown.key(key, keys)
        assert session.view.tool is tool and tool in LABEL_TOOLS
        before = session.view.crosshair
        QTest.mouseDClick(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPointF(*shown.centre(pane)).toPoint())
        QTest.mouseRelease(pane.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, QPointF(90, 90).toPoint())
        assert session.jobs.drain(120)
        assert session.view.crosshair == before and session.view.maximised is None
