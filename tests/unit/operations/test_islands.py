"""Fill holes, keep the largest island, remove small ones against scipy and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import remove_small_objects

from operation_images import DIRECTIONS, SPACING, blobs, on_grid, pixels
from pellucid.operations import Context, get

CORNERS = np.ones((3, 3, 3), bool)


def run(id: str, mask: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), mask, **values))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("shape", [(12, 20, 21), (20, 21), (2, 20, 21)], ids=str)
def test_fill_holes_is_scipys(shape: tuple[int, ...], share: float) -> None:
    array = blobs(shape, share=share)
    assert np.array_equal(run("masks.fill_holes", on_grid(array)), ndimage.binary_fill_holes(array))


def test_a_single_slice_is_filled_as_a_plane() -> None:
    array = blobs((20, 21), share=0.6)
    filled = ndimage.binary_fill_holes(array)
    assert filled.sum() > array.sum()
    assert np.array_equal(run("masks.fill_holes", on_grid(array[None]))[0], filled)


def test_fill_slice_by_slice() -> None:
    array = np.zeros((6, 12, 12), np.uint8)
    array[1:5, 3:9, 3:9] = 1
    array[:, 5:7, 5:7] = 0  # a tube, open at both ends
    assert np.array_equal(run("masks.fill_holes", on_grid(array)), array)
    filled = run("masks.fill_holes", on_grid(array), by_slice=True)
    assert np.array_equal(filled, np.stack([ndimage.binary_fill_holes(plane) for plane in array]))
    assert filled[2, 5, 5] == 1


@pytest.mark.parametrize(("connectivity", "structure"), [("faces", None), ("corners", CORNERS)])
def test_keep_largest_is_scipys(connectivity: str, structure: Any) -> None:
    array = blobs((10, 30, 30), share=0.15)
    labels, count = ndimage.label(array, structure)
    sizes = np.bincount(labels.ravel())[1:]
    assert count > 5 and np.sum(sizes == sizes.max()) == 1
    result = run("masks.keep_largest", on_grid(array), connectivity=connectivity)
    assert np.array_equal(result, labels == 1 + np.argmax(sizes))


def test_of_equal_islands_the_first_is_kept() -> None:
    array = np.zeros((3, 9, 9), np.uint8)
    array[0, 0, 0:3] = array[2, 8, 4:7] = 1
    assert np.argwhere(run("masks.keep_largest", on_grid(array)))[:, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("connectivity", ["faces", "corners"])
@pytest.mark.parametrize("least", [0, 1, 4, 25, 10000])
def test_remove_small_is_scikit_images(least: int, connectivity: str) -> None:
    array = blobs((10, 24, 25), share=0.15)
    result = run(
        "masks.remove_small", on_grid(array), minimum=least, unit="voxels", connectivity=connectivity
    )
    kept = remove_small_objects(
        array > 0, max_size=max(0, least - 1), connectivity=3 if connectivity == "corners" else 1
    )
    assert np.array_equal(result, kept)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_sizes_in_mm3_know_spacing_and_tilt(direction: str) -> None:
    array = np.zeros((4, 8, 8), np.uint8)
    array[1, 1, 1:5] = 1  # 4 voxels
    array[2, 5, 1:6] = 1  # 5 voxels
    volume = np.prod(SPACING) * abs(np.linalg.det(np.array(DIRECTIONS[direction]).reshape(3, 3)))
    mask = on_grid(array, direction)
    assert run("masks.remove_small", mask, minimum=5 * volume, unit="mm3").sum() == 5
    assert run("masks.remove_small", mask, minimum=4 * volume, unit="mm3").sum() == 9
    assert run("masks.remove_small", mask, minimum=5.01 * volume, unit="mm3").sum() == 0


@pytest.mark.parametrize("id", ["masks.fill_holes", "masks.keep_largest", "masks.remove_small"])
def test_empty_and_full_masks(id: str) -> None:
    for value in (0, 1):
        array = np.full((4, 9, 10), value, np.uint8)
        assert np.array_equal(run(id, on_grid(array), **({"minimum": 1} if "small" in id else {})), array)
