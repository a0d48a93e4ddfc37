"""A registration that does as it is told, for tests that must not depend on an optimiser, and images for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import numpy as np
import SimpleITK as sitk

from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.operations.context import Cancelled
from pellucid.operations.engines.registration import running
from pellucid.operations.engines.registration.outcome import Moment, Outcome, Point
from pellucid.session import Session

GRID = Geometry((40, 36, 20), (1.0, 1.0, 2.0))


def blob(grid: Geometry, centre: tuple[float, float, float], modality: str = "CT") -> Volume:
    """Return an image of one bright blob around a world point."""
    shape = grid.size[::-1]
    z, y, x = np.indices(shape)
    world = grid.index_to_world(np.stack([x, y, z], -1).reshape(-1, 3))
    away = ((world - np.array(centre)) ** 2).sum(axis=1).reshape(shape)
    values = (1000 * np.exp(-away / 60)).astype(np.int16)
    return Volume(image_from_array(values, grid), grid, "HU", acquisition=Acquisition(modality))


def add_two(session: Session, *, modalities: tuple[str, str] = ("CT", "CT")) -> tuple[ImageLayer, ImageLayer]:
    """Put a fixed image and one that lies 5 mm to the left and 3 mm further back into the document."""
    fixed = ImageLayer("Baseline", (blob(GRID, (20, 18, 20), modalities[0]),))
    moving = ImageLayer("Follow-up", (blob(GRID, (25, 21, 20), modalities[1]),))
    for layer in (fixed, moving):
        layer.display.set_limits(0, 1000)
        session.history.do(AddLayer(layer))
    return fixed, moving


def shift(x: float, y: float = 0.0, z: float = 0.0) -> sitk.Transform:
    """Return a translation in mm."""
    return sitk.TranslationTransform(3, (x, y, z))


def bent() -> sitk.Transform:
    """Return a smooth transform that bends the middle of ``GRID``."""
    mesh = sitk.BSplineTransformInitializer(sitk.Image(GRID.size, sitk.sitkUInt8), [3, 3, 3])
    values = np.array(mesh.GetParameters())
    values[len(values) // 6] = 4.0
    mesh.SetParameters(values.tolist())
    return mesh


class Puppet:
    """Stands in for ``running.register``: one step each time ``step`` is called, an end when told."""

    def __init__(self, monkeypatch, goal: sitk.Transform | None = None) -> None:
        self.goal = goal or shift(5.0, 3.0)
        self.doubts: tuple[str, ...] = ()
        self.converged = True
        self.before = -0.1
        self.calls: list[dict[str, object]] = []
        self.error: Exception | None = None
        self._tick, self._go_on, self._count = Event(), Event(), 0
        self._way: Callable[[int], sitk.Transform] = lambda n: shift(5.0 * min(n, 5) / 5, 3.0 * min(n, 5) / 5)
        self.cancelled = Event()
        monkeypatch.setattr(running, "register", self.register)

    def along(self, way: Callable[[int], sitk.Transform]) -> None:
        """Take other estimates, by the number of the iteration."""
        self._way = way

    def finish(self) -> None:
        """Let the registration end at its goal."""
        self._go_on.set()

    def register(self, fixed, moving, plan, context, **given) -> Outcome:
        """Iterate slowly until told to end."""
        self.calls.append({"fixed": fixed, "moving": moving, "plan": plan, **given})
        points: list[Point] = []
        n, began = 0, time.monotonic()
        while not self._go_on.wait(0.01):
            if self.error is not None:
                raise self.error
            if context.cancelled():
                self.cancelled.set()
                raise Cancelled
            n += 1
            stage = min(n // 40, len(plan.stages) - 1)
            point = Point(stage, min(n // 12, len(plan.stages[stage].shrink) - 1), n, -1.0 + np.exp(-n / 10))
            points.append(point)
            context.progress(min(0.9, n / 200))
            transform = self._way(n)
            given["watch"](Moment(point, lambda transform=transform: transform))
        return Outcome(self.goal, self.converged, self.before, -0.95, n, "Step too small", time.monotonic() - began,
                       self.doubts, 0.9, tuple(points))  # fmt: skip
