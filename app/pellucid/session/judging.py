"""How one judges a registration: which images, what is drawn over them, and the numbers before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.deformation import rigid_part, usual_length
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry, same_world
from pellucid.model.landmark_pairs import pairs_of
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.placement import Placement
from pellucid.session.comparing import Held
from pellucid.session.judgement import Asked, Judgement, LabelPair, judge

if TYPE_CHECKING:
    from pellucid.session.session import Session

_KEY = "judge registration"


@dataclass(frozen=True)
class Overlays:
    """What is drawn over the images: ``spacing`` of the grid in mm (px where no lengths are known), 0 for automatic.

    ``residual`` leaves the best rigid fit out of the arrows; ``contours`` draws the labels of both images without
    their fill.
    """

    grid: bool = False
    arrows: bool = False
    jacobian: bool = False
    contours: bool = False
    spacing: float = 0.0
    residual: bool = False


class Judging:
    """Chooses what is judged, draws over it and computes the numbers; nothing here changes a voxel but ``add_…``."""

    changed = Signal()
    """Emitted when the images, what is drawn, what is shown or the numbers changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chosen: tuple[str, str] = ("", "")
        self._overlays = Overlays()
        self._shows_before = False
        self._answer: Judgement | None = None
        self._job: Job | None = None
        self._known: tuple[Placement, Geometry, tuple[Floats, float, float]] | None = None
        self.problem = ""
        """The sentence that says why there are no numbers, or nothing."""
        session.document.removed.connect(lambda _layer: self._forget())

    # ---------------------------------------------------------------- what is judged

    @property
    def moving(self) -> ImageLayer | None:
        """Return the image that was registered: the chosen one, else the active or the topmost that was placed."""
        document = self._session.document
        chosen = document.find(self._chosen[1])
        if isinstance(chosen, ImageLayer):
            return chosen
        active = document.active_image
        placed = [image for image in document.images if image.placement is not None]
        return active if active in placed else placed[-1] if placed else None

    @property
    def fixed(self) -> ImageLayer | None:
        """Return the image that it was registered to: the chosen one, else the one its placement names."""
        document, moving = self._session.document, self.moving
        chosen = document.find(self._chosen[0])
        if isinstance(chosen, ImageLayer) and chosen is not moving:
            return chosen
        if moving is None:
            return None
        others = [image for image in document.images if image is not moving]
        onto = moving.placement.onto if moving.placement is not None else None
        same = [image for image in others if onto is not None and image.geometry.same_grid(onto)]
        there = [image for image in others if same_world(image.geometry, moving.geometry)]
        return next(iter((*same, *there)), None)

    def choose(self, fixed: ImageLayer | None, moving: ImageLayer | None) -> None:
        """Judge these images; None chooses by itself."""
        chosen = (fixed.id if fixed is not None else "", moving.id if moving is not None else "")
        if chosen != self._chosen:
            self._chosen, self.problem = chosen, ""
            self.changed.emit()

    def why_not(self) -> str:
        """Return the sentence that says why nothing can be judged, or nothing."""
        fixed, moving = self.fixed, self.moving
        if moving is None:
            return tr("No layer was registered yet. Register one, or move it by hand, and judge it here.")
        if fixed is None:
            return tr("There is no other image in the world of “{name}” to judge it by.", name=moving.name)
        if fixed.geometry.warp is not None:
            return tr("“{name}” is itself bent by a registration: resample it to a grid first.", name=fixed.name)
        if moving.volume.geometry.is_planar != fixed.geometry.is_planar:
            return tr("A picture and a volume cannot be judged by each other.")
        return ""

    def before(self) -> Held | None:
        """Return the moving image as it lay before its last change of place; without one, as it was opened."""
        moving = self.moving
        if moving is None:
            return None
        held = self._session.comparing.before(moving)
        if held is not None and held.placement is not moving.placement:
            return held
        followers = self._session.placing.followers(moving)
        return Held(moving, moving.volume, tr("any registration"), None, followers)

    @property
    def shows_before(self) -> bool:
        """Return whether the moving image is shown where it lay before."""
        return self._shows_before

    @shows_before.setter
    def shows_before(self, on: bool) -> None:
        if on != self._shows_before:
            self._shows_before = on
            self.changed.emit()

    def held(self) -> Held | None:
        """Return what is shown instead of the moving image while it is shown before."""
        return self.before() if self._shows_before else None

    @property
    def shown_placement(self) -> Placement | None:
        """Return the placement that the overlays are drawn of: that of what is shown."""
        moving = self.moving
        if moving is None:
            return None
        view = self._session.view
        held = self.before() if self._shows_before or view.hide_preview else None
        return held.placement if held is not None else moving.lies

    # ---------------------------------------------------------------- what is drawn

    @property
    def overlays(self) -> Overlays:
        """Return what is drawn over the images."""
        return self._overlays

    def draw(self, **changes: Any) -> None:
        """Draw other things over the images."""
        overlays = replace(self._overlays, **changes)
        if overlays != self._overlays:
            self._overlays = overlays
            if overlays.jacobian and self.answer is None:
                self.compute()
            self.changed.emit()

    def outlined(self, labels: LabelLayer) -> str:
        """Return how the contours of a label layer are drawn: ``"fixed"``, ``"moving"``, or ``""`` for as always."""
        if not self._overlays.contours:
            return ""
        fixed, moving = self.fixed, self.moving
        if moving is not None and labels in self._session.placing.followers(moving):
            return "moving"
        return "fixed" if fixed is not None and labels in self._session.placing.followers(fixed) else ""

    def rigid_part(self) -> Floats | None:
        """Return the rigid motion that is left out of the arrows, or None when all is drawn."""
        return self._measured()[0] if self._overlays.residual else None

    def usual_length(self) -> float:
        """Return the length that nearly all displacements that are drawn stay below."""
        _, whole, rest = self._measured()
        return rest if self._overlays.residual else whole

    def _measured(self) -> tuple[Floats | None, float, float]:
        """Return the rigid part of the placement that is drawn, and usual lengths with and without it."""
        placement, fixed = self.shown_placement, self.fixed
        if placement is None:
            return None, 0.0, 0.0
        onto = placement.onto if fixed is None else fixed.geometry
        if self._known is None or self._known[0] is not placement or self._known[1] != onto:
            rigid = rigid_part(placement, onto)
            lengths = [usual_length(placement, part, onto) for part in (None, rigid)]
            self._known = placement, onto, (rigid, lengths[0], lengths[1])
        return self._known[2]

    # ---------------------------------------------------------------- the numbers

    @property
    def is_computing(self) -> bool:
        """Return whether numbers are on their way."""
        return self._job is not None and not self._job.finished

    @property
    def answer(self) -> Judgement | None:
        """Return the numbers, if they are of what is there now."""
        answer, fixed, moving = self._answer, self.fixed, self.moving
        if answer is None or fixed is None or moving is None:
            return None
        asked = answer.asked
        same = asked.fixed is fixed.placed and asked.moving is moving.volume and asked.after is moving.placement
        return answer if same else None

    @property
    def last(self) -> Judgement | None:
        """Return the numbers found last, perhaps of what was there before."""
        return self._answer

    def compute(self) -> Job | None:
        """Compute the numbers in the background; the latest question wins."""
        self.problem = self.why_not()
        if self.problem:
            if self._job is not None:
                self._job.cancel()  # its numbers are of what was there before
            self._answer = None
            self.changed.emit()
            return None
        asked = self._ask()

        def work(job: Job) -> Judgement:
            from pellucid.operations.context import Context

            return judge(asked, Context(job.report, job.cancelled))

        def done(answer: Judgement) -> None:
            self._answer, self.problem = answer, ""
            self.changed.emit()

        self._job = self._session.jobs.query(_KEY, tr("Judging the registration"), work, done, self._failed)
        return self._job

    def _failed(self, sentence: str) -> None:
        self._answer, self.problem = None, sentence
        self.changed.emit()

    def _ask(self) -> Asked:
        fixed, moving, held = self.fixed, self.moving, self.before()
        assert fixed is not None and moving is not None and held is not None
        pairs = [pair.points for pair in pairs_of(self._session.document.annotations, fixed.id, moving.id)]
        places = np.array([[point.points[0] for point in pair] for pair in pairs if len(pair) == 2]).reshape(-1, 2, 3)
        here, there = places[:, 0], places[:, 1]
        own = there if moving.placement is None else moving.placement.to_own(there)
        return Asked(
            fixed.placed, moving.volume, held.placement, moving.placement, self._label_pairs(fixed, moving),
            (here, own), self._reverse(fixed, moving),
        )  # fmt: skip

    def _label_pairs(self, fixed: ImageLayer, moving: ImageLayer) -> tuple[LabelPair, ...]:
        """Return the labels of both images that have one name, or else one value."""
        there = self._session.placing.followers(moving)
        here = [layer for layer in self._session.placing.followers(fixed) if layer not in there]
        made: list[LabelPair] = []
        for one in here:
            for other in there:
                snapshots = one.labels.snapshot(), other.labels.snapshot()
                for label in one.labels.labels:
                    value = _partner(label.name, label.value, other)
                    if value:
                        made.append(LabelPair(label.name, snapshots[0], label.value, snapshots[1], value))
        return tuple(made)

    def _reverse(self, fixed: ImageLayer, moving: ImageLayer) -> tuple[Placement, Placement | None] | None:
        """Return a registration the other way round: of a second layer of the fixed image to the moving one."""
        own, target = fixed.volume.geometry, moving.volume.geometry
        alike = own.same_grid(target)
        for image in self._session.document.images:
            placement = image.placement
            if placement is None or image in (moving, fixed) or not placement.onto.same_grid(target):
                continue
            one_file = image.source == fixed.source and fixed.source.kind != "none"
            if image.volume.geometry.same_grid(own) and (not alike or one_file or image.volume is fixed.volume):
                return placement, fixed.placement
        return None

    def _forget(self) -> None:
        if self.moving is None or self.fixed is None:
            self._answer, self._shows_before = None, False
        self.changed.emit()

    # ---------------------------------------------------------------- on the images

    def go_to_worst(self) -> None:
        """Move the crosshair to the voxel that is folded or shrunk most. Raises Refused when nothing is known."""
        answer, fixed = self.answer, self.fixed
        if answer is None or answer.after.stretch is None or fixed is None:
            raise Refused(tr("Nothing is known yet of how this registration bends."))
        x, y, z = (float(n) for n in fixed.geometry.index_to_world(np.array(answer.after.stretch.worst, dtype=float)))
        self._session.view.crosshair = (x, y, z)


def _partner(name: str, value: int, layer: LabelLayer) -> int:
    """Return the label that means the same as another: of its name, else of its value; 0 when there is none."""
    rows = layer.labels.labels
    named = [row.value for row in rows if row.name.casefold() == name.casefold()]
    return named[0] if named else value if layer.labels.has(value) else 0
