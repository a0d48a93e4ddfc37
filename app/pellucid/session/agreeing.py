"""Masks against each other: how two labels or label layers agree, where, slice by slice; what several raters come to.

Nothing here changes a voxel but ``staple``, which adds a layer as one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, Snapshot, color_for
from pellucid.model.layer import LabelLayer, Provenance
from pellucid.session.agreement_answers import AgreementMap, Answer, Raters, Side, Taken, on_one_grid
from pellucid.session.agreement_answers import answer as answer_of
from pellucid.session.chains import Chain
from pellucid.session.inputs import check_places
from pellucid.session.results import add_layer, labels_like

if TYPE_CHECKING:
    from pellucid.session.session import Session

LEAST = 2
"""The fewest raters there can be."""


Sides = Callable[[], list[Taken]]
"""Gives sides as they were when asked, on a worker."""


class Agreeing:
    """Chooses what is compared and computes it in the background; ``answer`` holds what was found last."""

    changed = Signal()
    """Emitted when the sides, the answer, the problem or the look of the map changed."""

    def __init__(self, session: Session) -> None:
        self._placed: tuple[AgreementMap, AgreementMap] | None = None
        self._session = session
        self.first: Side | None = None
        self.second: Side | None = None
        self.answer: Answer | None = None
        self.problem = ""
        """The sentence that says why there is no answer, or nothing."""
        self._shown, self._open, self._wanted = True, False, False
        session.document.removed.connect(self._forget)

    # ---------------------------------------------------------------- what is compared

    def layer(self, side: Side | None) -> LabelLayer | None:
        """Return the layer of a side, if it is still there."""
        layer = self._session.document.find(side[0]) if side is not None else None
        return layer if isinstance(layer, LabelLayer) else None

    def choices(self, *, whole: bool = True) -> Iterator[tuple[str, Side]]:
        """Return (title, side) of everything that can be compared: label layers as a whole, and every label."""
        for layer in self._session.document.label_layers:
            if whole:
                yield tr("{layer}: all labels", layer=layer.name), (layer.id, 0)
            for label in layer.labels.labels:
                yield f"{layer.name}: {label.name}", (layer.id, label.value)

    def title(self, side: Side) -> str:
        """Return the name of a side."""
        return next((title for title, choice in self.choices() if choice == side), "–")

    def color(self, side: Side) -> str:
        """Return the colour of the label of a side."""
        layer = self.layer(side)
        return layer.labels.label(side[1]).color if layer is not None and side[1] else ""

    def choose(self, first: Side | None, second: Side | None) -> None:
        """Compare two other sides from now on, as the user wants it."""
        self._wanted = True
        self._take(first, second)

    def _take(self, first: Side | None, second: Side | None) -> None:
        if (first, second) != (self.first, self.second):
            self.first, self.second = first, second
            self.answer, self.problem = None, ""
            self.changed.emit()

    def propose(self) -> None:
        """Choose sides where the user has not, or one is gone: two layers as a whole, or two labels of one."""
        known = [side for _title, side in self.choices()]
        if self._wanted and self.first in known and self.second in known:
            return
        self._wanted = False
        layers = self._session.document.label_layers
        if len(layers) > 1:
            self._take((layers[0].id, 0), (layers[1].id, 0))
        elif layers and len(layers[0].labels.labels) > 1:
            one, other = layers[0].labels.labels[:2]
            self._take((layers[0].id, one.value), (layers[0].id, other.value))
        else:
            self._take(None, None)

    def _forget(self, layer: object) -> None:
        gone = getattr(layer, "id", "")
        if gone in {side[0] for side in (self.first, self.second) if side is not None}:
            self._take(None, None)

    # ---------------------------------------------------------------- computing

    def compare(self) -> Job | None:
        """Compare the two sides in the background; the latest question wins."""
        if self.first is None or self.second is None:
            return None
        sides, taken = (self.first, self.second), self._taken((self.first, self.second))
        if taken is None:
            self._fail(tr("What was compared is no longer there. Choose other labels."))
            return None
        try:
            self._check_places(sides)
        except Refused as refusal:
            self._fail(str(refusal))
            return None
        versions = self._versions(sides)

        def work(job: Job) -> Answer:
            from pellucid.operations.context import Context

            context = Context(job.report, job.cancelled)
            one, other = taken()
            return answer_of(one, other, sides, versions, context)

        def done(answer: Answer) -> None:
            if (self.first, self.second) == sides and self._taken(sides) is not None:
                self.answer, self.problem = answer, ""
                self.changed.emit()

        return self._session.jobs.query("compare masks", tr("Comparing masks"), work, done, self._fail)

    def _fail(self, sentence: str) -> None:
        self.answer, self.problem = None, sentence
        self.changed.emit()

    def _versions(self, sides: Sequence[Side]) -> tuple[int, ...]:
        layers = [self.layer(side) for side in sides]
        return tuple(-1 if layer is None else layer.labels.version for layer in layers)

    def _taken(self, sides: Sequence[Side]) -> Sides | None:
        """Return what gives the sides as they are now, for workers, or None when one is gone."""
        copies: dict[str, Snapshot] = {}
        for side in sides:
            layer = self.layer(side)
            if layer is None:
                return None
            copies.setdefault(layer.id, layer.labels.snapshot())
        return lambda: [Taken(copies[layer_id].map(), value) for layer_id, value in sides]

    def _check_places(self, sides: Sequence[Side]) -> None:
        """Raise Refused where registration put the layers of some sides differently."""
        layers = [layer for side in sides if (layer := self.layer(side)) is not None]
        for layer in layers[1:]:
            check_places(layers[0], layer)

    # ---------------------------------------------------------------- the map on the canvas

    @property
    def shown(self) -> bool:
        """Return whether the map is wanted over the images."""
        return self._shown

    @shown.setter
    def shown(self, on: bool) -> None:
        if on != self._shown:
            self._shown = on
            self.changed.emit()

    @property
    def open(self) -> bool:
        """Return whether masks are being compared at all: without the panel nothing says what the colours mean."""
        return self._open

    @open.setter
    def open(self, on: bool) -> None:
        if on != self._open:
            self._open = on
            self.changed.emit()

    def map(self) -> AgreementMap | None:
        """Return the map to be drawn: none while it is not wanted, or older than the voxels."""
        answer = self.answer
        if answer is None or not (self._shown and self._open) or self._versions(answer.map.sides) != answer.versions:
            return None
        layers = [self.layer(side) for side in answer.map.sides]
        if not all(layer is not None and layer.visible for layer in layers) or layers[0] is None:
            return None
        return self._where_it_lies(answer.map, layers[0])

    def _where_it_lies(self, found: AgreementMap, layer: LabelLayer) -> AgreementMap:
        """Return a map where registration put the layer of its first side; the same one until that moves."""
        if layer.lies is None:
            return found
        if self._placed is None or self._placed[0] is not found or self._placed[1].geometry is not layer.geometry:
            self._placed = found, replace(found, geometry=layer.geometry)
        return self._placed[1]

    # ---------------------------------------------------------------- slices

    def axis(self) -> int:
        """Return the voxel axis of the first side that the slices of the pane in use step through."""
        layer, image = self.layer(self.first), self._session.document.active_image
        place = self._session.slice_in_use()
        if place is None or layer is None:
            return 2
        if image is None:
            return place[0]
        normal = image.geometry.axes[:, place[0]]
        return int(np.argmax(np.abs(layer.geometry.axes.T @ normal)))

    def place(self, axis: int) -> int:
        """Return the slice of the first side at the crosshair."""
        layer = self.layer(self.first)
        if layer is None:
            return 0
        index = layer.geometry.world_to_index(self._session.view.crosshair)
        return int(min(max(np.floor(index[axis] + 0.5), 0), layer.geometry.size[axis] - 1))

    def go_to(self, axis: int, place: int) -> None:
        """Move the crosshair to a slice of the first side; it stays where it is within the plane."""
        layer = self.layer(self.first)
        if layer is None:
            return
        index = layer.geometry.world_to_index(self._session.view.crosshair)
        index = np.clip(index, 0, np.array(layer.geometry.size) - 1)
        index[axis] = place
        x, y, z = (float(c) for c in layer.geometry.index_to_world(index))
        self._session.view.crosshair = (x, y, z)

    # ---------------------------------------------------------------- several raters

    def raters(
        self, sides: Sequence[Side], done: Callable[[Raters], None], failed: Callable[[str], None]
    ) -> Job | None:
        """Compare several labels with each other in the background."""
        taken, sides = self._taken(sides), tuple(sides)
        if taken is None or len(sides) < LEAST:
            return None
        try:
            self._check_places(sides)
        except Refused as refusal:
            failed(str(refusal))
            return None

        def work(job: Job) -> Raters:
            from pellucid.operations.context import Context
            from pellucid.operations.engines.raters import dice_matrix, judged, staple

            counts = judged(on_one_grid(taken()), Context(job.report, job.cancelled).each)[1]
            found = staple(counts, len(sides))
            return Raters(sides, dice_matrix(counts, len(sides)), found.sensitivity, found.specificity)

        return self._session.jobs.query("compare raters", tr("Comparing raters"), work, done, failed)

    def staple(self, sides: Sequence[Side]) -> Job | None:
        """Add what STAPLE makes of several labels as a label layer, as one step."""
        session, taken = self._session, self._taken(sides)
        if taken is None or len(sides) < LEAST:
            return None
        try:
            self._check_places(sides)
        except Refused as refusal:
            session.notice.emit(str(refusal), "warning")
            return None
        operation = session.running.operations()["compare.staple"]
        parameters = operation.validate().model_dump()
        layer = self.layer(sides[0])
        assert layer is not None
        names = tuple(f"{self._label(side).name} – {found.name}" for side in sides if (found := self.layer(side)))
        steps = (*Chain.of(layer, label=sides[0][1]).steps, Provenance(operation.id, parameters, names))
        geometry, remarks = layer.own_geometry, list[str]()

        def work(job: Job) -> NDArray[Any]:
            import SimpleITK as sitk

            from pellucid.model.volume import image_from_array
            from pellucid.operations.context import Context

            images = [image_from_array(mask.view(np.uint8), geometry) for mask in on_one_grid(taken())]
            context = Context(job.report, job.cancelled, remark=remarks.append)
            return np.asarray(sitk.GetArrayFromImage(operation.run(context, *images, **parameters)))

        def done(mask: NDArray[Any]) -> None:
            new = labels_like(layer, geometry, mask, steps, Label(1, tr("STAPLE"), color_for(3)))
            new.name = tr("Consensus")
            add_layer(session, new, tr("STAPLE of {count} raters", count=len(sides)))
            session.notice.emit(" ".join(remarks), "info")

        return session.running.edit(tr("STAPLE"), work, done, lambda said: session.notice.emit(said, "error"))

    def _label(self, side: Side) -> Label:
        layer = self.layer(side)
        assert layer is not None
        return layer.labels.label(side[1])
