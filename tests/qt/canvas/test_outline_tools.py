"""Every tool that draws an outline of a label, by real mouse events: which voxels change, and what can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_labels, make_layer, point
from pellucid.model.geometry import Geometry
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Cut, CutShape, Depth, Layout, Plane, Tool
from pellucid.ui.canvas.outline_overlay import depth_words, size_words

KEY = Qt.Key
NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
GRID = Geometry((80, 60, 40), (0.5, 0.8, 1.0), (-20.0, 7.0, 3.0))
PANES = ("axial", "coronal", "oblique")


@pytest.fixture
def shown(bench):
    array = np.random.default_rng(0).integers(0, 256, (40, 60, 80)).astype(np.int16)
    bench.layer = make_layer(array, GRID, unit="HU")
    bench.labels = make_labels(bench.layer, np.zeros((40, 60, 80)))
    bench.session.view.layout = Layout.SINGLE
    bench.show(bench.layer, bench.labels)
    bench.session.document.active = bench.labels
    QApplication.processEvents()
    bench.area.flush()
    return bench


def turned_to(bench, place: str):
    """Show one plane alone and return its pane."""
    pane = bench.pane()
    if place == "coronal":
        pane.state.plane = Plane.CORONAL
    elif place == "oblique":
        turn = turn_about((0.0, 0.0, 1.0), 20) @ turn_about((1.0, 0.0, 0.0), -30)
        bench.session.view.rotation = combined(turn, bench.session.view.rotation)
    QApplication.processEvents()
    bench.area.flush()
    return bench.area.shown_panes()[0]


def voxels(bench) -> np.ndarray:
    return bench.labels.labels.array


def settle(bench) -> None:
    bench.session.jobs.drain(120)
    bench.area.flush()


def click(bench, pane, at, keys=NONE):
    QTest.mouseMove(pane.viewport(), point(at))
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, keys, point(at))
    bench.area.flush()


def double_click(bench, pane, at):
    click(bench, pane, at)
    QTest.mouseDClick(pane.viewport(), Qt.MouseButton.LeftButton, NONE, point(at))
    settle(bench)


def press_key(bench, key):
    QTest.keyClick(bench.area.window().windowHandle(), key)
    settle(bench)


def drag(bench, pane, points, keys=NONE):
    bench.press(pane, points[0], keys=keys)
    for at in points[1:]:
        where = QPointF(*at)
        event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton,
                            Qt.MouseButton.LeftButton, keys)  # fmt: skip
        QApplication.sendEvent(pane.viewport(), event)
    bench.release(pane, points[-1], keys=keys)
    settle(bench)


def ring(pane, radius=150.0):
    x, y = pane.width() / 2, pane.height() / 2
    turn = np.linspace(0, 2 * np.pi, 90)
    return np.stack([x + radius * np.cos(turn), y + 0.8 * radius * np.sin(turn)], axis=1)


def on_pane(bench, pane) -> tuple[np.ndarray, np.ndarray]:
    """Return the widget position of every voxel, shape (n, 2), and how far from the slice it is."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in GRID.size[::-1]), indexing="ij")
    world = GRID.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3))
    frame = pane.frame
    flat = (world - frame.origin) @ np.stack([frame.right, frame.down], axis=1)
    start = pane.camera.to_widget(0.0, 0.0)
    away = (world - frame.world_at(0, 0, pane.index)) @ frame.normal
    return flat * pane.camera.scale + [start.x(), start.y()], away


