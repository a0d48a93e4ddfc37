"""Voxels of labels that are to change, found and packed without touching one, so that a job can do it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pellucid.history.hand_steps import HandChanges
from pellucid.history.painting import PatchLabels, locked_values, write_patches
from pellucid.history.patches import TILE, Patch, difference
from pellucid.model.labels import Box, LabelMap, type_for
from pellucid.model.layer import LabelLayer

Allowed = Callable[[Box], NDArray[np.bool_]]
"""Says which voxels of a box may change."""


class Changes:
    """Voxels that are to change, packed; ``version`` is that of the labels they were found in."""

    def __init__(self, labels: LabelMap) -> None:
        self.version, self.rows = labels.version, labels.labels
        self._labels = labels
        self._patches: list[Patch] = []
        self._hand = HandChanges(labels.shape)

    @property
    def nbytes(self) -> int:
        """Return the bytes that are packed."""
        return sum(patch.nbytes for patch in self._patches)

    def put(self, box: Box, change: NDArray[np.bool_], value: int) -> None:
        """Take the voxels of a box that change to a value."""
        if not change.any():
            return
        before = self._labels.array[box]
        after = before.astype(np.promote_types(before.dtype, type_for(value)))
        after[change] = value
        for part in difference(box, before, after):
            self._patches.append(part[0])
            self._hand.add_patch(*part)

    def put_region(
        self, box: Box, inside: NDArray[np.bool_], value: int, allowed: Allowed | None = None,
        tell: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """Take the voxels of a box where ``inside`` is true and that may change; ``tell`` may raise to stop."""
        locked, first = locked_values(self._labels), box[0].start
        for start in range(first // TILE[0] * TILE[0], box[0].stop, TILE[0]):
            tell()
            low, high = max(start, first), min(start + TILE[0], box[0].stop)
            piece: Box = (slice(low, high), box[1], box[2])
            before = self._labels.array[piece]
            change = inside[low - first : high - first] & (before != value)
            if len(locked):
                change &= ~np.isin(before, locked)
            if allowed is not None and change.any():
                change &= allowed(piece)
            self.put(piece, change, value)

    def hold_for(self, labels: LabelMap) -> bool:
        """Return whether neither voxels nor locks have changed since they were looked at."""
        return self._labels is labels and self.version == labels.version and self.rows == labels.labels

    def show(self, labels: LabelMap, *, back: bool = False) -> None:
        """Write the changed voxels into a map that is as the one they were found in, or take them ``back``."""
        write_patches(labels, self._patches, back=back)

    def step(self, layer: LabelLayer, title: str, value: int, *, written: bool = False) -> PatchLabels | None:
        """Return the whole as one step that is still to be done, or None when nothing changes."""
        if not self._patches:
            return None
        steps = self._hand.steps_after(layer.provenance, by=value)
        return PatchLabels(layer, self._patches, title, provenance=steps, written=written)
