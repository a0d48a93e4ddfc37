"""The voxels of some labels become another label, or background."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from pellucid.history.hand_steps import HandChanges, Steps
from pellucid.history.patches import Patch, difference
from pellucid.model.labels import MAX_VALUE, LabelMap, type_for

_SLAB = 8


class Stopped(Exception):
    """The search was given up."""


def turned(
    labels: LabelMap, values: Collection[int], into: int, steps: Steps, cancelled: Callable[[], bool]
) -> tuple[list[Patch], Steps]:
    """Return the patches that make every voxel of some labels ``into``, and the steps with what that label gained.

    ``into`` is 0 for background. Raise Stopped when ``cancelled`` says so.
    """
    taken = np.zeros(MAX_VALUE + 1, bool)
    taken[[value for value in values if 0 < value <= MAX_VALUE]] = True
    patches: list[Patch] = []
    gained = HandChanges(labels.shape)
    for start in range(0, labels.shape[0], _SLAB):
        if cancelled():
            raise Stopped
        slab = slice(start, min(start + _SLAB, labels.shape[0]))
        before = labels.array[slab]
        held = taken[before]
        if not held.any():
            continue
        after = np.where(held, type_for(into).type(into), before)
        for patch, old, new in difference((slab, *labels.whole()[1:]), before, after):
            patches.append(patch)
            if into:
                gained.add(patch.box, np.where(old != new, 0, old), new)
    return patches, gained.steps_after(steps, by=into)
