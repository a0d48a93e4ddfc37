"""The steps of one image or of one label: which they are, what they began with, and how they are changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, Start
from pellucid.model.volume import Volume
from pellucid.recipes import own_steps

Steps = tuple[Provenance, ...]


@dataclass(frozen=True, eq=False)
class Chain:
    """The steps of the shown frame of an image, or of one label (``label`` above 0) of a label layer.

    ``whole`` are all steps of the layer, ``places`` those of this chain among them.
    """

    layer: Layer
    label: int
    whole: Steps
    places: tuple[int, ...]

    @classmethod
    def of(cls, layer: Layer, whole: Steps | None = None, label: int | None = None) -> Chain:
        """Return the steps of a layer, as they are now unless others are given; of the active label unless given."""
        whole = layer.provenance if whole is None else whole
        if isinstance(layer, LabelLayer):
            value = layer.active_label if label is None else label
            return cls(layer, value, whole, tuple(n for n, step in enumerate(whole) if step.label == value))
        frames = (None, min(layer.frame, len(layer.frames) - 1))
        return cls(layer, 0, whole, tuple(n for n, step in enumerate(whole) if step.frame in frames))

    @property
    def steps(self) -> Steps:
        """Return the steps in their order."""
        return tuple(self.whole[place] for place in self.places)

    @property
    def start(self) -> Start | None:
        """Return the image the steps began with, where another layer holds it."""
        return start_of(self.steps)

    @property
    def first_open(self) -> int:
        """Return the number of steps at the beginning that cannot be taken again; the base is what they made."""
        return first_open(self.steps)

    def changed(self, n: int, **changes: Any) -> Steps:
        """Return the steps of the layer with step ``n`` of the chain changed."""
        place = self.places[n]
        return (*self.whole[:place], replace(self.whole[place], **changes), *self.whole[place + 1 :])

    def inserted(self, n: int, step: Provenance) -> Steps:
        """Return the steps of the layer with a new one in the chain before step ``n``."""
        place = self.places[n] if n < len(self.places) else len(self.whole)
        frame = self.layer.frame if isinstance(self.layer, ImageLayer) and len(self.layer.frames) > 1 else None
        new = replace(step, label=self.label, frame=frame)
        return self._settled((*self.whole[:place], new, *self.whole[place:]))

    def removed(self, n: int) -> Steps:
        """Return the steps of the layer without step ``n`` of the chain."""
        place, start = self.places[n], self.start
        if len(self.whole) == 1 and start is not None and start.of > 1 and isinstance(self.layer, ImageLayer):
            # without any step it would be saved as a mere reference to all frames of its source
            return (Provenance(own_steps.ONE_FRAME, {"channel": start.frame}, (start.name,), start=start),)
        return self._settled((*self.whole[:place], *self.whole[place + 1 :]))

    def moved(self, n: int, to: int) -> Steps:
        """Return the steps of the layer with step ``n`` of the chain as its step ``to``."""
        order = list(self.steps)
        order.insert(to, order.pop(n))
        whole = list(self.whole)
        for place, step in zip(self.places, order, strict=True):
            whole[place] = step
        return self._settled(tuple(whole))

    def _settled(self, whole: Steps) -> Steps:
        """Return steps of which the first of the chain, and no other, names the start."""
        start, places = self.start, set(self._among(whole))
        first = min(places, default=-1)
        wanted = [step.start if n not in places else start if n == first else None for n, step in enumerate(whole)]
        return tuple(
            step if step.start == here else replace(step, start=here) for step, here in zip(whole, wanted, strict=True)
        )

    def place_before(self, changed: Steps, n: int) -> int:
        """Return which step of the chain is step ``n`` of the changed chain; -1 when it is new."""
        steps = self.steps
        known = [place for place, step in enumerate(steps) if step is changed[n]]
        return known[0] if known else n if len(steps) == len(changed) else -1

    def _among(self, whole: Steps) -> list[int]:
        known = {id(step) for n, step in enumerate(self.whole) if n not in self.places}
        return [n for n, step in enumerate(whole) if id(step) not in known]


def start_of(steps: Sequence[Provenance]) -> Start | None:
    """Return the start that steps name, if any does."""
    return next((step.start for step in steps if step.start is not None), None)


def first_open(steps: Steps) -> int:
    """Return the number of steps at the beginning that cannot be taken again."""
    fixed = [n for n, step in enumerate(steps) if is_fixed(step)]
    return fixed[-1] + 1 if fixed else 0


def is_fixed(step: Provenance) -> bool:
    """Return whether a step can never be taken again, not even here: what it made stands in its place."""
    return step.operation in (own_steps.MERGE, own_steps.ONE_FRAME, own_steps.HARDENED)


def of_frame(steps: Steps, frame: int) -> Steps:
    """Return the steps that made one frame of an image, as those of an image of its own."""
    return tuple(replace(step, frame=None) for step in steps if step.frame in (None, frame))


@dataclass(frozen=True, eq=False)
class Begun:
    """What an image was when a step began: its steps so far, the frame before them (none: unknown), and where it is."""

    steps: Steps
    base: tuple[Volume, ...]
    here: Start

    @classmethod
    def at(cls, layer: ImageLayer, frame: int | None = None) -> Begun:
        """Take note of one frame of an image, the shown one unless given."""
        frame = min(layer.frame, len(layer.frames) - 1) if frame is None else frame
        base = layer.base if layer.provenance else layer.frames
        steps = of_frame(layer.provenance, frame)
        return cls(steps, base[frame : frame + 1], Start(layer.id, layer.name, frame, len(layer.frames)))

    def then(self, *more: Provenance, label: int = 0) -> Steps:
        """Return the steps of another layer that goes on from here: its first step names the start."""
        start = (start_of(self.steps) if label == 0 else None) or self.here
        steps = (*self.steps, *more)
        return tuple(replace(step, label=label, start=start if n == 0 else None) for n, step in enumerate(steps))


def rescaling(steps: Steps) -> tuple[Any, ...]:
    """Return what of some steps changes the unit or the range of the values: equal means the window still fits."""
    from pellucid.operations.operation import registry

    known = registry()
    return tuple(
        (step.operation, step.parameters)
        for step in steps
        if step.enabled and step.operation in known and not known[step.operation].settled(step.parameters).keeps_window
    )


def common_steps(layer: LabelLayer) -> Steps:
    """Return the steps that made all labels of a layer together, none when they were not made together.

    They are those before the step that says which value a label is.
    """
    by_label: dict[int, list[Provenance]] = defaultdict(list)
    for step in layer.provenance:
        by_label[step.label].append(step)
    rows = {row.value for row in layer.labels.labels}
    if not rows or set(by_label) != rows:
        return ()
    heads = []
    for value, steps in by_label.items():
        last = steps[-1]
        if last.operation != own_steps.LABEL_VALUE or last.parameters.get("value") != value:
            return ()
        heads.append([replace(step, label=0) for step in steps[:-1]])
    return tuple(heads[0]) if all(head == heads[0] for head in heads) else ()
