"""One test for every operation there is: what they all promise."""

from __future__ import annotations

import contextlib
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from operation_cases import CASES
from operation_images import (
    DIRECTIONS,
    PIXEL_TYPES,
    SHAPES,
    geometry,
    inputs_of,
    noise,
    on_grid,
    pixels,
    sample,
)
from pace import allowed
from pellucid.operations import Cancelled, Context, Refused, get, registry
from pellucid.operations import operation as operation_module
from pellucid.operations.declaration import VOXELS

IDS = tuple(registry())
MADE = set(VOXELS)
IMAGES = tuple(id for id in IDS if get(id).output in MADE)


def colours(id: str) -> int:
    """Return how many values per voxel the images of an operation need in the tests, 0 for one."""
    return 3 if CASES[id].colour == "needed" else 0


def test_every_operation_has_a_case_and_every_case_an_operation() -> None:
    assert set(IDS) == set(CASES) and len(IDS) >= 24


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("id", IDS)
def test_every_pixel_type_and_shape(id: str, shape: str) -> None:
    for dtype in PIXEL_TYPES:
        try:
            keeps_type_and_shape(id, dtype, shape)
        except BaseException as error:
            error.add_note(f"with {dtype}")
            raise


def keeps_type_and_shape(id: str, dtype: str, shape: str) -> None:
    operation, case = get(id), CASES[id]
    inputs = sample(operation, SHAPES[shape], dtype, colour=colours(id))
    before = [(pixels(image), geometry(image)) for image in inputs]
    try:
        result = operation.run(Context(), *inputs, **case.values)
    except Refused as refusal:
        assert str(refusal).endswith(".") and (shape, dtype) not in {("volume", "int16"), ("volume", "float32")}
        assert case.refuses(shape, dtype), f"{shape} {dtype}: {refusal}"
        return
    for image, (array, grid) in zip(inputs, before, strict=True):
        assert np.array_equal(pixels(image), array) and geometry(image) == grid, "the input was modified"
    if operation.output not in MADE:
        return
    assert result.GetDimension() == inputs[0].GetDimension()
    fixed = {"mask": "uint8", "labels": "uint16"}
    kind = fixed.get(operation.output) or (dtype if case.pixels == "same" else case.pixels)
    assert pixels(result).dtype == kind
    if operation.output == "mask":
        assert set(np.unique(pixels(result))) <= {0, 1}
    if operation.same_grid:
        assert geometry(result) == before[0][1]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("id", IMAGES)
def test_grids_are_kept_exactly_and_no_identity_is(id: str, direction: str) -> None:
    operation = get(id)
    inputs = sample(operation, (5, 6, 7), direction=direction, colour=colours(id))
    for image in inputs:
        image.SetMetaData("0010|0010", "somebody")
    result = operation.run(Context(), *inputs, **CASES[id].values)
    if operation.same_grid:
        assert geometry(result) == geometry(inputs[0])
    assert not result.GetMetaDataKeys()


