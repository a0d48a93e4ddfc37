"""The way along the edges of a picture from one pixel to any other: what a live wire follows.

Each step between neighbours costs its length times the mean cost of both pixels, which is low where the gradient is
steep and where the Laplacian changes its sign. All ways from a pixel are found at once, within a window around it.

Source: Mortensen and Barrett (1995), "Intelligent scissors for image composition"; Dijkstra (1959).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats
from pellucid.model.slicing import PlaneImage

HALF = 176
"""Pixels to each side of where the wire is fixed in which it finds its way: 25 ms to compute."""
_SIGMA = 1.0  # pixels
_STEEP = 98.0  # percentile of the gradient in the window that costs nothing more
_GRADIENT, _CROSSING, _LEAST = 0.8, 0.2, 0.02
_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


@dataclass(frozen=True, eq=False)
class Tracks:
    """The cheapest ways from one pixel, the ``seed`` (row, column), to all others of a window of a picture.

    ``matrix`` and ``start`` take (column, row) of the window to plane coordinates. ``before`` holds for every pixel
    the one before it on the way, and ``length`` what the way costs.
    """

    matrix: Floats
    start: Floats
    seed: tuple[int, int]
    strength: Floats
    before: NDArray[np.int32]
    length: Floats

    @property
    def place(self) -> tuple[float, float]:
        """Return the plane coordinates of the seed."""
        row, column = self.seed
        u, v = self._flat(np.array([[column, row]], np.float64))[0]
        return float(u), float(v)

    def _flat(self, pixels: Floats) -> Floats:
        return np.asarray(pixels @ self.matrix.T + self.start)

    def pixel(self, u: float, v: float) -> tuple[int, int]:
        """Return (row, column) of the pixel of the window nearest to plane coordinates."""
        column, row = np.linalg.solve(self.matrix, np.array([u, v]) - self.start)
        rows, columns = self.strength.shape
        return int(np.clip(round(row), 0, rows - 1)), int(np.clip(round(column), 0, columns - 1))

    def holds(self, u: float, v: float) -> bool:
        """Return whether a place lies in the window."""
        column, row = np.linalg.solve(self.matrix, np.array([u, v]) - self.start)
        rows, columns = self.strength.shape
        return bool(-0.5 <= row < rows - 0.5 and -0.5 <= column < columns - 0.5)

    def snapped(self, u: float, v: float, radius: float) -> tuple[float, float]:
        """Return the place of the steepest pixel within a radius of a place, or the place itself where all is even."""
        if not self.holds(u, v):
            return u, v
        pixel = np.linalg.norm(self.matrix, axis=0)
        row, column = steepest(self.strength, self.pixel(u, v), (radius / pixel[1], radius / pixel[0]))
        found = self._flat(np.array([[column, row]], np.float64))[0]
        return float(found[0]), float(found[1])

    def pixels_to(self, row: int, column: int) -> NDArray[np.intp]:
        """Return the pixels (n, 2) as (row, column) on the way from the seed to a pixel, both included."""
        columns = self.strength.shape[1]
        here, way = row * columns + column, []
        while here >= 0:
            way.append(here)
            here = int(self.before[here])
        return np.stack(np.divmod(np.array(way[::-1], np.intp), columns), axis=1)

    def way_to(self, u: float, v: float) -> Floats:
        """Return the line (n, 2) in plane coordinates from the seed (left out) to a place, rounded at its corners."""
        line = self._flat(self.pixels_to(*self.pixel(u, v))[:, ::-1].astype(np.float64))
        if len(line) > 2:
            line[1:-1] = (line[:-2] + 2 * line[1:-1] + line[2:]) / 4
        return np.concatenate([line[1:-1], [[u, v]]])


def tracks(image: PlaneImage, u: float, v: float, snap: float = 0.0) -> Tracks:
    """Return the cheapest ways from a place in plane coordinates; ``snap`` mm around it the steepest pixel is taken."""
    a, b, c, d, e, f = image.transform
    matrix, start = np.array([[a, b], [d, e]]), np.array([c, f])
    rows, columns = image.array.shape[:2]
    column, row = np.round(np.linalg.solve(matrix, np.array([u, v]) - start)).astype(int).tolist()
    row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
    top, left = max(0, row - HALF), max(0, column - HALF)
    part = image.array[top : row + HALF + 1, left : column + HALF + 1]
    steps = float(np.hypot(b, e)), float(np.hypot(a, d))
    strength, crossing = edges(_grey(part), steps)
    seed = steepest(strength, (row - top, column - left), (snap / steps[0], snap / steps[1]))
    length, before = _ways(costs(strength, crossing), steps, seed)
    return Tracks(matrix, start + matrix @ [left, top], seed, strength, before, length)


def _grey(values: NDArray[Any]) -> Floats:
    grey = values.mean(axis=2) if values.ndim == 3 else values
    grey = grey.astype(np.float64)
    finite = np.isfinite(grey)
    return grey if finite.all() else np.where(finite, grey, grey[finite].min() if finite.any() else 0.0)


def edges(values: Floats, steps: tuple[float, float]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the gradient of a picture and where its Laplacian crosses zero; ``steps`` are mm down and across."""
    from scipy import ndimage

    def derived(down: int, across: int) -> Floats:
        found = ndimage.gaussian_filter(values, _SIGMA, order=(down, across), mode="nearest")
        return np.asarray(found / (steps[0] ** down * steps[1] ** across))

    laplacian = derived(2, 0) + derived(0, 2)
    crossing = np.zeros(values.shape, bool)
    for here, there in (((slice(None, -1),), (slice(1, None),)),
                        ((slice(None), slice(None, -1)), (slice(None), slice(1, None)))):  # fmt: skip
        one, other = laplacian[here], laplacian[there]
        turns, nearer = one * other < 0, np.abs(one) <= np.abs(other)
        crossing[here] |= turns & nearer
        crossing[there] |= turns & ~nearer
    return np.hypot(derived(1, 0), derived(0, 1)), crossing


