"""How much two masks overlap: voxels counted along every axis, and the ratios that follow from the counts.

Everything is counted on the box around both masks, in slabs. Of two masks the first is judged (a result), the second
is what it is judged by (a reference).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.engines.pieces import Each, one_by_one

Array = NDArray[Any]
Box = tuple[slice, slice, slice]
_SLAB_VOXELS = 1 << 22


@dataclass(frozen=True, eq=False)
class Profile:
    """The voxels of a mask in every slice along z, y and x (in this order)."""

    slices: tuple[Array, Array, Array]

    @property
    def voxels(self) -> int:
        """Return how many there are."""
        return int(self.slices[0].sum())

    def box(self) -> Box | None:
        """Return the box around the mask, or None when it is empty."""
        ends = [np.flatnonzero(counts) for counts in self.slices]
        if not len(ends[0]):
            return None
        z, y, x = (slice(int(end[0]), int(end[-1]) + 1) for end in ends)
        return z, y, x

    def mean_index(self) -> Array:
        """Return the mean of the places (x, y, z) of the voxels."""
        means = [float(np.dot(counts, np.arange(len(counts)))) / self.voxels for counts in self.slices[::-1]]
        return np.array(means)


@dataclass(frozen=True)
class Counts:
    """Voxels of the first mask, of the second, of both at once, and of the whole grid."""

    first: int
    second: int
    both: int
    total: int


def slabs(shape: tuple[int, ...]) -> list[slice]:
    """Return the slices of an array in pieces that are quickly worked through."""
    deep = max(1, _SLAB_VOXELS // max(1, int(np.prod(shape[1:3]))))
    return [slice(first, min(first + deep, shape[0])) for first in range(0, shape[0], deep)]


def profile(masks: Iterable[Array], each: Each = one_by_one) -> Profile:
    """Count the voxels (z, y, x) that all of some masks hold, slice by slice along every axis."""
    masks = [mask.view(np.uint8) for mask in masks]
    shape = masks[0].shape
    along_z = np.zeros(shape[0], np.int64)
    sums: dict[int, Array] = {}

    def work(part: slice) -> None:
        here = masks[0][part]
        for mask in masks[1:]:
            here = here & mask[part]
        along_z[part] = [np.count_nonzero(plane) for plane in here]
        sums[part.start] = here.sum(axis=0, dtype=np.uint32)

    each(work, slabs(shape))
    plane = np.zeros(shape[1:], np.int64)
    for found in sums.values():
        plane += found
    return Profile((along_z, plane.sum(axis=1), plane.sum(axis=0)))


def joint_box(*boxes: Box | None) -> Box | None:
    """Return the smallest box around some boxes, or None when all of them are empty."""
    found = [box for box in boxes if box is not None]
    if not found:
        return None
    z, y, x = (slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*found, strict=True))
    return z, y, x


def ratios(counts: Counts) -> dict[str, float]:
    """Return Dice, Jaccard, precision, recall and specificity; NaN where one divides by nothing.

    Two empty masks agree completely: Dice and Jaccard are 1.
    """
    either = counts.first + counts.second - counts.both
    outside = counts.total - counts.second
    return {
        "dice": 2 * counts.both / (counts.first + counts.second) if either else 1.0,
        "jaccard": counts.both / either if either else 1.0,
        "precision": counts.both / counts.first if counts.first else float("nan"),
        "recall": counts.both / counts.second if counts.second else float("nan"),
        "specificity": (counts.total - either) / outside if outside else float("nan"),
    }
