"""A recipe is plain JSON that survives a round trip and is checked like any other foreign file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.model.findings import Refused
from pellucid.model.layer import Provenance
from pellucid.recipes import Recipe, Step

STEPS = (
    Step(operation="smoothing.gaussian", parameters={"sigma": 1.5}, inputs=("image",)),
    Step(operation="geometry.crop", parameters={"box": [0, 0, 0, 2, 2, 2]}),
)


def test_a_recipe_survives_json() -> None:
    recipe = Recipe(steps=STEPS)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert json.loads(recipe.to_json())["version"] == 2


def test_recipes_of_version_1_are_read() -> None:
    old = '{"version": 1, "steps": [{"operation": "smoothing.mean", "parameters": {"radius": 2}, "inputs": ["CT"]}]}'
    assert Recipe.from_json(old).steps == (Step(operation="smoothing.mean", parameters={"radius": 2}, inputs=("CT",)),)


def test_a_recipe_of_version_1_resamples_as_it_did() -> None:
    old = '{"version": 1, "steps": [{"operation": "geometry.resample", "parameters": {"spacing_x": 2.0}}]}'
    (step,) = Recipe.from_json(old).steps
    assert step.parameters == {"spacing_x": 2.0, "anti_alias": False}
    (new,) = Recipe.from_json(old.replace('"version": 1', '"version": 2')).steps
    assert new.parameters == {"spacing_x": 2.0}


def test_provenance_becomes_a_recipe() -> None:
    provenance = [
        Provenance("geometry.crop", {"box": (0, 1, 2, 3, 4, 5)}, ("CT",)),
        Provenance("smoothing.gaussian", {"sigma": 2.0}, ("CT",)),
    ]
    recipe = Recipe.of(provenance)
    assert [step.operation for step in recipe.steps] == ["geometry.crop", "smoothing.gaussian"]
    assert recipe.steps[0].parameters == {"box": [0, 1, 2, 3, 4, 5]} and recipe.steps[0].inputs == ("CT",)
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("parameters", [{"sigma": float("nan")}, {"sigma": object()}])
def test_what_is_not_plain_data_cannot_be_written_down(parameters: dict[str, object]) -> None:
    with pytest.raises(Refused, match="cannot be written down"):
        Recipe.of([Provenance("smoothing.gaussian", parameters)])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not readable as JSON"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"steps": [{"operation": "a", "parameters": {"x": NaN}}]}', "not readable as JSON"),
        ("[]", "cannot be used"),
        ('{"version": 3, "steps": []}', "newer Pellucid"),
        ('{"version": 0, "steps": []}', "version"),
        ('{"steps": [{"operation": ""}]}', "steps.0.operation"),
        ('{"steps": [{"operation": "a", "code": "import os"}]}', "steps.0.code"),
        ('{"steps": [{}]}', "steps.0.operation"),
        (json.dumps({"steps": [{"operation": "a"}] * 1001}), "steps"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Recipe.from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["version", "steps", "x"]), JSON) | JSON)
def test_any_json_is_a_recipe_or_a_sentence(value: object) -> None:
    try:
        assert isinstance(Recipe.from_json(json.dumps(value)), Recipe)
    except Refused as refusal:
        assert str(refusal).endswith(".")
