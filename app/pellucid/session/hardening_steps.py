"""The steps that stand for a layer resampled to a grid: how it can be taken again, or that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance
from pellucid.model.placement import Placement
from pellucid.recipes.hardened import HARDEN, hardening
from pellucid.recipes.own_steps import HARDENED

if TYPE_CHECKING:
    from pellucid.session.hardening import Asked

BY_TRANSFORM = "registration.transform"


def found_again(layer: Layer, fixed: ImageLayer | None) -> Provenance | None:
    """Return the registration that finds the transform of a layer again from the images as they are, if one does."""
    placement = layer.placement
    if placement is None or placement.step is None or fixed is None or not isinstance(layer, ImageLayer):
        return None
    return placement.step if placement.was_found_on(layer.frames, fixed.frames) else None


def steps_of(asked: Asked, background: float) -> dict[str, Provenance]:
    """Return by layer the step that resampled it: the registration that found the transform, or that transform.

    Only steps that keep the transform make text of it. One that is too large becomes a step that stays here.
    """
    fixed, layer, text = asked.fixed, asked.layer, _text_of(asked.placement)

    def by_grid(one: Layer, way: str, value: float) -> Provenance:
        if (said := text()) is None:
            return Provenance(HARDENED, {"interpolation": way, "background": value}, (one.name,))
        return Provenance(HARDEN, hardening(said, asked.grid, way, value), (one.name,))

    steps = {one.id: by_grid(one, "nearest", 0.0) for one in asked.labels if _labels_with_steps(one)}
    if isinstance(layer, LabelLayer):
        return steps
    how = {"interpolation": asked.way, "background": background}
    found = asked.found
    if found is not None and fixed is not None:
        steps[layer.id] = replace(
            found, parameters={**found.parameters, **how}, inputs=(layer.name, fixed.name, *found.inputs[2:])
        )
    elif fixed is None or (said := text()) is None:
        steps[layer.id] = by_grid(layer, asked.way, background)
    else:
        steps[layer.id] = Provenance(BY_TRANSFORM, {**how, "transform": said}, (layer.name, fixed.name))
    return steps


def _text_of(placement: Placement) -> Callable[[], str | None]:
    """Return what makes the text of a transform when it is asked for, once; None where there is none so long."""

    @cache
    def text() -> str | None:
        from pellucid.operations.engines.registration.texts import transform_text

        try:
            return transform_text(placement.transform)
        except ValueError:
            return None

    return text


def _labels_with_steps(layer: LabelLayer) -> tuple[int, ...]:
    return tuple(sorted({one.label for one in layer.provenance} - {0}))


def label_steps(layer: LabelLayer, steps: dict[str, Provenance]) -> tuple[Provenance, ...]:
    """Return the steps of a label layer with one more for each label that was made by steps."""
    return (*layer.provenance, *(replace(steps[layer.id], label=value) for value in _labels_with_steps(layer)))
