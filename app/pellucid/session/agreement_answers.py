"""What comes of comparing masks: numbers, a map, slice by slice; computed off the main thread from copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import LabelLayer

if TYPE_CHECKING:
    from pellucid.files.label_comparison import Agreement
    from pellucid.operations.context import Context
    from pellucid.operations.engines.object_matching import Matching

MOST_VOXELS = 1 << 25
"""Above this objects are not matched: that sorts the voxels and cannot be broken off."""

Side = tuple[str, int]
"""What is compared: the id of a label layer and the value of a label in it, 0 for all labels of the layer."""


@dataclass(frozen=True, eq=False)
class AgreementMap:
    """Where two masks agree and where not, on the grid of the first: 1 both, 2 first only, 3 second only, 4 another."""

    values: NDArray[np.uint8]
    geometry: Geometry
    sides: tuple[Side, Side]

    def hides(self, layer: LabelLayer) -> tuple[int, ...]:
        """Return the labels of a layer that it stands for, so that they are not drawn; 0 for all of them."""
        return tuple(value for layer_id, value in self.sides if layer_id == layer.id)


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found of two sides.

    ``slices`` holds, for the voxel axes x, y and z of the first grid, the voxels per slice of the first side, of the
    second, and of both in agreement.
    """

    rows: tuple[Agreement, ...]
    map: AgreementMap
    slices: tuple[NDArray[np.int64], ...]
    versions: tuple[int, ...]
    remarks: tuple[str, ...] = ()
    matching: Matching | None = None
    """The objects of two whole label maps one to one, whatever their numbers; None where they are not counted."""

    def dice(self, axis: int) -> NDArray[np.float64]:
        """Return the Dice of every slice along a voxel axis, NaN where neither side has a voxel."""
        first, second, both = self.slices[axis]
        total = (first + second).astype(np.float64)
        return np.divide(2 * both, total, out=np.full(len(total), np.nan), where=total > 0)


@dataclass(frozen=True, eq=False)
class Raters:
    """Several raters: Dice of each with each, and how far STAPLE trusts each of them."""

    sides: tuple[Side, ...]
    dice: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Taken:
    """A side as it was when asked: voxels that painting cannot change any more."""

    labels: LabelMap
    value: int

    def mask(self) -> NDArray[np.bool_]:
        """Return where the label is, or any label."""
        return np.asarray(self.labels.array == self.value if self.value else self.labels.array != 0)


def on_one_grid(taken: Sequence[Taken]) -> list[NDArray[np.bool_]]:
    """Return the masks of several sides; raise Refused when they lie on different grids."""
    if not all(one.labels.geometry.same_grid(taken[0].labels.geometry) for one in taken):
        raise Refused(tr("These labels lie on different grids. Resample them onto one grid first."))
    return [one.mask() for one in taken]


def answer(one: Taken, other: Taken, sides: tuple[Side, Side], versions: tuple[int, ...], context: Context) -> Answer:
    """Compare two sides; the second is brought onto the grid of the first if need be."""
    from pellucid.files.label_comparison import compare, on_grid
    from pellucid.operations.engines.agreement_values import BOTH
    from pellucid.operations.engines.mask_comparison import agreement
    from pellucid.operations.engines.overlap import profile

    remarks, geometry = [], one.labels.geometry
    moved = on_grid(other.labels, geometry)
    if moved is not other.labels:
        other = Taken(moved, other.value)
        remarks.append(tr("B lies on another grid; its nearest voxels on the grid of A are compared."))
    if one.value == other.value == 0:
        renamed = in_numbers_of(one.labels, other.labels)
        rows = compare([one.labels], [renamed], context)
        first, second = one.labels.array, renamed.array
    else:
        masks = [_as_label(one, 1), _as_label(other, 1)]
        rows = compare([masks[0]], [masks[1]], context, labels=[1])
        first, second = masks[0].array, masks[1].array
    values = agreement(first, second, context.each)
    profiles = [profile([mask], context.each).slices for mask in (first != 0, second != 0, values == BOTH)]
    slices = tuple(np.stack([found[2 - axis] for found in profiles]) for axis in range(3))
    matching = _matching(one, other) if one.value == other.value == 0 else None
    return Answer(tuple(rows), AgreementMap(values, geometry, sides), slices, versions, tuple(remarks), matching)


def _matching(one: Taken, other: Taken) -> Matching | None:
    """Return which objects of two label maps are the same, None where neither map has several or there is too much."""
    from pellucid.files.label_comparison import boxes, objects
    from pellucid.operations.engines.object_matching import match

    maps = one.labels, other.labels
    if max(len(boxes(labels.array)) for labels in maps) < 2 or one.labels.array.size > MOST_VOXELS:
        return None
    first, second = (objects(labels)[0] for labels in maps)
    return match(first, second)


def _as_label(side: Taken, value: int) -> LabelMap:
    name = side.labels.label(side.value).name if side.value else tr("All labels")
    return LabelMap(side.labels.geometry, side.mask().view(np.uint8), (Label(value, name, color_for(value)),))


def in_numbers_of(first: LabelMap, second: LabelMap) -> LabelMap:
    """Return a second map with the values that labels of the same name have in the first.

    Labels whose names are not known there keep their value, unless it now stands for another label by its name.
    """
    by_name = {label.name.casefold(): label.value for label in first.labels}
    wanted = {label.value: by_name.get(label.name.casefold(), label.value) for label in second.labels}
    if all(value == other for value, other in wanted.items()):
        return second
    named = {value for value, other in wanted.items() if value != other}
    free = iter(range(max(*wanted.values(), *by_name.values(), int(second.array.max(initial=0))) + 1, 1 << 16))
    taken = {wanted[value] for value in named}
    for value, other in wanted.items():
        if value not in named and other in taken:
            wanted[value] = next(free)
    table = np.arange(max(int(second.array.max(initial=0)), *wanted) + 1, dtype=np.uint16)
    for value, other in wanted.items():
        table[value] = other
    rows = tuple(Label(other, second.label(value).name, color_for(other)) for value, other in wanted.items())
    return LabelMap(second.geometry, table[second.array], rows)
