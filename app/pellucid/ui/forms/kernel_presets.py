"""The kernels an editor offers: those that are taught for slices, and their likes for volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.language import mark
from pellucid.model.kernels import KERNELS
from pellucid.operations.engines.kernel_text import WrittenKernel

_BINOMIAL = np.array([1.0, 2.0, 1.0])
_CROSS = np.zeros((3, 3, 3))
_CROSS[(0, 1, 1, 1, 1, 2), (1, 0, 1, 1, 2, 1), (1, 1, 0, 2, 1, 1)] = 1.0
_MIDDLE = np.zeros((3, 3, 3))
_MIDDLE[1, 1, 1] = 1.0


@dataclass(frozen=True, eq=False)
class Preset:
    """A kernel with its title and what it does, both still to be translated."""

    title: str
    tip: str
    kernel: WrittenKernel


PRESETS: tuple[Preset, ...] = (
    *(
        Preset(known.title, known.tip, WrittenKernel(np.array([known.weights], dtype=float), float(known.divisor)))
        for known in KERNELS
    ),
    Preset(
        mark("Mean 3×3×3"),
        mark("Every neighbour in the volume counts alike"),
        WrittenKernel(np.ones((3, 3, 3)), 27.0),
    ),
    Preset(
        mark("Gaussian 3×3×3"),
        mark("Near neighbours in the volume count more (binomial weights)"),
        WrittenKernel(np.einsum("i,j,k", _BINOMIAL, _BINOMIAL, _BINOMIAL), 64.0),
    ),
    Preset(
        mark("Sharpen, 6 neighbours"),
        mark("The value minus the Laplacian of its 6 neighbours in the volume"),
        WrittenKernel(7 * _MIDDLE - _CROSS),
    ),
    Preset(
        mark("Laplacian, 6 neighbours"),
        mark("Second derivative in the volume"),
        WrittenKernel(_CROSS - 6 * _MIDDLE),
    ),
)


def preset_like(kernel: WrittenKernel) -> Preset | None:
    """Return the preset that has the same weights, apart from zeros around them, or None."""
    wanted = without_rim(kernel.array)
    return next((one for one in PRESETS if np.array_equal(without_rim(one.kernel.array), wanted)), None)


def without_rim(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights (slices, rows, columns) without the zeros that surround them on all sides alike."""
    for axis in range(3):
        while weights.shape[axis] > 1:
            ends = weights.take((0, -1), axis)
            if ends.any():
                break
            weights = weights.take(range(1, weights.shape[axis] - 1), axis)
    return weights


def resized(weights: NDArray[np.float64], slices: int, size: int) -> NDArray[np.float64]:
    """Return weights of another odd size around the same middle: cut, or filled up with zeros."""
    for axis, wanted in enumerate((slices, size, size)):
        grow = (wanted - weights.shape[axis]) // 2
        if grow < 0:
            weights = weights.take(range(-grow, weights.shape[axis] + grow), axis)
        weights = np.pad(weights, [(max(grow, 0),) * 2 if k == axis else (0, 0) for k in range(3)])
    return weights
