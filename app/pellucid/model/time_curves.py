"""How values change from frame to frame: at a point, under a region, in every label. Padding is left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.histogram import counted, scalar
from pellucid.model.regions import region_voxels
from pellucid.model.volume import Volume

IsCancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean, standard deviation (divided by n) and number of voxels in each frame; NaN where there is none.

    ``key`` tells the same thing again after a new count; ``color`` is ``#rrggbb``, empty for the accent of the theme.
    A curve at a point has no deviation: ``std`` is None.
    """

    key: str
    name: str
    mean: Floats
    std: Floats | None = None
    voxels: NDArray[np.int64] | None = None
    color: str = ""


def point_values(frames: Sequence[Volume], world: ArrayLike) -> Floats:
    """Return the value of the voxel nearest to a world point in every frame, NaN outside; colours by luminance."""
    values = np.full(len(frames), np.nan)
    for n, frame in enumerate(frames):
        index = frame.geometry.world_to_index(world)
        if frame.geometry.contains(index):
            x, y, z = (int(i) for i in np.floor(index + 0.5))
            found = scalar(frame.array[z : z + 1, y, x], frame)
            valid = counted(found, frame.padding)
            values[n] = float(found[0]) if valid is None or valid[0] else np.nan
    return values


def region_values(
    frames: Sequence[Volume], annotation: Annotation, cancelled: IsCancelled = lambda: False
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return mean, standard deviation and number of voxels under a region in every frame."""
    rows = []
    for frame in frames:
        if cancelled():
            break
        values = scalar(region_voxels(annotation, frame).values, frame)
        valid = counted(values, frame.padding)
        rows.append(_summary(values if valid is None else values[valid]))
    return _columns(rows, len(frames))


def label_values(
    frames: Sequence[Volume], labels: NDArray[Any], grid: Geometry, cancelled: IsCancelled = lambda: False
) -> dict[int, tuple[Floats, Floats, NDArray[np.int64]]]:
    """Return mean, standard deviation and number of voxels of every label in every frame, each frame read once.

    ``labels`` (z, y, x) lie on ``grid``; where that is not the grid of the frames, the nearest voxel is read.
    """
    places, held = _places(frames[0].geometry, labels, grid)
    present, number = np.unique(held, return_inverse=True)
    table: dict[int, list[tuple[float, float, int]]] = {int(value): [] for value in present}
    for frame in frames:
        if cancelled():
            break
        flat = frame.array.reshape(-1, *frame.array.shape[3:])
        values = scalar(flat[places], frame)
        valid = counted(values, frame.padding)
        at = number if valid is None else number[valid]
        values = (values if valid is None else values[valid]).astype(np.float64)
        counts = np.bincount(at, minlength=len(present))
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.bincount(at, values, len(present)) / counts
            spread = np.sqrt(np.bincount(at, (values - means[at]) ** 2, len(present)) / counts)
        for value, mean, std, count in zip(table, means, spread, counts, strict=True):
            table[value].append((float(mean), float(std), int(count)))
    return {value: _columns(rows, len(frames)) for value, rows in table.items()}


def _places(geometry: Geometry, labels: NDArray[Any], grid: Geometry) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Return the flat indices of labelled voxels in the image, and their labels."""
    where = np.flatnonzero(labels)
    held = labels.reshape(-1)[where]
    if geometry.same_grid(grid):
        return where, held
    z, y, x = np.unravel_index(where, labels.shape)
    world = grid.index_to_world(np.stack([x, y, z], axis=1))
    index = np.floor(geometry.world_to_index(world) + 0.5).astype(np.intp)
    inside = np.all((index >= 0) & (index < np.array(geometry.size)), axis=1)
    i, j, k = index[inside].T
    return np.ravel_multi_index((k, j, i), geometry.size[::-1]), held[inside]


def _summary(values: NDArray[Any]) -> tuple[float, float, int]:
    if not values.size:
        return float("nan"), float("nan"), 0
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64)), int(values.size)


def _columns(rows: list[tuple[float, float, int]], count: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    rows = rows + [(float("nan"), float("nan"), 0)] * (count - len(rows))
    means, deviations, voxels = (list(column) for column in zip(*rows, strict=True))
    return np.array(means), np.array(deviations), np.array(voxels, np.int64)


def curves_to_table(curves: Sequence[Curve], times: Sequence[float] | None, unit: str, *, delimiter: str = ",") -> str:
    """Return one row for each frame, with a header; numbers with every digit, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    header = [tr("Frame"), *([tr("Time, s")] if times is not None else [])]
    for curve in curves:
        value = f"{curve.name}, {unit}" if unit else curve.name
        header += (
            [value]
            if curve.std is None
            else [
                tr("{name}, mean", name=value),
                tr("{name}, SD", name=value),
                tr("{name}, voxels", name=curve.name),
            ]
        )
    writer.writerow(header)
    for n in range(len(curves[0].mean) if curves else 0):
        row: list[object] = [n + 1, *([times[n]] if times is not None else [])]
        for curve in curves:
            row.append(_cell(curve.mean[n]))
            if curve.std is not None and curve.voxels is not None:
                row += [_cell(curve.std[n]), int(curve.voxels[n])]
        writer.writerow(row)
    return text.getvalue()


def _cell(value: float) -> float | str:
    return "" if np.isnan(value) else float(value)
