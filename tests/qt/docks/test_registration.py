"""The dock Registration in the hands of a user: two images, one button, watch, keep or drop, read what came of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

from patience import PATIENCE
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.model.compare import CompareMode
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.operations.engines.registration.plans import PRESETS, Stage, stages_text
from pellucid.session.placements import linear_placement
from pellucid.session.registration_words import PLACED
from pellucid.ui.docks.registration import RegistrationPanel
from registration_puppet import GRID, Puppet, add_two, blob, shift


@pytest.fixture
def panel(show, empty_session):
    return show(RegistrationPanel(empty_session), 340, 900)


@pytest.fixture
def pair(empty_session, panel):
    return add_two(empty_session)


@pytest.fixture
def puppet(monkeypatch):
    return Puppet(monkeypatch)


def click(control):
    assert control.isVisible() and control.isEnabled(), control.toolTip()
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def choose(control, title):
    row = control.findText(title)
    assert row >= 0, [control.itemText(n) for n in range(control.count())]
    control.setFocus()
    control.setCurrentIndex(row)
    control.activated.emit(row)


def write(control, text):
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, text)


# ---------------------------------------------------------------- before


def test_without_two_images_the_panel_says_what_to_do(empty_session, panel):
    assert panel.stack.currentIndex() == 0 and "Open the one that stays" in panel.empty._sentence.text()
    empty_session.history.do(AddLayer(ImageLayer("Baseline", (blob(GRID, (20, 18, 20)),))))
    assert panel.stack.currentIndex() == 0 and "“Baseline” is open and will stay" in panel.empty._sentence.text()
    other = ImageLayer("Follow-up", (blob(GRID, (20, 18, 20)),))
    empty_session.history.do(AddLayer(other))
    assert panel.stack.currentIndex() == 1
    assert (panel.fixed.currentText(), panel.moving.currentText()) == ("Baseline", "Follow-up")
    assert panel.preset.currentText() == "Same modality, rigid" and "CT on CT" in panel.help.text()
    empty_session.history.do(RemoveLayer(other))
    assert panel.stack.currentIndex() == 0


def test_images_are_chosen_and_swapped(empty_session, panel, pair):
    choose(panel.fixed, "Follow-up")
    assert panel.moving.currentText() == "Baseline"
    click(panel.swap)
    assert (panel.fixed.currentText(), panel.moving.currentText()) == ("Baseline", "Follow-up")
    assert empty_session.registering.choosing.fixed is pair[0]


def test_a_method_brings_its_help_and_its_stages(empty_session, panel, pair):
    choose(panel.preset, "Deformable, lung or abdomen")
    assert "another breath" in panel.help.text()
    assert empty_session.registering.choosing.plan == PRESETS["deformable"].plan
    editor = panel.open_section("Stages")
    assert editor.list.count() == len(PRESETS["deformable"].plan.stages)
    assert editor.text.text() == stages_text(PRESETS["deformable"].plan.stages)


# ---------------------------------------------------------------- running


def test_one_button_registers_and_undo_takes_it_back(qtbot, empty_session, panel, pair, puppet):
    moving = pair[1]
    click(panel.begin)
    qtbot.waitUntil(lambda: len(panel.course._points) > 10)
    assert not panel.begin.isVisible() and panel.keep.isEnabled() and panel.drop.isEnabled()
    assert not panel.choices.isVisible() and panel.asked.text() == "Register Follow-up to Baseline (Rigid)"
    assert len(panel.course._shown) > 10
    levels = len(PRESETS["rigid"].plan.stages[0].shrink)
    assert any(f"level {n} of {levels}" in panel.course.caption.text() for n in (1, 2))
    assert not panel.result.isVisible()
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert panel.begin.isVisible() and panel.result.isVisible() and panel.choices.isVisible()
    assert "Converged" in panel.result.verdict.text() and panel.result.verdict.property("tone") == "good"
    values = {name: label.text() for name, label in panel.result.values.items()}
    assert values["metric"] == "−0.1 → −0.95" and values["reason"] == "Step too small" and values["overlap"] == "90 %"
    assert int(values["iterations"]) > 10 and values["seconds"].endswith(" s")
    assert np.allclose(moving.placement.matrix[:3, 3], (5, 3, 0))
    empty_session.undo()
    assert moving.placement is None and "undone" in panel.result.notes.text() and not panel.result.harden.isEnabled()
    empty_session.redo()
    assert "undone" not in panel.result.notes.text() and panel.result.harden.isEnabled()


def test_images_that_did_not_meet_before_have_no_metric_there(qtbot, empty_session, panel, pair, puppet):
    puppet.before = float("inf")
    click(panel.begin)
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert panel.result.values["metric"].text() == "– → −0.95"
    assert "did not overlap" in panel.result.notes.text() + panel.result.verdict.text()


def test_keep_stops_and_leaves_the_image_where_it_is_shown(qtbot, empty_session, panel, pair, puppet):
    puppet.along(lambda _n: shift(2.0))
    click(panel.begin)
    qtbot.waitUntil(panel.keep.isEnabled)
    click(panel.keep)
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert np.allclose(pair[1].placement.matrix[:3, 3], (2, 0, 0))
    assert "stopped before it came to rest" in panel.result.verdict.text()
    assert panel.result.verdict.property("tone") == "warning" and panel.result.values["overlap"].text() == "–"
    assert empty_session.history.steps[-1].startswith("Register Follow-up to Baseline")


def test_drop_stops_and_leaves_everything_as_it_was(qtbot, empty_session, panel, pair, puppet):
    position = empty_session.history.position
    click(panel.begin)
    qtbot.waitUntil(lambda: pair[1].estimate is not None)
    click(panel.drop)
    assert pair[1].estimate is None and pair[1].placement is None and empty_session.history.position == position
    assert panel.begin.isVisible() and not panel.result.isVisible() and not panel.course.isVisible()
    assert puppet.cancelled.wait(PATIENCE)


def test_before_the_first_estimate_there_is_nothing_to_keep(qtbot, empty_session, panel, pair, monkeypatch):
    from pellucid.operations.context import Cancelled
    from pellucid.operations.engines.registration import running

    def search(*_images, **_given):
        context = _images[3]
        while not context.cancelled():
            pass
        raise Cancelled

    monkeypatch.setattr(running, "register", search)
    click(panel.begin)
    assert not panel.keep.isEnabled() and panel.keep.toolTip() == "There is no estimate yet."
    assert panel.course.caption.text() == "Looking for a start …"
    click(panel.drop)
    assert panel.begin.isVisible()


def test_doubts_stand_before_the_numbers(qtbot, empty_session, panel, pair, puppet):
    puppet.doubts, puppet.converged = ("Half of the image left the grid.", "The metric got worse."), False
    click(panel.begin)
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert panel.result.verdict.text() == "Half of the image left the grid."
    assert panel.result.notes.text() == "The metric got worse."
    assert panel.result.verdict.property("tone") == "warning"


def test_an_error_is_said_where_the_result_would_be(qtbot, empty_session, panel, pair, puppet):
    from pellucid.operations.context import Refused

    puppet.error = Refused("The images do not overlap.")
    click(panel.begin)
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert panel.result.isVisible() and panel.result.verdict.text() == "The images do not overlap."
    assert not panel.result.numbers.isVisible() and panel.begin.isEnabled()


def test_why_nothing_can_be_registered_is_said(empty_session, panel, pair):
    from pellucid.model.geometry import Geometry

    flat = ImageLayer("Picture", (blob(Geometry((30, 30, 1), (1.0, 1.0, 1.0)), (9, 9, 0)),))
    empty_session.history.do(AddLayer(flat))
    choose(panel.moving, "Picture")
    assert not panel.begin.isEnabled() and "“Picture” is a single slice" in panel.why.text()


def test_the_result_is_compared_by_a_swipe(qtbot, empty_session, panel, pair, puppet):
    click(panel.overlay)  # off
    click(panel.begin)
    assert empty_session.view.compare is None
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    click(panel.result.compare)
    assert empty_session.view.compare.mode is CompareMode.SWIPE


def test_images_in_panes_of_their_own_can_be_laid_over_each_other(qtbot, empty_session, panel, pair, puppet):
    empty_session.hand_placing.side_by_side()
    assert empty_session.viewing.are_apart(pair)
    click(panel.begin)
    puppet.finish()
    qtbot.waitUntil(panel.result.isVisible, timeout=5000)
    click(panel.result.together)
    assert not empty_session.viewing.are_apart(pair) and not panel.result.together.isVisible()
    assert all(empty_session.viewing.layers(pane) == pair for pane in empty_session.view.shown)


def test_the_result_is_resampled_onto_the_fixed_image(qtbot, empty_session, panel, pair, puppet):
    fixed, moving = pair
    click(panel.begin)
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    click(panel.result.harden)
    qtbot.waitUntil(lambda: moving.placement is None)
    assert moving.volume.geometry.same_grid(fixed.volume.geometry)
    assert moving.provenance[-1].operation == "registration.register"
    assert "resampled" in panel.result.notes.text()


def test_the_curve_of_a_stage_is_chosen_and_read(qtbot, empty_session, panel, pair, puppet):
    empty_session.registering.choosing.choose(stages=(Stage(transform="rigid"), Stage(transform="affine")))
    click(panel.begin)
    qtbot.waitUntil(lambda: bool(panel.course._points) and panel.course._points[-1].stage == 1)
    assert panel.course.tabs.value() == 1 and panel.course.caption.text().startswith("Stage 2 of 2: Affine")
    click(panel.course.tabs.buttons[0])
    assert panel.course.caption.text().startswith("Stage 1 of 2: Rigid")
    panel.course.chart.setFocus()
    QTest.keyClick(panel.course.chart, Qt.Key.Key_Left)
    puppet.finish()
    qtbot.waitUntil(lambda: not empty_session.registering.is_running)
    assert len(panel.course._shown) > 10


# ---------------------------------------------------------------- start, masks, seed


def test_start_masks_and_seed(empty_session, panel, pair):
    where = panel.open_section("Start and masks")
    choosing = empty_session.registering.choosing
    assert where.start.currentText() == "By the method: Search over turns" and not where.moving_mask.isEnabled()
    choose(where.start, "Centres of mass")
    assert choosing.plan.start == "masses"
    labels = LabelLayer("Lesion", blank_labels(pair[1].volume.geometry), made_for=pair[1].id)
    labels.labels.set_label(Label(1, "core", "#ff0000"))
    empty_session.history.do(AddLayer(labels))
    choose(where.moving_mask, "Lesion: core")
    assert choosing.setup.moving_mask == (labels.id, 1)
    write(where.seed, "7")
    assert choosing.setup.seed == 7
    choose(where.start, "By the method: Search over turns")
    assert where.start.findText("Where it lies now") < 0
    matrix = np.eye(4)
    matrix[0, 3] = 4
    empty_session.placing.put(pair[1], linear_placement(matrix, GRID))
    assert where.start.currentText() == "Where it lies now" and where.start.value() == PLACED
    assert "“Follow-up” was put" in where.note.text()


# ---------------------------------------------------------------- stages


@pytest.fixture
def editor(panel, pair):
    return panel.open_section("Stages")


def shown(editor):
    return {name for name, (title, _held) in editor.form._lines.items() if title.isVisible()}


def test_only_what_applies_is_asked(editor):
    assert {"metric", "optimiser", "step", "least_step", "share"} <= shown(editor)
    assert not {"bins", "radius", "mesh", "variant", "tolerance"} & shown(editor)
    choose(editor.form.controls["metric"], "Mutual information (Mattes)")
    assert "bins" in shown(editor)
    choose(editor.form.controls["sampling"], "All voxels")
    assert "share" not in shown(editor)
    choose(editor.form.controls["transform"], "B-spline")
    assert {"mesh", "order", "refine"} <= shown(editor)
    choose(editor.form.controls["transform"], "Demons")
    assert {"variant", "field_sigma", "update_sigma"} <= shown(editor)
    assert not {"metric", "optimiser", "bins", "mesh", "sampling", "scales"} & shown(editor)


def test_every_setting_of_a_stage_can_be_set(editor):
    assert set(editor.form.controls) == set(Stage.model_fields)
    transforms = editor.form.controls["transform"]
    for row in range(transforms.count()):
        choose(transforms, transforms.itemText(row))
        assert editor.form._stage.transform == transforms.value()


def test_stages_are_added_moved_and_removed(empty_session, panel, editor):
    choosing = empty_session.registering.choosing
    assert not editor.remove.isEnabled() and not editor.reset.isEnabled()
    click(editor.add)
    choose(editor.form.controls["transform"], "Affine")
    assert [stage.transform for stage in choosing.plan.stages] == ["rigid", "affine"]
    assert panel.preset.currentText() == "Own stages" and "Rigid, Affine" in panel.help.text()
    click(editor.up)
    assert [stage.transform for stage in choosing.plan.stages] == ["affine", "rigid"]
    assert editor.list.item(0).text() == "1  Affine – Correlation" and editor.list.currentRow() == 0
    click(editor.remove)
    assert [stage.transform for stage in choosing.plan.stages] == ["rigid"]
    click(editor.add)
    click(editor.reset)
    assert choosing.setup.stages == () and panel.preset.currentText() == "Same modality, rigid"
    choose(panel.preset, "Microscopy drift")
    assert editor.form.controls["transform"].currentText() == "Translation"


def test_numbers_and_lists_are_checked(empty_session, editor):
    choosing, controls = empty_session.registering.choosing, editor.form.controls
    write(controls["iterations"], "50")
    write(controls["share"], "20")
    write(controls["shrink"], "8, 4, 2")
    stage = choosing.plan.stages[0]
    assert (stage.iterations, stage.share, stage.shrink) == (50, 0.2, (8, 4, 2))
    write(controls["shrink"], "8, x")
    assert controls["shrink"].property("wrong") and "commas" in controls["shrink"].toolTip()
    assert choosing.plan.stages[0].shrink in ((8, 4, 2), (8,))  # the 8 alone was valid for a moment
    write(controls["iterations"], "0")
    assert controls["iterations"].property("wrong") and choosing.plan.stages[0].iterations == 50


def test_stages_go_as_text_through_the_clipboard(empty_session, editor):
    choosing = empty_session.registering.choosing
    click(editor.copy)
    assert QGuiApplication.clipboard().text() == stages_text(PRESETS["rigid"].plan.stages)
    QGuiApplication.clipboard().setText("rigid bins=20; bspline mesh=30")
    click(editor.paste)
    assert choosing.plan.stages == (Stage(transform="rigid", bins=20), Stage(transform="bspline", mesh=30))
    assert editor.list.count() == 2 and not editor.problem.isVisible()
    write(editor.text, "rigid bins=2")
    QTest.keyClick(editor.text, Qt.Key.Key_Return)
    assert "Stage 1" in editor.problem.text() and len(choosing.plan.stages) == 2
    write(editor.text, "translation")
    QTest.keyClick(editor.text, Qt.Key.Key_Return)
    assert choosing.plan.stages == (Stage(transform="translation"),) and not editor.problem.isVisible()


def test_while_it_runs_nothing_can_be_set(qtbot, empty_session, panel, editor, puppet):
    where = panel.open_section("Start and masks")
    click(panel.begin)
    for control in (editor.add, editor.text, editor.form, where.start, where.seed, panel.preset, panel.swap):
        assert not control.isVisible()
    click(panel.drop)
    assert editor.form.isVisible() and where.start.isEnabled()


# ---------------------------------------------------------------- the window


def test_every_control_has_a_name_and_a_tip(panel, editor):
    panel.open_section("Start and masks")
    for kind in (QAbstractButton, QComboBox, QLineEdit):
        for control in filter(QWidget.isVisible, panel.findChildren(kind)):
            assert control.accessibleName() and control.toolTip(), control
