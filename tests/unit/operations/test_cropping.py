"""Cropping and padding: values by NumPy, places in space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, PIXEL_TYPES, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


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


def run(id: str, *images: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    return get(f"geometry.{id}").run(context or Context(), *images, **values)


def corner(image: sitk.Image, index: Any) -> Any:
    return pytest.approx(image.TransformIndexToPhysicalPoint([int(n) for n in index]), abs=1e-9)


@pytest.mark.parametrize("margin", [0.0, 1.0, 2.7, 100.0])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_crop_to_mask_keeps_the_box_and_a_margin_in_mm(direction: str, margin: float) -> None:
    image, array = on_grid(noise((9, 20, 30)), direction), np.zeros((9, 20, 30), np.uint8)
    array[3, 8:12, 10], array[5, 9, 20] = 1, 7
    result = run("crop_to_mask", image, on_grid(array, direction), margin=margin)
    first, last = np.array([10, 8, 3]), np.array([20, 11, 5])
    more = np.ceil(margin / np.array([0.7, 0.9, 2.5]))  # 0, 1 mm: 2, 2 and 1 voxels, …
    first, last = np.maximum(first - more, 0).astype(int), np.minimum(last + more, [29, 19, 8]).astype(int)
    x, y, z = (slice(a, b + 1) for a, b in zip(first, last, strict=True))
    assert np.array_equal(pixels(result), pixels(image)[z, y, x])
    assert result.GetOrigin() == corner(image, first) and result.GetDirection() == image.GetDirection()


def test_crop_to_an_empty_mask_is_refused() -> None:
    with pytest.raises(Refused, match="mask is empty"):
        run("crop_to_mask", on_grid(noise((4, 5, 6))), on_grid(np.zeros((4, 5, 6), np.uint8)))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("shape", [(9, 20, 30), (1, 20, 30), (20, 30)], ids=str)
def test_foreground_is_found_by_otsu_by_value_and_by_the_border(shape: Any, dtype: str) -> None:
    array = np.full(shape, 3, dtype)
    array[..., 5:11, 7:16] = 90
    array[..., 6, 8] = 70
    array[..., 18, 28] = 100  # a speck
    image, said = on_grid(array), []  # type: ignore[var-annotated]
    for values in ({"method": "otsu"}, {"method": "above", "threshold": 60.0}, {"method": "border"}):
        result = run("crop_foreground", image, context=Context(remark=said.append), margin=0.0, **values)
        assert np.array_equal(pixels(result), array[..., 5:11, 7:16])
        assert result.GetOrigin() == corner(image, [7, 5, 0][: image.GetDimension()])
        everything = run("crop_foreground", image, margin=0.0, one_piece=False, **values)
        assert np.array_equal(pixels(everything), array[..., 5:19, 7:29])
    assert said[0] == f"9 × 6{' × 9' * (shape[0] == 9)}{' × 1' * (shape[0] == 1)} of {' × '.join(map(str, shape[::-1]))} voxels were kept."  # noqa: E501


def test_the_threshold_itself_is_background_and_padding_and_nan_always_are() -> None:
    array = np.full((12, 14), 10.0, np.float32)
    array[3:7, 4:9] = 50
    array[0], array[:, 0] = np.nan, 3000  # a frame that is brighter than all
    padded = Context(padding=(3000, 3000))
    for values in ({"method": "above", "threshold": 10.0}, {"method": "otsu"}):
        result = run("crop_foreground", on_grid(array), context=padded, margin=0.0, **values)
        assert result.GetSize() == (5, 4), values
    result = run("crop_foreground", on_grid(array), context=padded, margin=0.0, method="border")
    assert result.GetSize() == (13, 12)
    with pytest.raises(Refused, match="Nothing in this image is foreground"):
        run("crop_foreground", on_grid(array), method="above", threshold=5000.0)
    with pytest.raises(Refused, match="two different values"):
        run("crop_foreground", on_grid(np.ones((4, 5))))
    frame = np.full((6, 7), np.nan)
    frame[2:4, 3:5] = 1
    assert run("crop_foreground", on_grid(frame), method="border", margin=0.0).GetSize() == (2, 2)


def test_the_margin_of_the_foreground_is_in_mm() -> None:
    array = np.zeros((30, 40), np.int16)
    array[10:15, 20:22] = 100
    result = run("crop_foreground", on_grid(array, spacing=(0.5, 2.0)), margin=3.0)
    assert result.GetSize() == (2 + 12, 5 + 4)


@pytest.mark.parametrize("mode", ["constant", "mirror", "edge"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pad_is_simpleitks(direction: str, mode: str) -> None:
    image = on_grid(noise((4, 5, 6), "float32"), direction)
    values = {"before_x": 3, "after_x": 1, "before_y": 0, "after_y": 5, "before_z": 2, "after_z": 4}
    result = run("pad", image, **values, mode=mode, constant=-5.0)
    lower, upper = (3, 0, 2), (1, 5, 4)
    exact = {
        "constant": lambda: sitk.ConstantPad(image, lower, upper, -5.0),
        "mirror": lambda: sitk.MirrorPad(image, lower, upper),
        "edge": lambda: sitk.ZeroFluxNeumannPad(image, lower, upper),
    }[mode]()
    assert np.array_equal(pixels(result), pixels(exact))
    assert np.allclose(np.hstack(geometry(result)[1:]), np.hstack(geometry(exact)[1:]), atol=1e-9)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("mode", ["constant", "mirror", "edge"])
def test_pad_is_numpys_for_planes_colour_and_all_types(mode: str, dtype: str) -> None:
    array = noise((4, 5, 3), dtype)
    result = run("pad", on_grid(array, colour=True), before_x=2, after_x=20, before_y=1, after_y=0, mode=mode,
                 constant=300.4)  # fmt: skip
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    value = np.array(min(300, info.max) if info else 300.4).astype(dtype)
    way = {"constant": {"mode": "constant", "constant_values": value}, "mirror": {"mode": "symmetric"}}
    exact = np.pad(array, [(1, 0), (2, 20), (0, 0)], **way.get(mode, {"mode": "edge"}))  # type: ignore[call-overload]
    assert pixels(result).dtype == dtype and np.array_equal(pixels(result), exact)
    assert result.GetOrigin() == corner(on_grid(array, colour=True), (-2, -1))


def test_pad_and_crop_are_inverse() -> None:
    image = on_grid(noise((4, 5, 6)), "sheared")
    padded = run("pad", image, before_x=1, before_y=2, before_z=3)
    back = run("crop", padded, box=(1, 2, 3, 6, 5, 4))
    assert np.array_equal(pixels(back), pixels(image))
    assert np.allclose(np.hstack(geometry(back)[1:]), np.hstack(geometry(image)[1:]), atol=1e-9)
    with pytest.raises(Refused, match=r"would need .* GB"):
        run("pad", image, before_x=20_000, before_y=20_000, before_z=20_000)
