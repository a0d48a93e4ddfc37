"""Filters that make details stand out: the unsharp mask."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Region
from pellucid.operations.engines.scale import sigma_reach, sigma_voxels
from pellucid.operations.engines.separable import Kernel, filtered, gaussian_kernel
from pellucid.operations.engines.slopes import blockwise, made, voxel_sigmas
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, view, work_type
from pellucid.operations.units import Intensity, Millimetres, Range, Slider, Title, Unit


def sharpened(array: Array, kernels: list[Kernel | None], amount: float, threshold: float, block: Region) -> Array:
    """Return a block plus ``amount`` times its difference to the smoothed image, where that reaches a threshold."""
    z, y, x = kernels
    detail = filtered(array, (z, y, x), block)
    values = array[block].astype(detail.dtype)
    np.subtract(values, detail, out=detail)
    if threshold > 0:
        detail[np.abs(detail) < threshold] = 0
    detail *= amount
    return np.add(values, detail, out=values)


@operation(
    "edges.unsharp",
    title="Unsharp mask",
    menu="Filters/Sharpening",
    reach=lambda p, spacing: sigma_reach(p.sigma, spacing),
    keywords=("sharpen", "high boost", "enhance", "detail"),
    python="""
        # array + $amount * (array - ndimage.gaussian_filter(array, sigmas, mode="nearest", truncate=4)),
        # but for the rounding of floats; differences below $threshold are left alone
        array, kernels = voxels(image), [gaussian_kernel(sigma) for sigma in voxel_sigmas(image, $sigma)]
        sharp = blockwise(
            array.shape,
            lambda block: sharpened(array, kernels, $amount, $threshold, block),
            work_type(array.dtype),
        )
        result = on_grid_of(stored(sharp, array.dtype), image)
    """,
    toolbox=(gaussian_kernel, voxel_sigmas, blockwise, sharpened, work_type),
)
def unsharp(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 20.0, 0.1)] = 1.0,
    amount: Annotated[float, Title("Amount"), Unit("×"), Range(0.0, 100.0), Slider(0.0, 5.0, 0.1)] = 1.0,
    threshold: Annotated[Intensity, Title("Threshold"), Range(0.0)] = 0.0,
) -> Image:
    """Sharpen by adding what a Gaussian takes away.

    Each voxel moves away from the smoothed image by a multiple of its difference to it. The pixel type stays:
    whole numbers are rounded, and what the type cannot hold becomes its smallest or largest value. Colour
    channels are sharpened one by one. The border repeats the outermost voxel.

    Settings:
        sigma: Standard deviation of the Gaussian, in the size of the details to bring out.
        amount: How many times the difference is added; 0 changes nothing.
        threshold: Smaller differences than this are taken for noise and left alone.

    Source:
        Unsharp masking: Gonzalez and Woods, Digital Image Processing, section 3.6; as skimage.filters.unsharp_mask.
    """
    sigma_voxels(tr("Unsharp mask"), sigma, image)
    array, kernels = view(image), [gaussian_kernel(width) for width in voxel_sigmas(image, sigma)]
    return made(image, array.dtype, lambda block: sharpened(array, kernels, amount, threshold, block), context)
