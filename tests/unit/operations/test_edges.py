"""Gradient and Sobel magnitude against scipy and against ramps in space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS, SPACING, noise, on_grid, pixels
from pellucid.operations import Context, get


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_gradient_magnitude_is_scipys_per_mm(dtype: str) -> None:
    array = noise((20, 31, 40), dtype)
    sigma = 3.0
    widths = [sigma / s for s in reversed(SPACING)]
    parts = []
    for axis, length in enumerate(reversed(SPACING)):
        order = [int(k == axis) for k in range(3)]
        slope = ndimage.gaussian_filter(array.astype(float), widths, order=order, mode="nearest", truncate=4)
        parts.append(slope / length)
    exact = np.sqrt(sum(part**2 for part in parts))
    result = run("edges.gradient_magnitude", on_grid(array), sigma=sigma)
    # ours is scaled to be exact on ramps, scipy's cut derivative is up to 0.8 % weak
    assert np.abs(result - exact).max() <= 0.012 * exact.max()


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_ramp_in_space_has_its_slope_on_every_grid(direction: str, sigma: float) -> None:
    slope = np.array([3.0, -2.0, 1.5])  # per mm along the world axes
    image = on_grid(np.zeros((24, 40, 44)), direction)
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    index = np.stack(np.meshgrid(*(np.arange(n) for n in (44, 40, 24)), indexing="ij"))
    values = np.einsum("i,ij,jxyz->zyx", slope, steps, index)
    result = run("edges.gradient_magnitude", on_grid(values, direction), sigma=sigma)
    margin = tuple(slice(4 * int(sigma / s + 1) + 1, -4 * int(sigma / s + 1) - 1) for s in reversed(SPACING))
    assert result[margin].size and np.allclose(result[margin], np.linalg.norm(slope), rtol=1e-4)


def test_central_differences_at_sigma_zero() -> None:
    array = noise((8, 9), "float32")
    padded = np.pad(array.astype(float), 1, mode="edge")
    dx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2 / SPACING[0]
    dy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2 / SPACING[1]
    result = run("edges.gradient_magnitude", on_grid(array), sigma=0.0)
    assert np.allclose(result, np.hypot(dx, dy), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("shape", [(6, 11, 13), (11, 13)], ids=str)
def test_sobel_magnitude_is_scipys(shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    parts = [ndimage.sobel(array.astype(float), axis=k, mode="nearest") for k in range(array.ndim)]
    exact = np.sqrt(sum(part**2 for part in parts))
    assert np.allclose(run("edges.sobel_magnitude", on_grid(array)), exact, rtol=1e-4, atol=1e-2)


def test_sobel_of_one_slice_is_that_of_the_plane_and_simpleitks() -> None:
    array = noise((12, 14), "float32")
    plane = run("edges.sobel_magnitude", on_grid(array))
    assert np.array_equal(run("edges.sobel_magnitude", on_grid(array[None]))[0], plane)
    twin = pixels(sitk.SobelEdgeDetection(sitk.GetImageFromArray(array)))
    assert np.allclose(plane, twin, rtol=1e-4, atol=1e-2)


def test_a_flat_image_has_no_edges() -> None:
    flat = on_grid(np.full((5, 6, 7), 321, np.int16), "sheared")
    assert np.abs(run("edges.gradient_magnitude", flat)).max() < 1e-2
    assert np.abs(run("edges.sobel_magnitude", flat)).max() < 1e-2
