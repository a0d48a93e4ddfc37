"""Label maps against each other: a row of numbers for each label, objects matched one to one, rows as text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry, same_world
from pellucid.model.labels import LabelMap
from pellucid.model.volume import image_from_array
from pellucid.operations.engines.mask_comparison import LENGTHS, NAMES, VOLUMES, Space, compared, in_mm
from pellucid.operations.engines.overlap import joint_box

if TYPE_CHECKING:
    from pellucid.operations.context import Context

Box = tuple[slice, slice, slice]
KEYS = tuple(in_mm(dict.fromkeys(NAMES, 0.0)))
"""The names of the numbers of a row, with their units."""
_FEW = 4  # labels below which the voxels of each are worked on by several threads instead


@dataclass(frozen=True)
class Agreement:
    """How a label of a first map agrees with one of a second.

    ``values`` are by the names of the engine; None where there is no answer. Lengths and volumes count pixels and
    voxels where ``in_mm`` is false: the spacing of the grid is not known.
    """

    label: int
    name: str
    reference: int
    values: dict[str, float | None]
    in_mm: bool = True
    has_volume: bool = True

    def known(self, name: str) -> bool:
        """Return whether a number is in mm or mm³, or needs no unit."""
        return self.has_volume if name in VOLUMES else self.in_mm or name not in LENGTHS

    def row(self) -> dict[str, Any]:
        """Return the row as it is written: what is not known in mm is None there, and stands behind in px."""
        found: dict[str, Any] = {"label": self.label, "name": self.name}
        found |= {key: self.values[name] if self.known(name) else None for key, name in zip(KEYS, NAMES, strict=True)}
        found["reference_label"] = self.reference
        if not self.in_mm:
            found |= {f"{name}_px": self.values[name] for name in LENGTHS}
        return found


@dataclass(frozen=True, eq=False)
class Held:
    """One label in one map: the map, the value, the box around it (None where it holds no voxel)."""

    labels: LabelMap
    value: int
    box: Box | None

    def mask(self, box: Box) -> NDArray[np.bool_]:
        """Return where the label is, inside a box."""
        return np.asarray(self.labels.array[box] == self.value)


def lengths_known(geometry: Geometry) -> bool:
    """Return whether distances are known in mm along every axis that has more than one voxel."""
    return all(known or n == 1 for known, n in zip(geometry.known_spacing, geometry.size, strict=True))


def space_of(geometry: Geometry) -> Space:
    """Return a grid as the engine takes it: in mm, or in px where the spacing is not known."""
    place = geometry.index_to_world if lengths_known(geometry) else np.asarray
    return Space(geometry.size[::-1], place, geometry.voxel_volume or 1.0)


def held(maps: Iterable[LabelMap]) -> dict[int, Held]:
    """Return every label that some maps hold (segments that overlap come in several maps), by value."""
    found: dict[int, Held] = {}
    for labels in maps:
        for value, box in boxes(labels.array).items():
            found.setdefault(value, Held(labels, value, box))
    return found


def boxes(array: NDArray[Any]) -> dict[int, Box]:
    """Return the box around every value but 0."""
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if low >= 0 and high < 1 << 16:
        values: Any = np.arange(high + 1)
        places = array if array.dtype in (np.uint8, np.uint16) else array.astype(np.uint16)
    else:
        values, inverse = np.unique(np.append(array.ravel(), 0), return_inverse=True)
        order = np.concatenate([[0], values[values != 0]])
        rank = np.empty(len(values), np.int64)
        rank[np.argsort(values != 0, kind="stable")] = np.arange(len(values))
        places, values = rank[inverse[:-1]].reshape(array.shape), order
    found = ndimage.find_objects(places)
    return {int(values[n]): box for n, box in enumerate(found, start=1) if box is not None}


def compare(
    first: Sequence[LabelMap], second: Sequence[LabelMap], context: Context,
    *, labels: Sequence[int] = (), matched: dict[int, int] | None = None,
) -> list[Agreement]:  # fmt: skip
    """Return a row for every label that either side holds, or for the ``labels`` asked for.

    The maps lie on one grid. ``matched`` says which label of the second side belongs to one of the first, where it is
    not that of the same value.
    """
    ours, theirs, matched = held(first), held(second), matched or {}
    taken = set(matched.values())
    pairs = [(value, matched.get(value, value)) for value in ours]
    pairs += [(value, value) for value in theirs if value not in ours and value not in taken]
    wanted = set(labels) or {value for value, _ in pairs}
    pairs += [(value, matched.get(value, value)) for value in wanted - {value for value, _ in pairs}]
    pairs = sorted(pair for pair in pairs if pair[0] in wanted)
    rows: dict[int, Agreement] = {}

    def work(number: int) -> None:
        value, reference = pairs[number]
        one = ours.get(value) or Held(first[0], value, None)
        other = theirs.get(reference) or Held(second[0], reference, None)
        rows[number] = agreement(one, other, context, alone=len(pairs) < _FEW)

    if len(pairs) < _FEW:
        for number in range(len(pairs)):
            work(number)
            context.progress((number + 1) / len(pairs))
    else:
        context.each(work, range(len(pairs)))
    return [rows[number] for number in range(len(pairs))]


def agreement(one: Held, other: Held, context: Context, *, alone: bool = True) -> Agreement:
    """Return how two labels on one grid agree; ``alone`` ones are worked on by several threads."""
    from dataclasses import replace

    def in_turn(work: Any, items: Iterable[Any]) -> None:
        for item in items:
            context.check()
            work(item)

    geometry = one.labels.geometry
    box = joint_box(one.box, other.box) or (slice(0, 1),) * 3
    each = replace(context, progress=lambda _share: None).each if alone else in_turn
    found = compared(one.mask(box), other.mask(box), space_of(geometry).part(box), each)
    values = {name: None if math.isnan(value) else value for name, value in found.items()}
    for name in ("first_voxels", "second_voxels", "common_voxels"):
        values[name] = int(found[name])
    name = _name(one, other)
    known = geometry.voxel_volume is not None
    return Agreement(one.value, name, other.value, values, in_mm=lengths_known(geometry), has_volume=known)


def _name(one: Held, other: Held) -> str:
    for side in (one, other):
        if any(row.value == side.value for row in side.labels.labels):
            return side.labels.label(side.value).name
    return one.labels.label(one.value).name


def on_grid(labels: LabelMap, geometry: Geometry) -> LabelMap:
    """Return labels on another grid, each voxel that of the nearest one; raise Refused where that means nothing."""
    import SimpleITK as sitk

    if labels.geometry.same_grid(geometry):
        return labels
    if not (labels.geometry.is_even and geometry.is_even):
        raise Refused(tr("Unevenly spaced slices cannot be resampled. Make the spacing even first."))
    if not same_world(labels.geometry, geometry):
        raise Refused(
            tr("The two label images lie in different frames of reference, so their voxels cannot be matched.")
        )
    values = labels.array if labels.array.dtype.kind != "b" else labels.array.astype(np.uint8)
    like = image_from_array(np.zeros(geometry.size[::-1], np.uint8), geometry)
    made = sitk.Resample(image_from_array(values, labels.geometry), like, sitk.Transform(), sitk.sitkNearestNeighbor)
    return LabelMap(geometry, sitk.GetArrayFromImage(made).reshape(geometry.size[::-1]), labels.labels)


def objects(labels: LabelMap) -> tuple[NDArray[Any], int]:
    """Return a map of objects: its labels or, where it has only one, the connected parts of it; and how many."""
    found = boxes(labels.array)
    if len(found) != 1:
        return labels.array, len(found)
    parts, count = ndimage.label(labels.array != 0)
    return parts, int(count)


def rows_to_csv(rows: Sequence[Agreement]) -> str:
    """Return a table with a header, comma separated: numbers with every digit, empty where unknown."""
    written = [row.row() for row in rows]
    header = list(dict.fromkeys(key for row in written for key in row)) or ["label", "name", *KEYS]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(written)
    return text.getvalue()
