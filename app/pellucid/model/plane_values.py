"""The values of a layer inside a rectangle of a plane, pixel by pixel as they are stored."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Geometry
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import PlaneImage

Corner = tuple[float, float]
MOST = 1 << 17
"""Pixels that tell a window as well as all of them would."""


def values_inside(
    image: PlaneImage, first: Corner, second: Corner, frame: PlaneFrame, index: int, geometry: Geometry
) -> NDArray[Any]:
    """Return the values (n[, c]) of the pixels whose centres lie between two corners in plane coordinates (mm).

    A rectangle smaller than a pixel gives the pixel it lies in; of one with more than ``MOST`` pixels every second
    (third, …) row and column counts, so that a window can follow the mouse over the largest slice. ``frame`` and
    ``index`` say where the plane lies, so that pixels of a resampled picture that are outside of the layer's own
    grid are left out.
    """
    a, b, c, d, e, f = image.transform
    left, right = sorted((first[0], second[0]))
    top, bottom = sorted((first[1], second[1]))
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]]) - (c, f)
    column, row = np.linalg.solve(np.array([[a, b], [d, e]]), corners.T)
    rows, columns = (_span(place, count) for place, count in zip((row, column), image.array.shape, strict=False))
    step = max(1, math.ceil(math.sqrt(_length(rows) * _length(columns) / MOST)))
    rows, columns = (slice(place.start, place.stop, step) for place in (rows, columns))
    y, x = np.ogrid[rows, columns]
    u, v = a * x + b * y + c, d * x + e * y + f
    inside = (left <= u) & (u <= right) & (top <= v) & (v <= bottom)
    if not inside.any():
        inside = np.hypot(u - (left + right) / 2, v - (top + bottom) / 2) <= max(image.pixel_mm) / 2
    if image.axis < 0 and inside.any():
        inside[inside] = _in_grid(u[inside], v[inside], frame, index, geometry)
    chosen: NDArray[Any] = image.array[rows, columns][inside]
    return chosen


def _span(places: NDArray[np.float64], count: int) -> slice:
    """Return the pixels between the outermost places, and one around them, that there are."""
    first = min(max(int(np.floor(places.min())), 0), count)
    return slice(first, max(min(int(np.ceil(places.max())) + 1, count), first))


def _length(places: slice) -> int:
    return max(0, int(places.stop - places.start))


def _in_grid(
    u: NDArray[np.float64], v: NDArray[np.float64], frame: PlaneFrame, index: int, geometry: Geometry
) -> NDArray[np.bool_]:
    origin = frame.world_at(0.0, 0.0, index)
    world = origin + np.outer(u, frame.right) + np.outer(v, frame.down)
    place = np.asarray(geometry.world_to_index(world))
    return np.asarray(((place >= -0.5) & (place < np.array(geometry.size) - 0.5)).all(axis=1))
