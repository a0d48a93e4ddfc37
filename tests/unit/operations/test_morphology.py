"""Erode, dilate, open, close against scipy and against distances in mm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage.morphology import ball as skimage_ball

from operation_images import SPACING, blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, mask: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), mask, **values))


def ellipsoid(radius: float, spacing: Any = SPACING) -> Any:
    """Return the offsets within a radius in mm as a structuring element (z, y, x)."""
    reach = [int(radius / s + 1e-9) for s in reversed(spacing)]
    grid = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    squared = sum((g * s) ** 2 for g, s in zip(grid, reversed(spacing), strict=True))
    return squared <= radius**2 * (1 + 1e-9)


@pytest.mark.parametrize("radius", [0.0, 0.6, 0.7, 1.8, 3.5, 6.1])
def test_the_ball_in_mm_is_an_ellipsoid_of_voxels(radius: float) -> None:
    array = np.zeros((15, 31, 35), np.uint8)
    array[7, 15, 17] = 1
    result = run("masks.dilate", on_grid(array), radius=radius)
    distance = ndimage.distance_transform_edt(array == 0, sampling=SPACING[::-1])
    assert np.array_equal(result, distance <= radius * (1 + 1e-9))
    exact = ndimage.binary_dilation(array, ellipsoid(radius))
    assert np.array_equal(result, exact)


@pytest.mark.parametrize("radius", [1, 2, 3, 5])
def test_the_ball_in_voxels_is_scikit_images(radius: int) -> None:
    array = np.zeros((13, 13, 13), np.uint8)
    array[6, 6, 6] = 1
    result = run("masks.dilate", on_grid(array), radius=radius, unit="voxels")
    middle = slice(6 - radius, 7 + radius)
    assert np.array_equal(result[middle, middle, middle], skimage_ball(radius))
    assert result.sum() == skimage_ball(radius).sum()


@pytest.mark.parametrize("share", [0.02, 0.4, 0.9])
@pytest.mark.parametrize("shape", [(9, 22, 37), (1, 22, 37), (22, 37), (40, 3, 9)], ids=str)
@pytest.mark.parametrize("radius", [1.0, 2.6, 5.2])
def test_all_four_are_scipys(shape: tuple[int, ...], radius: float, share: float) -> None:
    array = blobs(shape, share=share)
    element = ellipsoid(radius) if len(shape) == 3 else ellipsoid(radius)[int(radius / SPACING[2])]
    grown = ndimage.binary_dilation(array, element)
    shrunk = ndimage.binary_erosion(array, element, border_value=1)
    mask = on_grid(array)
    assert np.array_equal(run("masks.dilate", mask, radius=radius), grown)
    assert np.array_equal(run("masks.erode", mask, radius=radius), shrunk)
    assert np.array_equal(run("masks.open", mask, radius=radius), ndimage.binary_dilation(shrunk, element))
    closed = ndimage.binary_erosion(grown, element, border_value=1)
    assert np.array_equal(run("masks.close", mask, radius=radius), closed)


def test_opening_and_closing_again_change_nothing() -> None:
    array = blobs((9, 30, 30))
    opened, closed = (
        get(id).run(Context(), on_grid(array), radius=1.6) for id in ("masks.open", "masks.close")
    )
    assert np.all(pixels(opened) <= array) and np.all(pixels(closed) >= array)
    assert np.array_equal(run("masks.open", opened, radius=1.6), pixels(opened))
    assert np.array_equal(run("masks.close", closed, radius=1.6), pixels(closed))


@pytest.mark.parametrize("id", ["masks.erode", "masks.dilate", "masks.open", "masks.close"])
def test_empty_and_full_masks_stay(id: str) -> None:
    for value in (0, 1):
        array = np.full((4, 9, 10), value, np.uint8)
        assert np.array_equal(run(id, on_grid(array), radius=3.0), array)


def test_any_number_but_zero_is_inside() -> None:
    array = blobs((5, 9, 9))
    plain = run("masks.dilate", on_grid(array), radius=1.0)
    for other in (array * 255, array.astype(np.int16) * -7, array * np.float32(0.5)):
        assert np.array_equal(run("masks.dilate", on_grid(other), radius=1.0), plain)


def test_a_radius_of_miles_is_refused() -> None:
    with pytest.raises(Refused, match="works up to 250"):
        run("masks.dilate", on_grid(blobs((3, 4, 5))), radius=9999)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("element", ["ball", "box", "cross"])
@pytest.mark.parametrize("shape", [(9, 22, 37), (22, 37)], ids=str)
def test_elements_and_iterations_are_scipys(shape: tuple[int, ...], element: str, times: int) -> None:
    array, rank = blobs(shape, share=0.3), len(shape)
    near = ndimage.generate_binary_structure(rank, {"cross": 1, "ball": 1, "box": rank}[element])
    grown = ndimage.binary_dilation(array, near, iterations=times)
    shrunk = ndimage.binary_erosion(array, near, iterations=times, border_value=1)
    options = {"radius": 1.0, "unit": "voxels", "element": element, "times": times}
    mask = on_grid(array)
    assert np.array_equal(run("masks.dilate", mask, **options), grown)
    assert np.array_equal(run("masks.erode", mask, **options), shrunk)
    opened = ndimage.binary_dilation(shrunk, near, iterations=times)
    assert np.array_equal(run("masks.open", mask, **options), opened)
    closed = ndimage.binary_erosion(grown, near, iterations=times, border_value=1)
    assert np.array_equal(run("masks.close", mask, **options), closed)


def test_a_long_cross_and_a_flat_box() -> None:
    array = np.zeros((9, 15, 15), np.uint8)
    array[4, 7, 7] = 1
    cross = run("masks.dilate", on_grid(array), radius=3.0, unit="voxels", element="cross")
    assert cross.sum() == 3 * 6 + 1 and cross[4, 7, 10] and cross[4, 10, 7] and cross[7, 7, 7] and not cross[4, 8, 8]
    box = run("masks.dilate", on_grid(array), radius=2.0, unit="mm", element="box")
    assert box.sum() == 1 * 5 * 5  # 2.5 mm slices are beyond 2 mm; 0.7 and 0.9 mm voxels reach two


def test_a_radius_that_reaches_no_voxel_or_no_slice_is_told() -> None:
    def said(radius: float, spacing: tuple[float, float, float]) -> list[str]:
        remarks: list[str] = []
        mask = sitk.Image(8, 8, 5, sitk.sitkUInt8)
        mask.SetSpacing(spacing)
        get("masks.dilate").run(Context(remark=remarks.append), mask, radius=radius)
        return remarks

    assert said(2.0, (1.0, 1.0, 1.0)) == []
    assert "nothing changes" in said(2.0, (3.0, 3.0, 7.0))[0]
    assert "each slice" in said(2.0, (1.0, 1.0, 5.0))[0]
