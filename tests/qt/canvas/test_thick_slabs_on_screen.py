"""Thick slabs in the panes: what is drawn, what is said, and which keys and menus change it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from canvas_bench import make_labels, make_layer, make_volume, pixels
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.layer import Preview
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Plane, Projection
from pellucid.ui.canvas import thickness
from pellucid.ui.canvas.corner_texts import SLAB
from pellucid.ui.canvas.pane_menu import pane_menu
from pellucid.ui.canvas.thickness import projected_at, slab_text, step_thickness

CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25), IDENTITY)
GEOMETRY = Geometry((30, 30, 41), (1.0, 1.0, 0.6))


@pytest.fixture
def shown(bench):
    array = np.zeros((41, 30, 30), np.uint8)
    for k in range(41):
        array[k, 15, 3 + k % 25] = 200
    array[:, 25, 25] = 100
    bench.show(make_layer(array, GEOMETRY))
    return bench


def array_of(bench):
    return bench.session.document.active_image.volume.array


def test_a_slab_draws_the_projection_and_says_its_slices(shown):
    pane = shown.pane()
    pane.state.slab = 10.0
    shown.area.flush()
    image = pane.stack.shown[shown.session.document.active_image.id]
    middle = pane.index
    np.testing.assert_array_equal(image.array, array_of(shown)[middle - 8 : middle + 9].max(axis=0))
    assert slab_text(pane.frame, pane.index, pane.thickness) == "MIP 10.0 mm (17 slices)"
    bright = (shown.grey() == 200).sum() / pane.camera.scale**2
    assert bright == pytest.approx(17, rel=0.05)
    pane.state.projection = Projection.MINIMUM
    assert (shown.grey()[40:-40, 40:-40] == 100).sum() / pane.camera.scale**2 == pytest.approx(1, rel=0.2)
    assert slab_text(pane.frame, pane.index, pane.thickness).startswith("MinIP 10.0 mm")


def test_a_sum_is_told_as_a_sum_and_drawn_through_the_window_of_one_slice(shown):
    pane = shown.pane()
    pane.state.slab, pane.state.projection = 10.0, Projection.SUM
    shown.area.flush()
    image = shown.session.document.active_image
    value, name = projected_at(pane, (25.0, 25.0, shown.session.view.crosshair[2]))[image.id]
    assert (value, name) == (1700.0, "Sum")
    grey = shown.grey()
    spot = pane.widget_at((25.0, 25.0, 0.0))
    assert grey[round(spot.y()), round(spot.x())] == 100
    rows = shown.session.looking.values_at((25.0, 25.0, 12.0), projected_at(pane, (25.0, 25.0, 12.0)))
    assert rows == [("CT", "1700 (Sum)")]
    pane.state.projection = Projection.MEAN
    shown.area.flush()
    assert projected_at(pane, (25.0, 25.0, 12.0))[image.id] == (100.0, "Mean")
    pane.state.slab = 0.0
    shown.area.flush()
    assert projected_at(pane, (25.0, 25.0, 12.0)) == {}


def test_the_new_thickness_is_said_at_the_mouse_for_a_while(shown, qtbot, monkeypatch):
    monkeypatch.setattr(thickness, "_READ_MS", 30)
    pane = shown.pane()
    say, said = pane.say, []
    monkeypatch.setattr(pane, "say", lambda text: (said.append(text), say(text)))
    step_thickness(pane, 1)
    qtbot.waitUntil(lambda: len(said) > 1)
    assert said[0].startswith("MIP") and said[1] is None
    step_thickness(pane, 1)
    pane.say("something newer")
    qtbot.wait(80)
    assert said[3:] == ["something newer"]


def test_keys_make_the_slab_thicker_and_thinner_by_at_least_a_slice(shown):
    state = shown.pane().state
    counts = []
    for _ in range(20):
        shown.key(Qt.Key.Key_Up, CTRL_ALT)
        counts.append(len(shown.pane().stack.shown) and state.slab)
    assert counts[0] == 2.0 and counts == sorted(counts)  # 1 mm would hold one slice of 0.6
    thick = state.slab
    shown.key(Qt.Key.Key_Down, CTRL_ALT)
    assert state.slab < thick
    for _ in range(20):
        shown.key(Qt.Key.Key_Down, CTRL_ALT)
    assert state.slab == 0.0


def test_the_menu_of_the_pane_offers_slabs(shown):
    pane = shown.pane(Plane.CORONAL)
    menu = pane_menu(shown.area, pane)
    slab = next(action.menu() for action in menu.actions() if action.text() == "Thick slab")
    actions = {action.text(): action for action in slab.actions() if action.text()}
    assert actions["One slice"].isChecked()
    actions["20 mm"].trigger()
    actions["Mean"].trigger()
    assert (pane.state.slab, pane.state.projection) == (20.0, Projection.MEAN)
    actions["All slices"].trigger()
    shown.area.flush()
    assert slab_text(pane.frame, pane.index, pane.thickness).endswith("(30 slices)")
    menu.close()


def test_the_corner_says_the_slab(shown):
    shown.session.view.show_annotations = True
    pane = shown.pane()
    plain = shown.rgb()
    pane.state.slab = 10.0
    with_slab = shown.rgb()
    colour = np.array([int(SLAB[n : n + 2], 16) for n in (1, 3, 5)])
    corner = np.s_[pane.height() // 2 :, pane.width() // 2 :]

    def matches(picture):
        return (np.abs(picture[corner] - colour).max(axis=2) < 12).sum()

    assert matches(with_slab) > 20 > matches(plain)


def test_labels_of_the_slab_are_seen(shown):
    array = np.zeros((41, 30, 30))
    array[23, 5, 5] = 1
    shown.show(make_labels(shown.session.document.active_image, array))
    layer = shown.session.document.active_labels
    shown.area.flush()
    pane = shown.pane()
    assert not pane.stack.shown[layer.id].array.any()
    pane.state.slab = 10.0
    shown.area.flush()
    assert pane.stack.shown[layer.id].array[5, 5] == 1
    layer.labels.array[pane.index, 5, 5] = 2
    layer.labels.touch(layer.labels.whole())
    shown.area.flush()
    assert pane.stack.shown[layer.id].array[5, 5] == 2


def test_a_window_drag_computes_no_slab_again(shown, monkeypatch):
    from pellucid.model import slabs

    calls = []
    plain = slabs.upright_slab
    monkeypatch.setattr(slabs, "upright_slab", lambda *args: (calls.append(1), plain(*args))[1])
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        shown.pane(plane).state.slab = 5.0
    shown.area.flush()
    before = len(calls)
    assert before == 3
    shown.drag(shown.pane(), (60, 60), (140, 90))
    shown.pane().camera.pan(5, 5)
    shown.area.flush()
    assert len(calls) == before


def test_turned_slabs_become_as_fine_as_they_can_be_at_rest(shown, qtbot, monkeypatch):
    from pellucid.model import slabs

    monkeypatch.setattr(slabs, "_QUICK", 2000)
    pane = shown.pane(Plane.SAGITTAL)
    pane.state.slab = 8.0
    shown.session.view.rotation = TURNED
    shown.area.flush()
    assert pane.stack.is_coarse()
    rough = pane.stack.shown[shown.session.document.active_image.id].array.shape
    qtbot.waitUntil(lambda: not pane.stack.is_coarse())
    assert pane.stack.shown[shown.session.document.active_image.id].array.shape > rough


def test_scrolling_a_turned_plane_goes_by_the_smallest_spacing_through_the_crosshair(shown):
    shown.session.view.rotation = TURNED
    shown.session.view.crosshair = (14.2, 13.7, 11.9)
    shown.area.flush()
    pane = shown.pane(Plane.CORONAL)
    before, normal = np.array(shown.session.view.crosshair), pane.frame.normal
    shown.wheel(pane, -1)
    shift = np.array(shown.session.view.crosshair) - before
    np.testing.assert_allclose(shift, 0.6 * normal, atol=1e-5)
    shown.wheel(pane, 1)
    np.testing.assert_allclose(shown.session.view.crosshair, before, atol=1e-5)
    at = pane.widget_at(before)
    np.testing.assert_allclose(pane.world_at(at), before, atol=1e-5)


def test_a_pane_without_plain_slices_says_that_it_has_no_preview(shown):
    layer = shown.session.document.active_image
    preview = Preview("Gaussian", {(2, shown.pane().index): array_of(shown)[shown.pane().index] // 2})
    layer.preview = preview
    shown.area.flush()
    assert shown.pane().stack.preview == "Gaussian" and not shown.pane().stack.withheld
    shown.pane().state.slab = 10.0
    shown.area.flush()
    assert shown.pane().stack.preview == "" and shown.pane().stack.withheld
    said = shown.rgb()
    layer.preview = None
    shown.area.flush()
    assert not shown.pane().stack.withheld
    assert np.abs(shown.rgb() - said).sum() > 5000  # the badge is gone
    whole = make_volume(array_of(shown) // 2, GEOMETRY)
    layer.preview = Preview("Resample", whole=whole)
    shown.area.flush()
    assert shown.pane().stack.preview == "Resample"
    middle = shown.pane().index
    wanted = (array_of(shown)[middle - 8 : middle + 9] // 2).max(axis=0)
    np.testing.assert_array_equal(shown.pane().stack.shown[layer.id].array, wanted)


def test_with_no_plain_slice_on_the_screen_the_preview_says_why_there_is_none(shown):
    session, told = shown.session, []
    session.visible_slices = shown.area.visible_slices
    session.preview_state.connect(told.append)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        shown.pane(plane).state.slab = 5.0
    shown.area.flush()
    session.running.preview("smoothing.gaussian", {"sigma": 1.0})
    assert told and told[-1].startswith("No pane shows a plain slice")
    step_thickness(shown.pane(), -1)
    while shown.pane().state.slab:
        step_thickness(shown.pane(), -1)
    shown.area.flush()
    assert shown.area.visible_slices() == ((2, shown.pane().index),)
    session.running.clear_preview()


def test_reset_takes_back_the_turn_and_keeps_the_place(shown):
    shown.session.view.rotation = TURNED
    shown.area.flush()
    assert "oblique 25°" in shown.pane(Plane.CORONAL).title()
    shown.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert shown.session.view.rotation == IDENTITY
    assert shown.pane(Plane.CORONAL).title() == "Coronal"
    shown.session.view.rotation = TURNED
    shown.key(Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert shown.session.view.rotation == IDENTITY


def test_a_picture_taken_of_turned_planes_has_all_details(shown):
    from pellucid.ui.canvas.picturing import Look, Picturing

    shown.session.view.rotation = TURNED
    shown.area.flush()
    pane = shown.pane(Plane.CORONAL)
    assert pane.stack.is_coarse()
    picture = pixels(Picturing(shown.area).picture(Look(pane)))
    while not pane.refine():
        pass
    np.testing.assert_array_equal(picture[6:-6, 6:-6], shown.rgb(Plane.CORONAL)[6:-6, 6:-6])
