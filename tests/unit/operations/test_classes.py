"""Multi-Otsu, k-means and mixtures against brute force, SimpleITK, scikit-image and known mixtures."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.cluster import vq
from skimage import filters

from operation_images import noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.classes import best_splits, counted, mixture, settled
from pellucid.operations.engines.histogram import histogram, without_padding


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(id).run(context or Context(), image, **values))


def hills(dtype: str = "uint8", places: tuple[float, ...] = (40, 100, 180), shape: Any = (5, 30, 40)) -> Any:
    """Return values around a few means, and to which of them each belongs."""
    generator = np.random.default_rng(5)
    which = generator.integers(0, len(places), shape)
    return (np.array(places)[which] + generator.normal(0, 9, shape)).astype(dtype), which


def within(counts: Any, splits: tuple[int, ...]) -> float:
    """Return the squared distances from the means of the classes, by its definition."""
    total, bins = 0.0, np.arange(len(counts))
    for first, last in itertools.pairwise((-1, *splits, len(counts) - 1)):
        weights, places = counts[first + 1 : last + 1], bins[first + 1 : last + 1]
        if weights.sum() == 0:
            return np.inf
        total += float(weights @ (places - weights @ places / weights.sum()) ** 2)
    return total


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_the_splits_are_the_best_of_all(classes: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 9, 24) * (np.random.default_rng(seed + 9).random(24) > 0.3)
    every = [within(counts, cuts) for cuts in itertools.combinations(range(23), classes - 1)]
    assert within(counts, tuple(best_splits(counts, classes))) == pytest.approx(min(every), rel=1e-9)


@pytest.mark.parametrize("thresholds", [1, 2, 3])
def test_multi_otsu_is_that_of_the_libraries(thresholds: int) -> None:
    array, _ = hills(places=(30, 80, 140, 210))
    found = run("threshold.multi_otsu", on_grid(array, "oblique"), thresholds=thresholds)
    twin = np.digitize(array, filters.threshold_multiotsu(array, thresholds + 1), right=True)
    assert np.array_equal(found, twin)
    filter = sitk.OtsuMultipleThresholdsImageFilter()
    filter.SetNumberOfThresholds(thresholds)
    filter.SetNumberOfHistogramBins(256)
    assert np.mean(found == pixels(filter.Execute(on_grid(array)))) > 0.99
    every = run("threshold.multi_otsu", on_grid(array), thresholds=thresholds, background=False)
    assert np.array_equal(every, twin + 1)


def test_the_thresholds_are_said() -> None:
    said: list[str] = []
    array, _ = hills()
    found = run("threshold.multi_otsu", on_grid(array), Context(remark=said.append))
    cuts = [float(word) for word in said[0].removeprefix("Thresholds: ").removesuffix(".").split(", ")]
    assert len(cuts) == 2 and np.array_equal(found, np.digitize(array, cuts))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64", "int64"])
def test_kmeans_of_one_value_finds_the_hills_in_any_type(dtype: str) -> None:
    array, which = hills("int32")
    scaled = array * (1 if dtype in ("uint8", "int16") else 300)
    found = run("clusters.kmeans", on_grid(scaled.clip(0, None).astype(dtype)), classes=3)
    assert np.mean(found == which) > 0.999


def test_many_bins_are_settled_at_the_nearest_means() -> None:
    array, _ = hills("uint16", places=(5000, 20000, 61000))
    values = array.ravel().astype(int) + np.arange(array.size) % 3000
    counts = np.bincount(values, minlength=66000)
    splits = best_splits(counts, 3)
    assert np.count_nonzero(counts) > 512 and settled(counts, splits) == splits
    centres, _ = vq.kmeans(values.astype(float), np.array([5e3, 2e4, 6e4]))
    middle = (np.sort(centres)[1:] + np.sort(centres)[:-1]) / 2
    assert within(counts, tuple(splits)) == pytest.approx(within(counts, tuple(int(m) for m in middle)), rel=1e-9)


def test_kmeans_of_colour_groups_colours_and_orders_them_by_brightness() -> None:
    generator = np.random.default_rng(3)
    colours = np.array([[200, 30, 30], [20, 20, 90], [240, 240, 230], [30, 120, 30]])
    which = generator.integers(0, 4, (30, 40))
    array = (colours[which] + generator.normal(0, 6, (30, 40, 3))).clip(0, 255).astype(np.uint8)
    rank = np.argsort(np.argsort(colours.sum(axis=1)))
    assert np.array_equal(run("clusters.kmeans", on_grid(array, colour=True), classes=4), rank[which])
    again = run("clusters.kmeans", on_grid(array, colour=True), classes=4, seed=5, background=False)
    assert np.array_equal(again, rank[which] + 1)
    centres, _ = vq.kmeans(array.reshape(-1, 3).astype(float), colours.astype(float))
    nearest = vq.vq(array.reshape(-1, 3).astype(float), centres)[0].reshape(30, 40)
    assert np.array_equal(rank[nearest], rank[which])


def test_mixture_finds_the_gaussians_it_is_made_of() -> None:
    generator = np.random.default_rng(11)
    parts = [(200, 10, 8000), (260, 40, 20000), (500, 25, 6000)]
    values = np.concatenate([generator.normal(mean, deviation, n) for mean, deviation, n in parts])
    low, _, counts = counted(np.rint(values).astype(np.int16), None)
    means, deviations, shares = mixture(counts, 3)
    assert means + low == pytest.approx([200, 260, 500], abs=3)
    assert deviations == pytest.approx([10, 40, 25], rel=0.06)
    assert shares == pytest.approx([8 / 34, 20 / 34, 6 / 34], abs=0.02)
    image = on_grid(np.rint(values).astype(np.int16).reshape(10, 40, 85))
    found = run("clusters.mixture", image, classes=3).ravel()
    density = np.stack([n / s * np.exp(-(((np.rint(values) - m) / s) ** 2) / 2) for m, s, n in parts])
    assert np.mean(found == density.argmax(axis=0)) > 0.98
    assert set(found[values < 150].tolist()) == {1}  # the wide Gaussian is the likelier one on both sides


@pytest.mark.parametrize("id", ["threshold.multi_otsu", "clusters.kmeans", "clusters.mixture"])
def test_padding_nan_and_too_few_values(id: str) -> None:
    array, _ = hills("float32")
    holed = array.copy()
    holed[:, :5], holed[:, 5:9] = np.nan, -3000
    found = run(id, on_grid(holed), Context(padding=(-3000, -3000)), background=False)
    assert not found[:, :9].any() and found[:, 9:].min() == 1
    assert np.array_equal(found[:, 9:], run(id, on_grid(np.ascontiguousarray(holed[:, 9:])), background=False))
    with pytest.raises(Refused, match="the image has 2"):
        run(id, on_grid((array > 100).astype(np.int16)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "int64", "float32", "float64"])
def test_scripts_count_as_operations_do(dtype: str) -> None:
    array = noise((4, 20, 21), dtype)
    if dtype == "int64":
        array *= 10**6
    for padding in (None, (-1000.0, 100.0)):
        ours = without_padding(histogram(on_grid(array), Context()), padding)
        low, step, counts = counted(array, padding)
        assert (ours.start, ours.step) == (low, step) and np.array_equal(ours.counts, counts)
