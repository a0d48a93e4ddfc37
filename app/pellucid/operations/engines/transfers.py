"""Transfer functions: which share of the amplitude of each frequency a filter leaves.

All have half the amplitude at their cut-off, so that another shape keeps the same limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.operations.engines.waves import Metric, Transfer, squared_frequency
from pellucid.operations.pixels import Array


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
        # asarray: of a single voxel it would be a number, in which nothing can be set
        share = np.asarray(1.0 - low_share(squared, longest, shape, order)) if longest else np.ones_like(squared)
        if shortest:
            share *= low_share(squared, shortest, shape, order)
        if keep_mean:
            share[squared == 0] = 1.0
        return np.asarray(share)

    return transfer
