"""Slopes and curvatures of an image per mm, on any grid: the engine of edges, vessels, corners and blobs.

Derivatives are taken along the axes of the grid; a metric turns them into those along directions in space. Axes of
one voxel are left out: a single slice is treated as two-dimensional. Scripts carry these functions along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context, Region
from pellucid.operations.engines.separable import Kernel, derivative_kernel, filtered, gaussian_kernel, gaussian_reach
from pellucid.operations.pixels import Array, blank, blocks, store

Each = Callable[[Callable[[Any], None], Iterable[Any]], None]
"""Does a piece of work on every item: ``Context.each``, or ``in_turn`` in scripts."""
PIECE_VOXELS = 1 << 21


def in_turn(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Do ``work`` on every item, one after the other."""
    for item in items:
        work(item)


def made(
    image: sitk.Image, dtype: Any, compute: Callable[[Region], Array], context: Context, piece: int = PIECE_VOXELS
) -> sitk.Image:
    """Return a new image whose wanted region is computed block by block; whole-number types are rounded."""
    result, out = blank(image, dtype)

    def work(block: Region) -> None:
        with np.errstate(all="ignore"):
            store(compute(block), out[block])

    context.each(work, blocks(context.region(out.shape), out.shape, piece))
    return result


def blockwise(
    shape: tuple[int, ...],
    compute: Callable[[Region], Array],
    dtype: Any = np.float32,
    each: Each = in_turn,
    piece: int = PIECE_VOXELS,
) -> Array:
    """Return an array (z, y, x[, c]) that ``compute(block)`` fills, in the blocks that an operation works in."""
    out = np.empty(shape, dtype)
    whole = slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])

    def work(block: Region) -> None:
        with np.errstate(all="ignore"):
            out[block] = compute(block)

    each(work, blocks(whole, shape, piece))
    return out


def widened(block: Region, reach: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Region, Region]:
    """Return a block grown by ``reach`` voxels as far as the image goes, and where in it the block lies."""
    z, y, x = (
        slice(max(0, p.start - far), min(n, p.stop + far)) for p, far, n in zip(block, reach, shape[:3], strict=True)
    )
    inner = [slice(p.start - q.start, p.stop - q.start) for p, q in zip(block, (z, y, x), strict=True)]
    return (z, y, x), (inner[0], inner[1], inner[2])


def long_axes(shape: tuple[int, ...]) -> list[int]:
    """Return the array axes (z, y, x) along which there is more than one voxel."""
    return [axis for axis in range(3) if shape[axis] > 1]


def voxel_steps(image: sitk.Image) -> Array:
    """Return how far (mm along x, y, z of the world) one voxel along each array axis leads, as columns z, y, x."""
    dimension = image.GetDimension()
    steps = np.eye(3)
    directions = np.array(image.GetDirection()).reshape(dimension, dimension)
    steps[:dimension, :dimension] = directions * np.array(image.GetSpacing())
    return steps[:, ::-1]


def metric_per_mm(image: sitk.Image, *, planar: bool = False) -> Array:
    """Return the matrix (axes z, y, x) that turns slopes per voxel into a squared slope per mm.

    With ``planar`` it is that of the slope within each slice.
    """
    axes = [axis for axis in range(3) if axis > 2 - image.GetDimension() and image.GetSize()[2 - axis] > 1]
    axes = [axis for axis in axes if axis > 0 or not planar]
    steps = voxel_steps(image)[:, axes]
    inverse = np.linalg.inv(steps.T @ steps)
    off_axis = ~np.eye(len(axes), dtype=bool)
    inverse[off_axis & (np.abs(inverse) < 1e-9 * np.abs(inverse).max(initial=0.0))] = 0.0
    metric = np.zeros((3, 3))
    metric[np.ix_(axes, axes)] = inverse
    return metric


