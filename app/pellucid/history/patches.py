"""Voxels before and after a change, packed: where they changed as bits, and one value each where one is enough."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.labels import Box

TILE = (8, 64, 128)
"""The grain of what is kept of a large change: most tiles of a region are full of one value, and cost nothing."""

Held = int | bytes
"""What all voxels hold, or the compressed values of each."""


@dataclass(frozen=True)
class Patch:
    """The voxels of a box that change, before and after; both in the type ``dtype``.

    ``where`` is one bit for each voxel of the box, compressed; None: all of them change.
    """

    box: Box
    where: bytes | None
    before: Held
    after: Held
    dtype: np.dtype[Any]

    @staticmethod
    def of(box: Box, before: NDArray[Any], after: NDArray[Any], changed: NDArray[np.bool_] | None = None) -> Patch:
        """Pack the voxels of a box, given as arrays of its shape; they may be wider after than before."""
        dtype = np.promote_types(before.dtype, after.dtype)
        changed = before != after if changed is None else changed
        where = None if changed.all() else packed_bits(changed)
        old, new = (_held(array, None if where is None else changed, dtype) for array in (before, after))
        return Patch(box, where, old, new, dtype)

    @property
    def nbytes(self) -> int:
        """Return the compressed size."""
        parts = (self.where, self.before, self.after)
        return sum(len(part) if isinstance(part, bytes) else 8 for part in parts)

    def write(self, array: NDArray[Any], *, back: bool = False) -> None:
        """Write the changed voxels into the whole map: as they are after the change, or ``back`` as before."""
        part, held = array[self.box], self.before if back else self.after
        values = held if isinstance(held, int) else np.frombuffer(zlib.decompress(held), self.dtype)
        if self.where is None:
            part[...] = values if isinstance(values, int) else values.reshape(part.shape)
            return
        bits = np.frombuffer(zlib.decompress(self.where), np.uint8)
        changed = np.unpackbits(bits, count=part.size).view(bool).reshape(part.shape)
        if isinstance(values, int):
            # Many times faster than a copy by mask where the mask is scattered.
            differing = part ^ part.dtype.type(values)
            differing &= np.negative(changed.view(np.uint8).astype(part.dtype, copy=False))
            part ^= differing
        else:
            part[changed] = values


def packed_bits(changed: NDArray[np.bool_]) -> bytes:
    """Return one bit for each voxel, compressed."""
    return zlib.compress(np.packbits(changed).tobytes(), 1)


def _held(array: NDArray[Any], changed: NDArray[np.bool_] | None, dtype: np.dtype[Any]) -> Held:
    value = only_value(array, changed)
    if value is not None:
        return value
    voxels = array if changed is None else array[changed]
    return zlib.compress(voxels.astype(dtype, copy=False).tobytes(), 1)


def only_value(array: NDArray[Any], chosen: NDArray[np.bool_] | None) -> int | None:
    """Return the value that all chosen voxels hold (None: all), or None when they hold several or there are none."""
    at = 0 if chosen is None else int(chosen.argmax())
    place = np.unravel_index(at, array.shape)
    if chosen is not None and not chosen[place]:
        return None
    others = array != array[place]
    if chosen is not None:
        others &= chosen
    return None if others.any() else int(array[place])


def difference(
    box: Box, before: NDArray[Any], after: NDArray[Any]
) -> Iterator[tuple[Patch, NDArray[Any], NDArray[Any]]]:
    """Yield, tile by tile, what differs of arrays that fill ``box``, and the voxels of its box in both."""
    changed = before != after
    if not changed.any():
        return
    for tile in _tiles(box):
        here = changed[tile]
        if here.all():
            inner = tile
        elif here.any():
            inner = _shrunk(tile, here)
        else:
            continue
        z, y, x = (
            slice(outer.start + part.start, outer.start + part.stop) for outer, part in zip(box, inner, strict=True)
        )
        old, new = before[inner], after[inner]
        yield Patch.of((z, y, x), old, new, changed[inner]), old, new


def _tiles(box: Box) -> Iterator[Box]:
    """Yield the parts of a box that lie in one tile each, counted from the start of the box."""
    spans = []
    for part, size in zip(box, TILE, strict=True):
        edges = [part.start, *range(part.start // size * size + size, part.stop, size), part.stop]
        spans.append([slice(a - part.start, b - part.start) for a, b in pairwise(edges)])
    yield from product(*spans)


def _shrunk(tile: Box, changed: NDArray[np.bool_]) -> Box:
    """Return the smallest part of a tile with all that changed in it."""
    flat = np.asarray(changed.any(axis=0))
    z = _span(tile[0], np.asarray(changed.any(axis=(1, 2))))
    return z, _span(tile[1], np.asarray(flat.any(axis=1))), _span(tile[2], np.asarray(flat.any(axis=0)))


def _span(part: slice, changed: NDArray[np.bool_]) -> slice:
    hit = np.flatnonzero(changed)
    return slice(part.start + int(hit[0]), part.start + int(hit[-1]) + 1)
