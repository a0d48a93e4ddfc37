"""Threshold and Otsu against SimpleITK, scikit-image and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.histogram import histogram, otsu_split


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


@pytest.mark.parametrize(
    "limits", [(10, 60), (-1e9, 40), (50, 1e9), (20.5, 30.5), (33, 33), (1e5, 1e6), (-9.7, -9.2)]
)
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_threshold_is_two_comparisons(dtype: str, limits: tuple[float, float]) -> None:
    array = noise((4, 8, 9), dtype)
    result = run("threshold.range", on_grid(array), lower=limits[0], upper=limits[1])
    wide = array.astype(float)
    assert np.array_equal(result, (wide >= limits[0]) & (wide <= limits[1]))


def test_threshold_is_simpleitks() -> None:
    image = on_grid(noise((5, 20, 20), "int16"))
    twin = pixels(sitk.BinaryThreshold(image, -200, 700))
    assert np.array_equal(run("threshold.range", image, lower=-200, upper=700), twin)


def test_threshold_never_selects_nan() -> None:
    array = np.array([[np.nan, np.inf, -np.inf, 5.0]], np.float32)
    assert run("threshold.range", on_grid(array), lower=-1e30, upper=1e30).tolist() == [[0, 0, 0, 1]]
    with pytest.raises(Refused, match="above upper"):
        get("threshold.range").validate(lower=2, upper=1)


def brute_force(array: Any) -> Any:
    """Return the value t that maximises the variance between array <= t and array > t."""
    flat, best, chosen = array.ravel().astype(float), -1.0, None
    for value in np.unique(array)[:-1]:
        low, high = flat[flat <= float(value)], flat[flat > float(value)]
        between = low.size * high.size * (low.mean() - high.mean()) ** 2
        if between > best * (1 + 1e-12):
            best, chosen = between, value
    return chosen


@pytest.mark.parametrize("dtype", PIXEL_TYPES[:8])
def test_otsu_maximises_the_variance_between_the_classes(dtype: str) -> None:
    array = noise((3, 12, 14), dtype, seed=5)
    bright = run("threshold.otsu", on_grid(array))
    assert np.array_equal(bright, array > brute_force(array))
    assert np.array_equal(run("threshold.otsu", on_grid(array), side="below"), 1 - bright)


@pytest.mark.parametrize("seed", range(5))
def test_otsu_is_scikit_images_on_8_bits(seed: int) -> None:
    from skimage.filters import threshold_otsu

    generator = np.random.default_rng(seed)
    array = np.where(generator.random((40, 50)) < 0.3, generator.normal(170, 20, (40, 50)), 80 + 15 * seed)
    array = array.clip(0, 255).astype(np.uint8)
    assert np.array_equal(run("threshold.otsu", on_grid(array)), array > threshold_otsu(array))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_otsu_of_floats_separates_two_heaps(dtype: str) -> None:
    generator = np.random.default_rng(1)
    array = np.concatenate([generator.normal(0.001, 0.0001, 900), generator.normal(0.004, 0.0001, 300)])
    array = array.reshape(30, 40).astype(dtype)
    expected = array > 0.0025
    array[3, 4] = np.nan
    assert np.array_equal(run("threshold.otsu", on_grid(array)), expected & ~np.isnan(array))
    assert np.array_equal(run("threshold.otsu", on_grid(array), side="below"), ~expected & ~np.isnan(array))


def test_otsu_of_whole_numbers_spread_widely() -> None:
    array = np.array([[0, 5, 9, 2**31, 2**31 + 5, 2**31 + 9]], np.uint32)
    assert run("threshold.otsu", on_grid(array)).tolist() == [[0, 0, 0, 1, 1, 1]]


def test_otsu_of_one_value_and_of_colour_is_refused() -> None:
    with pytest.raises(Refused, match="two different values"):
        run("threshold.otsu", on_grid(np.full((4, 5), 3, np.int16)))
    with pytest.raises(Refused, match="colour"):
        run("threshold.range", on_grid(noise((4, 5, 3), "uint8"), colour=True))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_the_histogram_counts_every_value(dtype: str) -> None:
    array = noise((5, 9, 8), dtype)
    counted = histogram(on_grid(array), Context())
    assert counted.total == array.size and counted.counts[0] and counted.counts[-1]
    if array.dtype.kind in "iu":
        values, counts = np.unique(array, return_counts=True)
        used = np.flatnonzero(counted.counts)
        assert counted.exact and np.array_equal(counted.start + used, values)
        assert np.array_equal(counted.counts[used], counts)


def test_equal_maxima_take_the_lowest_split() -> None:
    assert otsu_split(np.array([3, 0, 0, 3])) == 0
    assert otsu_split(np.array([7])) is None
    assert otsu_split(np.zeros(4, int)) is None
