"""Steps that work on all frames of a time series together: they are moved onto each other, or become one image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import Provenance
from pellucid.model.timing import NOWHEN
from pellucid.model.volume import Volume
from pellucid.recipes import own_steps
from pellucid.recipes.recipe import Step

if TYPE_CHECKING:
    from pellucid.operations.context import Context
    from pellucid.operations.engines.registration.series import Movement
    from pellucid.operations.operation import Operation

Volumes = tuple[Volume, ...]
AnyStep = TypeVar("AnyStep", Step, Provenance)


def works_together(step: Step | Provenance) -> bool:
    """Return whether a step works on all frames together."""
    own = own_steps.find(step.operation)
    return own is not None and own.together


def declaration(id: str) -> Operation | None:
    """Return the settings of a step that works on all frames together, declared like an operation's; else None."""
    own = own_steps.find(id)
    if own is None or not own.together:
        return None
    from pellucid.operations.time_series import declared

    return declared()[id]


def checked(id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a step that works on all frames together; raise Refused when one is wrong."""
    from pellucid.operations.operation import Refused as BadParameters

    operation = declaration(id)
    assert operation is not None
    try:
        return dict(operation.validate(**given).model_dump())
    except BadParameters as error:
        raise Refused(str(error)) from error


def check_frames(id: str, values: Mapping[str, Any], volumes: Sequence[Volume]) -> None:
    """Raise Refused where frames cannot be taken together."""
    own, first = own_steps.find(id), volumes[0]
    assert own is not None
    if len(volumes) < 2:
        raise Refused(
            tr("{title} works on the frames of a time series together; this image has one.", title=tr(own.title))
        )
    if any(one.geometry.size != first.geometry.size or one.components != first.components for one in volumes):
        raise Refused(tr("The frames differ in size or channels, so they cannot be taken together."))
    if id == own_steps.ALIGN_FRAMES and not first.geometry.is_even:
        raise Refused(tr("The slices are not evenly spaced. Make the spacing even first."))
    if values.get("motion") == "bspline" and values["reference"] == "neighbours":
        raise Refused(tr("What bends needs one reference for all frames. Align to the mean or to one frame."))
    if values.get("reference") == "chosen" and values["frame"] > len(volumes):
        raise Refused(tr("There is no frame {number}; the last is {last}.",
                         number=values["frame"], last=len(volumes)))  # fmt: skip


def take(step: Step | Provenance, volumes: Sequence[Volume], context: Context) -> Volumes:
    """Return what a step makes of all frames: as many, or one image; raise Refused where it cannot be taken."""
    if step.operation == own_steps.ALIGN_FRAMES:
        return align(step.parameters, volumes, context)[0]
    return (template(step.parameters, volumes, context),)


def align(
    parameters: Mapping[str, Any], volumes: Sequence[Volume], context: Context,
    heard: Callable[[int, Movement], None] = lambda n, movement: None,
) -> tuple[Volumes, tuple[Movement, ...]]:  # fmt: skip
    """Return frames moved onto each other, and how each had moved; ``heard`` is told of each at once."""
    from pellucid.operations.time_series import align_frames

    values = checked(own_steps.ALIGN_FRAMES, parameters)
    check_frames(own_steps.ALIGN_FRAMES, values, volumes)
    with _refusals():
        images, found = align_frames([one.image for one in volumes], _of(volumes, context), heard, **values)
    return tuple(one.with_image(image) for one, image in zip(volumes, images, strict=True)), found


def template(parameters: Mapping[str, Any], volumes: Sequence[Volume], context: Context) -> Volume:
    """Return one image of all frames; it was taken at no moment."""
    from pellucid.operations.time_series import template

    values = checked(own_steps.TEMPLATE, parameters)
    check_frames(own_steps.TEMPLATE, values, volumes)
    with _refusals():
        image = template([one.image for one in volumes], _of(volumes, context), **values)
    first = volumes[0]
    return first.with_image(image, acquisition=replace(first.acquisition, moment=NOWHEN))


def _of(volumes: Sequence[Volume], context: Context) -> Context:
    return replace(context, padding=volumes[0].padding)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what the operations refuse as the model does."""
    from pellucid.operations.operation import Refused as CannotRun

    try:
        yield
    except CannotRun as error:
        raise Refused(str(error)) from error


def parts(steps: Sequence[AnyStep]) -> Iterator[tuple[AnyStep, ...]]:
    """Yield steps in their order: one that works on all frames by itself, those between that take each frame alone."""
    run: list[AnyStep] = []
    for step in steps:
        if step.enabled and works_together(step):
            if run:
                yield tuple(run)
            run = []
            yield (step,)
        else:
            run.append(step)
    if run:
        yield tuple(run)
