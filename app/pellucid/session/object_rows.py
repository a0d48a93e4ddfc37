"""The table of objects that was measured last: where each row lies, and which voxels are its object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Vector
from pellucid.model.labels import Box
from pellucid.model.layer import LabelLayer
from pellucid.recipes.row_units import for_reading

if TYPE_CHECKING:
    from pellucid.operations.answers import Rows


@dataclass(frozen=True)
class Asked:
    """What is measured: the ids of a label layer and of images, and the parameters of the operation."""

    labels: str
    images: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, eq=False)
class ObjectTable:
    """Rows of the objects of a layer, as its voxels were in ``version``; ``unit`` is that of the values."""

    rows: Rows
    layer: LabelLayer
    version: int
    asked: Asked
    unit: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_current(self) -> bool:
        """Return whether no voxel of the layer changed since."""
        return self.layer.labels.version == self.version

    @cached_property
    def shown(self) -> Rows:
        """Return the rows as they are read: in µm where the voxels are small. What is written stays in mm."""
        return for_reading(self.rows, self.layer.own_geometry)

    @cached_property
    def values(self) -> NDArray[Any]:
        """Return the label of every row."""
        return np.array(self.rows.values["label"], np.int64)

    @cached_property
    def _boxes(self) -> NDArray[np.int64]:
        columns = [self.rows.values[f"box_{part}_{axis}"] for part in ("first", "size") for axis in "xyz"]
        return np.array(columns, np.int64).reshape(2, 3, -1)

    @cached_property
    def _by_label(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for row, value in enumerate(self.values.tolist()):
            found[value].append(row)
        return found

    def box(self, row: int) -> Box:
        """Return the box (z, y, x) around the object of a row."""
        first, size = self._boxes[:, :, row].tolist()
        x, y, z = (slice(begin, begin + count) for begin, count in zip(first, size, strict=True))
        return z, y, x

    def centroid(self, row: int) -> Vector:
        """Return the middle of the object of a row in space (LPS)."""
        first, size = self._boxes[:, :, row]
        names = [next((n for n in (f"centroid_{axis}_mm", f"centroid_{axis}_px") if n in self.rows.values), "")
                 for axis in "xyz"]  # fmt: skip
        place: list[Any] = [self.rows.values[name][row] if name else None for name in names]
        if None in place:
            place = self.layer.own_geometry.index_to_world(first + (size - 1) / 2).tolist()
        placement = self.layer.lies
        x, y, z = (float(part) for part in (place if placement is None else placement.to_common(place)))
        return x, y, z

    def voxels(self, row: int) -> NDArray[np.bool_]:
        """Return which voxels of its box are the object of a row."""
        inside = np.asarray(self.layer.labels.array[self.box(row)] == self.values[row])
        if self.asked.parameters.get("rows") != "objects" or len(self._by_label[int(self.values[row])]) == 1:
            return inside
        from pellucid.operations.engines.object_runs import separate_objects

        corners = self.asked.parameters.get("connectivity") == "corners"
        parts = separate_objects(inside.view(np.uint8), connected=True, corners=corners)
        sizes = np.bincount(parts.ravel())
        wanted = self.rows.values["voxels"][row]
        for part in np.flatnonzero(sizes == wanted).tolist():
            mine = np.asarray(parts == part)
            if part and all(mine.any(axis=axes).all() for axes in ((1, 2), (0, 2), (0, 1))):
                return mine
        return inside

    def row_at(self, world: Any) -> int | None:
        """Return the row of the object at a place, or None where there is none or the voxels are others by now."""
        value = self.layer.value_at(world) if self.is_current else None
        if not value:
            return None
        x, y, z = (int(n) for n in np.floor(self.layer.geometry.world_to_index(world) + 0.5))
        for row in self._by_label[value]:
            box = self.box(row)
            inside = all(part.start <= n < part.stop for part, n in zip(box, (z, y, x), strict=True))
            if inside and self.voxels(row)[z - box[0].start, y - box[1].start, x - box[2].start]:
                return row
        return None

    def parts(self, rows: Iterable[int]) -> Iterator[tuple[int, Box, NDArray[np.bool_]]]:
        """Go through the objects of some rows: label, box, and which of its voxels."""
        for row in rows:
            yield int(self.values[row]), self.box(row), self.voxels(row)
