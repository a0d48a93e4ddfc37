"""Automatic, hysteresis and local thresholds against SimpleITK, scikit-image and plain formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from skimage import filters

from operation_images import noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.thresholds_automatic import METHODS


def run(id: str, *images: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(id).run(context or Context(), *images, **values))


def two_classes(dtype: str, shape: tuple[int, ...] = (6, 40, 50)) -> Any:
    """Return a bright ball on an uneven ground."""
    generator = np.random.default_rng(7)
    places = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    ball = sum(place**2 for place in places) < 0.5
    values = generator.normal(60, 12, shape) + ball * generator.normal(90, 15, shape)
    return values.clip(0, 255).astype(dtype)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_the_mask_is_that_of_the_filter_of_the_same_name(method: str, dtype: str) -> None:
    image = on_grid(two_classes(dtype), "oblique")
    filter = getattr(sitk, f"{method}ThresholdImageFilter")()
    filter.SetNumberOfHistogramBins(200)
    filter.SetInsideValue(0)
    filter.SetOutsideValue(1)
    expected = pixels(filter.Execute(image))
    assert 0 < expected.mean() < 1
    assert np.array_equal(run("threshold.automatic", image, method=method, bins=200), expected)
    assert np.array_equal(run("threshold.automatic", image, method=method, bins=200, side="below"), 1 - expected)


TWINS = {
    "Otsu": filters.threshold_otsu,
    "Li": filters.threshold_li,
    "Yen": filters.threshold_yen,
    "IsoData": filters.threshold_isodata,
    "Triangle": filters.threshold_triangle,
    "Intermodes": filters.threshold_minimum,
}


@pytest.mark.parametrize("method", TWINS)
def test_scikit_image_finds_about_the_same(method: str) -> None:
    array = two_classes("uint8")
    said: list[str] = []
    run("threshold.automatic", on_grid(array), method=method, context=Context(remark=said.append))
    assert said and said[0].startswith("Threshold: ")
    found = float(said[0].removeprefix("Threshold: ").removesuffix("."))
    tolerance = 12 if method == "Intermodes" else 3
    assert abs(found - TWINS[method](array)) <= tolerance


def test_a_histogram_without_an_answer_is_told_in_a_sentence() -> None:
    peaks = np.random.default_rng(0).normal(100, 10, (12, 40, 50))
    peaks[:3] += 300
    peaks[3] += 730
    with pytest.raises(Refused, match=r"^Intermodes finds no threshold .* Choose another method\.$"):
        run("threshold.automatic", on_grid(peaks.astype(np.float32)), method="Intermodes")


def test_padding_and_nan_are_not_counted_and_padding_is_not_dark() -> None:
    array = two_classes("int16")
    padded = array.copy()
    padded[:, :, :20] = -2000
    context = Context(padding=(-2000, -2000))
    for side in ("above", "below"):
        expected = run("threshold.automatic", on_grid(array[:, :, 20:]), side=side)
        found = run("threshold.automatic", on_grid(padded), side=side, context=context)
        assert np.array_equal(found[:, :, 20:], expected) and not found[:, :, :20].any()
    holed = array.astype(np.float32)
    holed[:, :20] = np.nan
    found = run("threshold.automatic", on_grid(holed), method="Triangle", side="below")
    rest = run("threshold.automatic", on_grid(holed[:, 20:]), method="Triangle", side="below")
    assert np.array_equal(found[:, 20:], rest) and not found[:, :20].any()


def test_one_value_is_refused() -> None:
    with pytest.raises(Refused, match="two different values"):
        run("threshold.automatic", on_grid(np.full((3, 4, 5), 7, np.int16)))


@pytest.mark.parametrize("direction", ["straight", "oblique"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_hysteresis_is_that_of_scikit_image(dtype: str, direction: str) -> None:
    array = noise((9, 30, 31), dtype)
    low, high = np.quantile(array, [0.72, 0.985])
    found = run("threshold.hysteresis", on_grid(array, direction), low=float(low) + 0.25, high=float(high) + 0.25)
    expected = filters.apply_hysteresis_threshold(array, float(low) + 0.25, float(high) + 0.25)
    assert np.array_equal(found, expected) and expected.any() and expected.sum() < (array > low).sum()
    dark = run("threshold.hysteresis", on_grid(-array.astype(np.float64)), low=-float(high) - 0.25,
               high=-float(low) - 0.25, side="below")  # fmt: skip
    assert np.array_equal(dark, expected)


def test_hysteresis_takes_corners_and_equal_values_into_account() -> None:
    array = np.array([[[0, 0, 0, 0], [0, 9, 0, 0], [0, 0, 5, 5], [0, 0, 0, 0], [5, 0, 0, 0]]], np.int16)
    faces = run("threshold.hysteresis", on_grid(array), low=5, high=9)
    corners = run("threshold.hysteresis", on_grid(array), low=5, high=9, connectivity="corners")
    assert faces.sum() == 1 and corners.sum() == 3 and corners[0, 4, 0] == 0
    assert run("threshold.hysteresis", on_grid(array[0]), low=5, high=9).shape == (5, 4)
    with pytest.raises(Refused, match="must not be above"):
        run("threshold.hysteresis", on_grid(array), low=6, high=5)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
@pytest.mark.parametrize("planar", [False, True])
def test_local_thresholds_are_those_of_scikit_image(dtype: str, planar: bool) -> None:
    array = noise((20, 30) if planar else (9, 20, 30), dtype)
    spacing = (2.0, 3.0, 4.0)
    size = [3, 5, 7][3 - array.ndim:]  # a window of 11 mm: half of it is 1, 2 and 3 voxels
    image = on_grid(array, spacing=spacing)
    inner = tuple(slice(n // 2, -(n // 2)) for n in size)  # the border is treated in another way
    low, span = float(array.min()), float(np.ptp(array.astype(float)))
    shifted = array.astype(np.float64) - low
    expected = {
        "mean": array > filters.threshold_local(array.astype(float), size, "mean", offset=0.5),
        "niblack": array > filters.threshold_niblack(array.astype(float), size, k=0.2),
        "sauvola": shifted > filters.threshold_sauvola(shifted, size, k=0.2, r=span / 2),
    }
    for method, mask in expected.items():
        found = run("threshold.local", image, method=method, window=11.0, offset=0.5, k=0.2)
        same = np.mean(found[inner] == mask[inner])
        assert same > (0.999 if method == "mean" else 0.995), (method, same)


def test_a_gaussian_window_is_six_standard_deviations() -> None:
    from scipy import ndimage

    array = noise((8, 25, 26), "int16")
    mean = ndimage.gaussian_filter(array.astype(float), [12 / 6 / s for s in (2.5, 0.9, 0.7)], mode="nearest")
    found = run("threshold.local", on_grid(array, "oblique"), method="gaussian", window=12.0, offset=3.0)
    assert np.mean(found != (array > mean - 3)) < 1e-3
    below = run("threshold.local", on_grid(array, "oblique"), method="gaussian", window=12.0, offset=3.0, side="below")
    assert np.array_equal(found, 1 - below)


def test_uneven_light_does_not_matter() -> None:
    y, x = np.mgrid[0:60, 0:80]
    spots = ((y % 12 - 6) ** 2 + (x % 12 - 6) ** 2 < 9).astype(float)
    image = on_grid((spots * 20 + x * 3).astype(np.float32), spacing=(1.0, 1.0, 1.0))
    found = run("threshold.local", image, window=15.0, offset=-5.0)
    assert np.array_equal(found[8:-8, 8:-8], spots[8:-8, 8:-8])
    assert not np.array_equal(run("threshold.otsu", image)[8:-8, 8:-8], spots[8:-8, 8:-8])


def test_nan_is_never_selected_by_a_local_threshold() -> None:
    array = noise((4, 20, 20), "float32")
    array[2, 10, 10] = np.nan
    for side in ("above", "below"):
        found = run("threshold.local", on_grid(array), window=3.0, side=side)
        assert found[2, 10, 10] == 0 and found[2, 0:4].any()
