"""Canny edges against scikit-image and against bodies whose surface is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import feature

from operation_images import DIRECTIONS, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

STEP = (0.8, 0.6, 1.5)


def edges(image: sitk.Image, **values: Any) -> Any:
    return pixels(get("edges.canny").run(Context(), image, **values)).astype(bool)


def from_middle(shape: tuple[int, int, int], direction: str) -> Any:
    """Return the place (z, y, x, 3) of every voxel in the world, in mm from the middle one."""
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(STEP)
    index = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in shape), indexing="ij"), axis=-1)
    return index[..., ::-1] @ steps.T


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
def test_a_disc_has_one_thin_closed_outline(dtype: str) -> None:
    x, y = (np.arange(64) - 32.3)[None, :] * 0.8, (np.arange(70) - 34.6)[:, None] * 0.6
    far = np.hypot(x, y)
    image = on_grid((100 * (far <= 13)).astype(dtype), spacing=STEP)
    found = edges(image, sigma=1.0, lower=8.0, upper=20.0)
    assert np.abs(far[found] - 13).max() < 0.8
    parts, count = ndimage.label(found, np.ones((3, 3)))
    inside, holes = ndimage.label(~found)
    assert count == 1 and holes == 2 and parts.any() and inside.any()
    assert found.sum() < 1.1 * 2 * np.pi * 13 / 0.6


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_ball_has_one_thin_surface_around_it_on_every_grid(direction: str) -> None:
    far = np.linalg.norm(from_middle((22, 48, 40), direction), axis=-1)
    body = np.clip(10.5 - far, 0, 1)
    found = edges(on_grid(1000 * body, direction, STEP), sigma=1.2, lower=60, upper=150, dimension="volume")
    assert np.abs(far[found] - 10).max() < 1.3 and abs(far[found].mean() - 10) < 0.25
    parts, count = ndimage.label(found, np.ones((3, 3, 3)))
    inside, holes = ndimage.label(~ndimage.binary_dilation(found))  # no gap is wider than a voxel
    assert count == 1 and holes == 2 and parts.any() and inside.any()
    assert found.sum() < 1.6 * (np.abs(far - 10) < 0.5).sum()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_limits_are_slopes_per_mm_in_every_direction(direction: str) -> None:
    sigma, height = 2.0, 500.0
    steepest = height / sigma / np.sqrt(2 * np.pi)
    for along in ((1, 0, 0), (0, 0.6, 0.8), (0.6, 0.48, 0.64)):
        place = from_middle((36, 60, 60), direction) @ np.array(along)
        image = on_grid(height * np.clip(place + 0.5, 0, 1), direction, STEP)
        middle = (slice(13, -13), slice(22, -22), slice(18, -18))
        limits = {"lower": 0.3 * steepest, "upper": 0.7 * steepest}
        found = edges(image, sigma=sigma, **limits, dimension="volume")
        assert found[middle].any() and np.abs(place[found])[...].max() < 1.6
        too_steep = {"lower": 1.2 * steepest, "upper": 1.2 * steepest}
        assert not edges(image, sigma=sigma, **too_steep, dimension="volume")[middle].any()


def test_slopes_within_slices_do_not_see_the_next_slice() -> None:
    array = np.zeros((6, 30, 30))
    array[3:] = 1000
    assert not edges(on_grid(array, "oblique"), lower=1.0, upper=5.0).any()
    assert edges(on_grid(array, "oblique"), lower=1.0, upper=5.0, dimension="volume").any()


def test_a_stack_is_found_slice_by_slice() -> None:
    array = ndimage.gaussian_filter(noise((5, 40, 44), "float64"), (0, 1.5, 1.5))
    settings = {"sigma": 1.0, "lower": 40.0, "upper": 90.0}
    stack = edges(on_grid(array, spacing=STEP), **settings)
    assert 0.01 < stack.mean() < 0.3
    for z in range(5):
        assert np.array_equal(stack[z], edges(on_grid(array[z], spacing=STEP), **settings))
    one = edges(on_grid(array[:1], spacing=STEP), **settings, dimension="volume")
    assert np.array_equal(one[0], stack[0])


@pytest.mark.parametrize("dimension", ["slices", "volume"])
def test_weak_edges_stay_where_they_are_linked_to_strong_ones(dimension: str) -> None:
    height = np.linspace(1000, 100, 60)
    array = np.zeros((3, 60, 50))
    array[:, :, 15:35] = height[:, None]
    array[:, 5:20, 42:46] = 150  # faint and alone
    found = edges(on_grid(array, spacing=(1, 1, 1)), sigma=1.0, lower=45.0, upper=200.0, dimension=dimension)
    assert found[1, 3:50, 13:17].any(axis=1).all() and not found[1, :, 40:].any()
    every = edges(on_grid(array, spacing=(1, 1, 1)), sigma=1.0, lower=45.0, upper=45.0, dimension=dimension)
    assert every[1, 8:16, 40:].any(axis=1).all() and (every >= found).all()


def test_edges_are_where_scikit_image_has_them() -> None:
    array = ndimage.gaussian_filter(noise((90, 100), "float64"), 2.0)
    steep = np.hypot(*(ndimage.gaussian_filter(array, 2.0, order=order) for order in ((0, 1), (1, 0))))
    low, high = np.quantile(steep, (0.5, 0.8))
    found = edges(on_grid(array, spacing=(1, 1)), sigma=2.0, lower=low, upper=high)
    twin = feature.canny(array, 2.0, 8 * low, 8 * high, mode="nearest")  # its slopes are sums of the Sobel kernel
    near = ndimage.binary_dilation(found, np.ones((3, 3)))
    inner = (slice(9, -9),) * 2
    assert twin.sum() > 100 and near[inner][twin[inner]].mean() > 0.93
    assert ndimage.binary_dilation(twin, np.ones((3, 3)))[inner][found[inner]].mean() > 0.93


def test_nothing_reaches_the_limit_and_colour_is_refused() -> None:
    said: list[str] = []
    image = on_grid(noise((4, 20, 20)))
    get("edges.canny").run(Context(remark=said.append), image, upper=1e6)
    assert "No slope reaches 1e+06 per mm" in said[0]
    array = noise((20, 20), "float32")
    array[10, 10] = np.nan
    assert not edges(on_grid(array), sigma=0.0, lower=0.0, upper=0.0)[9:12, 9:12].all()
    with pytest.raises(Refused, match="Lower must not be above"):
        get("edges.canny").run(Context(), image, lower=9.0, upper=1.0)


@pytest.mark.parametrize("dimension", ["slices", "volume"])
def test_edges_are_thin_across_lines_that_lean_on_long_voxels(dimension: str) -> None:
    x, y = (np.arange(120) - 60)[None, :] * 0.4, (np.arange(24) - 12)[:, None] * 2.0
    array = np.repeat(1000 * np.clip(x + y + 0.5, 0, 1)[None], 5, axis=0)
    found = edges(on_grid(array, spacing=(0.4, 2.0, 1.0)), sigma=1.5, lower=50, upper=100, dimension=dimension)
    assert (found[2, 6:-6].sum(axis=1) == 1).all()
