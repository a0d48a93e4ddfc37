"""Projections: values by NumPy and SimpleITK, the place and thickness of the slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

METHODS = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "sum": np.sum, "deviation": np.std}
TWINS = {
    "maximum": sitk.MaximumProjection, "minimum": sitk.MinimumProjection, "mean": sitk.MeanProjection,
    "sum": sitk.SumProjection,
}  # fmt: skip


def project(image: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    return get("geometry.project").run(context or Context(), image, **values)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_values_are_numpys(axis: int, method: str, dtype: str) -> None:
    array = noise((5, 6, 7), dtype)
    result = pixels(project(on_grid(array), axis="xyz"[axis], method=method, first=1, count=3))
    slab = array.take(range(1, 4), 2 - axis)
    exact = METHODS[method](slab.astype(np.float64), axis=2 - axis, keepdims=True)
    if method == "mean" and np.dtype(dtype).kind in "iu":
        exact = np.rint(exact)
    wanted = {"sum": "float64", "deviation": "float32"}.get(method, dtype)
    assert result.dtype == wanted and np.allclose(result.astype(float), exact, rtol=1e-6)


@pytest.mark.parametrize("method", TWINS)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_whole_image_is_simpleitks_and_lies_in_its_middle(direction: str, axis: int, method: str) -> None:
    image = on_grid(noise((5, 6, 7), "float64"), direction)
    result = project(image, axis="xyz"[axis], method=method)
    assert np.allclose(pixels(result), pixels(TWINS[method](image, axis)), rtol=1e-9)
    edges = [-0.5] * 3, [n - 0.5 for n in image.GetSize()], [n - 0.5 for n in result.GetSize()]
    for here, there in ((edges[0], edges[0]), (edges[1], edges[2])):  # both ends of the box
        assert image.TransformContinuousIndexToPhysicalPoint(here) == pytest.approx(
            result.TransformContinuousIndexToPhysicalPoint(there), abs=1e-9
        )


def test_a_slab_lies_where_its_slices_lie() -> None:
    image = on_grid(noise((9, 6, 7)), "oblique")
    result = project(image, first=4, count=2)
    assert result.GetSpacing()[2] == 2 * image.GetSpacing()[2]
    middle = image.TransformContinuousIndexToPhysicalPoint((3.0, 2.0, 4.5))
    assert result.TransformPhysicalPointToContinuousIndex(middle) == pytest.approx((3.0, 2.0, 0.0), abs=1e-9)
    assert np.array_equal(pixels(project(image, first=7)), pixels(image)[7:].max(axis=0, keepdims=True))


def test_padding_and_nan_are_left_out() -> None:
    array = noise((5, 6, 7), "float32") + 5000
    array[1] = -9999
    array[2, 3] = np.nan
    array[:, 0, 0] = -9999
    array[:, 0, 1] = np.nan
    counted = np.ma.masked_where(np.isnan(array) | (array == -9999), array.astype(float))
    for method, name in {"maximum": "max", "minimum": "min", "mean": "mean", "sum": "sum", "deviation": "std"}.items():
        result = pixels(project(on_grid(array), Context(padding=(-9999, -9999)), method=method))[0]
        exact = getattr(counted, name)(axis=0)
        assert result[0, 0] == -9999 and np.isnan(result[0, 1])
        result[0, :2] = exact[0, :2] = 0
        assert np.allclose(result, exact.filled(np.nan), rtol=1e-5)
    whole = np.full((4, 3, 3), -2000, np.int16)
    whole[1, 1] = 70
    result = pixels(project(on_grid(whole), Context(padding=(-2000, -2000)), method="mean"))[0]
    assert result[1, 1] == 70 and result[0, 0] == -2000


def test_colour_planes_and_one_slice() -> None:
    colour = noise((4, 5, 3), "uint8")
    result = project(on_grid(colour, colour=True), axis="y", method="mean")
    assert result.GetDimension() == 2 and result.GetSize() == (5, 1)
    assert np.array_equal(pixels(result), np.rint(colour.mean(axis=0, keepdims=True)))
    assert np.array_equal(pixels(project(on_grid(colour, colour=True))), colour)
    one = on_grid(noise((1, 4, 5)))
    assert np.array_equal(pixels(project(one)), pixels(one))


def test_a_slab_outside_is_refused() -> None:
    for values in ({"first": 5}, {"first": 3, "count": 3}, {"axis": "x", "count": 8}):
        with pytest.raises(Refused, match=r"there are only [57] along [zx]\. Count begins at 0\."):
            project(on_grid(noise((5, 6, 7))), **values)
