"""Connected parts and tops of a landscape against scipy and SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from pellucid.operations import Cancelled, Context
from pellucid.operations.engines.components import box_of, parts_within
from pellucid.operations.engines.local_thresholds import box_means
from pellucid.operations.engines.splitting import deepest, maxima_of


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("shape", [(17, 31, 40), (1, 31, 40), (9, 1, 40), (23, 24, 1)])
def test_parts_are_those_of_scipy_in_the_same_order(shape: tuple[int, ...], share: float, corners: bool) -> None:
    inside = (np.random.default_rng(3).random(shape) < share).astype(np.uint8)
    expected, count = ndimage.label(inside, ndimage.generate_binary_structure(3, 3 if corners else 1))
    for threads in (1, 2, 5):
        box = box_of(inside)
        assert box is not None
        found, number = parts_within(inside, box, corners, Context(threads=threads))
        assert number == count and np.array_equal(found, expected[box])


def test_the_box_is_that_of_scipy() -> None:
    inside = np.zeros((6, 7, 8), bool)
    assert box_of(inside) is None
    inside[2, 3, 5] = inside[4, 1, 6] = True
    assert box_of(inside) == ndimage.find_objects(inside.astype(np.uint8))[0] == box_of(inside.astype(np.uint8))


def test_parts_are_not_looked_for_when_told_to_stop() -> None:
    whole = (slice(0, 3),) * 3
    with pytest.raises(Cancelled):
        parts_within(np.ones((3, 3, 3), np.uint8), whole, False, Context(cancelled=lambda: True))


@pytest.mark.parametrize("shape", [(12, 20, 21), (1, 30, 31)])
@pytest.mark.parametrize("steps", [3, 40, 4000])
def test_tops_are_the_regional_maxima_of_simpleitk(shape: tuple[int, ...], steps: int) -> None:
    rough = ndimage.gaussian_filter(np.random.default_rng(steps).normal(size=shape), 0.9)
    depth = np.maximum(np.floor((rough - rough.min()) / np.ptp(rough) * steps) - steps // 3, 0).astype(np.float32)
    flat = sitk.GetImageFromArray(depth.squeeze())
    maxima = sitk.GetArrayFromImage(sitk.RegionalMaxima(flat, 0, 1)).reshape(shape) * (depth > 0)
    places, part = maxima_of(depth, depth)
    assert np.array_equal(np.flatnonzero(maxima), places) and len(places) > 2
    numbers, count = ndimage.label(maxima)
    tops = deepest(depth, places, part)
    assert len(tops) == count
    assert sorted(numbers[tuple(tops.T)].tolist()) == list(range(1, count + 1))


def test_of_each_part_the_first_of_the_deepest_voxels_counts() -> None:
    depth = np.array([[[1, 3, 3, 0, 2, 5, 5]]], np.float32)
    places, part = np.array([0, 1, 2, 4, 5, 6]), np.array([4, 4, 4, 9, 9, 9])
    assert deepest(depth, places, part).tolist() == [[0, 0, 1], [0, 0, 5]]


@pytest.mark.parametrize("most", [1000, 2**31 - 1])
@pytest.mark.parametrize("reach", [(1, 2, 3), (0, 4, 0), (6, 6, 6)])
def test_means_in_a_box_are_those_of_scipy(reach: tuple[int, ...], most: int) -> None:
    values: Any = np.random.default_rng(1).integers(0, most, (5, 9, 11))
    size = [2 * far + 1 for far in reach]
    expected = ndimage.uniform_filter(values.astype(np.float64), size, mode="nearest")
    for inner in ((slice(0, 5), slice(0, 9), slice(0, 11)), (slice(1, 3), slice(0, 9), slice(4, 11))):
        found = box_means(values, reach, inner, most)
        assert found == pytest.approx(expected[inner], rel=1e-9)
