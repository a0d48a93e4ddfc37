"""Filters that take noise away by a model of the image: total variation, Wiener."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from pellucid.operations.context import Context, Region
from pellucid.operations.denoising import Span, Spread
from pellucid.operations.engines.pieces import Each, tiles, with_halo
from pellucid.operations.engines.similarity import mean_variance, wiener_mean
from pellucid.operations.engines.total_variation import denoised
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, store, view
from pellucid.operations.plain import floating, stored
from pellucid.operations.units import Begins, Intensity, Range, Slider, Title, Unit, Voxels

_TILE_VOXELS = 1 << 16


@operation(
    "denoising.total_variation",
    title="Total variation",
    menu="Filters/Edge-preserving",
    reach=lambda p, spacing: (p.iterations, p.iterations, p.iterations if p.span == "volume" else 0),
    keywords=("TV", "ROF", "Chambolle", "denoise", "edge-preserving"),
    python="""
        array = voxels(image)
        values = floating(array)
        channels = -1 if array.ndim == 4 else None
        how = {"weight": $weight, "eps": 0, "max_num_iter": $iterations, "channel_axis": channels}
        if $span == "volume" and len(array) > 1:
            smooth = skimage.restoration.denoise_tv_chambolle(values, **how)
        else:
            smooth = np.stack([skimage.restoration.denoise_tv_chambolle(plane, **how) for plane in values])
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
)
def total_variation(
    image: Image,
    context: Context,
    *,
    weight: Annotated[Intensity, Title("Weight"), Range(1e-9), Begins("span", 0.02)] = 20.0,
    iterations: Annotated[int, Title("Iterations"), Unit("iterations"), Range(1, 1000), Slider(5, 200, 5)] = 30,
    span: Span = "slices",
) -> Image:
    """Make areas flat: find the image that is near to this one and changes least in total.

    Minimises ½ (result - image)² + weight × length of the gradient, summed over all voxels, so that edges cost no more
    than slopes. By nature each voxel depends on all others; after some iterations, on those that many voxels
    around it. Differences count per voxel, whatever the spacing. The pixel type stays, whole numbers are rounded; each
    colour channel is treated by itself. A NaN spreads one voxel in each iteration.

    Settings:
        weight: How much change costs; about the standard deviation of the noise, more makes larger areas flat.
        iterations: How often the result is made better; a large weight needs many.
        span: Whether each slice is treated by itself or the volume as one.

    Source:
        Chambolle, An algorithm for total variation minimization, J. Math. Imaging and Vision 20, 2004, as
        skimage.restoration.denoise_tv_chambolle(eps=0).
    """
    array = view(image)
    axes = (0, 1, 2) if span == "volume" and len(array) > 1 else (1, 2)
    count = max(1, 2 * (iterations - 1))
    rounds: Iterator[Each] = (context.part(n / count, (n + 1) / count).each for n in range(count))
    wanted = context.region(array.shape)
    smooth = denoised(floating(array), axes, weight, iterations, wanted, rounds)
    result, out = blank(image, array.dtype)
    for block in blocks(wanted, array.shape):
        context.check()
        store(smooth[block], out[block])
    return result


def _box(radius: int, shape: tuple[int, ...]) -> Spread:
    """Return the radii of a box along z, y, x, 0 where there is one voxel."""
    z, y, x = (radius if n > 1 else 0 for n in shape[:3])
    return z, y, x


def _mean_variance(image: Any, context: Context, sd: float, radius: int) -> float:
    """Return the variance of the noise: that which was given, or the mean of all local variances."""
    array = view(image)
    return sd**2 if sd > 0 else mean_variance(array, _box(radius, array.shape), context.each)


@operation(
    "denoising.wiener",
    title="Wiener",
    menu="Filters/Edge-preserving",
    prepare=_mean_variance,
    prepare_uses=("sd", "radius"),
    reach=lambda p, spacing: (p.radius,) * 3,
    keywords=("adaptive", "Lee", "local statistics", "denoise"),
    python="""
        # signal.wiener(array, 2 * $radius + 1, noise) is the same but for its border, beyond which it sees zeros
        array = voxels(image)
        radii = [$radius if n > 1 else 0 for n in array.shape[:3]]
        noise = $sd**2 if $sd > 0 else mean_variance(array, radii)
        values = with_halo(array, [slice(0, n) for n in array.shape[:3]], radii).astype(np.float64)
        result = on_grid_of(stored(wiener_mean(values, radii, noise), array.dtype), image)
    """,
    toolbox=(mean_variance, with_halo, wiener_mean),
)
def wiener(
    image: Image,
    context: Context,
    *,
    radius: Annotated[Voxels, Range(1, 50), Slider(1, 10, 1)] = 2,
    sd: Annotated[Intensity, Title("Noise"), Range(0.0)] = 0.0,
) -> Image:
    """Smooth where the values around a voxel scatter no more than the noise, and little where they scatter more.

    Each voxel becomes mean + (1 - noise² / variance) × (value - mean), with mean and variance of the box around it, or
    the mean where the variance is below noise². The box has 2 × radius + 1 voxels along every axis; the border repeats
    the outermost voxel. The pixel type stays, whole numbers are rounded; each colour channel is treated by itself. A
    NaN makes the boxes that hold it NaN.

    Settings:
        radius: Half the width of the box: 1 looks at 3 × 3 × 3 voxels.
        sd: Standard deviation of the noise; 0 takes the mean of the variances of all boxes of the image.

    Source:
        Lim, Two-Dimensional Signal and Image Processing, 1990, page 548, equation 9.44; as scipy.signal.wiener. It is
        the local adaptive filter, not the one that undoes a known blur.
    """
    array = view(image)
    radii = _box(radius, array.shape)
    variance: float = context.prepared
    result, out = blank(image, array.dtype)

    def fill(tile: Region) -> None:
        context.check()
        values = with_halo(array, tile, radii).astype(np.float64)
        out[tile] = stored(wiener_mean(values, radii, variance), out.dtype)

    context.each(fill, tiles(context.region(array.shape), array.shape, _TILE_VOXELS, 8))
    return result
