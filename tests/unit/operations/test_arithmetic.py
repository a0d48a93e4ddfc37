"""Arithmetic between images against NumPy in exact types and against SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import PIXEL_TYPES, SHAPES, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.plain import on_grid_or_resampled

ITK = {
    "add": sitk.Add,
    "subtract": sitk.Subtract,
    "multiply": sitk.Multiply,
    "divide": sitk.Divide,
    "minimum": sitk.Minimum,
    "maximum": sitk.Maximum,
    "absolute_difference": sitk.AbsoluteValueDifference,
}
EXACT: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: np.divide(a, b, out=np.zeros_like(a), where=b != 0),
    "minimum": np.fmin,
    "maximum": np.fmax,
    "blend": lambda a, b: 0.5 * a + 0.5 * b,
    "absolute_difference": lambda a, b: abs(a - b),
}


def run(name: str, *images: sitk.Image, remarks: list[str] | None = None, **values: Any) -> Any:
    context = Context(remark=(remarks if remarks is not None else []).append)
    return pixels(get(f"arithmetic.{name}").run(context, *images, **values))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("name", EXACT)
def test_the_result_is_the_exact_one_rounded_and_clipped(name: str, dtype: str) -> None:
    a, b = noise((3, 9, 11), dtype), noise((3, 9, 11), dtype, seed=5)
    b[0, 0] = 0
    exact = EXACT[name](a.astype(np.longdouble), b.astype(np.longdouble))
    result = run(name, on_grid(a, "oblique"), on_grid(b, "oblique"), pixel_type="same")
    assert result.dtype == dtype
    if result.dtype.kind == "f":
        finite = np.isfinite(result)
        assert np.array_equal(~finite, (b == 0) & (name == "divide"))
        assert np.allclose(result[finite], exact[finite].astype(float), rtol=1e-6)
    else:
        info = np.iinfo(dtype)
        assert np.array_equal(result, np.clip(np.rint(exact), info.min, info.max).astype(dtype))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ITK)
def test_floats_are_simpleitks(name: str, shape: str) -> None:
    a, b = on_grid(noise(SHAPES[shape], "float32")), on_grid(noise(SHAPES[shape], "float32", seed=5))
    result = get(f"arithmetic.{name}").run(Context(), a, b, pixel_type="float32")
    assert np.array_equal(pixels(result), pixels(ITK[name](a, b))) and geometry(result) == geometry(a)


def test_mixed_types_meet_in_floats_that_hold_both() -> None:
    a, b = np.full((2, 3), 2**31 - 1, np.int32), np.full((2, 3), 200, np.uint8)
    assert (run("add", on_grid(b), on_grid(a)) == 255).all()
    assert (run("subtract", on_grid(a), on_grid(b)) == 2**31 - 201).all()
    assert (run("blend", on_grid(b), on_grid(np.full((2, 3), 0.25)), weight=100.0, pixel_type="float32") == 0.25).all()


def test_the_weight_of_a_blend_is_that_of_the_other() -> None:
    a, b = noise((4, 5), "float64"), noise((4, 5), "float64", seed=3)
    for weight in (0.0, 12.5, 100.0):
        result = run("blend", on_grid(a), on_grid(b), weight=weight)
        assert np.allclose(result, a + (b - a) * weight / 100, rtol=1e-12)


def test_clipping_and_divisions_by_zero_are_counted() -> None:
    a, b = np.array([[250, 250, 3, 0]], np.uint8), np.array([[5, 6, 4, 0]], np.uint8)
    said: list[str] = []
    assert run("add", on_grid(a), on_grid(b), remarks=said).tolist() == [[255, 255, 7, 0]]
    assert run("subtract", on_grid(a), on_grid(b), remarks=said).tolist() == [[245, 244, 0, 0]]
    assert run("divide", on_grid(a), on_grid(b), pixel_type="same", remarks=said).tolist() == [[50, 42, 1, 0]]
    assert np.isnan(run("divide", on_grid(a), on_grid(b), remarks=said)[0, 3])
    assert said == [
        "1 value did not fit into the type uint8 and was clipped.",
        "1 value did not fit into the type uint8 and was clipped.",
        "1 value was divided by zero.",
        "1 value was divided by zero.",
    ]
    said.clear()
    edge = np.array([[-0.5, 255.49, 255.5, -0.51, np.inf, np.nan]])
    zero = np.zeros((1, 6), np.uint8)
    assert run("add", on_grid(zero), on_grid(edge), remarks=said).tolist() == [[0, 255, 255, 0, 255, 0]]
    assert said == ["3 values did not fit into the type uint8 and were clipped."]


def test_nan_in_either_image_stays() -> None:
    a, b = np.array([[1.0, np.nan, 3.0]]), np.array([[np.nan, 2.0, 4.0]])
    for name in EXACT:
        assert np.isnan(run(name, on_grid(a), on_grid(b))).tolist() == [[True, True, False]], name


def test_grey_acts_on_every_channel_and_alpha_stays() -> None:
    colour, grey = noise((4, 5, 6, 4), "uint8"), noise((4, 5, 6), "uint8", seed=8)
    result = run("add", on_grid(colour, colour=True), on_grid(grey))
    assert np.array_equal(result[..., 3], colour[..., 3])
    for c in range(3):
        assert np.array_equal(result[..., c], np.minimum(colour[..., c].astype(int) + grey, 255))
    other = run("subtract", on_grid(grey), on_grid(colour, colour=True))
    assert np.array_equal(other[..., 2], np.maximum(grey.astype(int) - colour[..., 2], 0)) and other.shape[-1] == 3
    with pytest.raises(Refused, match="colour images of 2 and 3 channels"):
        run("add", on_grid(colour[..., :2], colour=True), on_grid(colour[..., :3], colour=True))


def test_another_grid_is_refused_or_resampled() -> None:
    a, b = on_grid(noise((4, 9, 11), "float32")), on_grid(noise((9, 12, 14), "float32"), spacing=(0.5, 0.6, 1.1))
    with pytest.raises(Refused, match="same grid"):
        run("add", a, b)
    moved = sitk.Resample(b, a, sitk.Transform(), sitk.sitkLinear)
    said: list[str] = []
    result = run("add", a, b, resample=True, remarks=said)
    assert np.array_equal(result, pixels(a) + pixels(moved)) and "resampled" in said[0]


def test_units_survive_sums_and_not_products() -> None:
    keeping = {name: get(f"arithmetic.{name}").keeps_unit for name in EXACT}
    assert [name for name, keeps in keeping.items() if not keeps] == ["multiply", "divide"]


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("keep", ["inside", "outside"])
def test_a_mask_is_simpleitks(keep: str, dtype: str) -> None:
    array, label = noise((3, 7, 9), dtype), (noise((3, 7, 9), "uint8", seed=3) > 128).astype(np.uint8)
    image, mask = on_grid(array, "sheared"), on_grid(label, "sheared")
    twin = sitk.MaskNegated if keep == "outside" else sitk.Mask
    result = run("mask", image, mask, keep=keep, fill="value", value=17.0)
    assert np.array_equal(result, pixels(twin(image, mask, 17.0)))
    lowest = run("mask", image, mask, keep=keep)
    replaced = label == (keep == "outside")
    assert (lowest[replaced] == array.min()).all() and np.array_equal(lowest[~replaced], array[~replaced])


def test_a_mask_on_colour_nan_and_other_grids() -> None:
    label = np.array([[1, 0, 0]], np.uint8)
    colour = noise((1, 3, 4), "uint8")
    result = run("mask", on_grid(colour, colour=True), on_grid(label), fill="value", value=300.4)
    assert result[0, 0].tolist() == colour[0, 0].tolist() and (result[0, 1:, :3] == 255).all()
    assert np.array_equal(result[..., 3], colour[..., 3])
    said: list[str] = []
    run("mask", on_grid(label), on_grid(label), fill="value", value=300.4, remarks=said)
    assert said == ["The type uint8 cannot hold 300.4; 255 was used."]
    broken = on_grid(np.array([[1.0, np.nan, 3.0]]))
    assert run("mask", broken, on_grid(label)).tolist() == [[1, 1, 1]]
    far = on_grid(np.ones((2, 5), np.uint8), spacing=(0.7, 0.9))
    assert run("mask", broken, far, resample=True, fill="value", value=-9.0)[0, 0] == 1.0
    with pytest.raises(Refused, match="same grid"):
        run("mask", broken, far)


def test_pictures_of_a_microscope_that_lie_a_pixel_apart_are_not_on_one_grid() -> None:
    first, other = (on_grid(noise((20, 22), seed=n), spacing=(2.5e-4, 2.5e-4)) for n in range(2))
    other.SetOrigin((first.GetOrigin()[0] + 2.5e-4, first.GetOrigin()[1]))
    with pytest.raises(Refused, match="same grid"):
        run("add", first, other)
    assert on_grid_or_resampled(first, other) is not other
    shifted = run("subtract", first, other, resample=True, pixel_type="float32")
    assert np.abs(shifted[:, 1:] - (pixels(first).astype(float)[:, 1:] - pixels(other)[:, :-1])).max() <= 1
