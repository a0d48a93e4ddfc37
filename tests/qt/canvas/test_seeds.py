"""Seeds on the panes: set, moved and removed with the mouse, drawn on their slices, in step with the form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer, point
from pellucid.jobs.runner import Runner
from pellucid.model.geometry import Geometry
from pellucid.model.layer import Provenance
from pellucid.model.view import Plane, Tool
from pellucid.operations import operation as declarations
from pellucid.operations.engines.seeds import parse_places, seed_voxels
from pellucid.operations.operation import operation
from pellucid.operations.pixels import blank
from pellucid.operations.units import SeedText
from pellucid.session.seeding import SeedGroup, Seeds
from pellucid.ui.bridge import Bridge
from pellucid.ui.canvas.seed_marks import marks_on
from pellucid.ui.docks.operations import OperationsDock
from pellucid.ui.docks.recipe_step import StepCard
from pellucid.ui.forms.operation_form import OperationForm
from phantoms import oblique, sheared

GRID = Geometry((60, 50, 40), (1.0, 1.0, 1.5))
CTRL = Qt.KeyboardModifier.ControlModifier
SEED_COLOR = (255, 210, 63)


@pytest.fixture
def planting(monkeypatch):
    """An operation with two groups of seeds that marks the voxels of the first."""
    with monkeypatch.context() as patch:
        patch.setattr(declarations, "_declared", {})

        @operation("test.plant", title="Plant", menu="Segment/Test")
        def plant(image: declarations.Image, context: declarations.Context, *, seeds: SeedText = "",
                  others: SeedText = "") -> declarations.Mask:  # fmt: skip
            """Mark the voxels of seeds.

            Settings:
                seeds: Where it begins.
                others: Where it ends.
            """
            result, out = blank(image, np.uint8)
            for place in seed_voxels(image, parse_places(seeds)):
                out[place] = 1
            return result

        made = declarations._declared["test.plant"]
    declarations.registry()
    monkeypatch.setitem(declarations._declared, "test.plant", made)
    yield made
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # forms of it shall not outlive it


@pytest.fixture
def runner(qtbot):
    """Answers come through Qt, as in the program."""
    return Runner(Bridge().post)


@pytest.fixture
def dock(planting, bench, qtbot):
    bench.show(make_layer(np.full((40, 50, 60), 90, np.int16), GRID))
    yield opened(bench, qtbot)


def opened(bench, qtbot):
    panel = OperationsDock(bench.session, "Segment")
    qtbot.addWidget(panel)
    panel.resize(380, 700)
    panel.show()
    qtbot.waitExposed(panel)
    panel.choose("test.plant")
    qtbot.waitUntil(lambda: panel.form is not None)
    return panel


def field(dock, name="seeds"):
    return dock.form.editors[name]


def place(dock, bench, qtbot, name="seeds"):
    qtbot.mouseClick(field(dock, name).place_button, Qt.MouseButton.LeftButton)
    bench.area.flush()


def click(bench, pane, at, keys=Qt.KeyboardModifier.NoModifier):
    bench.press(pane, at, keys=keys)
    bench.release(pane, at, keys=keys)


def widget(pane, index):
    at = pane.widget_at(pane.session.document.active_image.geometry.index_to_world(index))
    return at.x(), at.y()


def indices(dock, bench, name="seeds"):
    geometry = bench.session.document.active_image.geometry
    return [tuple(np.rint(geometry.world_to_index(p)).astype(int)) for p in field(dock, name).places]


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_click_on_any_pane_sets_a_seed_and_previews_it(dock, bench, qtbot, plane):
    place(dock, bench, qtbot)
    pane, index = bench.pane(plane), (12, 30, 10)
    bench.session.view.crosshair = tuple(GRID.index_to_world(index))
    bench.area.flush()
    click(bench, pane, widget(pane, index))
    assert indices(dock, bench) == [index]
    at = pane.world_at(pane.widget_at(GRID.index_to_world(index)))
    assert np.abs(np.subtract(field(dock).places[0], at)).max() < 2.0
    assert all(round(number, 3) == number for number in field(dock).places[0])
    assert "seed" in field(dock).count.text() and field(dock).list.count() == 1
    bench.session.visible_slices = lambda: ((2, 10),)
    dock._request()
    image = bench.session.document.active_image
    qtbot.waitUntil(lambda: image.preview is not None and (2, 10) in image.preview.slices)
    assert image.preview.slices[2, 10][30, 12] == 1


@pytest.mark.parametrize("geometry", [oblique(GRID), sheared(GRID)], ids=["oblique", "sheared"])
def test_on_tilted_grids_the_voxel_under_the_mouse_is_meant(planting, bench, qtbot, geometry):
    bench.show(make_layer(np.full((40, 50, 60), 90, np.int16), geometry))
    dock = opened(bench, qtbot)
    place(dock, bench, qtbot)
    for plane, index in ((Plane.AXIAL, (14, 20, 19)), (Plane.CORONAL, (30, 24, 11)), (Plane.SAGITTAL, (29, 33, 8))):
        click(bench, bench.pane(plane), widget(bench.pane(plane), index))
        assert indices(dock, bench)[-1] == index


def test_a_click_on_a_seed_takes_it_away_a_drag_moves_it_ctrl_click_removes(dock, bench, qtbot):
    place(dock, bench, qtbot)
    pane = bench.pane()
    first, second = widget(pane, (10, 10, 19)), widget(pane, (40, 30, 19))
    click(bench, pane, first)
    click(bench, pane, second)
    assert indices(dock, bench) == [(10, 10, 19), (40, 30, 19)]
    bench.drag(pane, second, widget(pane, (45, 20, 19)))
    assert indices(dock, bench) == [(10, 10, 19), (45, 20, 19)]
    click(bench, pane, first)
    assert indices(dock, bench) == [(45, 20, 19)]
    click(bench, pane, widget(pane, (45, 20, 19)), keys=CTRL)
    click(bench, pane, widget(pane, (5, 5, 19)), keys=CTRL)
    assert indices(dock, bench) == [] and dock.form.values()["seeds"] == ""


def test_a_double_click_sets_one_seed_and_enlarges_nothing(dock, bench, qtbot):
    place(dock, bench, qtbot)
    pane = bench.pane()
    at = point(widget(pane, (20, 20, 19)))
    click(bench, pane, widget(pane, (20, 20, 19)))
    QTest.mouseDClick(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseRelease(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert len(indices(dock, bench)) == 1 and bench.session.view.maximised is None


def test_escape_undoes_the_drag_then_ends_placing_then_closes(dock, bench, qtbot):
    place(dock, bench, qtbot)
    pane = bench.pane()
    at = widget(pane, (20, 20, 19))
    click(bench, pane, at)
    bench.press(pane, at)
    bench.move(pane, (at[0] + 60, at[1]))
    assert indices(dock, bench) != [(20, 20, 19)]
    bench.key(Qt.Key.Key_Escape)
    assert indices(dock, bench) == [(20, 20, 19)] and field(dock).is_placing
    bench.release(pane, at)
    bench.key(Qt.Key.Key_Escape)
    assert not field(dock).is_placing and not bench.session.seeding.is_placing
    width = bench.session.document.active_image.display.width
    bench.drag(pane, at, (at[0] + 50, at[1]))
    assert indices(dock, bench) == [(20, 20, 19)]  # the mouse is the tool's again
    assert bench.session.document.active_image.display.width != width
    place(dock, bench, qtbot)
    QTest.keyClick(dock, Qt.Key.Key_Escape)
    assert not field(dock).is_placing and dock.operation is not None
    QTest.keyClick(dock, Qt.Key.Key_Escape)
    assert dock.operation is None and bench.session.seeding.shown is None


def test_seeds_are_whole_on_their_slice_faint_beside_it_and_gone_further_away(dock, bench, qtbot):
    place(dock, bench, qtbot)
    pane = bench.pane()
    click(bench, pane, widget(pane, (20, 20, 19)))
    x, y = (round(part) for part in widget(pane, field_index(dock)))
    assert [mark.faint for mark in marks_on(pane)] == [False]
    whole = bench.rgb()[y, x]
    assert np.abs(whole - SEED_COLOR).max() < 40
    pane.go_to(21)
    bench.area.flush()
    assert [mark.faint for mark in marks_on(pane)] == [True]
    pane.go_to(22)
    bench.area.flush()
    assert list(marks_on(pane)) == []
    assert np.ptp(bench.rgb()[y - 8 : y + 9, x - 8 : x + 9]) == 0
    coronal = bench.pane(Plane.CORONAL)
    coronal.go_to(20)
    bench.area.flush()
    assert [mark.faint for mark in marks_on(coronal)] == [False]
    other = bench.session.seeding.shown
    bench.session.seeding.shown = replace(other, layer="another")
    assert list(marks_on(coronal)) == []


def field_index(dock):
    image = dock._session.document.active_image
    return image.geometry.world_to_index(field(dock).places[0])


def test_beyond_the_image_nothing_is_set(dock, bench, qtbot):
    place(dock, bench, qtbot)
    pane = bench.pane()
    outside = widget(pane, (20, -2, 19))
    assert outside[1] > 1
    bench.press(pane, outside)
    assert pane._readout == "Beyond the image"
    bench.release(pane, outside)
    assert indices(dock, bench) == []


def test_two_groups_have_colours_of_their_own_and_one_is_placed_at_a_time(dock, bench, qtbot):
    place(dock, bench, qtbot)
    place(dock, bench, qtbot, "others")
    assert not field(dock).is_placing and bench.session.seeding.shown.placing == "others"
    pane = bench.pane()
    click(bench, pane, widget(pane, (30, 10, 19)))
    assert indices(dock, bench) == [] and indices(dock, bench, "others") == [(30, 10, 19)]
    colors = [group.color for group in bench.session.seeding.shown.groups]
    assert len(set(colors)) == 2


def test_the_brush_does_not_paint_while_seeds_are_placed(dock, bench, qtbot):
    bench.session.view.tool = Tool.BRUSH
    place(dock, bench, qtbot)
    pane = bench.pane()
    click(bench, pane, widget(pane, (30, 10, 19)))
    assert indices(dock, bench) == [(30, 10, 19)] and not bench.session.document.label_layers


def test_the_list_removes_visits_and_takes_the_crosshair(dock, bench, qtbot):
    seeds = field(dock)
    assert seeds.count.text() == "No seeds yet" and not seeds.clear_button.isEnabled() and not seeds.minus.isEnabled()
    bench.session.view.crosshair = tuple(GRID.index_to_world((5, 6, 7)))
    qtbot.mouseClick(seeds.cross, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(seeds.cross, Qt.MouseButton.LeftButton)
    assert indices(dock, bench) == [(5, 6, 7)]
    seeds.take((*seeds.places, (20.0, 21.0, 22.5)))
    assert seeds.list.item(1).text() == "2   20.0   21.0   22.5 mm"
    seeds.list.setCurrentRow(1)
    qtbot.keyClick(seeds.list, Qt.Key.Key_Return)
    assert bench.session.view.crosshair == (20.0, 21.0, 22.5)
    qtbot.keyClick(seeds.list, Qt.Key.Key_Delete)
    assert indices(dock, bench) == [(5, 6, 7)]
    qtbot.mouseClick(seeds.clear_button, Qt.MouseButton.LeftButton)
    assert seeds.places == () and seeds.list.isHidden()


def test_seeds_come_and_go_with_the_panel(dock, bench, qtbot):
    seeding = bench.session.seeding
    place(dock, bench, qtbot)
    assert seeding.is_placing
    dock.set_in_front(False)
    assert seeding.shown is None and not field(dock).is_placing
    dock.set_in_front(True)
    assert seeding.shown is not None and not seeding.is_placing
    dock.hide()
    assert seeding.shown is None


def test_a_picture_has_z_0_and_says_px_where_lengths_are_unknown(planting, bench, qtbot):
    flat = Geometry((60, 50, 1), known_spacing=(False, False, False))
    bench.show(make_layer(np.full((1, 50, 60), 90, np.int16), flat))
    dock = opened(bench, qtbot)
    place(dock, bench, qtbot)
    pane = bench.area.shown_panes()[0]
    click(bench, pane, widget(pane, (20, 10, 0)))
    x, y, z = field(dock).places[0]
    assert (round(x), round(y), z) == (20, 10, 0.0)
    assert field(dock).list.item(0).text().endswith(" px")


def test_pixels_of_a_microscope_keep_their_seeds(planting, bench):
    fine = Geometry((60, 50, 1), (0.0005, 0.0005, 1.0))
    layer = make_layer(np.zeros((1, 50, 60), np.uint8), fine)
    bench.show(layer)
    form = OperationForm(planting)
    bench.session.seeding.show(None, Seeds(layer.id, fine, (SeedGroup("seeds", "Seeds", "#ffffff", ()),)))
    at = bench.session.seeding.snapped(np.add(fine.index_to_world((37, 21, 0)), (0.0001, 0, 0)))
    form.seeds()["seeds"].take([at])
    image = layer.volume.image
    assert seed_voxels(image, parse_places(form.values()["seeds"])) == [(0, 21, 37)]


def test_a_text_that_holds_no_places_is_said(planting):
    form = OperationForm(planting)
    form.set_values({"seeds": "1 2; 3"})
    assert "no place" in form.check()
    form.set_values({"seeds": "1 2 3; 4 5 6.5"})
    assert form.check() == "" and form.seeds()["seeds"].places == ((1.0, 2.0, 3.0), (4.0, 5.0, 6.5))


def test_seeds_of_a_step_are_shown_and_moved_too(planting, bench, qtbot):
    bench.show(make_layer(np.full((40, 50, 60), 90, np.int16), GRID))
    card = StepCard(bench.session)
    qtbot.addWidget(card)
    card.show()
    step = Provenance("test.plant", {"seeds": "10 12 28.5", "others": ""}, ("CT",))
    card.show_step(0, step, planting)
    bench.area.flush()
    assert bench.session.seeding.shown.group("seeds").places == ((10.0, 12.0, 28.5),)
    card.run.preview.setChecked(False)
    card.form.seeds()["seeds"].set_placing(True)
    card._edited()
    bench.area.flush()
    pane = bench.pane()
    click(bench, pane, widget(pane, (30, 20, 19)))
    assert len(card.form.seeds()["seeds"].places) == 2
    card.clear()
    assert bench.session.seeding.shown is None


def test_the_row_of_a_group_of_seeds_fits_into_a_narrow_dock(dock, qtbot):
    dock.resize(320, 600)
    qtbot.wait(1)
    seeds = field(dock)
    assert seeds.minimumSizeHint().width() <= 190
    assert seeds.clear_button.mapTo(dock, seeds.clear_button.rect().topRight()).x() < dock.width()
