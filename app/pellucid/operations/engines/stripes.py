"""The engine that takes patterns out of slices: each is turned into a constant, smoothed, turned back and subtracted.

Multiplied with its own wave a pattern stands still, whatever its direction. Smoothed then, and mirrored at the border,
it stays as it is right up to the border, where a filter of the mirrored picture would see the stripes bend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.pixels import Array, store, work_type

Vector = tuple[float, float]
"""A frequency in a slice in cycles per mm: along the rows, and at right angles to them towards the next row."""
_COARSE = 3.5
"""What is so many times as long as the pattern is left out before: the picture itself, above all its mean."""
_HALF = math.sqrt(2 * math.log(2)) / (2 * math.pi)
"""A Gaussian of so many mm leaves half the amplitude of 1 cycle per mm."""


def plane_steps(image: Any) -> NDArray[np.float64]:
    """Return the steps (mm) from voxel to voxel in a slice, columns x and y, in the directions of ``Vector``."""
    dimension = image.GetDimension()
    directions = np.array(image.GetDirection()).reshape(dimension, dimension)
    x, y = (directions[:, axis] * image.GetSpacing()[axis] for axis in range(2))
    along = x / np.linalg.norm(x)
    shift = float(y @ along)
    return np.array([[np.linalg.norm(x), shift], [0.0, math.sqrt(max(float(y @ y) - shift**2, 0.0))]])


def pattern_of(period: float, angle: float) -> Vector:
    """Return the frequency of a pattern that repeats after ``period`` mm at an angle (degrees) to the rows."""
    turned = math.radians(angle)
    return math.cos(turned) / period, math.sin(turned) / period


def take_out(
    values: Array,
    out: Array,
    steps: NDArray[np.float64],
    patterns: Sequence[Vector],
    width: float,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Fill ``out`` with a slice (y, x[, c]) without its patterns, one after the other.

    ``steps`` are those of ``plane_steps``; half is left at ``width`` times the frequency of a pattern away from it.
    """
    rest = values.astype(work_type(values.dtype))
    for pattern in patterns:
        check()
        rest -= _pattern(rest, steps, pattern, width, check)
    store(rest, out)


def without_patterns(array: Array, steps: NDArray[np.float64], patterns: Sequence[Vector], width: float) -> Array:
    """Return an array (z, y, x[, c]) whose slices have lost their patterns."""
    out = np.empty_like(array)
    for values, target in zip(array, out, strict=True):
        take_out(values, target, steps, patterns, width)
    return out


def _pattern(
    values: Array, steps: NDArray[np.float64], pattern: Vector, width: float, check: Callable[[], None]
) -> Array:
    """Return what a slice holds of a pattern."""
    from scipy import ndimage

    frequency = math.hypot(*pattern)
    lengths = np.array([*reversed(np.linalg.norm(steps, axis=0)), *[np.inf] * (values.ndim - 2)])
    fine = values - ndimage.gaussian_filter(values, _HALF * _COARSE / frequency / lengths, mode="reflect")
    check()
    u, v = steps.T @ pattern
    across = np.exp(-2j * np.pi * u * np.arange(values.shape[1]))
    down = np.exp(-2j * np.pi * v * np.arange(values.shape[0]))
    wave = (down[:, np.newaxis] * across).astype(np.result_type(values, np.complex64))
    wave = wave.reshape(*wave.shape, *(1,) * (values.ndim - 2))
    still = ndimage.gaussian_filter(fine * wave, _HALF / (width * frequency) / lengths, mode="reflect")
    check()
    return np.asarray(2 * (still * wave.conj()).real)
