"""The dialog that splits a series by other tags: what it lists, what it says, what it does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from dicom_making import CORONAL, MR, save, stack, two_echoes
from pellucid.dicom.splitting import Splitting
from pellucid.ui.dialogs.splitting import SplittingDialog


@pytest.fixture
def opened(empty_session, qtbot, tmp_path):
    """Return a session with a series of two echoes at three times, and the series."""
    empty_session.open([two_echoes(tmp_path / "series")])
    qtbot.waitUntil(lambda: len(empty_session.document.images) == 1)
    return empty_session


def dialog_of(session, show, qtbot):
    dialog = show(SplittingDialog(session, session.library.series[0]), 680, 440)
    qtbot.waitUntil(lambda: dialog.found is not None and "…" not in dialog.makes.text())
    return dialog


def tick(dialog, keyword):
    (item,) = [dialog.tags.topLevelItem(n) for n in range(dialog.tags.topLevelItemCount())
               if keyword in dialog.tags.topLevelItem(n).text(1)]  # fmt: skip
    item.setCheckState(0, Qt.CheckState.Checked)


def test_it_lists_the_tags_with_counts_and_values(opened, show, qtbot):
    dialog = dialog_of(opened, show, qtbot)
    rows = [[dialog.tags.topLevelItem(n).text(c) for c in range(4)] for n in range(dialog.tags.topLevelItemCount())]
    assert ["echo time", "EchoTime (0018,0081)", "2 values", "TE 5 ms, TE 10 ms"] in rows
    assert any(row[1] == "TemporalPositionIdentifier (0020,0100)" and row[2] == "3 values" for row in rows)
    assert dialog.makes.text() == "As found by itself: One image, 6 frames each, 4 slices."
    assert not dialog.go.isEnabled() and not dialog.merge.isEnabled() and "one grid" in dialog.why.text()


def test_a_ticked_tag_splits_what_is_open(opened, show, qtbot):
    dialog = dialog_of(opened, show, qtbot)
    tick(dialog, "EchoTime")
    qtbot.waitUntil(lambda: dialog.go.isEnabled())
    assert dialog.makes.text() == "2 images, 3 frames each, 4 slices."
    qtbot.mouseClick(dialog.how.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.makes.text().startswith("One image, 6 frames"))
    qtbot.mouseClick(dialog.how.buttons[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.go.isEnabled() and dialog.makes.text().startswith("2 images"))
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(opened.document.images) == 2)
    assert opened.library.series[0].splitting == Splitting(("echo time",), apart=True)


def test_what_cannot_be_is_said_and_not_done(empty_session, show, qtbot, tmp_path):
    first, second = stack(3, modality="MR", sop_class=MR)[1], stack(3, orientation=CORONAL, modality="MR")[1]
    for number, ds in enumerate([*first, *second]):
        ds.AcquisitionNumber = 1 + number % 3 // 2
    save(tmp_path / "series", [*first, *second])
    empty_session.open([tmp_path / "series"])
    qtbot.waitUntil(lambda: len(empty_session.document.images) == 1)
    dialog = dialog_of(empty_session, show, qtbot)
    assert not dialog.merge.isEnabled() and "90.0°" in dialog.why.text()
    tick(dialog, "AcquisitionNumber")
    qtbot.waitUntil(lambda: dialog.go.isEnabled())
    qtbot.mouseClick(dialog.how.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "cannot be frames of one layer" in dialog.makes.text())
    assert not dialog.go.isEnabled()


def test_closing_early_hurts_nobody(opened, show, qtbot):
    dialog = show(SplittingDialog(opened, opened.library.series[0]), 680, 440)
    dialog.reject()
    qtbot.waitUntil(lambda: not opened.jobs.running)
