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
_SLAB_VOXELS = 1 << 21


def missing(values: Array, padding: Range | None) -> Array | None:
    """Return where values are no measurements: NaN, Inf, or one number in the range of padding; None if nowhere."""
    gaps = None if all_finite(values) else ~np.isfinite(values)
    if padding is not None and values.ndim == 3:
        inside = (values >= padding[0]) & (values <= padding[1])
        gaps = inside if gaps is None else gaps | inside
    return gaps if gaps is not None and gaps.any() else None


def slabs(shape: tuple[int, ...], steps: int) -> list[slice]:
    """Return the pieces along z in which the gaps of an array are filled."""
    deep = max(steps, _SLAB_VOXELS // max(1, int(np.prod(shape[1:]))), 1)
    return [slice(first, min(first + deep, shape[0])) for first in range(0, shape[0], deep)]


def bridged(array: Array, part: slice, padding: Range | None, steps: int) -> Array:
    """Return some slices of an array in floats, their gaps filled as far as ``steps`` voxels from measurements.

    A gap becomes the mean of those of its 26 neighbours that are known, one layer after the other; deeper gaps
    become the mean of all that is known.
    """
    first = max(0, part.start - steps)
    near = array[first : part.stop + steps]
    values = near.astype(work_type(array.dtype))
    gaps = missing(near, padding)
    if gaps is not None:
        for channel in np.ndindex(values.shape[3:]):
            here = (..., *channel)
            values[here] = _filled(values[here], ~gaps[here], steps)
    return values[part.start - first : part.stop - first]


def _filled(values: Array, known: Array, steps: int) -> Array:
    """Return values (z, y, x) with what is not known replaced, layer by layer.

    Layers are thin: their voxels are visited one by one, through their places in the flat array with a border.
    """
    around = np.pad(np.where(known, values, 0), 1)
    there, unknown = np.pad(known, 1), np.pad(~known, 1)
    flat, seen, free = around.reshape(-1), there.reshape(-1), unknown.reshape(-1)
    rows, columns = around.shape[1:]
    offsets = [(z * rows + y) * columns + x for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if z or y or x]
    layer, marks = np.flatnonzero(_grown(there) & unknown), np.zeros_like(free)
    for _ in range(steps):
        total, count = np.zeros(len(layer), flat.dtype), np.zeros(len(layer), flat.dtype)
        for offset in offsets:
            total += flat[layer + offset]
            count += seen[layer + offset]
        flat[layer] = total / count
        seen[layer], free[layer] = True, False
        layer = _beside(layer, offsets, free, marks)
    if known.any():
        flat[free] = values[known].mean(dtype=np.float64)
    return around[1:-1, 1:-1, 1:-1]


def _beside(layer: Array, offsets: Sequence[int], free: Array, marks: Array) -> Array:
    """Return the places beside a layer that are still free; ``marks`` are all false and stay so."""
    for offset in offsets:
        marks[layer + offset] = True
    places = np.flatnonzero(marks)
    marks[places] = False
    return places[free[places]]


def _grown(inside: Array) -> Array:
    """Return what is true or has a neighbour that is."""
    for axis in range(3):
        lines = np.moveaxis(inside, axis, 0)
        more = lines.copy()
        more[1:] |= lines[:-1]
        more[:-1] |= lines[1:]
        inside = np.moveaxis(more, 0, axis)
    return inside


def bridged_whole(array: Array, padding: Range | None, steps: int, check: Callable[[], None]) -> Array:
    """Return a whole array in floats with its gaps filled, slab by slab."""
    out = np.empty(array.shape, work_type(array.dtype))
    for part in slabs(array.shape, steps):
        check()
        out[part] = bridged(array, part, padding, steps)
    return out
