"""A label map: the one mutable buffer of the model, and the table that names its values."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import DTypeLike, NDArray
from psygnal import Signal

from pellucid.language import tr
from pellucid.model.drawn_contours import Contours, Standing
from pellucid.model.geometry import Geometry
from pellucid.model.label_colors import color_for
from pellucid.model.label_snapshots import KeptVoxels, keep

__all__ = ["MAX_VALUE", "Box", "Code", "Label", "LabelMap", "Status", "color_for", "type_for"]

Box = tuple[slice, slice, slice]

MAX_VALUE = 65_535
"""The highest value that a label can have."""


class Status(StrEnum):
    """How far the work on a label is; the words of 3D Slicer's segment editor."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    FLAGGED = "flagged"


@dataclass(frozen=True)
class Code:
    """What a label is in a coding scheme, such as ("SCT", "10200004", "Liver") of SNOMED CT."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One row of the label table; ``value`` is what stands in the voxels, ``color`` is ``#RRGGBB``.

    ``opacity`` (0 to 1) multiplies that of the layer; ``code`` says what it is for other programs.
    """

    value: int
    name: str
    color: str
    visible: bool = True
    locked: bool = False
    opacity: float = 1.0
    status: Status = Status.NOT_STARTED
    notes: str = ""
    code: Code | None = None


class LabelMap:
    """Voxels that hold label values, on a grid; 0 is background.

    ``array`` (z, y, x) is the truth; ``contours`` are those its labels were made of, and ``drawn`` tells which of these
    labels are still as they were. Whoever writes into it calls ``make_room`` before when a value may be above 255,
    then ``keep(box)``, and ``touch(box)`` afterwards; on the main thread only.
    """

    changed = Signal(object)
    """Emitted with the box (three slices, z y x) whose voxels changed."""
    table_changed = Signal()
    """Emitted when a label was added, removed, renamed, recoloured, hidden or locked."""

    def __init__(self, geometry: Geometry, array: NDArray[Any] | None = None, labels: tuple[Label, ...] = (),
                 contours: Contours | None = None) -> None:  # fmt: skip
        if geometry.registered_to is not None:
            raise ValueError("labels lie on a grid of their own; where registration puts them is said by their layer")
        shape = geometry.size[::-1]
        self.geometry = geometry
        self.array: NDArray[Any] = np.zeros(shape, np.uint8) if array is None else array
        if self.array.shape != shape:
            raise ValueError(f"label array {self.array.shape} does not fit the grid {shape}")
        self._table = {label.value: label for label in labels}
        self._rows: tuple[Label, ...] | None = None
        self.version = 0
        """Counts the changes of the voxels: the same number means the same voxels."""
        self.contours = contours
        self._standing: Standing | None = None
        self._drawn: tuple[int, frozenset[int]] = (0, contours.labels if contours is not None else frozenset())
        self._kept: ReferenceType[KeptVoxels] | None = None
        self._kept_at = -1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the number of voxels along z, y and x."""
        z, y, x = self.array.shape
        return z, y, x

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return the label table in the order of its values: the same object until the table changes."""
        if self._rows is None:
            self._rows = tuple(self._table[value] for value in sorted(self._table))
        return self._rows

    @labels.setter
    def labels(self, labels: tuple[Label, ...]) -> None:
        self._table = {label.value: label for label in labels}
        rises = all(before.value < after.value for before, after in pairwise(labels))
        self._rows = labels if rises else None
        self.table_changed.emit()

    def label(self, value: int) -> Label:
        """Return the row of a value; a value without a row is named after itself."""
        return self._table.get(value) or Label(value, tr("Label {value}", value=value), color_for(value))

    def free_value(self) -> int:
        """Return the lowest value that no label uses."""
        rows = self.labels
        # Values differ and rise from 1, so up to the first gap the value of row n is n + 1.
        return 1 + bisect_left(range(len(rows)), 1, key=lambda n: int(rows[n].value > n + 1))

    def has(self, value: int) -> bool:
        """Return whether the table has a row of this value."""
        return value in self._table

    def set_label(self, label: Label) -> None:
        """Add a row or replace the row of the same value."""
        self._table[label.value] = label
        self._rows = None
        self.table_changed.emit()

    def edit_label(self, value: int, **changes: Any) -> None:
        """Change fields of one row."""
        self.set_label(replace(self.label(value), **changes))

    def make_room(self, dtype: DTypeLike) -> None:
        """Hold the voxels in a type that can also hold the values of ``dtype``; their values stay."""
        wide = np.promote_types(self.array.dtype, dtype)
        if wide != self.array.dtype:
            self.array = self.array.astype(wide)

    def keep(self, box: Box) -> None:
        """Save the voxels of a box for those who work on them as they are; they are about to change."""
        if self.contours is not None and self._standing is None:
            self._standing = Standing(self.contours.labels, self.array)
        keep(self.array, box[0])

    def touch(self, box: Box) -> None:
        """Tell everybody that the voxels in ``box`` changed."""
        self.version += 1
        if self._standing is not None:
            self._standing.touch(box[0])
        self.changed.emit(box)

    @property
    def drawn(self) -> frozenset[int]:
        """Return the labels whose voxels are those that were made of their contours."""
        version, drawn = self._drawn
        if self._standing is not None and version != self.version:
            drawn = self._standing.among(self.array)
            self._drawn = self.version, drawn
        return drawn

    def whole(self) -> Box:
        """Return the box of the whole map."""
        z, y, x = self.array.shape
        return slice(0, z), slice(0, y), slice(0, x)

    def mask(self, value: int) -> NDArray[np.bool_]:
        """Return where the map holds ``value``."""
        return np.asarray(self.array == value)

    def copy(self) -> LabelMap:
        """Return an independent copy; of a large map that takes time, so see ``snapshot``."""
        return LabelMap(self.geometry, self.array.copy(), self.labels, self.standing())

    def standing(self) -> Contours | None:
        """Return the contours that hold."""
        return None if self.contours is None else self.contours.only(self.drawn)

    def snapshot(self) -> Snapshot:
        """Return the map as it is now, for work off the main thread; all that are taken of one state share a copy."""
        kept = self._kept() if self._kept is not None and self._kept_at == self.version else None
        if kept is None:
            kept = KeptVoxels(self.array)
            self._kept, self._kept_at = ref(kept), self.version
        return Snapshot(kept, self.geometry, self.labels, self.standing())

    def value_at(self, world: Any) -> int | None:
        """Return the label value of the voxel nearest to a world point, or None outside."""
        index = self.geometry.world_to_index(world)
        if not self.geometry.contains(index):
            return None
        x, y, z = (int(n) for n in np.floor(index + 0.5))
        return int(self.array[z, y, x])


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A label map as it was; its voxels are copied when a worker asks for them."""

    kept: KeptVoxels
    geometry: Geometry
    labels: tuple[Label, ...]
    contours: Contours | None = None

    def map(self) -> LabelMap:
        """Return it as a map that nobody changes; for workers."""
        return LabelMap(self.geometry, self.kept.array, self.labels, self.contours)


def type_for(value: int) -> np.dtype[Any]:
    """Return the smallest type of voxels that can hold a label value."""
    return np.dtype(np.uint8 if value <= np.iinfo(np.uint8).max else np.uint16)
