"""Filters that take noise away: Gaussian, median, mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pellucid.language import tr
from pellucid.operations import median as median_engine
from pellucid.operations.context import Context, Region
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, store, view
from pellucid.operations.scale import sigma_kernels, sigma_reach
from pellucid.operations.separable import Kernels, filtered, filtered_whole, gaussian_kernel, mean_kernel
from pellucid.operations.units import Millimetres, Range, Slider, Title, Voxels


@operation(
    "smoothing.gaussian",
    title="Gaussian",
    menu="Filters/Smoothing",
    reach=lambda p, spacing: sigma_reach(p.sigma, spacing),
    keywords=("blur", "low pass", "denoise"),
    python="""
        # ndimage.gaussian_filter(array, sigmas, mode="nearest", truncate=4) is the same but for the rounding of floats
        sigmas = [$sigma / step for step in reversed((*image.GetSpacing(), 1.0)[:3])]
        array = voxels(image)
        smooth = filtered_whole(array, [gaussian_kernel(sigma) for sigma in sigmas])
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
    toolbox=(filtered_whole, gaussian_kernel),
)
def gaussian(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 20.0, 0.1)] = 1.0,
) -> Image:
    """Smooth with a Gaussian of the given standard deviation.

    The kernel is cut at 4 sigma and has the same width in mm along every axis; the border repeats the
    outermost voxel. The pixel type stays, whole numbers are rounded; each colour channel is smoothed by
    itself.

    Settings:
        sigma: Standard deviation of the Gaussian; details much smaller than this disappear.

    Source:
        Sampled Gaussian, as scipy.ndimage.gaussian_filter(mode="nearest", truncate=4).
    """
    return _separable(image, sigma_kernels(tr("Gaussian"), sigma, image), context)


@operation(
    "smoothing.mean",
    title="Mean",
    menu="Filters/Smoothing",
    reach=lambda p, spacing: (p.radius,) * 3,
    keywords=("box", "average", "blur", "uniform"),
    python="""
        # ndimage.uniform_filter(array, 2 * $radius + 1, mode="nearest") is the same but for the rounding of floats
        array = voxels(image)
        smooth = filtered_whole(array, [mean_kernel($radius)] * 3)
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
    toolbox=(filtered_whole, mean_kernel),
)
def mean(
    image: Image,
    context: Context,
    *,
    radius: Annotated[Voxels, Range(0, 100), Slider(1, 10, 1)] = 1,
) -> Image:
    """Replace each voxel by the mean of the box around it.

    The box has 2 × radius + 1 voxels along every axis; the border repeats the outermost voxel. The pixel type
    stays, whole numbers are rounded; each colour channel is averaged by itself.

    Settings:
        radius: Half the width of the box: 1 averages 3 × 3 × 3 voxels.

    Source:
        Box filter, as scipy.ndimage.uniform_filter(mode="nearest") and SimpleITK.Mean.
    """
    kernel = mean_kernel(radius)
    return _separable(image, (kernel, kernel, kernel), context)


@operation(
    "smoothing.median",
    title="Median",
    menu="Filters/Smoothing",
    reach=lambda p, spacing: (p.radius,) * 3,
    keywords=("salt and pepper", "impulse noise", "denoise"),
    python="""
        array = voxels(image)
        box = [1 if n == 1 else 2 * $radius + 1 for n in array.shape[:3]] + [1] * (array.ndim - 3)
        result = on_grid_of(ndimage.median_filter(array, box, mode="nearest"), image)
    """,
)
def median(
    image: Image,
    context: Context,
    *,
    radius: Annotated[Voxels, Range(0, 20), Slider(1, 5, 1)] = 1,
) -> Image:
    """Replace each voxel by the median of the box around it.

    Takes isolated wrong voxels away and keeps edges sharp. The box has 2 × radius + 1 voxels along every
    axis; the border repeats the outermost voxel. Each colour channel is filtered by itself. A NaN makes its
    box NaN.

    Settings:
        radius: Half the width of the box: 1 takes the median of 3 × 3 × 3 voxels.

    Source:
        Median filter, as scipy.ndimage.median_filter(mode="nearest") and SimpleITK.Median.
    """
    return median_engine.median(image, radius, context)


def _separable(image: Any, kernels: Kernels, context: Context) -> Any:
    """Filter along each axis into a new image of the same type."""
    array = view(image)
    result, out = blank(image, array.dtype)
    if all(kernel is None for kernel in kernels):
        out[...] = array
        return result

    def work(block: Region) -> None:
        store(filtered(array, kernels, block), out[block])

    parts: Sequence[Region] = list(blocks(context.region(array.shape), array.shape))
    context.each(work, parts)
    return result
