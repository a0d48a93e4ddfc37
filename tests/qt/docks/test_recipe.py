"""The recipe panel: steps by name, each can be changed, switched, branched, inserted and removed by mouse and keys."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from at_rest import at_rest
from pellucid.model.layer import HAND_EDIT
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.recipes import Recipe, Step
from pellucid.ui.dialogs.map_inputs import MapInputsDialog
from pellucid.ui.docks.recipe import RecipePanel
from pellucid.ui.docks.recipe_list import tick_rect
from pellucid.ui.forms.controls import NumberBox


def do(session, qtbot, operation, **values):
    job = session.running.apply(operation, values)
    qtbot.waitUntil(lambda: job.finished and not session.jobs.running)
    assert not job.error, job.error


def rest(session, qtbot):
    qtbot.waitUntil(lambda: at_rest(session))


@pytest.fixture
def steps(session, ct, qtbot):
    do(session, qtbot, "smoothing.gaussian", sigma=2.0)
    do(session, qtbot, "intensity.clamp", lower=-900.0, upper=600.0)
    do(session, qtbot, "smoothing.median", radius=1)
    return ct


@pytest.fixture
def panel(session, show, qtbot):
    panel = show(RecipePanel(session), 340, 700)
    rest(session, qtbot)
    return panel


def titles(panel):
    return [(panel.list.row_at(n).number, panel.list.row_at(n).title) for n in range(panel.list.count())]


def click(panel, qtbot, n, *, tick=False):
    cell = panel.list.visualItemRect(panel.list.item(n))
    where = tick_rect(cell).center() if tick else cell.center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.wait(10)


def test_without_steps_the_panel_says_what_will_stand_there(panel, session, qtbot):
    assert panel.pages.currentIndex() == 0 and panel.insert.isEnabled() and not panel.code.isEnabled()
    session.close_all()
    qtbot.waitUntil(lambda: not panel.insert.isEnabled())
    assert panel.insert.toolTip() == "Open an image first."


def test_steps_are_listed_with_their_words(steps, panel, labels, session, qtbot):
    assert titles(panel) == [(1, "Gaussian"), (2, "Clamp"), (3, "Median")]
    row = panel.list.row_at(0)
    assert (row.said, row.kind, row.enabled) == ("sigma 2 mm", "image", True)
    assert panel.subject.text() == "CT" and row.words == "1. Gaussian, sigma 2 mm, image step"
    session.document.active = labels
    qtbot.waitUntil(lambda: panel.pages.currentIndex() == 0)


def test_a_changed_value_shows_the_final_result_and_update_makes_it_so(steps, panel, session, qtbot):
    before, count = steps.volume, len(session.history.steps)
    click(panel, qtbot, 0)
    assert panel.card.isVisible() and panel.card.title.text() == "Step 1: Gaussian"
    assert panel.card.form.values() == {"sigma": 2.0} and steps.preview is None
    (box,) = panel.card.form.findChildren(NumberBox)
    box.selectAll()
    qtbot.keyClicks(box, "4")
    qtbot.waitUntil(lambda: steps.preview is not None)
    shown = steps.preview.slices[2, 5].astype(float)
    assert steps.volume is before and len(session.history.steps) == count
    qtbot.mouseClick(panel.card.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: steps.volume is not before)
    rest(session, qtbot)
    assert np.abs(steps.volume.array[5] - shown).max() <= 1 and steps.preview is None
    assert len(session.history.steps) == count + 1
    assert session.history.undo_label == "Edit step 1: Gaussian (sigma 4 mm) on CT"
    assert panel.list.row_at(0).said == "sigma 4 mm" and panel.list.currentRow() == 0
    assert panel.card.run.message.text() == "Done. What follows was taken again."
    session.undo()
    rest(session, qtbot)
    assert steps.volume is before and panel.card.form.values() == {"sigma": 2.0}


def test_in_a_low_dock_the_list_makes_room_for_the_form(steps, panel, session, qtbot):
    panel.resize(320, 380)
    click(panel, qtbot, 1)
    qtbot.waitUntil(lambda: panel.card.form is not None and panel.list.height() < 60)
    shown = panel.list.visualItemRect(panel.list.currentItem())
    assert panel.list.viewport().rect().contains(shown.center()) and not panel.card.summary.isVisible()
    panel.resize(320, 760)
    qtbot.waitUntil(lambda: panel.list.height() > 60 and panel.card.summary.isVisible())


def test_branch_makes_a_layer_and_keeps_this_one(steps, panel, session, qtbot):
    before = steps.volume
    click(panel, qtbot, 0)
    panel.card.form.editors["sigma"].set_value(5.0)
    qtbot.mouseClick(panel.card.run.apply_new, Qt.MouseButton.LeftButton)
    rest(session, qtbot)
    made = session.document.active
    assert made is not steps and steps.volume is before and made.provenance[0].parameters["sigma"] == 5.0
    assert panel.subject.text() == made.name == "CT – Gaussian (sigma 5 mm)"


def test_a_tick_switches_a_step_off_and_on(steps, panel, session, qtbot):
    before = steps.volume
    click(panel, qtbot, 1, tick=True)
    qtbot.waitUntil(lambda: not panel.list.row_at(1).enabled)
    assert steps.volume is not before and steps.volume.array.max() > 600 and panel.list.currentRow() == -1
    assert "switched off" in panel.list.row_at(1).words
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.list.currentRow() == 1
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.list.row_at(1).enabled)
    assert np.array_equal(steps.volume.array, before.array)


def test_delete_removes_the_chosen_step(steps, panel, session, qtbot):
    click(panel, qtbot, 1)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: titles(panel) == [(1, "Gaussian"), (2, "Median")])
    assert session.history.undo_label == "Remove step 2: Clamp (lower −900 HU, upper 600 HU) on CT"


def test_a_step_is_inserted_after_the_chosen_one(steps, panel, session, qtbot):
    click(panel, qtbot, 0)
    qtbot.mouseClick(panel.insert, Qt.MouseButton.LeftButton)
    assert panel.choice.isVisible() and "after step 1" in panel.choice.said.text()
    offered = panel.choice.list.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive)
    assert {"Invert", "Median"} <= {one.text(0) for one in offered} and "Erode" not in {one.text(0) for one in offered}
    qtbot.keyClicks(panel.choice.list.search, "invert")
    qtbot.keyClick(panel.choice.list.search, Qt.Key.Key_Return)
    assert panel.card.is_new and panel.card.run.apply.text() == "Insert"
    qtbot.waitUntil(lambda: steps.preview is not None)
    qtbot.mouseClick(panel.card.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.list.count() == 4)
    rest(session, qtbot)
    assert titles(panel)[1] == (2, "Invert") and panel.list.currentRow() == 1
    assert panel.card.title.text() == "Step 2: Invert" and panel.card.run.apply.text() == "Update"


def test_the_first_step_can_be_inserted_into_an_empty_recipe(panel, session, ct, qtbot):
    qtbot.mouseClick(panel.insert, Qt.MouseButton.LeftButton)
    assert panel.choice.isVisible()
    qtbot.keyClicks(panel.choice.list.search, "median")
    qtbot.keyClick(panel.choice.list.search, Qt.Key.Key_Return)
    qtbot.keyClick(panel.card, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(ct.provenance) == 1)
    rest(session, qtbot)
    assert titles(panel) == [(1, "Median")]


def test_escape_and_hiding_drop_the_preview(steps, panel, session, qtbot):
    click(panel, qtbot, 0)
    panel.card.form.reset()
    qtbot.waitUntil(lambda: steps.preview is not None)
    qtbot.keyClick(panel.card, Qt.Key.Key_Escape)
    assert steps.preview is None and panel.list.selectedItems() == [] and panel.hint.isVisible()
    click(panel, qtbot, 0)
    panel.card.form.reset()
    qtbot.waitUntil(lambda: steps.preview is not None)
    panel.hide()
    assert steps.preview is None


def test_what_cannot_be_done_is_a_sentence(session, panel, labels, qtbot):
    session.document.active = labels
    do(session, qtbot, "threshold.range", lower=0.0, upper=300.0)
    rest(session, qtbot)
    assert [row for _n, row in titles(panel)] == ["Threshold"] and panel.list.row_at(0).kind == "mask"
    panel.list.setFocus()
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert "there would be no label" in panel.message.text() and panel.message.isVisible()


def test_a_step_that_failed_is_marked(steps, panel, session, qtbot):
    session.recipes.insert(0, "geometry.crop", {"box": (0, 0, 0, 9, 9, 9)})
    rest(session, qtbot)
    job = session.recipes.edit(0, {"box": (0, 0, 0, 900, 900, 900)})
    qtbot.waitUntil(lambda: job.finished)
    rest(session, qtbot)
    assert panel.list.row_at(0).failure.endswith(".") and panel.message.text() == panel.list.row_at(0).failure
    assert panel.list.row_at(0).failure in panel.list.row_at(0).words and not panel.list.row_at(1).failure


def test_a_hand_edit_says_what_it_is(session, panel, labels, qtbot):
    session.document.active = labels
    frame = plane_frame(labels.geometry, Plane.AXIAL)
    for x in (14, 18):
        session.labelling.begin_stroke(frame, 5)
        session.labelling.stroke_to(frame.world_at(x, 12, 5))
        session.labelling.end_stroke()
    rest(session, qtbot)
    assert titles(panel) == [(1, "Painted by hand, 2 strokes")]
    row = panel.list.row_at(0)
    assert row.kind == "hand" and "not transferable" in row.words
    assert panel.subject.text() == "Lungs – Labels"
    click(panel, qtbot, 0)
    assert panel.note.isVisible() and "changed by hand" in panel.note.text()
    count = sum(int(patch.changed().sum()) for patch in labels.provenance[0].patches)
    assert f"{count:,} voxels" in panel.note.text() and labels.provenance[0].operation == HAND_EDIT
    labels.active_label = 2
    qtbot.waitUntil(lambda: panel.pages.currentIndex() == 0)


def test_inputs_of_a_step_are_shown_and_can_be_changed(session, panel, labels, qtbot):
    session.document.active = labels
    session.labelling.add_label(labels, "Third")
    labels.labels.array[:, 4:9] = 3
    labels.active_label = 1
    do(session, qtbot, "threshold.range", lower=3.0, upper=5.0)
    third = labels.labels.mask(3)
    job = session.running.apply("masks.union", {}, others=((labels.id, 2),))
    qtbot.waitUntil(lambda: job.finished)
    rest(session, qtbot)
    assert panel.list.row_at(1).said == "with Bone – Labels"
    click(panel, qtbot, 1)
    assert panel.card.inputs.isVisible() and panel.card.inputs.value() == ((labels.id, 2),)
    panel.card.inputs.set_value(((labels.id, 3),))
    qtbot.mouseClick(panel.card.run.apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.list.row_at(1).said == "with Third – Labels")
    assert third.any() and labels.labels.mask(1)[third].all()


# -------------------------------------------------------------------- menus


def entries(menu):
    return {action.text(): action for action in menu.actions() if action.text()}


def test_the_menu_of_a_step_does_what_it_says(steps, panel, session, qtbot):
    found = entries(panel.menus.of_step(0))
    assert {"Insert before…", "Insert after…", "Switch off", "Branch from here", "Remove"} <= found.keys()
    assert not found["Move up"].isEnabled()
    found["Move down"].trigger()
    qtbot.waitUntil(lambda: titles(panel)[0] == (1, "Clamp"))
    found = entries(panel.menus.of_step(0))
    found["Copy as Python"].trigger()
    assert QGuiApplication.clipboard().text().startswith("# 1. Clamp")
    entries(panel.menus.of_step(1))["Copy as Python"].trigger()
    assert QGuiApplication.clipboard().text().startswith("# 2. Gaussian (sigma 2 mm)")
    assert panel.message.text() == "The Python code was copied."


def test_a_recipe_is_applied_to_another_layer_from_the_menu(steps, panel, session, qtbot):
    pet = next(layer for layer in session.document.images if layer.name == "PET")
    begun = pet.volume
    menu = panel.menus.more()
    apply = entries(menu)["Apply to"].menu()
    assert list(entries(apply)) == ["PET"]
    entries(apply)["PET"].trigger()
    qtbot.waitUntil(lambda: pet.volume is not begun)
    assert [step.operation for step in pet.provenance] == [step.operation for step in steps.provenance]


def test_a_recipe_is_saved_and_loaded(steps, panel, session, tmp_path, monkeypatch, qtbot):
    path = tmp_path / "three.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(tmp_path / "three"), ""))
    entries(panel.menus.more())["Save recipe…"].trigger()
    qtbot.waitUntil(path.is_file)
    rest(session, qtbot)
    assert json.loads(path.read_text())["steps"][0]["operation"] == "smoothing.gaussian"
    pet = next(layer for layer in session.document.images if layer.name == "PET")
    session.document.active = pet
    rest(session, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(path), ""))
    begun = pet.volume
    qtbot.mouseClick(panel.load, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pet.volume is not begun)
    rest(session, qtbot)
    assert len(titles(panel)) == 3


def test_labels_made_together_have_a_recipe_that_makes_all_of_them(ct, panel, session, tmp_path, monkeypatch, qtbot):
    session.document.active = ct
    do(session, qtbot, "threshold.range", lower=600.0, upper=2000.0)
    rest(session, qtbot)
    assert "Save recipe of all labels…" not in entries(panel.menus.more()), "one label, and no step that makes many"
    do(session, qtbot, "threshold.multi_otsu")
    rest(session, qtbot)
    made = session.document.active
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(tmp_path / "all"), ""))
    entries(panel.menus.more())["Save recipe of all labels…"].trigger()
    qtbot.waitUntil((tmp_path / "all.json").is_file)
    rest(session, qtbot)
    recipe = Recipe.from_json((tmp_path / "all.json").read_text())
    assert [step.operation for step in recipe.steps] == ["threshold.multi_otsu"]
    session.document.active = ct
    rest(session, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(tmp_path / "all.json"), ""))
    before = len(session.document.layers)
    panel.menus.load()
    qtbot.waitUntil(lambda: len(session.document.layers) == before + 1)
    again = session.document.active
    assert len(made.labels.labels) > 1 and again is not made
    assert np.array_equal(again.labels.array, made.labels.array)
    entries(panel.menus.more())["Save recipe of all labels…"].trigger()  # and it can go on from there
    rest(session, qtbot)
    assert [step.operation for step in session.recipes.of_all_labels().steps] == ["threshold.multi_otsu"]


def test_inputs_that_are_not_open_are_asked_for(session, panel, labels, ct, tmp_path, monkeypatch, qtbot):
    steps = (
        Step(operation="threshold.range", parameters={"lower": 0.0, "upper": 900.0}),
        Step(operation="masks.difference", inputs=("Labels", "Liver – Old work")),
    )
    (tmp_path / "two.json").write_text(Recipe(steps=steps).to_json())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(tmp_path / "two.json"), ""))
    labels.active_label = 3
    panel.menus.load()
    qtbot.waitUntil(lambda: panel.findChildren(MapInputsDialog) != [])
    (dialog,) = panel.findChildren(MapInputsDialog)
    assert list(dialog.boxes) == ["Liver – Old work"]
    dialog.boxes["Liver – Old work"].set_value((labels.id, 2))
    qtbot.mouseClick(dialog.run, Qt.MouseButton.LeftButton)
    rest(session, qtbot)
    expected = (ct.volume.array >= 0) & (ct.volume.array <= 900) & ~labels.labels.mask(2)
    assert np.array_equal(labels.labels.mask(3), expected)
    assert [step for step in labels.provenance if step.label == 3][1].inputs == ("CT", "Bone – Labels")
