"""Take the steps of a recipe on an image: what the command line runs and what another image can be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pellucid.language import mark, quoted, tr, within
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import HAND_EDIT
from pellucid.model.volume import Volume
from pellucid.recipes import own_steps
from pellucid.recipes.recipe import Recipe, Step
from pellucid.recipes.row_units import honest

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation

_SECOND = {"image": mark("a second image"), "mask": mark("a second mask"), "labels": mark("a second label map")}


def run(
    recipe: Recipe,
    volume: Volume,
    named: Mapping[str, Volume] | None = None,
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
    remark: Callable[[str], None] = lambda sentence: None,
    threads: int | None = None,
) -> Any:
    """Return what the steps make of ``volume``; ``named`` holds further images and masks by name.

    The result of a mask operation is a volume of 0 and 1 without a unit; the last step may answer with ``Points`` or a
    ``Table``. Steps that are not enabled are left out. ``remark`` hears what the operations have to say. Raises
    Refused with the sentence of the step that cannot be taken, and the operations' Cancelled when ``cancelled`` says
    so. A step that holds only where it was made (a hand edit) is refused before anything is computed. ``threads`` is
    how many an operation may use; all there are when None. The image the recipe begins with can be a further input of
    a later step, under its name.
    """
    steps = [step for step in recipe.steps if step.enabled]
    refuse_what_stays(recipe)
    known, current = {**(named or {})}, volume
    begun = {start_name(steps): volume}
    for n, step in enumerate(steps):
        if not isinstance(current, Volume):
            raise Refused(tr("Step {number} gives no image, so no step can follow it.", number=n))
        part = lambda f, n=n: progress((n + f) / len(steps))  # noqa: E731
        current = take(step, current, known, part, cancelled, remark, threads, begun)  # type: ignore[arg-type]
        if step.name:
            known[step.name] = current
    return current


def take(
    step: Step,
    current: Volume,
    named: Mapping[str, Volume],
    progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
    remark: Callable[[str], None] = lambda sentence: None,
    threads: int | None = None,
    begun: Mapping[str, Volume] = MappingProxyType({}),
) -> Any:
    """Return the result of one step; a hand edit changes only a mask on the very grid it was made on.

    ``named`` are images that any port may take, ``begun`` those that only further ports do.
    """
    own = own_steps.find(step.operation)
    if own is not None:
        return _own(own, step, current)
    from pellucid.operations.context import available_cores
    from pellucid.operations.operation import Context
    from pellucid.operations.operation import Refused as CannotRun

    operation, parameters = declared(step)
    first = named.get(step.inputs[0], current) if step.inputs else current
    volumes = _inputs(operation, step, first, {**begun, **named})
    context = Context(progress=progress, cancelled=cancelled, threads=threads or available_cores(),
                      padding=volumes[0].padding, remark=remark)  # fmt: skip
    try:
        result = operation.run(context, *(volume.image for volume in volumes), **parameters)
    except CannotRun as error:
        raise Refused(str(error)) from error
    return wrapped(operation, volumes[0], result, operation.ground(volumes).geometry)


def declared(step: Step) -> tuple[Operation, dict[str, Any]]:
    """Return the operation of a step and its checked parameters; raise Refused when there is no such thing."""
    return checked(step.operation, step.parameters)


def checked(operation_id: str, given: Mapping[str, Any]) -> tuple[Operation, dict[str, Any]]:
    """Return an operation and all its parameters; raise Refused when there is no such operation or parameter."""
    from pellucid.operations.operation import Refused as Unknown
    from pellucid.operations.operation import get

    try:
        operation = get(operation_id)
        unknown = given.keys() - {field.name for field in operation.fields}
        if unknown:
            raise Refused(tr("{title} has no parameter “{name}”.", title=tr(operation.title), name=min(unknown)))
        parameters = dict(operation.validate(**given).model_dump())
        return operation.settled(parameters), parameters
    except Unknown as error:
        raise Refused(str(error)) from error


def refuse_what_stays(recipe: Recipe) -> None:
    """Raise Refused when a step of a recipe cannot be taken on any other image than the one it was made on."""
    for number, step in enumerate(recipe.steps, 1):
        own = own_steps.find(step.operation)
        if step.enabled and own is not None and own.why_not:
            raise Refused(tr(own.why_not, number=number))


def _own(own: own_steps.OwnStep, step: Step, current: Volume) -> Volume:
    if step.operation == HAND_EDIT:
        return own_steps.painted(current, step.patch)
    if own.together:
        raise Refused(
            tr("{title} works on the frames of a time series together; this image has one.", title=tr(own.title))
        )
    if own.take is None:
        raise Refused(tr("“{title}” cannot be taken again.", title=tr(own.title)))
    return own.take(current, step.parameters)


def wrapped(operation: Operation, volume: Volume, result: Any, ground: Geometry | None = None) -> Any:
    """Return what an operation made of a volume as a volume that keeps its meaning; points and tables as they are.

    Rows and tables get the units that the grid of the volume knows. ``ground`` is the grid the result lies on, where
    the operation says that it is that of another image.
    """
    from pellucid.operations.declaration import VOXELS

    if operation.output in ("rows", "table"):
        return honest(result, volume.geometry)
    if operation.output not in VOXELS:
        return result
    loses_unit = operation.output != "image" or not operation.keeps_unit
    lies = {"geometry": ground} if operation.lies_on and ground is not None else {}
    made = volume.with_image(result, **lies, **({"unit": "", "padding": None} if loses_unit else {}))
    stated: Mapping[str, Any] = operation.states
    return replace(made, geometry=replace(made.geometry, **stated)) if stated else made


def start_name(steps: Iterable[Step]) -> str:
    """Return the name of the image that steps begin with, ``""`` where they do not say it."""
    return next((step.inputs[0] for step in steps if step.inputs), "")


def _inputs(operation: Operation, step: Step, first: Volume, named: Mapping[str, Volume]) -> tuple[Volume, ...]:
    others = step.inputs[1:] if operation.takes_many else step.inputs[1 : len(operation.ports)]
    missing = [name for name in others if name not in named]
    if missing or 1 + len(others) < len(operation.inputs):
        what = quoted(missing[0]) if missing else tr(_SECOND[operation.inputs[-1]])
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
