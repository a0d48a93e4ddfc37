"""One test for every operation there is: what they all promise."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import (
    DIRECTIONS,
    PIXEL_TYPES,
    SHAPES,
    blobs,
    geometry,
    inputs_of,
    noise,
    on_grid,
    pixels,
)
from pellucid.operations import Cancelled, Context, Refused, get, registry

IDS = tuple(registry())
FLOAT_OUTPUT = {"edges.gradient_magnitude", "edges.sobel_magnitude", "intensity.rescale"}
EXPECTED = {
    "smoothing.gaussian",
    "smoothing.median",
    "smoothing.mean",
    "edges.gradient_magnitude",
    "edges.sobel_magnitude",
    "intensity.rescale",
    "intensity.invert",
    "intensity.clamp",
    "intensity.equalize",
    "geometry.resample",
    "geometry.crop",
    "threshold.range",
    "threshold.otsu",
    "masks.erode",
    "masks.dilate",
    "masks.open",
    "masks.close",
    "masks.fill_holes",
    "masks.keep_largest",
    "masks.remove_small",
    "masks.union",
    "masks.intersection",
    "masks.difference",
    "masks.complement",
}


def test_the_first_dozen_is_there() -> None:
    assert set(IDS) == EXPECTED


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
@pytest.mark.parametrize("id", IDS)
def test_every_pixel_type_and_shape(id: str, dtype: str, shape: str) -> None:
    operation = get(id)
    array = noise(SHAPES[shape], dtype)
    image = on_grid(array)
    mask = on_grid(blobs(SHAPES[shape]).astype(dtype))
    before = geometry(image)
    result = operation.run(Context(), *inputs_of(operation, image, mask))
    assert np.array_equal(pixels(image), array) and geometry(image) == before, "the input was modified"
    assert result.GetDimension() == image.GetDimension()
    kind = "uint8" if operation.output == "mask" else "float32" if id in FLOAT_OUTPUT else dtype
    assert pixels(result).dtype == kind
    if operation.output == "mask":
        assert set(np.unique(pixels(result))) <= {0, 1}
    if operation.same_grid:
        assert geometry(result) == before


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("id", IDS)
def test_grids_are_kept_exactly(id: str, direction: str) -> None:
    operation = get(id)
    image, mask = on_grid(noise((5, 6, 7)), direction), on_grid(blobs((5, 6, 7)), direction)
    image.SetMetaData("0010|0010", "somebody")
    result = operation.run(Context(), *inputs_of(operation, image, mask))
    if operation.same_grid:
        assert geometry(result) == geometry(image)
    else:
        assert result.GetDirection() == image.GetDirection()
    if operation.output == "mask":
        assert not result.GetMetaDataKeys()


@pytest.mark.parametrize("components", [3, 4])
@pytest.mark.parametrize("id", IDS)
def test_colour_works_or_is_refused_in_a_sentence(id: str, components: int) -> None:
    operation = get(id)
    image = on_grid(noise((9, 10, components), "uint8"), colour=True)
    try:
        result = operation.run(Context(), *inputs_of(operation, image))
    except Refused as refusal:
        assert "colour" in str(refusal) and str(refusal).endswith(".")
        assert "mask" in (*operation.inputs, operation.output)
    else:
        assert result.GetNumberOfComponentsPerPixel() == components
        assert operation.output == "image"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("id", IDS)
def test_nan_and_infinity_do_no_harm(id: str, dtype: str) -> None:
    operation = get(id)
    array = noise((6, 20, 21), dtype)
    array[1, 2, 3], array[4, 5, 6], array[0, 0, 0] = np.nan, np.inf, -np.inf
    image = on_grid(array)
    result = pixels(operation.run(Context(), *inputs_of(operation, image)))
    assert np.isfinite(result[2, 19, 20] if operation.same_grid else 0.0)
    empty = on_grid(np.full((3, 4, 5), np.nan, dtype))
    try:
        operation.run(Context(), *inputs_of(operation, empty))
    except Refused as refusal:
        assert str(refusal).endswith(".")


@pytest.mark.parametrize("id", IDS)
def test_says_all_that_a_form_needs(id: str) -> None:
    operation = get(id)
    assert operation.title and operation.family and operation.source
    assert operation.summary.endswith(".") and operation.summary[0].isupper()
    assert operation.menu.partition("/")[0] in ("Filters", "Segment")
    names = {field.name for field in operation.fields}
    for field in operation.fields:
        assert field.title and field.help.endswith("."), field
        assert "Settings" not in field.help and field.name not in field.help.split(":")[0]
        if field.kind in ("float", "int", "box"):
            assert field.unit or "unit" in names, f"{field.name} needs a unit"
        if field.kind in ("float", "int") and field.unit != "intensity":
            assert field.ui_minimum is not None and field.ui_maximum is not None and field.step
            assert field.minimum is not None and field.minimum <= field.ui_minimum < field.ui_maximum
            assert field.ui_maximum <= (field.maximum or np.inf)
        if field.kind == "choice":
            assert field.default in field.choices and len(field.choice_titles) == len(field.choices)
        assert getattr(operation.validate(), field.name) == field.default
    schema = json.loads(json.dumps(operation.schema()))
    assert set(schema["parameters"].get("properties", {})) == names
    for field in operation.fields:
        assert schema["parameters"]["properties"][field.name]["description"] == field.help
        assert schema["parameters"]["properties"][field.name].get("unit", "") == field.unit


@pytest.mark.parametrize("id", IDS)
def test_invalid_values_are_refused_in_a_sentence(id: str) -> None:
    operation = get(id)
    bad: dict[str, list[object]] = {
        "float": ["wide", float("nan"), float("inf")], "int": ["many", 1.5], "bool": ["perhaps"],
        "choice": ["neither"], "box": [(1, 2, 3), "1,2,x,4,5,6"], "text": [3],
    }  # fmt: skip
    for field in operation.fields:
        below = [] if field.minimum is None else [field.minimum - 1]
        above = [] if field.maximum is None else [field.maximum + 1]
        for value in (*bad[field.kind], *below, *above):
            with pytest.raises(Refused) as refusal:
                operation.validate(**{field.name: value})
            assert str(refusal.value).endswith(".") and field.title in str(refusal.value)
    with pytest.raises(Refused, match="no parameter “nonsense”"):
        operation.validate(nonsense=1)


@pytest.mark.parametrize("id", IDS)
def test_a_cancelled_run_stops_at_once(id: str) -> None:
    operation = get(id)
    image, mask = on_grid(noise((5, 6, 7))), on_grid(blobs((5, 6, 7)))
    with pytest.raises(Cancelled):
        operation.run(Context(cancelled=lambda: True), *inputs_of(operation, image, mask))


SLOW = {
    "smoothing.gaussian": {"sigma": 8.0}, "smoothing.median": {"radius": 3}, "smoothing.mean": {"radius": 20},
    "edges.gradient_magnitude": {"sigma": 8.0}, "edges.sobel_magnitude": {}, "masks.close": {"radius": 15},
    "masks.fill_holes": {}, "masks.keep_largest": {}, "threshold.otsu": {}, "intensity.equalize": {},
    "geometry.resample": {"spacing_x": 0.4, "spacing_y": 0.4, "spacing_z": 1.0, "interpolation": "bspline"},
}  # fmt: skip


@pytest.mark.parametrize("id", SLOW)
def test_cancel_in_the_middle_is_heard_soon(id: str) -> None:
    operation = get(id)
    shape = (24, 256, 256)
    image, mask = on_grid(noise(shape)), on_grid(blobs(shape))
    began, worked = time.monotonic(), time.process_time()  # other programs do not count as work
    context = Context(cancelled=lambda: time.monotonic() > began + 0.02)
    try:
        operation.run(context, *inputs_of(operation, image, mask), **SLOW[id])
    except Cancelled:
        assert time.process_time() - worked < 1.5
    else:
        assert time.process_time() - worked < 1.0, "it never asked"


@pytest.mark.parametrize("id", IDS)
def test_progress_rises_to_one(id: str) -> None:
    operation = get(id)
    said: list[float] = []
    image, mask = on_grid(noise((5, 6, 7))), on_grid(blobs((5, 6, 7)))
    operation.run(Context(progress=said.append), *inputs_of(operation, image, mask))
    assert said[-1] == 1.0 and all(0 <= fraction <= 1 for fraction in said) and said == sorted(said)


def test_the_wrong_images_are_refused() -> None:
    image = on_grid(noise((5, 6, 7)))
    with pytest.raises(Refused, match=r"works on mask \+ mask; 1 were given"):
        get("masks.union").run(Context(), image)
    other = on_grid(noise((5, 6, 7)), "oblique")
    with pytest.raises(Refused, match="same grid"):
        get("masks.union").run(Context(), image, other)
    with pytest.raises(Refused, match="same grid"):
        get("masks.union").run(Context(), image, on_grid(noise((5, 6, 8))))
    with pytest.raises(Refused, match="complex"):
        get("smoothing.mean").run(Context(), sitk.Image(4, 4, sitk.sitkComplexFloat32))


def test_an_unknown_operation_is_refused_with_near_ones() -> None:
    with pytest.raises(Refused, match=r"did you mean smoothing.gaussian"):
        get("smoothing.gausian")
    with pytest.raises(Refused, match="no operation"):
        get("zzz")
