"""One registration on its way: the thread that runs it, what can be seen of it meanwhile, what it comes to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.layer import ImageLayer, Provenance
from pellucid.model.placement import Placement
from pellucid.model.volume import Volume
from pellucid.session.placements import affine_of, placement_of

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.jobs.job import Job
    from pellucid.operations.engines.registration.outcome import Moment, Outcome, Point
    from pellucid.operations.engines.registration.plans import Plan
    from pellucid.session.inputs import LabelVoxels

PICTURE_INTERVAL = 1 / 12
"""Seconds between two estimates that are shown, at least."""
_COST = 15
"""An estimate that bends takes time to make: so many times as long the registration is left alone after it."""
_SAMPLES = 20_000
"""Displacements of an estimate that is shown only for a moment."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is registered: two images as they are now, where the fixed one lies, and how."""

    fixed: ImageLayer
    moving: ImageLayer
    plan: Plan
    how: str
    step: Provenance | None
    seed: int = 1
    continues: bool = False
    """Whether it starts where the moving image lies."""
    fixed_mask: LabelVoxels | None = None
    moving_mask: LabelVoxels | None = None
    fixed_volume: Volume = field(init=False)
    moving_volume: Volume = field(init=False)
    fixed_place: Placement | None = field(init=False)
    initial: Placement | None = field(init=False)
    onto: Geometry = field(init=False)

    def __post_init__(self) -> None:
        """Keep what may be changed meanwhile."""
        kept = {
            "fixed_volume": self.fixed.volume, "moving_volume": self.moving.volume,
            "fixed_place": self.fixed.placement, "onto": self.fixed.geometry,
            "initial": self.moving.placement if self.continues else None,
        }  # fmt: skip
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @property
    def is_changed(self) -> bool:
        """Return whether an image has other voxels now."""
        return self.fixed_volume not in self.fixed.frames or self.moving_volume not in self.moving.frames

    @property
    def title(self) -> str:
        """Return the words of the step."""
        return tr("Register {moving} to {fixed} ({how})", moving=self.moving.name, fixed=self.fixed.name, how=self.how)

    def placement(self, transform: sitk.Transform, *, coarse: bool = False) -> Placement:
        """Return the placement by a transform from the fixed image's own world to the moving one's."""
        onto = self.onto
        if self.fixed_place is not None:
            transform = _after(transform, self.fixed_place.matrix)
        found = placement_of(
            transform, coarser(onto) if coarse and not transform.IsLinear() else onto, self.moving_volume.geometry,
            self.how,
        )  # fmt: skip
        if coarse or self.fixed_place is not None:
            return replace(found, onto=onto)
        return replace(found, onto=onto, step=self.step, found_on=(ref(self.moving_volume), ref(self.fixed_volume)))

    def start(self) -> sitk.Transform | None:
        """Return the transform to start with, between the worlds of the images' own."""
        if self.initial is None:
            return None
        transform = self.initial.transform
        if self.fixed_place is None:
            return transform
        return _after(transform, np.asarray(np.linalg.inv(self.fixed_place.matrix), dtype=np.float64))


@dataclass(eq=False)
class Run:
    """A registration that runs; ``gate`` guards what its thread tells."""

    asked: Asked
    told: Callable[[Run], None]
    """Called from its thread when there is something new to see, at most ``1 / PICTURE_INTERVAL`` times a second."""
    job: Job | None = None
    is_kept: bool = False
    """Whether it was stopped to keep its estimate."""
    began: float = field(default_factory=time.monotonic)
    gate: Any = field(default_factory=Lock)
    is_waiting: bool = False
    """Whether what was told is not taken yet."""
    _points: list[Point] = field(default_factory=list)
    _transform: sitk.Transform | None = None
    _placement: Placement | None = None
    _next: float = 0.0

    @property
    def points(self) -> tuple[Point, ...]:
        """Return the metric curve so far."""
        with self.gate:
            return tuple(self._points)

    def take(self) -> Placement | None:
        """Return the estimate to be shown now; None before there is one."""
        with self.gate:
            self.is_waiting = False
            return self._placement

    @property
    def transform(self) -> sitk.Transform | None:
        """Return the estimate that was shown last."""
        with self.gate:
            return self._transform

    def work(self, job: Job) -> tuple[Outcome, Placement]:
        """Register and return what it came to, and the placement by it."""
        from pellucid.operations.context import Context
        from pellucid.operations.engines.registration import running

        asked = self.asked
        context = Context(lambda done: job.report(0.98 * done), job.cancelled, padding=asked.moving_volume.padding)
        outcome = running.register(
            asked.fixed_volume.image, asked.moving_volume.image, asked.plan, context,
            fixed_mask=_mask(asked.fixed_mask), moving_mask=_mask(asked.moving_mask), initial=asked.start(),
            seed=asked.seed, watch=self.watch,
        )  # fmt: skip
        job.check()
        return outcome, asked.placement(outcome.transform)

    def watch(self, moment: Moment) -> None:
        """Take note of an iteration, and now and then of the transform it has."""
        now = time.monotonic()
        with self.gate:
            self._points.append(moment.point)
            if self.is_waiting or now < self._next:
                return
        transform = moment.transform()
        placement = self._shown(transform)
        after = time.monotonic()
        with self.gate:
            self._next = after + max(PICTURE_INTERVAL, _COST * (after - now))
            self._transform, self._placement, self.is_waiting = transform, placement, True
        self.told(self)

    def _shown(self, transform: sitk.Transform) -> Placement | None:
        """Return a quick placement; the one before where an estimate on its way is no transform that can be drawn."""
        try:
            return self.asked.placement(transform, coarse=True)
        except (np.linalg.LinAlgError, RuntimeError, ValueError):
            return self._placement

    def stopped(self) -> tuple[Outcome, Placement]:
        """Return what the estimate that was shown last comes to; it takes a moment where the transform bends."""
        from pellucid.operations.engines.registration.outcome import Outcome

        transform, points = self.transform, self.points
        if transform is None:
            raise Refused(tr("There was no estimate yet to keep."))
        last = [point.metric for point in points if point.stage == points[-1].stage]
        outcome = Outcome(
            transform, False, last[0], last[-1], len(points), tr("Stopped by the user"),
            time.monotonic() - self.began,
            (tr("It was stopped before it came to rest; the estimate of that moment was kept."),), math.nan, points,
        )  # fmt: skip
        return outcome, replace(self.asked.placement(transform), step=None)


def coarser(grid: Geometry) -> Geometry:
    """Return a grid of few voxels over the same box."""
    dimensions = 2 if grid.size[2] == 1 else 3
    factor = max(1.0, (math.prod(grid.size) / _SAMPLES) ** (1 / dimensions))
    x, y, z = (max(1, min(n, math.ceil(n / factor))) for n in grid.size)
    steps = [step * n / m for step, n, m in zip(grid.spacing, grid.size, (x, y, z), strict=True)]
    return Geometry((x, y, z), (steps[0], steps[1], steps[2]), grid.origin, grid.direction)


def _after(transform: sitk.Transform, matrix: Floats) -> sitk.Transform:
    """Return a transform that is done after a matrix."""
    import SimpleITK as sitk

    first = affine_of(matrix, planar=transform.GetDimension() == 2)
    return sitk.CompositeTransform([transform, first])


def _mask(voxels: LabelVoxels | None) -> sitk.Image | None:
    """Return a label, or all labels of a layer, as an image of 0 and 1."""
    return None if voxels is None else voxels.image != 0
