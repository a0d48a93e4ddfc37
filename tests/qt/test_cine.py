"""Cine in the whole window: played by clicks and keys, drawn at the true rate, quiet while it plays."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from hands import User
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.view import Plane
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.playing import Order

SHIFT = Qt.KeyboardModifier.ShiftModifier


def film(count=12, slices=1, step=40.0):
    geometry = Geometry((64, 48, slices))
    times = [n * step / 1000 for n in range(count)]
    moments = moments_of(count, times=times, times_source=TimeSource.FRAME_TIME, durations=[step] * count,
                         durations_source=TimeSource.FRAME_TIME)  # fmt: skip
    rng = np.random.default_rng(1)
    frames = []
    for n, moment in enumerate(moments):
        array = (rng.random((slices, 48, 64)) * 50 + 10 * n).astype(np.int16)
        facts = Acquisition(moment=moment)
        frames.append(Volume(image_from_array(array, geometry), geometry, acquisition=facts))
    layer = ImageLayer("cine", tuple(frames))
    layer.display.set_limits(0, 200)
    return layer


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def show(user, layer):
    user.session.document.insert(0, layer)
    user.session.centre_crosshair()
    user.rest()
    user.window.cine.clock.tick = lambda: None  # the test is the clock
    return user.window.cine


def hold_clock(bar):
    bar.clock._timer.stop()


def test_there_is_no_bar_without_something_to_play(user):
    assert not user.window.cine.isVisible()
    show(user, film(count=1))
    assert not user.window.cine.isVisible()


def test_play_is_clicked_and_frames_go_by(user):
    layer = film()
    bar = show(user, layer)
    assert bar.isVisible()
    assert bar.place.text() == "1/12 · 0.000 s"
    user.click("Play")
    hold_clock(bar)
    assert user.session.playing.is_playing
    seen = []
    for _ in range(4):
        user.session.playing.advance(40)
        user.wait(lambda: True)
        seen.append((layer.frame, bar.slider.value(), bar.place.text()))
    assert seen == [(n, n, f"{n + 1}/12 · 0.{40 * n:03d} s") for n in (1, 2, 3, 4)]
    user.click("Pause")
    assert not user.session.playing.is_playing


def test_what_is_drawn_is_the_frame_that_is_due(user):
    layer = film()
    bar = show(user, layer)
    pane = user.window.canvas.shown_panes()[0]
    user.click("Play")
    hold_clock(bar)
    user.session.playing.advance(5 * 40)
    user.window.canvas.flush()
    played = pane.grab().toImage()
    user.click("Pause")
    layer.frame = 0
    layer.frame = 5
    user.window.canvas.flush()
    assert pane.grab().toImage() == played
    layer.frame = 4
    user.window.canvas.flush()
    assert pane.grab().toImage() != played


def test_dragging_the_slider_shows_that_frame(user):
    layer = film()
    bar = show(user, layer)
    slider = bar.slider
    y, end = slider.height() // 2, slider.width() - 8
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(7, y))
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(slider, QPoint(round(7 + share * (end - 7)), y))
        user.wait(lambda: True)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(end, y))
    assert layer.frame == 11
    assert user.window.layers.frames.slider.value() == 11
    assert bar.place.text().startswith("12/12")


def test_keys_play_and_step(user):
    layer = film()
    bar = show(user, layer)
    playing = user.session.playing
    user.point_at(Plane.ACQUIRED)
    user.press(Qt.Key.Key_C)
    hold_clock(bar)
    assert playing.is_playing
    user.press(Qt.Key.Key_C, SHIFT)
    assert playing.order is Order.BOUNCE
    user.press(Qt.Key.Key_Greater)
    assert playing.speed == 2.0
    assert bar.rate.text() == "50"
    user.press(Qt.Key.Key_Less)
    user.press(Qt.Key.Key_Less)
    assert playing.speed == 0.5
    user.press(Qt.Key.Key_C)
    assert not playing.is_playing
    user.press(Qt.Key.Key_Right, SHIFT)
    user.press(Qt.Key.Key_Down)
    assert layer.frame == 2
    user.press(Qt.Key.Key_Left, SHIFT)
    assert layer.frame == 1


def test_a_stack_plays_its_slices_when_asked(user):
    layer = film(count=1, slices=9)
    bar = show(user, layer)
    user.point_at(Plane.CORONAL)
    user.press(Qt.Key.Key_C)
    hold_clock(bar)
    assert bar.isVisible()
    pane = user.window.canvas.pane(Plane.CORONAL)
    start = pane.index
    user.session.playing.advance(300)
    user.window.canvas.flush()
    assert pane.index == start + 3
    assert bar.place.text() == f"{start + 4}/48"
    user.click("Close cine")
    assert not bar.isVisible()
    assert not user.session.playing.is_playing


def test_a_series_of_volumes_plays_time_or_slices_in_all_panes(user):
    layer = film(slices=9)
    bar = show(user, layer)
    user.click("Play the slices of the pane")
    user.click("Play")
    hold_clock(bar)
    user.session.playing.advance(100)
    assert layer.frame == 0
    user.click("Play the frames of the series")
    user.click("Play")
    hold_clock(bar)
    before = [pane.grab().toImage() for pane in user.window.canvas.shown_panes()]
    user.session.playing.advance(80)
    user.window.canvas.flush()
    assert layer.frame == 2
    assert all(old != pane.grab().toImage() for old, pane in zip(before, user.window.canvas.shown_panes(), strict=True))


def test_a_typed_rate_is_kept(user):
    bar = show(user, film())
    user.type("Frames per second", "5")
    assert user.session.playing.rate() == pytest.approx(5.0)
    assert "0.2 times as fast" in bar.rate.toolTip()
    assert bar.rate.toolTip().startswith("Frame Time 40 ms.")


def test_nothing_is_counted_while_it_plays(user, monkeypatch):
    layer = film()
    bar = show(user, layer)
    counted = []
    real = user.session.looking.histogram
    monkeypatch.setattr(user.session.looking, "histogram", lambda *a: (counted.append(layer.frame), real(*a)))
    user.click("Play")
    hold_clock(bar)
    for _ in range(6):
        user.session.playing.advance(40)
        user.wait(lambda: True)
    assert counted == []
    user.click("Pause")
    assert counted == [6]


def test_it_keeps_the_true_rate_with_the_clock_of_the_window(user):
    layer = film(count=30, step=20.0)
    user.session.document.insert(0, layer)
    user.rest()
    user.click("Play")
    seen = []
    layer.events.frame.connect(seen.append)
    user.wait(lambda: len(seen) > 25)
    achieved = user.session.playing._now
    user.click("Pause")
    off = achieved - sum_of_steps(seen) * 20.0
    assert off - 600 * round(off / 600) == pytest.approx(0, abs=40)  # a machine that stands still may miss whole loops


def sum_of_steps(frames):
    """Return how many frames of time have passed, whatever frames were left out."""
    total, last = 0, 0
    for frame in frames:
        total += (frame - last) % 30
        last = frame
    return total


def test_the_bar_has_names_and_a_tab_order(user):
    bar = show(user, film(slices=5))
    names = [w.accessibleName() for w in bar.findChildren(type(bar).__mro__[1]) if w.isVisible() and w.focusPolicy()]
    assert names[:3] == ["Play", "Cine position", "Frames per second"]
    assert all(names)
