"""The menus Filters and Segment list every operation, and a choice opens its form."""

from __future__ import annotations

import re

import pytest

from hands import User
from pellucid.model.view import LABEL_TOOLS
from pellucid.operations.operation import registry
from pellucid.ui.actions import TABLE


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def opened(user, title):
    """Return a menu of the window as it is once it was shown and the operations were read."""
    menu = next(action.menu() for action in user.window.menuBar().actions() if action.text() == title)
    menu.aboutToShow.emit()
    user.qtbot.waitUntil(lambda: any(is_family(action) for action in menu.actions()))
    return menu


def is_family(action):
    """Return whether an entry is the menu of a family; menus of the action table have a mnemonic."""
    return bool(action.menu()) and "&" not in action.text()


@pytest.mark.parametrize(("title", "root"), [("&Filters", "Filters"), ("&Segment", "Segment")])
def test_every_operation_is_in_its_menu(user, title, root):
    menu = opened(user, title)
    submenus = [action for action in menu.actions() if is_family(action)]
    families = {action.text(): [one.text() for one in action.menu().actions()] for action in submenus}
    wanted = {}
    for operation in registry().values():
        if operation.menu.startswith(f"{root}/"):
            wanted.setdefault(operation.family, []).append(operation.title)
    assert families == wanted


def test_a_choice_opens_the_form(user):
    menu = opened(user, "&Filters")
    smoothing = next(action.menu() for action in menu.actions() if action.text() == "Smoothing")
    next(action for action in smoothing.actions() if action.text() == "Median").trigger()
    user.qtbot.waitUntil(lambda: user.window.filters.operation is not None)
    assert user.window.filters.operation.id == "smoothing.median" and user.window.docks["Filters"].isVisible()


def _menus(menu):
    yield menu
    for action in menu.actions():
        if action.menu():
            yield from _menus(action.menu())


def test_a_letter_opens_one_row_of_a_menu_and_a_picture_means_one_thing(user):
    opened(user, "&Filters")
    opened(user, "&Segment")
    for title in ("&Tools", "&Filters", "&Segment"):
        menu = next(action.menu() for action in user.window.menuBar().actions() if action.text() == title)
        for part in _menus(menu):
            letters = [found[1].lower() for one in part.actions() if (found := re.search(r"&(\w)", one.text()))]
            assert len(set(letters)) == len(letters), (part.title(), letters)
    pictures = [row.icon for row in TABLE if row.icon and (row.tool in LABEL_TOOLS or row.id == "image.auto")]
    assert len(set(pictures)) == len(pictures)


def test_all_that_draws_labels_is_in_one_menu(user):
    menu = next(action.menu() for action in user.window.menuBar().actions() if action.text() == "&Tools")
    there = {action.objectName() for part in _menus(menu) for action in part.actions()}
    assert {f"tool.{tool}" for tool in LABEL_TOOLS} <= there
