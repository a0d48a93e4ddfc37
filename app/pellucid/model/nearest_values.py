"""The values of an image at places in the world."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats
from pellucid.model.volume import Volume


def nearest_values(volume: Volume, world: Floats) -> NDArray[Any]:
    """Return the value(s) of the voxel nearest to each of (n, 3) world points; NaN beyond the image."""
    index = np.floor(volume.geometry.world_to_index(world) + 0.5).astype(np.intp)
    inside = np.all((index >= 0) & (index < np.array(volume.geometry.size)), axis=1)
    values = np.full((len(index), *volume.array.shape[3:]), np.nan)
    i, j, k = index[inside].T
    values[inside] = volume.array[k, j, i]
    return values
