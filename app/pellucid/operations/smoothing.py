"""Filters that look around each voxel: Gaussian, mean, median and other ranks, smallest and largest value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Region
from pellucid.operations.engines import median as median_engine
from pellucid.operations.engines.ball import Ball, ball_of, ball_radii
from pellucid.operations.engines.extremes import extreme_of_ball, extreme_of_box
from pellucid.operations.engines.scale import sigma_kernels, sigma_reach
from pellucid.operations.engines.separable import Kernels, filtered, filtered_whole, gaussian_kernel, mean_kernel
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, store, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title, Voxels


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


@operation(
    "smoothing.percentile",
    title="Percentile",
    menu="Filters/Smoothing",
    reach=lambda p, spacing: (p.radius,) * 3,
    keywords=("rank", "quantile", "order statistic", "quartile"),
    python="""
        array = voxels(image)
        box = [1 if n == 1 else 2 * $radius + 1 for n in array.shape[:3]] + [1] * (array.ndim - 3)
        result = on_grid_of(ndimage.percentile_filter(array, $percentile, box, mode="nearest"), image)
    """,
)
def percentile(
    image: Image,
    context: Context,
    *,
    percentile: Percent = 25.0,
    radius: Annotated[Voxels, Range(0, 20), Slider(1, 5, 1)] = 1,
) -> Image:
    """Replace each voxel by a percentile of the box around it.

    0 % is the smallest value of the box, 50 % the median, 100 % the largest; a low percentile finds the
    background below bright specks. The box has 2 × radius + 1 voxels along every axis; the border repeats the
    outermost voxel. Each colour channel is filtered by itself. A NaN makes its box NaN.

    Settings:
        percentile: Share of the box whose values are smaller than the result.
        radius: Half the width of the box: 1 looks at 3 × 3 × 3 voxels.

    Source:
        Rank filter, as scipy.ndimage.percentile_filter(mode="nearest").
    """
    return median_engine.percentile(image, radius, percentile, context)


Radius = Annotated[float, Title("Radius"), Range(0.0), Slider(0.0, 20.0, 0.5)]
RadiusUnit = Annotated[Literal["mm", "voxels"], Title("Unit", ("mm", "voxels"))]
Shape = Annotated[Literal["ball", "box"], Title("Neighbourhood", ("Ball", "Box"))]


def _extreme_reach(p: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    z, y, x = Ball(ball_radii(p.radius, p.unit, spacing)).reach
    return x, y, z


def _extreme_python(function: str) -> Any:
    """Return what writes the lines of a smallest or largest value for the shape and the unit chosen."""

    def lines(p: Any) -> str:
        radius = "$radius / step" if p.unit == "mm" else "$radius"
        radii = f"[{radius} * (1 + 1e-9) for step in reversed((*image.GetSpacing(), 1.0)[:3])]"
        if p.shape == "box":
            area = ["size = [2 * int(radius) + 1 for radius in radii]"]
        else:
            area = [
                "places = np.ogrid[tuple(slice(-int(radius), int(radius) + 1) for radius in radii)]",
                "ball = sum((n / max(r, 1e-9)) ** 2 for n, r in zip(places, radii)) <= 1",
            ]
        how = "footprint=ball, " if p.shape == "ball" else "size, "
        made = f'ndimage.{function}(voxels(image), {how}mode="nearest", axes=(0, 1, 2))'
        return "\n".join([f"radii = {radii}", *area, f"result = on_grid_of({made}, image)"])

    return lines


@operation(
    "smoothing.minimum",
    title="Minimum",
    menu="Filters/Smoothing",
    reach=_extreme_reach,
    keywords=("grey erosion", "erode", "darken", "morphology", "rank"),
    python=_extreme_python("minimum_filter"),
)
def minimum(
    image: Image,
    context: Context,
    *,
    radius: Radius = 2.0,
    unit: RadiusUnit = "mm",
    shape: Shape = "ball",
) -> Image:
    """Replace each voxel by the smallest value around it: bright details shrink or disappear.

    The ball holds every voxel whose centre is within the radius, the box every voxel within it along each axis; in
    mm both have the same size in space whatever the spacing. The pixel type stays; beyond the border there is
    nothing. Each colour channel is filtered by itself. A NaN makes its neighbours NaN.

    Settings:
        radius: Radius of the ball, or half the width of the box.
        unit: Whether the radius counts mm or voxels.
        shape: Which neighbours are looked at.

    Source:
        Grey erosion: Serra, Image Analysis and Mathematical Morphology, 1982; as scipy.ndimage.minimum_filter and
        SimpleITK.GrayscaleErode.
    """
    return _extreme(tr("Minimum"), image, radius, unit, shape, np.minimum, context)


@operation(
    "smoothing.maximum",
    title="Maximum",
    menu="Filters/Smoothing",
    reach=_extreme_reach,
    keywords=("grey dilation", "dilate", "brighten", "morphology", "rank"),
    python=_extreme_python("maximum_filter"),
)
def maximum(
    image: Image,
    context: Context,
    *,
    radius: Radius = 2.0,
    unit: RadiusUnit = "mm",
    shape: Shape = "ball",
) -> Image:
    """Replace each voxel by the largest value around it: bright details grow, dark ones disappear.

    The ball holds every voxel whose centre is within the radius, the box every voxel within it along each axis; in
    mm both have the same size in space whatever the spacing. The pixel type stays; beyond the border there is
    nothing. Each colour channel is filtered by itself. A NaN makes its neighbours NaN.

    Settings:
        radius: Radius of the ball, or half the width of the box.
        unit: Whether the radius counts mm or voxels.
        shape: Which neighbours are looked at.

    Source:
        Grey dilation: Serra, Image Analysis and Mathematical Morphology, 1982; as scipy.ndimage.maximum_filter and
        SimpleITK.GrayscaleDilate.
    """
    return _extreme(tr("Maximum"), image, radius, unit, shape, np.maximum, context)


def _extreme(
    title: str, image: Any, radius: float, unit: str, shape: str, rule: np.ufunc, context: Context
) -> Any:
    """Return the extreme around each voxel; refuse a radius that is absurdly large for the grid."""
    ball = ball_of(title, radius, unit, image)
    if shape == "box":
        return extreme_of_box(image, ball.reach, rule, context)
    return extreme_of_ball(image, ball, rule, context)


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
