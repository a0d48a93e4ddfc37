"""The crop box on the panes: where it is drawn, what dragging does, and how form and panes keep in step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from canvas_bench import make_layer, point
from pellucid.jobs.runner import Runner
from pellucid.model.crop_box import Box
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Plane, Tool
from pellucid.session.framing import Framed
from pellucid.ui.bridge import Bridge
from pellucid.ui.canvas.crop_box import outline_on
from pellucid.ui.docks.operations import OperationsDock
from phantoms import oblique, sheared

SHIFT = Qt.KeyboardModifier.ShiftModifier
BOX = Box(10, 15, 8, 30, 20, 24)
GRID = Geometry((60, 50, 40), (1.0, 1.0, 1.5))
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@pytest.fixture
def shown(bench):
    layer = make_layer(np.full((40, 50, 60), 200, np.int16), GRID)
    bench.show(layer)
    frame(bench, layer, BOX)
    return bench


def frame(bench, layer, box):
    bench.session.framing.show("a form", Framed(layer.id, layer.geometry, box))
    bench.area.flush()


def box_of(bench):
    return bench.session.framing.shown.box


def widget(pane, index):
    layer = pane.session.document.active_image
    at = pane.widget_at(layer.geometry.index_to_world(index))
    return at.x(), at.y()


def edge(pane, axis, side, box=BOX):
    """Return the widget position of the middle of a side of the box."""
    index = np.add(box[:3], np.array(box[3:]) / 2 - 0.5)
    index[axis] = box[axis] - 0.5 + (box[3 + axis] if side > 0 else 0)
    return widget(pane, index)


@pytest.mark.parametrize("plane", PLANES)
def test_outside_is_dimmed_and_inside_is_not(shown, plane):
    pane, picture = shown.pane(plane), shown.grey(plane)
    found = outline_on(pane)
    xs, ys = sorted({round(c.x()) for c in found.corners}), sorted({round(c.y()) for c in found.corners})
    assert len(xs) == len(ys) == 2
    x, y = (xs[0] + xs[1]) // 2 + 3, (ys[0] + ys[1]) // 2 + 3
    assert picture[y, x] == 200
    for where in ((y, xs[0] - 12), (y, xs[1] + 12), (ys[0] - 12, x), (ys[1] + 12, x)):
        assert 0 < picture[where] < 120
    a, b = found.axes
    ends = [
        np.array(widget(pane, np.where(np.isin(range(3), [a, b]), np.array(BOX[:3]) - 0.5, 20))),
        np.array(widget(pane, np.where(np.isin(range(3), [a, b]), np.add(BOX[:3], BOX[3:]) - 0.5, 20))),
    ]
    assert sorted([ends[0][0], ends[1][0]]) == pytest.approx(xs, abs=0.51)
    assert sorted([ends[0][1], ends[1][1]]) == pytest.approx(ys, abs=0.51)


def test_a_slice_beside_the_box_is_dim_all_over(shown):
    pane = shown.pane()
    pane.go_to(2)
    shown.area.flush()
    assert outline_on(pane).corners == ()
    picture = shown.grey()
    assert picture[tuple(int(n) for n in widget(pane, (25, 22, 2)))[::-1]] < 120


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("which", [0, 1])
def test_a_side_is_dragged_by_whole_voxels(shown, plane, side, which):
    pane = shown.pane(plane)
    axis = outline_on(pane).axes[which]
    start = np.array(edge(pane, axis, side))
    further = np.array(edge(pane, axis, side, BOX._replace(**{"xyz"[axis]: BOX[axis] + 4})))
    shown.drag(pane, start, further)
    exact = list(BOX)
    if side < 0:
        exact[axis], exact[3 + axis] = BOX[axis] + 4, BOX[3 + axis] - 4
    else:
        exact[3 + axis] += 4
    assert box_of(shown) == tuple(exact)


def test_a_corner_moves_two_sides_and_shift_keeps_the_middle(shown):
    pane = shown.pane()
    corner = np.array(widget(pane, (39.5, 34.5, 20)))
    there = np.array(widget(pane, (44.5, 31.5, 20)))
    shown.drag(pane, corner, there)
    assert box_of(shown) == (10, 15, 8, 35, 17, 24)
    frame(shown, shown.session.document.active_image, BOX)
    shown.press(pane, corner, keys=SHIFT)
    QTest.mouseMove(pane.viewport(), point((corner + there) / 2))
    mouse_to(pane, there, SHIFT)
    shown.release(pane, there, keys=SHIFT)
    assert box_of(shown) == (5, 18, 8, 40, 14, 24)


def mouse_to(pane, at, keys):
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    where = QPointF(point(at))
    event = QMouseEvent(QEvent.Type.MouseMove, where, pane.viewport().mapToGlobal(where), Qt.MouseButton.NoButton,
                        Qt.MouseButton.LeftButton, keys)  # fmt: skip
    QApplication.sendEvent(pane.viewport(), event)


def test_the_inside_moves_the_box_and_says_its_size(shown):
    pane = shown.pane(Plane.CORONAL)
    start, end = np.array(widget(pane, (20, 25, 20))), np.array(widget(pane, (26, 25, 15)))
    shown.press(pane, start)
    shown.move(pane, (start + end) / 2)
    shown.move(pane, end)
    assert box_of(shown) == (16, 15, 3, 30, 20, 24)
    assert pane._readout == "30 × 20 × 24 voxels, 30.0 × 20.0 × 36.0 mm"
    shown.release(pane, end)
    assert pane._readout == ""


def test_escape_puts_the_box_back(shown):
    pane = shown.pane()
    start = edge(pane, 0, 1)
    shown.press(pane, start)
    shown.move(pane, (start[0] + 30, start[1]))
    assert box_of(shown) != BOX
    assert pane.mouse.cancel() and box_of(shown) == BOX


def test_a_box_around_all_leaves_the_inside_to_the_window_tool(shown):
    layer = shown.session.document.active_image
    frame(shown, layer, Box(0, 0, 0, 60, 50, 40))
    before = layer.display.width
    pane = shown.pane()
    shown.drag(pane, shown.centre(pane), np.add(shown.centre(pane), (60, 0)))
    assert box_of(shown) == (0, 0, 0, 60, 50, 40) and layer.display.width != before


@pytest.mark.parametrize("tool", [Tool.BRUSH, Tool.LENGTH])
def test_tools_that_draw_are_not_disturbed(shown, tool):
    shown.session.view.tool = tool
    pane = shown.pane()
    start = edge(pane, 0, 1)
    shown.drag(pane, start, (start[0] + 40, start[1]))
    assert box_of(shown) == BOX


@pytest.mark.parametrize("geometry", [oblique(GRID), sheared(GRID), sheared(oblique(GRID))], ids=str)
def test_on_tilted_grids_sides_follow_the_mouse(bench, geometry):
    layer = make_layer(np.full((40, 50, 60), 200, np.int16), geometry)
    bench.show(layer)
    frame(bench, layer, BOX)
    for plane in PLANES:
        pane = bench.pane(plane)
        for axis in outline_on(pane).axes:
            frame(bench, layer, BOX)
            start = np.array(edge(pane, axis, 1))
            bench.drag(pane, start, edge(pane, axis, 1, BOX._replace(**{"xyz"[axis]: BOX[axis] + 3})))
            assert box_of(bench) == BOX._replace(**{f"size_{'xyz'[axis]}": BOX[3 + axis] + 3})


def test_on_askew_planes_it_is_only_drawn(shown):
    shown.session.view.rotation = combined(turn_about((0.3, 1.0, 0.2), 25.0), IDENTITY)
    shown.area.flush()
    pane = shown.pane()
    found = outline_on(pane)
    assert len(found.corners) >= 3 and found.axes is None
    start = found.corners[0]
    shown.drag(pane, (start.x(), start.y()), (start.x() + 20, start.y() + 20))
    assert box_of(shown) == BOX


def test_only_whoever_showed_the_box_takes_it_away_and_other_images_have_none(shown):
    framing = shown.session.framing
    framing.show("somebody else", None)
    assert framing.shown is not None
    other = replace(framing.shown, layer="no such layer")
    framing.show("a form", other)
    assert outline_on(shown.pane()) is None
    framing.show("a form", None)
    assert framing.shown is None and outline_on(shown.pane()) is None


def test_pictures_to_take_away_have_no_box(shown):
    pane = shown.pane()
    pane.pictured = 1
    assert outline_on(pane) is None
    pane.pictured = 0
    assert outline_on(pane) is not None


@pytest.fixture
def runner(qtbot):
    """Answers come through Qt, as in the program."""
    return Runner(Bridge().post)


@pytest.fixture
def dock(bench, qtbot):
    bench.show(make_layer(np.full((40, 50, 60), 200, np.int16), GRID))
    panel = OperationsDock(bench.session, "Filters")
    qtbot.addWidget(panel)
    panel.resize(380, 700)
    panel.show()
    qtbot.waitExposed(panel)
    panel.choose("geometry.crop")
    qtbot.waitUntil(lambda: panel.form is not None)
    yield panel


def test_form_and_panes_keep_each_other_in_step(dock, bench, qtbot):
    assert box_of(bench) == (0, 0, 0, 60, 50, 40)
    assert bench.session.document.active_image.preview is None  # the box is the preview
    assert dock.run.state.text() == "the box on the slices"
    box = dock.form.editors["box"].boxes[0]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "20")
    assert not dock.run.apply.isEnabled() and "ends beyond the image" in dock.run.apply.toolTip()
    width = dock.form.editors["box"].boxes[3]
    width.setFocus()
    width.selectAll()
    qtbot.keyClicks(width, "25")
    qtbot.waitUntil(lambda: box_of(bench) == (20, 0, 0, 25, 50, 40))
    bench.area.flush()
    pane = bench.pane()
    bench.drag(pane, edge(pane, 0, 1, box_of(bench)), widget(pane, (49.5, 25, 20)))
    assert dock.form.values()["box"] == (20, 0, 0, 30, 50, 40)
    qtbot.mouseClick(dock.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bench.session.document.active_image.geometry.size == (30, 50, 40))
    dock._refit()
    assert box_of(bench) == (0, 0, 0, 30, 50, 40)  # the new image has a box of its own
    dock.close_operation()
    assert bench.session.framing.shown is None


def test_the_box_comes_and_goes_with_the_panel_and_with_other_operations(dock, bench, qtbot):
    framing = bench.session.framing
    dock.set_in_front(False)
    assert framing.shown is None
    dock.set_in_front(True)
    assert framing.shown is not None
    dock.hide()
    assert framing.shown is None
    dock.show()
    assert framing.shown is not None
    dock.choose("smoothing.mean")
    assert framing.shown is None
