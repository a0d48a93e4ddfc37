"""The menu Registration: everything somebody who registers looks for, in the order of the work."""

from __future__ import annotations

import pytest
from tests.placed_layers import FIXED, OWN, layer, placement

from hands import User
from pellucid.model.view import Tool
from pellucid.ui.actions.table import TABLE

pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)
ROWS = [entry for entry in TABLE if entry.menu == "Registration"]


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    for n, grid in enumerate((FIXED, OWN)):
        user.session.document.insert(n, layer(f"image {n}", grid, n))
    user.session.placing.put(user.session.document.images[1], placement())
    user.rest()
    yield user
    user.leave()


def test_it_holds_the_whole_work_in_its_order():
    assert [entry.id.removeprefix("registration.") for entry in ROWS] == [
        "dock", "begin", "hand", "landmarks", "keep", "drop", "judge", "draw_grid",
        "draw_arrows", "draw_jacobian", "draw_contours", "series", "stitch", "harden", "load", "save", "load_dicom",
        "save_dicom",
    ]  # fmt: skip
    assert all(entry.icon and entry.tip for entry in ROWS)
    titles = [entry.title.replace("&", "") for entry in ROWS]
    assert all(word in ("DICOM", "Jacobian") or word == word.lower() for title in titles for word in title.split()[1:])


@pytest.mark.parametrize(("title", "section", "tool"), [
    ("Move by hand", "By hand", Tool.MOVE_LAYER), ("Set landmarks", "Landmarks", Tool.LANDMARKS),
    ("Judge", "Judge", None),
])  # fmt: skip
def test_a_row_opens_its_section_and_takes_its_tool(user, title, section, tool):
    before = user.session.view.tool
    user.menu("Registration", title)
    panel = user.window.panel("Registration")
    user.rest()
    fold = panel.folds[section]
    assert panel.isVisible() and fold.title.isChecked() and not fold.title.visibleRegion().isEmpty()
    assert user.session.view.tool == (tool or before)


def test_what_needs_a_transform_or_a_second_image_says_so(user):
    actions = user.window.actions_table.by_id
    user.session.placing.put(user.session.document.images[1], None)
    user.rest()
    assert not actions["registration.harden"].isEnabled() and not actions["registration.save"].isEnabled()
    assert "no transform" in actions["registration.harden"].toolTip()
    assert actions["registration.hand"].isEnabled() and actions["registration.load"].isEnabled()
    user.session.document.remove(user.session.document.layers[1])
    user.rest()
    assert not actions["registration.landmarks"].isEnabled()
    assert "second image" in actions["registration.landmarks"].toolTip()
