"""The recipe of a table of objects: the steps that made the labels, then the measuring of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance
from pellucid.recipes.object_tables import OBJECTS
from pellucid.recipes.own_steps import LABEL_VALUE
from pellucid.recipes.recipe import MOST_TITLE, Recipe
from pellucid.recipes.replay import refuse_what_stays
from pellucid.session.chains import Chain, Steps, common_steps, of_frame, start_of

if TYPE_CHECKING:
    from pellucid.session.object_rows import Asked
    from pellucid.session.session import Session


def recipe_of(session: Session, asked: Asked) -> Recipe:
    """Return the recipe that makes the labels of a layer and measures them, so that a batch gives one table.

    Raises Refused with a sentence when the labels were not all made by the same steps, or an image is not one that
    these steps pass.
    """
    layer = session.document.find(asked.labels)
    if not isinstance(layer, LabelLayer):
        raise Refused(tr("The label layer is no longer there."))
    steps = list(_made(layer))
    names = []
    for id in asked.images:
        image = session.document.find(id)
        if not isinstance(image, ImageLayer):
            raise Refused(tr("The image is no longer there."))
        names.append(_reached(steps, image, layer))
    first, *others = steps
    whole = [first, *(replace(step, inputs=("", *step.inputs[1:])) for step in others)]
    whole.append(Provenance(OBJECTS, {**asked.parameters, "resample": False}, ("", *names)))
    recipe = Recipe.of([replace(step, label=0, start=None) for step in whole])
    refuse_what_stays(recipe)
    title = tr("Measure {name}", name=layer.name)
    return recipe.model_copy(update={"title": title[:MOST_TITLE]})


def _made(layer: LabelLayer) -> Steps:
    """Return the steps that made all labels of a layer."""
    rows = layer.labels.labels
    shared = common_steps(layer)
    if not shared and len(rows) == 1:
        shared = Chain.of(layer, label=rows[0].value).steps
    if shared and any(step.inputs[:1] and step.inputs[0] for step in shared):
        return shared
    if any(step.operation == LABEL_VALUE for step in layer.provenance) and not shared:
        raise Refused(
            tr("The labels of “{name}” were not all made by the same steps, so no recipe can make them. Measure a "
               "layer that one operation made, such as Split into islands.", name=layer.name)
        )  # fmt: skip
    raise Refused(
        tr("“{name}” was not made by steps that can be taken on another image. Make its labels with operations, "
           "such as a threshold and Split into islands.", name=layer.name)
    )  # fmt: skip


def _reached(steps: list[Provenance], image: ImageLayer, layer: LabelLayer) -> str:
    """Return the name under which the recipe knows an image as it is now; a step may get a name for it."""
    start = start_of(steps)
    if start is None or start.layer != image.id:
        raise Refused(
            tr("“{image}” is not the image that “{labels}” was made from, so the recipe cannot find it on another one. "
               "Leave it out.", image=image.name, labels=layer.name)
        )  # fmt: skip
    own = [step for step in of_frame(image.provenance, min(image.frame, len(image.frames) - 1)) if step.enabled]
    if not own:
        return next(step.inputs[0] for step in steps if step.inputs)
    places = [n for n, step in enumerate(steps) if step.enabled][: len(own)]
    if len(places) < len(own) or not all(_same(steps[n], step) for n, step in zip(places, own, strict=True)):
        raise Refused(
            tr("“{image}” has steps that “{labels}” was not made with. Make the labels again from the image as it is "
               "now, or leave the image out.", image=image.name, labels=layer.name)
        )  # fmt: skip
    last = places[-1]
    if not steps[last].name:
        steps[last] = replace(steps[last], name=_free(steps, tr("{image}, measured", image=image.name)))
    return steps[last].name


def _same(one: Provenance, other: Provenance) -> bool:
    return (one.operation, one.parameters, one.inputs[1:]) == (other.operation, other.parameters, other.inputs[1:])


def _free(steps: Sequence[Provenance], wanted: str) -> str:
    taken = {name for step in steps for name in (*step.inputs, step.name)}
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted} {n}", n + 1
    return name
