"""The engine for the magnitude of spectra."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.engines.waves import Passes, Piece, pieces
from pellucid.operations.pixels import Array, work_type


def spectrum_passes(array: Array, out: Array, axes: tuple[int, ...], window: str, logarithm: bool) -> Passes:
    """Return the work that puts the spectrum of an array (z, y, x[, c]) into ``out``, frequency 0 in the middle."""
    depth, height, width = array.shape[:3]
    real = work_type(array.dtype)
    half = np.empty((depth, height, width // 2 + 1, *array.shape[3:]), np.result_type(real, np.complex64))

    def first(piece: Piece) -> None:
        from scipy import fft

        values = array[piece].astype(real)
        for axis in axes if window == "hann" else ():
            taper = hann(array.shape[axis])[piece[axis]].astype(real)
            values *= taper.reshape([-1 if other == axis else 1 for other in range(values.ndim)])
        half[piece[:2]] = fft.rfft(values, axis=2)

    def along(axis: int) -> Callable[[Piece], None]:
        def work(piece: Piece) -> None:
            from scipy import fft

            half[piece] = fft.fft(half[piece], axis=axis)

        return work

    def last(piece: Piece) -> None:
        z = np.arange(*piece[0].indices(depth))
        y = (np.arange(*piece[1].indices(height)) - height // 2)[np.newaxis]
        if 0 in axes:
            z = z - depth // 2
        behind = -z if 0 in axes else z
        right, left = out[piece][:, :, width // 2 :], out[piece][:, :, : width // 2]
        right[...] = np.abs(half[z[:, np.newaxis], y][:, :, : right.shape[2]])
        left[...] = np.abs(half[behind[:, np.newaxis], -y][:, :, width // 2 : 0 : -1])
        if logarithm:
            np.log1p(out[piece], out=out[piece])

    further = [(along(axis), pieces(half.shape, axis)) for axis in (1, 0) if axis in axes]
    return [(first, pieces(array.shape, 2)), *further, (last, pieces(array.shape, 2))]


def spectrum_of(array: Array, axes: tuple[int, ...], window: str, logarithm: bool) -> Array:
    """Return the magnitude of the spectrum of a whole array as 32-bit floats."""
    out = np.empty(array.shape, np.float32)
    for work, parts in spectrum_passes(array, out, axes, window, logarithm):
        for piece in parts:
            work(piece)
    return out


def hann(count: int) -> NDArray[np.float64]:
    """Return a periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(count) / count) if count > 1 else np.ones(1)
