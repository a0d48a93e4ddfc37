"""Steps that change the voxels of a label map: packed boxes, and labels replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.command import SMALL, Command
from pellucid.history.hand_steps import HandChanges, hand_bytes
from pellucid.history.patches import Patch, difference
from pellucid.language import tr
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.labels import MAX_VALUE, Box, LabelMap, type_for
from pellucid.model.layer import LabelLayer, Provenance

_SLAB = 16


class PatchLabels(Command):
    """Change voxels of a label layer, and with them the steps that made it when ``provenance`` is given.

    With ``written`` the voxels hold the new values already, as a tool shows them while it works.
    """

    def __init__(
        self,
        layer: LabelLayer,
        patches: Iterable[Patch],
        label: str,
        *,
        provenance: tuple[Provenance, ...] | None = None,
        written: bool = False,
    ) -> None:
        self.label = label
        self._written = written
        self.patches = tuple(patches)
        self._layer = layer
        self._before = layer.provenance
        self._after = layer.provenance if provenance is None else provenance
        packed = sum(patch.nbytes for patch in self.patches)
        self._nbytes = SMALL + packed + hand_bytes(self._after, self._before)

    @property
    def nbytes(self) -> int:
        """Return the bytes of the compressed patches, and of those that only the new steps hold."""
        return self._nbytes

    @property
    def is_empty(self) -> bool:
        """Return whether neither a voxel nor a step changes."""
        return not self.patches and self._before == self._after

    def do(self, document: Document) -> None:
        """Write the new voxels."""
        self._before = self._layer.provenance
        self._layer.provenance = self._after
        self._write(back=False)

    def undo(self, document: Document) -> None:
        """Write the old voxels."""
        self._layer.provenance = self._before
        self._write(back=True)

    def _write(self, *, back: bool) -> None:
        written, self._written = self._written, False
        if not written:
            write_patches(self._layer.labels, self.patches, back=back)
        elif self.patches:
            self._layer.labels.touch(union([patch.box for patch in self.patches]))


def write_patches(labels: LabelMap, patches: Sequence[Patch], *, back: bool = False) -> None:
    """Write what changes into a map, or ``back`` what was there before."""
    if not patches:
        return
    box = union([patch.box for patch in patches])
    for dtype in {patch.dtype for patch in patches}:
        labels.make_room(dtype)
    labels.keep(box)
    for patch in patches:
        patch.write(labels.array, back=back)
    labels.touch(box)


def replace_label(
    layer: LabelLayer,
    value: int,
    mask: NDArray[np.bool_],
    label: str,
    *,
    provenance: tuple[Provenance, ...] | None = None,
    even_if_same: bool = False,
) -> PatchLabels | None:
    """Return the step that makes ``value`` stand exactly where ``mask`` (z, y, x) is true; None if it does.

    Voxels of other labels that are locked keep their value. With ``even_if_same`` the steps are set though no voxel
    changes. Raise Refused when ``value`` itself is locked.
    """
    labels = layer.labels
    check_value(labels, value)
    if mask.shape != labels.shape:
        raise ValueError(f"mask {mask.shape} does not fit the labels {labels.shape}")
    locked = locked_values(labels)
    patches: list[Patch] = []
    overwritten = HandChanges(labels.shape)
    for start in range(0, mask.shape[0], _SLAB):
        slab = slice(start, min(start + _SLAB, mask.shape[0]))
        before, wanted = labels.array[slab], mask[slab].astype(bool, copy=False)
        after = before.astype(np.promote_types(before.dtype, type_for(value)))
        after[(before == value) & ~wanted] = 0
        after[wanted & ~np.isin(before, locked) if len(locked) else wanted] = value
        for change in difference((slab, *labels.whole()[1:]), before, after):
            patches.append(change[0])
            if provenance is not None:
                overwritten.add_patch(*change, but=value)
    steps = overwritten.steps_after(provenance) if provenance is not None else None
    if not patches and not (even_if_same and steps is not None):
        return None
    return PatchLabels(layer, patches, label, provenance=steps)


def replace_voxels(
    layer: LabelLayer, wanted: NDArray[Any], label: str, *, provenance: tuple[Provenance, ...]
) -> PatchLabels:
    """Return the step that gives a layer the labels ``wanted`` (z, y, x), but for the voxels of locked labels.

    Nor does anything become a locked label.
    """
    labels, locked = layer.labels, locked_values(layer.labels)
    if wanted.shape != labels.shape:
        raise ValueError(f"labels {wanted.shape} do not fit the labels {labels.shape}")
    patches: list[Patch] = []
    for start in range(0, wanted.shape[0], _SLAB):
        slab = slice(start, min(start + _SLAB, wanted.shape[0]))
        before = labels.array[slab]
        after = wanted[slab].astype(np.promote_types(before.dtype, wanted.dtype))
        if len(locked):
            kept = np.isin(before, locked) | np.isin(after, locked)
            after[kept] = before[kept]
        patches.extend(patch for patch, *_ in difference((slab, *labels.whole()[1:]), before, after))
    return PatchLabels(layer, patches, label, provenance=provenance)


def check_value(labels: LabelMap, value: int) -> None:
    """Raise Refused when a label is locked, or its value does not fit the label map."""
    row = labels.label(value)
    if row.locked:
        raise Refused(tr("The label “{name}” is locked. Unlock it in the label table to change it.", name=row.name))
    if not 0 < value <= MAX_VALUE:
        raise Refused(
            tr("The label value {value} does not fit this label layer. Use another label layer.", value=value)
        )


def locked_values(labels: LabelMap) -> NDArray[Any]:
    """Return the values of the labels that must not change."""
    return np.array([row.value for row in labels.labels if row.locked], type_for(MAX_VALUE))


def box_at(start: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """Return the box of a size that begins at a voxel (z, y, x)."""
    z, y, x = (slice(first, first + length) for first, length in zip(start, shape, strict=True))
    return z, y, x


def union(boxes: list[Box]) -> Box:
    """Return the smallest box around boxes."""
    z, y, x = (slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes)) for axis in range(3))
    return z, y, x
