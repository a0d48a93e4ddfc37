"""Labels from contours: a voxel belongs to a structure when its centre lies inside, by the even-odd rule.

Contours of one structure in one plane are taken together, so that a contour inside another is a hole and a hole that is
joined to the outside by a keyhole comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.label_sheets import Planes, Sheets, overlap_findings
from pellucid.dicom.structure_sets import Contour, Structure, StructureSet
from pellucid.language import tr, tr_count
from pellucid.model.drawn_contours import FLAT, Contours, nearest_slice
from pellucid.model.findings import Finding
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.labels import MAX_VALUE, Label, LabelMap, type_for

__all__ = ["Filled", "fill", "inside"]

_BETWEEN = 0.1
_ROUNDING = 1e-3
"""Points this share of a pixel beyond the image lie on its edge: files round."""
_AT_ONCE = 1 << 22

Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Filled:
    """The label maps of structures, and what could not be kept of their contours."""

    maps: tuple[LabelMap, ...]
    findings: tuple[Finding, ...]


def fill(
    found: StructureSet,
    geometry: Geometry,
    structures: Sequence[Structure] | None = None,
    *,
    progress: Progress = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Filled:
    """Make labels of structures (all unless given) on a grid; the values are their numbers where these can be.

    Every map keeps the contours of its structures, those too of which no voxel came.
    ``check`` is called often and may raise.
    """
    structures = found.structures if structures is None else structures
    values = _values(structures)
    nx, ny, nz = geometry.size
    sheets = Sheets((nz, ny, nx), type_for(max(values, default=1)))
    findings: list[Finding] = []
    rows: dict[int, Label] = {}
    drawn = dict(zip(values, (structure.contours for structure in structures), strict=True))
    for n, (value, structure) in enumerate(zip(values, structures, strict=True)):
        check()
        sheets.add(value, _planes(structure, geometry, findings, check))
        rows[value] = Label(value, structure.name, structure.color, notes=structure.role)
        progress((n + 1) / len(structures))
    maps = tuple(
        LabelMap(geometry, array, tuple(rows[value] for value in sorted(held)),
                 Contours.of({value: drawn[value] for value in held}))
        for array, held in zip(sheets.arrays, sheets.values, strict=True)
    )
    return Filled(maps, (*findings, *overlap_findings(len(maps))))


def inside(polygons: Iterable[Floats], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels (rows, columns) have their centre inside polygons of points (n, 2: column, row).

    A centre on the left or upper edge counts as inside, on the right or lower edge not: polygons that share an edge
    share no pixel.
    """
    rows, columns = shape
    flips = np.zeros(rows * (columns + 1), np.int64)
    closed = [np.asarray(polygon, np.float64) for polygon in polygons]
    if closed:
        starts, ends = np.concatenate(closed), np.concatenate([np.roll(polygon, -1, axis=0) for polygon in closed])
        for places in _crossings(starts, ends, rows, columns + 1):
            flips += np.bincount(places, minlength=flips.size)
    return np.asarray(np.cumsum(flips.reshape(rows, columns + 1)[:, :columns], axis=1) % 2 == 1)


def _crossings(starts: Floats, ends: Floats, rows: int, columns: int) -> Iterator[NDArray[np.int64]]:
    """Yield, for every row that an edge crosses, the pixel from which on its row is on the other side of it."""
    upper, lower = np.minimum(starts[:, 1], ends[:, 1]), np.maximum(starts[:, 1], ends[:, 1])
    first = np.clip(np.ceil(upper), 0, rows).astype(np.int64)
    counts = np.clip(np.ceil(lower), 0, rows).astype(np.int64) - first
    for edges in _bundles(counts):
        spans = counts[edges]
        which = np.repeat(edges, spans)
        row = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(spans) - spans, spans)
        (x0, y0), (x1, y1) = starts[which].T, ends[which].T
        column = np.clip(np.ceil(x0 + (row - y0) * (x1 - x0) / (y1 - y0)), 0, columns - 1)
        yield row * columns + column.astype(np.int64)


