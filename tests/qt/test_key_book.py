"""Keys of window and pane in one book: changed, taken over, reset, kept, and followed everywhere at once."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from canvas_bench import make_layer
from hands import User
from pellucid.model.findings import Refused
from pellucid.model.view import Plane, Tool
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui.actions.table import TABLE
from pellucid.ui.canvas.key_book import KeyBook
from pellucid.ui.dialogs.keys import KeysDialog
from pellucid.ui.mouse_habits import NAPARI, keep

KEY, CTRL, LEFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def session(qapp):
    session = Session()
    yield session
    session.close()


@pytest.fixture
def book(session):
    return KeyBook(session, TABLE)


def test_no_key_is_given_twice_at_first(book):
    first = [key for row in book.rows for key in row.first]
    assert sorted(first) == sorted(set(first))
    assert {key for keys in book.all_keys().values() for key in keys} == set(first)


def test_every_id_is_there_once(book):
    assert len({row.id for row in book.rows}) == len(book.rows)


def test_a_key_given_to_one_is_taken_from_its_owner(book, session):
    assert book.owner("Ctrl+S").id == "file.save"
    book.give("file.export", ["Ctrl+S"])
    assert book.keys("file.export") == ("Ctrl+S",) and book.keys("file.save") == ()
    assert book.owner("Ctrl+S").id == "file.export" and book.owner("Ctrl+S", besides="file.export") is None
    assert session.settings.keys == {"file.export": ["Ctrl+S"], "file.save": []}


def test_keys_go_from_pane_to_window_and_back(book, session):
    book.give("file.export", ["F"])
    assert book.pane_keys()["view.fit"] == ()
    book.reset("pane.view.fit")
    assert book.pane_keys()["view.fit"] == ("F",) and book.keys("file.export") == ()
    book.reset_all()
    assert session.settings.keys == {} and book.keys("file.export") == ("Ctrl+E",)


def test_only_differences_are_kept(book, session):
    book.give("file.save", ["Ctrl+S"])
    assert session.settings.keys == {}
    book.give("edit.redo", ["Ctrl+Shift+Z", "Ctrl+Y"])
    assert session.settings.keys == {"edit.redo": ["Ctrl+Shift+Z", "Ctrl+Y"]}
    assert book.is_changed("edit.redo") and not book.is_changed("file.save")


@pytest.mark.parametrize("key", ["", "Banana", "Ctrl+", "Tab", "Shift+Tab", "Ctrl+K, Ctrl+C"])
def test_what_is_no_key_is_refused(book, session, key):
    with pytest.raises(Refused):
        book.give("file.save", [key])
    assert session.settings.keys == {}


def test_settings_of_another_version_or_hand_do_no_harm(session):
    session.settings.keys = {"gone.action": ["F5"], "file.save": ["Banana", "F6"], "file.export": ["F6"]}
    book = KeyBook(session, TABLE)
    assert book.keys("file.save") == ("F6",) and book.keys("file.export") == ()
    assert book.owner("F5") is None


def test_a_default_key_gives_way_to_what_the_user_chose(session):
    session.settings.keys = {"help.about": ["Ctrl+S"]}
    book = KeyBook(session, TABLE)
    assert book.keys("help.about") == ("Ctrl+S",) and book.keys("file.save") == ()


def test_keys_survive_a_file(book, session):
    book.give("file.save", ["F7"])
    text = book.to_json()
    book.reset_all()
    assert book.from_json(text) == 0 and book.keys("file.save") == ("F7",)
    assert book.from_json(json.dumps({"keys": {"nobody": ["F9"], "file.save": ["F8"]}})) == 1
    assert book.keys("file.save") == ("F8",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 5}', '{"keys": {"file.save": ["Banana"]}}', "[" * 10_000])
def test_a_file_that_holds_no_keys_changes_nothing(book, session, text):
    book.give("file.save", ["F7"])
    with pytest.raises(Refused):
        book.from_json(text)
    assert book.keys("file.save") == ("F7",)


# -------------------------------------------------------------------- in the window


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def test_menus_tooltips_and_canvas_follow_at_once(user):
    book, actions = user.window.actions_table.keys, user.window.actions_table.by_id
    book.give("pane.tool.crosshair", ["F4"])
    book.give("file.save", ["F7"])
    assert "F4" in actions["tool.crosshair"].text() and "(F4)" in actions["tool.crosshair"].toolTip()
    assert [key.toString() for key in actions["file.save"].shortcuts()] == ["F7"]
    assert user.window.canvas.keyboard.key_map.key("tool.crosshair") == "F4"


def test_a_key_is_changed_in_the_sheet_by_double_click_and_works_on_the_pane(user, qtbot):
    dialog = open_sheet(user, qtbot)
    item = dialog._items["pane.tool.crosshair"]
    dialog.list.scrollToItem(item)
    where = dialog.list.visualItemRect(item).center()
    QTest.mouseClick(dialog.list.viewport(), LEFT, pos=where)
    QTest.mouseDClick(dialog.list.viewport(), LEFT, pos=where)
    assert dialog.recorder.isVisible()
    QTest.keyClick(dialog.recorder.field, KEY.Key_F4)
    qtbot.waitUntil(lambda: item.text(1) == "F4")
    assert item.text(2) == "changed" and "F4" in dialog.said.text() and not dialog.recorder.isVisible()
    dialog.accept()
    user.window.activateWindow()
    qtbot.waitUntil(user.window.isActiveWindow)
    user.window.set_tool(Tool.PAN)
    user.session.document.insert(0, make_layer(np.zeros((4, 8, 8), np.int16)))
    user.rest()
    user.pane(Plane.AXIAL).setFocus()
    user.point_at(Plane.AXIAL)
    user.press(KEY.Key_H)
    assert user.session.view.tool is Tool.PAN
    user.press(KEY.Key_F4)
    assert user.session.view.tool is Tool.CROSSHAIR


def test_a_conflict_names_the_owner_and_is_taken_over_only_when_asked(user, qtbot):
    dialog = open_sheet(user, qtbot)
    dialog.list.setCurrentItem(dialog._items["file.export"])
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, KEY.Key_Return)
    QTest.keyClick(dialog.recorder.field, KEY.Key_S, CTRL)
    qtbot.waitUntil(dialog.recorder.take.isVisible)
    assert dialog.recorder.said.text() == "Ctrl+S belongs to “Save work” (File)."
    assert dialog._items["file.save"].text(1) == "Ctrl+S"
    QTest.mouseClick(dialog.recorder.take, LEFT)
    assert dialog._items["file.save"].text(1) == "" and dialog._items["file.export"].text(1) == "Ctrl+S"
    QTest.mouseClick(dialog.reset_all_button, LEFT)
    assert dialog._items["file.save"].text(1) == "Ctrl+S" and not dialog.reset_all_button.isEnabled()


def test_a_second_key_removing_and_resetting(user, qtbot):
    dialog = open_sheet(user, qtbot)
    dialog.list.setCurrentItem(dialog._items["file.save"])
    QTest.mouseClick(dialog.add_button, LEFT)
    QTest.keyClick(dialog.recorder.field, KEY.Key_F7)
    qtbot.waitUntil(lambda: dialog._items["file.save"].text(1) == "Ctrl+S, F7")
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, KEY.Key_Delete)
    assert dialog._items["file.save"].text(1) == "" and not dialog.take_button.isEnabled()
    QTest.mouseClick(dialog.reset_button, LEFT)
    assert dialog._items["file.save"].text(1) == "Ctrl+S"


def test_the_search_finds_names_keys_and_groups(user, qtbot):
    dialog = open_sheet(user, qtbot)
    QTest.keyClicks(dialog.search, "slice 10")
    assert not seen(dialog)
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "ctrl+s")
    assert "Save work" in seen(dialog) and "Fit" not in seen(dialog)
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "on the image fit")
    assert seen(dialog) == ["Fit"]


def test_the_sheet_tells_the_scheme_in_force(user, qtbot):
    keep(user.session.settings, NAPARI.habits)
    dialog = open_sheet(user, qtbot)
    assert dialog.list.topLevelItem(0).text(0) == "Mouse – napari" and "Wheel: zoom" in seen(dialog)


def test_files_of_keys_are_written_and_read_with_a_sentence(user, qtbot, tmp_path):
    dialog = open_sheet(user, qtbot)
    user.window.actions_table.keys.give("file.save", ["F7"])
    dialog.export_to(tmp_path / "keys.json")
    assert "were written" in dialog.said.text()
    dialog.reset_all()
    dialog.import_from(tmp_path / "keys.json")
    assert dialog._items["file.save"].text(1) == "F7"
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe\x00")
    dialog.import_from(tmp_path / "bad.json")
    assert "could not be read" in dialog.said.text() and dialog._items["file.save"].text(1) == "F7"
    dialog.export_to(tmp_path / "no" / "keys.json")
    assert "keys.json was not written" in dialog.said.text()


def test_changed_keys_are_there_at_the_next_start(qtbot, tmp_path):
    first = Session(Settings.load(tmp_path))
    KeyBook(first, TABLE).give("pane.view.fit", ["F4"])
    first.close()
    again = Session(Settings.load(tmp_path))
    assert KeyBook(again, TABLE).pane_keys()["view.fit"] == ("F4",)
    again.close()


def open_sheet(user, qtbot):
    dialog = KeysDialog(user.session, user.window.actions_table.keys, user.window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def seen(dialog) -> list[str]:
    """Return the actions that the filter leaves."""
    found = []
    for n in range(dialog.list.topLevelItemCount()):
        group = dialog.list.topLevelItem(n)
        found += [group.child(k).text(0) for k in range(group.childCount()) if not group.child(k).isHidden()]
    return found
