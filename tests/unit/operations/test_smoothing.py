"""Gaussian, mean and median against scipy, SimpleITK and brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import PIXEL_TYPES, SPACING, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

SIGMAS = tuple(2.0 / length for length in reversed(SPACING))


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_gaussian_is_scipys_with_sigma_in_mm(dtype: str) -> None:
    array = noise((9, 21, 30), dtype)
    result = run("smoothing.gaussian", on_grid(array), sigma=2.0)
    exact = ndimage.gaussian_filter(array.astype(float), SIGMAS, mode="nearest", truncate=4)
    # half a grey level of rounding and the error of 32-bit floats
    assert np.abs(result - exact).max() <= (0.5 if array.dtype.kind in "iu" else 0) + 1e-3


def test_gaussian_of_one_voxel_has_the_stated_width_in_mm() -> None:
    array = np.zeros((61, 81, 81))
    array[30, 40, 40] = 1.0
    result = run("smoothing.gaussian", on_grid(array, spacing=(0.5, 0.8, 1.2)), sigma=2.5)
    assert result.sum() == pytest.approx(1, abs=1e-6)
    for axis, length in enumerate((1.2, 0.8, 0.5)):
        places = (np.arange(array.shape[axis]) - array.shape[axis] // 2) * length
        spread = result.sum(axis=tuple(k for k in range(3) if k != axis))
        assert np.sqrt((spread * places**2).sum()) == pytest.approx(2.5, rel=5e-3)  # cut at 4 sigma


def test_gaussian_of_zero_changes_nothing_and_of_miles_is_refused() -> None:
    array = noise((4, 5, 6), "float64")
    assert np.array_equal(run("smoothing.gaussian", on_grid(array), sigma=0.0), array)
    with pytest.raises(Refused, match="voxels here"):
        run("smoothing.gaussian", on_grid(array), sigma=1e5)


def test_gaussian_wider_than_the_image_folds_its_border() -> None:
    array = noise((5, 6, 7), "float64")
    result = run("smoothing.gaussian", on_grid(array), sigma=40.0)
    exact = ndimage.gaussian_filter(array, [40 / s for s in reversed(SPACING)], mode="nearest", truncate=4)
    assert np.allclose(result, exact, rtol=1e-9)


def test_gaussian_spreads_nan_exactly_as_far_as_its_kernel() -> None:
    array = noise((5, 40, 50), "float32")
    array[2, 20, 25] = np.nan
    result = run("smoothing.gaussian", on_grid(array, spacing=(1, 1, 1)), sigma=1.0)
    hit = np.argwhere(np.isnan(result))
    assert hit.min(axis=0).tolist() == [0, 16, 21] and hit.max(axis=0).tolist() == [4, 24, 29]
    clean = np.where(np.isnan(array), 0, array).astype(float)
    exact = ndimage.gaussian_filter(clean, 1.0, mode="nearest", truncate=4)
    far = ~np.isnan(result)
    assert np.allclose(result[far], exact[far], atol=1e-3)


def test_gaussian_of_a_large_slice_in_strips_and_blocks_is_seamless() -> None:
    array = noise((3, 700, 900), "int16")
    result = run("smoothing.gaussian", on_grid(array, spacing=(1, 1, 1)), sigma=3.0)
    exact = ndimage.gaussian_filter(array.astype(float), 3.0, mode="nearest", truncate=4)
    assert np.abs(result - exact).max() <= 0.501


def test_gaussian_smooths_each_colour_by_itself() -> None:
    array = noise((20, 25, 3), "uint8")
    result = run("smoothing.gaussian", on_grid(array, colour=True), sigma=1.4)
    for c in range(3):
        alone = run("smoothing.gaussian", on_grid(array[..., c]), sigma=1.4)
        assert np.abs(result[..., c].astype(int) - alone).max() <= 1


@pytest.mark.parametrize("radius", [0, 1, 2, 9])
def test_mean_is_scipys(radius: int) -> None:
    array = noise((7, 12, 15), "int16")
    exact = ndimage.uniform_filter(array.astype(float), 2 * radius + 1, mode="nearest")
    assert np.abs(run("smoothing.mean", on_grid(array), radius=radius) - exact).max() <= 0.5 + 1e-3


def test_mean_is_simpleitks_for_floats() -> None:
    array = noise((7, 12, 15), "float32")
    twin = pixels(sitk.Mean(on_grid(array), [2, 2, 2]))
    assert np.allclose(run("smoothing.mean", on_grid(array), radius=2), twin, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("shape", [(7, 12, 15), (1, 12, 15), (12, 15), (2, 3, 4), (5, 1, 40)], ids=str)
def test_median_is_scipys(shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    for radius in (0, 1, 2):
        exact = ndimage.median_filter(array, 2 * radius + 1, mode="nearest")
        assert np.array_equal(run("smoothing.median", on_grid(array), radius=radius), exact)


def test_median_of_a_large_box_is_simpleitks() -> None:
    array = noise((9, 14, 12), "int16")
    twin = pixels(sitk.Median(on_grid(array), [4, 4, 4]))
    assert np.array_equal(run("smoothing.median", on_grid(array), radius=4), twin)
    colour = noise((14, 12, 3), "uint8")
    result = run("smoothing.median", on_grid(colour, colour=True), radius=9)
    assert np.array_equal(result[..., 1], ndimage.median_filter(colour[..., 1], 19, mode="nearest"))


def test_median_of_many_tiles_is_seamless() -> None:
    array = noise((3, 300, 1500), "uint16")
    result = run("smoothing.median", on_grid(array), radius=1)
    assert np.array_equal(result, ndimage.median_filter(array, 3, mode="nearest"))


def test_median_of_infinities_is_still_the_middle() -> None:
    array = noise((4, 6, 6), "float32")
    array[1, 2, 2], array[2, 3, 3], array[2, 3, 4] = np.inf, -np.inf, np.inf
    result = run("smoothing.median", on_grid(array), radius=1)
    padded = np.pad(array, 1, mode="edge")
    for z, y, x in itertools.product(range(4), range(6), range(6)):
        assert result[z, y, x] == np.median(padded[z : z + 3, y : y + 3, x : x + 3])
