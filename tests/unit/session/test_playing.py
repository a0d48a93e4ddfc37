"""Cine with a clock that the test turns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.session.playing import Order


def film(count=5, durations=None, slices=1, name="cine", **facts):
    geometry = Geometry((6, 4, slices))
    durations = durations or [40.0] * count
    moments = moments_of(count, durations=durations, durations_source=TimeSource.FRAME_TIME, **facts)
    frames = []
    for n, moment in enumerate(moments):
        image = image_from_array(np.full((slices, 4, 6), n, np.int16), geometry)
        frames.append(Volume(image, geometry, acquisition=Acquisition(moment=moment)))
    return ImageLayer(name, tuple(frames))


def show(session, *layers):
    for layer in layers:
        session.document.insert(len(session.document), layer)
    session.document.active = layers[0]
    session.centre_crosshair()
    return session.playing


def shown(playing, layer, *steps):
    found = []
    for step in steps:
        playing.advance(step)
        found.append(layer.frame)
    return found


def test_every_frame_comes_when_it_is_due(session):
    layer = film()
    playing = show(session, layer)
    playing.play()
    assert shown(playing, layer, 39, 1, 39.9, 0.1, 40, 40, 40) == [0, 1, 1, 2, 3, 4, 0]


def test_due_tells_the_time_to_the_next_frame(session):
    layer = film()
    playing = show(session, layer)
    playing.play()
    assert playing.due() == pytest.approx(40.0)
    playing.advance(15)
    assert playing.due() == pytest.approx(25.0)
    playing.set_speed(2.0)
    assert playing.due() == pytest.approx(12.5)


def test_a_slow_clock_leaves_frames_out_and_keeps_the_rate(session):
    layer = film(count=50)
    playing = show(session, layer)
    playing.play()
    assert shown(playing, layer, 130, 130, 130) == [3, 6, 9]


def test_time_does_not_drift_over_many_rounds(session):
    layer = film(count=7, durations=[33.3] * 7)
    playing = show(session, layer)
    playing.play()
    total = 0.0
    for n in range(5000):
        step = 3.0 + n % 11
        total += step
        playing.advance(step)
    assert layer.frame == int((total % (7 * 33.3)) // 33.3)


def test_frames_of_different_length(session):
    layer = film(count=3, durations=[10.0, 100.0, 30.0])
    playing = show(session, layer)
    playing.play()
    assert shown(playing, layer, 9, 2, 98, 2, 28, 2) == [0, 1, 1, 2, 2, 0]


def test_bounce_shows_the_ends_once(session):
    layer = film(count=4)
    playing = show(session, layer)
    playing.set_order(Order.BOUNCE)
    playing.play()
    assert shown(playing, layer, *[40] * 8) == [1, 2, 3, 2, 1, 0, 1, 2]


def test_bounce_gives_each_frame_its_own_time_on_the_way_back(session):
    layer = film(count=3, durations=[10.0, 100.0, 30.0])
    playing = show(session, layer)
    playing.set_order(Order.BOUNCE)
    playing.play()
    assert shown(playing, layer, 11, 100, 30, 98, 1) == [1, 2, 1, 1, 0]


def test_once_ends_on_the_last_frame_and_begins_again(session):
    layer = film(count=3)
    playing = show(session, layer)
    playing.set_order(Order.ONCE)
    playing.play()
    assert shown(playing, layer, 40, 40, 39) == [1, 2, 2]
    assert playing.is_playing
    playing.advance(1)
    assert (layer.frame, playing.is_playing) == (2, False)
    playing.play()
    assert (layer.frame, playing.is_playing) == (0, True)


def test_a_range_is_kept_to(session):
    layer = film(count=10)
    playing = show(session, layer)
    playing.set_range(3, 5)
    playing.play()
    assert shown(playing, layer, 40, 40, 40, 40) == [4, 5, 3, 4]
    playing.set_range(9, 0)
    assert playing.range(playing.track()) == (0, 9)


def test_the_user_may_step_while_it_plays(session):
    layer = film(count=10)
    playing = show(session, layer)
    playing.play()
    playing.advance(90)
    layer.frame = 7
    assert shown(playing, layer, 39, 2) == [7, 8]


def test_speeds(session):
    playing = show(session, film())
    assert playing.rate() == pytest.approx(25.0)
    for wanted in (2.0, 4.0, 4.0):
        playing.change_speed(1)
        assert playing.speed == wanted
    for wanted in (2.0, 1.0, 0.5, 0.25, 0.25):
        playing.change_speed(-1)
        assert playing.speed == wanted
    playing.set_rate(12.5)
    assert playing.speed == pytest.approx(0.5)
    playing.set_rate(1e9)
    assert playing.rate() == pytest.approx(240.0)


def test_the_achieved_rate_is_what_was_shown(session):
    layer = film(count=50)
    playing = show(session, layer)
    playing.play()
    for _ in range(30):
        playing.advance(80)  # every second frame is left out
    assert playing.achieved() == pytest.approx(12.5)
    assert playing.rate() == pytest.approx(25.0)
    for _ in range(60):
        playing.advance(40)
    assert playing.achieved() == pytest.approx(25.0)


def test_an_image_of_one_frame_plays_its_slices(session):
    layer = film(count=1, slices=12)
    playing = show(session, layer)
    playing.pane = session.view.panes[0]
    playing.toggle()
    start = playing.track().place
    playing.advance(100)
    assert playing.slices_wanted
    assert playing.track().place == start + 1
    assert playing.rate() == pytest.approx(10.0)
    assert layer.frame == 0


def test_slices_of_a_series_play_where_asked_for(session):
    layer = film(count=4, slices=12)
    playing = show(session, layer)
    playing.choose_slices(True)
    playing.play()
    start = playing.track().place
    playing.advance(200)
    assert (playing.track().place, layer.frame) == (start + 2, 0)
    playing.choose_slices(False)
    assert not playing.is_playing
    playing.play()
    playing.advance(40)
    assert layer.frame == 1


def test_images_of_as_many_frames_go_along(session):
    layer, other, still = film(), film(name="filtered"), film(count=3, name="another")
    playing = show(session, layer, other, still)
    playing.play()
    playing.advance(80)
    assert (layer.frame, other.frame, still.frame) == (2, 2, 0)


def test_another_image_stops_what_played(session):
    layer, other = film(), film(count=3, name="another")
    playing = show(session, layer, other)
    playing.play()
    session.document.active = other
    playing.advance(40)
    assert not playing.is_playing
    assert (layer.frame, other.frame) == (0, 0)


def test_closing_everything_stops_it(session):
    playing = show(session, film())
    playing.play()
    session.close_all()
    assert not playing.is_playing
    playing.advance(40)
    playing.toggle()
    assert not playing.is_playing


def test_a_source_may_ask_for_to_and_fro(session):
    playing = show(session, film(bounces=True))
    playing.play()
    assert playing.order is Order.BOUNCE
    playing.set_order(Order.LOOP)
    playing.pause()
    playing.play()
    assert playing.order is Order.LOOP  # asked for once; the user knows better


def test_pausing_tells_those_who_did_not_follow(session):
    layer = film()
    playing = show(session, layer)
    told = []
    layer.events.frame.connect(lambda *_: told.append((layer.frame, playing.is_playing)))
    playing.play()
    playing.advance(40)
    playing.pause()
    assert told == [(1, True), (1, False)]


def test_previews_rest_while_it_plays(session):
    playing = show(session, film())
    playing.play()
    assert session.view.hide_preview
    playing.pause()
    assert not session.view.hide_preview


def test_a_new_timing_is_taken_up(session):
    layer = film()
    playing = show(session, layer)
    playing.play()
    slower = [replace(f, acquisition=replace(f.acquisition, moment=m)) for f, m in zip(
        layer.frames, moments_of(5, durations=[400.0] * 5, durations_source=TimeSource.FRAME_TIME), strict=True)]
    layer.frames = tuple(slower)
    assert shown(playing, layer, 399, 2) == [0, 1]
