from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.model.geometry import Geometry
from pellucid.model.timing import Moment, TimeSource, moments_of, number, timing
from pellucid.model.volume import Acquisition, Volume, image_from_array


def series(moments):
    geometry = Geometry((3, 2, 1))
    image = image_from_array(np.zeros((1, 2, 3), np.uint8), geometry)
    return [Volume(image, geometry, acquisition=Acquisition(moment=moment)) for moment in moments]


def stated(durations, source):
    return timing(series(moments_of(len(durations), durations=durations, durations_source=source)))


def test_a_stated_frame_time_is_the_rate():
    found = stated([40.0] * 5, TimeSource.FRAME_TIME)
    assert found.rate == pytest.approx(25.0)
    assert found.sentence == "Frame Time 40 ms"
    assert not found.is_guess
    assert found.is_even


def test_rates_are_said_as_rates():
    assert stated([1000 / 15] * 3, TimeSource.CINE_RATE).sentence == "Cine Rate 15/s"
    assert stated([1000 / 30] * 3, TimeSource.DISPLAY_RATE).sentence == "Recommended Display Frame Rate 30/s"


def test_variable_durations_are_kept_and_their_mean_rate_told():
    found = stated([50.0, 33.0, 67.0], TimeSource.FRAME_TIME_VECTOR)
    assert found.durations == (50.0, 33.0, 67.0)
    assert found.rate == pytest.approx(20.0)
    assert found.sentence == "Frame Time Vector: 33 to 67 ms per frame"
    assert not found.is_even


def test_frames_that_say_nothing_are_played_at_a_guess_that_says_so():
    found = timing(series([Moment()] * 4))
    assert found.durations == (100.0,) * 4
    assert found.is_guess
    assert "guess" in found.sentence
    assert found.times is None


def test_times_of_a_heart_cycle_are_its_rate():
    moments = moments_of(4, times=[10.0, 10.05, 10.1, 10.15], times_source=TimeSource.TRIGGER)
    found = timing(series(moments))
    assert found.durations == pytest.approx((50.0,) * 4)
    assert found.times == pytest.approx((0.0, 0.05, 0.1, 0.15))
    assert found.sentence == "Times of the frames: Trigger Time, 50 ms apart"


def test_minutes_between_frames_are_not_waited_for():
    moments = moments_of(3, times=[0.0, 60.0, 360.0], times_source=TimeSource.REFERENCE)
    found = timing(series(moments))
    assert found.durations == (100.0,) * 3
    assert found.times == (0.0, 60.0, 360.0)
    assert found.is_guess
    assert "180 s apart" in found.sentence


def test_times_begin_with_the_first_frame_that_is_left():
    moments = moments_of(4, times=[0.0, 1.0, 3.0, 4.0], times_source=TimeSource.ACQUISITION)
    assert timing(series(moments[2:])).times == (0.0, 1.0)


@pytest.mark.parametrize("times", [[0.0, 2.0, 1.0], [0.0, 1.0, 1.0]])
def test_times_that_do_not_rise_are_not_believed(times):
    moments = [Moment(t, TimeSource.ACQUISITION) for t in times]
    assert timing(series(moments)).times is None


def test_a_frame_without_time_makes_the_times_unknown():
    moments = moments_of(3, times=[0.0, 1.0, 2.0], times_source=TimeSource.ACQUISITION)
    assert timing(series([*moments[:2], Moment()])).times is None


def test_a_filtered_frame_keeps_its_moment():
    first = series(moments_of(2, times=[0.0, 1.0], times_source=TimeSource.NIFTI))[1]
    assert first.with_image(first.image).acquisition.moment.start == 1.0
    assert replace(first, unit="HU").acquisition.moment.start_source is TimeSource.NIFTI


@pytest.mark.parametrize(("value", "text"), [(33.333, "33.3"), (2.0, "2"), (0.04812, "0.0481"), (1234.5, "1234")])
def test_numbers_are_short(value, text):
    assert number(value) == text