@pytest.mark.parametrize("components", [0, 3, 4])
@pytest.mark.parametrize("id", IDS)
def test_colour_works_or_is_refused_in_a_sentence(id: str, components: int) -> None:
    operation, case = get(id), CASES[id]
    if operation.inputs[0] != "image":
        colour = on_grid(noise((9, 10, components or 3), "uint8"), colour=True)
        with pytest.raises(Refused, match="colour"):
            operation.run(Context(), *(colour for _ in operation.inputs))
        return
    inputs = sample(operation, (9, 10), "uint8", colour=components)
    works = case.colour != "refused" if components else case.colour != "needed"
    try:
        result = operation.run(Context(), *inputs, **case.values)
    except Refused as refusal:
        assert not works and "colour" in str(refusal) and str(refusal).endswith(".")
        return
    assert works
    if operation.output in MADE:
        wanted = components if case.components == "same" else int(case.components)
        assert result.GetNumberOfComponentsPerPixel() == max(wanted, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("id", IMAGES)
def test_nan_and_infinity_do_no_harm(id: str, dtype: str) -> None:
    operation, case = get(id), CASES[id]
    colour = colours(id)
    array = noise((6, 20, 21, 3) if colour else (6, 20, 21), dtype)
    array[1, 2, 3], array[4, 5, 6], array[0, 0, 0] = np.nan, np.inf, -np.inf
    image = on_grid(array, colour=bool(colour))
    inputs = inputs_of(operation, image, on_grid(noise((6, 20, 21))))
    try:
        result = pixels(operation.run(Context(), *inputs, **case.values))
    except Refused as refusal:
        assert str(refusal).endswith(".") and (case.nan == "refused" or "labels" in operation.inputs)
    else:
        assert case.nan == "spreads" or np.isfinite(result[2, 19, 20] if operation.same_grid else 0.0).all()
    empty = on_grid(np.full((3, 4, 5, 3) if colour else (3, 4, 5), np.nan, dtype), colour=bool(colour))
    try:
        operation.run(Context(), *inputs_of(operation, empty, on_grid(noise((3, 4, 5)))), **case.values)
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
        "choice": ["neither"], "box": ["1,2,x,4,5,6"], "text": [3], "kernel": [3], "places": [3],
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
    with pytest.raises(Cancelled):
        inputs = sample(operation, (5, 6, 7), colour=colours(id))
        operation.run(Context(cancelled=lambda: True), *inputs, **CASES[id].values)


SLOW = [id for id, case in CASES.items() if case.slow is not None]


@pytest.mark.parametrize("id", SLOW)
def test_cancel_in_the_middle_is_heard_soon(id: str) -> None:
    operation, slow = get(id), CASES[id].slow or {}
    inputs = sample(operation, (24, 256, 256), colour=colours(id))
    asked = [time.process_time()]  # other programs do not count as work

    def cancelled() -> bool:
        asked.append(time.process_time())
        return asked[-1] > asked[0] + 0.02

    with contextlib.suppress(Cancelled):
        operation.run(Context(cancelled=cancelled, threads=2), *inputs, **slow)
    asked.append(time.process_time())
    longest = max(after - before for before, after in pairwise(asked))
    assert longest < allowed(0.4), f"two threads worked {longest:.2f} s without asking: longer than 200 ms"


@pytest.mark.parametrize("id", IDS)
def test_progress_rises_to_one(id: str) -> None:
    operation = get(id)
    said: list[float] = []
    inputs = sample(operation, (5, 6, 7), colour=colours(id))
    operation.run(Context(progress=said.append), *inputs, **CASES[id].values)
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


def test_the_order_is_that_of_the_families() -> None:
    modules = [operation.function.__module__.rpartition(".")[2] for operation in registry().values()]
    assert list(dict.fromkeys(modules)) == list(operation_module.FAMILIES)


def test_an_unknown_operation_is_refused_with_near_ones() -> None:
    with pytest.raises(Refused, match=r"did you mean smoothing.gaussian"):
        get("smoothing.gausian")
    with pytest.raises(Refused, match="no operation"):
        get("zzz")


def test_every_module_that_declares_operations_is_read() -> None:
    room = Path(operation_module.__file__).parent
    declaring = {path.stem for path in room.glob("*.py") if "\n@operation(" in path.read_text(encoding="utf-8")}
    waiting = {name for name in operation_module.FAMILIES if name not in declaring}
    assert declaring <= set(operation_module.FAMILIES) and not waiting
    assert len(set(operation_module.FAMILIES)) == len(operation_module.FAMILIES)


def test_the_menus_follow_the_order_of_the_families_whatever_imports_whatever_first() -> None:
    modules = [operation.function.__module__.rpartition(".")[2] for operation in registry().values()]
    assert list(dict.fromkeys(modules)) == list(operation_module.FAMILIES)
    menus = dict.fromkeys(one.family for one in registry().values() if one.menu.startswith("Segment/"))
    assert next(iter(menus)) == "Threshold" and list(menus)[-1] == "Measure"
