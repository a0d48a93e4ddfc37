"""Filters that show where the values change: gradient magnitude at a scale, Sobel, Prewitt and Scharr kernels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.scale import sigma_reach, sigma_voxels
from pellucid.operations.engines.separable import Kernel
from pellucid.operations.engines.slopes import (
    blockwise,
    gaussian_derivatives,
    made,
    metric_per_mm,
    slope,
    steepness,
    voxel_sigmas,
)
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, view
from pellucid.operations.units import Millimetres, Range, Slider, Title

Direction = Annotated[
    Literal["magnitude", "x", "y", "z"], Title("Direction", ("Magnitude", "Along x", "Along y", "Along z"))
]
Scale = Annotated[
    Literal["kernel", "voxel", "mm"], Title("Scale", ("Sum of the kernel", "Slope per voxel", "Slope per mm"))
]


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
    python="""
        # about ndimage.gaussian_gradient_magnitude, but per mm, along tilted axes too, and exact on ramps
        array, metric = voxels(image), metric_per_mm(image)
        kernels = gaussian_derivatives(voxel_sigmas(image, $sigma))
        steep = blockwise(array.shape, lambda block: steepness(array, kernels, metric, block))
        result = on_grid_of(steep, image)
    """,
    toolbox=(metric_per_mm, gaussian_derivatives, voxel_sigmas, blockwise, steepness),
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
    sigma_voxels(tr("Gradient magnitude"), sigma, image)
    array, metric = view(image), metric_per_mm(image)
    kernels = gaussian_derivatives(voxel_sigmas(image, sigma))
    return made(image, np.float32, lambda block: steepness(array, kernels, metric, block), context)


def edge_kernels(smooth: tuple[float, ...], scale: str, image: sitk.Image) -> tuple[list[list[Kernel | None]], Array]:
    """Return the smoothing and the slope kernels along z, y, x, and how to add up the squares of their answers.

    The scale is that of the kernels as they are, of slopes per voxel, or of slopes per mm.
    """
    across, along = np.array(smooth), np.array([-1.0, 0.0, 1.0])
    if scale == "kernel":
        return [[across] * 3, [along] * 3], np.eye(3)
    kernels: list[list[Kernel | None]] = [[across / across.sum()] * 3, [along / 2] * 3]
    return kernels, metric_per_mm(image) if scale == "mm" else np.eye(3)


def edge_length(scale: str, axis: int, image: sitk.Image) -> float:
    """Return the length of the step that a slope along an axis is for."""
    return float((*image.GetSpacing(), 1.0)[2 - axis]) if scale == "mm" else 1.0


def _lines(twin: str, smooth: tuple[float, ...]) -> Any:
    """Return what writes the lines of a script for the kernels of one name."""

    def lines(params: Any) -> str:
        start = f"""
        array = voxels(image)
        kernels, metric = edge_kernels({smooth}, $scale, image)"""
        if params.direction == "magnitude":
            return f"""
        # {twin} along each axis, and the length of the three answers, but for the rounding of floats{start}
        edges = blockwise(array.shape, lambda block: steepness(array, kernels, metric, block))
        result = on_grid_of(edges, image)
            """
        axis = "zyx".index(params.direction)
        return f"""
        # {twin} along axis {axis}, but for the rounding of floats{start}
        length = edge_length($scale, {axis}, image)
        edges = blockwise(array.shape, lambda block: slope(array, {axis}, kernels, block) / length)
        result = on_grid_of(edges, image)
        """

    return lines


_TOOLBOX = (edge_kernels, edge_length, blockwise, steepness, slope)
_SOBEL, _PREWITT, _SCHARR = (1.0, 2.0, 1.0), (1.0, 1.0, 1.0), (3.0, 10.0, 3.0)


@operation(
    "edges.sobel_magnitude",
    title="Sobel",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: (1, 1, 1),
    keywords=("edge", "gradient", "kernel", "magnitude", "derivative"),
    python=_lines('ndimage.sobel(array, mode="nearest")', _SOBEL),
    toolbox=_TOOLBOX,
)
def sobel_magnitude(
    image: Image, context: Context, *, direction: Direction = "magnitude", scale: Scale = "kernel"
) -> Image:
    """Show edges with the Sobel kernels: -1 0 1 along one axis, 1 2 1 along the others.

    The magnitude is the length of the answers along all axes of the image. One axis alone gives a signed
    answer, positive where values rise. An image of one slice is treated as two-dimensional. The result is
    32-bit float; colour channels are treated one by one. The border repeats the outermost voxel.

    Settings:
        direction: Take the length of all answers, or the answer along one axis of the voxels.
        scale: Leave the sums of the kernel as they are, or divide them to be slopes per voxel or per mm.

    Source:
        Sobel and Feldman 1968, as scipy.ndimage.sobel(mode="nearest") along each axis.
    """
    return _edges(image, context, _SOBEL, direction, scale)


@operation(
    "edges.prewitt",
    title="Prewitt",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: (1, 1, 1),
    keywords=("edge", "gradient", "kernel", "magnitude", "derivative"),
    python=_lines('ndimage.prewitt(array, mode="nearest")', _PREWITT),
    toolbox=_TOOLBOX,
)
def prewitt(image: Image, context: Context, *, direction: Direction = "magnitude", scale: Scale = "kernel") -> Image:
    """Show edges with the Prewitt kernels: -1 0 1 along one axis, 1 1 1 along the others.

    The magnitude is the length of the answers along all axes of the image. One axis alone gives a signed
    answer, positive where values rise. An image of one slice is treated as two-dimensional. The result is
    32-bit float; colour channels are treated one by one. The border repeats the outermost voxel.

    Settings:
        direction: Take the length of all answers, or the answer along one axis of the voxels.
        scale: Leave the sums of the kernel as they are, or divide them to be slopes per voxel or per mm.

    Source:
        Prewitt, Object enhancement and extraction, 1970, as scipy.ndimage.prewitt(mode="nearest").
    """
    return _edges(image, context, _PREWITT, direction, scale)


@operation(
    "edges.scharr",
    title="Scharr",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: (1, 1, 1),
    keywords=("edge", "gradient", "kernel", "magnitude", "derivative", "rotation"),
    python=_lines('skimage.filters.scharr(array, mode="nearest"), times 16 for each smoothed axis,', _SCHARR),
    toolbox=_TOOLBOX,
)
def scharr(image: Image, context: Context, *, direction: Direction = "magnitude", scale: Scale = "kernel") -> Image:
    """Show edges with the Scharr kernels: -1 0 1 along one axis, 3 10 3 along the others.

    Of the small kernels this one depends least on how an edge is turned. The magnitude is the length of the
    answers along all axes of the image. One axis alone gives a signed answer, positive where values rise. An
    image of one slice is treated as two-dimensional. The result is 32-bit float; colour channels are treated
    one by one. The border repeats the outermost voxel.

    Settings:
        direction: Take the length of all answers, or the answer along one axis of the voxels.
        scale: Leave the sums of the kernel as they are, or divide them to be slopes per voxel or per mm.

    Source:
        Scharr, Optimale Operatoren in der digitalen Bildverarbeitung, 2000, as skimage.filters.scharr.
    """
    return _edges(image, context, _SCHARR, direction, scale)


def _edges(image: Any, context: Context, smooth: tuple[float, ...], direction: str, scale: str) -> Any:
    """Return the answer of a kernel along one axis, or the length of all answers."""
    array = view(image)
    kernels, metric = edge_kernels(smooth, scale, image)
    if direction == "magnitude":
        return made(image, np.float32, lambda block: steepness(array, kernels, metric, block), context)
    axis = "zyx".index(direction)
    if array.shape[axis] == 1:
        raise Refused(tr("This image has only one voxel along {axis}; choose another direction.", axis=direction))
    length = edge_length(scale, axis, image)
    return made(image, np.float32, lambda block: slope(array, axis, kernels, block) / length, context)
