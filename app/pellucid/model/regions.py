"""The voxels of an image under a region, and their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.histogram import Histogram, counted, histogram
from pellucid.model.measuring import crossings
from pellucid.model.planes import positions_along
from pellucid.model.shapes import box, flat_points, to_plane, to_world
from pellucid.model.volume import Volume, image_from_array

_PARALLEL = 1e-4  # cosine
_REACH = 0.75  # steps that a slice may lie away from the plane of a region; wider gaps hold nothing
_EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class RegionVoxels:
    """The values, shape (n,) or (n, c), of every voxel whose centre lies in a region on its slice.

    Where no slices of the image are parallel to the plane, or registration bent them, the plane was sampled every
    ``step`` mm instead and the nearest voxel read; else ``step`` is None.
    """

    values: NDArray[Any]
    step: float | None = None


@dataclass(frozen=True)
class RegionStatistics:
    """The values of one channel under a region: ``voxels`` of them, without padding and what is no number.

    ``std`` is the standard deviation of these values themselves (divided by n, not n − 1). All are None where
    there is no voxel. ``channel`` is empty for images of one value per voxel. ``peak`` is the highest mean of a sphere
    of 1 cm³ around a voxel of the region, where that is asked for.
    """

    channel: str
    voxels: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    peak: float | None = None


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Sample points in a plane: start + column · across + row · down in plane coordinates."""

    start: Floats
    across: Floats
    down: Floats
    columns: NDArray[np.intp]
    rows: Floats


def region_voxels(annotation: Annotation, volume: Volume) -> RegionVoxels:
    """Return the values under a region; those on the outline of a rectangle or ellipse count."""
    geometry = volume.geometry
    normal = np.array(annotation.normal) @ geometry.axes
    along = int(np.argmax(np.abs(normal)))
    if geometry.warp is None and all(abs(normal[axis]) <= _PARALLEL for axis in range(3) if axis != along):
        return RegionVoxels(_on_slice(annotation, volume, along))
    return _sampled(annotation, volume)


def _on_slice(annotation: Annotation, volume: Volume, axis: int) -> NDArray[Any]:
    """Return the values on the slice of the image's own grid that lies in the plane."""
    held = _held(annotation, volume.geometry, axis)
    if held is None:
        return np.asarray(volume.array.reshape(-1, *volume.array.shape[3:])[:0])
    number, first_row, first_column, inside = held
    chosen = volume.array[(slice(None),) * (2 - axis) + (number,)]
    part = chosen[first_row : first_row + inside.shape[0], first_column : first_column + inside.shape[1]]
    return np.asarray(part[inside])


def _held(annotation: Annotation, geometry: Geometry, axis: int) -> tuple[int, int, int, NDArray[np.bool_]] | None:
    """Return the slice a region lies on, the first row and column near it, and what of them is inside; None without."""
    column_axis, row_axis = (other for other in range(3) if other != axis)
    number = _slice_at(geometry, axis, float(geometry.world_to_index(annotation.points[0])[axis]))
    if number < 0:
        return None
    corner = np.zeros(3)
    corner[axis] = number
    steps = to_plane(annotation, geometry.affine[:3, :3].T)
    rows = positions_along(geometry, row_axis) / geometry.spacing[row_axis]
    start = to_plane(annotation, geometry.index_to_world(corner))
    lattice = _Lattice(start, steps[column_axis], steps[row_axis], np.arange(geometry.size[column_axis]), rows)
    lattice, first_row, first_column = _near(annotation, lattice)
    return number, first_row, first_column, _inside(annotation, lattice)


def region_index(annotation: Annotation, geometry: Geometry) -> NDArray[np.intp]:
    """Return the voxels (n, 3) as x, y, z whose centres lie in a region on the slice it was drawn on.

    There are none where the plane of the region is no slice of the grid.
    """
    normal = np.array(annotation.normal) @ geometry.axes
    along = int(np.argmax(np.abs(normal)))
    parallel = all(abs(normal[axis]) <= _PARALLEL for axis in range(3) if axis != along)
    held = _held(annotation, geometry, along) if parallel and geometry.warp is None else None
    if held is None:
        return np.zeros((0, 3), np.intp)
    number, first_row, first_column, inside = held
    rows, columns = np.nonzero(inside)
    index = np.full((len(rows), 3), number, np.intp)
    column_axis, row_axis = (other for other in range(3) if other != along)
    index[:, column_axis], index[:, row_axis] = columns + first_column, rows + first_row
    return index


def _slice_at(geometry: Geometry, axis: int, index: float) -> int:
    if not -0.5 - _EDGE <= index <= geometry.size[axis] - 0.5 + _EDGE:
        return -1
    number = int(np.clip(np.floor(index + 0.5), 0, geometry.size[axis] - 1))
    places = positions_along(geometry, axis)
    if axis == 2 and geometry.slice_positions is not None:
        depth = float(np.interp(index, np.arange(len(places)), places)) if len(places) > 1 else 0.0
        number = int(np.argmin(np.abs(places - depth)))
        return number if abs(places[number] - depth) <= _REACH * geometry.spacing[axis] else -1
    return number


