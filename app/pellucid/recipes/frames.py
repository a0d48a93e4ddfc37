"""Take a recipe on all frames of one image, as the command line and a batch do: the same results from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid.files.answers import is_answer, write_answers
from pellucid.files.label_images import mask_of
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume
from pellucid.recipes import together
from pellucid.recipes.needs import answer_kind, needs, start_kind
from pellucid.recipes.recipe import Recipe
from pellucid.recipes.replay import refuse_what_stays, run, start_name

Remark = Callable[[str], None]


def unheard(sentence: str) -> None:
    """Throw a remark away."""


def heed(frames: Sequence[Volume], remark: Remark) -> None:
    """Say what the reader noticed about an image, each thing once."""
    for message in dict.fromkeys(f.message for volume in frames for f in volume.findings if f.severity != "info"):
        remark(message)


def starts(
    recipe: Recipe, frames: Sequence[Volume], name: str, label: int | None, remark: Remark
) -> tuple[Volume, ...]:
    """Return the frames as the first step takes them: for a mask, where a label image holds a label."""
    if start_kind(recipe) != "mask":
        return tuple(frames)
    return tuple(mask_of(volume, name, label, remark) for volume in frames)


def handed(
    recipe: Recipe, images: Mapping[str, tuple[str, Sequence[Volume]]], label: int | None, remark: Remark
) -> dict[str, Volume]:
    """Return the further images of a recipe from what was read under each name: (name of the file, frames).

    Masks are taken from where label images hold a label. Beside a first mask, which the label is chosen for, one that
    lacks it is taken whole: two files need not number alike.
    """
    kinds, found = needs(recipe), {}
    for name, (file, frames) in images.items():
        if len(frames) != 1:
            raise Refused(
                tr("“{file}” has {count} frames; “{name}” must be one volume.", file=file, count=len(frames), name=name)
            )
        if kinds.get(name) != "mask":
            found[name] = frames[0]
            continue
        lacking = start_kind(recipe) == "mask" and not (frames[0].array == label).any()
        found[name] = mask_of(frames[0], file, None if lacking else label, remark)
    return found


def take_all(
    recipe: Recipe,
    frames: Sequence[Volume],
    named: Mapping[str, Volume],
    *,
    cancelled: Callable[[], bool] = lambda: False,
    remark: Remark = unheard,
    threads: int | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[Any, ...]:
    """Return what the recipe makes of every frame; ``remark`` hears each sentence once."""
    said: dict[str, None] = {}
    results: tuple[Any, ...] = tuple(frames)
    refuse_what_stays(recipe)
    _refuse_start_after(recipe)
    for part in together.parts(recipe.steps) if recipe.steps else [()]:
        if part and part[0].enabled and together.works_together(part[0]):
            context = _context(progress, cancelled, said, threads)
            results = together.take(part[0], results, context)
            continue
        steps = recipe.model_copy(update={"steps": part})
        results = tuple(
            run(steps, volume, named, progress=progress, cancelled=cancelled,
                remark=lambda text: said.setdefault(text), threads=threads)
            for volume in results
        )  # fmt: skip
    if answer_kind(recipe) in ("mask", "labels") and not any(volume.array.any() for volume in results):
        said[tr("No voxels were found; the mask is empty.")] = None
    for sentence in said:
        remark(sentence)
    return results


def _context(progress: Callable[[float], None], cancelled: Callable[[], bool], said: dict[str, None],
             threads: int | None) -> Any:  # fmt: skip
    from pellucid.operations.context import Context, available_cores

    return Context(progress=progress, cancelled=cancelled, threads=threads or available_cores(),
                   remark=lambda text: said.setdefault(text))  # fmt: skip


def _refuse_start_after(recipe: Recipe) -> None:
    """Raise Refused where a step goes back to an image or a result from before all frames were taken together."""
    taken = [step for step in recipe.steps if step.enabled]
    known: set[str] = {start_name(taken)}
    before: set[str] = set()
    for number, step in enumerate(recipe.steps, 1):
        if step.enabled and before & set(step.inputs[1:]):
            raise Refused(tr("Step {number} needs an image from before all frames were taken together, which is no "
                             "longer there.", number=number))  # fmt: skip
        if step.enabled and together.works_together(step):
            before |= known - {""}
        known |= {step.name}


def write(results: Sequence[Any], path: Path, *, accept_loss: bool) -> tuple[str, ...]:
    """Write the results of one image, verified, and return what the format cannot keep of them.

    Raises Refused when that would be lost without ``accept_loss``, or when the file cannot be written.
    """
    if is_answer(results[0]):
        write_answers(results, path)
        return ()
    from pellucid.files.export import export_image, losses

    lost = losses(results, path)
    export_image(results, path, accept_loss=accept_loss)
    return lost
