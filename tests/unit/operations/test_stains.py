"""Separation of stains against scikit-image, a phantom of known stains, and a real picture."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import color

from operation_images import SHAPES, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.preview import preview_slice
from pellucid.recipes import Recipe, Step
from pellucid.recipes.python_code import script

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0, "float64": 1.0}
HED = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
OWN = "0.6 0.7 0.3; 0.3 0.6 0.8"


def run(name: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(f"stains.{name}").run(Context(), image, **values))


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def tissue(dtype: str, shape: Any = (3, 40, 50), stains: Any = HED[:2]) -> tuple[Any, Any]:
    """Return colours of two stains in patches on white, and the amounts of both."""
    generator = np.random.default_rng(4)
    fields = [ndimage.gaussian_filter(generator.random(shape), [0, 2, 2][-len(shape) :]) for _ in range(2)]
    amounts = np.stack([np.maximum(one - np.median(one), 0) / one.std() * 0.4 for one in fields], axis=-1)
    shares = 10.0 ** -(amounts @ unit(stains))
    scaled = shares * WHITE[dtype]
    return (np.rint(scaled) if np.dtype(dtype).kind in "iu" else scaled).astype(dtype), amounts


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", WHITE)
def test_amounts_are_scikit_images(dtype: str, shape: str) -> None:
    shares = np.random.default_rng(1).random((*SHAPES[shape], 3))
    array = (np.rint(shares * 250 + 5) if dtype == "uint8" else shares * WHITE[dtype]).astype(dtype)
    image = on_grid(array, "sheared", colour=True)
    exact = 6 * color.separate_stains(array / WHITE[dtype], np.linalg.inv(unit(HED)))
    result = get("stains.separate").run(Context(), image, stain="all")
    assert np.allclose(pixels(result), exact, atol=2e-5) and geometry(result) == geometry(image)
    for k, stain in enumerate(("first", "second", "third")):
        assert np.array_equal(run("separate", image, stain=stain), pixels(result)[..., k])


@pytest.mark.parametrize("stains", ["HE", "H-DAB", "own"])
def test_the_third_of_two_stains_is_what_neither_explains(stains: str) -> None:
    brown = [[0.65, 0.704, 0.286], [0.268, 0.57, 0.776]]
    two = unit(np.array({"HE": HED[:2], "H-DAB": brown, "own": [[0.6, 0.7, 0.3], [0.3, 0.6, 0.8]]}[stains]))
    three = np.vstack([two, unit(np.cross(*two)[None])])
    array = np.random.default_rng(1).random((3, 6, 7, 3))
    exact = 6 * color.separate_stains(array, np.linalg.inv(three))
    result = run("separate", on_grid(array, colour=True), stains=stains, stain="all", vectors=OWN)
    assert np.allclose(result, exact, atol=2e-5)


@pytest.mark.parametrize("dtype", WHITE)
def test_known_amounts_are_found_again(dtype: str) -> None:
    array, amounts = tissue(dtype)
    result = run("separate", on_grid(array, colour=True), stains="HE", stain="all")
    assert np.abs(result[..., :2] - amounts).max() < (0.05 if dtype == "uint8" else 1e-3)
    assert result.min() == 0 and result[..., 2].max() < (0.05 if dtype == "uint8" else 1e-3)


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize(("keep", "shown"), [("only", [0, 1, 0]), ("without", [1, 0, 1])])
def test_one_stain_is_shown_as_scikit_image_combines_it(keep: str, shown: list[int], dtype: str) -> None:
    shares = np.random.default_rng(1).uniform(0.02, 1, (3, 6, 7, 3))
    array = (shares * WHITE[dtype]).astype(dtype)
    amounts = color.separate_stains(array / WHITE[dtype], np.linalg.inv(unit(HED)))
    exact = color.combine_stains(amounts * shown, unit(HED)) * WHITE[dtype]
    result = run("show", on_grid(array, colour=True), stain="second", keep=keep)
    assert result.dtype == dtype
    rounding = 0.5 if result.dtype.kind in "iu" else 0
    assert np.abs(result - exact).max() <= rounding + 1e-5 * WHITE[dtype]


def test_all_stains_but_an_absent_one_are_the_picture_itself() -> None:
    array, _ = tissue("uint8")
    image = on_grid(np.concatenate([array, array[..., :1]], axis=-1), colour=True)
    result = run("show", image, stains="HE", stain="third", keep="without")
    assert np.abs(result[..., :3].astype(int) - array).max() <= 3  # what rounding put into the absent stain
    assert np.array_equal(result[..., 3], array[..., 0])


@pytest.mark.parametrize("dtype", WHITE)
def test_stains_are_estimated_from_the_picture(dtype: str) -> None:
    array, amounts = tissue(dtype, (3, 120, 130), HED[[2, 0]])
    result = run("separate", on_grid(array, colour=True), stains="estimated", stain="all")
    # haematoxylin absorbs more red than DAB and so comes first
    for k, exact in ((0, amounts[..., 1]), (1, amounts[..., 0])):
        assert np.corrcoef(result[..., k].ravel(), exact.ravel())[0, 1] > 0.98
        assert result[..., k].mean() == pytest.approx(exact.mean(), rel=0.15)


def test_a_preview_and_a_script_of_estimated_stains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array, _ = tissue("uint8")
    image = on_grid(array, "oblique", colour=True)
    for name, values in (("separate", {"stain": "second"}), ("show", {"keep": "without"})):
        values = {"stains": "estimated", **values}
        whole = run(name, image, **values)
        assert np.array_equal(preview_slice(get(f"stains.{name}"), image, 0, 7, values), whole[:, :, 7])
        written, source, made = tmp_path / "script.py", tmp_path / "in.mha", tmp_path / "out.mha"
        written.write_text(script(Recipe(steps=(Step(operation=f"stains.{name}", parameters=values),)), None))
        sitk.WriteImage(image, str(source))
        monkeypatch.setattr(sys, "argv", [str(written), str(source), str(made)])
        runpy.run_path(str(written), run_name="__main__")
        assert pixels(sitk.ReadImage(str(made))).tobytes() == whole.tobytes()


def test_what_has_no_stains_is_refused() -> None:
    white = on_grid(np.full((3, 30, 40, 3), 250, np.uint8), colour=True)
    grey = on_grid(np.repeat(noise((3, 30, 40, 1), "uint8") // 2, 3, axis=-1), colour=True)
    for image in (white, grey):
        with pytest.raises(Refused, match="cannot be estimated"):
            run("separate", image, stains="estimated")
        assert np.isfinite(run("separate", image)).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "two or three stains"), ("1 2 3", "two or three stains"), ("1 2; 3 4", "two or three stains"),
        ("a b c; d e f", "two or three stains"), ("1 0 0; nan 1 0", "two or three stains"),
        ("1 0 0; 0 0 0", "told apart"), ("1 2 3; 2 4 6", "told apart"), ("1 0 0; 0 1 0; 1 1 0", "told apart"),
    ],
)  # fmt: skip
def test_vectors_that_are_no_stains_are_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        get("stains.separate").validate(stains="own", vectors=text)
    assert get("stains.separate").validate(stains="HED", vectors=text).vectors == text


def test_black_white_and_nan() -> None:
    array = np.array([[[0, 0, 0], [1, 1, 1], [1.5, 1.5, 1.5], [np.nan, 0.5, 0.5]]], np.float32)
    result = run("separate", on_grid(array, colour=True), stain="all")[0]
    exact = 6 * color.separate_stains(array[:, :3].astype(float), np.linalg.inv(unit(HED)))[0]
    assert np.allclose(result[:3], exact, atol=1e-4) and (result[1] == 0).all() and np.isnan(result[3]).any()


def test_brown_nuclei_of_a_real_picture_are_dab(data_dir: Path) -> None:
    image = sitk.ReadImage(str(data_dir / "microscopy_rgb" / "ihc.png"))
    array = pixels(image)[..., :3]
    both = run("separate", image, stains="HED", stain="all")[..., :3]
    assert np.allclose(both, 6 * color.separate_stains(array, np.linalg.inv(unit(HED))), atol=2e-5)
    hsv = color.rgb2hsv(array)
    brown = (hsv[..., 0] < 0.12) & (hsv[..., 1] > 0.3) & (hsv[..., 2] < 0.7)
    blue = (hsv[..., 0] > 0.55) & (hsv[..., 0] < 0.75) & (hsv[..., 1] > 0.2)
    dab, haematoxylin = both[..., 2], both[..., 0]
    assert dab[brown].mean() > 3 * dab[blue].mean() and haematoxylin[blue].mean() > haematoxylin[brown].mean()
    estimated = run("separate", image, stains="estimated", stain="all")
    assert estimated[..., 1][brown].mean() > 3 * estimated[..., 1][blue].mean()
    assert np.corrcoef(estimated[..., 1].ravel(), dab.ravel())[0, 1] > 0.8
