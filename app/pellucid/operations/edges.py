"""Filters that show where the values change: gradient magnitude at a scale, Sobel magnitude."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from pellucid.operations.context import Context, Region
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, blocks, view
from pellucid.operations.scale import sigma_reach, sigma_voxels
from pellucid.operations.separable import Kernel, Kernels, derivative_kernel, filtered, gaussian_kernel
from pellucid.operations.units import Millimetres, Range, Slider, Title

_BLOCK_VOXELS = 1 << 21
_SOBEL_SMOOTH = np.array([1.0, 2.0, 1.0])
_SOBEL_SLOPE = np.array([-1.0, 0.0, 1.0])


def _gradient_reach(sigma: float, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    x, y, z = (max(1, reach) for reach in sigma_reach(sigma, spacing))
    return x, y, z


@operation(
    "edges.gradient_magnitude",
    title="Gradient magnitude",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: _gradient_reach(p.sigma, spacing),
    keywords=("edge", "derivative", "slope"),
)
def gradient_magnitude(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 20.0, 0.1)] = 1.0,
) -> Image:
    """Show how steeply the values change, per mm, at the scale of a Gaussian.

    The image is smoothed with the Gaussian and differentiated along its axes in the same pass; tilted axes
    are taken into account. The result is 32-bit float, in the unit of the image per mm; colour channels are
    treated one by one. The border repeats the outermost voxel.

    Settings:
        sigma: Standard deviation of the Gaussian; 0 takes plain central differences.

    Source:
        Derivatives of Gaussians, as scipy.ndimage.gaussian_gradient_magnitude, scaled to be exact on ramps.
    """
    widths = tuple(reversed(sigma_voxels("Gradient magnitude", sigma, image)))
    slopes = [derivative_kernel(width) for width in widths]
    return _magnitude(image, slopes, [gaussian_kernel(width) for width in widths], _metric(image), context)


@operation(
    "edges.sobel_magnitude",
    title="Sobel magnitude",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: (1, 1, 1),
    keywords=("edge", "gradient", "kernel"),
)
def sobel_magnitude(image: Image, context: Context) -> Image:
    """Show edges with the Sobel kernels, as the length of their answers along all axes.

    The kernels (-1 0 1 along one axis, 1 2 1 along the others) count voxels, not mm, and are not
    normalised. An image of one slice is treated as two-dimensional. The result is 32-bit float; colour
    channels are treated one by one. The border repeats the outermost voxel.

    Source:
        Sobel and Feldman 1968, as scipy.ndimage.sobel(mode="nearest") along each axis.
    """
    return _magnitude(image, [_SOBEL_SLOPE] * 3, [_SOBEL_SMOOTH] * 3, np.eye(3), context)


def _magnitude(image: Any, slopes: list[Kernel], smooth: list[Kernel | None], metric: Array, context: Context) -> Any:
    """Return the square root of the sum of ``metric[i, j] * g[i] * g[j]`` (axes z, y, x) as 32-bit float."""
    array = view(image)
    result, out = blank(image, np.float32)
    axes = [axis for axis in range(3) if array.shape[axis] > 1]

    def kernels(slope: int) -> Kernels:
        z, y, x = ((slopes if axis == slope else smooth)[axis] if axis in axes else None for axis in range(3))
        return z, y, x

    def work(block: Region) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            slope = {axis: filtered(array, kernels(axis), block) for axis in axes}
            total = np.zeros(out[block].shape, np.float64 if array.dtype.itemsize > 4 else np.float32)
            for i in axes:
                total += float(metric[i, i]) * slope[i] * slope[i]
                for j in axes:
                    if j > i and metric[i, j] != 0:
                        total += 2 * float(metric[i, j]) * slope[i] * slope[j]
            np.sqrt(np.maximum(total, 0, out=total), out=out[block], casting="same_kind")

    context.each(work, blocks(context.region(array.shape), array.shape, _BLOCK_VOXELS))
    return result


def _metric(image: Any) -> Array:
    """Return the matrix (axes z, y, x) that turns slopes per voxel into a squared slope per mm."""
    dimension = image.GetDimension()
    steps = np.eye(3)
    directions = np.array(image.GetDirection()).reshape(dimension, dimension)
    steps[:dimension, :dimension] = directions * np.array(image.GetSpacing())
    inverse = np.linalg.inv(steps.T @ steps)
    off_axis = ~np.eye(3, dtype=bool)
    inverse[off_axis & (np.abs(inverse) < 1e-9 * np.abs(inverse).max())] = 0.0
    return inverse[::-1, ::-1]
