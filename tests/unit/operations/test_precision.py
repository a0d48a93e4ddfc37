"""Conversion between pixel types, with everything that is lost counted by hand, and grey levels."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import PIXEL_TYPES, blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

WHOLE = PIXEL_TYPES[:8]


def cast(array: Any, pixel_type: str, **values: Any) -> tuple[Any, list[str]]:
    said: list[str] = []
    image = on_grid(array, "oblique")
    return pixels(get("intensity.cast").run(Context(remark=said.append), image, pixel_type=pixel_type, **values)), said


def extremes(dtype: str) -> Any:
    """Return the extremes of a type and some values between them."""
    if np.dtype(dtype).kind == "f":
        middle = [-300.5, -2.5, -0.4, 0.0, 0.5, 1.5, 254.5, 255.5]
        return np.array([-1e30, *middle, 2.0**53 + 2, 2.0**63, 2.0**64, 1e30], dtype)
    info = np.iinfo(dtype)
    middle = [v for v in (-129, -1, 0, 5, 127, 128, 255, 256, 2**24 + 1, 2**53 + 1) if info.min <= v <= info.max]
    return np.array([info.min, *middle, info.max], dtype)


@pytest.mark.parametrize("source", PIXEL_TYPES)
@pytest.mark.parametrize("target", WHOLE)
def test_whole_numbers_are_rounded_and_limited_exactly(source: str, target: str) -> None:
    values, info = extremes(source), np.iinfo(target)
    result, said = cast(values.reshape(1, 1, -1), target)
    exact = [Fraction(value.item()) for value in values]
    whole = [round(value) for value in exact]  # halves to the even one
    assert result.ravel().tolist() == [min(max(value, int(info.min)), int(info.max)) for value in whole]
    fits = [info.min <= value <= info.max for value in whole]
    limited = [sentence for sentence in said if "outside the type" in sentence]
    assert [sentence.split()[0] for sentence in limited] == ([str(fits.count(False))] if not all(fits) else [])
    broken = sum(value != number for value, number, fit in zip(exact, whole, fits, strict=True) if fit)
    rounded = [sentence for sentence in said if "fraction" in sentence]
    assert [sentence.split()[0] for sentence in rounded] == ([str(broken)] if broken else [])


@pytest.mark.parametrize("source", WHOLE)
@pytest.mark.parametrize("target", ["float32", "float64"])
def test_whole_numbers_beyond_the_precision_of_floats_are_counted(source: str, target: str) -> None:
    values = extremes(source)
    result, said = cast(values.reshape(1, 1, -1), target)
    assert np.array_equal(result.ravel(), values.astype(target))
    inexact = sum(Fraction(a.item()) != Fraction(b.item()) for a, b in zip(values, result.ravel(), strict=True))
    assert [sentence.split()[0] for sentence in said] == ([str(inexact)] if inexact else [])


def test_the_precision_that_remains_is_said() -> None:
    said = cast(np.array([[2**30 + 1, 7]], np.int64), "float32")[1]
    assert said[0].startswith("1 whole numbers are no longer exact: float32 holds them exactly up to 16777216")
    assert said[0].endswith("multiple of 128.")  # 2^30 has 31 bits, of which 24 are kept


def test_a_cast_back_is_the_same_where_nothing_is_lost() -> None:
    array = noise((3, 6, 7), "int16")
    wide, said = cast(array, "float32")
    assert said == [] and np.array_equal(cast(wide, "int16")[0], array) and cast(wide, "int16")[1] == []
    assert np.array_equal(wide, pixels(sitk.Cast(on_grid(array), sitk.sitkFloat32)))


def test_nan_becomes_nought_and_infinity_a_limit() -> None:
    result, said = cast(np.array([[np.nan, np.inf, -np.inf, 3]], np.float32), "int8")
    assert result.tolist() == [[0, 127, -128, 3]]
    assert said == [
        "2 values from -inf to inf lie outside the type int8 and became its limits.",
        "1 values were NaN and became 0.",
    ]
    assert np.isnan(cast(np.array([[np.nan]]), "float32")[0]).all()


def test_large_doubles_overflow_with_a_remark() -> None:
    result, said = cast(np.array([[1e300, np.inf, 2.0]]), "float32")
    assert result.tolist() == [[np.inf, np.inf, 2.0]] and said[0].startswith("1 values from 1e+300")


def test_what_does_not_fit_can_be_refused() -> None:
    array = noise((3, 6, 7), "int16")
    with pytest.raises(Refused, match=rf"{np.count_nonzero((array < 0) | (array > 255))} values do not fit.*uint8"):
        cast(array, "uint8", outside="refuse")
    with pytest.raises(Refused, match="1 are NaN"):
        cast(np.array([[np.nan, 1.0]]), "int16", outside="refuse")
    assert np.array_equal(cast(array, "int32", outside="refuse")[0], array)


def test_padding_is_limited_to_the_new_type_and_never_wraps() -> None:
    array = noise((3, 6, 7), "int16").clip(0, 200)
    array[:, :2] = -3024
    context = Context(padding=(-3024.0, -3024.0))
    result = pixels(get("intensity.cast").run(context, on_grid(array), pixel_type="uint8", outside="refuse"))
    assert (result[:, :2] == 0).all() and np.array_equal(result[:, 2:], array[:, 2:])


def quantise(image: sitk.Image, *more: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get("intensity.quantise").run(context or Context(), image, *more, **values))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_equal_intervals_are_those_of_a_histogram(dtype: str) -> None:
    array = noise((4, 9, 11), dtype)
    wide = array.astype(float)
    edges = np.histogram_bin_edges(wide, 6)
    expected = ((edges[:-1] + edges[1:]) / 2)[np.digitize(wide, edges[1:-1])]
    result = quantise(on_grid(array), levels=6)
    assert np.abs(result - expected).max() <= (0.5 + 1e-9 if array.dtype.kind in "iu" else 1e-3)
    assert len(np.unique(result)) == 6


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_equal_populations_have_the_same_number_of_voxels_and_their_median(dtype: str) -> None:
    array = (noise((10, 30, 30), "float64") * 5).astype(dtype)
    result = quantise(on_grid(array), levels=4, intervals="equal_population")
    levels, counts = np.unique(result, return_counts=True)
    ties = np.unique(array, return_counts=True)[1].max() / array.size  # equal values stay together
    assert len(levels) == 4 and np.abs(counts / array.size - 0.25).max() < 1e-3 + ties
    for level in levels:
        assert level == pytest.approx(np.median(array[result == level].astype(float)), rel=0.01, abs=5.0)


def test_levels_count_the_mask_only_and_keep_nan() -> None:
    array, mask = noise((5, 12, 13), "float32"), blobs((5, 12, 13))
    array[0, 0, 0] = np.nan
    inside = array[(mask > 0) & ~np.isnan(array)]
    result = quantise(on_grid(array), on_grid(mask), levels=3)
    step = np.ptp(inside) / 3
    assert np.isnan(result[0, 0, 0])
    exact = inside.min() + step * np.array([0.5, 1.5, 2.5])
    np.testing.assert_allclose(np.unique(result[~np.isnan(result)]), exact, rtol=1e-4)
    assert np.all(quantise(on_grid(np.full((3, 4), 9, np.uint8)), levels=5) == 9)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_levels_of_a_range_wider_than_64_bits_do_not_wrap(dtype: str) -> None:
    info = np.iinfo(dtype)
    array = np.linspace(float(info.min), float(info.max) * (1 - 1e-15), 60).astype(dtype).reshape(3, 4, 5)
    array[0, 0, 0], array[-1, -1, -1] = info.min, info.max
    made = pixels(get("intensity.quantise").run(Context(), on_grid(array), levels=4)).astype(float)
    middles = info.min + (float(info.max) - info.min) * (np.arange(4) + 0.5) / 4
    nearest = middles[np.abs(array.astype(float)[..., None] - middles).argmin(-1)]
    assert np.allclose(made, nearest, rtol=1e-12)
