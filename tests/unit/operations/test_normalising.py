"""Z-score, percentiles, standard histogram, matching and N4 against numpy, scipy, scikit-image and known fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import stats
from skimage import exposure

from operation_images import PIXEL_TYPES, blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.order import quantiles

SHARES = (0.0, 0.013, 0.1, 0.25, 1 / 3, 0.5, 0.77, 0.999, 1.0)
PADDING = (-3024.0, -2000.0)


def run(id: str, *images: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(f"normalise.{id}").run(context or Context(), *images, **values))


def padded(dtype: str = "int16") -> tuple[Any, Any]:
    """Return an image with padding in a corner, and where the padding is not."""
    array = noise((5, 12, 13), dtype)
    array[:, :5, :6] = -3024
    return array, array != -3024


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 7, 11), (20, 3, 5)], ids=str)
def test_quantiles_are_numpys_bit_for_bit(shape: tuple[int, ...], dtype: str) -> None:
    for seed, shift in ((1, 0), (2, 0), (3, 2000)):  # the last: mostly one value
        array = np.maximum(noise(shape, "float64", seed=seed), shift * 1.0)
        array = array.clip(0, 255) if dtype in ("uint8", "uint16", "uint32", "uint64") else array
        array = (array.clip(-128, 127) if dtype == "int8" else array).astype(dtype)
        twin = np.quantile(array.astype(float), SHARES)
        assert np.array_equal(quantiles(on_grid(array), SHARES, None, Context()), twin)
        mask = blobs(shape, seed=seed) | (np.arange(array.size) == 0).reshape(shape).astype(np.uint8)
        twin = np.quantile(array[mask > 0].astype(float), SHARES)
        assert np.array_equal(quantiles(on_grid(array), SHARES, on_grid(mask), Context()), twin)


def test_quantiles_between_floats_are_rounded_as_numpys() -> None:
    array, shares = noise((3, 17, 19), "float64") / 7, np.linspace(0, 1, 997)
    assert np.array_equal(quantiles(on_grid(array), shares, None, Context()), np.quantile(array, shares))


def test_quantiles_of_extreme_patterns() -> None:
    for values in (
        np.array([2**63 - 1, -(2**63), 0, -1, 5], np.int64),
        np.array([2**64 - 1, 0, 2**63], np.uint64),
        np.array([-1e-300, 1e300, -0.0, 0.0, 5e-324, -1e308]),
        np.array([-7], np.int8),
        np.array([np.nan, 3.0, np.inf, -np.inf, -7.0], np.float32),
    ):
        finite = values[np.isfinite(values)].astype(float)
        twin = np.quantile(finite, SHARES)
        assert np.array_equal(quantiles(on_grid(values.reshape(1, 1, -1)), SHARES, None, Context()), twin)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_zscore_is_scipys(dtype: str) -> None:
    array, mask = noise((5, 12, 13), dtype), blobs((5, 12, 13))
    result = run("zscore", on_grid(array, "oblique"))
    np.testing.assert_allclose(result, stats.zscore(array.astype(float), axis=None), rtol=1e-5, atol=1e-6)
    inside = array[mask > 0].astype(float)
    masked = run("zscore", on_grid(array), on_grid(mask))
    np.testing.assert_allclose(masked, stats.zmap(array.astype(float), inside), rtol=1e-5, atol=1e-6)


def test_zscore_of_large_numbers_of_planes_and_of_one_value() -> None:
    array = noise((12, 13), "float64") / 1e6 + 1e9
    np.testing.assert_allclose(run("zscore", on_grid(array)), stats.zscore(array, axis=None), atol=1e-4)
    assert np.all(run("zscore", on_grid(np.full((3, 4), 7, np.uint8))) == 0)
    colour = noise((8, 9, 3), "uint8")
    np.testing.assert_allclose(run("zscore", on_grid(colour, colour=True)), stats.zscore(colour, axis=None), atol=1e-5)


@pytest.mark.parametrize("id", ["zscore", "percentiles"])
def test_nan_is_not_counted_and_stays_and_nothing_is_refused(id: str) -> None:
    array = noise((5, 12, 13), "float32")
    array[2, 3, 4], array[1, 1, 1] = np.nan, np.inf
    result = run(id, on_grid(array))
    clean = run(id, on_grid(array[np.isfinite(array)].reshape(1, 1, -1)))
    assert np.isnan(result[2, 3, 4]) and np.array_equal(result[np.isfinite(array)], clean.ravel())
    for image in (on_grid(array * np.nan), on_grid(array)):
        with pytest.raises(Refused, match="no value to count"):
            run(id, image, on_grid(np.zeros((5, 12, 13), np.uint8)))


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_padding_is_not_counted(dtype: str) -> None:
    array, valid = padded(dtype)
    reference = noise((4, 9, 10), "int16", seed=5)
    mask, context = blobs((5, 12, 13)), Context(padding=PADDING)
    alone = on_grid(array[valid].reshape(1, 1, -1))
    for id, more in (("zscore", ()), ("percentiles", ()), ("standard_histogram", (on_grid(reference),))):
        result = run(id, on_grid(array), *more, context=context)
        np.testing.assert_allclose(result[valid], run(id, alone, *more).ravel(), rtol=1e-6, atol=1e-6)
        assert result[~valid].max() <= result[valid].min()
    matched = run("match_histogram", on_grid(array), on_grid(reference), context=context)
    np.testing.assert_array_equal(matched[valid], run("match_histogram", alone, on_grid(reference)).ravel())
    inside = array[valid & (mask > 0)].astype(float)
    both = run("zscore", on_grid(array), on_grid(mask), context=context)
    np.testing.assert_allclose(both[valid], stats.zmap(array[valid].astype(float), inside), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize(("lower", "upper"), [(0.0, 100.0), (2.5, 90.0)])
def test_percentiles_are_numpys(dtype: str, lower: float, upper: float) -> None:
    array, mask = noise((5, 12, 13), dtype), blobs((5, 12, 13))
    for more, counted in ((), array), ((on_grid(mask),), array[mask > 0]):
        low, high = np.percentile(counted.astype(float), (lower, upper))
        exact = (array.astype(float) - low) / (high - low)
        values = {"lower": lower, "upper": upper}
        np.testing.assert_allclose(run("percentiles", on_grid(array), *more, **values, clip=False), exact, atol=1e-5)
        clipped = run("percentiles", on_grid(array), *more, **values)
        np.testing.assert_allclose(clipped, exact.clip(0, 1), atol=1e-5)
    with pytest.raises(Refused, match="below the upper"):
        get("normalise.percentiles").validate(lower=60, upper=40)
    assert np.all(run("percentiles", on_grid(np.full((3, 4), 7, np.uint8))) == 0)


def test_a_standard_histogram_undoes_any_rising_curve() -> None:
    reference = noise((8, 30, 31), "float32", seed=3)
    bent = np.exp(reference / 1500)
    result = run("standard_histogram", on_grid(bent), on_grid(reference, "oblique"), lower=0, upper=100, intervals=50)
    assert np.abs(result - reference).max() < 20  # of 4000: straight between fifty landmarks
    straight = run("standard_histogram", on_grid(reference * 3 - 70), on_grid(reference), intervals=1)
    assert np.allclose(straight, reference, atol=0.01)  # also beyond the outer landmarks


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_the_landmarks_come_to_lie_on_those_of_the_reference(dtype: str) -> None:
    array, reference = noise((6, 20, 21), dtype), noise((3, 15, 16), "int16", seed=7) * 2
    mask = blobs(array.shape)
    other = blobs(reference.shape, seed=9)
    result = run("standard_histogram", on_grid(array), on_grid(reference), on_grid(mask), on_grid(other))
    places = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99]
    own = np.percentile(array[mask > 0].astype(float), places)
    standard = np.percentile(reference[other > 0].astype(float), places)
    exact = np.interp(array.astype(float), own, standard)
    within = (array >= own[0]) & (array <= own[-1])
    np.testing.assert_allclose(result[within], exact[within], rtol=1e-5, atol=2e-3)
    high = array > own[-1]
    slope = (standard[-1] - standard[-2]) / (own[-1] - own[-2])
    np.testing.assert_allclose(result[high], standard[-1] + (array[high] - own[-1]) * slope, rtol=1e-5, atol=1e-2)


def test_landmarks_that_fall_together_do_no_harm() -> None:
    array = np.maximum(noise((5, 20, 20), "int16"), 800)  # almost half of it is one value
    result = run("standard_histogram", on_grid(array), on_grid(array + 100))
    assert np.allclose(result, array + 100.0, atol=1e-3)
    flat = on_grid(np.full((3, 4), 7, np.int16))
    assert np.all(run("standard_histogram", flat, on_grid(array[0])) == np.percentile(array[0], 1))


def test_images_that_do_not_fit_one_another_are_refused() -> None:
    image, wide = on_grid(noise((5, 6, 7))), on_grid(noise((5, 6, 8)))
    mask = on_grid(blobs((5, 6, 7)))
    for id in ("standard_histogram", "match_histogram"):
        with pytest.raises(Refused, match="same grid"):
            run(id, image, wide, on_grid(blobs((5, 6, 8))))
        with pytest.raises(Refused, match="same grid"):
            run(id, image, wide, mask, mask)
        with pytest.raises(Refused, match="colour"):
            run(id, image, on_grid(noise((6, 7, 3), "uint8"), colour=True))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_matching_is_scikit_images(dtype: str) -> None:
    array, reference = noise((5, 20, 21), dtype), noise((4, 9, 10), "int16", seed=4) // 3
    result = run("match_histogram", on_grid(array, "sheared"), on_grid(reference))
    twin = exposure.match_histograms(array.astype(float), reference.astype(float))
    assert np.abs(result - twin).max() <= (1e-3 if array.dtype.kind in "iu" else 10)  # of 1300: one rank of 2,100


def test_matching_counts_the_masks_only_and_each_channel_by_itself() -> None:
    array, reference = noise((5, 20, 21), "int16"), noise((4, 9, 10), "float32", seed=4)
    mask, other = blobs(array.shape), blobs(reference.shape, seed=8)
    result = run("match_histogram", on_grid(array), on_grid(reference), on_grid(mask), on_grid(other))
    twin = exposure.match_histograms(array[mask > 0].astype(float), reference[other > 0].astype(float))
    np.testing.assert_allclose(result[mask > 0], twin, atol=5)
    picture, model = noise((30, 31, 3), "uint8"), noise((12, 14, 3), "uint8", seed=6) // 2
    matched = run("match_histogram", on_grid(picture, colour=True), on_grid(model, colour=True))
    twin = exposure.match_histograms(picture.astype(float), model.astype(float), channel_axis=-1)
    np.testing.assert_allclose(matched, twin, atol=1e-3)
    within, beyond = blobs((30, 31)) > 0, np.ones((12, 14), np.uint8)
    masks = on_grid(within.astype(np.uint8)), on_grid(beyond)
    masked = run("match_histogram", on_grid(picture, colour=True), on_grid(model, colour=True), *masks)
    green = exposure.match_histograms(picture[within, 1].astype(float), model[..., 1].ravel().astype(float))
    np.testing.assert_allclose(masked[within, 1], green, atol=1e-3)


def test_matching_keeps_nan_and_ends_at_the_reference() -> None:
    array = noise((5, 20, 21), "float32")
    array[0, 0, :3] = np.nan, np.inf, -np.inf
    reference = noise((4, 9, 10), "int16", seed=4)
    result = run("match_histogram", on_grid(array), on_grid(reference))
    assert np.isnan(result[0, 0, 0]) and result[0, 0, 1] == reference.max() and result[0, 0, 2] == reference.min()
