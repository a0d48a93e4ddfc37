"""A stroke of the smart brush: it keeps to what is alike around its middle, and so stops at edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pellucid.history.changes import Allowed
from pellucid.history.stroke import Stroke
from pellucid.model.growing import alike, core_of
from pellucid.model.layer import LabelLayer
from pellucid.model.paint_limits import values_at
from pellucid.model.planes import PlaneFrame
from pellucid.model.volume import Volume

_MOST_DABS = 4
"""Dabs between two places of the mouse; a fast mouse leaves gaps rather than make the window wait."""


class SmartStroke(Stroke):
    """A stroke of which every dab paints only voxels whose values are like those of its middle, and connected."""

    def __init__(
        self, layer: LabelLayer, value: int, frame: PlaneFrame, index: int, volume: Volume, strictness: float,
        *, erase: bool = False, allowed: Allowed | None = None,
    ) -> None:  # fmt: skip
        super().__init__(layer, value, frame, index, erase=erase, allowed=allowed)
        self._volume, self._strictness = volume, strictness
        self._geometry = layer.geometry

    def dab(self, world: ArrayLike, diameter: float, *, ball: bool = False) -> None:
        """Paint from the last point of the stroke to a world point, dab by dab."""
        point = np.array(world, dtype=np.float64)
        start = point if self._last is None else self._last
        self._last = point
        steps = int(np.clip(np.ceil(np.linalg.norm(point - start) / max(diameter / 4, 1e-9)), 1, _MOST_DABS))
        for n in range(1, steps + 1):
            self._one(start + (point - start) * n / steps, diameter / 2, ball=ball)

    def _one(self, middle: np.ndarray, radius: float, *, ball: bool) -> None:
        footprint = self._brush.between(middle, middle, radius, ball=ball)
        if footprint is None:
            return
        box, inside = footprint
        values = values_at(self._volume, self._geometry, box)
        squared = self._brush.squared_distance(box, middle, ball=ball)
        core = core_of(inside, squared, radius)
        self.put(box, alike(values, inside, core, self._strictness, colour=self._volume.is_colour))
