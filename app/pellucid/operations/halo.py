"""Cut a block out of an array together with the voxels around it that its filter needs."""

from __future__ import annotations

import numpy as np

from pellucid.operations.context import Region
from pellucid.operations.pixels import Array


def with_halo(source: Array, block: Region, reach: tuple[int, int, int]) -> Array:
    """Return a copy of a block, ``reach`` (z, y, x) voxels wider on every side, with the border repeated."""
    copy = source
    for axis in range(3):
        wanted = np.arange(block[axis].start - reach[axis], block[axis].stop + reach[axis])
        inside = wanted.clip(0, source.shape[axis] - 1)
        low = int(inside[0])
        copy = copy[(slice(None),) * axis + (slice(low, int(inside[-1]) + 1),)]
        if not np.array_equal(wanted, inside):
            copy = np.take(copy, inside - low, axis=axis)
    return np.ascontiguousarray(copy)


def shifted(values: Array, offset: tuple[int, int, int], shape: tuple[int, ...]) -> Array:
    """Return the view of ``shape`` (z, y, x) voxels that begins at an offset."""
    return values[tuple(slice(start, start + n) for start, n in zip(offset, shape[:3], strict=True))]
