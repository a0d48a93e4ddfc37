"""Colour against colorsys, scikit-image, SimpleITK and published values."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from skimage import color

from operation_images import PIXEL_TYPES, SHAPES, geometry, noise, on_grid, pixels
from pellucid.model import colormaps
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.pseudo_colours import ANCHORS

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0, "float64": 1.0}


def run(name: str, *images: sitk.Image, **values: Any) -> Any:
    return pixels(get(f"colour.{name}").run(Context(), *images, **values))


def rgb(dtype: str = "uint8", shape: Any = (3, 7, 9), channels: int = 3) -> Any:
    """Return colours over the whole cube, with black, white, greys and pure colours among them."""
    shares = np.random.default_rng(3).random((*shape, channels))
    corners = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]]
    shares[..., 0, : len(corners), :3] = corners[: shape[-1]]
    scaled = shares * WHITE[dtype]
    return np.rint(scaled).astype(dtype) if np.dtype(dtype).kind in "iu" else scaled.astype(dtype)


def coloured(array: Any, direction: str = "oblique") -> sitk.Image:
    return on_grid(array, direction, colour=True)


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("shape", SHAPES)
def test_hsv_is_that_of_colorsys_and_goes_back(shape: str, dtype: str) -> None:
    array = rgb(dtype, SHAPES[shape])
    image = coloured(array)
    result = get("colour.hsv").run(Context(), image)
    assert geometry(result) == geometry(image)
    shares = array.reshape(-1, 3) / WHITE[dtype]
    exact = [colorsys.rgb_to_hsv(*one) for one in shares.tolist()]
    made = pixels(result).reshape(-1, 3)
    turn = np.abs((made[:, 0] - 360 * np.array(exact)[:, 0] + 180) % 360 - 180)  # 0 and 360 degrees are the same hue
    assert turn.max() < 2e-2 and made[:, 0].min() >= 0 and made[:, 0].max() <= 360
    assert np.allclose(made[:, 1:], 100 * np.array(exact)[:, 1:], atol=1e-4)
    back = pixels(get("colour.hsv").run(Context(), result, direction="to_rgb"))
    assert np.allclose(back.reshape(-1, 3), shares, atol=1e-5)


def test_hues_turn_and_shares_are_limited_on_the_way_back() -> None:
    hsv = np.array([[[-120, 100, 100], [480, 100, 100], [0, 300, 50], [60, -5, 120]]], np.float32)
    back = run("hsv", coloured(hsv), direction="to_rgb")
    assert np.allclose(back, [[[0, 0, 1], [0, 1, 0], [0.5, 0, 0], [1, 1, 1]]], atol=1e-6)


@pytest.mark.parametrize("dtype", WHITE)
def test_lab_is_scikit_images_and_goes_back(dtype: str) -> None:
    array = rgb(dtype)
    result = run("lab", coloured(array))
    assert np.allclose(result, color.rgb2lab(array / WHITE[dtype]), atol=2e-3)
    back = run("lab", coloured(result), direction="to_rgb")
    assert np.allclose(back, array / WHITE[dtype], atol=1e-4)


def test_lab_of_the_primaries_is_as_published_and_what_is_no_colour_is_clipped() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    published = [[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86], [100, 0, 0]]  # B. Lindbloom
    assert np.allclose(run("lab", coloured(primaries))[0], published, atol=0.02)
    lab = np.random.default_rng(0).uniform([0, -90, -90], [100, 90, 90], (6, 7, 3)).astype(np.float32)
    clipped = run("lab", coloured(lab), direction="to_rgb")
    with pytest.warns(UserWarning, match="negative Z"):
        expected = color.lab2rgb(lab.astype(float))
    assert np.allclose(clipped, expected, atol=1e-4) and clipped.min() == 0 and clipped.max() == 1


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_stored_channels_are_simpleitks(dtype: str) -> None:
    image = coloured(noise((3, 5, 6, 4), dtype))
    for n, name in enumerate(("red", "green", "blue", "alpha")):
        twin = sitk.VectorIndexSelectionCast(image, n)
        result = get("colour.channel").run(Context(), image, channel=name)
        assert np.array_equal(pixels(result), pixels(twin)) and result.GetPixelID() == twin.GetPixelID()
        assert np.array_equal(run("channel", image, channel="numbered", number=n + 1), pixels(twin))


@pytest.mark.parametrize("dtype", WHITE)
def test_computed_channels_are_scikit_images(dtype: str) -> None:
    array = rgb(dtype, channels=4)
    shares = array[..., :3] / WHITE[dtype]
    hsv, lab = color.rgb2hsv(shares) * [360, 100, 100], color.rgb2lab(shares)
    luma = shares @ [21.26, 71.52, 7.22]
    wanted = {"hue": hsv[..., 0], "saturation": hsv[..., 1], "value": hsv[..., 2], "luma": luma}
    wanted |= {"lightness": lab[..., 0], "a": lab[..., 1], "b": lab[..., 2]}
    for name, exact in wanted.items():
        result = run("channel", coloured(array), channel=name)
        assert result.dtype == np.float32 and np.allclose(result, exact, atol=2e-2 if name == "hue" else 2e-3), name


def test_channels_that_are_not_there_are_refused() -> None:
    two = coloured(noise((4, 5, 2), "uint8"))
    assert np.array_equal(run("channel", two, channel="green"), pixels(two)[..., 1])
    for values, words in (
        ({"channel": "blue"}, "no channel 3; the image has 2"),
        ({"channel": "numbered", "number": 7}, "no channel 7"),
        ({"channel": "hue"}, "red, green and blue; the channels of this one: 2"),
    ):
        with pytest.raises(Refused, match=words):
            run("channel", two, **values)
    with pytest.raises(Refused, match="no channel 4"):
        run("channel", coloured(rgb()), channel="alpha")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_merged_channels_are_simpleitks(dtype: str, shape: str) -> None:
    parts = [on_grid(noise(SHAPES[shape], dtype, seed=n), "sheared") for n in range(4)]
    for count in (3, 4):
        result = get("colour.merge").run(Context(), *parts[:count])
        assert np.array_equal(pixels(result), pixels(sitk.Compose(parts[:count])))
        assert geometry(result) == geometry(parts[0])


def test_channels_of_other_types_and_grids() -> None:
    grey, other = on_grid(noise((4, 5), "uint8")), on_grid(noise((4, 5), "uint16"))
    with pytest.raises(Refused, match="one pixel type; these are uint8, uint16, uint8"):
        run("merge", grey, other, grey)
    far = on_grid(noise((8, 9), "uint8"), spacing=(0.4, 0.5))
    with pytest.raises(Refused, match="same grid"):
        run("merge", grey, far, grey)
    moved = pixels(sitk.Resample(far, grey, sitk.Transform(), sitk.sitkLinear))
    assert np.array_equal(run("merge", grey, far, grey, resample=True)[..., 1], moved)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_greys_are_weighted_means(dtype: str) -> None:
    array = noise((3, 5, 6, 4), dtype)
    weights = {"rec709": (0.2126, 0.7152, 0.0722), "rec601": (0.299, 0.587, 0.114), "mean": (1 / 3, 1 / 3, 1 / 3)}
    for name, shares in weights.items():
        exact = array[..., :3].astype(float) @ shares
        result = run("grey", coloured(array), weights=name)
        assert result.dtype == dtype and result.shape == array.shape[:-1]
        assert np.abs(result - exact).max() <= (0.5 if result.dtype.kind in "iu" else 0) + 1e-3
    own = run("grey", coloured(array), weights="own", red_weight=50.0, green_weight=0.0, blue_weight=50.0)
    assert np.abs(own - (array[..., 0].astype(float) + array[..., 2]) / 2).max() <= 0.5 + 1e-3
    assert np.abs(run("grey", coloured(rgb("float64"))) - color.rgb2gray(rgb("float64"))).max() < 3e-4
    with pytest.raises(Refused, match="above zero"):
        run("grey", coloured(array), weights="own", red_weight=0.0, green_weight=0.0, blue_weight=0.0)


def test_the_colours_are_those_of_the_window() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256)
    for name in ANCHORS:
        result = run("pseudo", on_grid(ramp), map=name, span="own", lower=0.0, upper=255.0)
        assert np.array_equal(result[0], colormaps.table(name)), name


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_the_range_of_pseudo_colours(dtype: str) -> None:
    array = noise((3, 5, 60), dtype)
    whole = run("pseudo", on_grid(array), map="turbo")
    exact = np.asarray(array, np.longdouble)
    places = np.rint((exact - exact.min()) / np.ptp(exact) * 255).astype(int)
    table = colormaps.table("turbo").astype(int)
    near = np.min([np.abs(whole - table[np.clip(places + k, 0, 255)]).sum(-1) for k in (-1, 0, 1)], axis=0)
    assert near.max() == 0 and np.mean((whole == table[places]).all(-1)) > 0.95
    own = run("pseudo", on_grid(array), map="turbo", span="own", lower=20.0, upper=40.0)
    assert (own[array <= 20] == table[0]).all() and (own[array >= 40] == table[255]).all()


def test_pseudo_colours_of_nan_and_of_one_value() -> None:
    array = np.array([[np.nan, -np.inf, 0, 10, np.inf]])
    table = colormaps.table("magma")
    result = run("pseudo", on_grid(array), map="magma")
    assert result[0].tolist() == [[0, 0, 0], *(table[k].tolist() for k in (0, 0, 255, 255))]
    assert (run("pseudo", on_grid(np.full((3, 4), 7, np.int16))) == colormaps.table("viridis")[0]).all()
    with pytest.raises(Refused, match="below upper"):
        run("pseudo", on_grid(array), span="own", lower=5.0, upper=5.0)


@pytest.mark.parametrize(("start", "stop"), [(30.3, 200.7), (300.3, 40.7), (0.0, 360.0)])
@pytest.mark.parametrize("dtype", WHITE)
def test_ranges_of_hue_pass_through_red(dtype: str, start: float, stop: float) -> None:
    array = rgb(dtype, (3, 20, 30), channels=4)
    hsv = color.rgb2hsv(array[..., :3] / WHITE[dtype]) * [360, 100, 100]
    hue = (hsv[..., 0] - start) % 360 <= (stop - start) % 360 if stop - start < 360 else hsv[..., 0] >= 0
    exact = hue & (hsv[..., 1] >= 15.1) & (hsv[..., 1] <= 90.1) & (hsv[..., 2] >= 33.1) & (hsv[..., 2] <= 95.1)
    ranges = {"saturation_from": 15.1, "saturation_to": 90.1, "value_from": 33.1, "value_to": 95.1}
    result = run("by_range", coloured(array), hue_from=start, hue_to=stop, **ranges)
    assert 0.05 < exact.mean() < 0.95 and np.array_equal(result, exact)
    with pytest.raises(Refused, match="saturation ends before it begins: 50 to 20"):
        run("by_range", coloured(array), saturation_from=50.0, saturation_to=20.0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_ranges_of_channels_are_simpleitks(dtype: str) -> None:
    array = noise((4, 9, 10, 3), dtype)
    image, ends = coloured(array), np.quantile(array, [0.1, 0.8, 0.3, 0.9], method="nearest").tolist()
    ranges = {"red": (ends[0], ends[1]), "green": (ends[2], ends[3]), "blue": (ends[0] + 0.5, ends[3] - 0.5)}
    masks = [
        sitk.BinaryThreshold(sitk.VectorIndexSelectionCast(image, n, sitk.sitkFloat64), *limits, 1, 0)
        for n, limits in enumerate(ranges.values())
    ]
    values = {f"{name}_{end}": limits[k] for name, limits in ranges.items() for k, end in enumerate(("from", "to"))}
    expected = pixels(masks[0] & masks[1] & masks[2])
    assert np.array_equal(run("by_rgb", image, **values), expected) and 0 < expected.mean() < 1
    with pytest.raises(Refused, match="green ends before"):
        run("by_rgb", image, green_from=3.0, green_to=2.0)


def test_nan_is_no_colour_and_never_selected() -> None:
    array = rgb("float32", (1, 2, 3))
    array[0, 0, 0] = [np.nan, 0.5, 0.2]
    image = coloured(array)
    for name in ("hsv", "lab"):
        result = run(name, image)
        assert np.isnan(result[0, 0, 0]).any() and np.isfinite(result[0, 1]).all()
    everything = {"hue_to": 360.0, "saturation_from": 0.0}
    assert run("by_range", image, **everything).ravel().tolist() == [0, 1, 1, 1, 1, 1]
    assert run("by_rgb", image).ravel().tolist() == [0, 1, 1, 1, 1, 1]


def test_alpha_stays_beside_colours_and_goes_with_them() -> None:
    array = rgb(channels=4)
    hsv = run("hsv", coloured(array))
    assert np.allclose(hsv[..., 3], array[..., 3] / 255) and hsv.shape[-1] == 4
    assert run("grey", coloured(array)).shape == array.shape[:3]
