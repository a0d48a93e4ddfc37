"""Labels that may overlap, on as few label maps as they need: a voxel of a map holds one value only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.language import tr
from pellucid.model.findings import Finding, Refused

Planes = Mapping[int, NDArray[np.bool_]]
"""Where a label is, by slice."""
MOST_BYTES = 3 << 29


class Sheets:
    """Label maps of one grid; each label goes to the first one where all of its voxels are free."""

    def __init__(self, shape: tuple[int, int, int], dtype: DTypeLike) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.arrays: list[NDArray[Any]] = []
        self.values: list[list[int]] = []

    def add(self, value: int, planes: Planes) -> None:
        """Put a label onto the first map that has room for it; raise Refused where they would take too much."""
        free = (n for n, array in enumerate(self.arrays) if not _meets(array, planes))
        place = next(free, len(self.arrays))
        if place == len(self.arrays):
            self._begin()
        array = self.arrays[place]
        for index, mask in planes.items():
            array[index][mask] = value
        self.values[place].append(value)

    def _begin(self) -> None:
        nbytes = int(np.prod([int(n) for n in self.shape], dtype=object)) * self.dtype.itemsize
        if nbytes * (len(self.arrays) + 1) > MOST_BYTES:
            raise Refused(
                tr("The labels take more than {limit} MB of memory, more than is opened.", limit=MOST_BYTES >> 20)
            )
        self.arrays.append(np.zeros(self.shape, self.dtype))
        self.values.append([])


def overlap_findings(sheets: int) -> tuple[Finding, ...]:
    """Say that labels overlap, where they need several maps."""
    if sheets < 2:
        return ()
    said = tr("Some of the labels overlap: they are on {count} label layers, so that no voxel is lost.", count=sheets)
    return (Finding("overlapping-labels", said, "info"),)


def _meets(array: NDArray[Any], planes: Planes) -> bool:
    return any(bool(np.any(array[index][mask])) for index, mask in planes.items())