def in_polygon(places, corners) -> np.ndarray:
    """Cast a ray to the right from each place and count the edges it meets."""
    inside = np.zeros(len(places), bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        between = (y1 <= places[:, 1]) != (y2 <= places[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x1 + (places[:, 1] - y1) * (x2 - x1) / (y2 - y1)
        inside ^= between & (places[:, 0] < at)
    return inside


def slice_of(pane, away) -> np.ndarray:
    """Return the voxels of the slice shown: the nearest, or on an askew plane those that it cuts."""
    lean = np.abs(pane.frame.normal @ GRID.axes) * np.array(GRID.spacing)
    half = lean.sum() / 2 if np.count_nonzero(lean > 1e-4) > 1 else 1e-6
    return np.abs(away) <= half


def expected(bench, pane, corners) -> np.ndarray:
    places, away = on_pane(bench, pane)
    return (in_polygon(places, np.array(corners, float)) & slice_of(pane, away)).reshape(voxels(bench).shape)


def agree(found, wanted, share=0.01) -> bool:
    """Return whether masks agree but for voxels on the edge, of which a few may differ."""
    return bool(wanted.any() and np.count_nonzero(found != wanted) <= max(1, share * np.count_nonzero(wanted)))


def undone_and_redone(bench, before: np.ndarray) -> bool:
    after = voxels(bench).copy()
    bench.session.undo()
    gone = voxels(bench).tobytes() == before.tobytes()
    bench.session.redo()
    return gone and voxels(bench).tobytes() == after.tobytes()


SQUARE = [(250, 250), (560, 270), (520, 540), (280, 500)]


# ---------------------------------------------------------------- polygon


@pytest.mark.parametrize("place", PANES)
@pytest.mark.parametrize("ending", ["double click", "Enter", "first point"])
def test_a_polygon_is_clicked_and_fills(shown, place, ending):
    pane = turned_to(shown, place)
    shown.session.view.tool = Tool.LABEL_POLYGON
    before = voxels(shown).copy()
    for at in SQUARE[:-1]:
        click(shown, pane, at)
    if ending == "double click":
        double_click(shown, pane, SQUARE[-1])
    else:
        click(shown, pane, SQUARE[-1])
        if ending == "Enter":
            press_key(shown, KEY.Key_Return)
        else:
            click(shown, pane, (251, 251))
            settle(shown)
    assert agree(voxels(shown) == 1, expected(shown, pane, SQUARE))
    assert list(shown.session.history.steps) == ["Outline one"]
    assert len(shown.session.document.annotations) == 0 and shown.session.outlining.draft is None
    assert undone_and_redone(shown, before)


def test_backspace_takes_a_corner_back_and_esc_gives_up(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool = Tool.LABEL_POLYGON
    for at in (*SQUARE[:-1], (300, 700)):
        click(shown, pane, at)
    press_key(shown, KEY.Key_Backspace)
    click(shown, pane, SQUARE[-1])
    press_key(shown, KEY.Key_Enter)
    assert agree(voxels(shown) == 1, expected(shown, pane, SQUARE))
    steps, held = shown.session.history.steps, voxels(shown).copy()
    for at in SQUARE:
        click(shown, pane, at)
    assert shown.session.outlining.draft is not None
    press_key(shown, KEY.Key_Escape)
    assert shown.session.outlining.draft is None and shown.session.view.tool is Tool.LABEL_POLYGON
    assert shown.session.history.steps == steps and np.array_equal(voxels(shown), held)
    press_key(shown, KEY.Key_Escape)
    assert shown.session.view.tool is Tool.WINDOW


# ---------------------------------------------------------------- lasso and boxes


@pytest.mark.parametrize("place", PANES)
def test_a_lasso_fills_and_with_ctrl_erases(shown, place):
    pane = turned_to(shown, place)
    shown.session.view.tool = Tool.LABEL_LASSO
    before = voxels(shown).copy()
    drag(shown, pane, ring(pane))
    assert agree(voxels(shown) == 1, expected(shown, pane, ring(pane)), 0.03)
    assert undone_and_redone(shown, before)
    filled = voxels(shown).copy()
    drag(shown, pane, ring(pane, 100), CTRL)
    gone = filled & ~(voxels(shown) > 0)
    assert agree(gone > 0, expected(shown, pane, ring(pane, 100)), 0.04)
    assert shown.session.history.steps[-1] == "Erase an outline on Labels"
    assert undone_and_redone(shown, filled)


@pytest.mark.parametrize("place", PANES)
@pytest.mark.parametrize("tool", [Tool.LABEL_RECTANGLE, Tool.LABEL_ELLIPSE])
def test_boxes_are_dragged_or_clicked(shown, place, tool):
    pane = turned_to(shown, place)
    shown.session.view.tool = tool
    before = voxels(shown).copy()
    drag(shown, pane, [(250, 280), (400, 400), (550, 520)])
    places, away = on_pane(shown, pane)
    across, along = (places[:, 0] - 400) / 150, (places[:, 1] - 400) / 120
    inside = np.maximum(abs(across), abs(along)) <= 1 if tool is Tool.LABEL_RECTANGLE else across**2 + along**2 <= 1
    wanted = (inside & slice_of(pane, away)).reshape(before.shape)
    assert agree(voxels(shown) == 1, wanted, 0.0)
    assert undone_and_redone(shown, before)
    filled = voxels(shown).copy()
    shown.session.undo()
    click(shown, pane, (250, 280))
    click(shown, pane, (550, 520))
    settle(shown)
    assert np.array_equal(voxels(shown), filled)


def test_shift_makes_a_circle_and_the_size_is_told_in_mm(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool = Tool.LABEL_ELLIPSE
    shown.press(pane, (250, 250), keys=SHIFT)
    where = QPointF(450, 330)
    event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton,
                        Qt.MouseButton.LeftButton, SHIFT)  # fmt: skip
    QApplication.sendEvent(pane.viewport(), event)
    side = f"{200 / pane.camera.scale:.1f}"
    assert size_words(pane, shown.session.outlining.draft) == f"{side} × {side} mm"
    press_key(shown, KEY.Key_Escape)
    shown.release(pane, (450, 330))
    assert not voxels(shown).any() and shown.session.outlining.draft is None


def test_the_size_is_px_where_no_lengths_are_known(bench):
    grid = Geometry((40, 40, 1), known_spacing=(False, False, False))
    layer = make_layer(np.zeros((1, 40, 40), np.int16), grid)
    bench.session.view.layout = Layout.SINGLE
    bench.show(layer)
    pane = bench.area.shown_panes()[0]
    bench.session.view.tool = Tool.LABEL_RECTANGLE
    bench.press(pane, (200, 200))
    bench.move(pane, (400, 300))
    bench.move(pane, (401, 300))
    words = size_words(pane, bench.session.outlining.draft)
    assert words.endswith(" px") and "mm" not in words
    bench.release(pane, (401, 300))
    made = bench.session.document.active_labels
    assert made is not None and made.labels.array.any()  # a label layer came by itself


def test_a_click_changes_nothing(shown):
    pane = turned_to(shown, "axial")
    for tool in (Tool.LABEL_LASSO, Tool.SCISSORS):
        shown.session.view.tool = tool
        click(shown, pane, (400, 400))
    shown.session.view.tool = Tool.LABEL_RECTANGLE
    drag(shown, pane, [(300, 300), (300, 360), (300, 420)])
    assert not voxels(shown).any() and shown.session.history.steps == ()


def test_alt_reaches_through_all_slices(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool = Tool.LABEL_RECTANGLE
    drag(shown, pane, [(250, 280), (400, 400), (550, 520)], ALT)
    here = voxels(shown)[pane.index] == 1
    assert here.any() and all(np.array_equal(voxels(shown)[z] == 1, here) for z in range(40))


def test_an_outline_waits_on_its_slice_and_a_press_elsewhere_begins_anew(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool = Tool.LABEL_POLYGON
    for at in SQUARE[:3]:
        click(shown, pane, at)
    draft, start = shown.session.outlining.draft, pane.index
    shown.wheel(pane, -1, SQUARE[2])
    assert not pane.mouse.tool.is_drawing(pane)
    shown.wheel(pane, 1, SQUARE[2])
    assert pane.mouse.tool.is_drawing(pane) and shown.session.outlining.draft.id == draft.id
    shown.wheel(pane, -1, SQUARE[2])
    click(shown, pane, (300, 300))
    assert shown.session.outlining.draft.id != draft.id and pane.index == start + 1
    shown.session.view.tool = Tool.WINDOW
    assert shown.session.outlining.draft is None


# ---------------------------------------------------------------- locks and limits


@pytest.mark.parametrize("tool", [Tool.LABEL_RECTANGLE, Tool.SCISSORS])
def test_a_locked_label_is_told_before_anything_is_drawn(shown, tool):
    pane = turned_to(shown, "axial")
    shown.labels.labels.edit_label(1, locked=True)
    said = []
    shown.session.notice.connect(lambda text, severity: said.append((text, severity)))
    shown.session.view.tool = tool
    drag(shown, pane, [(250, 280), (400, 400), (550, 520)])
    assert not voxels(shown).any() and len(said) == 1 and "locked" in said[0][0] and said[0][1] == "warning"


def test_limits_and_locked_labels_are_left_alone(shown):
    pane = turned_to(shown, "axial")
    voxels(shown)[pane.index, :, 40:50] = 2
    shown.labels.labels.edit_label(2, locked=True)
    shown.session.view.paint_range = (100, 300)
    shown.session.view.tool = Tool.LABEL_RECTANGLE
    before = voxels(shown).copy()
    drag(shown, pane, [(50, 150), (400, 400), (750, 650)])
    changed = voxels(shown) != before
    values = shown.layer.volume.array
    assert changed.any() and (values[changed] >= 100).all() and (before[changed] == 0).all()
    held = values[pane.index] >= 100
    rows, columns = np.nonzero(changed[pane.index])
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert np.array_equal(changed[pane.index][box], (held & (before[pane.index] == 0))[box])
    assert undone_and_redone(shown, before)


# ---------------------------------------------------------------- scissors


@pytest.mark.parametrize("place", PANES)
@pytest.mark.parametrize("cut", list(Cut))
@pytest.mark.parametrize("depth", list(Depth))
def test_scissors_do_what_the_box_says(shown, place, cut, depth):
    pane = turned_to(shown, place)
    view = shown.session.view
    view.tool, view.cut, view.cut_depth, view.cut_shape, view.outline_reach = (
        Tool.SCISSORS, cut, depth, CutShape.RECTANGLE, 4.0
    )  # fmt: skip
    voxels(shown)[...] = np.random.default_rng(1).integers(0, 3, voxels(shown).shape)
    before = voxels(shown).copy()
    drag(shown, pane, [(250, 280), (400, 400), (550, 520)])
    places, away = on_pane(shown, pane)
    inside = np.maximum(abs(places[:, 0] - 400) / 150, abs(places[:, 1] - 400) / 120) <= 1
    near = slice_of(pane, away)
    if depth is not Depth.SLICE:
        near |= np.abs(away) <= (np.inf if depth is Depth.ALL else 4.0 + 1e-9)
    flat, wanted = before.ravel(), before.ravel().copy()
    if cut is Cut.FILL:
        wanted[inside & near] = 1
    else:
        wanted[near & (flat == 1) & (inside if cut is Cut.ERASE else ~inside)] = 0
    assert np.array_equal(voxels(shown).ravel(), wanted)
    assert (wanted != flat).any() and len(shown.session.history.steps) == 1
    assert undone_and_redone(shown, before)


def test_ctrl_turns_the_scissors_round(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool = Tool.SCISSORS
    drag(shown, pane, ring(pane), CTRL)  # they erase through all slices: the other way fills
    filled = voxels(shown).copy()
    assert filled.any(axis=(1, 2)).all()
    drag(shown, pane, ring(pane, 80))
    assert 0 < voxels(shown).sum() < filled.sum()
    assert list(shown.session.history.steps) == ["Scissors: fill one", "Scissors: cut one"]


def test_clicked_scissors_follow_the_shape_that_is_chosen(shown):
    pane = turned_to(shown, "axial")
    shown.session.view.tool, shown.session.view.cut = Tool.SCISSORS, Cut.FILL
    shown.session.view.cut_shape, shown.session.view.cut_depth = CutShape.POLYGON, Depth.SLICE
    for at in SQUARE:
        click(shown, pane, at)
    press_key(shown, KEY.Key_Return)
    assert agree(voxels(shown) == 1, expected(shown, pane, SQUARE))


def test_a_large_cut_is_a_job_that_can_be_cancelled(shown, monkeypatch):
    job = large_cut(shown, monkeypatch)
    assert not voxels(shown).any()
    job.cancel()
    settle(shown)
    assert not voxels(shown).any() and shown.session.history.steps == ()


def test_a_large_cut_sees_what_was_painted_meanwhile(shown, monkeypatch):
    job = large_cut(shown, monkeypatch)
    assert job.wait(120)  # it has looked, and has not been heard yet
    shown.labels.active_label = 2
    shown.session.editing.apply((slice(10, 12), slice(25, 35), slice(35, 45)), np.ones((2, 10, 10), bool))
    shown.session.labelling.edit_label(shown.labels, 2, locked=True)
    painted = voxels(shown).copy()
    settle(shown)
    assert (voxels(shown)[10:12, 25:35, 35:45] == 2).all() and (voxels(shown) == 1).any()
    assert shown.session.history.steps[-1] == "Scissors: fill one" and undone_and_redone(shown, painted)


def large_cut(bench, monkeypatch):
    """Fill through all slices as what is large is filled, and return the job."""
    monkeypatch.setattr("pellucid.session.outlining.AT_ONCE", 10)
    pane = turned_to(bench, "axial")
    bench.session.view.tool, bench.session.view.cut = Tool.SCISSORS, Cut.FILL
    ends = ring(pane)
    bench.press(pane, ends[0])
    for at in ends[1:]:
        bench.move(pane, at)
    bench.release(pane, ends[-1])
    return next(job for job in bench.session.jobs.running if job.name.startswith("Scissors"))


# ---------------------------------------------------------------- live wire


@pytest.fixture
def disc(bench):
    """Show a bright ball in noise, of radius 15 mm in the middle of the grid."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in GRID.size[::-1]), indexing="ij")
    world = GRID.index_to_world(np.stack([x, y, z], axis=-1))
    away = np.linalg.norm(world - GRID.centre(), axis=-1)
    array = np.random.default_rng(2).normal(100, 4, away.shape) + 100 * (away <= 15)
    bench.layer = make_layer(array.astype(np.int16), GRID)
    bench.labels = make_labels(bench.layer, np.zeros((40, 60, 80)))
    bench.session.view.layout = Layout.SINGLE
    bench.show(bench.layer, bench.labels)
    bench.session.document.active = bench.labels
    QApplication.processEvents()
    bench.area.flush()
    return bench


def around(pane, turns, mm=15.0):
    """Return widget positions on the edge of the ball, as far as the slice cuts it."""
    frame = pane.frame
    away = float((GRID.centre() - frame.world_at(0, 0, pane.index)) @ frame.normal)
    radius = np.sqrt(mm**2 - away**2)
    u, v = frame.plane_coordinates(GRID.centre())
    places = [pane.camera.to_widget(u + radius * np.cos(t), v + radius * np.sin(t)) for t in turns]
    return [(place.x(), place.y()) for place in places]


@pytest.mark.parametrize("place", PANES)
@pytest.mark.parametrize("ending", ["double click", "Enter", "first point"])
def test_a_live_wire_follows_the_edge_between_four_clicks(disc, place, ending):
    pane = turned_to(disc, place)
    disc.session.view.tool = Tool.LIVE_WIRE
    before = voxels(disc).copy()
    corners = around(pane, np.radians([10, 100, 190, 280]))
    for at in corners[:-1]:
        click(disc, pane, at)
        settle(disc)
    if ending == "double click":
        double_click(disc, pane, corners[-1])
    else:
        click(disc, pane, corners[-1])
        if ending == "Enter":
            press_key(disc, KEY.Key_Return)
        else:
            settle(disc)
            first = disc.session.outlining.wire.knots[0]
            click(disc, pane, pane.camera.to_widget(*first).toTuple())
            settle(disc)
    painted = voxels(disc) == 1
    z, y, x = np.meshgrid(*(np.arange(n) for n in GRID.size[::-1]), indexing="ij")
    world = GRID.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3))
    _, away = on_pane(disc, pane)
    on_slice = slice_of(pane, away)
    flat = world + np.outer(-away, pane.frame.normal)  # a voxel is judged where it is seen
    radius = np.linalg.norm(flat - GRID.centre(), axis=1)
    pixel = 0.8 if place != "coronal" else 1.0
    found = painted.ravel()
    assert found[on_slice & (radius < 15 - 1.5 * pixel)].all()
    assert not found[radius > 15 + 1.5 * pixel].any() and not found[~on_slice].any()
    assert undone_and_redone(disc, before) and disc.session.outlining.wire is None


def test_the_wire_runs_on_to_the_mouse_and_backspace_lets_it_loose(disc):
    pane = turned_to(disc, "axial")
    disc.session.view.tool = Tool.LIVE_WIRE
    start, second, third = around(pane, np.radians([0, 60, 120]))
    click(disc, pane, start)
    disc.move(pane, second)
    assert len(disc.session.outlining.draft.points) == 2  # straight until the ways are known
    settle(disc)
    assert len(disc.session.outlining.draft.points) > 20
    click(disc, pane, second)
    settle(disc)
    fixed = disc.session.outlining.draft.points
    disc.move(pane, third)
    assert disc.session.outlining.draft.points[: len(fixed)] == fixed
    click(disc, pane, third)
    press_key(disc, KEY.Key_Backspace)
    assert len(disc.session.outlining.wire.knots) == 2 and disc.session.outlining.draft.points == fixed
    press_key(disc, KEY.Key_Escape)
    assert disc.session.outlining.wire is None and disc.session.outlining.draft is None
    click(disc, pane, start)
    press_key(disc, KEY.Key_Backspace)
    assert disc.session.outlining.wire is None and not voxels(disc).any() and disc.session.history.steps == ()


def test_shift_leads_the_wire_straight(disc):
    pane = turned_to(disc, "axial")
    disc.session.view.tool = Tool.LIVE_WIRE
    for at in ((200, 200), (500, 200), (500, 600)):
        click(disc, pane, at, SHIFT)
        settle(disc)
    assert len(disc.session.outlining.draft.points) == 3
    click(disc, pane, (200, 600), CTRL | SHIFT)
    press_key(disc, KEY.Key_Escape)


def test_ctrl_erases_within_the_wire(disc):
    pane = turned_to(disc, "axial")
    disc.session.view.tool = Tool.LIVE_WIRE
    voxels(disc)[pane.index] = 1
    for n, at in enumerate(around(pane, np.radians([0, 90, 180, 270]))):
        click(disc, pane, at, CTRL if n == 0 else NONE)
        settle(disc)
    press_key(disc, KEY.Key_Return)
    hole = np.count_nonzero(voxels(disc)[pane.index] == 0) * 0.5 * 0.8
    assert hole == pytest.approx(np.pi * 15**2, rel=0.06)


# ---------------------------------------------------------------- regions and words


@pytest.mark.parametrize("tool", [Tool.RECTANGLE, Tool.ELLIPSE, Tool.POLYGON, Tool.FREEHAND])
def test_a_measured_region_is_filled_from_its_menu_with_the_voxels_it_counts(shown, tool):
    from pellucid.model.regions import region_voxels
    from pellucid.ui.canvas.pane_menu import pane_menu

    pane = turned_to(shown, "axial")
    shown.session.view.tool = tool
    if tool is Tool.POLYGON:
        for at in SQUARE:
            click(shown, pane, at)
        press_key(shown, KEY.Key_Return)
    else:
        drag(shown, pane, ring(pane) if tool is Tool.FREEHAND else [(250, 280), (400, 400), (550, 520)])
    region = shown.session.document.annotations[0]
    shown.session.view.tool, before = Tool.WINDOW, voxels(shown).copy()
    pane.mouse.at = QPointF(400, 280) if tool is Tool.ELLIPSE else pane.widget_at(region.points[0])
    menu = pane_menu(shown.area, pane)
    action = next(one for one in menu.actions() if one.text() == "Fill with the active label")
    assert action.isEnabled()
    action.trigger()
    settle(shown)
    assert np.count_nonzero(voxels(shown)) == len(region_voxels(region, shown.layer.volume).values)
    assert shown.session.history.steps[-1] == "Fill a region with one"
    assert len(shown.session.document.annotations) == 1 and undone_and_redone(shown, before)


def test_the_depth_is_said_beside_the_mouse(shown):
    pane = turned_to(shown, "axial")
    view = shown.session.view
    view.tool = Tool.LABEL_LASSO
    tool = pane.mouse.tool
    assert depth_words(pane, tool.use(pane)) == ""
    view.outline_depth, view.outline_reach = Depth.NEAR, 7.5
    assert depth_words(pane, tool.use(pane)) == "± 7.5 mm"
    view.tool = Tool.SCISSORS
    assert depth_words(pane, pane.mouse.tool.use(pane)) == "all slices"


def test_keys_choose_the_tools(shown):
    pane = turned_to(shown, "axial")
    QTest.mouseMove(pane.viewport(), point((400, 400)))
    keys = {KEY.Key_P: (SHIFT, Tool.LABEL_POLYGON), KEY.Key_J: (NONE, Tool.LABEL_LASSO),
            KEY.Key_R: (SHIFT, Tool.LABEL_RECTANGLE), KEY.Key_O: (SHIFT, Tool.LABEL_ELLIPSE),
            KEY.Key_V: (NONE, Tool.LIVE_WIRE), KEY.Key_X: (NONE, Tool.SCISSORS)}  # fmt: skip
    for key, (held, tool) in keys.items():
        QTest.keyClick(shown.area.window().windowHandle(), key, held)
        assert shown.session.view.tool is tool
