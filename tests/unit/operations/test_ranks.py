"""Percentile, minimum and maximum against scipy, SimpleITK and distances measured in space."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


def ball_in_space(image: sitk.Image, radius: float) -> Any:
    """Return where the voxels around the middle one are within a distance in mm, measured between world points."""
    far = [int(radius / step) + 1 for step in image.GetSpacing()]
    origin = np.array(image.TransformIndexToPhysicalPoint([0] * len(far)))
    offsets = itertools.product(*(range(-n, n + 1) for n in reversed(far)))
    world = [image.TransformIndexToPhysicalPoint([int(n) for n in reversed(offset)]) for offset in offsets]
    near = np.linalg.norm(np.array(world) - origin, axis=1) <= radius + 1e-9
    return near.reshape([2 * n + 1 for n in reversed(far)])


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("percent", [0.0, 10.0, 66.0, 100.0])
def test_percentile_is_numpys_partial_sort(percent: float, dtype: str) -> None:
    array = noise((4, 9, 8), dtype)
    result = run("smoothing.percentile", on_grid(array), percentile=percent, radius=1)
    padded = np.pad(array, 1, mode="edge")
    boxes = np.lib.stride_tricks.sliding_window_view(padded, (3, 3, 3)).reshape(*array.shape, 27)
    rank = min(int(27 * percent / 100), 26)
    assert np.array_equal(result, np.sort(boxes, axis=3)[..., rank])


@pytest.mark.parametrize("shape", [(1, 12, 15), (12, 15), (2, 3, 4), (5, 1, 40), (2, 300, 900)], ids=str)
def test_percentile_of_thin_and_large_images_is_scipys(shape: tuple[int, ...]) -> None:
    array = noise(shape, "int16")
    for percent, radius in ((25.0, 1), (80.0, 2)):
        if array.size < 1e5 or radius == 1:
            box = [1 if n == 1 else 2 * radius + 1 for n in shape]
            exact = ndimage.percentile_filter(array, percent, box, mode="nearest")
            assert np.array_equal(run("smoothing.percentile", on_grid(array), percentile=percent, radius=radius), exact)


def test_the_fiftieth_percentile_is_the_median() -> None:
    array = noise((9, 14, 12), "float32")
    twin = pixels(sitk.Median(on_grid(array), [2, 2, 2]))
    assert np.array_equal(run("smoothing.percentile", on_grid(array), percentile=50.0, radius=2), twin)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("shape", [(7, 12, 15), (1, 12, 15), (12, 15), (2, 3, 4)], ids=str)
def test_extremes_of_boxes_are_scipys(shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    for radius in (0, 1, 2, 5):
        size = 2 * radius + 1
        low = run("smoothing.minimum", on_grid(array), radius=radius, unit="voxels", shape="box")
        high = run("smoothing.maximum", on_grid(array), radius=radius, unit="voxels", shape="box")
        assert np.array_equal(low, ndimage.minimum_filter(array, size, mode="nearest"))
        assert np.array_equal(high, ndimage.maximum_filter(array, size, mode="nearest"))


@pytest.mark.parametrize("direction", ["straight", "oblique"])
@pytest.mark.parametrize("radius", [0.0, 0.8, 2.0, 5.0])
def test_extremes_of_balls_are_round_in_space(radius: float, direction: str) -> None:
    image = on_grid(noise((7, 20, 24), "int16"), direction)
    near = ball_in_space(image, radius)
    low = ndimage.minimum_filter(pixels(image), footprint=near, mode="nearest")
    high = ndimage.maximum_filter(pixels(image), footprint=near, mode="nearest")
    assert np.array_equal(run("smoothing.minimum", image, radius=radius), low)
    assert np.array_equal(run("smoothing.maximum", image, radius=radius), high)


def test_boxes_in_mm_have_the_same_size_along_every_axis() -> None:
    array = np.zeros((21, 41, 41), "int16")
    array[10, 20, 20] = 7
    grown = run("smoothing.maximum", on_grid(array, spacing=(0.5, 1.0, 2.5)), radius=5.0, shape="box")
    assert [int(np.ptp(hit)) for hit in np.nonzero(grown)] == [4, 10, 20]


def test_erosion_and_dilation_are_simpleitks() -> None:
    array = noise((9, 30, 31), "uint16")
    image = on_grid(array)
    for id, filter in (("smoothing.minimum", sitk.GrayscaleErode), ("smoothing.maximum", sitk.GrayscaleDilate)):
        twin = pixels(filter(image, [3, 3, 3], sitk.sitkBox))
        assert np.array_equal(run(id, image, radius=3, unit="voxels", shape="box"), twin)


def test_extremes_of_large_slices_in_blocks_are_seamless_and_planar_colour_works() -> None:
    array = noise((3, 900, 1300), "uint8")
    result = run("smoothing.maximum", on_grid(array, spacing=(1, 1, 1)), radius=2.0)
    z, y, x = np.ogrid[-2:3, -2:3, -2:3]
    assert np.array_equal(result, ndimage.maximum_filter(array, footprint=z**2 + y**2 + x**2 <= 4, mode="nearest"))
    colour = noise((30, 31, 3), "uint8")
    result = run("smoothing.minimum", on_grid(colour, colour=True, spacing=(1, 1, 1)), radius=2.0)
    disc = (y**2 + x**2 <= 4)[0]
    assert np.array_equal(result[..., 1], ndimage.minimum_filter(colour[..., 1], footprint=disc, mode="nearest"))


def test_a_nan_makes_its_neighbours_nan_and_no_more() -> None:
    array = noise((5, 12, 13), "float32")
    array[2, 6, 6] = np.nan
    image = on_grid(array, spacing=(1, 1, 1))
    for id in ("smoothing.minimum", "smoothing.maximum"):
        assert np.isnan(run(id, image, radius=1.0)).sum() == 7
        assert np.isnan(run(id, image, radius=1.0, shape="box")).sum() == 27


def test_a_radius_of_miles_is_refused() -> None:
    with pytest.raises(Refused, match="works up to 250"):
        run("smoothing.minimum", on_grid(noise((4, 5, 6))), radius=1000.0)
