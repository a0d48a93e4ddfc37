"""Voxels without a measurement – padding, NaN, Inf – when values in between are needed (H16).

They are filled from their neighbours just as far as a kernel reaches, so that they do not mix into the image; what
lies nearest to one of them afterwards becomes it again. No import of Context: scripts carry these functions along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pellucid.operations.engines.bands import all_finite
from pellucid.operations.pixels import Array, work_type

Range = tuple[float, float]


def missing(values: Array, padding: Range | None) -> Array | None:
    """Return where values are no measurements: NaN, Inf, or one number in the range of padding; None if nowhere."""
    gaps = None if all_finite(values) else ~np.isfinite(values)
    if padding is not None and values.ndim == 3:
        inside = (values >= padding[0]) & (values <= padding[1])
        gaps = inside if gaps is None else gaps | inside
    return gaps if gaps is not None and gaps.any() else None


def bridged(array: Array, part: Sequence[slice], padding: Range | None, steps: int) -> Array:
    """Return a part (z, y, x) of an array in floats, its gaps filled as far as ``steps`` voxels from measurements.

    A gap becomes the mean of those of its 26 neighbours that are known, one layer after the other; deeper gaps
    become the mean of all that is known.
    """
    wide = [
        slice(max(0, one.start - steps), min(n, one.stop + steps)) for one, n in zip(part, array.shape[:3], strict=True)
    ]
    values = array[tuple(wide)].astype(work_type(array.dtype))
    gaps = missing(array[tuple(wide)], padding)
    if gaps is not None:
        _fill(values, ~gaps, steps)
    inner = [slice(one.start - w.start, one.stop - w.start) for one, w in zip(part, wide, strict=True)]
    return values[tuple(inner)]


def _fill(values: Array, known: Array, steps: int) -> None:
    """Replace what is not known, in place."""
    values[~known] = 0
    for _ in range(steps):
        if known.all() or not known.any():
            break
        weight = _box_sum(known.astype(values.dtype))
        new = ~known & (weight > 0)
        values[new] = _box_sum(values)[new] / weight[new]
        known = known | new
    if known.any() and not known.all():
        values[~known] = values[known].mean(dtype=np.float64)


def _box_sum(values: Array) -> Array:
    """Return the sum over the 3 × 3 × 3 voxels around each voxel; zero beyond the border."""
    for axis in range(3):
        lines = np.moveaxis(values, axis, 0)
        total = lines.copy()
        total[1:] += lines[:-1]
        total[:-1] += lines[1:]
        values = np.moveaxis(total, 0, axis)
    return values


def bridged_whole(array: Array, padding: Range | None, steps: int, check: Callable[[], None]) -> Array:
    """Return a whole array in floats with its gaps filled, slab by slab."""
    out = np.empty(array.shape, work_type(array.dtype))
    deep = max(1, (1 << 20) // max(1, int(np.prod(array.shape[1:]))))
    for first in range(0, len(array), deep):
        check()
        part = (slice(first, min(first + deep, len(array))), slice(0, array.shape[1]), slice(0, array.shape[2]))
        out[part] = bridged(array, part, padding, steps)
    return out
