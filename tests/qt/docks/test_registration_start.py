"""The sections By hand and Landmarks of the dock Registration in the hands of a user."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QStyle, QStyleOptionViewItem

from at_rest import at_rest
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.compare import CompareMode
from pellucid.model.rigid_parts import shift
from pellucid.model.view import Tool
from pellucid.ui.docks.landmark_model import AWAY, FIXED, MOVING, NAME, PREDICTED
from pellucid.ui.docks.registration import RegistrationPanel
from pellucid.ui.docks.registration_hand import HandBox
from pellucid.ui.docks.registration_landmarks import LandmarksBox
from registration_puppet import add_two


@pytest.fixture
def pair(empty_session):
    return add_two(empty_session)


@pytest.fixture
def hand(show, empty_session, pair):
    return show(HandBox(empty_session), 320, 320)


@pytest.fixture
def marks(show, empty_session, pair):
    return show(LandmarksBox(empty_session), 320, 420)


def click(control):
    assert control.isVisible() and control.isEnabled(), control.toolTip()
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def write(control, text):
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, text)


def set_pairs(session, fixed, moving):
    images = session.document.images
    for n, (one, other) in enumerate(zip(fixed, moving, strict=True), 1):
        for layer, place in ((images[0], one), (images[1], other)):
            session.landmarks.add(Annotation(Kind.POINT, (tuple(place),), layer=layer.id, name=str(n)))


PLACES = np.array([[5.0, 5, 5], [30, 8, 10], [12, 30, 20], [25, 25, 30], [18, 12, 35]])


# -------------------------------------------------------------------- by hand


def test_numbers_place_the_moving_image_as_one_step(qtbot, empty_session, pair, hand):
    _, moving = pair
    for box, text in ((hand.shifts[0], "-5"), (hand.shifts[1], "-3"), (hand.angles[2], "10"), (hand.scale, "1.1")):
        write(box, text)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    parts = empty_session.hand_placing.parts(moving)
    np.testing.assert_allclose(parts.shifts, (-5, -3, 0), atol=1e-9)
    np.testing.assert_allclose(parts.angles, (0, 0, 10), atol=1e-9)
    assert parts.scale == pytest.approx(1.1)
    assert empty_session.history.steps[-1] == "Place Follow-up by numbers"
    assert len(empty_session.history.steps) == 3
    empty_session.undo()
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert moving.placement is None
    assert [box.text() for box in hand.shifts] == ["0", "0", "0"]
    assert not hand.reset.isEnabled()


def test_numbers_follow_the_hand_and_undo(qtbot, empty_session, pair, hand):
    empty_session.hand_placing.take()
    empty_session.hand_placing.move(shift([4.25, 0, 0]))
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert hand.shifts[0].text() == "4.25"
    empty_session.hand_placing.put_back()
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert hand.shifts[0].text() == "0"


def test_a_number_that_was_only_shown_rounded_stays_exact(qtbot, empty_session, pair, hand):
    _, moving = pair
    empty_session.hand_placing.nudge(shift([1.23456789, 0, 0]))
    qtbot.waitUntil(lambda: at_rest(empty_session))
    write(hand.shifts[1], "2")
    np.testing.assert_allclose(empty_session.hand_placing.parts(moving).shifts, (1.23456789, 2, 0), atol=1e-12)


def test_wrong_numbers_turn_red_and_change_nothing(qtbot, empty_session, pair, hand):
    write(hand.scale, "0")
    assert hand.scale.property("wrong")
    assert pair[1].placement is None


def test_the_button_takes_the_tool_and_shows_both(empty_session, pair, hand):
    click(hand.tool)
    assert empty_session.view.tool is Tool.MOVE_LAYER
    assert empty_session.view.compare is not None and empty_session.view.compare.mode is CompareMode.RED_GREEN
    click(hand.tool)
    assert empty_session.view.tool is not Tool.MOVE_LAYER
    empty_session.view.compare = None
    empty_session.registering.overlay = False
    click(hand.tool)
    assert empty_session.view.compare is None and hand.tool.isChecked()


def test_centre_and_reset(qtbot, empty_session, pair, hand):
    fixed, moving = pair
    empty_session.hand_placing.nudge(shift([7.0, 1, 2]))
    qtbot.waitUntil(lambda: at_rest(empty_session))
    click(hand.centre)
    np.testing.assert_allclose(moving.geometry.centre(), fixed.geometry.centre(), atol=1e-9)
    click(hand.reset)
    assert moving.placement is None


def test_without_two_images_nothing_can_be_done(show, empty_session):
    box = show(HandBox(empty_session), 320, 320)
    assert not box.tool.isEnabled() and "two images" in box.tool.toolTip()
    marks = show(LandmarksBox(empty_session), 320, 420)
    assert not marks.tool.isEnabled() and not marks.fit.isEnabled()


# -------------------------------------------------------------------- landmarks


def test_the_table_shows_places_residuals_and_the_worst(qtbot, empty_session, pair, marks):
    assert not marks.table.isVisible() and marks.hint.isVisible()
    moved = PLACES + np.array([2.0, 0, 0])
    moved[3] += [0, 6.0, 0]
    set_pairs(empty_session, PLACES, moved)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    model = marks.model
    assert marks.table.isVisible() and not marks.hint.isVisible()
    assert model.data(model.index(0, FIXED)) == "5.0, 5.0, 5.0"
    assert model.data(model.index(0, MOVING)) == "7.0, 5.0, 5.0"
    fit = empty_session.landmarks.fit()
    assert float(model.data(model.index(3, AWAY))) == pytest.approx(fit.away["4"], abs=0.06)
    assert model.fit.worst == "4"
    assert model.data(model.index(3, NAME), Qt.ItemDataRole.FontRole).bold()
    assert "farthest off" in model.data(model.index(3, AWAY), Qt.ItemDataRole.ToolTipRole)
    assert "5 pairs, RMS residual" in marks.summary.text()


def test_a_tick_leaves_a_landmark_out_and_the_fit_places_the_image(qtbot, empty_session, pair, marks):
    _, moving = pair
    moved = PLACES + np.array([2.0, -1, 3])
    moved[3] += [0, 6.0, 0]
    set_pairs(empty_session, PLACES, moved)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    _tick(marks, 3)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert "4 pairs, RMS residual 0.00 mm" in marks.summary.text()
    click(marks.fit)
    np.testing.assert_allclose(moving.placement.to_own(PLACES[0]), moved[0], atol=1e-6)
    assert empty_session.history.steps[-1].startswith("Place Follow-up by 4 landmarks (Rigid, RMS")
    empty_session.undo()
    assert moving.placement is None


def _tick(marks, number):
    """Click the box of a row as a user does."""
    index = marks.model.index(number, NAME)
    option = QStyleOptionViewItem()
    option.initFrom(marks.table)
    option.rect = marks.table.visualRect(index)
    option.features = QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    box = marks.table.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, marks.table)
    QTest.mouseClick(marks.table.viewport(), Qt.MouseButton.LeftButton, pos=box.center())


def test_every_kind_can_be_chosen_and_too_few_pairs_are_said(qtbot, empty_session, pair, marks):
    set_pairs(empty_session, PLACES[:3], PLACES[:3])
    for row, kind in enumerate(("translation", "rigid", "similarity", "affine", "thin_plate")):
        marks.kind.setCurrentIndex(row)
        marks.kind.activated.emit(row)
        qtbot.waitUntil(lambda: at_rest(empty_session))
        assert empty_session.landmarks.kind == kind
        assert marks.fit.isEnabled() == (row < 3)
    assert "at least 4 pairs" in marks.problem.text()


def test_a_thin_plate_fit_runs_in_the_background(qtbot, empty_session, pair, marks):
    _, moving = pair
    moved = PLACES + np.array([2.0, -1, 3])
    moved[3] += [0, 3.0, 0]
    set_pairs(empty_session, PLACES, moved)
    empty_session.landmarks.kind = "thin_plate"
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert marks.table.isColumnHidden(AWAY) and not marks.table.isColumnHidden(PREDICTED)
    assert "passes through all" in marks.summary.text()
    click(marks.fit)
    assert moving.placement is None
    qtbot.waitUntil(lambda: moving.placement is not None, timeout=20_000)
    assert moving.placement.warp is not None
    np.testing.assert_allclose(moving.placement.to_own(PLACES[3]), moved[3], atol=0.1)


def test_rename_delete_and_choose_in_the_table(qtbot, empty_session, pair, marks):
    set_pairs(empty_session, PLACES, PLACES)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    table = marks.table
    place = table.visualRect(marks.model.index(1, FIXED)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert empty_session.measuring.selected is empty_session.landmarks.pairs()[1].fixed
    assert empty_session.view.crosshair == pytest.approx(tuple(PLACES[1]))
    assert marks.model.setData(marks.model.index(1, NAME), "apex")
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert marks.model.data(marks.model.index(1, NAME)) == "apex"
    said = []
    empty_session.notice.connect(lambda text, _severity: said.append(text))
    assert not marks.model.setData(marks.model.index(1, NAME), "1")
    assert "already" in said[-1]
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert len(marks.model.rows) == 4
    assert empty_session.history.steps[-1] == "Delete landmark apex"


def test_import_and_export(qtbot, empty_session, pair, marks, tmp_path, monkeypatch):
    (tmp_path / "points.csv").write_text(",X,Y,Z\n1,5,6,7\n2,8,9,10\n")
    chosen = str(tmp_path / "points.csv")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (chosen, args[3].split(";;")[0]))
    for action in marks.open.menu().actions():
        action.trigger()
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert [pair.is_complete for pair in empty_session.landmarks.pairs()] == [True, True]
    target = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target), ""))
    click(marks.save)
    qtbot.waitUntil(lambda: Path(f"{target}.csv").exists())
    assert Path(f"{target}.csv").read_text().startswith("name,fixed_x_mm")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(tmp_path / "none.csv"), ""))
    said = []
    empty_session.notice.connect(lambda text, _severity: said.append(text))
    marks.open.menu().actions()[0].trigger()
    assert "cannot be read" in said[-1]


def test_side_by_side_and_back(empty_session, pair, marks):
    click(marks.beside)
    shown = [empty_session.viewing.layers(pane) for pane in empty_session.view.shown]
    assert shown == [(pair[0],), (pair[1],)]
    assert marks.beside.isChecked()
    click(marks.beside)
    assert all(empty_session.viewing.layers(pane) == pair for pane in empty_session.view.shown)
    assert not marks.beside.isChecked()


def test_the_tool_button_follows_the_tool(empty_session, pair, marks):
    click(marks.tool)
    assert empty_session.view.tool is Tool.LANDMARKS
    empty_session.view.tool = Tool.PAN
    assert not marks.tool.isChecked()


def test_both_sections_open_in_the_dock(show, empty_session, pair):
    panel = show(RegistrationPanel(empty_session), 320, 900)
    assert isinstance(panel.open_section("By hand"), HandBox)
    assert isinstance(panel.open_section("Landmarks"), LandmarksBox)
    assert panel.childAt(QPoint(10, 10)) is not None
