"""The panel Series: one button aligns, the curve grows, a click goes to a frame, doubts are marked."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from scipy import ndimage

from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui.docks.series import SeriesPanel

SHIFTS = ((0.0, 0.0), (1.5, -0.5), (-2.25, 3.0), (4.0, 1.0), (0.5, 0.25))
PLANE = Geometry((64, 56, 1), (0.5, 0.5, 1.0))
STACK = Geometry((64, 56, 5), (0.5, 0.5, 1.0))


def planes(bad=()):
    texture = ndimage.gaussian_filter(np.random.default_rng(0).random((120, 120)), 3) * 20000
    found = []
    for n, (x, y) in enumerate(SHIFTS):
        rows, columns = np.mgrid[:56, :64]
        plane = ndimage.map_coordinates(texture, [rows - y + 30, columns - x + 28], order=3)
        noise = np.random.default_rng(n).random((56, 64)) * 20000
        found.append((noise if n in bad else plane).astype(np.int16))
    return found


def series(bad=()):
    frames = [Volume(image_from_array(plane[np.newaxis], PLANE), PLANE) for plane in planes(bad)]
    return ImageLayer("drift", tuple(frames))


def stack():
    return ImageLayer("sections", (Volume(image_from_array(np.stack(planes()), STACK), STACK),))


@pytest.fixture
def panel(qtbot, empty_session):
    panel = SeriesPanel(empty_session)
    qtbot.addWidget(panel)
    panel.resize(340, 700)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def show(session, layer):
    session.document.insert(len(session.document), layer)
    session.document.active = layer


def press(qtbot, session, button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.aligning.is_running and session.history.can_undo, timeout=20_000)


def test_says_what_to_do_without_a_series(panel, empty_session):
    assert panel.series.empty.isVisible() and not panel.series.body.isVisible()
    volume = series().frames[0]
    show(empty_session, ImageLayer("one", (volume,)))
    assert panel.series.empty.isVisible()


@pytest.mark.parametrize("typed", ["", "77"])
def test_what_is_typed_stays_although_the_values_of_the_image_are_known_later(qtbot, panel, empty_session, typed):
    asked = []
    empty_session.looking.histogram = lambda layer, scope, done, who: asked.append(done)
    layer = stack()
    show(empty_session, layer)
    qtbot.waitUntil(lambda: bool(asked))
    box = panel.series.form.editors["background"].box
    if typed:
        box.selectAll()
        QTest.keyClicks(box, typed)
    for done in asked:
        done(histogram(layer.volume))
    lowest = float(layer.volume.array.min())
    assert panel.series.form.values()["background"] == pytest.approx(float(typed) if typed else lowest, rel=1e-5)


def test_one_button_aligns_and_undo_brings_the_bytes_back(qtbot, panel, empty_session):
    layer = series()
    before = [frame.array.copy() for frame in layer.frames]
    show(empty_session, layer)
    press(qtbot, empty_session, panel.series.begin)
    motion = empty_session.aligning.motion()
    shifts = np.stack([motion.shifts(0), motion.shifts(1)], 1) / 0.5
    np.testing.assert_allclose(shifts - shifts[0], np.array(SHIFTS), atol=0.08)
    inner = np.stack([frame.array[0, 8:-8, 8:-8] for frame in layer.frames]).astype(float)
    assert inner.std(axis=0).mean() < 0.05 * np.stack(before)[:, 0, 8:-8, 8:-8].std(axis=0).mean()
    assert panel.series.motion.isVisible() and "Align frames" in empty_session.history.undo_label
    empty_session.undo()
    assert all(np.array_equal(a, frame.array) for a, frame in zip(before, layer.frames, strict=True))
    assert empty_session.aligning.motion() is not None


def test_a_click_on_the_curve_goes_to_the_frame_and_doubts_are_marked(qtbot, panel, empty_session):
    layer = series(bad=(3,))
    show(empty_session, layer)
    press(qtbot, empty_session, panel.series.begin)
    box = panel.series.motion
    assert "4: Looks unlike" in box.doubts.text() and box.doubts.isVisible()
    spot = box.shifts.position_of(2).toPoint()
    QTest.mouseClick(box.shifts, Qt.MouseButton.LeftButton, pos=spot)
    assert layer.frame == 2
    QTest.mouseClick(box.copy, Qt.MouseButton.LeftButton)
    rows = QGuiApplication.clipboard().text().splitlines()
    assert len(rows) == 6 and rows[0].startswith("Frame\tShift x, mm\tShift y, mm\tTurn, °")
    assert rows[4].endswith("Looks unlike what it was compared with")


def test_a_stack_is_aligned_and_a_click_goes_to_the_section(qtbot, panel, empty_session):
    layer = stack()
    show(empty_session, layer)
    assert "5 sections" in panel.series.subject.text() and not panel.series.template_row.isVisible()
    press(qtbot, empty_session, panel.series.begin)
    assert layer.provenance[-1].operation == "registration.align_slices"
    box = panel.series.motion
    QTest.mouseClick(box.shifts, Qt.MouseButton.LeftButton, pos=box.shifts.position_of(4).toPoint())
    assert layer.geometry.world_to_index(empty_session.view.crosshair)[2] == pytest.approx(4)


def test_the_template_is_a_layer_of_its_own(qtbot, panel, empty_session):
    layer = series()
    show(empty_session, layer)
    QTest.mouseClick(panel.series.template, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(empty_session.document) == 2, timeout=20_000)
    made = empty_session.document.layers[-1]
    wanted = np.rint(np.mean([frame.array for frame in layer.frames], axis=0))
    assert len(made.frames) == 1 and np.array_equal(made.volume.array, wanted)


def test_cancel_leaves_everything_as_it_was(qtbot, panel, empty_session):
    layer = series()
    show(empty_session, layer)
    before = layer.frames
    panel.series.begin.click()
    assert panel.series.busy.isVisible() and not panel.series.begin.isVisible()
    panel.series.stop.click()
    qtbot.waitUntil(lambda: not empty_session.aligning.is_running, timeout=20_000)
    qtbot.wait(50)
    assert layer.frames == before and not empty_session.history.can_undo
    assert panel.series.begin.isVisible() and empty_session.aligning.motion() is None
