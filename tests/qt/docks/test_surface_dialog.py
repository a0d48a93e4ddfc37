"""The dialog “Export surface”: labels, smoothing, coordinates, format; written as a job and read back."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pellucid.ui.dialogs.surface import SurfaceDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(session, show, tmp_path):
    session.settings.last_folder = str(tmp_path)
    return show(SurfaceDialog(session), 560, 420)


def choose(box, text):
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    while not box.currentText().startswith(text):
        before = box.currentIndex()
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() != before, f"{text!r} is not offered"


def write(dialog, qtbot):
    qtbot.mouseClick(dialog.go, LEFT)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)


def test_it_begins_with_the_active_label_and_writes_it(dialog, qtbot, tmp_path, labels):
    assert dialog.which.currentText() == "Lungs" and dialog.go.isEnabled()
    assert dialog.smooth_unit.text() == "mm" and not dialog.together.isEnabled()
    write(dialog, qtbot)
    data = (tmp_path / "Lungs.stl").read_bytes()
    assert b"SPACE=LPS" in data[:80] and "read back" in dialog.card.lines[0] and dialog.folder.isVisible()
    corners = np.frombuffer(data[84:], np.dtype([("f", "<f4", (4, 3)), ("a", "<u2")]))["f"][:, 1:].reshape(-1, 3)
    assert np.allclose(corners.min(axis=0), (-0.75, -0.75, -1.5), atol=0.5)
    assert np.allclose(corners.max(axis=0), (11.25, 35.25, 28.5), atol=0.5)


def test_all_labels_in_ras_and_a_file_each(dialog, qtbot, tmp_path):
    choose(dialog.which, "All labels")
    choose(dialog.format, "PLY")
    qtbot.mouseClick(dialog.space.buttons[1], LEFT)
    assert dialog.together.isEnabled() and not dialog.together.isChecked()
    write(dialog, qtbot)
    names = sorted(path.name for path in tmp_path.glob("*.ply"))
    assert names == ["Labels-Bone.ply", "Labels-Lungs.ply"]
    assert all(b"SPACE=RAS" in (tmp_path / name).read_bytes()[:200] for name in names)


def test_obj_takes_all_labels(dialog, qtbot, tmp_path):
    choose(dialog.which, "All labels")
    choose(dialog.format, "OBJ")
    assert dialog.together.isChecked()
    write(dialog, qtbot)
    assert (tmp_path / "Labels.obj").read_text("utf-8").count("\ng ") == 2


def test_what_cannot_be_written_is_said(dialog, qtbot, tmp_path, labels):
    dialog.smooth.setFocus()
    QTest.keyClick(dialog.smooth, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.smooth, "-1")
    assert not dialog.go.isEnabled() and dialog.go.toolTip()
    QTest.keyClick(dialog.smooth, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(dialog.smooth, "0")
    dialog.path.setFocus()
    dialog.path.clear()
    QTest.keyClicks(dialog.path, str(tmp_path / "nowhere" / "a.stl"))
    assert not dialog.go.isEnabled() and "nowhere" in dialog.card.lines[0]
    dialog.path.clear()
    QTest.keyClicks(dialog.path, str(tmp_path / "a.stl"))
    labels.labels.array[:] = 0
    write(dialog, qtbot)
    assert "no voxels" in dialog.card.lines[0] and not (tmp_path / "a.stl").exists()


def test_cancel_leaves_nothing(dialog, qtbot, tmp_path, monkeypatch):
    from pellucid.files import surfaces

    first = surfaces.mesh_of

    def slow(*given):
        qtbot_gate.wait(5)
        return first(*given)

    from threading import Event

    qtbot_gate = Event()
    monkeypatch.setattr(surfaces, "mesh_of", slow)
    qtbot.mouseClick(dialog.go, LEFT)
    assert dialog.stop.text() == "Cancel" and not dialog.go.isEnabled()
    qtbot.mouseClick(dialog.stop, LEFT)
    qtbot_gate.set()
    qtbot.waitUntil(lambda: dialog._job is None, timeout=10_000)
    assert "Cancelled" in dialog.card.lines[0] and list(tmp_path.glob("*.stl")) == []
