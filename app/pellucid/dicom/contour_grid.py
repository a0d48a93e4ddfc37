"""A grid for contours whose image is not there: their planes are its slices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pellucid.dicom.geometry import JITTER
from pellucid.dicom.structure_sets import Structure
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Floats, Geometry

_FINEST, _MOST_PIXELS, _MOST_SLICES = 0.25, 512, 8192
_MARGIN = 2
_SAME_PLANE, _SNAP = 0.02, 1e-3


def grid_of(structures: Sequence[Structure]) -> tuple[Geometry, Finding]:
    """Return a grid that holds all closed contours, and the sentence that says what it is; Refused without any."""
    contours = [contour.points for one in structures for contour in one.contours if contour.is_closed]
    if not contours:
        raise Refused(tr("The structures have no closed contours: there is nothing to make labels of."))
    axes = _axes(contours)
    points = np.concatenate(contours) @ axes
    spacing = _FINEST
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    while float((high - low).max()) / spacing > _MOST_PIXELS - 2 * _MARGIN - 1:
        spacing *= 2
    first = np.floor(low / spacing) - _MARGIN
    nx, ny = (int(n) for n in np.ceil(high / spacing) + _MARGIN + 1 - first)
    planes = _planes((contour @ axes)[:, 2].mean() for contour in contours)
    step, count, positions = _steps(planes)
    origin = axes @ np.array([*(first * spacing), planes[0]])
    frames = [one.frame_of_reference for one in structures if one.contours]
    x, y, z = (float(value) for value in origin)
    a, b, c, d, e, f, g, h, i = (float(value) for value in axes.ravel())
    geometry = Geometry(
        (nx, ny, count), (spacing, spacing, step), (x, y, z), (a, b, c, d, e, f, g, h, i),
        known_spacing=(True, True, len(planes) > 1), slice_positions=positions,
        frame_of_reference=frames[0] if frames else "",
    )  # fmt: skip
    said = tr("The image that the structures were drawn on is not open: their labels lie on a grid made for the "
              "contours, of {x}×{y}×{z} voxels of {across:g} mm.", x=nx, y=ny, z=count, across=spacing)  # fmt: skip
    return geometry, Finding("own-grid", said, "info")


def _axes(contours: Sequence[Floats]) -> Floats:
    """Return the axes of the grid as columns: last the normal of the largest contour, before it the patient's."""
    normal = max((_area(points) for points in contours), key=lambda area: float(np.linalg.norm(area)))
    length = float(np.linalg.norm(normal))
    normal = normal / length if length > 0 else np.array([0.0, 0.0, 1.0])
    normal = np.where(np.abs(normal) < _SNAP, 0.0, normal)
    normal *= np.sign(normal[np.argmax(np.abs(normal))]) / np.linalg.norm(normal)
    across = np.array([1.0, 0, 0]) if abs(normal[0]) < 0.9 else np.array([0, 1.0, 0])
    right = across - (across @ normal) * normal
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(normal, right), normal], axis=1)


def _area(points: Floats) -> Floats:
    """Return the normal of a contour, as long as its area is large (Newell's method)."""
    from_first = points - points[0]
    return np.asarray(0.5 * np.cross(from_first, np.roll(from_first, -1, axis=0)).sum(axis=0))


def _planes(heights: Iterable[float]) -> Floats:
    """Return the heights of the planes, those that are the same only once."""
    ordered = np.sort(np.fromiter(heights, np.float64))
    return ordered[np.concatenate([[True], np.diff(ordered) > _SAME_PLANE])]


def _steps(planes: Floats) -> tuple[float, int, tuple[float, ...] | None]:
    """Return the distance of slices, how many there are, and their true places where they are uneven."""
    if len(planes) == 1:
        return 1.0, 1, None
    along = planes - planes[0]
    gaps = np.diff(planes)
    counts = np.rint(gaps / gaps.min())
    total = int(counts.sum())
    step = float(along[-1] / total)
    if total < _MOST_SLICES and float(np.abs(along[1:] - np.cumsum(counts) * step).max()) <= JITTER:
        return step, total + 1, None
    return float(np.median(gaps)), len(planes), tuple(along.tolist())
