"""Take the steps of a layer again, on a worker: from the nearest result that is still known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import Provenance
from pellucid.model.volume import Volume
from pellucid.recipes import own_steps
from pellucid.recipes.recipe import Recipe
from pellucid.recipes.replay import take
from pellucid.session.inputs import LabelVoxels
from pellucid.session.step_cache import StepCache, key_of

Steps = Sequence[Provenance]
Named = Mapping[str, Volume | LabelVoxels]


class StepRefused(Refused):
    """Raised with the sentence of a step that cannot be taken; ``position`` counts from 0."""

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position


@dataclass(frozen=True, eq=False)
class Recomputation:
    """Everything a worker needs to take steps on a base: further inputs by name, and what is known of earlier runs.

    ``first`` steps are passed over: what they made is the base.
    """

    cache: StepCache
    named: Named = field(default_factory=dict)
    first: int = 0
    progress: Callable[[float], None] = lambda fraction: None
    cancelled: Callable[[], bool] = lambda: False
    remark: Callable[[str], None] = lambda sentence: None

    def take(self, base: Volume, steps: Steps) -> Volume:
        """Return what the enabled ones of some steps make of a base; raise StepRefused unless that is an image."""
        result = self.answer(base, steps)
        if not isinstance(result, Volume):
            raise StepRefused(tr("The last step gives no image."), len(steps) - 1)
        return result

    def answer(self, base: Volume, steps: Steps) -> Any:
        """Return what the enabled ones of some steps make of a base; the last may give points or a table."""
        todo = [(n, step) for n, step in enumerate(steps) if n >= self.first and step.enabled]
        made: dict[str, Volume] = {}
        current: Any
        begin, current = self._nearest(base, [step for _n, step in todo])
        for count, (n, step) in enumerate(todo[begin:], begin):
            if not isinstance(current, Volume):
                raise StepRefused(tr("Step {number} gives no image, so no step can follow it.", number=n), n)
            current = self._one(n, step, current, made, self._part(count, len(todo)))
            if isinstance(current, Volume):
                made |= {step.name: current} if step.name else {}
                self._note(base, [step for _n, step in todo[: count + 1]], current, keep=count + 1 < len(todo))
        return current

    def _note(self, base: Volume, steps: list[Provenance], made: Volume, *, keep: bool) -> None:
        if not any(step.name for step in steps):
            self.cache.note(key_of(steps), self._owners(base, steps), made, keep=keep)

    def _nearest(self, base: Volume, steps: list[Provenance]) -> tuple[int, Volume]:
        """Return how many steps need not be taken, and what they made; where results have names, all are taken."""
        for count in range(len(steps), 0, -1) if not any(step.name for step in steps) else ():
            done = steps[:count]
            if all(name in self.named for step in done for name in step.inputs[1:]):
                found = self.cache.find(key_of(done), self._owners(base, done))
                if found is not None:
                    return count, found
        return 0, base

    def _owners(self, base: Volume, steps: Steps) -> tuple[Volume | LabelVoxels, ...]:
        return (base, *(self.named[name] for step in steps for name in step.inputs[1:]))

    def _one(self, n: int, step: Provenance, current: Volume, made: dict[str, Volume],
             progress: Callable[[float], None]) -> Any:  # fmt: skip
        try:
            (plain,) = Recipe.of([step]).steps
            first = step.inputs[0] if step.inputs[:1] and step.inputs[0] in made else ""
            plain = plain.model_copy(update={"inputs": (first, *step.inputs[1:])})
            handed = {name: self.named[name] for name in step.inputs[1:] if name in self.named}
            known = {name: one if isinstance(one, Volume) else one.volume for name, one in handed.items()} | made
            return take(plain, current, known, progress, self.cancelled, self.remark)
        except Refused as refusal:
            raise StepRefused(str(refusal), n) from refusal

    def _part(self, count: int, of: int) -> Callable[[float], None]:
        return lambda fraction: self.progress((count + fraction) / of)


_TAKES = {"mask": ("mask", "labels"), "labels": ("image", "mask", "labels")}
"""The kinds that can go where a mask or a label map is needed."""


def kind_after(steps: Steps, first: int, kind: str) -> str:
    """Return the kind of what steps from ``first`` on make of an ``image`` or a ``mask``.

    Raises StepRefused where a step cannot follow the one before it.
    """
    named: dict[str, str] = {}
    for n, step in enumerate(steps):
        if n < first or not step.enabled:
            continue
        here = named.get(step.inputs[0], kind) if step.inputs else kind
        needs, makes, title = _kinds_of(step, n, here)
        if here not in _TAKES.get(needs, (needs,)):
            raise StepRefused(_mismatch(title, needs), n)
        kind = makes
        named |= {step.name: kind} if step.name else {}
    return kind


def check_kinds(steps: Steps, first: int, kind: str, wanted: str) -> None:
    """Raise StepRefused unless steps from ``first`` on lead from one kind of image to another."""
    if kind_after(steps, first, kind) != wanted:
        said = (
            tr("Without a step that makes a label of the image there would be no label.")
            if wanted == "mask"
            else tr("The steps of an image must end in an image.")
        )
        raise StepRefused(said, len(steps) - 1)


def _kinds_of(step: Provenance, n: int, here: str) -> tuple[str, str, str]:
    """Return what a step works on and makes, and its title."""
    from pellucid.operations.operation import Refused as Unknown
    from pellucid.operations.operation import get

    own = own_steps.find(step.operation)
    if own is not None:
        return own.needs or here, own.makes or here, tr(own.title)
    try:
        operation = get(step.operation)
    except Unknown as error:
        raise StepRefused(str(error), n) from error
    return operation.inputs[0], operation.output, tr(operation.title)


def _mismatch(title: str, needs: str) -> str:
    if needs == "image":
        return tr("{title} works on an image, but the step before it gives none.", title=title)
    return tr("{title} works on a label, but the step before it gives none.", title=title)
