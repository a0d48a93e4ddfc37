"""The small kernels that are taught, with integer weights and one divisor.

Sources: Gonzalez and Woods, Digital Image Processing, 4th edition, sections 3.5 (smoothing), 3.6 (sharpening,
Laplacian) and 10.2 (Prewitt, Sobel). Rows run down the screen, columns to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import mark

Weights = tuple[tuple[int, ...], ...]


class Way(StrEnum):
    """Whether a kernel is laid on as it is, or turned by 180° first."""

    CORRELATE = "correlation"
    CONVOLVE = "convolution"


@dataclass(frozen=True)
class Kernel:
    """Weights, odd and square; the sum of products is divided by ``divisor``."""

    name: str
    title: str
    weights: Weights
    divisor: int = 1
    tip: str = ""

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return len(self.weights)

    def laid(self, way: Way) -> NDArray[np.int64]:
        """Return the weights as they are laid on the image."""
        array = np.array(self.weights, dtype=np.int64)
        return array[::-1, ::-1] if way is Way.CONVOLVE else array

    @property
    def is_symmetric(self) -> bool:
        """Return whether turning it by 180° changes nothing."""
        return bool(np.array_equal(self.laid(Way.CORRELATE), self.laid(Way.CONVOLVE)))


@dataclass(frozen=True, eq=False)
class Sum:
    """What a kernel makes of values (k, k) or (k, k, c): products of the same shape, their sum, and the result."""

    products: NDArray[np.float64]
    total: NDArray[np.float64]
    result: NDArray[np.float64]


def applied(kernel: Kernel, values: NDArray[Any], way: Way = Way.CORRELATE) -> Sum:
    """Lay a kernel on the middle of values (rows, columns[, c]) that are at least as large as it."""
    size, (rows, columns) = kernel.size, values.shape[:2]
    top, left = (rows - size) // 2, (columns - size) // 2
    part = values[top : top + size, left : left + size].astype(np.float64)
    weights = kernel.laid(way).astype(np.float64)
    products = part * (weights[..., None] if part.ndim == 3 else weights)
    total = products.sum(axis=(0, 1))
    return Sum(products, np.asarray(total), np.asarray(total / kernel.divisor))


_SOBEL_X: Weights = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
_PREWITT_X: Weights = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))


def _turned(weights: Weights) -> Weights:
    return tuple(zip(*weights, strict=True))


def _binomial(row: tuple[int, ...]) -> Weights:
    return tuple(tuple(a * b for b in row) for a in row)


KERNELS: tuple[Kernel, ...] = (
    Kernel("identity", mark("Identity"), ((0, 0, 0), (0, 1, 0), (0, 0, 0)), tip=mark("The value itself")),
    Kernel("mean", mark("Mean 3×3"), ((1,) * 3,) * 3, 9, mark("Every neighbour counts alike: smooths, blurs edges")),
    Kernel("mean5", mark("Mean 5×5"), ((1,) * 5,) * 5, 25, mark("Every neighbour counts alike: smooths more")),
    Kernel(
        "gaussian",
        mark("Gaussian 3×3"),
        _binomial((1, 2, 1)),
        16,
        mark("Near neighbours count more (binomial weights)"),
    ),
    Kernel(
        "gaussian5", mark("Gaussian 5×5"), _binomial((1, 4, 6, 4, 1)), 256, mark("Binomial weights, about σ = 1 pixel")
    ),
    Kernel(
        "sharpen",
        mark("Sharpen, 4 neighbours"),
        ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        tip=mark("The value minus the Laplacian of its 4 neighbours"),
    ),
    Kernel(
        "sharpen8",
        mark("Sharpen, 8 neighbours"),
        ((-1, -1, -1), (-1, 9, -1), (-1, -1, -1)),
        tip=mark("The value minus the Laplacian of its 8 neighbours"),
    ),
    Kernel("sobel_x", mark("Sobel, to the right"), _SOBEL_X, tip=mark("Rises where values grow to the right")),
    Kernel("sobel_y", mark("Sobel, downwards"), _turned(_SOBEL_X), tip=mark("Rises where values grow downwards")),
    Kernel("prewitt_x", mark("Prewitt, to the right"), _PREWITT_X, tip=mark("As Sobel, without weighting the middle")),
    Kernel(
        "prewitt_y", mark("Prewitt, downwards"), _turned(_PREWITT_X), tip=mark("As Sobel, without weighting the middle")
    ),
    Kernel(
        "laplacian",
        mark("Laplacian, 4 neighbours"),
        ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
        tip=mark("Second derivative: zero on ramps, changes its sign on edges"),
    ),
    Kernel(
        "laplacian8",
        mark("Laplacian, 8 neighbours"),
        ((1, 1, 1), (1, -8, 1), (1, 1, 1)),
        tip=mark("Second derivative with the diagonals"),
    ),
)
