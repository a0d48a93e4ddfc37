"""Paired landmarks: set, corrected and fitted, so that the moving image comes to lie where they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from pellucid.history.annotations import AddAnnotation, ChangeAnnotation, RemoveAnnotation
from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation
from pellucid.model.annotations import Kind as Shape
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Vector
from pellucid.model.landmark_pairs import FIXED_COLOR, LANDMARK, LEFT_OUT, MOVING_COLOR, Pair, free_name, pairs_of
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.placement import Placement
from pellucid.model.shapes import vector
from pellucid.session.landmark_fitting import Fit, How, distance_text, placement_by, predicted_by, rms_of

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.operations.engines.registration.landmark_fits import Kind
    from pellucid.session.session import Session

KINDS: tuple[tuple[str, Kind], ...] = (
    (mark("Shift only"), "translation"), (mark("Rigid"), "rigid"), (mark("Similarity"), "similarity"),
    (mark("Affine"), "affine"), (mark("Thin-plate spline"), "thin_plate"),
)  # fmt: skip
_FEW = 12
"""Pairs of which each is left out once while the user waits."""
_MOST_LEFT_OUT = 500
"""Pairs of which each is left out once at all."""


class Landmarks:
    """The landmarks of the fixed and the moving image; they are annotations, and so saved and undone like them."""

    changed = Signal()
    """Emitted when landmarks, the images or the kind of the fit changed, also while a point is dragged."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kind: Kind = "rigid"
        self._known: tuple[object, Fit] | None = None
        self._awaits: Fit | None = None
        annotations, measuring = session.document.annotations, session.measuring
        for signal in (annotations.inserted, annotations.removed, annotations.changed, measuring.changed,
                       session.registering.changed):  # fmt: skip
            signal.connect(self._tell)

    def _tell(self, *_what: object) -> None:
        self.changed.emit()

    # ---------------------------------------------------------------- what there is

    @property
    def kind(self) -> Kind:
        """Return what is fitted."""
        return self._kind

    @kind.setter
    def kind(self, kind: Kind) -> None:
        if kind != self._kind:
            self._kind = kind
            self.changed.emit()

    def images(self) -> tuple[ImageLayer, ImageLayer] | None:
        """Return the fixed and the moving image, or None while there are not two."""
        try:
            return self._session.hand_placing.fixed_and_moving()
        except Refused:
            return None

    def pairs(self) -> tuple[Pair, ...]:
        """Return the landmarks, a point under the hand where the hand has it."""
        images, measuring = self.images(), self._session.measuring
        if images is None:
            return ()
        shown = [measuring.shown(one) for one in self._session.document.annotations]
        return pairs_of(shown, images[0].id, images[1].id)

    def place_of(self, point: Annotation) -> Vector:
        """Return a point in the own world of its layer, where it stays however the layer is placed."""
        layer = self._session.document.find(point.layer)
        placed = layer.placement if layer is not None else None
        return point.points[0] if placed is None else vector(placed.to_own(point.points[0]))

    def unit(self) -> str:
        """Return the unit of distances on the moving image."""
        images = self.images()
        return "px" if images is not None and not images[1].volume.geometry.has_lengths else "mm"

    # ---------------------------------------------------------------- setting points

    def next_on(self, shown: Sequence[Layer]) -> tuple[ImageLayer, str]:
        """Return on which image the next point is set in a pane that shows some layers, and its name.

        Fixed and moving take turns where both are shown. Raises Refused with a sentence where neither is.
        """
        fixed, moving = self._session.hand_placing.fixed_and_moving()
        pairs = self.pairs()
        seen = [image for image in (moving, fixed) if image in shown]
        if not seen:
            raise Refused(tr("Neither “{fixed}” nor “{moving}” is shown in this pane.",
                             fixed=fixed.name, moving=moving.name))  # fmt: skip
        for image in seen:
            lacking = [pair for pair in pairs if (pair.moving if image is moving else pair.fixed) is None]
            if lacking:
                return image, lacking[0].name
        return seen[-1], free_name(pair.name for pair in pairs)

    def awaited(self) -> Pair | None:
        """Return the landmark that lacks its second point, if there is one."""
        return next((pair for pair in self.pairs() if not pair.is_complete), None)

    def has(self, annotation: Annotation) -> bool:
        """Return whether an annotation is a point of a landmark."""
        return annotation.kind is Shape.POINT and any(
            one.id == annotation.id for pair in self.pairs() for one in pair.points
        )

    def color(self, layer: Layer) -> str:
        """Return the colour of points on a layer."""
        images = self.images()
        return MOVING_COLOR if images is not None and layer is images[1] else FIXED_COLOR

    def add(self, point: Annotation) -> None:
        """Keep a point that was set, as one step."""
        layer = self._session.document.find(point.layer)
        name = layer.name if layer is not None else ""
        self._session.history.do(
            AddAnnotation(point, tr("Set landmark {name} on {layer}", name=point.name, layer=name))
        )
        self._session.measuring.select(point)

    def set_used(self, pair: Pair, used: bool) -> None:
        """Let a landmark take part in the fit, or not, as one step."""
        title = tr("Use landmark {name}", name=pair.name) if used else tr("Leave landmark {name} out", name=pair.name)
        self._change(pair, title, text=LANDMARK if used else LEFT_OUT)

    def rename(self, pair: Pair, name: str) -> None:
        """Give both points of a landmark another name; raise Refused if it is taken."""
        name = name.strip()
        if not name or name == pair.name:
            return
        if any(other.name == name for other in self.pairs()):
            raise Refused(tr("There is a landmark “{name}” already.", name=name))
        self._change(pair, tr("Rename landmark {name}", name=pair.name), name=name)

    def _change(self, pair: Pair, title: str, **fields: str) -> None:
        with self._session.history.group(title):
            for point in pair.points:
                self._session.history.do(ChangeAnnotation(point, replace(point, **fields), title))  # type: ignore[arg-type]

    def remove(self, pairs: Sequence[Pair]) -> None:
        """Delete landmarks as one step."""
        if pairs:
            names = ", ".join(pair.name for pair in pairs[:3]) + (" …" if len(pairs) > 3 else "")
            with self._session.history.group(tr("Delete landmark {name}", name=names)):
                for point in (point for pair in pairs for point in pair.points):
                    self._session.history.do(RemoveAnnotation(point, ""))

    # ---------------------------------------------------------------- fitting

    def fit(self) -> Fit:
        """Return how well the landmarks can be brought together; while a point is dragged too."""
        key = self._key()
        if self._known is None or self._known[0] != key:
            self._known = key, self._fit(self.pairs())
        return self._known[1]

    def _key(self) -> object:
        """Return all that a fit depends on."""
        images = self.images()
        grids = None if images is None else tuple(image.volume.geometry for image in images)
        return self.pairs(), self._kind, grids, None if images is None else images[1].placement

    def _fit(self, pairs: tuple[Pair, ...]) -> Fit:
        from pellucid.operations.context import Refused as NotFitted
        from pellucid.operations.engines.registration import landmark_fits

        kind, used = self._kind, [pair for pair in pairs if pair.is_used]
        nothing = Fit(kind, len(used), self.unit())
        images = self.images()
        if images is None or not pairs:
            return nothing
        how = How.of(images)
        complete = [pair for pair in pairs if pair.is_complete]
        points = self._points(used)
        try:
            away = landmark_fits.distances(kind, points, self._points(complete), how.planar, normals=how.normals)
        except NotFitted as reason:
            return replace(nothing, problem=str(reason))
        by_name = {pair.name: float(length) for pair, length in zip(complete, away, strict=True)}
        names = [pair.name for pair in used]
        made = replace(nothing, away=by_name, rms=rms_of([by_name[name] for name in names]))
        if len(used) <= _FEW:
            return made.with_predicted(names, predicted_by(kind, points, how))
        self._ask_predicted(made, names, points, how)
        known = self._known[1] if self._known is not None else made
        same = known.kind == kind and known.names == tuple(names)  # what was there until the answer comes
        return made.with_predicted(names, [known.predicted.get(name, np.nan) for name in names]) if same else made

    def _ask_predicted(self, fit: Fit, names: list[str], points: tuple[Floats, Floats], how: How) -> None:
        """Leave each of many pairs out once in the background."""
        if len(names) > _MOST_LEFT_OUT:
            return

        def done(predicted: Floats) -> None:
            key = self._key()
            if self._known is not None and self._known[0] == key and self._awaits is fit:
                self._known = key, fit.with_predicted(names, predicted)
                self.changed.emit()

        self._awaits = fit
        self._session.jobs.query(
            "landmarks left out", tr("Fitting landmarks"),
            lambda job: predicted_by(fit.kind, points, how, job.check), done, quiet=True,
        )  # fmt: skip

    def _points(self, pairs: Sequence[Pair]) -> tuple[Floats, Floats]:
        """Return the points (n, 3) of the fixed image in the common world and those of the moving one in its own."""
        fixed = [pair.fixed.points[0] for pair in pairs if pair.fixed is not None]
        moving = [self.place_of(pair.moving) for pair in pairs if pair.moving is not None]
        return np.array(fixed).reshape(-1, 3), np.array(moving).reshape(-1, 3)

    def place(self) -> Job | None:
        """Put the moving image where its landmarks meet those of the fixed one, as one step.

        A thin-plate spline is computed in the background. Raises Refused with a sentence where nothing can be fitted.
        """
        fit, images = self.fit(), self._session.hand_placing.free()
        if fit.problem or not fit.used:
            raise Refused(fit.problem or tr("Set landmarks first: one on each image for every place."))
        used = [pair for pair in self.pairs() if pair.is_used]
        points, layer = self._points(used), images[1]
        title, short = self._title(layer, fit), self._short_title(fit)
        grids = images[0].geometry, images[1].volume.geometry
        how = How.of(images)
        if fit.kind != "thin_plate":
            self._put(layer, placement_by(fit.kind, points, grids, how, short), title)
            return None
        return self._session.running.edit(
            title, lambda job: placement_by(fit.kind, points, grids, how, short, job),
            lambda placement: self._put(layer, placement, title),
            lambda sentence: self._session.notice.emit(sentence, "warning"),
        )  # fmt: skip

    def _put(self, layer: ImageLayer, placement: Placement, title: str) -> None:
        if layer in self._session.document:
            self._session.placing.put(layer, placement, title)

    def _short_title(self, fit: Fit) -> str:
        words = next(tr(words) for words, kind in KINDS if kind == fit.kind)
        return tr("{count} landmarks, {kind}", count=fit.used, kind=words)

    def _title(self, layer: ImageLayer, fit: Fit) -> str:
        words = next(tr(words) for words, kind in KINDS if kind == fit.kind)
        length = f"{distance_text(fit.rms)} {fit.unit}"
        if fit.kind == "thin_plate":
            return tr("Place {name} by {count} landmarks ({kind})", name=layer.name, count=fit.used, kind=words)
        return tr("Place {name} by {count} landmarks ({kind}, RMS {length})",
                  name=layer.name, count=fit.used, kind=words, length=length)  # fmt: skip
