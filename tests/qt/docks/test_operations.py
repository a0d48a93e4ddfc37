"""The operation panels: search, preview of what is set, apply as a named step, reasons when it cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import Qt

from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram
from pellucid.model.volume import Volume
from pellucid.operations.operation import registry
from pellucid.ui.docks.beginnings import from_grid, from_values
from pellucid.ui.docks.operation_list import by_family, matches
from pellucid.ui.docks.operations import OperationsDock, starting_limits
from pellucid.ui.forms.controls import Choice


@pytest.fixture
def filters(session, show, qtbot):
    dock = show(OperationsDock(session, "Filters"))
    qtbot.waitUntil(lambda: dock.list.tree.topLevelItemCount() > 0)
    return dock


@pytest.fixture
def segment(session, show, qtbot):
    dock = show(OperationsDock(session, "Segment"))
    qtbot.waitUntil(lambda: dock.list.tree.topLevelItemCount() > 0)
    return dock


def titles(dock):
    tree = dock.list.tree
    families = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    return {
        family.text(0): [family.child(n).text(0) for n in range(family.childCount())] for family in families
    }


def test_families_and_search_are_those_of_the_registry():
    operations = registry().values()
    found = by_family(operations, "Filters")
    assert [o.title for o in found["Smoothing"]][:3] == ["Gaussian", "Mean", "Median"]
    assert sum(map(len, found.values())) == sum(one.menu.startswith("Filters/") for one in operations)
    assert list(by_family(operations, "Segment", "otsu")) == ["Threshold", "Objects"]
    assert matches(registry()["smoothing.gaussian"], "blur SMOOTH")
    assert not matches(registry()["smoothing.gaussian"], "blur otsu")


def test_typing_narrows_the_list_and_enter_takes_the_first(filters, qtbot):
    qtbot.keyClicks(filters.list.search, "salt impulse")
    assert titles(filters)["Smoothing"] == ["Median"]
    qtbot.keyClick(filters.list.search, Qt.Key.Key_Return)
    assert filters.operation.id == "smoothing.median"
    filters.list.search.setText("no such thing")
    assert "Nothing found" in filters.list.tree.topLevelItem(0).text(0)


def test_arrow_keys_move_and_enter_chooses(filters, qtbot):
    qtbot.keyClick(filters.list.search, Qt.Key.Key_Down)
    qtbot.keyClick(filters.list.tree, Qt.Key.Key_Down)
    assert filters.operation is None
    qtbot.keyClick(filters.list.tree, Qt.Key.Key_Return)
    assert filters.operation.id == "smoothing.mean"


def test_a_click_chooses_and_a_low_panel_folds_the_list_away(filters, qtbot):
    filters.resize(320, 400)
    tree = filters.list.tree
    where = tree.visualItemRect(tree.topLevelItem(0).child(0)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert filters.operation.id == "smoothing.gaussian"
    assert not filters.list.isVisible() and filters.run.apply.isVisible()
    qtbot.mouseClick(filters.card.back, Qt.MouseButton.LeftButton)
    assert filters.operation is None and filters.list.isVisible()


def test_choosing_shows_form_and_preview_without_a_step(filters, session, ct, qtbot):
    steps = session.history.steps
    filters.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: ct.preview is not None)
    assert (2, 5) in ct.preview.slices
    qtbot.waitUntil(lambda: filters.run.state.text() == "these slices")
    assert session.history.steps == steps
    filters.run.preview.click()
    assert ct.preview is None and filters.run.state.text() == ""


def test_escape_drops_the_preview_and_returns_to_the_list(filters, ct, qtbot):
    filters.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: ct.preview is not None)
    qtbot.keyClick(filters, Qt.Key.Key_Escape)
    assert ct.preview is None and filters.operation is None


def test_hiding_the_panel_drops_the_preview(filters, ct, qtbot):
    filters.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: ct.preview is not None)
    filters.hide()
    assert ct.preview is None
    filters.show()
    qtbot.waitUntil(lambda: ct.preview is not None)


def test_before_is_shown_while_the_button_is_held(filters, session, qtbot):
    filters.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: filters.run.before.isEnabled() and filters.form is not None)
    qtbot.mousePress(filters.run.before, Qt.MouseButton.LeftButton)
    assert session.view.hide_preview is True
    qtbot.mouseRelease(filters.run.before, Qt.MouseButton.LeftButton)
    assert session.view.hide_preview is False


def test_apply_is_one_named_step_that_undo_takes_back(filters, session, ct, qtbot):
    before = ct.volume
    filters.choose("intensity.invert")
    qtbot.waitUntil(lambda: filters.form is not None)
    qtbot.mouseClick(filters.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ct.volume is not before)
    assert "Invert" in session.history.undo_label
    np.testing.assert_array_equal(ct.volume.array, -1000 + 860 - before.array.astype(int))
    qtbot.waitUntil(lambda: filters.run.message.text().startswith("Applied"))
    session.undo()
    assert ct.volume is before


def test_apply_as_new_layer_keeps_the_old_one(filters, session, ct, qtbot):
    before = ct.volume
    filters.choose("smoothing.mean")
    qtbot.waitUntil(lambda: filters.form is not None)
    qtbot.mouseClick(filters.run.apply_new, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(session.document.layers) == 4)
    assert ct.volume is before


def test_an_invalid_value_blocks_apply_and_says_why(filters, ct, qtbot):
    filters.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: ct.preview is not None)
    box = filters.form.editors["sigma"].box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "x")
    assert not filters.run.apply.isEnabled() and filters.run.apply.toolTip() == "Type a number."
    box.selectAll()
    qtbot.keyClicks(box, "2")
    assert filters.run.apply.isEnabled()


def test_threshold_shows_its_limits_on_the_histogram_and_takes_them_back(segment, ct, qtbot):
    shown = []
    segment.limits_shown.connect(shown.append)
    segment.choose("threshold.range")
    qtbot.waitUntil(lambda: shown[-1:] == [(0.0, 860.0)])
    qtbot.waitUntil(lambda: ct.preview is not None)
    assert segment.form.editors["lower"].unit.text() == "HU"
    segment.set_limits(-500.0, 100.0)
    assert segment.form.limits() == (-500.0, 100.0)
    qtbot.waitUntil(lambda: shown[-1] == (-500.0, 100.0))
    segment.close_operation()
    assert shown[-1] is None


def test_limits_the_user_set_stand_though_what_fits_the_image_is_known_later(segment, session, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(session.looking, "histogram", lambda *given, **_more: asked.append(given))
    segment.choose("threshold.range")
    qtbot.waitUntil(lambda: bool(asked))
    segment.set_limits(100.0, 5000.0)
    image, _, done = asked[0][:3]
    done(histogram(image.volume))
    assert segment.form.limits() == (100.0, 5000.0)
    segment.card.defaults_asked.emit()
    asked[-1][2](histogram(image.volume))
    assert segment.form.limits() == (0.0, 860.0)


def test_threshold_replaces_the_active_label(segment, session, labels, qtbot):
    segment.choose("threshold.range")
    qtbot.waitUntil(lambda: segment.form is not None and segment.form.limits() is not None)
    segment.set_limits(0.0, 200.0)
    qtbot.mouseClick(segment.run.apply, Qt.MouseButton.LeftButton)
    expected = (session.document.layers[0].volume.array >= 0) & (
        session.document.layers[0].volume.array <= 200
    )
    qtbot.waitUntil(lambda: bool(((labels.labels.array == 1) == expected).all()))


def test_a_form_starts_with_what_fits_the_image_and_returns_to_it(filters, ct, qtbot):
    low, high = ct.display.limits
    filters.choose("intensity.window")
    begun = {"level": (low + high) / 2, "width": high - low}
    qtbot.waitUntil(lambda: begun.items() <= filters.form.values().items())
    filters.form.begin({"level": 3.0})
    filters.card.defaults.click()
    qtbot.waitUntil(lambda: begun.items() <= filters.form.values().items())


def test_values_that_fit_the_image_leave_what_was_said_and_typed_ones_take_it_away(filters, ct, qtbot):
    filters.choose("intensity.window")
    qtbot.waitUntil(lambda: ct.preview is not None)
    filters.run.say("Set at least one seed.")
    with qtbot.waitSignal(filters.form.edited):
        filters.form.begin({"level": 3.0})
    assert filters.run.message.text() == "Set at least one seed."
    box = filters.form.editors["level"].box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "4")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not filters.run.message.text()


def test_slopes_are_no_limits_on_the_values_of_the_image(filters, ct, qtbot):
    filters.choose("edges.canny")
    qtbot.waitUntil(lambda: filters.form is not None and filters.form.values()["lower"] != 20.0)
    assert filters.form.limits() is None and not filters.form.check()


def test_scales_follow_the_span_of_the_values(ct):
    of_photograph = histogram(Volume(sitk.GetImageFromArray(np.arange(256, dtype=np.uint8).reshape(1, 16, 16)),
                                     Geometry((16, 16, 1))))  # fmt: skip
    start = {
        name: from_values(registry()[name].fields, ct, of_photograph)
        for name in ("denoising.bilateral", "geometry.rotate", "edges.canny")
    }
    assert start["denoising.bilateral"] == {"contrast": 10.0}
    assert start["geometry.rotate"] == {"background": 0.0}
    assert start["edges.canny"]["upper"] > start["edges.canny"]["lower"] > 0


def test_lengths_follow_the_voxels_of_a_micrograph():
    fields, cells = registry()["smoothing.gaussian"].fields, Geometry((800, 600, 1), (0.0005, 0.0005, 1.0))
    assert from_grid(fields, cells) == {"sigma": 0.001}
    assert from_grid(fields, Geometry((800, 600, 1), (0.7, 0.7, 5.0))) == {}
    assert from_grid(fields, Geometry((800, 600, 1), known_spacing=(False, False, False))) == {}


def test_a_form_about_the_grid_starts_with_that_of_the_image(filters, ct, qtbot):
    filters.choose("geometry.set_spacing")
    qtbot.waitUntil(lambda: filters.form is not None)
    assert tuple(filters.form.values()[f"spacing_{axis}"] for axis in "xyz") == ct.geometry.spacing
    filters.form.begin({"spacing_x": 3.0})
    filters._document_changed()
    qtbot.wait(50)
    assert filters.form.values()["spacing_x"] == 3.0


@pytest.mark.hazard("H43")
def test_a_form_proposes_no_spacing_that_nobody_stated(session, show, qtbot):
    ct = session.document.layers[0]
    grid = replace(ct.geometry, known_spacing=(True, True, False))
    session.document.active.frames = (replace(ct.volume, geometry=grid),)
    filters = show(OperationsDock(session, "Filters"))
    qtbot.waitUntil(lambda: filters.list.tree.topLevelItemCount() > 0)
    filters.choose("geometry.set_spacing")
    qtbot.waitUntil(lambda: filters.form is not None)
    boxes = {axis: filters.form.editors[f"spacing_{axis}"].box for axis in "xyz"}
    assert [bool(box.text()) for box in boxes.values()] == [True, True, False]
    assert not filters.run.apply.isEnabled() and filters.form.editors["spacing_z"].unit.text() == "mm"
    qtbot.keyClicks(boxes["z"], "2.5")
    qtbot.waitUntil(filters.run.apply.isEnabled)
    assert filters.form.values()["spacing_z"] == 2.5
    filters.card.defaults_asked.emit()
    assert boxes["z"].text() == "" and not filters.run.apply.isEnabled()


def test_limits_that_mean_nothing_here_start_at_the_brighter_quarter(session):
    pet = histogram(session.document.layers[1].volume)
    low, high = starting_limits((0.0, 1000.0), pet)
    assert pet.minimum < low < high == pet.maximum
    assert starting_limits((1.0, 3.0), pet) == (1.0, 3.0)


def test_reasons_are_said_when_an_operation_cannot_run(segment, session, labels, qtbot):
    segment.choose("threshold.otsu")
    qtbot.waitUntil(lambda: segment.form is not None)
    session.labelling.edit_label(labels, 1, locked=True)
    assert not segment.run.apply.isEnabled()
    assert "locked" in segment.run.message.text() and "locked" in segment.run.apply.toolTip()
    session.undo()
    assert segment.run.apply.isEnabled() and segment.run.message.text() == ""


def test_two_mask_operations_ask_for_the_other_label(segment, qtbot):
    segment.choose("masks.union")
    qtbot.waitUntil(lambda: segment.form is not None)
    (other,) = segment.inputs.findChildren(Choice)
    assert other.isVisible() and other.currentText() == "Bone – Labels"
    assert segment.inputs.value()[0][1] == 2


def test_without_an_image_a_sentence_says_what_to_do(empty_session, show, qtbot):
    dock = show(OperationsDock(empty_session, "Filters"))
    dock.choose("smoothing.gaussian")
    qtbot.waitUntil(lambda: dock.operation is not None)
    assert "Open one first" in dock.run.message.text()
    assert not dock.run.apply.isEnabled()


def test_a_remark_names_the_slice_only_where_it_was_computed_from_it(filters):
    filters.choose("intensity.cast")
    filters.run.remark("Cut.")
    assert filters.run.remarks.text() == "In this slice: Cut."
    filters.choose("geometry.flip")
    filters.run.remark("A mirror image.")
    assert filters.run.remarks.text() == "A mirror image."


@pytest.mark.parametrize(("text", "first"), [("erode", "masks.erode"), ("largest", "masks.keep_largest"),
                                             ("threshold", "threshold.range")])  # fmt: skip
def test_what_is_called_as_searched_comes_first(text: str, first: str) -> None:
    from pellucid.operations import registry
    from pellucid.ui.docks.operation_list import by_family

    found = by_family(registry().values(), "Segment", text)
    assert next(iter(found.values()))[0].id == first and sum(map(len, found.values())) > 1
