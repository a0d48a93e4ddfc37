"""Resample and crop: values by hand and by SimpleITK, places in space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, PIXEL_TYPES, SPACING, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def resample(image: sitk.Image, spacing: Any, interpolation: str = "linear") -> sitk.Image:
    x, y, z = spacing
    values = {"spacing_x": x, "spacing_y": y, "spacing_z": z, "interpolation": interpolation}
    return get("geometry.resample").run(Context(), image, **values)


def middle(image: sitk.Image) -> Any:
    return image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    "spacing", [(1.0, 1.0, 1.0), (0.35, 0.45, 1.25), (2.0, 3.1, 9.0), (500, 500, 500)], ids=str
)
def test_the_new_grid_covers_the_same_space(direction: str, spacing: Any) -> None:
    image = on_grid(noise((7, 12, 15)), direction)
    result = resample(image, spacing)
    assert result.GetSpacing() == pytest.approx(spacing) and result.GetDirection() == image.GetDirection()
    assert middle(result) == pytest.approx(middle(image), abs=1e-6)
    for n, s, old_n, old in zip(result.GetSize(), spacing, image.GetSize(), SPACING, strict=True):
        assert n == 1 or abs(n * s - old_n * old) <= s / 2 + 1e-9


@pytest.mark.parametrize("interpolation", ["linear", "bspline"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_a_ramp_in_space_stays_where_it_is(dtype: str, direction: str, interpolation: str) -> None:
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(SPACING)
    index = np.stack(np.meshgrid(np.arange(15), np.arange(12), np.arange(9), indexing="ij"))
    ramp = np.einsum("i,ij,jxyz->zyx", [1.0, 2.0, 0.7], steps, index)
    image = on_grid(np.rint(60 + ramp) if np.dtype(dtype).kind in "iu" else 60 + ramp, direction)
    image = sitk.Cast(image, on_grid(np.zeros((2, 2), dtype)).GetPixelID())
    result = resample(image, (1.0, 1.0, 1.0), interpolation)
    inner = pixels(result)[4:-4, 3:-3, 3:-3].astype(float)
    size = result.GetSize()
    zyx = np.stack(np.meshgrid(*(np.arange(n) for n in reversed(size)), indexing="ij"))[:, 4:-4, 3:-3, 3:-3]
    points = [result.TransformIndexToPhysicalPoint([int(k) for k in i[::-1]]) for i in zyx.reshape(3, -1).T]
    exact = 60 + (np.array(points) - np.array(image.GetOrigin())) @ np.array([1.0, 2.0, 0.7])
    tolerance = 1.01 if np.dtype(dtype).kind in "iu" else 1e-3
    tolerance += 0.6 if interpolation == "bspline" else 0.0  # mirrored borders bend the spline of a ramp
    assert np.abs(inner.ravel() - exact).max() <= tolerance


def test_whole_numbers_are_rounded_not_cut() -> None:
    array = np.array([[0, 1, 2, 3]] * 4, np.uint8) * 3
    image = on_grid(array, spacing=(1.0, 1.0))
    exact = pixels(resample(on_grid(array.astype(float), spacing=(1.0, 1.0)), (0.4, 1, 1)))
    assert np.abs(pixels(resample(image, (0.4, 1, 1))) - exact).max() <= 0.5 + 1e-6


def test_b_splines_never_wrap_round() -> None:
    array = np.zeros((20, 20), np.uint8)
    array[8:12, 8:12] = 255
    result = pixels(resample(on_grid(array, spacing=(1.0, 1.0)), (0.3, 0.3, 1), "bspline"))
    assert result[:15].max() < 30 and result[32:34, 32:34].min() > 225


def test_nearest_makes_no_new_values_and_the_same_spacing_no_change() -> None:
    array = noise((7, 12, 15), "int16")
    assert set(np.unique(pixels(resample(on_grid(array), (1, 1, 1), "nearest")))) <= set(np.unique(array))
    for interpolation in ("nearest", "linear", "bspline"):
        same = resample(on_grid(array, "oblique"), SPACING, interpolation)
        assert np.array_equal(pixels(same), array)
        assert same.GetOrigin() == pytest.approx(on_grid(array, "oblique").GetOrigin())


def test_a_single_slice_keeps_its_thickness_and_colour_its_channels() -> None:
    image = on_grid(noise((1, 12, 15)))
    result = resample(image, (1, 1, 0.5), "bspline")
    assert result.GetSize()[2] == 1 and result.GetSpacing()[2] == SPACING[2]
    colour = noise((12, 15, 3), "uint8")
    both = pixels(resample(on_grid(colour, colour=True), (1, 1, 1)))
    assert np.array_equal(both[..., 2], pixels(resample(on_grid(colour[..., 2]), (1, 1, 1))))


@pytest.mark.parametrize("spacing", [(1.1, 0.6, 1.9), (0.2, 0.3, 0.6), (2.2, 4.0, 8.0)], ids=str)
@pytest.mark.parametrize(
    ("interpolation", "twin"),
    [("nearest", sitk.sitkNearestNeighbor), ("linear", sitk.sitkLinear), ("bspline", sitk.sitkBSpline3)],
)
def test_all_three_are_simpleitks(interpolation: str, twin: int, spacing: Any) -> None:
    image = on_grid(noise((9, 24, 31), "float64"), "sheared")
    ours = resample(image, spacing, interpolation)
    exact = pixels(sitk.Resample(image, ours, sitk.Transform(), twin, 0.0))
    # ITK's spline coefficients are exact to about 1e-10 of the range
    assert np.allclose(pixels(ours), exact, rtol=0, atol=1e-6)


def test_a_large_slice_in_blocks_is_seamless() -> None:
    array = noise((3, 300, 1100), "int16")
    image = on_grid(array, spacing=(1.0, 1.0, 1.0))
    ours = resample(image, (0.8, 0.7, 1.0), "bspline")
    twin = sitk.Resample(sitk.Cast(image, sitk.sitkFloat64), ours, sitk.Transform(), sitk.sitkBSpline3, 0.0)
    assert np.abs(pixels(ours) - pixels(twin)).max() <= 0.5 + 2e-3


@pytest.mark.parametrize("interpolation", ["linear", "bspline"])
def test_nan_stays_where_it_is(interpolation: str) -> None:
    array = noise((6, 20, 20), "float32")
    array[3, 10, 10] = np.nan
    result = pixels(resample(on_grid(array, spacing=(1, 1, 1)), (0.5, 0.5, 0.5), interpolation))
    hit = np.argwhere(np.isnan(result))
    assert hit.min(axis=0).tolist() == [5, 19, 19] and hit.max(axis=0).tolist() == [8, 22, 22]


def test_a_grid_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(Refused, match=r"would need .* GB"):
        resample(on_grid(noise((7, 12, 15))), (1e-4, 1e-4, 1e-4))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_crop_leaves_voxels_where_they_are(direction: str) -> None:
    array = noise((7, 12, 15), "int16")
    image = on_grid(array, direction)
    result = get("geometry.crop").run(Context(), image, box=(2, 3, 1, 5, 4, 6))
    assert np.array_equal(pixels(result), array[1:7, 3:7, 2:7])
    assert result.GetOrigin() == pytest.approx(image.TransformIndexToPhysicalPoint((2, 3, 1)))
    assert geometry(result)[3] == image.GetDirection() and result.GetSpacing() == image.GetSpacing()


def test_crop_takes_text_planes_and_colour_and_refuses_what_lies_outside() -> None:
    array = noise((12, 15, 3), "uint8")
    crop = get("geometry.crop")
    result = crop.run(Context(), on_grid(array, colour=True), box="2, 3, 0, 5, 4, 1")
    assert np.array_equal(pixels(result), array[3:7, 2:7])
    for box in ((0, 0, 0, 16, 12, 1), (-1, 0, 0, 2, 2, 1), (0, 0, 0, 0, 2, 1), (0, 0, 1, 2, 2, 1)):
        with pytest.raises(Refused, match="does not lie inside"):
            crop.run(Context(), on_grid(array, colour=True), box=box)
