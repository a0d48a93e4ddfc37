"""What a recipe needs and gives, known before anything is read."""

from __future__ import annotations

from collections.abc import Iterable

from pellucid.language import quoted, tr
from pellucid.model.findings import Refused
from pellucid.recipes import own_steps, together
from pellucid.recipes.recipe import Recipe, Step
from pellucid.recipes.replay import declared, refuse_what_stays, start_name

ANSWERS = ("points", "table", "rows")
"""The kinds of answers that are no image."""


def taken_steps(recipe: Recipe) -> tuple[Step, ...]:
    """Return the steps that are not switched off."""
    return tuple(step for step in recipe.steps if step.enabled)


def check(recipe: Recipe) -> None:
    """Raise Refused when a step cannot be taken whatever the image is: made by hand, unknown, a wrong parameter."""
    refuse_what_stays(recipe)
    for step in taken_steps(recipe):
        if together.works_together(step):
            together.checked(step.operation, step.parameters)
        elif own_steps.find(step.operation) is None:
            declared(step)


def places(recipe: Recipe) -> list[int]:
    """Return the numbers of the steps that hold places set on one image: on another they may mean something else."""
    found = []
    for number, step in enumerate(recipe.steps, 1):
        if step.enabled and own_steps.find(step.operation) is None:
            operation, parameters = declared(step)
            if any(field.kind == "places" and parameters[field.name].strip() for field in operation.fields):
                found.append(number)
    return found


def start_kind(recipe: Recipe) -> str:
    """Return what the recipe runs on: ``"image"``, ``"mask"`` or ``"labels"``."""
    for step in taken_steps(recipe):
        own = own_steps.find(step.operation)
        kind = declared(step)[0].ports[0].kind if own is None else own.needs
        if kind:
            return kind
    return "image"


def answer_kind(recipe: Recipe) -> str:
    """Return what the recipe makes: ``"image"``, ``"mask"``, ``"labels"``, ``"points"``, ``"table"`` or ``"rows"``."""
    for step in reversed(taken_steps(recipe)):
        own = own_steps.find(step.operation)
        kind = declared(step)[0].output if own is None else own.makes
        if kind:
            return kind
    return start_kind(recipe)


def needs(recipe: Recipe) -> dict[str, str]:
    """Return the further images a recipe must be handed, by name, with the kind of port they go into."""
    made = {start_name(taken_steps(recipe))}
    found: dict[str, str] = {}
    for step in taken_steps(recipe):
        for name, kind in _others(step):
            if name not in made:
                found[name] = kind if found.get(name, kind) == kind else "image"
        made |= {step.name} - {""}
    return found


def check_named(recipe: Recipe, names: Iterable[str]) -> None:
    """Raise Refused when the images handed over are not those the recipe needs."""
    given, needed = set(names), needs(recipe)
    known = {*needed, *(step.inputs[0] for step in taken_steps(recipe) if step.inputs)}
    for name in sorted(given - known):
        wanted = ", ".join(map(quoted, needed)) or tr("none")
        raise Refused(tr("The recipe has no input “{name}”. It needs: {wanted}.", name=name, wanted=wanted))
    for name in sorted(needed.keys() - given):
        raise Refused(tr("The recipe needs the image “{name}”. Name its file with --with “{name}=FILE”.", name=name))


def _others(step: Step) -> list[tuple[str, str]]:
    """Return the names of the further images of a step with their kinds."""
    if len(step.inputs) < 2 or own_steps.find(step.operation) is not None:
        return []
    operation, _ = declared(step)
    names = step.inputs if operation.takes_many else step.inputs[: len(operation.ports)]
    ports = [*operation.ports, *(operation.ports[-1:] * len(names))]
    return [(name, port.kind) for name, port in zip(names, ports, strict=False)][1:]
