"""The values of an image along a line, interpolated linearly between voxel centres."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.histogram import counted
from pellucid.model.measuring import line_length
from pellucid.model.volume import Volume

_MOST_SAMPLES = 1 << 16


@dataclass(frozen=True, eq=False)
class Profile:
    """Values along a line: ``distance`` (n,) in ``unit``, ``values`` (n, c); NaN outside the image and in padding."""

    distance: Floats
    unit: str
    values: Floats
    value_unit: str = ""


def line_profile(volume: Volume, world: ArrayLike, measured: Geometry | None = None) -> Profile:
    """Return the values along a line through world points (n, 3), sampled at most half a voxel apart.

    PET is told in SUV where that is known.
    Distances are those on the grid ``measured`` (the image's own unless given), so that several images share
    one axis.
    """
    points = np.asarray(world, dtype=np.float64)
    length, unit = line_length(measured or volume.geometry, points)
    corners = volume.geometry.world_to_index(points)
    pieces = [points[:1]]
    for n, (first, last) in enumerate(pairwise(corners)):
        longest = float(np.linalg.norm(last - first))
        count = int(np.clip(np.ceil(2 * longest - 1e-9), 1, _MOST_SAMPLES))
        share = np.arange(1, count + 1)[:, None] / count
        pieces.append(points[n] + share * (points[n + 1] - points[n]))
    samples = np.concatenate(pieces)
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(samples, axis=0), axis=1))])
    if unit == "px":
        steps = np.diff((measured or volume.geometry).world_to_index(samples), axis=0)
        travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])
    if travelled[-1] > 0:
        travelled *= length / travelled[-1]
    factor, told = volume.told_in
    values = interpolated(volume, volume.geometry.world_to_index(samples))
    return Profile(travelled, unit, values if factor == 1 else values * factor, told)


def interpolated(volume: Volume, index: Floats) -> Floats:
    """Return the values, shape (n, c), at continuous indices (n, 3), linear between voxel centres.

    Within half a voxel beyond the outermost centres the outermost value holds; farther out there is NaN.
    """
    size = np.array(volume.geometry.size)
    outside = np.any((index < -0.5 - 1e-6) | (index > size - 0.5 + 1e-6), axis=1)
    at = np.clip(index, 0, size - 1)
    low = np.minimum(np.floor(at).astype(np.intp), np.maximum(size - 2, 0))
    share = at - low
    total = np.zeros((len(index), volume.components))
    for corner in product((0, 1), repeat=3):
        weight = np.prod(np.where(corner, share, 1 - share), axis=1)
        used = weight > 1e-12
        x, y, z = np.minimum(low + corner, size - 1)[used].T
        total[used] += weight[used, None] * _numbers(volume, volume.array[z, y, x])
    total[outside] = np.nan
    return total


def _numbers(volume: Volume, values: NDArray[Any]) -> Floats:
    """Return values (n, c) as floats, NaN where they are padding."""
    columns = values.reshape(len(values), volume.components)
    valid = counted(columns, volume.padding)
    numbers = columns.astype(np.float64)
    return numbers if valid is None else np.where(valid, numbers, np.nan)
