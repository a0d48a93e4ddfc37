"""What steps are called in the history and the recipe."""

from __future__ import annotations

from pellucid.operations.operation import get
from pellucid.recipes.step_words import describe


def test_seeds_are_counted_not_listed() -> None:
    operation = get("regions.connected")
    limits = {"lower": 350.0, "upper": 450.0}
    said = describe(operation, {"seeds": "1 2 3; 4 5 6.25;", **limits}, "HU")
    assert said == "Grow within limits (seeds 2, lower 350 HU, upper 450 HU)"
    assert describe(operation, {"seeds": "", **limits}, "HU") == "Grow within limits (lower 350 HU, upper 450 HU)"


def test_a_parameter_that_counts_for_another_choice_is_not_named() -> None:
    operation = get("registration.register")
    stages = {"stages": "rigid metric=mattes", "start": "masses"}
    of_preset = describe(operation, {"preset": "rigid", **stages})
    assert "metric=mattes" not in of_preset and of_preset.endswith("centres of mass)")
    assert "stages rigid metric=mattes" in describe(operation, {"preset": "own", **stages})
