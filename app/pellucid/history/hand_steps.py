"""What a change of voxels by hand adds to the steps of the labels it touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.patches import Patch, only_value, packed_bits
from pellucid.model.hand_edits import HandPatch, Triple
from pellucid.model.labels import Box
from pellucid.model.layer import HAND_EDIT, Provenance

PAINTED, ERASED, OVERWRITTEN = "painted", "erased", "overwritten"
Steps = tuple[Provenance, ...]


class HandChanges:
    """Gathers the changed voxels of one edit by label; ``grid`` is the size (z, y, x) of the label map."""

    def __init__(self, grid: Triple) -> None:
        self._grid = grid
        self._found: dict[tuple[int, bool], list[HandPatch]] = {}

    def add(self, box: Box, before: NDArray[Any], after: NDArray[Any], *, but: int = 0) -> None:
        """Take the voxels of a box before and after; what the label ``but`` gains or loses is told otherwise."""
        changed = before != after
        for inside, held in ((False, before), (True, after)):
            value = only_value(held, changed)
            if value is not None:
                self._take(value, inside, box, changed, but)
                continue
            for value in np.flatnonzero(np.bincount((held * changed).ravel())).tolist():  # far faster than unique
                self._take(value, inside, box, changed & (held == value), but)

    def add_patch(self, patch: Patch, before: NDArray[Any], after: NDArray[Any], *, but: int = 0) -> None:
        """Take the voxels of a patch, which packed them already where all hold one value before, and one after."""
        if not (isinstance(patch.before, int) and isinstance(patch.after, int)):
            self.add(patch.box, before, after, but=but)
            return
        for inside, value in ((False, patch.before), (True, patch.after)):
            if value not in (0, but):
                self._keep(value, inside, patch.box, patch.where or packed_bits(np.ones(before.shape, bool)))

    def _take(self, value: int, inside: bool, box: Box, part: NDArray[np.bool_], but: int) -> None:
        if value not in (0, but):
            self._keep(value, inside, box, packed_bits(part))

    def _keep(self, value: int, inside: bool, box: Box, packed: bytes) -> None:
        patch = HandPatch.of_packed(box, packed, self._grid, inside=inside)
        self._found.setdefault((value, inside), []).append(patch)

    def steps_after(self, steps: Steps, *, by: int | None = None) -> Steps:
        """Return the steps with what was found; ``by`` is the label that was painted, 0 for the eraser.

        Without ``by`` the other labels were only overwritten. What follows of one kind on one label is one step.
        """
        for (value, inside), patches in self._found.items():
            how = PAINTED if inside else ERASED if by == 0 else OVERWRITTEN
            steps = _with(steps, value, how, tuple(patches))
        return steps


def _with(steps: Steps, value: int, how: str, patches: tuple[HandPatch, ...]) -> Steps:
    last = max((n for n, step in enumerate(steps) if step.label == value), default=-1)
    here = steps[last] if last >= 0 else None
    if here is None or here.operation != HAND_EDIT or here.parameters.get("how") != how or not here.enabled:
        return (*steps, Provenance(HAND_EDIT, {"how": how, "strokes": 1}, label=value, patches=patches))
    counted = {"how": how, "strokes": int(here.parameters.get("strokes", 1)) + 1}
    more = replace(here, parameters=counted, patches=(*here.patches, *patches))
    return (*steps[:last], more, *steps[last + 1 :])


def hand_bytes(steps: Steps, before: Steps) -> int:
    """Return the bytes of the patches that ``steps`` hold and ``before`` does not.

    A step that grew begins with what it was, so that only what was added is looked at.
    """
    same = {id(step) for step in before}
    grown = {id(step.patches[0]): step.patches for step in before if step.patches}
    total = 0
    for step in steps:
        if id(step) in same or not step.patches:
            continue
        old = grown.get(id(step.patches[0]), ())
        if old and len(step.patches) >= len(old) and step.patches[len(old) - 1] is old[-1]:
            added = step.patches[len(old) :]
        else:
            known = {id(patch) for one in before for patch in one.patches}
            added = tuple(patch for patch in step.patches if id(patch) not in known)
        total += sum(patch.nbytes for patch in added)
    return total


def without_label(steps: Iterable[Provenance], value: int) -> Steps:
    """Return the steps of all labels but one."""
    return tuple(step for step in steps if step.label != value)
