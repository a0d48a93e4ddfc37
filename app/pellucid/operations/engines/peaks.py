"""The search for patterns that repeat across the slices: peaks of the spectrum that stand out of their surroundings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.engines.spectra import hann
from pellucid.operations.engines.stripes import Vector
from pellucid.operations.pixels import Array

_SLICES_LOOKED_AT = 16
_AROUND, _ALONG = 15, 21  # frequencies
_STANDS_OUT = 6.0
"""A pattern is at least so many times as strong as what is usual; noise alone hardly ever is."""
_SLOWEST = 4
"""Patterns that repeat less often across a slice are taken for the picture itself."""
_APART = 4
"""A peak under a Hann window is about so many frequencies wide."""


def strongest_patterns(
    array: Array, steps: NDArray[np.float64], count: int, check: Callable[[], None] = lambda: None
) -> list[Vector]:
    """Return the frequencies of up to ``count`` patterns that stand out of the slices, the strongest first.

    ``steps`` are those of ``plane_steps``. Amplitudes are the root mean square over some slices.
    """
    amplitude = _mean_amplitude(array, check)
    height, width = amplitude.shape
    inverse = np.linalg.inv(steps).T
    v, u = np.fft.fftfreq(height)[:, np.newaxis], np.fft.fftfreq(width)[np.newaxis]
    strength = _strength(amplitude)
    strength[np.hypot(u * width, v * height) < _SLOWEST] = 0.0
    strength[(v < 0) | ((v == 0) & (u < 0))] = 0.0  # each pattern is there twice
    found: list[Vector] = []
    while len(found) < count and strength.max() >= _STANDS_OUT:
        check()
        row, column = (int(place) for place in np.unravel_index(strength.argmax(), strength.shape))
        y, x = row + _summit(amplitude[:, column], row), column + _summit(amplitude[row], column)
        p, q = inverse @ (_signed(x, width), _signed(y, height))
        found.append((float(p), float(q)))
        strength[np.ix_(_near(row, height), _near(column, width))] = 0.0
    return found


def _strength(amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return amplitudes as multiples of what is usual around them, and along the row and the column through them.

    Usual is the geometric mean, which a peak hardly lifts. A sharp edge of the picture makes a bright line through the
    spectrum; no place on it stands out of the line.
    """
    from scipy import ndimage

    logarithms = np.log(np.maximum(amplitude, amplitude.max() * 1e-12 + 1e-300))
    usual = ndimage.uniform_filter(logarithms, _AROUND, mode="wrap")
    for axis in (0, 1):
        np.maximum(usual, ndimage.uniform_filter1d(logarithms, _ALONG, axis, mode="wrap"), out=usual)
    return np.asarray(np.exp(logarithms - usual))


def _mean_amplitude(array: Array, check: Callable[[], None]) -> NDArray[np.float64]:
    """Return the root mean square of the spectra of some slices and all colours, under a Hann window."""
    from scipy import fft

    depth, height, width = array.shape[:3]
    taper = np.outer(hann(height), hann(width))
    power = np.zeros((height, width))
    for z in np.unique(np.linspace(0, depth - 1, _SLICES_LOOKED_AT).round().astype(int)):
        for values in np.moveaxis(array[z].reshape(height, width, -1), 2, 0).astype(np.float64):
            check()
            power += np.abs(fft.fft2((values - values.mean()) * taper)) ** 2
    return np.sqrt(power)


def _summit(line: NDArray[np.float64], place: int) -> float:
    """Return how far from a place the top of the parabola through the logarithms of it and its neighbours lies."""
    before, here, after = np.log(np.maximum(line.take((place - 1, place, place + 1), mode="wrap"), 1e-300))
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _signed(place: float, count: int) -> float:
    """Return the frequency per voxel of a place in a spectrum, between -1/2 and 1/2."""
    return float((place / count + 0.5) % 1.0 - 0.5)


def _near(place: int, count: int) -> NDArray[np.intp]:
    """Return the places around one, round the end of a spectrum."""
    return np.arange(place - _APART, place + _APART + 1) % count
