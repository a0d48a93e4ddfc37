"""The label table by mouse and keys: alone, locked, found, merged, described; and with ten thousand rows."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from at_rest import all_windows
from pace import allowed
from pellucid.files.label_tables import write_table
from pellucid.model.labels import Code, Label, Status, color_for
from pellucid.ui.dialogs.label_details import LabelDetailsDialog
from pellucid.ui.docks import label_menu, label_table
from pellucid.ui.docks.label_model import LOCKED, NAME, VISIBLE
from pellucid.ui.docks.layers import LayersPanel

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def panel(session, labels, show):
    session.document.active = labels
    return show(LayersPanel(session))


@pytest.fixture
def said(session):
    heard = []
    session.notice.connect(lambda text, severity: heard.append((severity, text)))
    return heard


def fill(labels, count):
    labels.labels.labels = tuple(Label(n, f"Label {n}", color_for(n)) for n in range(1, count + 1))


def cell(table, row, column):
    return table.visualRect(table.labels.index(row, column)).center()


def click(panel, qtbot, row, column, held=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, held, cell(panel.table, row, column))


def names(panel):
    return [panel.table.labels.label(row).name for row in range(panel.table.labels.rowCount())]


def seen(labels):
    return [row.value for row in labels.labels.labels if row.visible]


def choose(menu, title):
    found = next(action for action in menu.actions() if action.text() == title)
    assert found.isEnabled()
    found.trigger()


def submenu(menu, title):
    return next(action.menu() for action in menu.actions() if action.text() == title)


def test_alt_click_on_an_eye_shows_only_that_label_and_again_all(panel, labels, qtbot):
    click(panel, qtbot, 1, VISIBLE, ALT)
    assert seen(labels) == [2]
    click(panel, qtbot, 1, VISIBLE, ALT)
    assert seen(labels) == [1, 2]
    qtbot.keyClick(panel.table, Qt.Key.Key_Space, ALT)
    assert seen(labels) == [2]
    click(panel, qtbot, 1, VISIBLE)
    assert seen(labels) == []


def test_the_filter_appears_when_there_are_many_and_finds_by_name_and_value(panel, labels, qtbot):
    assert panel.labels.filter.isHidden()
    fill(labels, 40)
    assert panel.labels.filter.isVisible() and panel.labels.found.text() == "40"
    panel.labels.filter.setFocus()
    qtbot.keyClicks(panel.labels.filter, "bel 3")
    qtbot.waitUntil(lambda: panel.table.labels.rowCount() == 11)
    assert panel.labels.found.text() == "11 of 40"
    panel.labels.filter.clear()
    qtbot.keyClicks(panel.labels.filter, "40")
    qtbot.waitUntil(lambda: names(panel) == ["Label 40"])
    click(panel, qtbot, 0, LOCKED)
    assert labels.labels.label(40).locked and labels.active_label == 40
    qtbot.keyClick(panel.labels.filter, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: panel.table.labels.rowCount() == 40)
    assert panel.table.currentIndex().row() == 39


def test_ten_thousand_labels_fit_into_a_narrow_dock(panel, labels):
    fill(labels, 10_000)
    panel.labels.filter.setText("label")
    panel.labels._filter()
    assert panel.labels.found.text() == "10,000 of 10,000"
    assert panel.labels.minimumSizeHint().width() <= 280 - 2 * 8 - 10


def test_the_filter_knows_what_labels_are(panel, labels, qtbot):
    fill(labels, 20)
    labels.labels.edit_label(7, code=Code("SCT", "10200004", "Liver"))
    panel.labels.filter.setText("liver")
    qtbot.waitUntil(lambda: names(panel) == ["Label 7"])
    panel.labels.filter.setText("nothing of the kind")
    qtbot.waitUntil(lambda: names(panel) == [])
    assert panel.labels.filter.isVisible()


def test_rows_are_sorted_by_name_value_or_status(panel, labels, session):
    labels.labels.labels = (Label(1, "b", "#000000"), Label(2, "C", "#000000"),
                            Label(3, "a", "#000000", status=Status.FLAGGED))  # fmt: skip
    choose(submenu(panel.labels.menus.of_table(), "Sort by"), "Name")
    assert names(panel) == ["a", "b", "C"]
    assert panel.table.currentIndex().row() == 1, "the active label stays the current row"
    choose(submenu(panel.labels.menus.of_table(), "Sort by"), "Status")
    assert names(panel) == ["a", "b", "C"]
    choose(submenu(panel.labels.menus.of_table(), "Sort by"), "Value")
    assert names(panel) == ["b", "C", "a"]
    session.labelling.edit_label(labels, 1, name="z")
    assert names(panel) == ["z", "C", "a"]


def test_comma_and_full_stop_step_through_the_labels(panel, labels, qtbot):
    qtbot.keyClick(panel.table, ".")
    assert labels.active_label == 2
    qtbot.keyClick(panel.table, ".")
    assert labels.active_label == 1
    qtbot.keyClick(panel.table, ",")
    assert labels.active_label == 2 and panel.table.currentIndex().row() == 1
    qtbot.keyClick(panel.table, Qt.Key.Key_Up)
    assert labels.active_label == 1


def test_a_double_click_on_the_value_goes_to_the_label(panel, labels, session, qtbot):
    session.view.crosshair = (0.0, 0.0, 0.0)
    area = panel.table.visualRect(panel.table.labels.index(1, NAME))
    at = QPoint(area.right() - 6, area.center().y())
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: session.view.crosshair != (0.0, 0.0, 0.0))
    assert labels.labels.value_at(session.view.crosshair) == 2
    assert panel.table.state() is not panel.table.State.EditingState


def test_several_labels_are_deleted_and_merged_as_one_step(panel, labels, session, qtbot):
    fill(labels, 5)
    labels.labels.array[5, 5, 5:8] = (3, 4, 5)
    before = labels.labels.array.copy()
    click(panel, qtbot, 2, NAME)
    click(panel, qtbot, 4, NAME, Qt.KeyboardModifier.ShiftModifier)
    assert panel.table.chosen_values() == (3, 4, 5) and labels.active_label == 5
    choose(panel.labels.menus.of_rows(), "Merge into “Label 5”")
    qtbot.waitUntil(lambda: len(labels.labels.labels) == 3)
    assert labels.labels.array[5, 5, 5:8].tolist() == [5, 5, 5]
    session.undo()
    np.testing.assert_array_equal(labels.labels.array, before)
    click(panel, qtbot, 2, NAME)
    click(panel, qtbot, 3, NAME, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(labels.labels.labels) == 3)
    assert session.history.steps[-1] == "Delete 2 labels"
    session.undo()
    np.testing.assert_array_equal(labels.labels.array, before)


def test_the_menu_locks_shows_and_marks(panel, labels, session, qtbot):
    fill(labels, 3)
    click(panel, qtbot, 1, NAME)
    choose(panel.labels.menus.of_rows(), "Lock all others")
    assert [row.locked for row in labels.labels.labels] == [True, False, True]
    choose(panel.labels.menus.of_rows(), "Show only this label")
    assert seen(labels) == [2]
    choose(panel.labels.menus.of_rows(), "Show all labels")
    assert seen(labels) == [1, 2, 3]
    choose(submenu(panel.labels.menus.of_rows(), "Status"), "Completed")
    assert labels.labels.label(2).status is Status.COMPLETED
    assert "Completed" in panel.table.labels.index(1, NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert not next(a for a in panel.labels.menus.of_rows().actions() if a.text().startswith("Merge")).isEnabled()
    session.undo()
    assert labels.labels.label(2).status is Status.NOT_STARTED


def test_a_locked_label_that_is_to_go_is_told_in_a_sentence(panel, labels, session, said, qtbot):
    session.labelling.edit_label(labels, 1, locked=True)
    click(panel, qtbot, 0, NAME)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert said == [("warning", "The label “Lungs” is locked. Unlock it in the label table to change it.")]


def test_empty_labels_go_by_the_menu(panel, labels, qtbot):
    labels.labels.set_label(Label(3, "Nothing", "#000000"))
    choose(panel.labels.menus.of_table(), "Delete empty labels")
    qtbot.waitUntil(lambda: names(panel) == ["Lungs", "Bone"])


def test_a_preset_is_one_step(panel, labels, session):
    before = labels.labels.labels
    menu = submenu(panel.labels.menus.of_table(), "Apply preset")
    assert len(menu.actions()) >= 5
    choose(menu, "Lungs and lobes")
    assert names(panel)[:2] == ["Right upper lobe", "Right middle lobe"]
    assert session.history.steps[-1] == "Apply label table Lungs and lobes"
    session.undo()
    assert labels.labels.labels == before


def test_tables_are_imported_and_exported(panel, labels, session, said, qtbot, tmp_path, monkeypatch):
    write_table(tmp_path / "in.txt", [Label(2, "Rib", "#0000FF"), Label(9, "New", "#00FF00")])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(tmp_path / "in.txt"), ""))
    choose(panel.labels.menus.of_table(), "Import label table…")
    qtbot.waitUntil(lambda: names(panel) == ["Lungs", "Rib", "New"])
    chosen = (str(tmp_path / "out"), "3D Slicer colour table (*.ctbl)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: chosen)
    choose(panel.labels.menus.of_table(), "Export label table…")
    qtbot.waitUntil(lambda: ("info", "The label table is in out.ctbl.") in said)
    assert "9 New 0 255 0 255" in (tmp_path / "out.ctbl").read_text()


def test_details_are_edited_as_one_step(panel, labels, session, qtbot, monkeypatch):
    click(panel, qtbot, 1, NAME)
    choose(panel.labels.menus.of_rows(), "Edit details…")
    dialog = next(w for w in all_windows() if isinstance(w, LabelDetailsDialog) and w.isVisible())
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "Liver, left")
    dialog.status.set_value(Status.FLAGGED)
    qtbot.keyClicks(dialog.notes, "check the dome")
    qtbot.keyClicks(dialog.search, "liv")
    assert dialog.list.count() == 1
    qtbot.mouseClick(
        dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=dialog.list.visualItemRect(dialog.list.item(0)).center()
    )
    steps = len(session.history.steps)
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    label = labels.labels.label(2)
    assert (label.name, label.status, label.notes) == ("Liver, left", Status.FLAGGED, "check the dome")
    assert label.code == Code("SCT", "10200004", "Liver")
    assert session.history.steps[steps:] == ("Details of label Bone",)
    tip = panel.table.labels.index(1, NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert "check the dome" in tip and "SCT 10200004" in tip
    session.undo()
    assert labels.labels.label(2) == Label(2, "Bone", color_for(2))


def test_cancelling_the_details_changes_nothing(panel, labels, session, qtbot):
    steps = session.history.steps
    dialog = LabelDetailsDialog(session, labels, 1, panel)
    dialog.open()
    qtbot.keyClicks(dialog.name, "x")
    dialog.code.setText("1")
    dialog.reject()
    assert labels.labels.label(1) == Label(1, "Lungs", color_for(1))
    dialog = LabelDetailsDialog(session, labels, 1, panel)
    dialog.open()
    dialog.accept()
    assert session.history.steps == steps, "nothing was changed, so there is no step"


def test_recolouring_by_the_menu(panel, labels, qtbot, monkeypatch):
    monkeypatch.setattr(label_menu, "ask_color", lambda *_args: "#123456")
    monkeypatch.setattr(label_table, "ask_color", lambda *_args: None)
    click(panel, qtbot, 0, NAME)
    choose(panel.labels.menus.of_rows(), "Colour…")
    assert labels.labels.label(1).color == "#123456"


def best_of(action, times=3):
    """Return the least ms of this thread that a few runs took: others share the machine."""
    found = []
    for _ in range(times):
        begun = time.thread_time()
        action()
        QApplication.processEvents()
        found.append((time.thread_time() - begun) * 1e3)
    return min(found)


def test_ten_thousand_labels_stay_usable(panel, labels, session):
    fill(labels, 10_000)
    QApplication.processEvents()
    rows, took = iter(range(100, 10_000, 700)), {}
    bar = panel.table.verticalScrollBar()
    took["scroll"] = best_of(lambda: bar.setValue(next(rows)))

    texts = iter(("99", "label 5", "77"))

    def find():
        panel.labels.filter.setText(next(texts))
        panel.labels._filter()

    took["filter"] = best_of(find)
    panel.labels.filter.clear()
    panel.labels._filter()
    took["hide"] = best_of(lambda: panel.table.labels.toggle(panel.table.labels.index(next(rows), VISIBLE)))
    took["lock"] = best_of(lambda: panel.table.labels.toggle(panel.table.labels.index(next(rows), LOCKED)))
    took["rename"] = best_of(lambda: session.labelling.edit_label(labels, next(rows), name="other"))
    took["add"] = best_of(lambda: session.labelling.add_label(labels))
    took["step"] = best_of(lambda: session.label_tables.step(labels, 1))
    # 50 ms is what a hand notices; an idle machine takes less than half of it, one that others use twice as much
    assert {what: round(ms) for what, ms in took.items() if ms >= allowed(100)} == {}
