"""Straightening against what lies where in an analytic phantom, and against SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.operations.operation import Context, get

DTYPES = ("uint8", "int16", "float32", "float64")


def run(image: sitk.Image, **values: Any) -> tuple[sitk.Image, list[str]]:
    said: list[str] = []
    operation = get("geometry.straighten")
    return operation.run(Context(remark=said.append), image, **operation.validate(**values).model_dump()), said


def sheared(tilt: float, skew: float = 0.0, *, dtype: str = "float64", turned: bool = False) -> sitk.Image:
    """Return an image whose value at a point is linear in its place, so that linear interpolation is exact."""
    right, down = np.array([1.0, 0, 0]), np.array([np.sin(np.radians(skew)), np.cos(np.radians(skew)), 0])
    step = np.array([0.0, np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    axes = np.column_stack([right, down, step])
    if turned:
        axes = (
            np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
            @ np.array([[1, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]])
            @ axes
        )
    image = sitk.Image(9, 11, 6, sitk.sitkFloat64)
    image.SetSpacing((0.5, 0.8, 2.5))
    image.SetOrigin((-20.0, 5.0, 7.0))
    image.SetDirection(axes.ravel().tolist())
    made = sitk.GetImageFromArray(values_at(places(image)).astype(dtype))
    made.CopyInformation(image)
    return made


def places(image: sitk.Image) -> np.ndarray:
    z, y, x = np.indices(image.GetSize()[::-1])
    steps = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    return np.stack([x, y, z], axis=-1) @ steps.T + image.GetOrigin()


def values_at(world: np.ndarray) -> np.ndarray:
    return 60 + world @ np.array([1.0, 1.5, -0.7])


@pytest.mark.hazard("H03")
@pytest.mark.hazard("H45")
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("tilt", "skew"), [(15, 0), (-30, 0), (0, 5), (12, -4), (0.3, 0)])
def test_every_value_stays_in_its_place(tilt: float, skew: float, turned: bool) -> None:
    image = sheared(tilt, skew, turned=turned)
    result, _ = run(image, background=-1e6)
    axes = np.reshape(result.GetDirection(), (3, 3))
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes[:, 0], np.reshape(image.GetDirection(), (3, 3))[:, 0], atol=1e-12)
    got = sitk.GetArrayFromImage(result)
    old = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    index = (places(result) - image.GetOrigin()) @ np.linalg.inv(old).T
    inside = np.all((index >= -1e-6) & (index <= np.array(image.GetSize()) - 1 + 1e-6), axis=-1)
    assert inside.sum() > 0.5 * 9 * 11 * 6
    assert np.all(got[np.any((index < -0.6) | (index > np.array(image.GetSize()) - 0.4), axis=-1)] == -1e6)
    np.testing.assert_allclose(got[inside], values_at(places(result))[inside], atol=1e-3)


@pytest.mark.parametrize("tilt", [15.0, -7.0])
def test_a_tilted_stack_keeps_its_planes_and_all_its_voxels(tilt: float) -> None:
    """The slices lie where they lay: their distance is that of the planes, and every old corner is held."""
    image = sheared(tilt)
    result, said = run(image)
    assert result.GetSpacing() == pytest.approx((0.5, 0.8, 2.5 * np.cos(np.radians(tilt))))
    assert result.GetSize()[0] == 9 and result.GetSize()[2] == 6
    assert any(f"tilted by {abs(tilt):.2f}°" in sentence for sentence in said)
    for corner in np.ndindex(2, 2, 2):
        index = [int(bit * (n - 1)) for bit, n in zip(corner, image.GetSize(), strict=True)]
        there = result.TransformPhysicalPointToContinuousIndex(image.TransformIndexToPhysicalPoint(index))
        assert all(-1e-6 <= i <= n - 1 + 1e-6 for i, n in zip(there, result.GetSize(), strict=True))
        assert there[2] == pytest.approx(index[2], abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", ["nearest", "linear"])
def test_it_is_the_resampling_of_simpleitk(dtype: str, how: str) -> None:
    image = sheared(20, 3, dtype=dtype)
    result, _ = run(image, interpolation=how, background=1.0)
    code = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear}[how]
    expected = sitk.GetArrayFromImage(
        sitk.Resample(sitk.Cast(image, sitk.sitkFloat64), result, sitk.Transform(), code, 1.0)
    )
    expected = np.rint(expected) if np.dtype(dtype).kind in "ui" else expected
    np.testing.assert_allclose(
        sitk.GetArrayFromImage(result).astype(float), expected, atol=1e-4 if how == "linear" else 0
    )


def test_without_growing_it_keeps_its_size_about_its_middle() -> None:
    image = sheared(25)
    result, _ = run(image, grow=False)
    assert result.GetSize() == image.GetSize()
    middles = [np.array(one.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in one.GetSize()]))
               for one in (image, result)]  # fmt: skip
    np.testing.assert_allclose(middles[0], middles[1], atol=0.45)


def test_what_is_square_stays_as_it_is_and_that_is_said() -> None:
    image = sheared(0, turned=True)
    result, said = run(image)
    assert result.GetDirection() == image.GetDirection() and result.GetOrigin() == image.GetOrigin()
    np.testing.assert_allclose(sitk.GetArrayFromImage(result), sitk.GetArrayFromImage(image), rtol=1e-6)
    assert any("right angles already" in sentence for sentence in said)


def test_a_skewed_picture_and_one_slice() -> None:
    image = sheared(0, 6)
    for part in (image[:, :, 2], image[:, :, 2:3]):
        result, said = run(part, background=-1e6)
        n = part.GetDimension()
        axes = np.reshape(result.GetDirection(), (n, n))
        np.testing.assert_allclose(axes.T @ axes, np.eye(n), atol=1e-12)
        assert any("6.00° off" in sentence for sentence in said)


def test_padding_mixes_into_nothing() -> None:
    image = sheared(15, dtype="int16")
    array = sitk.GetArrayFromImage(image)
    array[:, :4] = -2000
    padded = sitk.GetImageFromArray(array)
    padded.CopyInformation(image)
    operation = get("geometry.straighten")
    result = operation.run(
        Context(padding=(-2000.0, -2000.0)), padded, **operation.validate(background=-2000.0).model_dump()
    )
    got = np.unique(sitk.GetArrayFromImage(result))
    assert got[0] == -2000 and got[1] >= array[array > -2000].min() - 1
