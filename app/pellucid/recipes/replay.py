"""Take the steps of a recipe on an image: what the command line runs and what another image can be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pellucid.language import tr, within
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume
from pellucid.recipes.recipe import Recipe, Step

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation


def run(
    recipe: Recipe,
    volume: Volume,
    named: Mapping[str, Volume] | None = None,
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Volume:
    """Return what the steps make of ``volume``; ``named`` holds further images and masks by name.

    The result of a mask operation is a volume of 0 and 1 without a unit. Raises Refused with the sentence of
    the step that cannot be taken, and the operations' Cancelled when ``cancelled`` says so.
    """
    total = len(recipe.steps)
    for n, step in enumerate(recipe.steps):
        volume = take(step, volume, named or {}, lambda f, n=n: progress((n + f) / total), cancelled)  # type: ignore[misc]
    return volume


def take(
    step: Step,
    current: Volume,
    named: Mapping[str, Volume],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> Volume:
    """Return the result of one step."""
    from pellucid.operations.operation import Context, get
    from pellucid.operations.operation import Refused as CannotRun

    try:
        operation = get(step.operation)
        unknown = step.parameters.keys() - {field.name for field in operation.fields}
        if unknown:
            raise Refused(tr("{title} has no parameter “{name}”.", title=tr(operation.title), name=min(unknown)))
        parameters = operation.validate(**step.parameters).model_dump()
        volumes = _inputs(operation, step, current, named)
        context = Context(progress=progress, cancelled=cancelled, padding=volumes[0].padding)
        image = operation.run(context, *(volume.image for volume in volumes), **parameters)
    except CannotRun as error:
        raise Refused(str(error)) from error
    if operation.output == "mask" or not operation.keeps_unit:
        return volumes[0].with_image(image, unit="", padding=None)
    return volumes[0].with_image(image)


def _inputs(operation: Operation, step: Step, current: Volume, named: Mapping[str, Volume]) -> tuple[Volume, ...]:
    first = named.get(step.inputs[0], current) if step.inputs else current
    others = step.inputs[1 : len(operation.inputs)]
    missing = [name for name in others if name not in named]
    if missing or 1 + len(others) < len(operation.inputs):
        what = f"“{missing[0]}”" if missing else f"a second {operation.inputs[-1]}"
        raise Refused(
            tr("{title} needs {what}, which is not there. Name it and try again.", title=tr(operation.title), what=what)
        )
    if not first.geometry.is_even and not operation.pointwise:
        raise Refused(
            tr(
                "The slices are not evenly spaced, so {operation} would mix up distances. Make the spacing even first.",
                operation=within(operation.title),
            )
        )
    return (first, *(named[name] for name in others))
