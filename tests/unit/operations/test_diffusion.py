"""Diffusion and curvature flow against SimpleITK, and against what is known of Gaussians, spheres and steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import SPACING, noise, on_grid, pixels
from pellucid.operations import Context, get

TWINS = {
    "denoising.gradient_diffusion": sitk.GradientAnisotropicDiffusionImageFilter,
    "denoising.curvature_diffusion": sitk.CurvatureAnisotropicDiffusionImageFilter,
    "denoising.curvature_flow": sitk.CurvatureFlowImageFilter,
}


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


def step_time(spacing: tuple[float, ...]) -> float:
    return 1 / (6 * sum(1 / h**2 for h in spacing))


def twin(id: str, image: sitk.Image, iterations: int, conductance: float | None) -> Any:
    filter = TWINS[id]()
    filter.SetTimeStep(step_time(image.GetSpacing()))
    filter.SetNumberOfIterations(iterations)
    if conductance is not None:
        filter.SetConductanceParameter(conductance)
        filter.SetConductanceScalingUpdateInterval(iterations)
    return pixels(filter.Execute(sitk.Cast(image, sitk.sitkFloat64)))


def values_of(id: str, conductance: float) -> dict[str, float]:
    return {} if id == "denoising.curvature_flow" else {"conductance": conductance}


@pytest.mark.parametrize("shape", [(7, 20, 23), (20, 23), (2, 9, 8)], ids=str)
@pytest.mark.parametrize("id", TWINS)
@pytest.mark.filterwarnings("ignore")
def test_voxels_of_1_mm_are_simpleitks(id: str, shape: tuple[int, ...]) -> None:
    image = on_grid(noise(shape, "float64"), spacing=(1, 1, 1))
    for iterations, conductance in ((1, 0.5), (6, 2.0)):
        values = values_of(id, conductance)
        expected = twin(id, image, iterations, values.get("conductance"))
        assert np.allclose(run(id, image, iterations=iterations, **values), expected, atol=1e-6)
        small = sitk.Cast(image, sitk.sitkInt16)
        expected = twin(id, small, iterations, values.get("conductance"))
        assert np.abs(run(id, small, iterations=iterations, **values) - expected).max() <= 0.51


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_curvature_flow_is_simpleitks_on_any_grid(direction: str) -> None:
    image = on_grid(noise((9, 20, 23), "float64"), direction)
    expected = twin("denoising.curvature_flow", image, 5, None)
    assert np.allclose(run("denoising.curvature_flow", image, iterations=5), expected, atol=1e-6)


def test_without_edges_diffusion_is_a_gaussian_in_mm() -> None:
    spacing, start = (0.5, 0.8, 1.2), 1.5
    axes = [np.arange(-n, n + 1) * h for n, h in zip((9, 14, 22), reversed(spacing), strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    array = np.exp(-(z**2 + y**2 + x**2) / (2 * start**2))
    result = run("denoising.gradient_diffusion", on_grid(array, spacing=spacing), iterations=20, conductance=1000.0)
    assert result.sum() == pytest.approx(array.sum(), rel=1e-6)
    for places in (z, y, x):
        spread = (result * places**2).sum() / result.sum()
        assert spread == pytest.approx(start**2 + 2 * 20 * step_time(spacing), rel=5e-3)
    assert 2 * 20 * step_time(spacing) > 0.8


def test_a_ball_shrinks_by_its_curvature_in_mm() -> None:
    spacing, iterations = (0.5, 0.8, 1.2), 70
    z, y, x = (np.arange(-n, n + 1) * h for n, h in zip((14, 20, 32), reversed(spacing), strict=True))
    distance = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    result = run("denoising.curvature_flow", on_grid(distance, spacing=spacing), iterations=iterations)
    time = iterations * step_time(spacing)
    radius = np.interp(10.0, result[14, 20, 32:], distance[14, 20, 32:])  # where the surface of value 10 has come to
    assert radius == pytest.approx(np.sqrt(10.0**2 - 4 * time), rel=2e-3)
    assert radius < 9.7


@pytest.mark.parametrize(("id", "conductance", "calmer"), [
    ("denoising.gradient_diffusion", 0.7, 0.25), ("denoising.curvature_diffusion", 3.0, 0.6),
    ("denoising.curvature_flow", 0.0, 0.6),
])  # fmt: skip
def test_a_step_stays_and_its_noise_falls(id: str, conductance: float, calmer: float) -> None:
    array = np.zeros((10, 40, 60), "float32")
    array[:, :, 30:] = 400
    noisy = array + np.random.default_rng(5).normal(0, 20, array.shape).astype("float32")
    result = run(id, on_grid(noisy, spacing=(1, 1, 1.2)), iterations=15, **values_of(id, conductance))
    for side in (slice(3, 25), slice(35, 57)):
        assert result[:, 3:-3, side].std() < calmer * noisy[:, 3:-3, side].std()
    edge = result[..., 30].mean() - result[..., 29].mean()
    blurred = ndimage.gaussian_filter(array, np.sqrt(2 * 15 * step_time((1, 1, 1.2))))
    assert edge > 0.9 * 400 > 2.5 * (blurred[..., 30].mean() - blurred[..., 29].mean())


@pytest.mark.parametrize("id", TWINS)
@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.5, 0.5, 3)], ids=str)
def test_many_steps_are_stable(id: str, spacing: tuple[float, ...]) -> None:
    array = np.random.default_rng(5).normal(0, 20, (12, 30, 31)).astype("float32")
    spreads = [run(id, on_grid(array, spacing=spacing), iterations=n, **values_of(id, 100.0)).std() for n in (20, 80)]
    assert spreads[1] < spreads[0] < 0.4 * array.std()


@pytest.mark.parametrize("id", TWINS)
def test_flat_images_stay_and_one_slice_is_a_plane(id: str) -> None:
    flat = np.full((4, 5, 6), 7.25, "float32")
    assert np.array_equal(run(id, on_grid(flat), iterations=3), flat)
    plane = noise((20, 23), "float32")
    alone = run(id, on_grid(plane), iterations=3)
    assert np.array_equal(run(id, on_grid(plane[np.newaxis]), iterations=3)[0], alone)
    assert not np.array_equal(alone, plane)
    dot = on_grid(np.full((1, 1, 1), 3, "int16"))
    assert run(id, dot, iterations=2).item() == 3


@pytest.mark.parametrize("id", TWINS)
def test_each_colour_is_smoothed_by_itself(id: str) -> None:
    array = noise((20, 25, 3), "uint8")
    array[..., 2] //= 8
    result = run(id, on_grid(array, colour=True), iterations=4)
    for c in range(3):
        assert np.array_equal(result[..., c], run(id, on_grid(array[..., c]), iterations=4))


@pytest.mark.parametrize("id", TWINS)
def test_nan_spreads_one_voxel_in_each_step_and_no_further(id: str) -> None:
    array = noise((5, 30, 31), "float32")
    array[2, 15, 15] = np.nan
    result = run(id, on_grid(array), iterations=3, **values_of(id, 1.0))
    hit = np.argwhere(~np.isfinite(result))
    assert np.abs(hit - (2, 15, 15)).max() <= 3 and len(hit) > 10


def test_tiles_are_seamless_and_cores_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    image = on_grid(noise((19, 50, 53), "float32"), "oblique")
    for id in TWINS:
        whole = pixels(get(id).run(Context(threads=1), image, iterations=3))
        with monkeypatch.context() as patch:
            patch.setattr("pellucid.operations.engines.flows._TILE_VOXELS", 2000)
            assert np.array_equal(pixels(get(id).run(Context(threads=3), image, iterations=3)), whole)


def test_distances_count() -> None:
    array = noise((9, 20, 23), "float32")
    for id in TWINS:
        even = run(id, on_grid(array, spacing=(1, 1, 1)), iterations=3)
        assert np.abs(run(id, on_grid(array, spacing=SPACING), iterations=3) - even).max() > 10
        twice = run(id, on_grid(array, spacing=(2, 2, 2)), iterations=3)
        assert np.allclose(twice, even, atol=0.5)  # the time step has grown with the voxels
