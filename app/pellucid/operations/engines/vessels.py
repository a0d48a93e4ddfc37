"""How much a place looks like a vessel: from the curvatures of an image at several scales."""

from __future__ import annotations

import math

import numpy as np

from pellucid.operations.context import Region
from pellucid.operations.engines.slopes import blockwise, curvatures, gaussian_derivatives
from pellucid.operations.pixels import Array

VESSEL_VOXELS = 1 << 19


def scales_between(smallest: float, largest: float, count: int) -> list[float]:
    """Return ``count`` sizes with equal ratios between them; the smallest alone when both are equal."""
    if count == 1 or largest <= smallest:
        return [smallest]
    return [smallest * (largest / smallest) ** (n / (count - 1)) for n in range(count)]


def principal_curvatures(array: Array, widths: list[float], metric: Array, block: Region) -> Array:
    """Return the eigenvalues of the Hessian per mm² at a scale, the lowest first, along a new first axis."""
    axes = [axis for axis in range(3) if metric[axis, axis] > 0]
    root = np.linalg.cholesky(metric[np.ix_(axes, axes)])  # turns derivatives along the axes into those per mm
    found = dict(curvatures(array, gaussian_derivatives(widths), block, lambda i, j: True))
    hessian = [[found[min(i, j), max(i, j)] for j in axes] for i in axes]
    values = np.empty((len(axes), *array[block].shape), np.float64)
    for z in range(values.shape[1]):
        plane = [[entry[z].astype(np.float64) for entry in row] for row in hessian]
        values[:, z] = symmetric_eigenvalues(congruent(plane, root))
    return values


def congruent(matrix: list[list[Array]], root: Array) -> list[list[Array]]:
    """Return the symmetric matrix ``root.T @ matrix @ root`` of arrays."""
    n = range(len(root))
    half = [[sum(matrix[i][k] * root[k, j] for k in n if root[k, j] != 0) for j in n] for i in n]
    out: list[list[Array]] = [[np.empty(0)] * len(root) for _ in n]
    for i in n:
        for j in range(i, len(root)):
            out[i][j] = out[j][i] = np.asarray(sum(root[k, i] * half[k][j] for k in n if root[k, i] != 0))
    return out


def symmetric_eigenvalues(matrix: list[list[Array]]) -> list[Array]:
    """Return the eigenvalues, the lowest first, of symmetric matrices of up to three rows, in closed form."""
    if len(matrix) == 1:
        return [matrix[0][0]]
    if len(matrix) == 2:
        middle, half = (matrix[0][0] + matrix[1][1]) / 2, (matrix[0][0] - matrix[1][1]) / 2
        radius = np.hypot(half, matrix[0][1])
        return [middle - radius, middle + radius]
    (a, d, e), (_, b, f), (_, _, c) = matrix
    middle = (a + b + c) / 3
    a, b, c = a - middle, b - middle, c - middle
    radius = np.sqrt((a * a + b * b + c * c + 2 * (d * d + e * e + f * f)) / 6)
    volume = a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)
    cosine = np.clip(volume / (2 * np.maximum(radius, 1e-100) ** 3), -1, 1)
    angle = np.arccos(cosine) / 3
    highest = middle + 2 * radius * np.cos(angle)
    lowest = middle + 2 * radius * np.cos(angle + 2 * math.pi / 3)
    return [lowest, 3 * middle - highest - lowest, highest]


def tubeness(values: Array) -> Array:
    """Return Sato's measure of bright tubes: the geometric mean of the curvatures across, 0 where one is positive."""
    across = np.maximum(-values[:-1], 0)
    return np.asarray(np.sqrt(across[0] * across[1]) if len(across) == 2 else across[0])


def vesselness_of(values: Array, contrast: float) -> Array:
    """Return Frangi's measure of bright tubes, from 0 to 1; its sensitivities to plates and blobs are 0.5."""
    strong, *between, along = values
    middle = between[0] if between else strong
    tube = (middle < 0) & (np.abs(along) <= -middle)
    measure = -np.expm1(-(values**2).sum(axis=0) / (2 * contrast**2))
    measure *= np.exp(-2 * along**2 / np.where(tube, strong * middle, 1))
    if between:
        measure *= -np.expm1(-2 * (middle / np.where(tube, strong, 1)) ** 2)
    return np.asarray(measure * tube)


def vessel_answer(
    array: Array, sigma: float, widths: list[float], metric: Array, contrast: float | None, block: Region, *, dark: bool
) -> Array:
    """Return the answer of a block at one scale, a sigma in mm and its widths in voxels along z, y, x.

    ``contrast`` is that of Frangi's measure; None takes Sato's.
    """
    values = principal_curvatures(array, widths, metric, block)
    values *= sigma**2
    if dark:
        values = -values[::-1]
    return tubeness(values) if contrast is None else vesselness_of(values, contrast)


def vessels_at(
    array: Array, sigma: float, widths: list[float], metric: Array, contrast: float | None, *, dark: bool
) -> Array:
    """Return the answer of a whole array at one scale."""

    def compute(block: Region) -> Array:
        return vessel_answer(array, sigma, widths, metric, contrast, block, dark=dark)

    return blockwise(array.shape, compute, piece=VESSEL_VOXELS)
