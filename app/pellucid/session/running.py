"""Preview and apply of an operation: only here do operations meet layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.layers import ReplaceVolume
from pellucid.jobs.job import Job
from pellucid.language import tr, within
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import color_for
from pellucid.model.layer import ImageLayer, LabelLayer, Preview, Provenance
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.results import ImagePlace, MaskPlace, Step

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.fields import Field
    from pellucid.operations.operation import Operation
    from pellucid.session.session import Session

MaskChoice = tuple[str, int]
"""A label as the second input of a mask operation: layer id and label value."""


class Running:
    """Run operations on the active image or the active label."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._request: tuple[str, dict[str, Any], MaskChoice | None] | None = None
        self._job: Job | None = None
        self._previewed: ImageLayer | None = None
        self._edits: list[Job] = []
        self._snapshots: dict[str, tuple[int, NDArray[Any], dict[int, LabelVoxels]]] = {}

    def operations(self) -> Mapping[str, Operation]:
        """Return every registered operation by its id."""
        from pellucid.operations.operation import registry

        return registry()

    def mask_choices(self) -> tuple[tuple[str, MaskChoice], ...]:
        """Return (title, choice) of every label that can be the second input of a mask operation."""
        current = self._session.document.active_labels
        if current is None:
            return ()
        layers = [layer for layer in self._session.document.label_layers if layer.geometry.same_grid(current.geometry)]
        return tuple(
            (f"{label.name} – {layer.name}", (layer.id, label.value))
            for layer in layers
            for label in layer.labels.labels
            if layer is not current or label.value != current.active_label
        )

    def why_not(self, operation_id: str) -> str:
        """Return the sentence that says why an operation cannot run now, or ``""`` when it can."""
        try:
            operation = self.operations()[operation_id]
            self._check(operation, self._target(operation), None, complete=False)
        except Refused as refusal:
            return str(refusal)
        return ""

    # ---------------------------------------------------------------- preview

    def preview(self, operation_id: str, values: dict[str, Any], other: MaskChoice | None = None) -> Job | None:
        """Show what an operation would do on the visible slices; the document stays as it is."""
        session = self._session
        self._request = (operation_id, dict(values), other)
        try:
            operation = self.operations()[operation_id]
            target = self._target(operation)
            self._check(operation, target, other)
            parameters = validated(operation, values)
        except Refused as refusal:
            self._fail(str(refusal))
            return None
        image = session.document.active_image
        if image is None:
            return None
        inputs, color = self._inputs(operation, target, other), self._color()
        slices, volume = session.visible_slices(), image.volume
        if not slices and operation.same_grid:
            self._fail(tr("No pane shows a plain slice to preview. Reset the planes, or set the slab to one slice."))
            return None
        session.preview_state.emit("computing")

        def work(job: Job) -> Preview:
            return self._compute(job, operation, inputs, parameters, slices, volume, color)

        def done(preview: Preview) -> None:
            if self._request is None or image.volume is not volume or image not in session.document:
                return
            self._show(image, preview)

        self._job = session.jobs.query(
            "preview", tr("Preview of {title}", title=tr(operation.title)), work, done, self._fail, quiet=True
        )
        return self._job

    def refresh_preview(self) -> None:
        """Compute the preview again, for the slices that are visible now; while cine plays there is none."""
        if self._request is not None and not self._session.playing.is_playing:
            self.preview(*self._request)

    def clear_preview(self) -> None:
        """Drop the preview and show the image as it is."""
        self._request = None
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._snapshots.clear()
        if self._previewed is not None:
            self._previewed.preview = None
            self._previewed = None
        self._session.preview_state.emit("")

    def _show(self, image: ImageLayer, preview: Preview) -> None:
        if self._previewed is not None and self._previewed is not image:
            self._previewed.preview = None
        self._previewed = image
        image.preview = preview
        self._session.preview_state.emit("shown")

    def _fail(self, sentence: str) -> None:
        if self._previewed is not None:
            self._previewed.preview = None
        self._session.preview_state.emit(sentence)

    def _compute(self, job: Job, operation: Operation, inputs: tuple[Any, ...], parameters: Any,
                 slices: tuple[tuple[int, int], ...], volume: Volume, color: str) -> Preview:  # fmt: skip
        from pellucid.operations.operation import Context
        from pellucid.operations.preview import preview_slice

        images = tuple(item.image for item in inputs)
        context = Context(progress=job.report, cancelled=job.cancelled, padding=volume.padding)
        if not operation.same_grid:
            whole = volume.with_image(operation.run(context, *images, **parameters))
            return Preview(tr(operation.title), whole=whole)
        is_mask = operation.output == "mask"
        found = {
            (axis, index): preview_slice(operation, images, axis, index, parameters, context) for axis, index in slices
        }
        return Preview(tr(operation.title), found, is_mask=is_mask, color=color)

    def _color(self) -> str:
        layer = self._session.document.active_labels
        return layer.labels.label(layer.active_label).color if layer is not None else color_for(1)

    # ---------------------------------------------------------------- apply

    def apply(self, operation_id: str, values: dict[str, Any], *, as_new_layer: bool = False,
              other: MaskChoice | None = None) -> Job:  # fmt: skip
        """Run an operation on the whole active image or label in the background and commit one named step.

        Raises Refused when the operation cannot run on what is active.
        """
        session = self._session
        operation = self.operations()[operation_id]
        target = self._target(operation)
        self._check(operation, target, other)
        parameters = validated(operation, values)
        inputs = self._inputs(operation, target, other)
        unit = target.volume.unit if isinstance(target, ImageLayer) else ""
        name = describe(operation, parameters, unit)
        step = Step(
            operation,
            Provenance(operation.id, parameters, (target.name,)),
            tr("{operation} on {layer}", operation=name, layer=target.name),
        )
        self.clear_preview()
        if operation.output == "mask":
            place: MaskPlace | ImagePlace = MaskPlace(session, target, step, as_new_layer=as_new_layer)
        else:
            place = ImagePlace(session, target, step, as_new_layer=as_new_layer)
        padding = target.volume.padding if isinstance(target, ImageLayer) else None

        def work(job: Job) -> None:
            from pellucid.operations.operation import Context

            images = tuple(item.image for item in inputs)
            context = Context(progress=job.report, cancelled=job.cancelled, padding=padding)
            place.prepare(operation.run(context, *images, **parameters))

        def failed(sentence: str) -> None:
            session.notice.emit(sentence, "error")

        def done(_nothing: None) -> None:
            if target in session.document:
                place.commit()
            else:
                session.notice.emit(
                    tr(
                        "“{name}” is no longer open; the result of {operation} was dropped.",
                        name=target.name,
                        operation=name,
                    ),
                    "info",
                )

        return self._edit(name, work, done, failed)

    def make_even(self) -> Job:
        """Resample the active, unevenly spaced stack onto even slices as one step."""
        session = self._session
        layer = session.document.active_image
        if layer is None or layer.geometry.is_even:
            raise Refused(tr("The slices of the active image are evenly spaced already."))
        before = layer.frames

        def work(_job: Job) -> tuple[Volume, ...]:
            from pellucid.files.evening import evened

            return tuple(evened(volume) for volume in before)

        def done(frames: tuple[Volume, ...]) -> None:
            if layer.frames == before and layer in session.document:
                step = Provenance("make_even", {}, (layer.name,))
                title = tr("Make spacing even on {name}", name=layer.name)
                session.history.do(ReplaceVolume(layer, frames, (*layer.provenance, step), title))

        return self._edit(tr("Make spacing even"), work, done, lambda text: session.notice.emit(text, "error"))

    def _edit(self, name: str, work: Callable[[Job], Any], done: Callable[[Any], None],
              failed: Callable[[str], None]) -> Job:  # fmt: skip
        job = self._session.jobs.edit(name, work, done, failed)
        self._edits = [*(other for other in self._edits if not other.finished), job]
        return job

    def cancel(self) -> None:
        """Drop the preview and whatever is being applied: what it was for is closed."""
        for job in self._edits:
            job.cancel()
        self._edits.clear()
        self.clear_preview()

    # ---------------------------------------------------------------- inputs

    def _target(self, operation: Operation) -> ImageLayer | LabelLayer:
        document = self._session.document
        if operation.inputs[0] == "mask":
            labels = document.active_labels
            if labels is None:
                raise Refused(
                    tr(
                        "{title} works on a label. Make one with a threshold or the brush first.",
                        title=tr(operation.title),
                    )
                )
            return labels
        image = document.active_image
        if image is None:
            raise Refused(tr("{title} works on an image. Open one first.", title=tr(operation.title)))
        return image

    def _check(self, operation: Operation, target: ImageLayer | LabelLayer, other: MaskChoice | None,
               *, complete: bool = True) -> None:  # fmt: skip
        session = self._session
        if isinstance(target, ImageLayer) and session.loading.is_placeholder(target):
            raise Refused(tr("The series is still being opened."))
        if not target.geometry.is_even and not operation.pointwise:
            raise Refused(
                tr(
                    "The slices of “{name}” are not evenly spaced, so {operation} would mix up distances. "
                    "Use Image ▸ Make spacing even first.",
                    name=target.name,
                    operation=within(operation.title),
                )
            )
        labels = session.document.active_labels
        if operation.output == "mask" and labels is not None and labels.geometry.same_grid(target.geometry):
            row = labels.labels.label(labels.active_label)
            if row.locked:
                raise Refused(tr("The label “{name}” is locked. Unlock it in the label table first.", name=row.name))
        if len(operation.inputs) == 2:
            if not self.mask_choices():
                raise Refused(tr("{title} needs a second label on the same grid.", title=tr(operation.title)))
            if complete and other is None:
                raise Refused(tr("Choose the other label for {operation}.", operation=within(operation.title)))

    def _inputs(self, operation: Operation, target: ImageLayer | LabelLayer,
                other: MaskChoice | None) -> tuple[Any, ...]:  # fmt: skip
        if isinstance(target, ImageLayer):
            return (target.volume,)
        masks = [self._snapshot(target, target.active_label)]
        if len(operation.inputs) == 2 and other is not None:
            layer = self._session.document.find(other[0])
            if not isinstance(layer, LabelLayer):
                raise Refused(tr("The other label is no longer there."))
            masks.append(self._snapshot(layer, other[1]))
        return tuple(masks)

    def _snapshot(self, layer: LabelLayer, value: int) -> LabelVoxels:
        """Return a copy of the voxels that painting cannot change under a worker; made once per change.

        Copies are kept while there is a preview: it learns from the whole label only once.
        """
        known = self._snapshots.get(layer.id)
        if known is None or known[0] != layer.labels.version:
            known = self._snapshots[layer.id] = (layer.labels.version, layer.labels.array.copy(), {})
        return known[2].setdefault(value, LabelVoxels(known[1], value, layer.geometry))


