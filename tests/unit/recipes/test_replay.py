"""Replaying a recipe gives what the operations give one by one; whatever does not fit is a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.recipes import Recipe, Step, run

GRID = Geometry((5, 6, 4), spacing=(0.5, 0.75, 2.5), origin=(1.0, 2.0, 3.0), known_spacing=(True, True, True))


def volume(array: np.ndarray, geometry: Geometry = GRID) -> Volume:
    return Volume(
        image_from_array(array, geometry),
        geometry,
        unit="HU",
        padding=(-2000, -2000),
        acquisition=Acquisition("CT"),
    )


def clamp(lower: float, upper: float) -> Step:
    return Step(operation="intensity.clamp", parameters={"lower": lower, "upper": upper})


@pytest.fixture
def ramp() -> Volume:
    return volume(np.arange(120, dtype=np.int16).reshape(4, 6, 5))


def test_steps_are_taken_in_order(ramp: Volume) -> None:
    result = run(Recipe(steps=(clamp(10, 90), clamp(20, 200))), ramp)
    assert np.array_equal(result.array, ramp.array.clip(20, 90))
    assert (result.unit, result.acquisition.modality, result.geometry) == ("HU", "CT", GRID)
    assert np.array_equal(ramp.array, np.arange(120).reshape(4, 6, 5)), "the input is left alone"


def test_no_steps_give_the_image_itself(ramp: Volume) -> None:
    assert run(Recipe(), ramp) is ramp


def test_a_mask_has_no_unit_and_no_padding(ramp: Volume) -> None:
    step = Step(operation="threshold.range", parameters={"lower": 50, "upper": 60})
    result = run(Recipe(steps=(step,)), ramp)
    assert np.array_equal(result.array, (ramp.array >= 50) & (ramp.array <= 60))
    assert (result.unit, result.padding, result.dtype) == ("", None, np.uint8)


def test_inputs_are_found_by_name(ramp: Volume) -> None:
    one, two = np.zeros((2, 4, 6, 5), np.uint8)
    one[:2], two[1:] = 1, 1
    step = Step(operation="masks.intersection", inputs=("first", "other"))
    result = run(Recipe(steps=(step,)), volume(one), {"other": volume(two)})
    assert np.array_equal(result.array, one & two)
    swapped = Step(operation="masks.difference", inputs=("other", "first"))
    result = run(Recipe(steps=(swapped,)), ramp, {"other": volume(two), "first": volume(one)})
    assert np.array_equal(result.array, two & ~one & 1)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Step(operation="no.such"), "no operation"),
        (clamp(90, 10), "."),
        (Step(operation="smoothing.gaussian", parameters={"sigma": "wide"}), "must be"),
        (Step(operation="smoothing.gaussian", parameters={"bogus": 1}), "bogus"),
        (Step(operation="smoothing.gaussian", parameters={"self": 1}), "self"),
        (Step(operation="masks.union", inputs=("image",)), "second mask"),
        (Step(operation="masks.union", inputs=("image", "liver")), "liver"),
    ],
)
def test_what_does_not_fit_is_said(step: Step, reason: str, ramp: Volume) -> None:
    with pytest.raises(Refused, match=reason):
        run(Recipe(steps=(step,)), ramp)


def test_inputs_on_other_grids_are_refused() -> None:
    mask = np.ones((4, 6, 5), np.uint8)
    elsewhere = volume(mask, replace(GRID, origin=(0.0, 0.0, 0.0)))
    step = Step(operation="masks.union", inputs=("image", "liver"))
    with pytest.raises(Refused, match="grid"):
        run(Recipe(steps=(step,)), volume(mask), {"liver": elsewhere})


def test_uneven_slices_allow_pointwise_operations_only() -> None:
    uneven = volume(
        np.arange(120, dtype=np.int16).reshape(4, 6, 5), replace(GRID, slice_positions=(0.0, 2.5, 7.5, 10.0))
    )
    result = run(Recipe(steps=(clamp(10, 90),)), uneven)
    assert result.geometry.slice_positions == uneven.geometry.slice_positions
    with pytest.raises(Refused, match="not evenly spaced"):
        run(Recipe(steps=(Step(operation="smoothing.gaussian"),)), uneven)


def test_progress_runs_from_step_to_step_and_cancel_stops(ramp: Volume) -> None:
    from pellucid.operations.operation import Cancelled

    seen: list[float] = []
    run(Recipe(steps=(clamp(10, 90), clamp(20, 80))), ramp, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0 and 0.5 in seen
    with pytest.raises(Cancelled):
        run(Recipe(steps=(clamp(10, 90),)), ramp, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("operation", "parameters", "unit"),
    [
        ("geometry.project", {"method": "sum"}, ""),
        ("geometry.project", {"method": "mean"}, "HU"),
        ("normalise.n4", {"result": "field", "levels": 1, "iterations": 1, "shrink": 1}, ""),
        ("normalise.n4", {"result": "corrected", "levels": 1, "iterations": 1, "shrink": 1}, "HU"),
    ],
)
def test_the_unit_goes_where_the_settings_make_other_values(operation: str, parameters: dict, unit: str) -> None:
    values = np.random.default_rng(1).normal(500, 50, (4, 6, 5)).astype(np.int16)
    values[:, :2] = 5
    result = run(Recipe(steps=(Step(operation=operation, parameters=parameters),)), volume(values))
    assert result.unit == unit and (result.padding is None) == (unit == "")
