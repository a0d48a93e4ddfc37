"""Outlines of masks: polygons that enclose exactly the centres of the pixels of a mask, holes joined by keyholes.

The outline runs half-way between pixels inside and outside (marching squares), so that no centre of a pixel lies on
it and filling it by the even-odd rule gives the mask again. A hole is joined to the outline around it by a channel of
no width (the keyhole technique of PS3.3 C.8.8.6.3), which runs between two rows of pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats

Mask = NDArray[np.bool_]


def outlines(mask: Mask) -> Iterator[Floats]:
    """Yield a closed polygon (n, 2: column, row) for every connected part of a mask (rows, columns)."""
    from scipy import ndimage

    parts, _count = ndimage.label(mask)
    for number, box in enumerate(ndimage.find_objects(parts)):
        part = np.pad(parts[box] == number + 1, 1)
        offset = np.array([box[1].start - 1, box[0].start - 1], np.float64)
        yield without_straights(_joined(_rings(part))) + offset


def _rings(part: Mask) -> list[Floats]:
    """Return the outline of a connected part, and then those of its holes from top to bottom, as (column, row)."""
    from skimage.measure import find_contours

    found = [ring[:-1, ::-1] for ring in find_contours(part.astype(np.float64), 0.5, fully_connected="low")]
    outer = max(range(len(found)), key=lambda n: np.ptp(found[n], axis=0).max())
    holes = [ring for n, ring in enumerate(found) if n != outer]
    return [found[outer], *sorted(holes, key=_top)]


def _top(ring: Floats) -> tuple[float, float]:
    """Return row and column of the uppermost point, the one to the left of several."""
    n = np.lexsort((ring[:, 0], ring[:, 1]))[0]
    return float(ring[n, 1]), float(ring[n, 0])


def _joined(rings: list[Floats]) -> Floats:
    """Join holes to the outline: to the left of its uppermost point lies the outline or a hole joined already."""
    whole = rings[0]
    for hole in rings[1:]:
        row, column = _top(hole)
        start = int(np.flatnonzero((hole[:, 1] == row) & (hole[:, 0] == column))[0])
        turned = np.roll(hole, -start, axis=0)
        edge, point = _hit(whole, row, column)
        channel = [whole[: edge + 1], point[None], turned, turned[:1], point[None], whole[edge + 1 :]]
        whole = np.concatenate(channel)
    return whole


def _hit(ring: Floats, row: float, column: float) -> tuple[int, Floats]:
    """Return the edge that is met first on the way from a point to the left, and where."""
    starts, ends = ring, np.roll(ring, -1, axis=0)
    low, high = np.minimum(starts[:, 1], ends[:, 1]), np.maximum(starts[:, 1], ends[:, 1])
    met = np.flatnonzero((low <= row) & (row <= high))
    rise = ends[met, 1] - starts[met, 1]
    share = np.where(rise == 0, 0.0, (row - starts[met, 1]) / np.where(rise == 0, 1.0, rise))
    across = starts[met, 0] + share * (ends[met, 0] - starts[met, 0])
    level = rise == 0
    across = np.where(level, np.maximum(starts[met, 0], ends[met, 0]), across)
    left = np.where(across < column, across, -np.inf)
    best = int(np.argmax(left))
    return int(met[best]), np.array([left[best], row])


def without_straights(ring: Floats) -> Floats:
    """Return a ring without the points in the middle of straight lines; where it turns back it stays."""
    distinct = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
    before, after = distinct - np.roll(distinct, 1, axis=0), np.roll(distinct, -1, axis=0) - distinct
    turn: Any = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    onward = np.einsum("ij,ij->i", before, after) > 0
    return np.asarray(distinct[~((turn == 0) & onward)])
