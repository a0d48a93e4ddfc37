"""Noise has the distribution it says it has, and is the same for every part, number of cores and seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import stats

from operation_images import noise, on_grid, pixels
from pellucid.operations import Context, get
from pellucid.operations.preview import preview_slice

MAKERS = ("noise.gaussian", "noise.poisson", "noise.salt_and_pepper", "noise.speckle")


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(id).run(context or Context(), image, **values))


def flat(value: float, dtype: str = "float32", shape: Any = (6, 60, 70)) -> sitk.Image:
    return on_grid(np.full(shape, value, dtype))


@pytest.mark.parametrize(
    ("dtype", "shape"), [("float32", (6, 60, 70)), ("float64", (1, 90, 90)), ("float32", (90, 90))]
)
def test_gaussian_noise_is_normal(dtype: str, shape: tuple[int, ...]) -> None:
    added = run("noise.gaussian", flat(500.0, dtype, shape), sd=25.0, seed=7).astype(float) - 500
    assert stats.kstest(added.ravel() / 25.0, "norm").pvalue > 0.01
    assert added.std() == pytest.approx(25, rel=0.03) and abs(added.mean()) < 4 * 25 / np.sqrt(added.size)


def test_neighbours_slices_and_channels_have_noise_of_their_own() -> None:
    added = run("noise.gaussian", flat(0.0), sd=1.0, seed=7)
    for one, other in ((added[1:], added[:-1]), (added[:, 1:], added[:, :-1]), (added[..., 1:], added[..., :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.03
    colour = on_grid(np.full((80, 90, 3), 128, "uint8"), colour=True)
    added = run("noise.gaussian", colour, sd=10.0, seed=7).reshape(-1, 3).astype(float) - 128
    assert np.abs(np.corrcoef(added.T) - np.eye(3)).max() < 0.05
    first, second = (run("noise.gaussian", flat(0.0), sd=1.0, seed=seed) for seed in (7, 8))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def test_whole_numbers_are_rounded_and_cut_with_a_remark() -> None:
    added = run("noise.gaussian", flat(1000, "int16"), sd=5.0).astype(float) - 1000
    assert added.std() == pytest.approx(np.sqrt(25 + 1 / 12), rel=0.02)
    said: list[str] = []
    result = run("noise.gaussian", flat(250, "uint8"), Context(remark=said.append), sd=10.0)
    assert result.max() == 255 and result.min() > 180 and len(said) == 1 and "uint8" in said[0]
    run("noise.gaussian", flat(128, "uint8"), Context(remark=said.append), sd=10.0)
    assert len(said) == 1


def test_poisson_noise_counts_photons() -> None:
    for value, photons, zero in ((3.0, 1.0, 0.0), (240.0, 0.05, -60.0), (7.5, 40.0, 5.0)):
        result = run("noise.poisson", flat(value, "float64"), photons=photons, zero=zero, seed=5)
        counts = (result - zero) * photons
        assert np.allclose(counts, np.rint(counts), atol=1e-9)
        mean = (value - zero) * photons
        bins = np.arange(int(stats.poisson.ppf(0.999, mean)) + 1)
        seen = np.array([np.sum(np.rint(counts) == k) for k in bins])
        expected = stats.poisson.pmf(bins, mean) * counts.size
        seen, expected = np.append(seen, counts.size - seen.sum()), np.append(expected, counts.size - expected.sum())
        kept = expected > 5
        chi = float((((seen - expected) ** 2) / expected)[kept].sum())
        assert stats.chi2.sf(chi, kept.sum() - 1) > 0.01
        assert result.var() == pytest.approx((value - zero) / photons, rel=0.05)


def test_poisson_leaves_what_has_no_photons() -> None:
    array = np.array([[-5.0, 0.0, 2.0, np.nan, np.inf, 1e300] * 20] * 20)
    result = run("noise.poisson", on_grid(array), zero=2.0)
    assert np.array_equal(result, array, equal_nan=True)


@pytest.mark.parametrize(("amount", "salt"), [(5.0, 50.0), (30.0, 10.0), (60.0, 100.0), (0.0, 50.0), (100.0, 0.0)])
def test_salt_and_pepper_have_their_shares(amount: float, salt: float) -> None:
    array = noise((5, 90, 100), "int16").clip(-500, 2000)
    array[0, 0, 0], array[4, 50, 50] = -900, 2900
    result = run("noise.salt_and_pepper", on_grid(array), amount=amount, salt=salt, seed=11)
    for value, share in ((2900, amount / 100 * salt / 100), (-900, amount / 100 * (1 - salt / 100))):
        hits = int(np.sum(result == value)) - 1
        assert abs(hits - share * array.size) <= 4 * np.sqrt(array.size * share * (1 - share)) + 1
    untouched = (result != 2900) & (result != -900)
    assert np.array_equal(result[untouched], array[untouched])


def test_salt_whitens_all_channels_of_a_voxel_together() -> None:
    colour = noise((60, 70, 3), "uint8").clip(1, 254)
    colour[0, 0] = (0, 1, 255)
    result = run("noise.salt_and_pepper", on_grid(colour, colour=True), amount=40.0)
    changed = (result != colour).any(axis=-1)
    assert changed.mean() == pytest.approx(0.4, abs=0.03)
    assert set(map(tuple, result[changed].tolist())) == {(0, 0, 0), (255, 255, 255)}


def test_speckle_grows_with_the_value() -> None:
    array = np.full((4, 60, 70), 100.0, "float32")
    array[:, 30:], array[:, :, 60:] = -400.0, 0.0
    result = run("noise.speckle", on_grid(array), sd=20.0, seed=2).astype(float)
    assert np.array_equal(result[:, :, 60:], array[:, :, 60:])
    for value, part in ((100.0, result[:, :30, :60]), (-400.0, result[:, 30:, :60])):
        assert stats.kstest((part.ravel() / value - 1) / 0.2, "norm").pvalue > 0.01


@pytest.mark.parametrize("id", MAKERS)
def test_cores_pieces_and_previews_do_not_matter_but_the_seed_does(id: str) -> None:
    image = on_grid(noise((5, 300, 1000), "int16"))
    result = run(id, image, Context(threads=1), seed=9)
    assert np.array_equal(result, run(id, image, Context(threads=4), seed=9))
    assert np.array_equal(preview_slice(get(id), image, 2, 3, {"seed": 9}), result[3])
    assert np.array_equal(preview_slice(get(id), image, 1, 270, {"seed": 9}), result[:, 270])
    assert np.array_equal(preview_slice(get(id), image, 0, 999, {"seed": 9}), result[..., 999])
    assert not np.array_equal(result, run(id, image, seed=10))


@pytest.mark.parametrize("id", MAKERS)
def test_padding_stays_as_it_is(id: str) -> None:
    array = noise((3, 40, 50), "int16").clip(-800, 2000)
    array[:, :, :10] = -2000
    result = run(id, on_grid(array), Context(padding=(-2000.0, -2000.0)), seed=1)
    assert np.array_equal(result[:, :, :10], array[:, :, :10])
    assert np.mean(result[:, :, 10:] != array[:, :, 10:]) > 0.03 and result[:, :, 10:].min() > -1900
