"""The noise estimate finds the noise that was added, and its ratios are NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import signal

from operation_images import blobs, noise, on_grid
from pellucid.operations import Context, Refused, get

MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


def run(*images: sitk.Image, context: Context | None = None, **values: Any) -> dict[str, float]:
    table = get("noise.estimate").run(context or Context(), *images, **values)
    return {entry.name: entry.value for entry in table.entries}


def smooth_with_noise(sd: float, shape: tuple[int, ...] = (5, 120, 130)) -> Any:
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    slopes = 500 + 3.0 * x - 2.0 * y + 40.0 * z + 100.0 * (x > 60)  # planes, and one edge
    return slopes + np.random.default_rng(3).normal(0, sd, shape)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint16", "int32"])
def test_added_noise_is_found_whatever_the_slopes(dtype: str) -> None:
    image = on_grid(smooth_with_noise(12.0).astype(dtype))
    assert run(image, method="median")["noise"] == pytest.approx(12, rel=0.03)
    assert run(image, method="mean")["noise"] == pytest.approx(12, rel=0.08)  # the edge adds to it


def test_the_mean_is_immerkaers_formula() -> None:
    plane = noise((40, 51), "float64")
    residual = signal.convolve2d(plane, MASK, mode="valid")
    exact = math.sqrt(math.pi / 2) / (6 * 38 * 49) * np.abs(residual).sum()
    assert run(on_grid(plane), method="mean")["noise"] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64", "uint64"])
def test_the_median_is_numpys(dtype: str) -> None:
    array = noise((3, 15, 18), dtype)
    residual = np.sort([np.abs(signal.convolve2d(p.astype(float), MASK, mode="valid")) for p in array], axis=None)
    exact = residual[(residual.size - 1) // 2] / 0.6744897501960817 / 6
    assert run(on_grid(array), method="median")["noise"] == pytest.approx(exact, rel=1e-5)


def test_region_background_and_contrast_are_numpys() -> None:
    array = noise((6, 30, 31), "int16")
    region, background = blobs(array.shape, seed=4, share=0.3), blobs(array.shape, seed=9, share=0.2)
    found = run(on_grid(array, "oblique"), on_grid(region, "oblique"), on_grid(background, "oblique"))
    inside, outside = array[region > 0].astype(float), array[background > 0].astype(float)
    assert found["mean"] == pytest.approx(array.mean()) and found["snr"] == pytest.approx(array.mean() / found["noise"])
    assert found["region_mean"] == pytest.approx(inside.mean())
    assert found["region_sd"] == pytest.approx(inside.std(ddof=1))
    assert found["region_snr"] == pytest.approx(inside.mean() / inside.std(ddof=1))
    assert found["background_mean"] == pytest.approx(outside.mean())
    assert found["background_sd"] == pytest.approx(outside.std(ddof=1))
    assert found["cnr"] == pytest.approx(abs(inside.mean() - outside.mean()) / outside.std(ddof=1))
    assert set(run(on_grid(array))) == {"noise", "mean", "snr"}


@pytest.mark.parametrize("method", ["median", "mean"])
def test_padding_and_nan_are_not_counted(method: str) -> None:
    array = smooth_with_noise(12.0).astype("float32")
    clean = array[:, :, 40:]
    array[:, :, :40] = -2000
    whole = np.ones(array.shape, "uint8")
    context = Context(padding=(-2000.0, -2000.0))
    found = run(on_grid(array), on_grid(whole), context=context, method=method)
    alone = run(on_grid(clean), method=method)
    assert found["noise"] == pytest.approx(alone["noise"], rel=1e-12)
    assert found["mean"] == pytest.approx(clean.mean(dtype=float)) == found["region_mean"]
    array[:, :, :40] = np.nan
    found = run(on_grid(array), method=method)
    assert found["noise"] == pytest.approx(alone["noise"], rel=1e-12)


def test_cores_do_not_matter_and_small_numbers_keep_their_digits() -> None:
    array = (1e6 + np.random.default_rng(1).normal(0, 1e-3, (7, 20, 21))).astype("float64")
    one, four = (run(on_grid(array), on_grid(blobs(array.shape)), context=Context(threads=n)) for n in (1, 4))
    assert one == four
    assert one["region_sd"] == pytest.approx(1e-3, rel=0.05)


def test_nothing_to_measure_is_refused() -> None:
    image = on_grid(noise((4, 20, 20)))
    with pytest.raises(Refused, match="no voxel"):
        run(image, on_grid(np.zeros((4, 20, 20), "uint8")))
    with pytest.raises(Refused, match="3 × 3"):
        run(on_grid(noise((4, 2, 20))))
    with pytest.raises(Refused, match="3 × 3"):
        run(on_grid(np.full((4, 20, 20), np.nan)))


def test_an_image_of_one_value_has_infinite_snr() -> None:
    found = run(on_grid(np.full((3, 9, 9), 7.0)))
    assert found["noise"] == 0 and found["snr"] == math.inf
    assert math.isnan(run(on_grid(np.zeros((3, 9, 9))))["snr"])
