"""Numbers as people write and read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.session.looking import format_number as voxel_number
from pellucid.ui.docks.window_fields import WindowFields
from pellucid.ui.forms.numbers import Bounds, Scale, file_size, format_number, nice_step, parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("−600", -600),
        ("-600", -600),
        ("0,5", 0.5),
        ("1 234,5", 1234.5),
        ("1e3", 1000),
        (" .25 ", 0.25),
    ],
)
def test_what_people_type_is_read(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "-", "1.2.3", "1,2,3", "two", "nan", "inf", "1e999", "0x10"])
def test_what_is_no_number_is_none(text):
    assert parse_number(text) is None


@given(st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False))
def test_a_written_number_reads_back_to_seven_figures(value):
    read = parse_number(format_number(value))
    assert read is not None
    assert math.isclose(read, value, rel_tol=1e-6, abs_tol=1e-4 * 1e-6)


@pytest.mark.parametrize(
    ("value", "text"),
    [(-600, "−600"), (2.0, "2"), (0.1 + 0.2, "0.3"), (-0.0, "0"), (1234567.0, "1234567"), (0, "0")],
)
def test_numbers_are_written_without_noise(value, text):
    assert format_number(value) == text


def test_bounds_say_what_is_wrong():
    bounds = Bounds(0.1, 20)
    assert bounds.complaint(5) == ""
    assert bounds.complaint(0.05, "mm") == "Must be from 0.1 to 20 mm."
    assert Bounds(minimum=0).complaint(-1) == "Must be at least 0."
    assert Bounds(whole=True).complaint(1.5) == "Type a whole number."
    assert bounds.complaint(None) == "Type a number."


@given(st.integers(0, 1000), st.sampled_from([(0.0, 1.0), (0.1, 20.0), (-1024.0, 3071.0), (1.0, 1e5)]))
def test_a_slider_position_gives_a_value_that_stands_there(position, ends):
    scale = Scale(*ends)
    assert abs(scale.position(scale.value(position)) - position) <= 1
    assert ends[0] <= scale.value(position) <= ends[1]


def test_a_slider_over_decades_goes_by_ratio():
    scale = Scale(1, 10_000)
    assert scale.value(scale.count // 2) == pytest.approx(100, rel=0.02)
    assert not Scale(1, 50).by_ratio


def test_whole_sliders_stop_at_every_whole_number():
    assert [Scale(1, 5, whole=True).value(n) for n in range(5)] == [1, 2, 3, 4, 5]


def test_sizes_and_counts_read_naturally():
    assert [file_size(n) for n in (0, 2048, 5 << 20, 1 << 30)] == ["0 bytes", "2 KB", "5.0 MB", "1.0 GB"]
    assert nice_step(1500) == 10
    assert nice_step(3) == pytest.approx(0.01)


def test_large_values_are_written_out_not_as_powers_of_ten():
    assert format_number(121_300.4, 4) == "121300"
    assert format_number(60_000.0, 4) == "60000"
    assert voxel_number(123_456.7) == "123457" and voxel_number(2341.63) == "2341.6"


def test_a_window_is_shown_to_a_hundred_thousandth_of_its_width(qtbot):
    fields = WindowFields()
    qtbot.addWidget(fields)
    fields.show_window(4667.5379, 9334.9939, "Bq/ml")
    assert [box.text() for box in (fields.level, fields.width_box, fields.low, fields.high)] == [
        "4667.5", "9335", "0", "9335"]  # fmt: skip
    fields.show_window(0.5004, 0.2, "")
    assert fields.level.text() == "0.5004" and fields.low.text() == "0.4004"
