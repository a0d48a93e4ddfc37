"""Where painting is allowed: only on voxels with some intensities, only inside a label or the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Geometry
from pellucid.model.labels import Box, LabelMap
from pellucid.model.nearest_values import nearest_values
from pellucid.model.volume import Volume


@dataclass(frozen=True, eq=False)
class PaintLimits:
    """Says of any box of a label map which voxels may change.

    ``values`` is the closed range of intensities of ``volume`` (None: any) and ``within`` the label that may change
    (0: the background; None: any). ``grid`` is where the labels lie, where that is not on the grid of their own.
    """

    labels: LabelMap
    volume: Volume | None = None
    values: tuple[float, float] | None = None
    within: int | None = None
    grid: Geometry | None = None

    def __call__(self, box: Box) -> NDArray[np.bool_]:
        """Return which voxels of a box (z, y, x) may change; NaN, and voxels beyond the image, may not."""
        part = self.labels.array[box]
        allowed = np.ones(part.shape, bool) if self.within is None else part == self.within
        if self.volume is not None and self.values is not None:
            low, high = self.values
            values = values_at(self.volume, self.grid or self.labels.geometry, box)
            allowed &= (values >= low) & (values <= high)
        return np.asarray(allowed)


def values_at(volume: Volume, grid: Geometry, box: Box) -> NDArray[Any]:
    """Return the values of an image at the voxels of a box (z, y, x) of a grid: nearest, NaN beyond the image."""
    if volume.geometry.same_grid(grid):
        return volume.array[box]
    z, y, x = np.meshgrid(*(np.arange(part.start, part.stop) for part in box), indexing="ij")
    values = nearest_values(volume, grid.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3)))
    return values.reshape(*x.shape, *values.shape[1:])
