"""The tabs of docks: one bar for each place where docks share it, and none over a panel."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar

from hands import User


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def tabs(user: User) -> list[list[str]]:
    """Return what stands on each tab bar that is seen."""
    bars = user.window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    seen = [bar for bar in bars if bar.isVisible() and bar.geometry().intersects(user.window.rect())]
    return sorted([bar.tabText(n) for n in range(bar.count())] for bar in seen)


def test_a_closed_dock_leaves_no_tabs_over_the_panel_it_would_stand_beside(user):
    rest = ["Filters", "Segment", "Statistics", "History", "Recipe"]
    assert tabs(user) == [rest]
    user.window.show_dock("Label tools")
    user.rest()
    assert tabs(user) == [rest, ["Studies", "Label tools"]]
    user.window.docks["Label tools"].hide()
    user.rest()
    assert tabs(user) == [rest]
