"""The numbers behind the noise estimate, slice by slice: each is the same however the slices are shared out."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock

import numpy as np

from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

_QUARTILE = 0.6744897501960817  # of the standard normal distribution: half its values lie within


def noise_sd(
    array: Array, method: str, padding: tuple[float, float] | None = None, each: Each = one_by_one
) -> float | None:
    """Return the standard deviation of the noise of an image (z, y, x); None when no 3 × 3 voxels count."""
    middle = _median_residual if method == "median" else _mean_residual
    found = middle(array, padding, each)
    scale = 1 / _QUARTILE if method == "median" else math.sqrt(math.pi / 2)
    return None if found is None else found * scale / 6


def mean_and_sd(
    array: Array, mask: Array | None = None, padding: tuple[float, float] | None = None, each: Each = one_by_one
) -> tuple[float, float] | None:
    """Return mean and standard deviation (n - 1) of the finite values inside a mask; None when there are none."""
    counts, sums = np.zeros(len(array)), np.zeros(len(array))

    def add(z: int) -> None:
        values = _valid_values(array[z], None if mask is None else mask[z], padding)
        counts[z], sums[z] = values.size, values.sum()

    each(add, range(len(array)))
    count = counts.sum()
    if count == 0:
        return None
    mean = math.fsum(sums) / count

    def spread(z: int) -> None:
        values = _valid_values(array[z], None if mask is None else mask[z], padding)
        sums[z] = np.square(values - mean).sum()

    each(spread, range(len(array)))
    return float(mean), math.sqrt(math.fsum(sums) / (count - 1)) if count > 1 else math.nan


def ratio(above: float, below: float) -> float:
    """Return a ratio: infinite above nothing, undefined for nothing above nothing."""
    return above / below if below else math.copysign(math.inf, above) if above else math.nan


def _counts(plane: Array, padding: tuple[float, float] | None) -> Array:
    """Return where the values of a slice are finite and no padding."""
    inside = np.isfinite(plane)
    return inside if padding is None else inside & ~((plane >= padding[0]) & (plane <= padding[1]))


def _valid_values(plane: Array, mask: Array | None, padding: tuple[float, float] | None) -> Array:
    """Return the values of a slice that count, as 64-bit floats."""
    inside = _counts(plane, padding)
    return plane[inside if mask is None else inside & (mask != 0)].astype(np.float64)


def _residuals(plane: Array, padding: tuple[float, float] | None) -> Array:
    """Return the sizes of the second differences along both axes, of all 3 × 3 voxels of a slice that count."""
    inside = _counts(plane, padding)
    values: Array = plane.astype(np.float32 if plane.dtype.itemsize <= 2 else np.float64)
    with np.errstate(invalid="ignore"):
        along = values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]
        residual = np.abs(along[2:] - 2 * along[1:-1] + along[:-2])
    if inside.all():
        return residual
    row = inside[:, 2:] & inside[:, 1:-1] & inside[:, :-2]
    return residual[row[2:] & row[1:-1] & row[:-2]]


def _mean_residual(array: Array, padding: tuple[float, float] | None, each: Each) -> float | None:
    counts, sums = np.zeros(len(array)), np.zeros(len(array))

    def add(z: int) -> None:
        found = _residuals(array[z], padding)
        counts[z], sums[z] = found.size, found.sum(dtype=np.float64)

    each(add, range(len(array)))
    return math.fsum(sums) / float(counts.sum()) if counts.any() else None


def _median_residual(array: Array, padding: tuple[float, float] | None, each: Each) -> float | None:
    """Return the lower median: its first 16 bits are counted first, then the other 16 of those that share them.

    The bits of floats that are not negative are in the order of their values.
    """
    high = _counted(array, padding, each, lambda bits: bits >> 16)
    rank = (int(high.sum()) - 1) // 2
    if rank < 0:
        return None
    first = int(np.searchsorted(np.cumsum(high), rank, side="right"))
    low = _counted(array, padding, each, lambda bits: bits[bits >> 16 == first] & 0xFFFF)
    rank -= int(high[:first].sum())
    second = int(np.searchsorted(np.cumsum(low), rank, side="right"))
    return float(np.uint32(first << 16 | second).view(np.float32))


def _counted(array: Array, padding: tuple[float, float] | None, each: Each, part: Callable[[Array], Array]) -> Array:
    """Return how often each 16-bit part of the residuals occurs."""
    total, lock = np.zeros(1 << 16, np.int64), Lock()

    def add(z: int) -> None:
        bits = _residuals(array[z], padding).astype(np.float32).ravel().view(np.uint32)
        counts = np.bincount(part(bits), minlength=1 << 16)
        with lock:
            np.add(total, counts, out=total)

    each(add, range(len(array)))
    return total
