"""Measuring the objects of a label layer, choosing some of them, and deleting what was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from pellucid.history.hand_steps import HandChanges
from pellucid.history.labels import SetLabelTable
from pellucid.history.painting import replace_voxels
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance
from pellucid.recipes.object_tables import OBJECTS, OVERLAP
from pellucid.recipes.recipe import Recipe
from pellucid.session.chains import start_of
from pellucid.session.inputs import check_places
from pellucid.session.object_overlaps import Overlaps
from pellucid.session.object_recipes import recipe_of
from pellucid.session.object_rows import Asked, ObjectTable

if TYPE_CHECKING:
    from pellucid.operations.answers import Rows
    from pellucid.session.results import Step
    from pellucid.session.session import Session


class Objects:
    """The table of objects of the session: at most one, the one measured last."""

    measured = Signal(object)
    """Emitted with the ``ObjectTable`` that is new, or None when there is none any more."""
    selected_changed = Signal(object)
    """Emitted with the numbers of the selected rows."""
    failed = Signal(str)
    """Emitted with the sentence that says why there is no table."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.table: ObjectTable | None = None
        self._selected: frozenset[int] = frozenset()
        self.overlaps = Overlaps(session)
        session.running.tabled.connect(self._take)
        session.document.removed.connect(self._removed)

    # ---------------------------------------------------------------- measuring

    def measure(self, asked: Asked) -> Job:
        """Measure in the background; only the answer to the latest question comes. Raises Refused."""
        session = self._session
        layer = session.document.find(asked.labels)
        if not isinstance(layer, LabelLayer):
            raise Refused(tr("There is no label layer to measure. Make one with a threshold or the brush first."))
        images = [self._image(id) for id in asked.images]
        for image in images:
            check_places(layer, image)
        asked = replace(asked, parameters=_complete(asked.parameters, layer, images))
        taken = session.running.inputs.taken((layer.id, 0))
        assert taken is not None
        volumes, names = [image.volume for image in images], {row.value: row.name for row in layer.labels.labels}
        version, geometry = layer.labels.version, layer.own_geometry
        remarks: list[str] = []

        def work(job: Job) -> Rows:
            from pellucid.recipes.object_tables import measured

            return measured(taken.image, geometry, [volume.image for volume in volumes], asked.parameters, names,
                            progress=job.report, cancelled=job.cancelled, remark=remarks.append)  # fmt: skip

        def done(rows: Rows) -> None:
            session.running.inputs.forget()
            if layer in session.document:
                unit = volumes[0].unit if volumes else ""
                self._show(ObjectTable(rows, layer, version, asked, unit))
            for sentence in dict.fromkeys(remarks):
                session.notice.emit(sentence, "info")

        return session.jobs.query("objects", tr("Measuring {name}", name=layer.name), work, done, self.failed.emit)

    def image_for(self, labels: str) -> ImageLayer | None:
        """Return the image that the labels of a layer were made from, where it is open, or the active one."""
        document = self._session.document
        layer = document.find(labels)
        start = start_of(layer.provenance) if layer is not None else None
        made_from = document.find(start.layer) if start is not None else None
        return made_from if isinstance(made_from, ImageLayer) else document.active_image

    def _image(self, id: str) -> ImageLayer:
        image = self._session.document.find(id)
        if not isinstance(image, ImageLayer) or self._session.loading.is_placeholder(image):
            raise Refused(tr("The image is no longer there."))
        return image

    def _take(self, rows: Rows, step: Step) -> None:
        """Show the rows that were measured from the list of operations."""
        made: Provenance = step.made[-1]
        if made.operation == OVERLAP:
            self.overlaps.take(rows, step)
            return
        layer = next((one for one in self._session.document.label_layers if one.name == made.inputs[0]), None)
        if made.operation != OBJECTS or layer is None:
            return
        from pellucid.recipes.object_tables import named

        images = [one for one in self._session.document.images if one.name in made.inputs[1:]]
        asked = Asked(layer.id, tuple(image.id for image in images), dict(made.parameters))
        rows = named(rows, {row.value: row.name for row in layer.labels.labels})
        self._show(ObjectTable(rows, layer, layer.labels.version, asked, images[0].volume.unit if images else ""))

    def _show(self, table: ObjectTable | None) -> None:
        self.table = table
        self._selected = frozenset()
        self.measured.emit(table)
        self.selected_changed.emit(self._selected)

    def _removed(self, layer: object, *_args: object) -> None:
        if self.table is not None and self.table.layer not in self._session.document:
            self._show(None)

    # ---------------------------------------------------------------- choosing

    @property
    def selected(self) -> frozenset[int]:
        """Return the numbers of the selected rows."""
        return self._selected

    def select(self, rows: Iterable[int], *, go_there: bool = False) -> None:
        """Select rows; ``go_there`` puts the crosshair on the object, where it is one."""
        table = self.table
        chosen = frozenset(rows) if table is not None else frozenset()
        if chosen != self._selected:
            self._selected = chosen
            self.selected_changed.emit(chosen)
        if go_there and table is not None and len(chosen) == 1:
            self._session.view.crosshair = table.centroid(next(iter(chosen)))

    def pick(self, world: Any, *, more: bool = False) -> bool:
        """Select the object at a place, ``more`` beside those that are; return whether there is one."""
        row = self.table.row_at(world) if self.table is not None else None
        if row is None:
            return False
        self.select(self._selected ^ {row} if more else {row})
        return True

    # ---------------------------------------------------------------- changing

    def delete(self, rows: Iterable[int]) -> Job:
        """Delete the objects of some rows as one step; what is measured follows. Raises Refused."""
        rows = sorted(rows)
        return self._erase(rows, tr("Delete {count} objects", count=len(rows)))

    def keep_only(self, rows: Iterable[int]) -> Job:
        """Delete the objects of all other rows as one step. Raises Refused."""
        kept = frozenset(rows)
        others = [row for row in range(len(self.table or ())) if row not in kept]
        return self._erase(others, tr("Keep {count} objects", count=len(kept)))

    def _erase(self, rows: list[int], title: str) -> Job:
        session, table = self._session, self.table
        if table is None or not rows:
            raise Refused(tr("No object is selected. Click a row of the table first."))
        if not table.is_current:
            raise Refused(tr("The labels changed since they were measured. Measure them again first."))
        layer = table.layer
        held = {layer.labels.label(value) for value in set(table.values[rows].tolist())}
        locked = sorted(row.name for row in held if row.locked)
        if locked:
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table first.", name=locked[0]))
        before, steps, version = layer.labels.array, layer.provenance, table.version

        def work(job: Job) -> tuple[Any, Any]:
            wanted, changes = before.copy(), HandChanges(layer.labels.shape)
            erased: dict[int, list[tuple[Any, Any]]] = {}
            for n, (value, box, mine) in enumerate(table.parts(rows)):
                wanted[box][mine] = 0
                erased.setdefault(value, []).append((box, mine))
                job.report(n / len(rows) / 2)
            counts = np.bincount(wanted.ravel(), minlength=int(table.values.max()) + 1)
            gone = {value for value in erased if not counts[value]}
            for value, parts in erased.items():
                for box, mine in parts if value not in gone else ():
                    changes.add(box, np.where(mine, value, 0), np.zeros(mine.shape, np.int64))
            kept = tuple(step for step in steps if step.label not in gone)
            patch = replace_voxels(layer, wanted, title, provenance=changes.steps_after(kept, by=0))
            return patch, gone

        def done(answer: tuple[Any, set[int]]) -> None:
            patch, gone = answer
            if layer not in session.document or layer.labels.version != version:
                session.notice.emit(tr("The labels changed meanwhile; nothing was deleted."), "warning")
                return
            left = tuple(row for row in layer.labels.labels if row.value not in gone)
            with session.history.group(title):
                session.history.do(patch)
                session.history.do(SetLabelTable(layer, left, title))
            if left and layer.active_label in gone:
                layer.active_label = left[0].value
            self.measure(table.asked)

        return session.running.edit(title, work, done, lambda text: session.notice.emit(text, "error"))

    # ---------------------------------------------------------------- taking away

    def recipe(self, asked: Asked) -> Recipe:
        """Return the recipe that makes the labels and measures them. Raises Refused."""
        layer = self._session.document.find(asked.labels)
        images = [self._image(id) for id in asked.images]
        if isinstance(layer, LabelLayer):
            for image in images:
                check_places(layer, image)
            asked = replace(asked, parameters=_complete(asked.parameters, layer, images))
        return recipe_of(self._session, asked)

    def export(self, path: Path, rows: list[int] | None = None) -> Job:
        """Write the table, or some of its rows, by the ending of the name. Raises Refused."""
        from pellucid.files.row_files import check_ending, write_rows

        if self.table is None:
            raise Refused(tr("Nothing was measured yet."))
        check_ending(path)
        written = part_of(self.table.rows, rows)
        return self._session.jobs.load(
            tr("Saving {name}", name=path.name),
            lambda _job: write_rows(written, path),
            lambda _nothing: self._session.notice.emit(tr("{name} was saved.", name=path.name), "info"),
            lambda text: self._session.notice.emit(text, "error"),
        )


def part_of(rows: Rows, chosen: list[int] | None) -> Rows:
    """Return some rows of a table in the order of their numbers; all when None."""
    if chosen is None:
        return rows
    return replace(rows, values={name: [column[n] for n in chosen] for name, column in rows.values.items()})


def _complete(parameters: dict[str, Any], layer: LabelLayer, images: list[ImageLayer]) -> dict[str, Any]:
    """Return the parameters with the names of several images, and resampling where an image lies elsewhere."""
    names = ",".join(image.name.replace(",", " ") for image in images) if len(images) > 1 else ""
    elsewhere = any(not image.own_geometry.same_grid(layer.own_geometry) for image in images)
    return {**parameters, "names": names, "resample": elsewhere}
