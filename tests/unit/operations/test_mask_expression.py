"""Conditions mean what they look like, and what is wrong with one is said in a sentence with its column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import noise, on_grid, pixels
from pellucid.operations import Context, Refused, get, plain
from pellucid.operations.formula import as_floats

IM, B = noise((5, 8, 9), seed=1).astype(np.int16), noise((5, 8, 9), seed=2).astype(np.int16)


def run(condition: str, *images: sitk.Image, **values: Any) -> Any:
    return pixels(get("masks.expression").run(Context(), *images, condition=condition, **values))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("im > 0 & im < 500", (IM > 0) & (IM < 500)),
        ("im>0&im<500", (IM > 0) & (IM < 500)),
        ("im > 0 && im < 500 || im == -7", ((IM > 0) & (IM < 500)) | (IM == -7)),
        ("im < 0 | im > 100 & b > 0", (IM < 0) | ((IM > 100) & (B > 0))),
        ("(im < 0 | im > 100) & b > 0", ((IM < 0) | (IM > 100)) & (B > 0)),
        ("~im > 5", ~(IM > 5)),
        ("!(im > 5) & b != 3", ~(IM > 5) & (B != 3)),
        ("not im > 5 and b < 0 or a == b", (~(IM > 5) & (B < 0)) | (IM == B)),
        ("0 < im <= 500", (IM > 0) & (IM <= 500)),
        ("abs(im - b) * 2 > im + 100", np.abs(IM.astype(float) - B) * 2 > IM.astype(float) + 100),
        ("min(im, b) > where(b > 0, 3, -900)", np.minimum(IM, B) > np.where(B > 0, 3, -900)),
        ("image_free(1)", None),
    ],
)
def test_conditions_mean_what_they_look_like(condition: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(Refused, match="image_free"):
            run(condition, on_grid(IM), on_grid(B))
        return
    found = run(condition, on_grid(IM, "oblique"), on_grid(B, "oblique"))
    assert found.dtype == np.uint8 and np.array_equal(found, expected) and 0 < expected.mean() < 1


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("im > 0 &", r"^Column 8 of the expression: "),
        ("im > 3 | foo < 2", r"^Column 10 of the expression: “foo” is unknown"),
        ("im > 0 & 5", r"^Column 10 of the expression: a comparison"),
        ("im = 3", r"^Column 4 of the expression: use == to compare\.$"),
        ("im * 2", r"gives a number, not yes or no"),
        ("3 > 2", r"names no image"),
        ("", r"is empty"),
        ("__import__('os')", r"has no meaning here"),
        ("im.__class__ > 2", r"^Column 1 of the expression: only numbers"),
        ("im>0" + "&im<5" * 70, r"too many parts; split it into steps\.$"),
    ],
)
def test_what_is_wrong_is_said_at_once(condition: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        get("masks.expression").validate(condition=condition)


def test_an_image_that_is_not_chosen_is_named() -> None:
    with pytest.raises(Refused, match=r"uses c \(column 10\)"):
        run("im > 0 & c < 5", on_grid(IM), on_grid(B))
    with pytest.raises(Refused, match="colour"):
        run("im > 0", on_grid(noise((8, 9, 3), "uint8"), colour=True))


def test_nan_fulfils_nothing() -> None:
    array = np.array([[np.nan, 1.0, -1.0]], np.float32)
    assert run("im > 0 | im <= 0", on_grid(array)).tolist() == [[0, 1, 1]]
    assert run("isnan(im)", on_grid(array)).tolist() == [[1, 0, 0]]
    assert run("~im > 0", on_grid(array)).tolist() == [[1, 0, 1]]


def test_images_elsewhere_are_resampled_or_refused() -> None:
    image, other = on_grid(IM), on_grid(np.full((9, 9, 9), 50, np.int16), spacing=(3.0, 3.0, 3.0))
    other.SetOrigin([value - 3 for value in image.GetOrigin()])
    with pytest.raises(Refused, match="grid"):
        run("im > b", image, other)
    assert np.array_equal(run("im > b", image, other, resample=True), IM > 50)


def test_the_script_of_two_images_gives_the_same() -> None:
    operation = get("masks.expression")
    params = operation.validate(condition="~(im + 3 > b) and c != 4 | b < -500")
    names = {"np": np, "on_grid_of": plain.on_grid_of, "as_floats": as_floats}
    images = {"image": on_grid(IM), "b": on_grid(B), "c": on_grid(B + 9), "d": None}
    exec(operation.lines(params), {**names, **images}, names)
    expected = (~(IM + 3 > B) & (B + 9 != 4)) | (B < -500)
    assert np.array_equal(pixels(names["result"]), expected) and 0 < expected.mean() < 1
