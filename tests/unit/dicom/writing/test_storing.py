"""Sixteen bits: exact where that can be, by the arithmetic of the decimal strings that are written."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.dicom.writing.storing import Storing, exact_storing, near_storing, unsigned
from pellucid.dicom.writing.texts import decimal
from pellucid.model.rescale import Rescale


def truth(storing: Storing, stored: np.ndarray, number: int) -> list[Fraction]:
    """Return the values that the written strings say, without any rounding."""
    slope, intercept = (Fraction(decimal(v)) for v in (storing.slopes[number], storing.intercepts[number]))
    return [Fraction(int(n)) * slope + intercept for n in stored.ravel()]


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(1, 2**20), st.lists(st.integers(0, 65_535), min_size=1, max_size=20))
def test_whole_numbers_a_step_apart_are_exact(start: int, step: int, places: list[int]) -> None:
    values = np.array([start + step * n for n in places], np.int64)
    storing = exact_storing([values])
    assert storing is not None and (storing.error, storing.holes) == (0.0, 0)
    assert truth(storing, storing.stored(values, 0), 0) == [Fraction(int(v)) for v in values]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=20),
    st.booleans(),
    st.sampled_from(["int16", "uint16"]),
)
def test_the_stated_error_is_the_error(numbers: list[float], per_slice: bool, dtype: str) -> None:
    slices = [np.array(numbers, np.float64), np.array(numbers, np.float64) * 3]
    storing = near_storing(slices, per_slice=per_slice, dtype=dtype)
    for number, values in enumerate(slices):
        stored = storing.stored(values, number)
        assert storing.hole not in stored
        off = max(abs(float(t) - v) for t, v in zip(truth(storing, stored, number), values, strict=True))
        assert off <= storing.error + 1e-6 * max(1.0, np.abs(values).max())
        assert storing.error <= 0.51 * max(storing.slopes) * (1 + 1e-6) + 1e-7 * np.abs(slices[1]).max()


def test_what_sixteen_bits_cannot_is_said_so() -> None:
    assert exact_storing([np.array([0, 1, 65_536])]) is None
    assert exact_storing([np.array([0.5, 1.0])]) is None
    assert exact_storing([np.array([1.0, np.nan])]) is None
    wide = exact_storing([np.array([0, 131_072, 65_538 * 2])])
    assert wide is not None and wide.slopes[0] == 4


@pytest.mark.hazard("H10")
def test_the_scale_of_every_slice_of_the_source_is_kept() -> None:
    rng = np.random.default_rng(0)
    slopes = tuple(float(decimal(s)) for s in 10.0 ** rng.uniform(-9, 3, 5))
    stored = rng.integers(-32_768, 32_768, (5, 4, 4))
    values = np.stack([(s * slope).astype(np.float32) for s, slope in zip(stored, slopes, strict=True)])
    known = Rescale(slopes, (0.0,) * 5, "16 bits, signed", -32_768, 32_767)
    storing = exact_storing(list(values), known, centred=True)
    assert storing is not None and storing.slopes == slopes
    for number in range(5):
        np.testing.assert_array_equal(storing.stored(values[number], number), stored[number])
    changed = values.copy()
    changed[2, 1, 1] = np.nextafter(changed[2, 1, 1], np.float32(np.inf))
    assert exact_storing(list(changed), known, centred=True) is None
    moved = Rescale(slopes, (1.0,) * 5, "16 bits, signed", -32_768, 32_767)
    assert exact_storing(list(values), moved, centred=True) is None


@pytest.mark.hazard("H10")
def test_positive_emission_is_scaled_slice_by_slice_without_intercept() -> None:
    slices = [np.linspace(0, top, 50).astype(np.float32) for top in (1e-6, 3.0, 7e8)]
    storing = near_storing(slices, per_slice=True, centred=True)
    assert set(storing.intercepts) == {0.0} and len(set(storing.slopes)) == 3
    for number, values in enumerate(slices):
        back = storing.reread(storing.stored(values, number), number)
        assert np.abs(back - values).max() <= values.max() / 65_000


def test_cells_without_sign_hold_the_same_values() -> None:
    values = np.array([-32_768, -5, 0, 32_767], np.int16)
    storing = exact_storing([values])
    assert storing is not None
    plain = unsigned(storing)
    assert plain.dtype == "uint16"
    assert truth(plain, plain.stored(values, 0), 0) == [Fraction(int(v)) for v in values]
