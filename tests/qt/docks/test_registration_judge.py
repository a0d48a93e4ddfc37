"""The section Judge: buttons, switches and the table, pressed and read like a user does."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog
from tests.unit.session.test_judging import bend, scene, shift_placement

from pellucid.model.compare import CompareMode
from pellucid.ui.docks.registration_judge import JudgeBox


@pytest.fixture
def judged(qtbot):
    """The section over a pair that can be registered, and the pair."""
    session, fixed, moving = scene()
    box = JudgeBox(session)
    qtbot.addWidget(box)
    box.resize(320, 900)
    box.show()
    qtbot.waitExposed(box)
    yield box, session, fixed, moving
    box.close()
    session.close()


def compute(qtbot, box, session):
    def known():
        session.jobs.drain(0.05)
        assert session.judging.answer is not None and box.table.rowCount()

    qtbot.waitUntil(known, timeout=20_000)


def cells(box) -> dict[str, tuple[str, str, str]]:
    table = box.table
    return {table.item(n, 0).text(): tuple(table.item(n, column).text() for column in (1, 2, 3))
            for n in range(table.rowCount())}  # fmt: skip


def press(qtbot, widget):
    at = QPoint(8, widget.height() // 2) if isinstance(widget, QCheckBox) else widget.rect().center()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)


def test_before_there_is_a_registration_it_says_what_to_do(judged):
    box, *_ = judged
    assert box.pages.currentIndex() == 0 and "Register one" in box.empty._sentence.text()


def test_the_table_shows_before_and_after_and_which_is_better(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed))
    compute(qtbot, box, session)
    found = cells(box)
    assert found["Dice: Liver"][1] == "1.0000" and found["Dice: Liver"][2] == "▲"
    assert found["TRE, mean"] == ("5.49 mm", "0.25 mm", "▲")
    assert found["Inverse error, mean"][0] == "–"
    assert found["Overlap"][1] == "100.0 %"
    assert (box.fixed.value(), box.moving.value()) == (fixed.id, moving.id)
    assert box.table.height() >= box.table.rowCount() * 20


def test_numbers_follow_an_undone_registration(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed, 0.5), "By hand")
    session.placing.put(moving, shift_placement(fixed))
    compute(qtbot, box, session)
    first = cells(box)["Correlation"]
    session.undo()
    compute(qtbot, box, session)
    assert cells(box)["Correlation"][1] == first[0]


def test_buttons_compare_with_the_fixed_image_and_with_itself(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed))
    press(qtbot, box.modes[CompareMode.CHECKERBOARD])
    compare = session.view.compare
    assert (compare.mode, compare.first, compare.second) == (CompareMode.CHECKERBOARD, fixed.id, moving.id)
    press(qtbot, box.pair.buttons[1])
    assert session.comparing.find(session.view.compare.first).name == "moving before"
    assert box.modes[CompareMode.CHECKERBOARD].isChecked()
    session.comparing.start(CompareMode.SWIPE, first=fixed.id, second=moving.id)
    assert box.pair.value() == "fixed"
    session.comparing.with_itself(moving, CompareMode.SWIPE)
    assert box.pair.value() == "before" and box.modes[CompareMode.SWIPE].isChecked()
    press(qtbot, box.off)
    assert session.view.compare is None and not box.modes[CompareMode.SWIPE].isChecked()


def test_before_and_after_are_a_toggle(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed))
    press(qtbot, box.side.buttons[0])
    assert session.judging.shows_before and session.judging.held().placement is None
    press(qtbot, box.side.buttons[1])
    assert not session.judging.shows_before


def test_switches_draw_and_the_spacing_is_typed(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, bend(fixed))
    assert not box.residual.isEnabled()
    for switch in (box.grid, box.arrows, box.jacobian, box.contours):
        press(qtbot, switch)
    press(qtbot, box.residual)
    box.spacing.setFocus()
    box.spacing.selectAll()
    qtbot.keyClicks(box.spacing, "7.5")
    qtbot.keyClick(box.spacing, Qt.Key.Key_Return)
    look = session.judging.overlays
    assert look.grid and look.arrows and look.jacobian and look.contours and look.residual and look.spacing == 7.5
    press(qtbot, box.grid)
    assert not session.judging.overlays.grid
    assert session.history.steps == ("Place moving",)


def test_the_worst_place_and_the_maps(judged, qtbot):
    box, session, fixed, moving = judged
    session.placing.put(moving, bend(fixed, 9.0))
    compute(qtbot, box, session)
    assert int(cells(box)["Folded voxels"][1].replace(",", "")) > 0 and cells(box)["Folded voxels"][2] == "▼"
    press(qtbot, box.worst)
    answer = session.judging.answer
    place = fixed.volume.geometry.index_to_world(np.array(answer.after.stretch.worst, float))
    assert session.view.crosshair == pytest.approx(tuple(place))
    before = len(session.document.images)
    press(qtbot, box.add_jacobian)
    press(qtbot, box.add_displacement)
    session.jobs.drain(120)
    assert len(session.document.images) == before + 2
    assert session.document.active is not session.document.images[-1]


def test_numbers_are_copied_and_saved_with_full_precision(judged, qtbot, monkeypatch, tmp_path):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed))
    compute(qtbot, box, session)
    press(qtbot, box.copy)
    copied = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text()), delimiter="\t"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "numbers"), ""))
    press(qtbot, box.save)
    session.jobs.drain(120)
    saved = list(csv.DictReader(io.StringIO((tmp_path / "numbers.csv").read_text())))
    assert copied == saved and len(saved) == box.table.rowCount()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "numbers.csv"), ""))
    said = []
    session.notice.connect(lambda text, kind: said.append((text, kind)))
    press(qtbot, box.save)
    session.jobs.drain(120)
    assert said[0][1] == "error" and "numbers.csv" in said[0][0]


def test_every_control_has_a_name_and_a_tip(judged):
    box, session, fixed, moving = judged
    session.placing.put(moving, shift_placement(fixed))
    controls = [box.fixed, box.moving, *box.modes.values(), box.off, box.grid, box.spacing, box.arrows, box.residual,
                box.jacobian, box.worst, box.contours, box.add_jacobian, box.add_displacement, box.again, box.copy,
                box.save]  # fmt: skip
    assert all(control.accessibleName() and control.toolTip() for control in controls)


def test_what_is_drawn_is_switched_in_the_menu_too(judged):
    from pellucid.ui.actions.table import TABLE

    box, session, fixed, moving = judged
    entries = {entry.id.rpartition("_")[2]: entry for entry in TABLE if entry.id.startswith("registration.draw_")}
    assert set(entries) == {"grid", "arrows", "jacobian", "contours"}
    assert all(entry.why_not(session) for entry in entries.values())
    session.placing.put(moving, shift_placement(fixed))
    window = SimpleNamespace(session=session)
    for field, entry in entries.items():
        assert not entry.why_not(session) and not entry.checked(session)
        entry.run(window)
        assert entry.checked(session) and getattr(session.judging.overlays, field)
        assert getattr(box, field).isChecked()
        entry.run(window)
        assert not getattr(box, field).isChecked()