def _near(annotation: Annotation, lattice: _Lattice) -> tuple[_Lattice, int, int]:
    """Return the part of a lattice around a region, and its first row and column."""
    left, top, right, bottom = box(annotation)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    at = _to_lattice(lattice, corners)
    (c0, r0), (c1, r1) = at.min(axis=0) - _EDGE, at.max(axis=0) + _EDGE
    columns = slice(max(0, int(np.ceil(c0))), max(0, int(np.floor(c1)) + 1))
    first = int(np.searchsorted(lattice.rows, r0, side="left"))
    last = int(np.searchsorted(lattice.rows, r1, side="right"))
    part = _Lattice(lattice.start, lattice.across, lattice.down, lattice.columns[columns], lattice.rows[first:last])
    return part, first, columns.start


def _to_lattice(lattice: _Lattice, flat: Floats) -> Floats:
    """Return plane coordinates (n, 2) as (column, row) of a lattice."""
    return np.asarray(np.linalg.solve(np.stack([lattice.across, lattice.down], axis=1), (flat - lattice.start).T).T)


def _sampled(annotation: Annotation, volume: Volume) -> RegionVoxels:
    geometry = volume.geometry
    step = min(geometry.spacing)
    left, top, right, bottom = box(annotation)
    counts = [max(1, int(np.ceil(length / step))) for length in (right - left, bottom - top)]
    start = np.array([left, top]) + step / 2
    lattice = _Lattice(start, np.array([step, 0.0]), np.array([0.0, step]), np.arange(counts[0]),
                       np.arange(counts[1], dtype=np.float64))  # fmt: skip
    rows, columns = np.nonzero(_inside(annotation, lattice))
    world = to_world(annotation, start + step * np.stack([columns, rows], axis=1))
    index = np.floor(geometry.world_to_index(world) + 0.5).astype(np.intp)
    x, y, z = index[np.all((index >= 0) & (index < np.array(geometry.size)), axis=1)].T
    return RegionVoxels(volume.array[z, y, x], step)


def _inside(annotation: Annotation, lattice: _Lattice) -> NDArray[np.bool_]:
    """Return which points of a lattice lie in a region, shape (rows, columns)."""
    if annotation.kind in (Kind.RECTANGLE, Kind.ELLIPSE):
        left, top, right, bottom = box(annotation)
        columns, rows = lattice.columns[None, :], lattice.rows[:, None]
        u, v = (lattice.start[n] + lattice.across[n] * columns + lattice.down[n] * rows for n in (0, 1))
        across = (2 * u - left - right) / max(right - left, _EDGE)
        along = (2 * v - top - bottom) / max(bottom - top, _EDGE)
        if annotation.kind is Kind.RECTANGLE:
            return np.asarray(np.maximum(np.abs(across), np.abs(along)) <= 1 + _EDGE)
        return np.asarray(across**2 + along**2 <= 1 + _EDGE)
    first = lattice.columns[0] if len(lattice.columns) else 0
    at = crossings(_to_lattice(lattice, flat_points(annotation)), lattice.rows)
    return between_crossings(at - first, len(lattice.columns))


def between_crossings(at: Floats, width: int) -> NDArray[np.bool_]:
    """Return which of the columns 0 to ``width`` - 1 lie inside, shape (rows, width), given where each row crosses.

    ``at`` is (rows, n) with inf for what is no crossing. A row is inside from the first column at or after an odd
    crossing to the last before an even one.
    """
    rows = len(at)
    if not width or not rows:
        return np.zeros((rows, width), bool)
    change = np.clip(np.ceil(np.where(np.isfinite(at), at, width)), 0, width).astype(np.intp)
    flat = change + np.arange(rows)[:, None] * (width + 1)
    turns = np.bincount(flat.ravel(), minlength=rows * (width + 1)).reshape(-1, width + 1)
    return np.asarray(np.cumsum(turns[:, :-1], axis=1) % 2 == 1)


def region_statistics(found: RegionVoxels, volume: Volume) -> tuple[RegionStatistics, ...]:
    """Return one row per channel; padding and values that are no numbers are left out."""
    values = found.values if volume.is_colour else found.values[:, None]
    return tuple(_statistics(name, values[:, n], volume.padding) for n, name in enumerate(channels(volume.components)))


def channels(components: int) -> tuple[str, ...]:
    """Return the names of the values of a voxel."""
    known = {1: ("",), 3: ("R", "G", "B"), 4: ("R", "G", "B", "A")}
    return known.get(components) or tuple(str(n + 1) for n in range(components))


def _statistics(channel: str, values: NDArray[Any], padding: tuple[float, float] | None) -> RegionStatistics:
    valid = counted(values, padding)
    kept = (values if valid is None else values[valid]).astype(np.float64)
    if not kept.size:
        return RegionStatistics(channel, 0)
    return RegionStatistics(
        channel, int(kept.size), float(kept.mean()), float(kept.std()), float(kept.min()), float(kept.max()),
        float(np.median(kept)),
    )  # fmt: skip


def region_histogram(annotation: Annotation, volume: Volume) -> Histogram:
    """Count the values under a region, as ``histogram`` counts a volume."""
    values = region_voxels(annotation, volume).values
    if not len(values):
        values = np.zeros((1, *values.shape[1:]), np.float64) + np.nan
    grid = Geometry((len(values), 1, 1))
    image = image_from_array(np.ascontiguousarray(values[None, None]), grid, colour=volume.is_colour)
    return histogram(Volume(image, grid, volume.unit, volume.padding))


def region_size(annotation: Annotation, geometry: Geometry) -> float:
    """Return about how many voxels a region may hold, before they are looked at."""
    left, top, right, bottom = box(annotation)
    sides = sorted(geometry.spacing)
    return (right - left) * (bottom - top) / (sides[0] * sides[1])
