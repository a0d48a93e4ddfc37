"""Lengths, angles and areas of annotations on the grid of the layer they measure.

Millimetres need a known spacing along every voxel axis a line or region uses; otherwise lengths are in px,
counted along the voxel axes. A spacing that holds at the detector of a projection says so in its unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pellucid.language import mark, tr
from pellucid.model.annotations import BOXED, Annotation, Kind
from pellucid.model.gaps import ACROSS, crosses_gap
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.shapes import box, flat_points, outline, to_plane, to_world

AS_DRAWN = mark("The spacing is unknown: the angle is that on the screen.")
CROSSING = mark("The outline crosses itself: only what lies inside an odd number of times is counted.")
_FINE_SIDES = 1024
_UNUSED = 1e-6  # share of a line that rounding may spend on an axis it does not use
_SCANS = 4096


@dataclass(frozen=True)
class Measurement:
    """A number with its unit: ``quantity`` is length, angle, obtuse angle, area, perimeter, width or height."""

    quantity: str
    value: float
    unit: str
    note: str = ""

    @property
    def text(self) -> str:
        """Return the value for reading; below a tenth of a millimetre in µm."""
        value, unit = self.value, self.unit
        if unit.startswith("mm") and 0 < abs(value) < (0.01 if "²" in unit else 0.1):
            value, unit = value * (1e6 if "²" in unit else 1e3), unit.replace("mm", "µm", 1)
        joint = "" if unit == "°" else " "
        return f"{written(value)}{joint}{unit}"


def written(value: float) -> str:
    """Write a measured number: whole from 1000 on, one decimal from 10 on, two from 1 on, else three figures."""
    size = abs(value)
    if not np.isfinite(value):
        return tr("not a number")
    decimals = 0 if size >= 999.95 else 1 if size >= 9.995 else 2
    text = f"{value:.{decimals}f}" if size >= 0.9995 or size == 0 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text


def length_unit(geometry: Geometry, world: ArrayLike) -> str:
    """Return the unit of lengths along a line of world points (n, 3): mm, mm at detector, or px."""
    steps = np.diff(geometry.world_to_index(np.asarray(world, dtype=np.float64)), axis=0)
    return _unit(geometry, np.abs(steps).sum(axis=0))


def _unit(geometry: Geometry, used: Floats) -> str:
    axes = used > _UNUSED * max(float(used.max(initial=0.0)), 1e-30)
    known = np.array(geometry.known_spacing)
    if not known[axes].all() or not (axes.any() or geometry.has_lengths):
        return "px"
    return tr("mm at detector") if geometry.at_detector else "mm"


def line_length(geometry: Geometry, world: ArrayLike) -> tuple[float, str]:
    """Return the length of a line through world points (n, 3), and its unit."""
    points = np.asarray(world, dtype=np.float64)
    unit = length_unit(geometry, points)
    measured = geometry.world_to_index(points) if unit == "px" else points
    return float(np.linalg.norm(np.diff(measured, axis=0), axis=1).sum()), unit


@lru_cache(maxsize=4096)
def measure(annotation: Annotation, geometry: Geometry) -> tuple[Measurement, ...]:
    """Return what the shape of an annotation measures, the most important number first."""
    if not annotation.is_complete:
        return ()
    if annotation.is_line:
        note = ACROSS if crosses_gap(geometry, annotation.points) else ""
        return (Measurement("length", *line_length(geometry, annotation.points), note),)
    if annotation.kind is Kind.ANGLE:
        first, vertex, last = map(np.array, annotation.points)
        return (Measurement("angle", _angle(first - vertex, last - vertex), "°", _angle_note(annotation, geometry)),)
    if annotation.kind is Kind.COBB:
        return _cobb(annotation, geometry)
    if annotation.is_region:
        return _region(annotation, geometry)
    return ()


def _angle(first: Floats, second: Floats) -> float:
    """Return the angle between two vectors, 0 to 180 degrees; 0 when one has no length."""
    across = float(np.linalg.norm(np.cross(first, second)))
    return float(np.degrees(np.arctan2(across, float(first @ second))))


def _angle_note(annotation: Annotation, geometry: Geometry) -> str:
    return AS_DRAWN if length_unit(geometry, annotation.points) == "px" else ""


def _cobb(annotation: Annotation, geometry: Geometry) -> tuple[Measurement, ...]:
    """Return the acute angle between both lines (0 to 90°, whichever way they were drawn), then the obtuse one.

    A Cobb angle above 90° is therefore the second number.
    """
    a, b, c, d = map(np.array, annotation.points)
    angle, note = _angle(b - a, d - c), _angle_note(annotation, geometry)
    acute = min(angle, 180.0 - angle)
    return Measurement("angle", acute, "°", note), Measurement("obtuse angle", 180.0 - acute, "°", note)


def _region(annotation: Annotation, geometry: Geometry) -> tuple[Measurement, ...]:
    world = to_world(annotation, outline(annotation, _FINE_SIDES))
    perimeter, unit = line_length(geometry, world)
    flat, crosses = flat_points(annotation), crosses_itself(annotation)
    if annotation.kind in BOXED:
        left, top, right, bottom = box(annotation)
        area = (right - left) * (bottom - top) * (1.0 if annotation.kind is Kind.RECTANGLE else np.pi / 4)
    else:
        area = odd_area(flat) if crosses else polygon_area(flat)
    if unit == "px":
        area *= _pixels_per_area(annotation, geometry)
    square = unit.replace("mm", "mm²", 1).replace("px", "px²", 1)
    gap = ACROSS if crosses_gap(geometry, world) else ""
    found = [Measurement("area", float(area), square, CROSSING if crosses else gap)]
    found.append(Measurement("perimeter", perimeter, unit))
    if annotation.kind in BOXED:
        corners = to_world(annotation, [(left, top), (right, top), (right, bottom)])
        for quantity, ends in (("width", corners[:2]), ("height", corners[1:])):
            found.append(Measurement(quantity, *_length_as(geometry, ends, unit)))
    return tuple(found)


def outline_area(annotation: Annotation, geometry: Geometry) -> Measurement:
    """Return the area of an outline of any number of points, quickly enough for every move of the mouse.

    Of an outline that crosses itself it is what lies to its one side less what lies to the other.
    """
    unit = length_unit(geometry, annotation.points)
    area = polygon_area(to_plane(annotation, annotation.points))
    if unit == "px":
        area *= _pixels_per_area(annotation, geometry)
    return Measurement("area", area, unit.replace("mm", "mm²", 1).replace("px", "px²", 1))


def _length_as(geometry: Geometry, ends: Floats, unit: str) -> tuple[float, str]:
    measured = geometry.world_to_index(ends) if unit == "px" else ends
    return float(np.linalg.norm(measured[1] - measured[0])), unit


def _pixels_per_area(annotation: Annotation, geometry: Geometry) -> float:
    """Return how many square voxel steps one square of the plane has."""
    inverse = np.linalg.inv(geometry.affine[:3, :3])
    return float(np.linalg.norm(np.cross(inverse @ annotation.right, inverse @ annotation.down)))


def polygon_area(flat: Floats) -> float:
    """Return the area of a polygon, shape (n, 2), that does not cross itself (Gauss's shoelace formula)."""
    x, y = (flat - flat[0]).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def odd_area(flat: Floats) -> float:
    """Return the area that lies inside a polygon an odd number of times, to 0.1 %."""
    low, high = flat[:, 1].min(), flat[:, 1].max()
    rows = low + (np.arange(_SCANS) + 0.5) * (high - low) / _SCANS
    total = 0.0
    for part in np.array_split(rows, max(1, len(flat) * _SCANS >> 20)):
        at = np.sort(crossings(flat, part), axis=1)
        finite = np.isfinite(at)
        signs = np.where(np.arange(at.shape[1]) % 2, 1.0, -1.0)
        total += float((np.where(finite, at, 0.0) * signs).sum())
    return total * float(high - low) / _SCANS


def crossings(flat: Floats, rows: Floats) -> Floats:
    """Return where the edges of a polygon (n, 2) cross horizontal lines, shape (rows, n); inf where not.

    The lower end of an edge counts and the upper does not, so every line crosses an even number of edges.
    """
    x1, y1 = flat.T
    x2, y2 = np.roll(flat, -1, axis=0).T
    y = rows[:, None]
    hit = (y1 <= y) != (y2 <= y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x1 + (y - y1) * ((x2 - x1) / (y2 - y1))
    return np.where(hit, at, np.inf)


@lru_cache(maxsize=4096)
def crosses_itself(annotation: Annotation) -> bool:
    """Return whether two edges of a polygon or freehand region cross."""
    flat = flat_points(annotation)
    if annotation.kind in BOXED or not annotation.is_region or len(flat) < 4:
        return False
    end = np.roll(flat, -1, axis=0)
    step = end - flat

    def side(points: Floats) -> Floats:
        """Return on which side of each edge (rows) points (columns) lie."""
        away = points[None] - flat[:, None]
        return np.sign(step[:, None, 0] * away[..., 1] - step[:, None, 1] * away[..., 0])

    apart = side(flat) * side(end) < 0
    return bool((apart & apart.T).any())
