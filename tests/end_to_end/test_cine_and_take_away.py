"""A cine from disk: it plays at the rate of its header, its curve has seconds, a film of it is taken away, and all of
that is there again after the work was saved."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from dicom_making import MR, save, slice_dataset
from hands import User
from pellucid.model.timing import timing
from pellucid.ui.dialogs.take_away import TakeAwayDialog

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def user(qtbot):
    user = User(qtbot)
    yield user
    user.leave()


@pytest.fixture
def heart(tmp_path):
    """Five phases, 60 ms apart, of three slices; the values are 100 × phase + slice."""
    slices = [
        slice_dataset(np.full((32, 40), 100 * t + k, np.int16), position=(0, 0, 8.0 * k), modality="MR", sop_class=MR,
                      slope=None, number=1 + 3 * t + k, TriggerTime=f"{10 + 60 * t}")
        for t in range(5) for k in range(3)
    ]  # fmt: skip
    save(tmp_path / "heart", slices)
    return tmp_path / "heart"


def opened(user, path):
    user.drop(path)
    user.wait(lambda: bool(user.session.document.images) and user.session.loading.job is None)
    user.rest()
    return user.session.document.active_image


def test_a_cine_plays_is_measured_and_taken_away(user, heart, tmp_path):
    layer = opened(user, heart)
    assert len(layer.frames) == 5
    assert timing(layer.frames).sentence == "Times of the frames: Trigger Time, 60 ms apart"

    seen = []
    layer.events.frame.connect(seen.append)
    user.point_at(user.window.canvas.shown_panes()[0].plane)
    user.press(Qt.Key.Key_C)
    user.wait(lambda: len(seen) >= 7 and set(seen) == {0, 1, 2, 3, 4})  # a busy machine leaves frames out
    user.press(Qt.Key.Key_C)
    assert not user.session.playing.is_playing

    panel = user.window.show_dock("Time curve")
    user.wait(lambda: bool(panel.curves()))
    assert panel.curves()[0].mean.tolist() == [1.0, 101.0, 201.0, 301.0, 401.0]  # the middle slice
    assert panel.chart._axis.tolist() == pytest.approx([0.0, 0.06, 0.12, 0.18, 0.24])

    user.press(Qt.Key.Key_E, CONTROL_SHIFT)
    (dialog,) = [w for w in user.window.findChildren(TakeAwayDialog) if w.isVisible()]
    user.click("Cine", dialog)
    user.write("File", str(tmp_path / "heart.gif"), dialog)
    user.click("Save", dialog)
    user.wait(lambda: dialog._job is None)
    with Image.open(tmp_path / "heart.gif") as film:
        times = []
        for n in range(film.n_frames):
            film.seek(n)
            times.append(film.info["duration"])
    assert times == [60] * 5
    assert b"Doe" not in (tmp_path / "heart.gif").read_bytes()
    dialog.reject()
    QApplication.processEvents()


def test_frame_and_times_come_back_with_the_saved_work(user, heart, tmp_path):
    layer = opened(user, heart)
    user.run("Filters", "Gaussian")  # the frames are now in the saved work itself
    layer = user.session.document.active_image
    layer.frame = 3
    before = timing(layer.frames)
    user.session.saving.save(tmp_path / "work.pellucid", lambda _saved: None)
    user.rest()
    user.session.close_all()
    user.drop(tmp_path / "work.pellucid")
    user.wait(lambda: bool(user.session.document.images))
    user.rest()
    back = user.session.document.active_image
    assert back.frame == 3
    assert timing(back.frames) == before
    assert user.window.cine.place.text() == "4/5 · 0.180 s"
