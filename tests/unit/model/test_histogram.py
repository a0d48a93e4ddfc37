from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import Histogram, Stopped, auto_limits, histogram, initial_limits
from pellucid.model.volume import Acquisition, Volume, WindowPreset

WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float32", "float64")
GRID = Geometry((13, 11, 19))


def made(dtype: str, **meaning: Any) -> tuple[Volume, np.ndarray]:
    rng = np.random.default_rng(4)
    low = 0 if dtype.startswith("u") else -100
    values = rng.normal(20, 30, GRID.size[::-1]).clip(low, 120).astype(dtype)
    return phantoms.volume(values, GRID, **meaning), values


def assert_counts(found: Histogram, values: np.ndarray) -> None:
    """Compare with np.unique for whole numbers, else with a search in sorted values; moments with numpy."""
    assert found.total == values.size
    if found.discrete:
        unique, counts = np.unique(values, return_counts=True)
        expected = np.zeros(len(found.counts), np.int64)
        expected[[int(n) - int(unique[0]) for n in unique]] = counts
        assert (found.start, found.step) == (unique[0], 1.0)
    else:
        edges = found.edges
        ordered = np.sort(values.astype(np.float64).ravel())
        below = np.searchsorted(ordered, edges[:-1], side="left")
        expected = np.diff([*below, values.size])
        np.testing.assert_allclose(edges[[0, -1]], [ordered[0], ordered[-1]], rtol=1e-12)
        moved = np.abs(np.cumsum(found.counts) - np.cumsum(expected))
        assert moved.max() <= 2  # a value on the edge itself, by the last digit of the edge
        expected = found.counts
    np.testing.assert_array_equal(found.counts, expected)
    wide = values.astype(np.float64)
    assert (found.minimum, found.maximum) == (wide.min(), wide.max())
    assert found.mean == pytest.approx(wide.mean(), rel=1e-12, abs=1e-12)
    assert found.std == pytest.approx(wide.std(), rel=1e-10)


@pytest.mark.parametrize("dtype", WHOLE + FLOATS)
def test_every_value_is_counted(dtype: str) -> None:
    volume, values = made(dtype)
    found = histogram(volume)
    assert found.discrete == (dtype in WHOLE)
    assert_counts(found, values)


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("dtype", WHOLE + FLOATS)
def test_padding_is_left_out(dtype: str) -> None:
    volume, values = made(dtype, padding=(0.0, 3.0))
    assert_counts(histogram(volume), values[(values < 0) | (values > 3)])


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_padding_does_not_move_the_window(share: float) -> None:
    """H16: same automatic window with 1 to 99 % of padding."""
    rng = np.random.default_rng(5)
    grid = Geometry((100, 100, 40))
    values = rng.normal(0, 100, grid.size[::-1]).astype(np.int16)
    clean = auto_limits(histogram(phantoms.volume(values, grid)), 5, 95)
    values[rng.random(values.shape) < share] = -2000
    padded = auto_limits(histogram(phantoms.volume(values, grid, padding=(-2000, -2000))), 5, 95)
    np.testing.assert_allclose(padded, clean, atol=1 if share < 0.9 else 12)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_a_region_and_a_mask_count_only_what_they_hold(dtype: str) -> None:
    volume, values = made(dtype)
    region = (slice(3, 15), slice(0, 7), slice(5, 6))
    mask = phantoms.sphere(GRID, (6, 5, 9), 4).astype(bool)
    assert_counts(histogram(volume, region=region), values[region])
    assert_counts(histogram(volume, mask=mask), values[mask])
    assert_counts(histogram(volume, mask=mask, region=region), values[region][mask[region]])


def test_wide_whole_numbers_fall_back_to_bins() -> None:
    values = np.random.default_rng(1).integers(-(2**31), 2**31 - 1, GRID.size[::-1], dtype=np.int32)
    found = histogram(phantoms.volume(values, GRID))
    assert not found.discrete
    assert_counts(found, values)


def test_values_that_are_not_finite_are_left_out() -> None:
    _, values = made("float32")
    values[0, 0, :3] = (np.nan, np.inf, -np.inf)
    found = histogram(phantoms.volume(values, GRID))
    assert_counts(found, values[np.isfinite(values)])


def test_nothing_to_count_gives_an_empty_histogram() -> None:
    for dtype in ("int16", "float32"):
        found = histogram(phantoms.volume(np.full(GRID.size[::-1], 7, dtype), GRID, padding=(7, 7)))
        assert (found.total, found.percentile(50), auto_limits(found)) == (0, 0.0, (-0.5, 0.5))


@pytest.mark.parametrize("dtype", WHOLE + FLOATS)
def test_a_constant_image_has_one_bin_and_a_window(dtype: str) -> None:
    found = histogram(phantoms.volume(np.full(GRID.size[::-1], 42, dtype), GRID))
    assert (found.total, len(found.counts), found.mean, found.std) == (13 * 11 * 19, 1, 42.0, 0.0)
    assert auto_limits(found) == (41.5, 42.5)


def test_noise_in_the_last_digit_is_no_reason_to_fail() -> None:
    values = np.full(GRID.size[::-1], 0.1)
    values[0, 0, 0] = np.nextafter(0.1, 1)
    assert histogram(phantoms.volume(values, GRID)).total == values.size


def test_colours_count_by_luminance() -> None:
    array = phantoms.colour(GRID)
    found = histogram(phantoms.volume(array, GRID))
    light = np.rint(array.astype(float) @ [0.2126, 0.7152, 0.0722])
    assert_counts(found, light.astype(np.uint8))


@pytest.mark.parametrize("dtype", ["int16", "uint64"])
def test_percentiles_of_whole_numbers_are_those_of_numpy(dtype: str) -> None:
    volume, values = made(dtype)
    found = histogram(volume)
    for q in (0, 0.1, 1, 33.3, 50, 99.9, 100):
        assert found.percentile(q) == pytest.approx(np.percentile(values.astype(float), q), abs=1e-9)


def test_percentiles_of_floats_are_right_to_a_bin() -> None:
    volume, values = made("float64")
    found = histogram(volume)
    for q in (0, 0.1, 1, 33.3, 50, 99.9, 100):
        assert found.percentile(q) == pytest.approx(np.percentile(values, q), abs=1.01 * found.step)


def test_the_cumulative_curve_rises_to_one() -> None:
    found = histogram(made("int16")[0])
    np.testing.assert_allclose(found.cdf(), np.cumsum(found.counts) / found.total)
    assert found.cdf()[-1] == 1.0


def test_counting_stops_when_asked_and_tells_how_far_it_is() -> None:
    volume, _ = made("int16")
    with pytest.raises(Stopped):
        histogram(volume, cancelled=lambda: True)
    told: list[float] = []
    histogram(volume, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_first_window_is_that_of_the_source_else_percentiles() -> None:
    windows = (WindowPreset("broken", 3, 0), WindowPreset("LUNG", -600, 1500))
    assert initial_limits(made("int16", acquisition=Acquisition(windows=windows))[0]) == (-1350, 150)
    volume, values = made("int16")
    assert initial_limits(volume, histogram(volume)) == pytest.approx(np.percentile(values, [0.1, 99.9]))
    assert initial_limits(volume) == pytest.approx(np.percentile(values[9], [0.1, 99.9]))
    assert initial_limits(phantoms.volume(phantoms.colour(GRID), GRID)) == (0, 255)