def voxel_sigmas(image: sitk.Image, sigma: float) -> list[float]:
    """Return a width in mm as voxels along the array axes z, y, x."""
    return [sigma / step for step in reversed((*image.GetSpacing(), 1.0)[:3])]


def differentiated(array: Array, orders: list[int], kernels: list[list[Kernel | None]], block: Region) -> Array:
    """Return a block differentiated ``orders[axis]`` times along each axis with ``kernels[order][axis]``."""
    z, y, x = (kernels[order][axis] if array.shape[axis] > 1 else None for axis, order in enumerate(orders))
    return filtered(array, (z, y, x), block)


def slope(array: Array, axis: int, kernels: list[list[Kernel | None]], block: Region) -> Array:
    """Return the first derivative along one axis."""
    return differentiated(array, [int(k == axis) for k in range(3)], kernels, block)


def steepness(array: Array, kernels: list[list[Kernel | None]], metric: Array, block: Region) -> Array:
    """Return the square root of the sum of ``metric[i, j] * g[i] * g[j]`` over the slopes g along the axes."""
    axes = long_axes(array.shape)
    slopes = {axis: slope(array, axis, kernels, block) for axis in axes}
    return slope_length(slopes, metric, array[block])


def slope_length(slopes: dict[int, Array], metric: Array, like: Array) -> Array:
    """Return how steep slopes along the axes are together."""
    total = np.zeros(like.shape, np.float64 if like.dtype.itemsize > 4 else np.float32)
    for i in slopes:
        total += float(metric[i, i]) * slopes[i] * slopes[i]
        for j in slopes:
            if j > i and metric[i, j] != 0:
                total += 2 * float(metric[i, j]) * slopes[i] * slopes[j]
    return np.asarray(np.sqrt(np.maximum(total, 0, out=total), out=total))


def laplacian_of(array: Array, kernels: list[list[Kernel | None]], metric: Array, block: Region) -> Array:
    """Return the sum of ``metric[i, j]`` times the second derivatives along the axes i and j."""
    total = np.zeros(array[block].shape, np.float64 if array.dtype.itemsize > 4 else np.float32)
    for (i, j), values in curvatures(array, kernels, block, lambda i, j: metric[i, j] != 0):
        total += (float(metric[i, j]) if i == j else 2 * float(metric[i, j])) * values
    return total


def curvatures(
    array: Array, kernels: list[list[Kernel | None]], block: Region, needed: Callable[[int, int], Any]
) -> Iterable[tuple[tuple[int, int], Array]]:
    """Return the second derivatives along the pairs of axes that are needed."""
    axes = long_axes(array.shape)
    for i, j in ((i, j) for i in axes for j in axes if i <= j and needed(i, j)):
        orders = [int(axis == i) + int(axis == j) for axis in range(3)]
        yield (i, j), differentiated(array, orders, kernels, block)


def gaussian_derivatives(sigmas: list[float]) -> list[list[Kernel | None]]:
    """Return for the orders 0, 1 and 2 the kernels along each axis of a Gaussian of so many voxels."""
    smooth = [gaussian_kernel(sigma) for sigma in sigmas]
    return [smooth, [derivative_kernel(sigma) for sigma in sigmas], [curvature_kernel(sigma) for sigma in sigmas]]


def curvature_kernel(sigma: float) -> Kernel:
    """Return the second derivative of a Gaussian of ``sigma`` voxels, scaled to be exact on parabolas.

    With little or no width it becomes 1, -2, 1.
    """
    radius, width = max(1, gaussian_reach(sigma)), max(sigma, 1e-3)
    steps = np.arange(-radius, radius + 1, dtype=np.float64)
    bell = np.exp(-0.5 * (steps / width) ** 2)
    fall = np.exp(-0.5 * (steps**2 - 1) / width**2, where=steps != 0, out=np.zeros_like(steps))
    samples = (steps**2 - (bell @ steps**2) / bell.sum()) * fall
    samples[radius] = -samples.sum()
    return np.asarray(samples * (2 / (samples @ steps**2)))