def validated(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """Return the checked parameters of an operation; raise Refused with a sentence."""
    from pellucid.operations.operation import Refused as BadParameters

    try:
        return dict(operation.validate(**values).model_dump())
    except BadParameters as error:
        raise Refused(str(error)) from error


def _said(field: Field, value: Any, unit: str) -> str:
    """Return a parameter in words: a switch by its name or not at all, a choice by its words."""
    if field.kind == "bool":
        return within(field.title) if value else ""
    if value in field.choices:
        words = dict(zip(field.choices, field.choice_titles or field.choices, strict=True))
        return within(words[value])
    number = f"{value:g}".replace("-", "\N{MINUS SIGN}") if isinstance(value, float) else str(value)
    return f"{within(field.title)} {number} {unit if field.unit == 'intensity' else tr(field.unit)}".strip()


def describe(operation: Operation, parameters: dict[str, Any], unit: str = "") -> str:
    """Return the name of a step as the history shows it: ``Gaussian (sigma 2 mm)``.

    ``unit`` is that of the image's values.
    """
    said = [text for field in operation.fields[:3] if (text := _said(field, parameters.get(field.name), unit))]
    title = tr(operation.title)
    return f"{title} ({', '.join(said)})" if said else title


@dataclass(frozen=True, eq=False)
class LabelVoxels:
    """One label of a snapshot of a label layer, as an input of an operation."""

    array: NDArray[Any]
    value: int
    geometry: Geometry

    @cached_property
    def image(self) -> sitk.Image:
        """Return the voxels of the label as an image of 0 and 1."""
        return image_from_array((self.array == self.value).view(np.uint8), self.geometry)
