"""The command palette: opened by its key, searched, moved through, and what Enter then does."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_layer
from hands import User
from pellucid.model.view import Tool
from pellucid.ui.commands import Command, ranked
from pellucid.ui.palette import Palette

KEY, MODIFIER, LEFT = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


@pytest.fixture
def palette(user):
    user.session.document.insert(0, make_layer(np.zeros((4, 8, 8), np.int16), unit="HU"))
    user.rest()
    user.press(KEY.Key_P, MODIFIER.ControlModifier | MODIFIER.ShiftModifier)
    palette = user.window.findChild(Palette)
    user.rest()
    return palette


def titles(palette) -> list[str]:
    model = palette.model
    return [model.index(n, 0).data() for n in range(model.rowCount())]


def find(user, palette, text) -> None:
    palette.search.clear()
    QTest.keyClicks(palette.search, text)


def enter(user, palette) -> None:
    QTest.keyClick(palette.search, KEY.Key_Return)
    user.rest()


def test_its_key_opens_it_and_escape_closes_it(user, palette):
    assert palette.isVisible() and palette.search.hasFocus()
    QTest.keyClick(palette.search, KEY.Key_Escape)
    QApplication.processEvents()
    assert user.window.findChild(Palette) is None or not user.window.findChild(Palette).isVisible()


def test_a_click_elsewhere_closes_it(user, palette):
    user.window.studies.setFocus()
    user.find("Search operations").setFocus()
    assert not palette.isVisible()


def test_the_button_in_the_menu_bar_opens_it(user):
    user.click("Search commands")
    assert user.window.findChild(Palette).isVisible()


def test_everything_is_there(user, palette):
    said = titles(palette)
    for title in ("Save work", "Gaussian", "Lung", "Histogram", "CT", "First slice", "Preferences"):
        assert title in said, title
    assert len({command.id for command in palette._commands}) == len(palette._commands)


def test_a_tool_is_chosen_with_the_keyboard_alone(user, palette):
    find(user, palette, "crossh tools")
    enter(user, palette)
    assert user.session.view.tool is Tool.CROSSHAIR and not palette.isVisible()


def test_an_operation_opens_its_form_in_its_dock(user, palette):
    find(user, palette, "otsu")
    enter(user, palette)
    user.rest()
    assert user.window.segment.isVisible() and user.window.segment.operation.id == "threshold.otsu"


def test_a_window_preset_is_set(user, palette):
    find(user, palette, "lung")
    while palette.current().where != "Window preset":
        QTest.keyClick(palette.search, KEY.Key_Down)
    enter(user, palette)
    assert user.session.document.active_image.display.width == pytest.approx(1500)


def test_a_dock_comes_to_the_front(user, palette):
    find(user, palette, "history dock")
    enter(user, palette)
    assert user.window.history.isVisible()


def test_what_cannot_be_done_says_why_and_is_not_done(user, palette):
    find(user, palette, "undo")
    assert palette.current().why_not == "There is nothing to undo." == palette.said.text()
    QTest.keyClick(palette.search, KEY.Key_Return)
    assert palette.isVisible() and palette.said.text() == "There is nothing to undo."


def test_up_and_down_go_round(user, palette):
    count = palette.model.rowCount()
    QTest.keyClick(palette.search, KEY.Key_Up)
    assert palette.list.currentIndex().row() == count - 1
    QTest.keyClick(palette.search, KEY.Key_Down)
    assert palette.list.currentIndex().row() == 0
    QTest.keyClick(palette.search, KEY.Key_PageDown)
    assert palette.list.currentIndex().row() == 12


def test_operations_that_come_late_leave_the_chosen_command_chosen(user, palette):
    palette._operations = {}
    palette._gather()
    for _ in range(5):
        QTest.keyClick(palette.search, KEY.Key_Down)
    chosen, count = palette.current().id, palette.model.rowCount()
    palette._read_operations()
    user.rest()
    assert palette.model.rowCount() > count and palette.current().id == chosen


def test_a_click_does_it(user, palette):
    find(user, palette, "pan")
    row = next(n for n, title in enumerate(titles(palette)) if title == "Pan")
    place = palette.list.visualRect(palette.model.index(row, 0))
    QTest.mouseClick(palette.list.viewport(), LEFT, pos=place.center())
    user.rest()
    assert user.session.view.tool is Tool.PAN


def test_nothing_found_says_so(user, palette):
    find(user, palette, "qqqq")
    assert not titles(palette) and "qqqq" in palette.said.text()
    QTest.keyClick(palette.search, KEY.Key_Return)
    assert palette.isVisible()


def test_what_was_used_lately_comes_first_next_time(user, palette):
    find(user, palette, "crossh tools")
    enter(user, palette)
    user.click("Search commands")
    user.rest()
    again = next(p for p in user.window.findChildren(Palette) if p.isVisible())
    assert titles(again)[0] == "Crosshair" and user.session.settings.recent_commands == ["tool.crosshair"]


def test_letters_typed_in_the_palette_are_no_keys_of_the_pane(user, palette):
    user.window.set_tool(Tool.PAN)
    pane = user.window.canvas.shown_panes()[0]
    QTest.mouseMove(pane.viewport(), QPoint(50, 300))
    QTest.keyClicks(palette.search, "wzh")
    assert user.session.view.tool is Tool.PAN and palette.search.text() == "wzh"


def test_the_palette_fits_a_small_window(user, palette):
    user.window.resize(640, 400)
    QApplication.processEvents()
    assert user.window.rect().contains(palette.geometry())


def test_ranking_puts_what_can_be_done_before_what_cannot():
    rows = [
        Command("a", "Remove label", "", print, why_not="No label"),
        Command("b", "Remove layer", "", print),
        Command("c", "Fit", "", print),
    ]
    assert [c.id for c in ranked(rows, "remove", ())] == ["b", "a"]
    assert [c.id for c in ranked(rows, "remove", ("a",))] == ["a", "b"]
    assert [c.id for c in ranked(rows, "", ("c",))] == ["c", "b", "a"]


def test_screen_readers_hear_the_whole_row(user, palette):
    find(user, palette, "undo")
    said = palette.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Undo, Edit, Ctrl+Z, There is nothing to undo."
