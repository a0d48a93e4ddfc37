"""Transfer functions: which share of the amplitude of each frequency a filter leaves.

All have half the amplitude at their cut-off, so that another shape keeps the same limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.pixels import Array
from pellucid.operations.waves import Metric, Transfer, squared_frequency

Vector = tuple[float, float]
"""A frequency in a slice in cycles per mm: along the rows, and at right angles to them towards the next row."""


def low_share(squared: Array, period: float, shape: str, order: int) -> Array:
    """Return what a low pass leaves of squared frequencies per mm; ``period`` (mm) is its cut-off."""
    ratio = squared * period**2
    if shape == "ideal":
        return (ratio <= 1).astype(np.float64)
    if shape == "butterworth":
        return np.asarray(1 / (1 + ratio**order))
    return np.exp2(-ratio)


def low_pass(metric: Metric, period: float, shape: str, order: int) -> Transfer:
    """Return the transfer function that keeps what is longer than a period."""
    return lambda frequencies: low_share(squared_frequency(frequencies, metric), period, shape, order)


def band_pass(
    metric: Metric, shortest: float, longest: float | None, shape: str, order: int, keep_mean: bool
) -> Transfer:
    """Return the transfer function that keeps what lies between two periods in mm; 0 or None leaves a side open."""

    def transfer(frequencies: Sequence[Array]) -> Array:
        squared = squared_frequency(frequencies, metric)
        share = 1.0 - low_share(squared, longest, shape, order) if longest else np.ones_like(squared)
        if shortest:
            share *= low_share(squared, shortest, shape, order)
        if keep_mean:
            share[squared == 0] = 1.0
        return np.asarray(share)

    return transfer


def notches(steps: NDArray[np.float64], patterns: Sequence[Vector], width: float) -> Transfer:
    """Return the transfer function that takes patterns out; half is left at ``width`` times their frequency from them.

    ``steps`` are those of ``plane_steps``. The mean stays.
    """
    inverse = np.linalg.inv(steps).T

    def transfer(frequencies: Sequence[Array]) -> Array:
        _, v, u = frequencies
        along, across = inverse[0, 0] * u + inverse[0, 1] * v, inverse[1, 0] * u + inverse[1, 1] * v
        share = np.ones(np.broadcast_shapes(u.shape, v.shape))
        for p, q in patterns:
            radius = (width * width) * (p * p + q * q)
            for sign in (1, -1):
                share *= 1.0 - np.exp2(-((along - sign * p) ** 2 + (across - sign * q) ** 2) / radius)
        share[(u == 0) & (v == 0)] = 1.0
        return share

    return transfer


def plane_steps(image: Any) -> NDArray[np.float64]:
    """Return the steps (mm) from voxel to voxel in a slice, columns x and y, in the directions of ``Vector``."""
    dimension = image.GetDimension()
    directions = np.array(image.GetDirection()).reshape(dimension, dimension)
    x, y = (directions[:, axis] * image.GetSpacing()[axis] for axis in range(2))
    along = x / np.linalg.norm(x)
    shift = float(y @ along)
    return np.array([[np.linalg.norm(x), shift], [0.0, np.sqrt(max(float(y @ y) - shift**2, 0.0))]])


def pattern_of(period: float, angle: float) -> Vector:
    """Return the frequency of a pattern that repeats after ``period`` mm at an angle (degrees) to the rows."""
    turned = np.deg2rad(angle)
    return float(np.cos(turned) / period), float(np.sin(turned) / period)
