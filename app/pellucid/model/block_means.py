"""Block means of an image whose planes come one after the other, so that it is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.reduction import Reduction, Triple

Array = NDArray[Any]


@dataclass
class _Sum:
    """What was added up of one plane of blocks, and how many rows of voxels are still to come."""

    total: Array
    left: int


class BlockMeans:
    """Takes rows of an image in any order and fills arrays (z, y, x[, c]) that have the size of what is left.

    ``size`` is that of the whole image (x, y, z). A value becomes ``value * slope + intercept`` after its block
    was averaged. ``paddings`` are ranges of values that are no part of an image, one for each array: a block is the
    mean of what else is in it, or padding where that is less than half (H16). Rows may be added from several threads.
    """

    def __init__(
        self, reduction: Reduction, size: Triple, arrays: Sequence[Array], *, stacked: bool = True,
        scaling: tuple[float, float] = (1.0, 0.0), paddings: Sequence[tuple[float, float] | None] = (),
    ) -> None:  # fmt: skip
        self._start, self._size = reduction.box(size)
        self.steps = reduction.steps(self._size, stacked=stacked)
        self._arrays, self._scaling, self._paddings = arrays, scaling, paddings or (None,) * len(arrays)
        self._sums: dict[tuple[int, int], _Sum] = {}
        self._lock = Lock()

    @property
    def rows(self) -> range:
        """Return the rows of the whole image that count."""
        kept = self._size[1] // self.steps[1] * self.steps[1]
        return range(self._start[1], self._start[1] + kept)

    def wants(self, z: int) -> bool:
        """Return whether a slice of the whole image counts."""
        return 0 <= z - self._start[2] < self._size[2] // self.steps[2] * self.steps[2]

    def add(self, which: int, z: int, first_row: int, rows: Array) -> None:
        """Add rows (y, x[, c]) of slice ``z`` for array ``which``; blocks must not be cut between two calls.

        ``first_row`` is the row of the whole image the rows begin at, which is one of ``self.rows``.
        """
        fx, fy, fz = self.steps
        x0, width = self._start[0], self._size[0] // fx * fx
        values = rows[:, x0 : x0 + width]
        block, top = (z - self._start[2]) // fz, (first_row - self._start[1]) // fy
        place = slice(top, top + len(rows) // fy)
        if self.steps == (1, 1, 1):
            self._arrays[which][block, place] = self._finished(values, self._arrays[which])
            return
        padding = self._paddings[which]
        added = self._added(values if padding is None else _counted(values, padding))
        with self._lock:
            kept = self._sum(which, block, added)
            kept.total[place] += added
            kept.left -= len(rows)
            if kept.left <= 0:
                del self._sums[which, block]
        if kept.left <= 0:
            out = self._arrays[which]
            out[block] = self._finished(self._mean(which, kept.total, fx * fy * fz), out)

    def finish(self) -> None:
        """Fill blocks that never became whole, because slices could not be read, with the mean of what came."""
        fx, fy, fz = self.steps
        for (which, block), kept in self._sums.items():
            came = fy * (self._size[1] // fy) * fz - kept.left
            slices = max(came // (fy * (self._size[1] // fy)), 1)
            out = self._arrays[which]
            out[block] = self._finished(self._mean(which, kept.total, fx * fy * slices), out)
        self._sums.clear()

    def _mean(self, which: int, total: Array, count: int) -> Array:
        """Return the means of blocks of ``count`` values; of those that are not padding, where that is told apart."""
        padding = self._paddings[which]
        if padding is None:
            mean: Array = total / count
            return mean
        sums, counts = total[..., 0], total[..., 1]
        return np.where(2 * counts < count, padding[0], sums / np.maximum(counts, 1))

    def _added(self, values: Array) -> Array:
        """Return the sums of a slice over its blocks, rows first: they lie together in memory."""
        fx, fy, _ = self.steps
        kind = _sum_type(values.dtype, int(np.prod(self.steps)))
        down: Array = values[::fy].astype(kind)
        for row in range(1, fy):
            down += values[row::fy]
        total = down[:, ::fx].copy()
        for column in range(1, fx):
            total += down[:, column::fx]
        return total

    def _sum(self, which: int, block: int, like: Array) -> _Sum:
        fy, fz = self.steps[1:]
        rows = self._size[1] // fy
        if (which, block) not in self._sums:
            self._sums[which, block] = _Sum(np.zeros((rows, *like.shape[1:]), like.dtype), rows * fy * fz)
        return self._sums[which, block]

    def _finished(self, values: Array, out: Array) -> Array:
        slope, intercept = self._scaling
        if (slope, intercept) != (1.0, 0.0):
            values = values * np.float64(slope) + intercept
        rounds = values.dtype.kind == "f" and out.dtype.kind in "iu"
        return np.rint(values).astype(out.dtype) if rounds else values.astype(out.dtype, copy=False)


def _counted(values: Array, padding: tuple[float, float]) -> Array:
    """Return values with 0 in place of padding, and beside each whether it counts."""
    valid = (values < padding[0]) | (values > padding[1])
    return np.stack([np.where(valid, values, 0), valid], axis=-1)


def _sum_type(dtype: np.dtype[Any], count: int) -> type:
    """Return a type in which ``count`` values add up exactly (64-bit whole numbers: to 53 bits)."""
    if dtype.kind not in "iub" or dtype.itemsize == 8:
        return np.float64
    return np.int32 if dtype.itemsize <= 2 and count <= 1 << 15 else np.int64