def costs(strength: Floats, crossing: NDArray[np.bool_]) -> Floats:
    """Return what it costs to pass a pixel, above 0 and about 1 at most."""
    steep = float(np.percentile(strength, _STEEP)) or 1.0
    flat = 1 - np.minimum(strength / steep, 1)
    return np.asarray(_LEAST + _GRADIENT * flat + _CROSSING * ~crossing)


def steepest(strength: Floats, pixel: tuple[int, int], radii: tuple[float, float]) -> tuple[int, int]:
    """Return the pixel (row, column) with the greatest gradient within an ellipse around one; the nearest of equals."""
    (row, column), reach = pixel, [int(radius) for radius in radii]
    top, left = max(0, row - reach[0]), max(0, column - reach[1])
    part = strength[top : row + reach[0] + 1, left : column + reach[1] + 1]
    y, x = np.ogrid[top - row : top - row + part.shape[0], left - column : left - column + part.shape[1]]
    away = (y / max(radii[0], 1e-9)) ** 2 + (x / max(radii[1], 1e-9)) ** 2
    found = np.where(away <= 1, part - 1e-9 * away * (part.max() or 1.0), -np.inf)
    if not found.max() > 0:
        return pixel
    y_best, x_best = np.unravel_index(int(np.argmax(found)), found.shape)
    return top + int(y_best), left + int(x_best)


def load_libraries() -> None:
    """Load what finding ways needs, which takes a moment the first time."""
    import scipy.ndimage
    import scipy.sparse.csgraph  # noqa: F401


def _ways(cost: Floats, steps: tuple[float, float], seed: tuple[int, int]) -> tuple[Floats, NDArray[np.int32]]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    rows, columns = cost.shape
    first, sources, targets, directions = _links(rows, columns)
    mean = float(np.sqrt(steps[0] * steps[1]))
    lengths = np.array([np.hypot(down * steps[0], across * steps[1]) / mean for down, across in _NEIGHBOURS])
    flat = cost.ravel()
    weights = (flat[sources] + flat[targets]) / 2 * lengths[directions]
    graph = csr_array((weights, targets, first), shape=(flat.size, flat.size))
    length, before = dijkstra(graph, indices=seed[0] * columns + seed[1], return_predecessors=True)
    return np.asarray(length).reshape(cost.shape), np.asarray(before, np.int32)


@lru_cache(maxsize=2)
def _links(rows: int, columns: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the links of every pixel to its neighbours, by rows: first link, then source, target and direction."""
    y, x = np.divmod(np.arange(rows * columns, dtype=np.int32), np.int32(columns))
    down, across = np.array(_NEIGHBOURS, np.int32).T
    beside_y, beside_x = y[:, None] + down, x[:, None] + across
    there = (beside_y >= 0) & (beside_y < rows) & (beside_x >= 0) & (beside_x < columns)
    source, direction = np.nonzero(there)
    first = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    targets = (beside_y * columns + beside_x)[there]
    return first, source.astype(np.int32), targets.astype(np.int32), direction.astype(np.int8)
