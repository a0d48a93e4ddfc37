"""The labels within an outline changed as one step: computed without touching a voxel, so that a job can do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.history.changes import Allowed, Changes
from pellucid.history.outlines import Prism
from pellucid.history.painting import locked_values
from pellucid.model.labels import Box, LabelMap


@dataclass(frozen=True, eq=False)
class OutlineFill:
    """What an outline does: voxels inside it (or ``outside``, within its depth) get a ``value``, 0 for background.

    ``only`` is the label that may change; None: any that is not locked. ``allowed`` leaves further voxels out.
    """

    prism: Prism
    value: int
    outside: bool = False
    only: int | None = None
    allowed: Allowed | None = None

    @property
    def voxels(self) -> int:
        """Return how many voxels are looked at."""
        box = self.prism.deep_box if self.outside else self.prism.box
        return int(np.prod([part.stop - part.start for part in box], dtype=np.int64))

    def changes(self, labels: LabelMap, tell: Callable[[float], object] = lambda _share: None) -> Changes:
        """Return what would change now; ``tell`` is called with the share that is done, and may raise to stop."""
        found, hit, done = Changes(labels), False, 0
        for box, inside in self.prism.pieces(outside=self.outside):
            hit = hit or bool(inside.any())
            found.put(box, self._chosen(labels, box, inside), self.value)
            done += inside.size
            tell(done / max(self.voxels, 1))
        under = None if hit or self.outside else self.prism.under()
        if under is not None:
            found.put(under[0], self._chosen(labels, *under), self.value)
        return found

    def _chosen(self, labels: LabelMap, box: Box, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        before = labels.array[box]
        change = inside & (before != self.value if self.only is None else before == self.only)
        locked = locked_values(labels)
        if len(locked) and change.any():
            change &= ~np.isin(before, locked)
        if self.allowed is not None and change.any():
            change &= self.allowed(box)
        return np.asarray(change)
