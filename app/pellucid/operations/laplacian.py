"""The second derivative in all directions together: the plain Laplacian, and that of a Gaussian."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Region
from pellucid.operations.engines.scale import sigma_reach, sigma_voxels
from pellucid.operations.engines.separable import filtered
from pellucid.operations.engines.slopes import (
    blockwise,
    gaussian_derivatives,
    laplacian_of,
    long_axes,
    made,
    metric_per_mm,
    voxel_sigmas,
)
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, view
from pellucid.operations.units import Millimetres, Range, Slider, Title


def box_laplacian(array: Array, block: Region) -> Array:
    """Return the sum over all neighbours, minus as many times the voxel itself."""
    axes = long_axes(array.shape)
    z, y, x = (np.ones(3) if axis in axes else None for axis in range(3))
    total = filtered(array, (z, y, x), block)
    return total - 3 ** len(axes) * array[block].astype(total.dtype)


_PLAIN = {
    "mm": """
        # exact on parabolas in space; ndimage.laplace(array, mode="nearest") with voxels of 1 mm
        array, metric = voxels(image), metric_per_mm(image)
        kernels = gaussian_derivatives([0.0, 0.0, 0.0])
        curved = blockwise(array.shape, lambda block: laplacian_of(array, kernels, metric, block))
        result = on_grid_of(curved, image)
    """,
    "faces": """
        # ndimage.laplace(array, mode="nearest") is the same but for the rounding of floats
        array, kernels = voxels(image), gaussian_derivatives([0.0, 0.0, 0.0])
        curved = blockwise(array.shape, lambda block: laplacian_of(array, kernels, np.eye(3), block))
        result = on_grid_of(curved, image)
    """,
    "corners": """
        array = voxels(image)
        result = on_grid_of(blockwise(array.shape, lambda block: box_laplacian(array, block)), image)
    """,
}


@operation(
    "edges.laplacian",
    title="Laplacian",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: (1, 1, 1),
    keywords=("edge", "second derivative", "curvature", "kernel"),
    python=lambda p: _PLAIN[p.kernel],
    toolbox=(metric_per_mm, gaussian_derivatives, laplacian_of, blockwise, box_laplacian),
)
def laplacian(
    image: Image,
    context: Context,
    *,
    kernel: Annotated[
        Literal["mm", "faces", "corners"],
        Title("Kernel", ("Per mm²", "6 neighbours (4 in a plane)", "26 neighbours (8 in a plane)")),
    ] = "mm",
) -> Image:
    """Show where the values bend: the sum of the second derivatives along all directions.

    Negative at the top of bright spots and on the bright side of edges. An image of one slice is treated as
    two-dimensional. The result is 32-bit float; colour channels are treated one by one. The border repeats
    the outermost voxel.

    Settings:
        kernel: Take derivatives per mm², tilted axes included, or differences to neighbours, which count voxels.

    Source:
        Central differences, as scipy.ndimage.laplace(mode="nearest") and SimpleITK.Laplacian.
    """
    array = view(image)
    if kernel == "corners":
        return made(image, np.float32, lambda block: box_laplacian(array, block), context)
    kernels = gaussian_derivatives([0.0, 0.0, 0.0])
    metric = metric_per_mm(image) if kernel == "mm" else np.eye(3)
    return made(image, np.float32, lambda block: laplacian_of(array, kernels, metric, block), context)


def _reach(sigma: float, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    x, y, z = (max(1, reach) for reach in sigma_reach(sigma, spacing))
    return x, y, z


def _lines(params: Any) -> str:
    factor = "$sigma**2 * " if params.normalised else ""
    return f"""
        # about ndimage.gaussian_laplace, but per mm², along tilted axes too, and exact on parabolas
        array, metric = voxels(image), {factor}metric_per_mm(image)
        kernels = gaussian_derivatives(voxel_sigmas(image, $sigma))
        curved = blockwise(array.shape, lambda block: laplacian_of(array, kernels, metric, block))
        result = on_grid_of(curved, image)
    """


@operation(
    "edges.laplacian_of_gaussian",
    title="Laplacian of Gaussian",
    menu="Filters/Edges",
    keeps_unit=False,
    reach=lambda p, spacing: _reach(p.sigma, spacing),
    keywords=("LoG", "Marr Hildreth", "Mexican hat", "zero crossing", "blob", "second derivative"),
    python=_lines,
    toolbox=(metric_per_mm, gaussian_derivatives, voxel_sigmas, laplacian_of, blockwise),
)
def laplacian_of_gaussian(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 20.0, 0.1)] = 1.0,
    normalised: Annotated[bool, Title("Comparable between scales")] = False,
) -> Image:
    """Show where the values bend, per mm², at the scale of a Gaussian.

    The image is smoothed with the Gaussian and differentiated twice in the same pass; tilted axes are taken
    into account. Negative in bright spots, zero on edges. The result is 32-bit float; colour channels are
    treated one by one. The border repeats the outermost voxel.

    Settings:
        sigma: Standard deviation of the Gaussian; 0 gives the plain Laplacian.
        normalised: Multiply by sigma², in mm², so that spots of any size answer equally, in the unit of the image.

    Source:
        Marr and Hildreth, Theory of edge detection, 1980; Lindeberg, Feature detection with automatic scale
        selection, 1998; as scipy.ndimage.gaussian_laplace.
    """
    sigma_voxels(tr("Laplacian of Gaussian"), sigma, image)
    array = view(image)
    metric = (sigma**2 if normalised else 1.0) * metric_per_mm(image)
    kernels = gaussian_derivatives(voxel_sigmas(image, sigma))
    return made(image, np.float32, lambda block: laplacian_of(array, kernels, metric, block), context)
