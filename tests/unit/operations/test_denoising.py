"""Bilateral filter, non-local means, total variation and Wiener filter against formulas, scipy and scikit-image."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage, signal
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from operation_images import PIXEL_TYPES, SPACING, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.preview import preview_slice

ALL = ("bilateral", "non_local_means", "total_variation", "wiener")


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(f"denoising.{id}").run(context or Context(), image, **values))


def steps_with_noise(shape: tuple[int, ...], sd: float, dtype: str = "float32") -> tuple[Any, Any]:
    clean = np.zeros(shape, dtype)
    clean[..., shape[-1] // 2 :] = 300
    return clean, clean + np.random.default_rng(4).normal(0, sd, shape).astype(dtype)


def shifts(array: Any, far: list[int]) -> Any:
    """Yield each offset up to a distance along the first axes, and the array moved by it, its border repeated."""
    padded = np.pad(array.astype(float), [(n, n) for n in far] + [(0, 0)] * (array.ndim - len(far)), mode="edge")
    for offset in itertools.product(*(range(-n, n + 1) for n in far)):
        starts = [n + o for n, o in zip(far, offset, strict=True)]
        yield offset, padded[tuple(slice(s, s + n) for s, n in zip(starts, array.shape, strict=False))]


def bilateral_by_hand(array: Any, spacing: tuple[float, ...], sigma: float, contrast: float) -> Any:
    """Sum over the neighbours one after the other; channels, if any, are the last axis."""
    total, weights = np.zeros(array.shape), np.zeros(array.shape)
    for offset, moved in shifts(array, [int(3 * sigma / step) for step in reversed(spacing)]):
        mm = np.linalg.norm([o * h for o, h in zip(offset, reversed(spacing), strict=True)])
        if mm <= 3 * sigma:
            apart = (moved - array.astype(float)) ** 2
            if array.ndim > len(spacing):
                apart = apart.sum(axis=-1, keepdims=True)
            weight = np.exp(-(mm**2) / (2 * sigma**2) - apart / (2 * contrast**2))
            total, weights = total + weight * moved, weights + weight
    return total / weights


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float64", "uint32"])
def test_bilateral_is_the_formula_in_mm(dtype: str) -> None:
    array = noise((4, 6, 7), dtype)
    exact = bilateral_by_hand(array, SPACING, 0.85, 150.0)
    result = run("bilateral", on_grid(array, "oblique"), sigma=0.85, contrast=150.0)
    assert np.abs(result - exact).max() <= (0.501 if array.dtype.kind in "iu" else 1e-6)
    plane = noise((6, 7), dtype)
    exact = bilateral_by_hand(plane, SPACING[:2], 0.85, 150.0)
    for flat in (on_grid(plane), on_grid(plane[np.newaxis])):
        assert np.abs(run("bilateral", flat, sigma=0.85, contrast=150.0) - exact).max() <= 0.501


def test_bilateral_compares_colours_as_a_whole() -> None:
    array = noise((7, 8, 3), "uint8")
    exact = bilateral_by_hand(array, SPACING[:2], 1.1, 60.0)
    assert np.abs(run("bilateral", on_grid(array, colour=True), sigma=1.1, contrast=60.0) - exact).max() <= 0.501


def test_bilateral_of_any_contrast_is_a_gaussian() -> None:
    array = noise((9, 21, 30), "float64")
    smooth = ndimage.gaussian_filter(array, [1.0 / s for s in reversed(SPACING)], mode="nearest", truncate=3)
    assert np.abs(run("bilateral", on_grid(array), sigma=1.0, contrast=1e9) - smooth).max() < 0.03 * np.ptp(array)
    assert np.allclose(run("bilateral", on_grid(array), sigma=1.0, contrast=1e-6), array, atol=1e-6)


def test_bilateral_is_nearly_simpleitks_and_keeps_steps() -> None:
    clean, noisy = steps_with_noise((9, 30, 40), 15)
    image = on_grid(noisy, spacing=(1, 1, 1.5))
    result = run("bilateral", image, sigma=1.5, contrast=60.0)
    assert np.abs(result - pixels(sitk.Bilateral(image, 1.5, 60.0))).mean() < 1.0
    assert np.abs(result - clean).mean() < 0.3 * np.abs(noisy - clean).mean()


def test_a_sigma_of_many_voxels_is_refused() -> None:
    with pytest.raises(Refused, match="too many neighbours"):
        run("bilateral", on_grid(noise((60, 60, 60), "uint8"), spacing=(1, 1, 1)), sigma=10.0)


def patches_by_hand(array: Any, axes: int, patch: int, distance: int, sd: float, h: float) -> Any:
    """Sum over the search window; the first ``axes`` axes are those of space, any other holds channels."""
    padded = np.pad(array.astype(float), [(patch, patch)] * axes + [(0, 0)] * (array.ndim - axes), mode="edge")
    cut = (slice(patch, -patch),) * axes
    total, weights = np.zeros(array.shape), np.zeros(array.shape)
    wide = np.pad(array.astype(float), [(patch + distance,) * 2] * axes + [(0, 0)] * (array.ndim - axes), mode="edge")
    for offset in itertools.product(range(2 * distance + 1), repeat=axes):
        moved = wide[tuple(slice(o, o + n) for o, n in zip(offset, padded.shape, strict=False))]
        apart = ndimage.uniform_filter((moved - padded) ** 2, 2 * patch + 1, axes=tuple(range(axes)))[cut]
        if array.ndim > axes:
            apart = apart.mean(axis=-1, keepdims=True)
        weight = np.exp(-np.maximum(apart - 2 * sd**2, 0) / h**2)
        total, weights = total + weight * moved[cut], weights + weight
    return total / weights


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float64", "uint32"])
def test_non_local_means_is_the_formula(dtype: str) -> None:
    array = noise((4, 9, 10), dtype)
    for values in ({"patch": 1, "distance": 2}, {"patch": 3, "distance": 3}):
        result = run("non_local_means", on_grid(array), sd=90.0, strength=2.0, **values)
        for plane, made in zip(array, result, strict=True):
            assert np.abs(made - patches_by_hand(plane, 2, sd=90.0, h=180.0, **values)).max() <= 0.51
    exact = patches_by_hand(array, 3, 1, 2, 90.0, 180.0)
    result = run("non_local_means", on_grid(array), sd=90.0, strength=2.0, patch=1, distance=2, span="volume")
    assert np.abs(result - exact).max() <= 0.51


@pytest.mark.parametrize(("shape", "distance"), [((60, 64), 5), ((14, 19, 20), 3)], ids=str)
def test_non_local_means_is_nearly_scikit_images(shape: tuple[int, ...], distance: int) -> None:
    clean, noisy = steps_with_noise(shape, 20, "float64")
    ours = run("non_local_means", on_grid(noisy), sd=20.0, distance=distance, span="volume")
    theirs = denoise_nl_means(noisy, 5, distance, 16.0, sigma=20.0, fast_mode=True)  # patches of 4 voxels in truth
    inner = (slice(4, -4),) * len(shape)
    assert np.abs(ours - theirs)[inner].mean() < 0.06 * 20
    left, start = (np.abs(one - clean).mean() for one in (ours, noisy))
    assert left < 0.2 * start and left < 1.3 * np.abs(theirs - clean).mean()


def test_non_local_means_estimates_the_noise_and_keeps_steps() -> None:
    clean, noisy = steps_with_noise((4, 60, 64), 20)
    estimated = get("noise.estimate").run(Context(), on_grid(noisy))["noise"]
    result = run("non_local_means", on_grid(noisy))
    assert np.array_equal(result, run("non_local_means", on_grid(noisy), sd=estimated))
    assert np.abs(result - clean).mean() < 0.35 * np.abs(noisy - clean).mean()
    assert np.array_equal(run("non_local_means", on_grid(clean)), clean)


def test_non_local_means_compares_colours_as_a_whole() -> None:
    array = noise((20, 21, 3), "uint8")
    exact = patches_by_hand(array, 2, 1, 3, 30.0, 45.0)
    result = run("non_local_means", on_grid(array, colour=True), sd=30.0, strength=1.5, patch=1, distance=3)
    assert np.abs(result - exact).max() <= 0.51


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_total_variation_is_scikit_images(dtype: str) -> None:
    array = noise((6, 17, 19), dtype)
    floating = array.astype("float32" if array.dtype.itemsize <= 2 or dtype == "float32" else "float64")
    for iterations in (1, 2, 9):
        exact = denoise_tv_chambolle(floating, 90.0, eps=0, max_num_iter=iterations)
        result = run("total_variation", on_grid(array), weight=90.0, iterations=iterations, span="volume")
        assert np.array_equal(result, np.rint(exact).astype(dtype) if array.dtype.kind in "iu" else exact)
        plane = denoise_tv_chambolle(floating[2], 90.0, eps=0, max_num_iter=iterations)
        result = run("total_variation", on_grid(array), weight=90.0, iterations=iterations)[2]
        assert np.array_equal(result, np.rint(plane).astype(dtype) if array.dtype.kind in "iu" else plane)


def test_total_variation_of_planes_and_colours() -> None:
    colour = noise((20, 21, 3), "float32")
    exact = denoise_tv_chambolle(colour, 90.0, eps=0, max_num_iter=7, channel_axis=-1)
    assert np.array_equal(run("total_variation", on_grid(colour, colour=True), weight=90.0, iterations=7), exact)
    plane = colour[..., 0]
    for flat in (on_grid(plane), on_grid(plane[np.newaxis])):
        made = run("total_variation", flat, weight=90.0, iterations=7, span="volume")
        assert np.array_equal(np.squeeze(made), exact[..., 0])


def test_total_variation_of_a_step_is_the_known_one() -> None:
    plane = np.zeros((4, 25), "float64")
    plane[:, 10:] = 100.0
    result = run("total_variation", on_grid(plane), weight=30.0, iterations=800)  # sides move by weight / length
    assert np.allclose(result[:, :10], 3.0, atol=0.1) and np.allclose(result[:, 10:], 98.0, atol=0.1)


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "float64", "uint32"])
def test_wiener_is_scipys_away_from_the_border(dtype: str) -> None:
    array = noise((12, 21, 24), dtype)
    inner = (slice(2, -2),) * 3
    for radius, sd in ((1, 150.0), (2, 400.0)):
        exact = signal.wiener(array.astype(float), 2 * radius + 1, sd**2)
        result = run("wiener", on_grid(array), radius=radius, sd=sd)
        assert np.abs(result - exact)[inner].max() <= (0.51 if array.dtype.kind in "iu" else 1e-2)
    plane = noise((21, 24), dtype)
    exact = signal.wiener(plane.astype(float), 5, 300.0**2)
    for flat in (on_grid(plane), on_grid(plane[np.newaxis])):
        assert np.abs(np.squeeze(run("wiener", flat, sd=300.0)) - exact)[2:-2, 2:-2].max() <= 0.51


def test_wiener_takes_the_mean_variance_for_noise_and_repeats_the_border() -> None:
    array = noise((7, 30, 31), "float64")
    array[3, 15, 15] = np.nan
    clean = np.where(np.isnan(array), 0, array)
    mean = ndimage.uniform_filter(clean, 3, mode="nearest")
    variance = ndimage.uniform_filter(clean**2, 3, mode="nearest") - mean**2
    variance[2:5, 14:17, 14:17] = np.nan
    power = np.nanmean(variance)
    exact = np.where(variance > power, mean + (1 - power / variance) * (clean - mean), mean)
    result = run("wiener", on_grid(array), radius=1)
    kept = ~np.isnan(variance)
    assert np.allclose(result[kept], exact[kept], rtol=1e-9) and np.isnan(result[~kept]).all()


def test_wiener_keeps_small_scatter_on_large_values_and_flat_images() -> None:
    array = 20000 + np.random.default_rng(2).normal(0, 0.5, (5, 30, 31))
    exact = signal.wiener(array - 20000, 5, 0.01) + 20000
    assert np.abs(run("wiener", on_grid(array), sd=0.1) - exact)[2:-2, 2:-2, 2:-2].max() < 1e-6
    flat = np.full((4, 9, 9), 7.25, "float32")
    assert np.allclose(run("wiener", on_grid(flat)), flat, rtol=1e-7)


@pytest.mark.parametrize("id", ALL)
def test_tiles_are_seamless_and_cores_do_not_matter(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = on_grid(noise((9, 50, 53), "float32"), "oblique")
    values = {"total_variation": {"iterations": 5, "span": "volume"}, "non_local_means": {"distance": 2}}.get(id, {})
    whole = run(id, image, Context(threads=1), **values)
    for module in ("denoising", "restoration", "engines.total_variation"):
        monkeypatch.setattr(f"pellucid.operations.{module}._TILE_VOXELS", 2000)
    assert np.array_equal(run(id, image, Context(threads=3), **values), whole)


def test_previews_of_long_reach_are_exact() -> None:
    image = on_grid(noise((40, 12, 13), "float32"))
    for span in ("slices", "volume"):
        values = {"weight": 300.0, "iterations": 9, "span": span}
        whole = run("total_variation", image, **values)
        for axis, index in ((2, 20), (1, 6), (0, 3)):
            part = preview_slice(get("denoising.total_variation"), image, axis, index, values)
            assert np.array_equal(part, whole.take(index, 2 - axis))