def _bundles(counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield edges that cross rows, so many at once that they fit into memory."""
    edges = np.flatnonzero(counts > 0)
    if not len(edges):
        return
    groups = np.cumsum(counts[edges]) // _AT_ONCE
    yield from np.split(edges, np.flatnonzero(np.diff(groups)) + 1)


def _values(structures: Sequence[Structure]) -> list[int]:
    """Return a label value for each structure: its number, or its place where the numbers are too large."""
    numbers = [structure.number for structure in structures]
    usable = len(set(numbers)) == len(numbers) and all(0 < number <= MAX_VALUE for number in numbers)
    return numbers if usable else list(range(1, len(numbers) + 1))


# -------------------------------------------------------------------- one structure


def _planes(structure: Structure, geometry: Geometry, findings: list[Finding], check: Callable[[], None]) -> Planes:
    """Return the pixels of a structure by slice; what cannot be filled becomes a finding."""
    closed = [contour for contour in structure.contours if contour.is_closed]
    _say_open(structure, len(structure.contours) - len(closed), findings)
    nx, ny, nz = geometry.size
    by_slice, said = _by_slice(structure, closed, geometry)
    findings += said
    planes = {}
    for index, polygons in by_slice.items():
        check()
        if 0 <= index < nz:
            planes[index] = inside(polygons, (ny, nx))
    return planes


def _by_slice(
    structure: Structure, contours: Sequence[Contour], geometry: Geometry
) -> tuple[dict[int, list[Floats]], list[Finding]]:
    """Return the polygons of each slice, in pixels; where several planes lie at a slice, the nearest."""
    planes: dict[int, dict[float, list[Floats]]] = {}
    aside = outside = beyond = 0
    nx, ny, nz = geometry.size
    for contour in contours:
        index = geometry.world_to_index(contour.points)
        height = float(index[:, 2].mean())
        nearest = int(nearest_slice(height))
        if nz > 1 and float(np.abs(index[:, 2] - height).max()) > FLAT:
            aside += 1
        elif not 0 <= nearest < nz:
            outside += 1
        else:
            low, high = index[:, :2].min(axis=0), index[:, :2].max(axis=0)
            last = np.array([nx, ny]) - 0.5
            beyond += bool(np.any(low < -0.5 - _ROUNDING) or np.any(high > last + _ROUNDING))
            key = next((k for k in planes.get(nearest, ()) if abs(k - height) < FLAT / 2), height)
            planes.setdefault(nearest, {}).setdefault(key, []).append(index[:, :2])
    kept = {k: min(found, key=lambda height, k=k: abs(height - k)) for k, found in planes.items()}  # type: ignore[misc]
    between = sum(abs(height - k) > _BETWEEN for k, height in kept.items())
    dropped = sum(len(polygons) for k, found in planes.items() for h, polygons in found.items() if h != kept[k])
    said = _said(structure, aside, outside, beyond, between, dropped)
    return {k: planes[k][height] for k, height in kept.items()}, said


def _say_open(structure: Structure, count: int, findings: list[Finding]) -> None:
    if count:
        said = tr_count("“{name}” has {count} contour that is open or a point: it encloses nothing and is not in the "
                        "labels.", "“{name}” has {count} contours that are open or points: they enclose nothing and "
                        "are not in the labels.", count, name=structure.name)  # fmt: skip
        findings.append(Finding("open-contour", said))
    elif not structure.contours:
        said = tr("“{name}” has no contours: its label is empty.", name=structure.name)
        findings.append(Finding("empty-structure", said, "info"))


def _said(structure: Structure, aside: int, outside: int, beyond: int, between: int, dropped: int) -> list[Finding]:
    """Say what of the contours did not become labels as it was drawn."""
    name, found = structure.name, []
    if aside:
        said = tr_count("{count} contour of “{name}” is not parallel to the slices of the image and left out.",
                        "{count} contours of “{name}” are not parallel to the slices of the image and left out.",
                        aside, name=name)  # fmt: skip
        found.append(Finding("contour-aside", said))
    if outside:
        said = tr_count("{count} contour of “{name}” lies above or below the image and is left out.",
                        "{count} contours of “{name}” lie above or below the image and are left out.",
                        outside, name=name)  # fmt: skip
        found.append(Finding("contour-outside", said))
    if beyond:
        said = tr_count("{count} contour of “{name}” reaches beyond the image: its label ends there.",
                        "{count} contours of “{name}” reach beyond the image: its label ends there.",
                        beyond, name=name)  # fmt: skip
        found.append(Finding("contour-outside", said))
    if between:
        said = tr_count("“{name}” was drawn between slices: on {count} slice the label is that of the nearest contour.",
                        "“{name}” was drawn between slices: on {count} slices the label is that of the nearest "
                        "contour.", between, name=name)  # fmt: skip
        found.append(Finding("contour-between", said))
    if dropped:
        said = tr_count("“{name}” was drawn on more planes than the image has slices: {count} contour is left out.",
                        "“{name}” was drawn on more planes than the image has slices: {count} contours are left out.",
                        dropped, name=name)  # fmt: skip
        found.append(Finding("contour-between", said))
    return found
