"""Every drawing tool by real mouse events: what was drawn lies where the mouse was, in the world, and can be undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from canvas_bench import make_layer, point
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.measuring import measure
from pellucid.model.view import Layout, Plane, Tool
from pellucid.ui.canvas import measure_scene
from pellucid.ui.canvas.measure_overlay import BODY, REACH, MeasureOverlay
from pellucid.ui.canvas.measure_words import plate_lines

KEY = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
GRID = Geometry((80, 60, 20), (0.5, 0.8, 2.0), (-20.0, 7.0, 3.0))


@pytest.fixture
def shown(bench):
    array = np.random.default_rng(0).integers(0, 256, (20, 60, 80)).astype(np.int16)
    bench.layer = make_layer(array, GRID, unit="HU")
    bench.session.view.layout = Layout.SINGLE
    bench.show(bench.layer)
    QApplication.processEvents()
    bench.area.flush()
    return bench


def use(bench, tool: Tool):
    bench.session.view.tool = tool
    return bench.pane()


def click(bench, pane, at, keys=Qt.KeyboardModifier.NoModifier):
    QTest.mouseMove(pane.viewport(), point(at))
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, keys, point(at))
    bench.area.flush()


def double_click(bench, pane, at):
    click(bench, pane, at)
    QTest.mouseDClick(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point(at))
    bench.area.flush()


def drawn(bench) -> tuple[Annotation, ...]:
    return tuple(bench.session.document.annotations)


def only(bench) -> Annotation:
    found = drawn(bench)
    assert len(found) == 1
    return found[0]


def lies_at(pane, annotation, *places) -> bool:
    """Return whether the points are exactly the world points under these widget positions."""
    expected = [pane.world_at(QPointF(*at)) for at in places]
    return len(annotation.points) == len(expected) and np.allclose(annotation.points, expected, atol=1e-9)


def plate(bench, annotation) -> tuple[str, ...]:
    return plate_lines(annotation, bench.session.measuring.reading(annotation))


def overlay(pane) -> MeasureOverlay:
    return next(one for one in pane.overlays if isinstance(one, MeasureOverlay))


def undone_and_redone(bench) -> bool:
    before = drawn(bench)
    bench.session.undo()
    gone = len(drawn(bench)) == len(before) - 1
    bench.session.redo()
    return gone and drawn(bench) == before


# ---------------------------------------------------------------- drawing


def test_a_length_is_dragged(shown):
    pane = use(shown, Tool.LENGTH)
    shown.drag(pane, (200, 300), (500, 420))
    line = only(shown)
    assert line.kind is Kind.LENGTH and lies_at(pane, line, (200, 300), (500, 420))
    length = np.hypot(300, 120) / pane.camera.scale
    assert measure(line, GRID)[0].value == pytest.approx(length, rel=1e-9)
    assert plate(shown, line) == (f"{length:.1f} mm",)
    assert line.layer == shown.layer.id and line.normal == (0, 0, 1)
    assert shown.session.view.tool is Tool.LENGTH  # the tool stays
    assert undone_and_redone(shown)


def test_a_length_is_clicked_and_follows_the_mouse_in_between(shown):
    pane = use(shown, Tool.LENGTH)
    click(shown, pane, (200, 300))
    for x in (260, 350, 500):
        shown.move(pane, (x, 420))
        draft = shown.session.measuring.draft
        assert draft is not None and lies_at(pane, draft, (200, 300), (x, 420))
    assert drawn(shown) == ()
    click(shown, pane, (500, 420))
    assert lies_at(pane, only(shown), (200, 300), (500, 420)) and shown.session.measuring.draft is None


def test_a_double_click_is_no_length(shown):
    pane = use(shown, Tool.LENGTH)
    double_click(shown, pane, (200, 300))
    assert drawn(shown) == () and shown.session.view.maximised is None
    click(shown, pane, (400, 300))
    assert lies_at(pane, only(shown), (200, 300), (400, 300))


@pytest.mark.parametrize("kind", [Kind.RECTANGLE, Kind.ELLIPSE])
def test_boxes_are_dragged_and_say_what_is_inside(shown, kind):
    pane = use(shown, Tool(kind.value))
    shown.drag(pane, (200, 250), (520, 480))
    region = only(shown)
    assert region.kind is kind and lies_at(pane, region, (200, 250), (520, 480))
    first, last = (GRID.world_to_index(p) for p in region.points)
    x, y = np.meshgrid(np.arange(80), np.arange(60))
    across = (2 * x - first[0] - last[0]) / (last[0] - first[0])
    along = (2 * y - first[1] - last[1]) / (last[1] - first[1])
    within = np.maximum(abs(across), abs(along)) <= 1 if kind is Kind.RECTANGLE else across**2 + along**2 <= 1
    values = shown.layer.volume.array[pane.index][within].astype(float)
    mean, spread, area = plate(shown, region)[0], plate(shown, region)[1], plate(shown, region)[2]
    assert mean == f"{values.mean():.1f} ± {values.std():.1f} HU"
    assert spread == f"min {values.min():.0f} · max {values.max():.0f}"
    share = 1 if kind is Kind.RECTANGLE else np.pi / 4
    assert area == f"{share * 320 * 230 / pane.camera.scale**2:.1f} mm²"
    assert undone_and_redone(shown)


@pytest.mark.parametrize("ending", ["double click", "Enter", "first point"])
def test_a_polygon_is_clicked_and_ended(shown, ending):
    pane = use(shown, Tool.POLYGON)
    corners = [(200, 200), (500, 220), (480, 500), (220, 450)]
    for at in corners[:-1]:
        click(shown, pane, at)
    if ending == "double click":
        double_click(shown, pane, corners[-1])
    else:
        click(shown, pane, corners[-1])
        if ending == "Enter":
            QTest.keyClick(shown.area.window().windowHandle(), KEY.Key_Return)
        else:
            click(shown, pane, (202, 201))
    assert lies_at(pane, only(shown), *corners)
    assert len(plate(shown, only(shown))) == 3 and undone_and_redone(shown)
    assert shown.session.view.maximised is None


def test_a_polyline_takes_points_back_and_can_be_given_up(shown):
    pane, keys = use(shown, Tool.POLYLINE), shown.area.window().windowHandle()
    for at in ((200, 200), (400, 200), (400, 300)):
        click(shown, pane, at)
    QTest.keyClick(keys, KEY.Key_Backspace)
    click(shown, pane, (400, 500))
    double_click(shown, pane, (200, 500))
    line = only(shown)
    assert lies_at(pane, line, (200, 200), (400, 200), (400, 500), (200, 500))
    assert plate(shown, line) == (f"{700 / pane.camera.scale:.1f} mm",)
    click(shown, pane, (100, 100))
    click(shown, pane, (150, 100))
    QTest.keyClick(keys, KEY.Key_Escape)
    assert shown.session.measuring.draft is None and shown.session.view.tool is Tool.POLYLINE
    QTest.keyClick(keys, KEY.Key_Escape)
    assert shown.session.view.tool is Tool.WINDOW and len(drawn(shown)) == 1
    click(shown, use(shown, Tool.POLYLINE), (100, 100))
    for _ in range(3):
        QTest.keyClick(keys, KEY.Key_Backspace)
    assert shown.session.measuring.draft is None


@pytest.mark.parametrize("dragged", [True, False])
def test_an_angle_has_its_vertex_in_the_middle(shown, dragged):
    pane = use(shown, Tool.ANGLE)
    if dragged:
        shown.drag(pane, (500, 400), (300, 400))
    else:
        click(shown, pane, (500, 400))
        click(shown, pane, (300, 400))
    click(shown, pane, (300, 200))
    angle = only(shown)
    assert lies_at(pane, angle, (500, 400), (300, 400), (300, 200))
    assert plate(shown, angle) == ("90.0°",) and undone_and_redone(shown)


def test_a_cobb_angle_is_two_dragged_lines(shown):
    pane = use(shown, Tool.COBB)
    shown.drag(pane, (200, 200), (500, 200))
    assert drawn(shown) == ()
    shown.drag(pane, (500, 600), (200, 500))
    cobb = only(shown)
    assert lies_at(pane, cobb, (200, 200), (500, 200), (500, 600), (200, 500))
    assert plate(shown, cobb) == (f"Cobb {np.degrees(np.arctan2(100, 300)):.1f}°",) and undone_and_redone(shown)


def test_a_freehand_region_follows_the_mouse(shown):
    pane = use(shown, Tool.FREEHAND)
    turn = np.linspace(0, 2 * np.pi, 120)
    path = np.stack([400 + 150 * np.cos(turn), 400 + 150 * np.sin(turn)], axis=1)
    shown.press(pane, path[0])
    for at in path[1:]:
        shown.move(pane, at)
    shown.release(pane, path[-1])
    region = only(shown)
    area = measure(region, GRID)[0]
    assert area.value == pytest.approx(np.pi * (150 / pane.camera.scale) ** 2, rel=0.01)
    assert 12 < len(region.points) < 100
    away = np.hypot(*(np.array([tuple(pane.widget_at(p).toTuple()) for p in region.points]) - 400).T)
    assert np.all(np.abs(away - 150) < 2) and undone_and_redone(shown)


def test_a_point_reads_the_voxel_under_it(shown):
    pane = use(shown, Tool.POINT)
    click(shown, pane, (333, 444))
    mark = only(shown)
    x, y, z = np.floor(GRID.world_to_index(pane.world_at(QPointF(333, 444))) + 0.5).astype(int)
    assert lies_at(pane, mark, (333, 444)) and plate(shown, mark) == (f"{shown.layer.volume.array[z, y, x]} HU",)
    assert undone_and_redone(shown)


def test_an_arrow_is_dragged_from_its_tip_and_a_double_click_gives_it_words(shown):
    pane = use(shown, Tool.ARROW)
    shown.drag(pane, (300, 300), (450, 350))
    assert lies_at(pane, only(shown), (300, 300), (450, 350)) and plate(shown, only(shown)) == ()
    double_click(shown, pane, (375, 325))
    write(shown, pane, "Plaque")
    assert plate(shown, only(shown)) == ("Plaque",)


def write(bench, pane, words, end=KEY.Key_Return):
    """Type into the line that is open on a pane, as the window gives keys to it."""
    line = next(child for child in pane.viewport().findChildren(QLineEdit) if child.isVisible())
    assert QApplication.focusWidget() is line
    for letter in words:
        QTest.keyClick(bench.area.window().windowHandle(), letter)
    QTest.keyClick(bench.area.window().windowHandle(), end)
    bench.area.flush()


def test_a_text_is_typed_where_it_was_clicked_and_letters_are_no_keys_meanwhile(shown):
    pane = use(shown, Tool.TEXT)
    click(shown, pane, (300, 300))
    write(shown, pane, "Debris w 1")
    note = only(shown)
    assert note.text == "Debris w 1" and lies_at(pane, note, (300, 300))
    assert shown.session.view.tool is Tool.TEXT and not shown.layer.display.invert
    assert undone_and_redone(shown)
    double_click(shown, pane, (310, 300))
    write(shown, pane, "Bone")
    assert only(shown).text == "Bone"
    double_click(shown, pane, (310, 300))
    write(shown, pane, "Nothing", KEY.Key_Escape)
    assert only(shown).text == "Bone"


def test_a_text_without_words_is_none(shown):
    pane = use(shown, Tool.TEXT)
    click(shown, pane, (300, 300))
    write(shown, pane, "  ")
    click(shown, pane, (300, 300))
    write(shown, pane, "x", KEY.Key_Escape)
    assert drawn(shown) == () and shown.session.history.steps == ()


def test_shift_keeps_lines_straight_and_boxes_square(shown):
    pane = use(shown, Tool.LENGTH)
    click(shown, pane, (200, 300))
    click(shown, pane, (500, 330), SHIFT)
    assert lies_at(pane, only(shown), (200, 300), (500, 300))
    shown.session.undo()
    use(shown, Tool.RECTANGLE)
    click(shown, pane, (200, 300))
    click(shown, pane, (500, 400), SHIFT)
    assert lies_at(pane, only(shown), (200, 300), (500, 600))


def test_scrolling_away_gives_up_what_was_being_drawn(shown):
    pane = use(shown, Tool.LENGTH)
    click(shown, pane, (200, 300))
    shown.wheel(pane, -1)
    click(shown, pane, (300, 300))
    assert drawn(shown) == ()
    click(shown, pane, (400, 300))
    assert lies_at(pane, only(shown), (300, 300), (400, 300))


# ---------------------------------------------------------------- changing


@pytest.fixture
def line(shown):
    pane = use(shown, Tool.LENGTH)
    shown.drag(pane, (200, 300), (500, 300))
    shown.session.view.tool = Tool.WINDOW
    shown.area.flush()
    return only(shown)


def test_a_handle_is_dragged_as_one_step(shown, line):
    pane, window = shown.pane(), shown.layer.display.limits
    shown.press(pane, (501, 301))
    for at in ((520, 310), (600, 500)):
        shown.move(pane, at)
        shown.area.flush()
    assert only(shown) == line  # nothing is kept before the button is let go
    assert lies_at(pane, shown.session.measuring.draft, (200, 300), (600, 500))
    shown.release(pane, (600, 500))
    assert lies_at(pane, only(shown), (200, 300), (600, 500)) and shown.session.measuring.draft is None
    assert len(shown.session.history.steps) == 2 and shown.layer.display.limits == window
    shown.session.undo()
    assert only(shown) == line


def test_the_body_is_moved_and_esc_leaves_it(shown, line):
    pane = shown.pane()
    shown.drag(pane, (350, 300), (380, 400))
    assert lies_at(pane, only(shown), (230, 400), (530, 400))
    shown.press(pane, (350, 400))
    shown.move(pane, (400, 500))
    QTest.keyClick(shown.area.window().windowHandle(), KEY.Key_Escape)
    shown.release(pane, (400, 500))
    assert lies_at(pane, only(shown), (230, 400), (530, 400))
    assert shown.session.history.undo_label.startswith("Change length")


def test_a_click_selects_and_delete_deletes(shown, line):
    pane = shown.pane()
    shown.session.measuring.select(None)
    keys = shown.area.window().windowHandle()
    click(shown, pane, (350, 100))
    QTest.keyClick(keys, KEY.Key_Delete)
    assert drawn(shown) == (line,)
    click(shown, pane, (350, 300))
    assert shown.session.measuring.selected == line and len(shown.session.history.steps) == 1
    click(shown, pane, (350, 600))
    assert shown.session.measuring.selected is None
    click(shown, pane, (350, 300))
    QTest.keyClick(keys, KEY.Key_Delete)
    assert drawn(shown) == ()
    shown.session.undo()
    assert drawn(shown) == (line,)


def test_a_double_click_names_and_does_not_maximise(shown, line):
    pane = shown.pane()
    double_click(shown, pane, (350, 300))
    write(shown, pane, "Aorta")
    assert plate(shown, only(shown))[0] == "Aorta" and shown.session.history.undo_label.startswith("Rename length")
    assert shown.session.view.layout == Layout.SINGLE
    double_click(shown, pane, (350, 600))
    assert shown.session.view.layout == Layout.QUAD  # beside it the double click is what it was


def test_an_annotation_is_seen_on_its_slice_only(shown, line):
    pane = shown.pane()

    def yellow():
        rgb = shown.rgb().astype(int)
        return int(((rgb[..., 0] > 120) & (rgb[..., 1] > 90) & (rgb[..., 2] < 90)).sum())

    shown.layer.display.set_limits(1e5, 2e5)  # black
    shown.session.measuring.select(None)
    here = yellow()
    assert here > 250
    index = pane.index
    pane.go_to(index + 1)
    assert yellow() == 0
    shown.session.view.neighbour_measurements = True
    assert shown.area.grab_pane(pane) is not None and overlay(pane).hit(pane, QPointF(350, 300)) is None
    rgb = shown.rgb()
    assert 30 < rgb[295:305, 200:500, 0].max() < 200  # faint
    pane.go_to(index + 4)
    assert shown.rgb()[295:305, 200:500].max() == 0
    pane.go_to(index)
    shown.session.view.show_measurements = False
    assert yellow() == 0 and overlay(pane).hit(pane, QPointF(350, 300)) is None
    shown.session.view.show_measurements = True
    shown.layer.visible = False
    assert yellow() == 0


def test_another_plane_does_not_show_it_but_a_point_is_seen_in_all(shown, line):
    shown.session.view.layout = Layout.QUAD
    shown.area.flush()
    mark = Annotation(Kind.POINT, (shown.session.view.crosshair,), layer=shown.layer.id)
    shown.session.measuring.add(mark)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        pane = shown.pane(plane)
        assert overlay(pane).hit(pane, pane.widget_at(mark.points[0]))[0].id == mark.id
        middle = pane.widget_at(np.mean(line.points, axis=0) + np.array([3, 0, 0]))
        found = overlay(pane).hit(pane, middle)
        assert (found is not None and found[0].id == line.id) == (plane is Plane.AXIAL)


def test_among_five_hundred_only_those_near_the_mouse_are_looked_at(shown, monkeypatch):
    pane = shown.pane()
    rng = np.random.default_rng(2)
    for n in range(500):
        u, v = rng.uniform(0, 30), rng.uniform(0, 40)
        corners = [tuple(map(float, pane.frame.world_at(u + d, v + d, pane.index))) for d in (0, 3)]
        kind = (Kind.ELLIPSE, Kind.LENGTH, Kind.RECTANGLE)[n % 3]
        shown.session.document.annotations.insert(n, Annotation(kind, tuple(corners), layer=shown.layer.id))
    looked, real = [], measure_scene.distance
    monkeypatch.setattr(measure_scene, "distance", lambda *ends: (looked.append(1), real(*ends))[1])
    places = [QPointF(*at) for at in rng.uniform(20, 780, (200, 2))]
    hits = [overlay(pane).hit(pane, at) for at in places]
    assert sum(hit is not None for hit in hits) > 20
    assert len(looked) < 200 * 25
    lines = [measure_scene.make_item(one, pane.frame) for one in drawn(shown)]
    for at, hit in zip(places, hits, strict=True):  # the same as asking every one of them
        u, v = pane.camera.to_plane(at)
        nearest = min(real(np.array([u, v]), *item.segments) for item in lines) * pane.camera.scale
        assert (hit is not None and hit[1] == BODY) <= (nearest <= REACH) or overlay(pane)._on_plate(pane, at)
        assert (nearest <= REACH) <= (hit is not None)


def test_the_picture_of_measurements_is_kept_until_something_changes(shown, line, monkeypatch):
    pane, painted = shown.pane(), []
    found = overlay(pane)
    real = found._paint
    monkeypatch.setattr(found, "_paint", lambda *args: (painted.append(1), real(*args)))
    shown.session.measuring.select(None)
    shown.rgb()
    before = len(painted)
    shown.layer.display.set_limits(10, 99)
    first = shown.rgb()
    assert len(painted) == before
    pane.camera.pan(40, 0)
    assert len(painted) == before and not np.array_equal(shown.rgb(), first) and len(painted) == before + 1
    shown.session.measuring.select(line)
    shown.rgb()
    assert len(painted) == before + 2


def test_a_grip_beside_a_line_is_none_and_handles_come_first(shown, line):
    pane = shown.pane()
    assert overlay(pane).hit(pane, QPointF(200, 300)) == (line, 0)
    assert overlay(pane).hit(pane, QPointF(350, 304)) == (line, BODY)
    assert overlay(pane).hit(pane, QPointF(350, 330)) is None


def test_pixels_are_said_where_the_spacing_is_unknown(bench):
    grid = replace(Geometry((80, 60, 1)), known_spacing=(False, False, False))
    layer = make_layer(np.zeros((1, 60, 80), np.int16), grid)
    bench.show(layer)
    bench.session.view.tool = Tool.LENGTH
    pane = bench.pane(Plane.ACQUIRED)
    bench.drag(pane, (200, 300), (500, 300))
    assert plate(bench, only(bench)) == (f"{300 / pane.camera.scale:.1f} px",)
