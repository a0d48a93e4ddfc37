"""The final result while a past step is being changed: on the visible slices, computed on a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Preview, Provenance
from pellucid.model.volume import Volume, image_from_array
from pellucid.recipes.step_words import said_of
from pellucid.session.bases import Base, base_of
from pellucid.session.chains import Chain, Steps, first_open
from pellucid.session.inputs import Choice
from pellucid.session.previewing import Answer
from pellucid.session.recomputing import Recomputation, check_kinds

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.session.recipes import Recipes
    from pellucid.session.session import Session

Slices = tuple[tuple[int, int], ...]
Local = list[tuple["Operation", dict[str, Any], tuple[int, int, int]]]


class LiveSteps:
    """Asks for the preview of a changed step; the latest request wins."""

    def __init__(self, session: Session, recipes: Recipes) -> None:
        self._session, self._recipes = session, recipes

    def show(self, position: int, parameters: Mapping[str, Any], others: Sequence[Choice] | None = None,
             operation_id: str = "") -> Job | None:  # fmt: skip
        """Show what the layer would be with other parameters of one of its steps; the document stays as it is.

        With an ``operation_id``, show what it would be with that operation as a new step before the one at a position.
        """
        session, recipes = self._session, self._recipes
        chain, image = recipes.chain(), session.document.active_image
        try:
            if chain is None or image is None:
                raise Refused(tr("Open an image first."))
            if operation_id:
                whole = chain.inserted(position, recipes.new_step(chain, operation_id, parameters, others or ()))
            else:
                step = recipes.changed_step(chain, position, parameters, others)
                whole = chain.changed(position, parameters=step.parameters, inputs=step.inputs)
            steps = Chain.of(chain.layer, whole, chain.label or None).steps
            slices = session.visible_slices()
            if not slices and image.placement is None:
                raise Refused(
                    tr("No pane shows a plain slice to preview. Reset the planes, or set the slab to one slice.")
                )
            frame = min(image.frame, len(image.frames) - 1) if chain.layer is image else 0
            recomputation = Recomputation(recipes.cache, recipes.named(steps, chain.layer), first_open(steps))
            color = "" if isinstance(chain.layer, ImageLayer) else session.running.color()
            base = base_of(session, chain)
            check_kinds(steps, first_open(steps), base.kind, "mask" if color else "image")
            replaces = (chain.layer.id, chain.label) if color else None
            shown = Preview(said_of(steps[position])[0], is_mask=bool(color), color=color, replaces=replaces)
            wanted = Wanted(steps, position, base, frame, image, slices, recomputation, shown)
        except Refused as refusal:
            session.running.fail(str(refusal))
            return None
        given = dict(parameters)
        title = tr("Preview of step {number}", number=position + 1)
        again = partial(self.show, position, given, others, operation_id)
        return session.running.ask(image, title, wanted.answer, again)


@dataclass(frozen=True, eq=False)
class Wanted:
    """Everything a worker needs to compute the preview, and how it is ``shown``, yet without pixels."""

    steps: Steps
    position: int
    base: Base
    frame: int
    image: ImageLayer
    slices: Slices
    recomputation: Recomputation
    shown: Preview

    def answer(self, job: Job) -> Answer:
        """Return the visible slices of the result; where every step left is local, only those are computed."""
        remarks: list[str] = []
        taken = replace(self.recomputation, progress=job.report, cancelled=job.cancelled, remark=remarks.append)
        base = self.base.read(job)[self.frame]
        before = taken.take(base, self.steps[: self.position])
        grid = self.image.own_geometry
        local = None
        if self.slices and before.geometry.same_grid(grid):
            local = local_steps(self.steps[self.position :], before)
        if local is not None:
            parts = {(axis, index): slab_slice(local, before, axis, index, job) for axis, index in self.slices}
        else:
            whole = taken.take(base, self.steps)
            if not (self.slices and whole.geometry.same_grid(grid)):
                return Answer(replace(self.shown, whole=whole), remarks=tuple(dict.fromkeys(remarks)))
            parts = {(axis, index): np.array(whole.array.take(index, 2 - axis)) for axis, index in self.slices}
        return Answer(replace(self.shown, slices=parts), remarks=tuple(dict.fromkeys(remarks)))


def local_steps(steps: Sequence[Provenance], volume: Volume) -> Local | None:
    """Return the operations of steps that need only the voxels around, with their reach; None if one needs more."""
    from pellucid.operations.operation import registry

    spacing, found = volume.geometry.spacing, []
    for step in steps:
        if not step.enabled:
            continue
        operation = registry().get(step.operation)
        if operation is None or step.inputs[1:] or step.name or not operation.same_grid:
            return None
        if operation.preparation is not None or (operation.minds_padding and volume.padding is not None):
            return None
        params = operation.validate(**step.parameters)
        reach = operation.reach(params, spacing)
        if reach is None or operation.output not in ("image", "mask"):
            return None
        found.append((operation, dict(params), reach))
    return found if volume.geometry.is_even or all(op.pointwise for op, _v, _r in found) else None


def slab_slice(steps: Local, volume: Volume, axis: int, index: int, job: Job) -> NDArray[Any]:
    """Return one slice of what local steps make of a volume, from the slices that all of them together can reach."""
    from pellucid.operations.operation import Context

    where = 2 - axis
    far, count = sum(reach[axis] for _o, _v, reach in steps), volume.array.shape[where]
    first, last = max(0, index - far), min(count, index + far + 1)
    part = np.ascontiguousarray(volume.array[(slice(None),) * where + (slice(first, last),)])
    start, size = [0, 0, 0], list(volume.geometry.size)
    start[axis], size[axis] = first, last - first
    x, y, z = start
    geometry = volume.geometry.cropped((x, y, z), (size[0], size[1], size[2]))
    image: Any = image_from_array(part, geometry, colour=volume.is_colour)
    for operation, values, reach in steps:
        far -= reach[axis]
        wanted = [slice(None)] * 3
        wanted[where] = slice(max(0, index - far - first), index + far + 1 - first)
        region = (wanted[0], wanted[1], wanted[2])
        context = Context(cancelled=job.cancelled, padding=volume.padding, wanted=region, start=(z, y, x))
        image = operation.run(context, image, **values)
    return np.array(Volume(image, geometry).array.take(index - first, where))
