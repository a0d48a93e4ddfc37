"""Labels: layers, the table, strokes and statistics. Whatever saving would write differently is undoable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.labels import SetLabelTable
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.history.smart_stroke import SmartStroke
from pellucid.history.stroke import Stroke
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.labels import MAX_VALUE, Label, LabelMap, color_for, type_for
from pellucid.model.layer import (
    ImageLayer,
    LabelLayer,
    Layer,
    Provenance,
    blank_labels,
    made_for,
    on_same_voxels,
    unique_name,
)
from pellucid.model.placement import Placement
from pellucid.model.shapes import vector
from pellucid.model.slicing import PlaneFrame
from pellucid.model.statistics import LabelRow, label_statistics
from pellucid.recipes.own_steps import LABEL_VALUE
from pellucid.session.chains import Begun

if TYPE_CHECKING:
    from pellucid.session.session import Session

MAX_LABELS = MAX_VALUE


def _labels_of(layer: ImageLayer) -> LabelMap:
    """Return the values of an image as labels, one row for each value there is."""
    volume, name = layer.volume, layer.name
    if volume.is_colour or len(layer.frames) > 1:
        raise Refused(
            tr("“{name}” has colours or several frames; labels are one whole number for each voxel.", name=name)
        )
    values = volume.array
    if values.dtype.kind == "f" and not np.array_equal(np.rint(values), values):
        raise Refused(tr("“{name}” holds values that are not whole numbers, so they are not labels.", name=name))
    if float(values.min()) < 0 or float(values.max()) > MAX_LABELS:
        raise Refused(
            tr(
                "“{name}” holds values outside 0 to {limit}, so they are not labels.",
                name=name,
                limit=MAX_LABELS,
            )
        )
    voxels = values.astype(type_for(int(values.max())))
    counts = np.zeros(MAX_LABELS + 1, np.int64)
    for plane in voxels:
        counts += np.bincount(plane.ravel(), minlength=len(counts))
    found = np.flatnonzero(counts[1:]) + 1
    if not len(found):
        raise Refused(tr("“{name}” holds only 0, so there are no labels in it.", name=name))
    rows = tuple(Label(int(value), tr("Label {value}", value=value), color_for(int(value))) for value in found)
    return LabelMap(volume.geometry, voxels, rows)


def _edit_title(old: Label, new: Label) -> str:
    if sum(getattr(old, field.name) != getattr(new, field.name) for field in fields(Label)) > 1:
        return tr("Details of label {name}", name=old.name)
    if new.name != old.name:
        return tr("Rename label {name}", name=old.name)
    if new.color != old.color:
        return tr("Recolour label {name}", name=old.name)
    if new.opacity != old.opacity:
        return tr("Opacity of label {name}", name=old.name)
    if new.locked == old.locked:
        return tr("Details of label {name}", name=old.name)
    return tr("Unlock label {name}", name=old.name) if old.locked else tr("Lock label {name}", name=old.name)


def _where_it_lies(row: LabelRow, placement: Placement) -> LabelRow:
    return row if row.centroid is None else replace(row, centroid=vector(placement.to_common(row.centroid)))


class Labelling:
    """Everything the user does to label layers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stroke: Stroke | None = None
        self._counting: Job | None = None

    def add_layer(self, like: Layer | None = None, name: str = "") -> LabelLayer:
        """Add an empty label layer on the voxels of a layer (the active image unless given) and make it active."""
        document = self._session.document
        if like is None:
            like = document.active_image
            if like is None:
                raise Refused(tr("There is no image to label. Open an image first."))
            if self._session.loading.is_placeholder(like):
                raise Refused(tr("The series is still being opened."))
        layer = LabelLayer(
            unique_name(name or tr("Labels"), {other.name for other in document.layers}),
            blank_labels(like.own_geometry), placement=like.placement, made_for=made_for(like),
        )  # fmt: skip
        layer.labels.set_label(Label(1, tr("Label 1"), color_for(1)))
        self._session.history.do(AddLayer(layer))
        document.active = layer
        return layer

    def use_as_labels(self, layer: ImageLayer) -> Job:
        """Turn an image of whole numbers from 0 to 65,535 into a label layer in its place, as one step of a job.

        A notice says when its values cannot be labels.
        """
        session, volume, title = self._session, layer.volume, tr("Use {name} as labels", name=layer.name)

        def done(found: LabelMap) -> None:
            if layer in session.document and layer.volume is volume:
                self._replace_image(layer, found, title)

        return session.running.edit(
            title, lambda _job: _labels_of(layer), done, lambda sentence: session.notice.emit(sentence, "warning")
        )

    def _replace_image(self, layer: ImageLayer, found: LabelMap, title: str) -> None:
        document = self._session.document
        others = [image for image in document.images if image is not layer and on_same_voxels(image, layer)]
        known = others[0].id if len(others) == 1 else ""  # of an image that is opened later they are not
        labels = LabelLayer(layer.name, found, placement=layer.placement, made_for=known)
        begun = Begun.at(layer)
        steps: list[Provenance] = []
        for row in labels.labels.labels:
            steps += begun.then(Provenance(LABEL_VALUE, {"value": row.value}, (layer.name,)), label=row.value)
        labels.provenance = tuple(steps)
        labels.active_label = labels.labels.labels[0].value
        with self._session.history.group(title):
            self._session.history.do(AddLayer(labels, document.position(layer) + 1))
            self._session.history.do(RemoveLayer(layer))
        document.active = labels

    def layer_for(self, image: ImageLayer) -> LabelLayer:
        """Return the active label layer on the voxels of an image; make one when there is none."""
        current = self._session.document.active_labels
        if current is not None and on_same_voxels(current, image):
            return current
        return self.add_layer(image)

    def add_label(self, layer: LabelLayer, name: str = "") -> int:
        """Add a row with a free value to the table, make it active and return the value."""
        value = layer.labels.free_value()
        if value > MAX_LABELS:
            raise Refused(
                tr(
                    "“{name}” already has {limit} labels. Add another label layer.",
                    name=layer.name,
                    limit=MAX_LABELS,
                )
            )
        row = Label(value, name or tr("Label {value}", value=value), color_for(value))
        self._session.history.do(
            SetLabelTable(layer, (*layer.labels.labels, row), tr("Add label {name}", name=row.name))
        )
        layer.active_label = value
        return value

    def name_label(self, layer: LabelLayer, value: int) -> None:
        """Give a value without a row one, as one step."""
        row = layer.labels.label(value)
        self._session.history.do(
            SetLabelTable(layer, (*layer.labels.labels, row), tr("Add label {name}", name=row.name))
        )

    def edit_label(self, layer: LabelLayer, value: int, **changes: Any) -> None:
        """Change name, colour, opacity or lock of a label as one step; visibility is a matter of the screen only.

        Opacities that follow each other on one label become one step.
        """
        if set(changes) == {"visible"}:
            layer.labels.edit_label(value, **changes)
            return
        old = layer.labels.label(value)
        new = replace(old, **changes)
        if new == old:
            return
        rows = tuple(new if row.value == value else row for row in layer.labels.labels)
        drag = f"opacity {value}" if set(changes) == {"opacity"} else ""
        self._session.history.do(SetLabelTable(layer, rows, _edit_title(old, new), merge_key=drag))

    def active_mask_for(self, image: ImageLayer) -> NDArray[np.bool_] | None:
        """Return the active label as a boolean array (z, y, x) if it lies on the voxels of an image and has any."""
        layer = self._session.document.active_labels
        if layer is None or not on_same_voxels(layer, image):
            return None
        mask = layer.labels.mask(layer.active_label)
        return mask if mask.any() else None

    def begin_stroke(
        self, frame: PlaneFrame, index: int, *, erase: bool = False, like: ImageLayer | None = None
    ) -> None:
        """Begin a brush stroke on a slice; a label layer is made when there is none.

        The stroke keeps to what is alike in the image ``like``, if one is given.
        """
        editing, strictness = self._session.editing, self._session.view.smart_strictness
        if like is not None and self._session.loading.is_placeholder(like):
            raise Refused(tr("The series is still being opened."))
        layer = editing.layer()
        editing.check(layer)
        limits, value = editing.limits(layer), layer.active_label
        if like is None:
            stroke = Stroke(layer, value, frame, index, erase=erase, allowed=limits)
        else:
            stroke = SmartStroke(
                layer, value, frame, index, like.placed, strictness, erase=erase, allowed=limits
            )
        self._stroke = editing.open(stroke)

    def stroke_to(self, world: Any) -> None:
        """Paint from the last point of the stroke to a world point."""
        if self._stroke is not None:
            view = self._session.view
            self._stroke.dab(world, view.brush_diameter, ball=view.brush_ball)

    def end_stroke(self) -> None:
        """Finish the stroke, or whatever a tool is changing, as one step; what changed nothing leaves no step."""
        self._stroke = None
        self._session.editing.finish()

    def abort_stroke(self) -> None:
        """Give the stroke up and restore what was there."""
        self._stroke = None
        self._session.editing.give_up()

    def statistics(self, done: Callable[[list[LabelRow]], None]) -> Job | None:
        """Compute statistics of every label of the active label layer on the active image, in the background.

        PET is told in SUV where that is known.
        """
        labels, image = self._session.document.active_labels, self._session.document.active_image
        if labels is None:
            if self._counting is not None:
                self._counting.cancel()  # it would answer after this, with labels that are gone
            done([])
            return None
        together = image is not None and image.lies is labels.lies  # then no way leads through the world
        volume = None if image is None else image.volume if together else image.placed
        grid, lies = labels.own_geometry if together else labels.geometry, labels.lies
        snapshot = labels.labels.snapshot()

        def work(job: Job) -> list[LabelRow]:
            rows = label_statistics(volume, snapshot.map(), job.cancelled, grid)
            if volume is not None:
                rows = [row.told_in(*volume.told_in) for row in rows]
            return rows if lies is None else [_where_it_lies(row, lies) for row in rows]

        self._counting = self._session.jobs.query(
            "statistics", tr("Statistics of {name}", name=labels.name),
            work, done)  # fmt: skip
        return self._counting
