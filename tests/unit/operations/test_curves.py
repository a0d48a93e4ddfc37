"""Window, gamma, sigmoid and the straight line against DICOM's formulas, SimpleITK and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom.pixels
import pytest
import SimpleITK as sitk
from skimage import exposure

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(id).run(context or Context(), image, **values))


def voi_lut(x: float, centre: float, width: float, function: str, low: float, high: float) -> float:
    """Window one value word for word as DICOM PS3.3 C.11.2.1.2.1 and C.11.2.1.3 say."""
    if function == "sigmoid":
        return (high - low) / (1 + np.exp(-4 * (x - centre) / width)) + low
    middle, reach = (centre - 0.5, width - 1) if function == "linear" else (centre, width)
    if x <= middle - reach / 2:
        return low
    if x > middle + reach / 2:
        return high
    return ((x - middle) / reach + 0.5) * (high - low) + low


@pytest.mark.parametrize("function", ["linear", "linear_exact", "sigmoid"])
@pytest.mark.parametrize(("level", "width"), [(40.0, 90.0), (40.5, 1.0), (2.0, 2.0)])
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_window_is_dicoms_formula(dtype: str, level: float, width: float, function: str) -> None:
    array = np.arange(0, 120).astype(dtype).reshape(2, 6, 10)
    exact = [voi_lut(float(x), level, width, function, 10, 200) for x in array.ravel()]
    values = {"level": level, "width": width, "function": function, "minimum": 10, "maximum": 200}
    floats = run("intensity.window", on_grid(array), **values, pixel_type="float32")
    np.testing.assert_allclose(floats.ravel(), exact, rtol=1e-6)
    grey = run("intensity.window", on_grid(array), **values)
    assert grey.dtype == np.uint8 and np.abs(grey.ravel() - np.array(exact)).max() <= 0.5 + 1e-9


def test_window_is_pydicoms() -> None:
    array = noise((3, 20, 20), "int16")
    header = pydicom.Dataset()
    header.WindowCenter, header.WindowWidth, header.BitsStored, header.PixelRepresentation = 300, 1501, 16, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    twin = pydicom.pixels.apply_windowing(array, header)
    ours = run(
        "intensity.window", on_grid(array, "oblique"), level=300, width=1501, function="linear", pixel_type="float32",
        minimum=-(2**15), maximum=2**15 - 1,
    )  # fmt: skip
    np.testing.assert_allclose(ours, twin, rtol=1e-5, atol=0.01)


def test_window_inverts_and_makes_nan_black_or_keeps_it() -> None:
    array = np.array([[np.nan, -np.inf, np.inf, 0.0]], np.float32)
    values = {"level": 0.0, "width": 10.0, "function": "linear_exact", "minimum": 250, "maximum": 10}
    assert run("intensity.window", on_grid(array), **values).tolist() == [[250, 250, 10, 130]]
    floats = run("intensity.window", on_grid(array), **values, pixel_type="float32")
    assert np.isnan(floats[0, 0]) and floats[0, 1:].tolist() == [250, 10, 130]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 0}, "above 0"),
        ({"width": 0.5, "function": "linear"}, "at least 1"),
        ({"maximum": 256}, "0 to 255"),
        ({"minimum": -1}, "8-bit"),
    ],
)
def test_window_that_makes_no_sense_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        get("intensity.window").validate(**values)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.2])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
def test_gamma_is_scikit_images_on_the_range(dtype: str, gamma: float) -> None:
    array = noise((4, 9, 11), dtype)
    low, span = float(array.min()), float(np.ptp(array.astype(float)))
    twin = low + span * exposure.adjust_gamma((array.astype(float) - low) / span, gamma)
    result = run("intensity.gamma", on_grid(array), gamma=gamma)
    assert np.abs(result - twin).max() <= (0.5 + 1e-6 if array.dtype.kind in "iu" else span * 1e-6)
    if gamma == 1.0:
        assert np.allclose(result, array, rtol=1e-6)


def test_gamma_of_one_value_of_colour_and_of_infinity() -> None:
    assert np.all(run("intensity.gamma", on_grid(np.full((3, 4), 7, np.int16)), gamma=2) == 7)
    colour = noise((9, 10, 3), "uint8")
    low, span = int(colour.min()), int(np.ptp(colour))
    exact = low + span * ((colour.astype(float) - low) / span) ** 2
    assert np.abs(run("intensity.gamma", on_grid(colour, colour=True), gamma=2.0) - exact).max() <= 0.5 + 1e-9
    array = np.array([[np.nan, -np.inf, np.inf, 0.0, 4.0, 1.0]])
    assert run("intensity.gamma", on_grid(array), gamma=0.5)[0, 1:].tolist() == [0, 4, 0, 4, 2]


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("width", [60.0, -25.0])
def test_sigmoid_is_simpleitks(width: float, dtype: str) -> None:
    array = noise((4, 9, 11), dtype)
    twin = sitk.Sigmoid(sitk.Cast(on_grid(array), sitk.sitkFloat64), width / 4, 50.0, 7.0, -2.0)
    result = run("intensity.sigmoid", on_grid(array), centre=50.0, width=width, minimum=-2.0, maximum=7.0)
    np.testing.assert_allclose(result, pixels(twin), rtol=1e-6, atol=1e-6)
    with pytest.raises(Refused, match="must not be 0"):
        get("intensity.sigmoid").validate(width=0)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_linear_is_simpleitks_shift_scale(dtype: str) -> None:
    array = noise((4, 9, 11), dtype)
    result = run("intensity.linear", on_grid(array), slope=-2.5, offset=7.0)
    twin = sitk.ShiftScale(sitk.Cast(on_grid(array), sitk.sitkFloat64), 7.0 / -2.5, -2.5)
    np.testing.assert_allclose(result, pixels(twin), rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("dtype", PIXEL_TYPES[:8])
def test_linear_says_how_many_values_were_cut(dtype: str) -> None:
    info = np.iinfo(dtype)
    array = np.array([[info.min, info.max, 0, 3, 100]], dtype)
    said: list[str] = []
    result = run("intensity.linear", on_grid(array), Context(remark=said.append), slope=1.5, pixel_type="same")
    whole = [round(int(value) * 1.5) for value in array[0]]
    beyond = sum(not info.min <= value <= info.max for value in whole)
    expected = [min(max(value, info.min), info.max) for value in whole]
    assert np.allclose(result[0].astype(float), expected, rtol=1e-15) and said == [
        f"{beyond} values do not fit into {dtype} and were limited to it."
    ]


def test_linear_rounds_halves_at_the_limits_without_a_remark() -> None:
    said: list[str] = []
    array = np.array([[254, 255]], np.uint8)
    result = run("intensity.linear", on_grid(array), Context(remark=said.append), offset=0.4, pixel_type="same")
    assert result.tolist() == [[254, 255]] and said == []
    run("intensity.linear", on_grid(array), Context(remark=said.append), offset=0.5, pixel_type="same")
    assert said == ["1 values do not fit into uint8 and were limited to it."]
