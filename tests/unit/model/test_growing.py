"""Regions that grow from a voxel, against scikit-image and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.segmentation import flood

from pellucid.model.growing import alike, connected, core_of, similar, whole


def spread(shape, region):
    result = np.zeros(shape, bool)
    result[region[0]] = region[1]
    return result


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(60, 70), (1, 60, 70), (70, 30, 60), (5, 9, 200)]))
def test_connected_is_the_flood_of_scikit_image(seed, shape):
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.random(shape), 2.5, mode="wrap")
    mask = field > np.quantile(field, random.uniform(0.2, 0.8))
    at = tuple(int(n) for n in random.choice(np.argwhere(mask)))
    found = spread(shape, connected(shape, at, lambda box: mask[box]))
    assert np.array_equal(found, flood(mask, at, connectivity=1))


def test_a_large_volume_is_searched_by_the_same_rule():
    mask = ndimage.gaussian_filter(np.random.default_rng(3).random((90, 130, 140)), 2) > 0.49
    at = tuple(int(n) for n in np.argwhere(mask)[5000])
    found = spread(mask.shape, connected(mask.shape, at, lambda box: mask[box]))
    assert found.sum() > 100_000
    assert np.array_equal(found, flood(mask, at, connectivity=1))


def test_only_as_much_is_looked_at_as_needed_and_it_can_be_stopped():
    mask = np.zeros((200, 200, 200), bool)
    mask[90:95, 90:95, 90:95] = True
    asked = []
    box, region = connected(mask.shape, (92, 92, 92), lambda box: asked.append(box) or mask[box])
    assert region.all() and region.shape == (5, 5, 5) and box[0] == slice(90, 95)
    assert sum(np.prod([s.stop - s.start for s in box]) for box in asked) < 150_000

    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        connected(mask.shape, (92, 92, 92), lambda box: mask[box], stop)
    assert not connected(mask.shape, (0, 0, 0), lambda box: mask[box])[1].size


def test_whole_takes_unconnected_voxels_too():
    mask = np.zeros((9, 9), bool)
    mask[1, 1] = mask[7, 5] = True
    assert np.array_equal(spread(mask.shape, whole(mask.shape, lambda box: mask[box])), mask)
    assert not whole(mask.shape, lambda box: np.zeros((9, 9), bool))[1].size


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int64", "uint64", "float32", "float64"])
@pytest.mark.parametrize(("like", "tolerance"), [(10, 0), (10, 2.5), (0, 1e6), (100.25, 30.3), (-5, 4)])
def test_similar_is_a_distance_in_any_pixel_type(dtype, like, tolerance):
    values = np.arange(0, 120).astype(dtype)
    wanted = np.abs(values.astype(float) - like) <= tolerance
    assert np.array_equal(similar(values, like, tolerance, colour=False), wanted)


def test_colours_are_similar_by_their_euclidean_distance_and_nan_is_not():
    random = np.random.default_rng(0)
    values = random.integers(0, 256, (20, 20, 4)).astype(np.uint8)
    like = np.array([120.0, 60.0, 200.0])
    wanted = np.linalg.norm(values[..., :3] - like, axis=-1) <= 90
    assert 0 < wanted.sum() < 400
    assert np.array_equal(similar(values, like, 90, colour=True), wanted)
    assert similar(np.array([1.0, np.nan, 3.0]), 2.0, 5.0, colour=False).tolist() == [True, False, True]


def disc(radius, size=61):
    y, x = np.mgrid[:size, :size] - size // 2
    squared = (y * y + x * x)[None].astype(float)
    return squared <= radius * radius, squared


@pytest.mark.parametrize("colour", [False, True])
def test_the_smart_brush_stops_at_an_edge_even_in_noise(colour):
    inside, squared = disc(25)
    random = np.random.default_rng(1)
    values = np.full((1, 61, 61), 100.0)
    values[:, :, 38:] = 200  # the edge is 8 voxels right of the middle
    if colour:
        values = np.stack([values, values / 2, 255 - values], axis=-1)
    values = values + random.normal(0, 8, values.shape)
    found = alike(values, inside, core_of(inside, squared, 25), 3.0, colour=colour)
    left = inside.copy()
    left[:, :, 38:] = False
    assert not (found & ~left).any()
    assert found.sum() > 0.97 * left.sum()


def test_the_smart_brush_takes_only_what_is_connected_with_its_middle():
    inside, squared = disc(25)
    values = np.full((1, 61, 61), 100.0)
    values[:, :, 38:44] = 500
    found = alike(values, inside, core_of(inside, squared, 25), 2.5, colour=False)
    assert found[0, 30, 37] and not found[0, 30, 38:].any()


def test_an_even_middle_still_tolerates_a_little():
    inside, squared = disc(20)
    values = np.zeros((1, 61, 61))
    values[:, :, 40:] = 1000
    values[:, 25:35, 33] = 12  # a faint line in the even part
    assert alike(values, inside, core_of(inside, squared, 20), 2.5, colour=False)[0, 30, 33]
    assert not alike(np.full((1, 61, 61), np.nan), inside, inside, 2.5, colour=False).any()


def test_a_brush_smaller_than_a_voxel_has_a_core():
    inside, squared = disc(0.2)
    assert core_of(inside, squared, 0.2).sum() == 1
