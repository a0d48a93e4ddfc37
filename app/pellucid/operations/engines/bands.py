"""Multiply the lines of an array along one axis with a sparse matrix whose rows are short and neighbouring.

A strip of outputs needs a strip of inputs; the small dense matrix between both goes to BLAS. That is 1.5 to
7 times as fast as walking along each line, but a NaN or Inf would spread over its strip: the values must be
finite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.pixels import Array

_GEMM_LIMIT, _GEMV_LIMIT = 1 << 18, 9000  # multiplications from which OpenBLAS starts threads


def weighted(values: Array, axis: int, columns: NDArray[np.intp], weights: NDArray[np.float64]) -> Array:
    """Return an array whose voxel j along ``axis`` is the sum of ``weights[j, k] * values[columns[j, k]]``.

    ``columns`` and ``weights`` have the shape (outputs, taps); the same column may occur twice in a row.
    """
    before, after = values.shape[:axis], values.shape[axis + 1 :]
    lines = values.reshape(int(np.prod(before)), values.shape[axis], int(np.prod(after)))
    count, taps = columns.shape
    out = np.empty((lines.shape[0], count, lines.shape[2]), values.dtype)
    width = int(np.clip(taps, 16, 64))
    for first in range(0, count, width):
        rows = slice(first, first + width)
        start, stop = int(columns[rows].min()), int(columns[rows].max()) + 1
        band = _band(columns[rows] - start, weights[rows], stop - start).astype(values.dtype)
        _multiply(band, lines[:, start:stop], out[:, rows])
    return out.reshape(*before, count, *after)


def _band(columns: NDArray[np.intp], weights: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the dense matrix of one strip."""
    band = np.zeros((len(columns), length))
    np.add.at(band, (np.arange(len(columns))[:, np.newaxis], columns), weights)
    return band


def _multiply(band: Array, lines: Array, out: Array) -> None:
    """Store ``band @ lines`` for each (length, n) matrix, in pieces that BLAS keeps to one thread.

    The cores are busy with other blocks already, and threads of BLAS wait for one another by spinning.
    """
    piece = max(8, (_GEMV_LIMIT if len(band) == 1 else _GEMM_LIMIT) // band.size)
    if lines.shape[2] == 1:
        lines, out = lines.transpose(2, 1, 0), out.transpose(2, 1, 0)
    length = lines.shape[2]
    even = length - length % piece
    for first, last, width in ((0, even, piece), (even, length, length - even)):
        if last > first:
            parts = _pieces(lines[:, :, first:last], width)
            np.matmul(band, parts, out=_pieces(out[:, :, first:last], width))


def _pieces(lines: Array, width: int) -> Array:
    """Return the view (n, pieces, length, width) of lines (n, length, pieces * width)."""
    count, length, _ = lines.shape
    return np.moveaxis(lines.reshape(count, length, -1, width, copy=False), 2, 1)


def all_finite(values: Array) -> bool:
    """Return whether an array holds no NaN or Inf (a sum that overflows counts as Inf)."""
    if values.dtype.kind in "iu":
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum(dtype=np.float64)))
