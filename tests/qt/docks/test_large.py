"""The dialog for images larger than memory: proposals that fit, live sizes, and nothing that does not fit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from pellucid.model.reduction import Extent, Reduction, TooLarge
from pellucid.ui.dialogs.large import PART, LargeDialog

GB = 10**9


@pytest.fixture
def dialog(show):
    refusal = TooLarge("brain.nii", Extent((4096, 4096, 3000), 2), 40 * GB, 30 * GB)
    return show(LargeDialog(refusal), 480, 400)


def type_into(qtbot, box, text: str) -> None:
    box.selectAll()
    qtbot.keyClicks(box, text)


def test_it_says_how_large_and_proposes_what_fits(dialog):
    assert dialog.reduction == Reduction(2)
    assert dialog.result_line.text() == "Opens 2048×2048×1500, 2 frames, 16-bit: 25.2 GB."
    assert dialog.go.isEnabled()


def test_a_part_is_taken_from_the_middle(dialog, qtbot):
    qtbot.mouseClick(dialog.kind.buttons[1], Qt.MouseButton.LeftButton)
    assert dialog.kind.value() == PART
    part = dialog.reduction
    assert part.factor == 1 and part.size[:2] == (4096, 4096) and part.frames is None
    assert abs(2 * part.start[2] + part.size[2] - 3000) <= 1
    left = part.extent(dialog.whole).nbytes
    assert left <= dialog.allowed < left + 4 * 4096 * 4096


def test_sizes_follow_what_is_typed_and_too_much_cannot_be_opened(dialog, qtbot):
    type_into(qtbot, dialog.factor, "1")
    assert not dialog.go.isEnabled() and "201.3 GB, more than may be used" in dialog.result_line.text()
    first, last = dialog.ranges[2]
    type_into(qtbot, first, "101")
    type_into(qtbot, last, "200")
    assert dialog.reduction == Reduction(1, (0, 0, 100), (4096, 4096, 100))
    assert dialog.go.isEnabled() and "6.7 GB" in dialog.result_line.text()
    type_into(qtbot, last, "50")
    assert not dialog.go.isEnabled() and "behind its last" in dialog.result_line.text()


def test_open_hands_the_choice_over(dialog, qtbot):
    type_into(qtbot, dialog.ranges[3][1], "1")
    with qtbot.waitSignal(dialog.chosen) as heard:
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert heard.args == [Reduction(2, frames=1)]
