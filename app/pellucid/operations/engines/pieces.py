"""Cut work into pieces: tiles of an array, the voxels around them that a filter needs, one piece after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.operations.context import Region
from pellucid.operations.pixels import Array

Each = Callable[[Callable[[Any], None], Iterable[Any]], None]
"""Does some work on each of many items, as ``one_by_one`` and ``Context.each`` do."""


def one_by_one(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Do some work on each item in turn."""
    for item in items:
        work(item)


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


def shifted(values: Array, offset: Sequence[int], shape: Sequence[int]) -> Array:
    """Return the view of ``shape`` (z, y, x) voxels that begins at an offset."""
    return values[tuple(slice(start, start + n) for start, n in zip(offset, shape[:3], strict=True))]


def tiles(region: Region, shape: tuple[int, ...], voxels: int, deep: int) -> Iterator[Region]:
    """Split a region into tiles of ``deep`` slices and as many rows as make about ``voxels`` voxels.

    Work that needs a halo repeats little of it in tiles that are thick, and stays in the cache in small ones.
    """
    z, y, x = region
    width = max(1, x.stop - x.start) * int(np.prod(shape[3:]))
    deep = max(1, min(deep, z.stop - z.start))
    rows = max(1, voxels // (deep * width))
    for first in range(z.start, z.stop, deep):
        for row in range(y.start, y.stop, rows):
            yield slice(first, min(first + deep, z.stop)), slice(row, min(row + rows, y.stop)), x


def grown(region: Region, reach: tuple[int, int, int], shape: tuple[int, ...]) -> Region:
    """Return a region (z, y, x) that is larger on every side, as far as the array goes."""
    z, y, x = (
        slice(max(0, part.start - far), min(n, part.stop + far))
        for part, far, n in zip(region, reach, shape[:3], strict=True)
    )
    return z, y, x
