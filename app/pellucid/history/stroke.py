"""One stroke of the brush or the eraser."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.history.brush import Brush
from pellucid.history.changes import Allowed
from pellucid.history.staging import Staging
from pellucid.language import tr
from pellucid.model.layer import LabelLayer
from pellucid.model.slicing import PlaneFrame


class Stroke(Staging):
    """A stroke: painted at once, recorded at the end as one step, or given up.

    Without ``ball`` a dab is a disc in slice ``index`` of ``frame``; sizes are in mm of the world. Voxels of
    locked labels are left alone, and a locked label cannot be painted with (Refused).
    """

    def __init__(
        self, layer: LabelLayer, value: int, frame: PlaneFrame, index: int, *, erase: bool = False,
        allowed: Allowed | None = None,
    ) -> None:  # fmt: skip
        name = layer.labels.label(value).name
        title = tr("Erase on {name}", name=layer.name) if erase else tr("Paint {name}", name=name)
        super().__init__(layer, value, title, erase=erase, allowed=allowed)
        self._brush = Brush(layer.geometry, frame, index)
        self._last: NDArray[np.float64] | None = None

    def dab(self, world: ArrayLike, diameter: float, *, ball: bool = False) -> None:
        """Paint from the last point of the stroke to a world point, with a brush of ``diameter`` mm."""
        point = np.array(world, dtype=np.float64)
        start = point if self._last is None else self._last
        self._last = point
        footprint = self._brush.between(start, point, diameter / 2, ball=ball)
        if footprint is not None:
            self.put(*footprint)
