"""The engine for filters of frequencies: an image mirrored at its border is a sum of cosines, which the filter weights.

The cosine transform needs no padding against wrap-around and no complex numbers: one copy of the image in floats.
A filter that treats the frequencies (u, v) and (u, -v) differently (a tilted stack, a slanted pattern) turns part of
the cosines into sines; it is done in parts, one for each set of axes with sines. Work is split into pieces along the
lines of one axis; ``passes`` name the work and its pieces in the order in which they must be done.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.pixels import Array, store, work_type

Piece = tuple[slice, slice, slice]
Passes = list[tuple[Callable[[Piece], None], list[Piece]]]
Metric = NDArray[np.float64]
Transfer = Callable[[Sequence[Array]], Array]
"""Gives what stays of the amplitude at frequencies along z, y, x in cycles per voxel, the same for -u as for u."""
_PIECE_VOXELS = 1 << 20


def wave_axes(shape: Sequence[int], per_slice: bool) -> tuple[int, ...]:
    """Return the axes (of z, y, x) along which an array has waves: those of more than one voxel, with or without z."""
    return tuple(axis for axis in range(3) if shape[axis] > 1 and not (axis == 0 and per_slice))


def frequency_metric(image: Any, axes: tuple[int, ...]) -> Metric:
    """Return the matrix (z, y, x) that makes a squared frequency per mm of frequencies per voxel along some axes."""
    dimension = image.GetDimension()
    steps = np.eye(3)
    directions = np.array(image.GetDirection()).reshape(dimension, dimension)
    steps[:dimension, :dimension] = directions * np.array(image.GetSpacing())
    steps = steps[:, ::-1][:, list(axes)]
    metric = np.zeros((3, 3))
    metric[np.ix_(axes, axes)] = np.linalg.inv(steps.T @ steps)
    metric[~np.eye(3, dtype=bool) & (np.abs(metric) < 1e-9 * np.abs(metric).max(initial=0.0))] = 0.0
    return metric


def squared_frequency(frequencies: Sequence[Array], metric: Metric) -> Array:
    """Return the squared frequency per mm of frequencies per voxel along z, y, x."""
    total: Any = 0.0
    for i, j in itertools.product(range(3), repeat=2):
        if metric[i, j]:
            total = total + metric[i, j] * frequencies[i] * frequencies[j]
    return np.asarray(total)


def coupled_axes(metric: Metric) -> tuple[int, ...]:
    """Return the axes that are not at right angles to all others."""
    return tuple(axis for axis in range(3) if np.count_nonzero(metric[axis]) > 1)


def pieces(shape: Sequence[int], axis: int) -> list[Piece]:
    """Split an array into pieces of whole lines along an axis."""
    steps = [1, 1, 1]
    steps[axis] = shape[axis]
    room = _PIECE_VOXELS // (shape[axis] * int(np.prod(shape[3:])))
    for other in (2, 1, 0):
        if other != axis:
            steps[other] = max(1, min(shape[other], room))
            room //= steps[other]
    starts = (range(0, count, step) for count, step in zip(shape[:3], steps, strict=True))
    return [
        (slice(z, z + steps[0]), slice(y, y + steps[1]), slice(x, x + steps[2]))
        for z, y, x in itertools.product(*starts)
    ]


def wave_passes(
    array: Array, out: Array, transfer: Transfer, axes: tuple[int, ...], coupled: tuple[int, ...]
) -> Passes:
    """Return the work that filters an array (z, y, x[, c]) into ``out``; whole numbers are rounded and clipped.

    ``coupled`` are the axes of which the transfer function minds the signs.
    """
    dtype = work_type(array.dtype)
    waves = np.empty(array.shape, dtype)
    passes: Passes = [(_copying(array, waves), pieces(array.shape, 2))]
    passes += [(_transforming(waves, axis), pieces(array.shape, axis)) for axis in axes]
    parts = [(), *itertools.combinations(coupled, 2)]
    total = waves if len(parts) == 1 else np.zeros(array.shape, dtype)
    spare = waves if len(parts) == 1 else np.empty_like(waves)
    for sines in parts:
        part = waves if sines == parts[-1] else spare
        passes.append((_weighting(waves, part, transfer, sines, coupled), pieces(array.shape, 2)))
        passes += [(_returning(part, axis, axis in sines), pieces(array.shape, axis)) for axis in axes]
        if total is not part:
            passes.append((_adding(part, total), pieces(array.shape, 2)))
    passes.append((_storing(total, out), pieces(array.shape, 2)))
    return passes


def filtered_waves(
    array: Array, dtype: Any, transfer: Transfer, axes: tuple[int, ...], coupled: tuple[int, ...]
) -> Array:
    """Return a filtered array (z, y, x[, c]) of a type."""
    out = np.empty(array.shape, dtype)
    for work, parts in wave_passes(array, out, transfer, axes, coupled):
        for piece in parts:
            work(piece)
    return out


def _copying(array: Array, waves: Array) -> Callable[[Piece], None]:
    def work(piece: Piece) -> None:
        waves[piece] = array[piece]

    return work


def _transforming(waves: Array, axis: int) -> Callable[[Piece], None]:
    def work(piece: Piece) -> None:
        from scipy import fft

        waves[piece] = fft.dct(waves[piece], axis=axis)

    return work


def _weighting(
    waves: Array, part: Array, transfer: Transfer, sines: tuple[int, ...], coupled: tuple[int, ...]
) -> Callable[[Piece], None]:
    """Weight the cosines by the mean transfer over the signs of the coupled axes, times those with sines."""
    signs = list(itertools.product((1, -1), repeat=max(0, len(coupled) - 1)))

    def work(piece: Piece) -> None:
        weight: Any = 0.0
        for rest in signs:
            sign = dict(zip(coupled, (1, *rest), strict=True)) if coupled else {}
            frequencies = [_cosines(waves.shape, axis, piece[axis]) * sign.get(axis, 1) for axis in range(3)]
            turn = float(np.prod([sign[axis] for axis in sines])) * (-1.0 if sines else 1.0)
            weight = weight + transfer(frequencies) * (turn / len(signs))
        values = waves[piece]
        weight = np.broadcast_to(weight, values.shape[:3]).astype(waves.dtype)
        np.multiply(values, weight.reshape(*weight.shape, *(1,) * (values.ndim - 3)), out=part[piece])

    return work


def _cosines(shape: Sequence[int], axis: int, part: slice) -> Array:
    """Return the frequencies in cycles per voxel of cosines along an axis, shaped to be spread over the others."""
    frequencies = np.arange(*part.indices(shape[axis])) / (2 * shape[axis])
    return frequencies.reshape([-1 if other == axis else 1 for other in range(3)])


def _returning(part: Array, axis: int, sines: bool) -> Callable[[Piece], None]:
    def work(piece: Piece) -> None:
        from scipy import fft

        if not sines:
            part[piece] = fft.idct(part[piece], axis=axis)
            return
        values = np.zeros_like(part[piece])  # the sines begin at the first frequency, the cosines at 0
        before = (slice(None),) * axis
        values[(*before, slice(None, -1))] = part[piece][(*before, slice(1, None))]
        part[piece] = fft.idst(values, axis=axis)

    return work


def _adding(part: Array, total: Array) -> Callable[[Piece], None]:
    def work(piece: Piece) -> None:
        total[piece] += part[piece]

    return work


def _storing(total: Array, out: Array) -> Callable[[Piece], None]:
    def work(piece: Piece) -> None:
        store(total[piece], out[piece])

    return work
