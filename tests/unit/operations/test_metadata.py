"""Stating spacing, origin and direction: not a value changes, and places follow what was stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, PIXEL_TYPES, SPACING, geometry, noise, on_grid, pixels
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume, image_from_array
from pellucid.operations import Context, Refused, get
from pellucid.recipes.recipe import Step
from pellucid.recipes.replay import take


def run(id: str, image: sitk.Image, **values: Any) -> sitk.Image:
    return get(f"geometry.{id}").run(Context(), image, **values)


def middle(image: sitk.Image) -> Any:
    return np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("id", ["set_spacing", "set_origin", "set_direction"])
def test_no_value_changes(id: str, dtype: str) -> None:
    for image in (on_grid(noise((3, 4, 5), dtype)), on_grid(noise((4, 5, 3), dtype), colour=True)):
        assert np.array_equal(pixels(run(id, image)), pixels(image))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_spacing(direction: str) -> None:
    image = on_grid(noise((3, 4, 5)), direction)
    values = {"spacing_x": 0.4, "spacing_y": 3.0, "spacing_z": 1.25}
    first = run("set_spacing", image, **values)
    assert geometry(first) == (image.GetSize(), (0.4, 3.0, 1.25), image.GetOrigin(), image.GetDirection())
    kept = run("set_spacing", image, **values, fixed="middle")
    assert kept.GetSpacing() == (0.4, 3.0, 1.25) and np.allclose(middle(kept), middle(image), atol=1e-9)
    assert run("set_spacing", on_grid(noise((4, 5))), **values).GetSpacing() == (0.4, 3.0)


def test_the_spacing_is_known_from_then_on_and_an_orientation_too() -> None:
    unknown = Geometry((5, 4, 3), known_spacing=(False, False, False), oriented=False)
    volume = Volume(image_from_array(noise((3, 4, 5)), unknown), unknown, "HU")
    made = take(Step(operation="geometry.set_spacing", parameters={"spacing_x": 0.5}), volume, {})
    assert made.geometry.known_spacing == (True, True, True) and made.geometry.spacing == (0.5, 1.0, 1.0)
    assert not made.geometry.oriented and made.unit == "HU"
    turned = take(Step(operation="geometry.set_direction", parameters={"axes": "RAS"}), volume, {})
    assert turned.geometry.oriented and turned.geometry.known_spacing == (False, False, False)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_origin(direction: str) -> None:
    image = on_grid(noise((3, 4, 5)), direction)
    place = {"origin_x": 10.0, "origin_y": -7.5, "origin_z": 300.25}
    first = run("set_origin", image, **place)
    assert geometry(first) == (image.GetSize(), SPACING, (10.0, -7.5, 300.25), image.GetDirection())
    put = run("set_origin", image, **place, fixed="middle")
    assert np.allclose(middle(put), (10.0, -7.5, 300.25), atol=1e-9)
    plane = run("set_origin", on_grid(noise((4, 5))), **place, fixed="middle")
    assert np.allclose(middle(plane), (10.0, -7.5), atol=1e-9)


@pytest.mark.parametrize("letters", ["LPS", "RAS", "ras", "PIR", "SLP", "ARI"])
def test_direction_by_letters_is_simpleitks(letters: str) -> None:
    image = on_grid(noise((3, 4, 5)), "oblique")
    result = run("set_direction", image, axes=letters)
    said = sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(result.GetDirection())
    assert said == letters.upper() and np.allclose(middle(result), middle(image), atol=1e-9)
    assert run("set_direction", image, axes=letters, fixed="first").GetOrigin() == image.GetOrigin()


def test_direction_by_numbers() -> None:
    numbers = np.array(DIRECTIONS["oblique"])
    image = on_grid(noise((3, 4, 5)))
    result = run("set_direction", image, axes=", ".join(f"{n:.12f}" for n in numbers))
    assert np.allclose(result.GetDirection(), numbers, atol=1e-11)
    plane = run("set_direction", on_grid(noise((4, 5))), axes="0.6 -0.8 0; 0.8 0.6 0; 0 0 1", fixed="first")
    assert plane.GetDirection() == pytest.approx((0.6, -0.8, 0.8, 0.6))


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ("", "neither"), ("XYZ", "neither"), ("1 0 0 0 1 0", "neither"), ("1 0 0 0 1 0 0 0 nan", "perpendicular"),
        ("LRS", "perpendicular"), ("1 0 0 0 1 0.3 0 0 0.95", "perpendicular"), ("2 0 0 0 1 0 0 0 1", "perpendicular"),
        ("LPI", "left-handed, mirrored image. Reverse one of them, as LPS"), ("1 0 0 0 1 0 0 0 -1", "left-handed"),
    ],
)  # fmt: skip
def test_what_is_no_direction_is_refused(axes: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        run("set_direction", on_grid(noise((3, 4, 5))), axes=axes)
    assert str(refusal.value).endswith(".")


def test_a_planar_image_keeps_its_plane() -> None:
    assert run("set_direction", on_grid(noise((4, 5))), axes="RAS").GetDirection() == (-1.0, 0.0, 0.0, -1.0)
    with pytest.raises(Refused, match="third letter must be S or I"):
        run("set_direction", on_grid(noise((4, 5))), axes="PIR")
