"""The shapes between two parallel outlines. Scripts carry this source along, so it is written to be read there."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage


def between(first: Any, last: Any, shares: Any, spacing: Any, method: str, *, follow: bool = False) -> Any:
    """Return one plane for each share (0: like ``first``, 1: like ``last``) of the way between two planes of 0 and 1.

    ``method`` is ``"distance"`` or ``"morphology"``; with ``follow`` both are laid over each other by their centres of
    mass, which move from one to the other.
    """
    centres = [np.array([0.0, 0.0])] * 2
    if follow:
        centres = [np.array(ndimage.center_of_mass(plane)) for plane in (first, last)]
    step = centres[1] - centres[0]
    both = np.argwhere((first > 0) | (last > 0))
    margin = np.ceil(np.abs(step)).astype(int) + 1
    lowest = np.maximum(both.min(axis=0) - margin, 0)
    highest = np.minimum(both.max(axis=0) + margin + 1, first.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(lowest, highest, strict=True))
    planes = []
    for share in shares:
        whole = np.zeros(first.shape, np.uint8)
        before = moved(first[box] > 0, np.rint(share * step))
        after = moved(last[box] > 0, np.rint((share - 1) * step))
        if method == "distance":
            blend = (1 - share) * signed_distance(before, spacing) + share * signed_distance(after, spacing)
            whole[box] = blend >= 0
        else:
            common = before & after
            whole[box] = shrunk(before, common, share, spacing) | shrunk(after, common, 1 - share, spacing)
        planes.append(whole)
    return planes


def moved(plane: Any, step: Any) -> Any:
    """Return a plane moved by whole rows and columns; what comes in from outside is empty."""
    result = np.zeros_like(plane)
    to, of = [], []
    for length, n in zip(plane.shape, step, strict=True):
        n = int(np.clip(n, -length, length))
        to.append(slice(max(n, 0), length + min(n, 0)))
        of.append(slice(max(-n, 0), length + min(-n, 0)))
    result[tuple(to)] = plane[tuple(of)]
    return result


def signed_distance(plane: Any, spacing: Any) -> Any:
    """Return the distance to the outline, positive inside; far away where there is none."""
    if not plane.any():
        return np.full(plane.shape, -1e9)
    outside = ndimage.distance_transform_edt(~plane, sampling=spacing)
    if plane.all():
        return np.full(plane.shape, 1e9)
    return ndimage.distance_transform_edt(plane, sampling=spacing) - outside


def shrunk(plane: Any, common: Any, share: float, spacing: Any) -> Any:
    """Return what is left of a plane that has gone a share of the way to the part it has in common with another."""
    if not common.any():
        return plane & (share < 0.5)
    to_common = ndimage.distance_transform_edt(~common, sampling=spacing)
    if plane.all():
        return to_common <= (1 - share) * to_common.max()
    to_outside = ndimage.distance_transform_edt(plane, sampling=spacing)
    return plane & (to_common <= (1 - share) * (to_common + to_outside))
