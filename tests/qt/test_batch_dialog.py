"""The batch dialog: nothing, ready, running, finished with problems, cancelled; rows open their case."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from batch_making import Stubborn, as_kind, expected, make_images, make_recipe, results
from hands import User, close_before_the_answer
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.recipes.batch import processes, running
from pellucid.recipes.batch.journal import State
from pellucid.session.batching import Stage
from pellucid.ui.dialogs.batch import BatchDialog
from pellucid.ui.dialogs.batch_results import ITEM, SECONDS, STATE

pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)
THRESHOLD = [{"operation": "threshold.range", "parameters": {"lower": 300, "upper": 600}}]


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.session.batching.cancel()
    user.leave()


@pytest.fixture
def dialog(user) -> BatchDialog:
    user.window.files.batch()
    (dialog,) = user.window.findChildren(BatchDialog)
    return dialog


def accessible_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else widget.accessibleName()


def look(qtbot, dialog: BatchDialog, *paths: Path) -> None:
    dialog.set_up.inputs.add(paths)
    qtbot.waitUntil(lambda: not dialog.set_up.inputs.looking, timeout=20_000)


def choose(qtbot, dialog: BatchDialog, recipe: Path) -> None:
    before = dialog.set_up.recipe
    dialog.set_up.open_recipe(recipe)
    qtbot.waitUntil(lambda: dialog.set_up.recipe is not before)


def ready(qtbot, dialog: BatchDialog, folder: Path, steps: object = None) -> None:
    choose(qtbot, dialog, make_recipe(folder / "recipe.json", steps) if steps else make_recipe(folder / "recipe.json"))
    look(qtbot, dialog, folder / "in")
    dialog.set_up.out.setText(str(folder / "out"))
    dialog.set_up.workers.set_value(1)


def start(qtbot, dialog: BatchDialog) -> None:
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)


def ended(qtbot, dialog: BatchDialog, seconds: float = 60) -> None:
    batching = dialog._batching
    qtbot.waitUntil(lambda: batching.stage not in (Stage.RUNNING, Stage.IDLE), timeout=round(seconds * 1000))


def test_with_nothing_chosen_it_says_what_to_do(dialog):
    assert not dialog.go.isEnabled() and "Add images" in dialog.go.toolTip()
    assert dialog.card.isHidden() and not dialog.bar.isVisible()
    assert "Drop files" in dialog.set_up.inputs.stack.currentWidget()._sentence.text()
    controls = [w for w in dialog.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    assert len(controls) > 12 and all(accessible_name(widget) for widget in controls)
    for button in (dialog.report, dialog.folder, dialog.case):
        assert not button.isEnabled() and button.toolTip().endswith(".")


def test_inputs_are_added_counted_dropped_and_taken_off(dialog, qtbot, tmp_path):
    make_images(tmp_path / "in", 3)
    paths = make_images(tmp_path / "more", 1)
    look(qtbot, dialog, tmp_path / "in")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(paths[0])), QUrl.fromLocalFile(str(tmp_path / "in"))])
    inputs = dialog.set_up.inputs
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                       Qt.KeyboardModifier.NoModifier)  # fmt: skip
    inputs.dropEvent(event)
    qtbot.waitUntil(lambda: not inputs.looking, timeout=20_000)
    said = [inputs.list.topLevelItem(n).text(1) for n in range(inputs.list.topLevelItemCount())]
    assert said == ["3 images", "1 image"] and inputs.counted.text() == "4 images"
    assert dialog.set_up.folder() == tmp_path / "in results" and dialog.go.isEnabled()
    inputs.list.topLevelItem(0).setSelected(True)
    QTest.keyClick(inputs.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not inputs.looking, timeout=20_000)
    assert inputs.counted.text() == "1 image" and inputs.paths == paths
    look(qtbot, dialog, tmp_path / "gone")
    assert not dialog.go.isEnabled() and "no file or folder" in dialog.card.lines[0]


def test_a_recipe_that_cannot_be_used_is_said(dialog, qtbot, tmp_path):
    look(qtbot, dialog, *make_images(tmp_path / "in", 1))
    (tmp_path / "hand.json").write_text(json.dumps({"version": 2, "steps": [{"operation": "hand.edit"}]}))
    choose(qtbot, dialog, tmp_path / "hand.json")
    assert "by hand" in dialog.set_up.notes.text() and not dialog.go.isEnabled()
    dialog.set_up.open_recipe(tmp_path / "none.json")
    qtbot.waitUntil(lambda: "none.json" in dialog.set_up.notes.text())


def test_further_images_are_asked_for(dialog, qtbot, tmp_path):
    look(qtbot, dialog, *make_images(tmp_path / "in", 1))
    step = {"operation": "masks.intersection", "inputs": ["", "Lungs"]}
    choose(qtbot, dialog, make_recipe(tmp_path / "r.json", [*THRESHOLD, step]))
    (line,) = dialog.set_up._patterns.values()
    assert line.accessibleName() == "Lungs" and not dialog.go.isEnabled()
    qtbot.keyClicks(line, "{folder}/{stem}.nii")
    assert dialog.go.isEnabled() and dialog.set_up.order().options.named == (("Lungs", "{folder}/{stem}.nii"),)


def test_a_batch_with_problems_from_start_to_report(dialog, user, qtbot, tmp_path):
    paths = make_images(tmp_path / "in", 4)
    paths[2].write_bytes(b"damaged")
    ready(qtbot, dialog, tmp_path)
    assert dialog.go.isEnabled() and dialog.go.text() == "Start"
    start(qtbot, dialog)
    assert dialog.go.text() == "Cancel" and dialog.bar.isVisible() and not dialog.set_up.isEnabled()
    ended(qtbot, dialog)
    assert "Finished with problems" in dialog.card.findChildren(type(dialog.progress))[0].text()
    model, shown = dialog.results.model, dialog.results.shown
    assert [entry.state for entry in model.entries].count(State.DONE) == 3
    assert set(results(tmp_path / "out")) == {f"{path.stem}.nii.gz" for path in paths if path != paths[2]}
    assert results(tmp_path / "out")["case0000.nii.gz"] == expected(tmp_path / "recipe.json", paths[0], tmp_path / "t")
    dialog.results.filter.set_value(State.REFUSED)
    dialog.results.filter.chosen.emit(State.REFUSED)
    assert shown.rowCount() == 1 and shown.index(0, ITEM).data() == "case0002.mha"
    assert shown.index(0, STATE).data() == "Refused"
    assert not shown.index(0, STATE).data(Qt.ItemDataRole.DecorationRole).isNull()
    dialog.results.filter.chosen.emit(None)
    dialog.results.table.sortByColumn(SECONDS, Qt.SortOrder.DescendingOrder)
    seconds = [float(shown.index(row, SECONDS).data()) for row in range(4)]
    assert seconds == sorted(seconds, reverse=True)
    dialog.export_to(tmp_path / "report.csv")
    qtbot.waitUntil(lambda: (tmp_path / "report.csv").exists())
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 5
    assert dialog.set_up.resume.isChecked(), "what was refused can be tried again"
    dialog.set_up.resume.click()
    assert not dialog.go.isEnabled() and "earlier batch" in dialog.go.toolTip()
    dialog.set_up.resume.click()
    start(qtbot, dialog)
    ended(qtbot, dialog)
    assert len(model.entries) == 4


def test_cancelled_it_keeps_what_is_done_and_the_window_never_waits(dialog, user, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_GRACE_SECONDS", 0.3)
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.3)
    make_images(tmp_path / "in", 6)
    ready(qtbot, dialog, tmp_path)
    cases = list(dialog.set_up.inputs.cases)
    dialog.set_up.inputs.cases = (*cases[:2], *(as_kind(Stubborn, case) for case in cases[2:]))
    start(qtbot, dialog)
    qtbot.waitUntil(lambda: len(dialog.results.model.entries) == 2, timeout=60_000)
    start(qtbot, dialog)
    assert dialog.progress.text() == "Stopping…"
    ended(qtbot, dialog)
    assert dialog._batching.stage is Stage.CANCELLED and "2 of 6" in dialog.card.lines[0]
    assert dialog.set_up.resume.isChecked() and dialog.go.isEnabled()
    assert len(results(tmp_path / "out")) == 2


def test_closed_it_goes_on_and_is_found_again(dialog, user, qtbot, tmp_path):
    make_images(tmp_path / "in", 3)
    ready(qtbot, dialog, tmp_path)
    start(qtbot, dialog)
    dialog.reject()
    batching = user.session.batching
    qtbot.waitUntil(lambda: batching.stage is Stage.FINISHED, timeout=60_000)
    user.window.files.batch()
    again = next(one for one in user.window.findChildren(BatchDialog) if one.isVisible())
    assert len(again.results.model.entries) == 3 and "3 images were worked on" in again.card.lines[0]
    user.window.files.batch()
    assert [one for one in user.window.findChildren(BatchDialog) if one.isVisible()] == [again]


def test_a_row_opens_its_case_as_the_recipe_leaves_it(dialog, user, qtbot, tmp_path):
    paths = make_images(tmp_path / "in", 2)
    ready(qtbot, dialog, tmp_path)
    start(qtbot, dialog)
    ended(qtbot, dialog)
    row = next(n for n in range(2) if dialog.results.shown.index(n, ITEM).data() == paths[1].name)
    dialog.results.table.selectRow(row)
    qtbot.mouseClick(dialog.case, Qt.MouseButton.LeftButton)
    document = user.session.document
    qtbot.waitUntil(lambda: bool(document.layers and document.layers[0].provenance), timeout=20_000)
    (layer,) = document.layers
    assert isinstance(layer, ImageLayer) and [step.operation for step in layer.provenance] == [
        "smoothing.mean", "intensity.clamp"]  # fmt: skip
    made = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "case0001.nii.gz")))
    np.testing.assert_array_equal(layer.volume.array, made)
    user.session.undo()
    np.testing.assert_array_equal(layer.volume.array, sitk.GetArrayFromImage(sitk.ReadImage(str(paths[1]))))


def test_a_case_of_a_mask_shows_a_label_over_the_image(dialog, user, qtbot, tmp_path):
    (path,) = make_images(tmp_path / "in", 1)
    ready(qtbot, dialog, tmp_path, THRESHOLD)
    start(qtbot, dialog)
    ended(qtbot, dialog)
    dialog.results.opened.emit(dialog.results.model.entries[0])
    document = user.session.document
    qtbot.waitUntil(lambda: len(document.layers) == 2, timeout=20_000)
    image, labels = document.layers
    assert isinstance(labels, LabelLayer) and isinstance(image, ImageLayer)
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    np.testing.assert_array_equal(labels.labels.array == 1, (values >= 300) & (values <= 600))


def test_the_steps_of_the_active_layer_can_be_taken_on_many(user, qtbot, tmp_path):
    (path,) = make_images(tmp_path / "in", 1)
    user.session.open([path])
    user.rest()
    user.session.running.apply("intensity.invert", {})
    user.rest()
    user.window.files.batch()
    (dialog,) = user.window.findChildren(BatchDialog)
    assert dialog.set_up.recipes.currentText().startswith("The steps of “case0000")
    assert [step.operation for step in dialog.set_up.recipe.steps] == ["intensity.invert"]


def test_images_found_after_closing_are_dropped(user, dialog, tmp_path):
    dialog.set_up.inputs.add(make_images(tmp_path / "in", 1))
    close_before_the_answer(dialog)
    user.wait(lambda: not user.session.jobs.running)
