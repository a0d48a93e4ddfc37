"""Voxels of a label that change while the mouse moves: seen at once, recorded at the end as one step, or given up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.changes import Allowed, Changes
from pellucid.history.hand_steps import HandChanges
from pellucid.history.painting import PatchLabels, box_at, check_value, locked_values, union
from pellucid.history.patches import TILE, Patch, difference
from pellucid.model.labels import Box, type_for
from pellucid.model.layer import LabelLayer


class Staging:
    """A change of voxels to one label (``erase``: to background) that is not yet a step of the history.

    Voxels of locked labels, and those that ``allowed`` leaves out, stay as they are. Raises Refused when the label
    itself is locked.
    """

    def __init__(
        self, layer: LabelLayer, value: int, title: str, *, erase: bool = False, allowed: Allowed | None = None
    ) -> None:
        if not erase:
            check_value(layer.labels, value)
        self.layer, self.title = layer, title
        self._labels = layer.labels
        self.value = 0 if erase else value
        self.allowed = allowed
        self._locked = locked_values(self._labels)
        self._tiles: dict[tuple[int, int, int], NDArray[Any]] = {}
        self._shown: Changes | None = None

    @property
    def tiles(self) -> int:
        """Return how many tiles are to be packed yet."""
        return len(self._tiles)

    def put(self, box: Box, inside: NDArray[np.bool_]) -> None:
        """Change the voxels of a box where ``inside`` (z, y, x, of the shape of the box) is true."""
        self._unshow()
        part = self._labels.array[box]
        change = inside & (part != self.value)
        if len(self._locked):
            change &= ~np.isin(part, self._locked)
        if self.allowed is not None and change.any():
            change &= self.allowed(box)
        if change.any():
            self._keep(box, change)
            self._labels.make_room(type_for(self.value))
            self._labels.keep(box)
            np.copyto(self._labels.array[box], self.value, where=change)
            self._labels.touch(box)

    def show(self, changes: Changes) -> None:
        """Show what a job found in the labels as they were before this began, in place of all that was changed."""
        self.abort()
        changes.show(self._labels)
        self._shown = changes

    def _unshow(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.show(self._labels, back=True)

    def commit(self) -> PatchLabels | None:
        """Return the whole change as one step, or None when nothing changed."""
        shown, self._shown = self._shown, None
        if shown is not None:
            return shown.step(self.layer, self.title, self.value, written=True)
        patches: list[Patch] = []
        changes = HandChanges(self._labels.shape)
        for start, before in self._tiles.items():
            box = box_at(start, before.shape)
            for change in difference(box, before, self._labels.array[box]):
                patches.append(change[0])
                changes.add_patch(*change)
        self._tiles.clear()
        steps = changes.steps_after(self.layer.provenance, by=self.value)
        return PatchLabels(self.layer, patches, self.title, provenance=steps, written=True) if patches else None

    def abort(self) -> None:
        """Restore what was there before; what follows begins anew."""
        self._unshow()
        boxes = [box_at(start, before.shape) for start, before in self._tiles.items()]
        if boxes:
            self._labels.keep(union(boxes))
        for box, before in zip(boxes, self._tiles.values(), strict=True):
            self._labels.array[box] = before
        self._tiles.clear()
        if boxes:
            self._labels.touch(union(boxes))

    def restore(self, box: Box, inside: NDArray[np.bool_]) -> None:
        """Restore what the voxels of a box where ``inside`` is true were before; the rest of the change stays."""
        part = self._labels.array[box]
        self._labels.keep(box)
        for start in _tiles_of(box):
            before = self._tiles.get(start)
            if before is not None:
                there, here = _overlap(box, start)
                chosen = inside[there]
                part[there][chosen] = before[here][chosen]
        self._labels.touch(box)

    def _keep(self, box: Box, change: NDArray[np.bool_]) -> None:
        """Copy the tiles in which something changes, unless they were copied before."""
        for start in _tiles_of(box):
            if start not in self._tiles and change[_overlap(box, start)[0]].any():
                self._tiles[start] = self._labels.array[box_at(start, TILE)].copy()


def _tiles_of(box: Box) -> Iterator[tuple[int, int, int]]:
    """Yield the first voxel of every tile that a box touches."""
    z, y, x = (range(part.start // size * size, part.stop, size) for part, size in zip(box, TILE, strict=True))
    return product(z, y, x)


def _overlap(box: Box, start: tuple[int, int, int]) -> tuple[Box, Box]:
    """Return what a box and the tile beginning at a voxel share: counted from the start of the box, and of the tile."""
    shared = [
        (max(part.start, first), min(part.stop, first + size))
        for part, first, size in zip(box, start, TILE, strict=True)
    ]
    (z, y, x), (k, j, i) = (
        [slice(low - first, high - first) for (low, high), first in zip(shared, origin, strict=True)]
        for origin in ([part.start for part in box], start)
    )
    return (z, y, x), (k, j, i)
