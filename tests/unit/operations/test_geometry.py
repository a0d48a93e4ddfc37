"""Resampling: values by hand and by SimpleITK, ramps in the world, gaps that mix into nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, PIXEL_TYPES, SPACING, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

INTERPOLATIONS = ("nearest", "linear", "bspline", "lanczos", "hamming")
TWINS = {
    "nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline3,
    "lanczos": sitk.sitkLanczosWindowedSinc, "hamming": sitk.sitkHammingWindowedSinc,
}  # fmt: skip


def resample(
    image: sitk.Image, spacing: Any, interpolation: str = "linear", context: Context | None = None, *,
    smooth: bool = False,
) -> sitk.Image:  # fmt: skip
    x, y, z = spacing
    values = {"spacing_x": x, "spacing_y": y, "spacing_z": z, "interpolation": interpolation}
    return get("geometry.resample").run(context or Context(), image, **values, anti_alias=smooth)


def to_image(image: sitk.Image, other: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    values = {"anti_alias": False, **values}
    return get("geometry.resample_to_image").run(context or Context(), image, other, **values)


def twin(image: sitk.Image, like: sitk.Image, interpolation: str, background: float = 0.0) -> Any:
    """Return what SimpleITK makes; its sinc is scaled to leave a constant as it is, ties go to the next voxel."""
    if interpolation == "nearest":
        like = sitk.Image(like)
        like.SetOrigin(like.TransformContinuousIndexToPhysicalPoint([1e-7] * 3))
    made = pixels(sitk.Resample(image, like, sitk.Transform(), TWINS[interpolation], background))
    if interpolation in ("lanczos", "hamming"):
        one = sitk.Cast(image * 0 + 1, sitk.sitkFloat64)
        made = made / pixels(sitk.Resample(one, like, sitk.Transform(), TWINS[interpolation], 1.0))
    return made


def world_ramp(image: sitk.Image, slope: Any = (1.0, 2.0, 0.7)) -> Any:
    """Return slope · position at every voxel."""
    size = image.GetSize()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"))
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    places = np.einsum("ij,jxyz->izyx", steps, index) + np.array(image.GetOrigin())[:, None, None, None]
    return np.einsum("i,izyx->zyx", slope, places)


def middle(image: sitk.Image) -> Any:
    return image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.35, 0.45, 1.25), (2.0, 3.1, 9.0), (500, 500, 500)], ids=str)
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


@pytest.mark.parametrize("spacing", [(1.1037, 0.6, 1.907), (0.2311, 0.3137, 0.6071), (2.2, 4.0, 8.0)], ids=str)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_all_are_simpleitks(interpolation: str, spacing: Any) -> None:
    shape = (3, 8, 10) if interpolation in ("lanczos", "hamming") else (9, 24, 31)  # ITK's sinc is slow
    image = on_grid(noise(shape, "float64"), "sheared")
    ours = resample(image, spacing, interpolation)
    # ITK's spline coefficients are exact to about 1e-10 of the range
    assert np.allclose(pixels(ours), twin(image, ours, interpolation), rtol=0, atol=1e-6)


def test_a_large_slice_in_blocks_is_seamless() -> None:
    array = noise((3, 300, 1100), "int16")
    image = on_grid(array, spacing=(1.0, 1.0, 1.0))
    ours = resample(image, (0.8, 0.7, 1.0), "bspline")
    twin = sitk.Resample(sitk.Cast(image, sitk.sitkFloat64), ours, sitk.Transform(), sitk.sitkBSpline3, 0.0)
    assert np.abs(pixels(ours) - pixels(twin)).max() <= 0.5 + 2e-3


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_gaps_stay_where_they_are_nearest_and_spread_nowhere(gap: float, interpolation: str) -> None:
    array = noise((6, 20, 20), "float32")
    array[3, 10, 10] = gap
    result = pixels(resample(on_grid(array, spacing=(1, 1, 1)), (0.4, 0.4, 0.4), interpolation))
    hit = np.argwhere(~np.isfinite(result))
    place = (hit - (np.array(result.shape) - 1) / 2) * 0.4 + (np.array(array.shape) - 1) / 2
    assert len(hit) in (8, 12, 18, 27) and np.abs(place - (3, 10, 10)).max() <= 0.5
    assert np.array_equal(result[tuple(hit[0])], gap, equal_nan=True)
    plain = noise((6, 20, 20), "float32")
    without = pixels(resample(on_grid(plain, spacing=(1, 1, 1)), (0.4, 0.4, 0.4), interpolation))
    assert np.abs(result - without)[:, :10].max() <= (10 if interpolation == "bspline" else 0)  # ripples of a spline


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("spacing", [(0.4037, 0.6011, 1.1029), (1.7037, 2.6011, 6.0029)], ids=str)
def test_padding_does_not_bleed(spacing: Any, interpolation: str, smooth: bool) -> None:
    array = np.full((7, 40, 44), 100, np.int16)
    y, x = np.ogrid[:40, :44]
    outside = (y - 20) ** 2 + (x - 22) ** 2 > 17**2
    array[:, outside] = -2000
    result = resample(on_grid(array), spacing, interpolation, Context(padding=(-2000, -2000)), smooth=smooth)
    assert set(np.unique(pixels(result))) == {-2000, 100}
    assert np.array_equal(pixels(result), twin(on_grid(array), result, "nearest"))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("interpolation", ["linear", "bspline"])
def test_padding_does_not_bleed_onto_another_grid(interpolation: str, turned: bool) -> None:
    array = np.full((9, 30, 30), 100, np.float32)
    array[:, :, :9], array[:4] = -2000, np.nan
    image = on_grid(array)
    other = on_grid(np.zeros((20, 60, 50)), "oblique" if turned else "straight", (0.5037, 0.4037, 1.1037))
    result = pixels(to_image(image, other, Context(padding=(-2000, -2000)), interpolation=interpolation)).round(3)
    assert set(np.unique(result[np.isfinite(result)])) <= {-2000, 0, 100} and np.isnan(result).any()
    assert np.array_equal(result, twin(image, other, "nearest"), equal_nan=True)


def test_smoothing_before_coarser_voxels_is_a_gaussian_of_the_width_of_a_voxel() -> None:
    from scipy import ndimage

    array = noise((40, 50, 60), "float64")
    image = on_grid(array, "oblique")
    said: list[str] = []
    result = resample(image, (2.8, 0.5, 2.5), "linear", Context(remark=said.append), smooth=True)
    sigma = np.sqrt((4.0**2 - 1) / (8 * np.log(2)))
    smooth = ndimage.gaussian_filter1d(array, sigma, axis=2, mode="nearest", truncate=4)
    exact = twin(on_grid(smooth, "oblique"), result, "linear")
    assert np.allclose(pixels(result), exact, atol=1e-9)
    assert said == [f"Smoothed before with a Gaussian of sigma {sigma * 0.7:.3g} × 0 × 0 mm, against aliasing."]
    stripes = on_grid(np.tile([0.0, 100.0], (20, 30, 30)), spacing=(1, 1, 1))
    assert np.ptp(pixels(resample(stripes, (3.1, 1, 1), smooth=True))[:, :, 2:-2]) < 1
    assert np.ptp(pixels(resample(stripes, (3.1, 1, 1)))) > 50


def test_a_grid_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(Refused, match=r"would need .* GB"):
        resample(on_grid(noise((7, 12, 15))), (1e-4, 1e-4, 1e-4))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_size_covers_exactly_the_same_space(interpolation: str) -> None:
    image = on_grid(noise((8, 24, 31), "float64"), "oblique")
    values = {"size_x": 47, "size_y": 13, "size_z": 0, "interpolation": interpolation, "anti_alias": False}
    result = get("geometry.resample_to_size").run(Context(), image, **values)
    assert result.GetSize() == (47, 13, 8)
    for corner in (-0.5, 1.0):
        here, there = (
            one.TransformContinuousIndexToPhysicalPoint([-0.5 if corner < 0 else n - 0.5 for n in one.GetSize()])
            for one in (image, result)
        )
        assert here == pytest.approx(there, abs=1e-9)
    assert np.allclose(pixels(result), twin(image, result, interpolation), atol=1e-6)


@pytest.mark.parametrize("planar", [False, True])
def test_twice_the_size_is_scipys_zoom(planar: bool) -> None:
    from scipy import ndimage

    array = noise((12, 15) if planar else (6, 12, 15), "float32")
    size = {"size_x": 30, "size_y": 24, "size_z": 12}
    result = get("geometry.resample_to_size").run(Context(), on_grid(array), **size)
    exact = ndimage.zoom(array, 2, order=1, mode="nearest", grid_mode=True)
    assert np.allclose(pixels(result), exact, atol=1e-3)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("letters", ["LPS", "RSA", "PIL", "AIR"])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_grid_of_another_image_along_the_same_axes(interpolation: str, letters: str, direction: str) -> None:
    image = on_grid(noise((4, 9, 11), "float64"), direction)
    other = sitk.DICOMOrient(resample(image, (0.9037, 0.7137, 1.3037)), letters)
    other.SetOrigin(np.add(other.GetOrigin(), (2.2, -1.7, 3.1)))
    result = to_image(image, other, interpolation=interpolation, background=-7.0)
    assert geometry(result) == geometry(other)
    exact = twin(image, other, interpolation, -7.0)
    assert np.isclose(pixels(result), exact, atol=1e-6).mean() > (0.98 if interpolation == "nearest" else 1 - 1e-9)
    assert (pixels(result) == -7).any() and not (pixels(result) == -7).all()


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "bspline"])
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_the_grid_of_a_turned_image(dtype: str, interpolation: str) -> None:
    image = on_grid(noise((9, 20, 22), dtype))
    other = on_grid(noise((8, 9, 11)), "oblique", (1.1, 1.3, 2.0))
    result = to_image(image, other, interpolation=interpolation, background=7.0)
    exact = twin(sitk.Cast(image, sitk.sitkFloat64), other, interpolation, 7.0)
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    exact = np.clip(np.rint(exact), info.min, info.max) if info else exact
    assert geometry(result) == geometry(other) and pixels(result).dtype == dtype
    assert np.abs(pixels(result).astype(float) - exact).max() <= (1.0 if info else 1e-3)
    assert np.mean(pixels(result) != exact) < 0.02 or not info


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("interpolation", ["linear", "bspline"])
def test_a_ramp_keeps_its_place_on_any_grid(interpolation: str, direction: str) -> None:
    grid = on_grid(np.zeros((20, 30, 32)), "sheared")
    image = on_grid(world_ramp(grid), "sheared")
    other = on_grid(np.zeros((12, 14, 16)), direction, (0.8, 0.8, 1.7))
    other.SetOrigin(np.array(image.TransformContinuousIndexToPhysicalPoint((10, 10, 6.5))))
    far = -1e6
    result = pixels(to_image(image, other, interpolation=interpolation, background=far))
    inside = result > far / 2
    error = np.abs(result - world_ramp(other))[inside]
    assert inside.any() and np.median(error) < 1e-3
    assert error.max() < 2.5 + 1e-6  # half a voxel beyond the outermost the image is repeated


def test_another_grid_is_refused_where_it_cannot_be() -> None:
    image = on_grid(noise((5, 6, 7)))
    with pytest.raises(Refused, match="planar image and a volume"):
        to_image(image, on_grid(noise((6, 7))))
    with pytest.raises(Refused, match="Choose cubic B-spline"):
        to_image(image, on_grid(noise((5, 6, 7)), "oblique"), interpolation="lanczos")
    colour = on_grid(noise((6, 7, 3), "uint8"), colour=True)
    assert pixels(to_image(colour, on_grid(noise((9, 4))))).shape == (9, 4, 3)
    said: list[str] = []
    resample(on_grid(np.ones((5, 6), np.uint8)), (1, 1, 1), context=Context(remark=said.append))
    assert said == ["This image holds only 0 and 1, like a mask. Nearest keeps every voxel at its nearest one."]


@pytest.mark.parametrize("interpolation", ["linear", "lanczos", "bspline"])
def test_around_padding_the_blocks_of_the_work_cannot_be_seen(
    interpolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = noise((20, 40, 44), "float32")
    array[np.random.default_rng(3).random(array.shape) < 0.3] = -5000
    array[5:9, 10:20] = -5000
    found = []
    for voxels in (1 << 21, 4000):
        monkeypatch.setattr("pellucid.operations.engines.resampling._BLOCK_VOXELS", voxels)
        found.append(
            pixels(resample(on_grid(array), (0.4, 0.7, 1.3), interpolation, Context(padding=(-5000, -5000))))
        )
    assert np.abs(found[0] - found[1]).max() <= (0.5 if interpolation == "bspline" else 1e-2)
