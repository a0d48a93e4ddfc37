"""Rescale, invert, clamp and equalise against numpy and SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_rescale_maps_the_range(dtype: str) -> None:
    array = noise((4, 6, 7), dtype)
    result = run("intensity.rescale", on_grid(array), minimum=-5.0, maximum=20.0)
    wide = array.astype(float)
    exact = -5 + 25 * (wide - wide.min()) / np.ptp(wide)
    assert np.allclose(result, exact, atol=1e-4)


def test_rescale_is_simpleitks_and_leaves_nan() -> None:
    array = noise((4, 6, 7), "float32")
    twin = pixels(sitk.RescaleIntensity(on_grid(array), 2, 9))
    assert np.allclose(run("intensity.rescale", on_grid(array), minimum=2, maximum=9), twin, atol=1e-4)
    array[0, 0, 0] = np.nan
    result = run("intensity.rescale", on_grid(array))
    assert np.isnan(result[0, 0, 0]) and np.nanmin(result) == 0 and np.nanmax(result) == pytest.approx(1)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("pixel_type", ["uint8", "uint16", "int16"])
def test_rescale_to_whole_numbers_is_rounded(pixel_type: str, dtype: str) -> None:
    array = noise((4, 6, 7), dtype)
    result = run("intensity.rescale", on_grid(array), minimum=3, maximum=250, pixel_type=pixel_type)
    wide = array.astype(float)
    exact = 3 + 247 * (wide - wide.min()) / np.ptp(wide)
    assert result.dtype == pixel_type and np.abs(result - exact).max() <= 0.5 + 1e-4
    with pytest.raises(Refused, match="go from"):
        get("intensity.rescale").validate(minimum=-40000, maximum=1, pixel_type=pixel_type)


def test_rescale_of_one_value_and_of_nonsense() -> None:
    assert np.all(run("intensity.rescale", on_grid(np.full((3, 4), 7, np.uint8)), minimum=3, maximum=4) == 3)
    with pytest.raises(Refused, match="below maximum"):
        get("intensity.rescale").validate(minimum=2, maximum=2)


def test_colours_keep_their_proportions() -> None:
    array = noise((5, 6, 3), "uint8") // 2 + 10
    array[..., 2] //= 2
    result = run("intensity.rescale", on_grid(array, colour=True), minimum=0, maximum=1)
    exact = (array.astype(float) - array.min()) / np.ptp(array)
    assert np.allclose(result, exact, atol=1e-5)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_invert_twice_is_the_same(dtype: str) -> None:
    array = noise((4, 6, 7), dtype)
    once = run("intensity.invert", on_grid(array))
    wide = array.astype(float)
    assert np.allclose(once, wide.max() + wide.min() - wide, rtol=1e-6, atol=1e-3)
    assert np.allclose(run("intensity.invert", on_grid(once)), array, atol=1e-3)


def test_invert_at_the_limits_of_a_type() -> None:
    array = np.array([[-128, 127, 0, 5]], np.int8)
    assert run("intensity.invert", on_grid(array)).tolist() == [[127, -128, -1, -6]]
    huge = np.array([[2**63 - 1, 5, -(2**63)]], np.int64)
    assert run("intensity.invert", on_grid(huge)).tolist() == [[-(2**63), -6, 2**63 - 1]]


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_clamp_is_numpys_and_simpleitks(dtype: str) -> None:
    array = noise((4, 6, 7), dtype)
    low, high = (10.0, 90.0)
    result = run("intensity.clamp", on_grid(array), lower=low, upper=high)
    assert np.array_equal(result, array.clip(array.dtype.type(low), array.dtype.type(high)))
    twin = sitk.Clamp(on_grid(array), sitk.sitkUnknown, low, high)
    assert np.array_equal(result, pixels(twin))


def test_clamp_of_whole_numbers_stays_between_the_limits() -> None:
    array = np.arange(20, dtype=np.int16).reshape(4, 5)
    result = run("intensity.clamp", on_grid(array), lower=3.4, upper=7.9)
    assert (result.min(), result.max()) == (4, 7)
    with pytest.raises(Refused, match="No value of the type int16"):
        run("intensity.clamp", on_grid(array), lower=3.4, upper=3.9)
    with pytest.raises(Refused, match="No value of the type uint8"):
        run("intensity.clamp", on_grid(array.astype(np.uint8)), lower=300, upper=400)
    with pytest.raises(Refused, match="above upper"):
        get("intensity.clamp").validate(lower=2, upper=1)


@pytest.mark.parametrize("dtype", PIXEL_TYPES[:8])
def test_equalise_is_the_formula(dtype: str) -> None:
    array = noise((6, 20, 20), dtype)
    _, places, counts = np.unique(array, return_inverse=True, return_counts=True)
    share = (np.cumsum(counts) - counts[0]) / (array.size - counts[0])
    low, high = float(array.min()), float(array.max())
    exact = (low + (high - low) * share)[places].reshape(array.shape)
    result = run("intensity.equalize", on_grid(array))
    assert np.abs(result - exact).max() <= 0.5 + 1e-6
    assert (result.min(), result.max()) == (array.min(), array.max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equalised_floats_are_uniform(dtype: str) -> None:
    array = noise((6, 30, 30), dtype) ** 3
    result = run("intensity.equalize", on_grid(array))
    assert np.array_equal(
        np.argsort(array, axis=None)[::500], np.argsort(result, axis=None, kind="stable")[::500]
    )
    shares = np.histogram(result, 10, (array.min(), array.max()))[0] / array.size
    assert np.allclose(shares, 0.1, atol=0.01)


def test_equalise_with_values_beyond_2_to_the_53() -> None:
    array = np.array([[0, 1, 2, 10]], np.uint64) + np.uint64(2**60)
    result = run("intensity.equalize", on_grid(array))
    assert (result - np.uint64(2**60)).tolist() == [[0, 3, 7, 10]]


def test_wide_whole_numbers_are_equalised_in_bins() -> None:
    array = (np.random.default_rng(3).random((5, 40, 40)) ** 4 * 4e9).astype(np.uint32)
    result = run("intensity.equalize", on_grid(array))
    shares = np.histogram(result, 10, (0, float(array.max())))[0] / array.size
    assert np.allclose(shares, 0.1, atol=0.02)
