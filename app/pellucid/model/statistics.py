"""The numbers of each label: how many voxels, how large, which values, where."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats, Geometry, Vector
from pellucid.model.histogram import (
    CHUNK,
    Histogram,
    Stopped,
    auto_limits,
    counted,
    histogram,
    initial_limits,
    scalar,
)
from pellucid.model.labels import LabelMap
from pellucid.model.planes import positions_along
from pellucid.model.volume import Volume

__all__ = [
    "Histogram", "LabelRow", "Stopped", "auto_limits", "histogram", "initial_limits",
    "label_statistics", "rows_to_csv",
]  # fmt: skip

_HEADER = (
    "label", "name", "voxels", "volume_mm3", "mean", "std", "minimum", "maximum", "median",
    "centroid_x", "centroid_y", "centroid_z",
)  # fmt: skip
_VALUES = ("mean", "std", "minimum", "maximum", "median")


@dataclass(frozen=True)
class LabelRow:
    """What is known of one label.

    ``volume_mm3`` is None when a spacing is unknown or the slices are uneven. ``mean`` to ``median`` describe
    the image values under the label, ``std`` that of the population; they are None without such values.
    ``centroid`` is a world point (LPS, mm), None for a label without voxels.
    """

    label: int
    name: str
    voxels: int
    volume_mm3: float | None
    mean: float | None
    std: float | None
    minimum: float | None
    maximum: float | None
    median: float | None
    centroid: Vector | None
    unit: str = ""
    """The unit of the values where it is not that of the image: SUV."""

    def told_in(self, factor: float, unit: str) -> LabelRow:
        """Return the row with its values times a factor, as they are told in another unit."""
        if factor == 1:
            return self
        known = {name: value for name in _VALUES if (value := getattr(self, name)) is not None}
        return replace(self, unit=unit if known else "", **{name: value * factor for name, value in known.items()})


def label_statistics(
    volume: Volume | None, labels: LabelMap, cancelled: Callable[[], bool] = lambda: False,
    grid: Geometry | None = None,
) -> list[LabelRow]:
    """Return a row for every label of the table and every value in the voxels, by value.

    The image may lie on another grid: then its nearest voxel is read at the centre of every label voxel, and
    label voxels outside of it count as voxels but have no value. Padding and values that are not finite are
    left out. ``grid`` is that of the labels in the world of the image, where a registration put them elsewhere; volumes
    and centroids are those on the grid of their own. Raise Stopped when ``cancelled`` says so.
    """
    found: dict[int, _Found] = {row.value: _Found() for row in labels.labels}
    read = None if volume is None else _reader(volume, grid or labels.geometry)
    heights = positions_along(labels.geometry, 2)
    for start in range(0, labels.array.shape[0], CHUNK):
        if cancelled():
            raise Stopped
        part = labels.array[start : start + CHUNK]
        where = np.flatnonzero(part)
        if not where.size:
            continue
        held = part.ravel()[where]
        order = np.argsort(held, kind="stable")
        where, held = where[order], held[order]
        z, y, x = np.unravel_index(where, part.shape)
        points = np.stack([x, y, heights[z + start]])
        values = None if read is None else read(x, y, z + start)
        ends = [*np.flatnonzero(np.diff(held)) + 1, len(held)]
        for first, last in zip([0, *ends[:-1]], ends, strict=True):
            entry = found.setdefault(int(held[first]), _Found())
            entry.add(points[:, first:last], None if values is None else values[first:last])
    padding = None if volume is None else volume.padding
    return [found[value].row(value, labels, padding) for value in sorted(found)]


def rows_to_csv(rows: list[LabelRow]) -> str:
    """Return a table with a header, comma separated: numbers with every digit, empty where unknown.

    Where values are told in another unit than that of the image, a last column says so.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    told = any(row.unit for row in rows)
    writer.writerow((*_HEADER, "value_unit") if told else _HEADER)
    for row in rows:
        cells = (row.label, row.name, row.voxels, row.volume_mm3, row.mean, row.std, row.minimum, row.maximum)
        centroid, unit = row.centroid or (None, None, None), (row.unit,) if told else ()
        writer.writerow([*cells, row.median, *centroid, *unit])
    return text.getvalue()


class _Found:
    """What was collected of one label so far."""

    def __init__(self) -> None:
        self.voxels = 0
        self.sums: Floats = np.zeros(3)
        self.values: list[NDArray[Any]] = []

    def add(self, points: Floats, values: NDArray[Any] | None) -> None:
        """Add voxels: (x, y) in voxels and the height in mm, shape (3, n), and the image values there."""
        self.voxels += points.shape[1]
        self.sums += points.sum(axis=1)
        if values is not None:
            self.values.append(values)

    def row(self, value: int, labels: LabelMap, padding: tuple[float, float] | None) -> LabelRow:
        """Return the finished row."""
        geometry, name = labels.geometry, labels.label(value).name
        one = geometry.voxel_volume
        size = None if one is None else one * self.voxels
        centroid: Vector | None = None
        if self.voxels:
            x, y, height = self.sums / self.voxels
            steps = np.array([x * geometry.spacing[0], y * geometry.spacing[1], height])
            a, b, c = (float(n) for n in geometry.axes @ steps + geometry.origin)
            centroid = (a, b, c)
        values = np.concatenate(self.values) if self.values else np.zeros(0)
        valid = counted(values, padding)
        return LabelRow(label=value, name=name, voxels=self.voxels, volume_mm3=size, centroid=centroid,
                        **_summary(values if valid is None else values[valid]))  # fmt: skip


def _summary(values: NDArray[Any]) -> dict[str, Any]:
    if not values.size:
        return dict.fromkeys(("mean", "std", "minimum", "maximum", "median"))
    return {
        "mean": float(values.mean(dtype=np.float64)),
        "std": float(values.std(dtype=np.float64)),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "median": float(np.median(values.astype(np.float64, copy=False))),
    }


Reader = Callable[[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]], NDArray[Any]]


def _reader(volume: Volume, grid: Geometry) -> Reader:
    """Return how to read the image at voxels (x, y, z) of a grid; outside of the image it gives NaN."""
    array = volume.array

    def direct(x: NDArray[np.intp], y: NDArray[np.intp], z: NDArray[np.intp]) -> NDArray[Any]:
        return scalar(array[z, y, x], volume)

    def sampled(x: NDArray[np.intp], y: NDArray[np.intp], z: NDArray[np.intp]) -> NDArray[Any]:
        world = grid.index_to_world(np.stack([x, y, z], axis=1))
        index = np.floor(volume.geometry.world_to_index(world) + 0.5).astype(np.intp)
        inside = np.all((index >= 0) & (index < np.array(volume.geometry.size)), axis=1)
        values = np.full(len(index), np.nan)
        i, j, k = index[inside].T
        values[inside] = direct(i, j, k)
        return values

    return direct if volume.geometry.same_grid(grid) else sampled
