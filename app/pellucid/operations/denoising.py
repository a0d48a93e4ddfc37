"""Filters that take noise away by means over what is similar: bilateral, non-local means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.noise_engine import noise_sd
from pellucid.operations.engines.pieces import tiles, with_halo
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.similarity import (
    bilateral_mean,
    halo_of,
    offsets_within,
    patch_mean,
    search_offsets,
)
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, view
from pellucid.operations.plain import floating, stored
from pellucid.operations.units import Begins, Intensity, Millimetres, Range, Slider, Title, Unit, Voxels

T = TypeVar("T")
Spread = tuple[int, int, int]
Span = Annotated[Literal["slices", "volume"], Title("Work on", ("Single slices", "The whole volume"))]
_TILE_VOXELS = 1 << 16
_MOST_NEIGHBOURS = 20_000


def _bilateral_reach(p: Any, spacing: tuple[float, float, float]) -> Spread:
    x, y, z = (int(3 * p.sigma / length) for length in spacing)
    return x, y, z


@operation(
    "denoising.bilateral",
    title="Bilateral",
    menu="Filters/Edge-preserving",
    reach=_bilateral_reach,
    keywords=("edge-preserving", "denoise", "smooth"),
    python="""
        # sitk.Bilateral(image, $sigma, $contrast) is close: it looks up weights in a table, in a box of 2.5 sigma
        array = voxels(image)
        offsets = offsets_within([$sigma / step for step in reversed((*image.GetSpacing(), 1.0)[:3])], array.shape)
        halo = halo_of(offsets)
        values = with_halo(floating(array), [slice(0, n) for n in array.shape[:3]], halo)
        result = on_grid_of(stored(bilateral_mean(values, offsets, halo, $contrast), array.dtype), image)
    """,
    toolbox=(offsets_within, halo_of, with_halo, bilateral_mean),
)
def bilateral(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(1e-6), Slider(0.5, 5.0, 0.1)] = 1.5,
    contrast: Annotated[Intensity, Title("Contrast"), Range(1e-9), Begins("span", 0.04)] = 50.0,
) -> Image:
    """Replace each voxel by a mean of those near to it that have a similar value.

    The weight of a neighbour falls with its distance in mm and with the difference of its value, both as a Gaussian;
    those beyond 3 sigma do not count. The border repeats the outermost voxel. The pixel type stays, whole numbers are
    rounded. Colours are compared as a whole, so no new ones appear at edges. A NaN makes its neighbours NaN.

    Settings:
        sigma: Standard deviation of the weight by distance; larger areas become smooth.
        contrast: Standard deviation of the weight by difference; edges that are much higher stay.

    Source:
        Tomasi and Manduchi, Bilateral filtering for gray and color images, ICCV 1998.
    """
    array = view(image)
    x, y, z = sigma_voxels(tr("Bilateral"), sigma, image)
    count = np.prod([2 * min(int(3 * far), n - 1) + 1 for far, n in zip((z, y, x), array.shape, strict=False)])
    if count > 2 * _MOST_NEIGHBOURS:
        raise Refused(
            tr(
                "A sigma of {sigma:g} mm is up to {voxels:.0f} voxels here, too many neighbours to look at. Choose a "
                "smaller one.",
                sigma=sigma,
                voxels=max(x, y, z),
            )
        )
    offsets = offsets_within((z, y, x), array.shape)
    halo = halo_of(offsets)

    def work(values: Array) -> Array:
        return bilateral_mean(values, _asking(offsets, context), halo, contrast)

    return _tiled(image, halo, work, context)


def _patch_reach(p: Any, spacing: Any) -> Spread:
    far = p.distance + p.patch
    return far, far, far if p.span == "volume" else 0


def _estimated(image: Any, context: Context, sd: float) -> float:
    """Return the noise that was given, or an estimate of it."""
    array = view(image)
    if sd > 0 or min(array.shape[1:3]) < 3:
        return sd
    planes = array if array.ndim == 3 else np.moveaxis(array, 3, 0).reshape(-1, *array.shape[1:3])
    halves = iter((context.part(0.0, 0.5).each, context.part(0.5, 1.0).each))
    return noise_sd(planes, "median", None, lambda work, items: next(halves)(work, items)) or 0.0


@operation(
    "denoising.non_local_means",
    title="Non-local means",
    menu="Filters/Edge-preserving",
    prepare=_estimated,
    prepare_uses=("sd",),
    reach=_patch_reach,
    keywords=("NLM", "patches", "denoise", "edge-preserving"),
    python="""
        # denoise_nl_means(plane, 2 * $patch + 1, $distance, $strength * noise, True, noise) of skimage.restoration
        # is close: its patches are one voxel narrower and it leaves small weights out
        array = voxels(image)
        planes = array if array.ndim == 3 else np.moveaxis(array, 3, 0).reshape(-1, *array.shape[1:3])
        noise = $sd or (noise_sd(planes, "median") if min(array.shape[1:3]) >= 3 else 0) or 0.0
        along_z = $span == "volume" and len(array) > 1
        far = $distance + $patch
        halo, radii = (far if along_z else 0, far, far), ($patch if along_z else 0, $patch, $patch)
        values = with_halo(floating(array), [slice(0, n) for n in array.shape[:3]], halo)
        if noise > 0:
            smooth = patch_mean(values, search_offsets($distance, along_z), halo, radii, noise, $strength * noise)
            array = stored(smooth, array.dtype)
        result = on_grid_of(array, image)
    """,
    toolbox=(noise_sd, with_halo, search_offsets, patch_mean),
)
def non_local_means(
    image: Image,
    context: Context,
    *,
    sd: Annotated[Intensity, Title("Noise"), Range(0.0)] = 0.0,
    strength: Annotated[float, Title("Strength"), Unit("×"), Range(0.01, 100.0), Slider(0.1, 3.0, 0.1)] = 0.8,
    patch: Annotated[Voxels, Title("Patch radius"), Range(1, 10), Slider(1, 5, 1)] = 2,
    distance: Annotated[Voxels, Title("Search distance"), Range(1, 30), Slider(1, 12, 1)] = 5,
    span: Span = "slices",
) -> Image:
    """Replace each voxel by a mean of those whose surroundings look like its own.

    Each voxel within the search distance counts by exp(-max(d² - 2 noise², 0) / (strength × noise)²), where d² is the
    mean squared difference of the patches around both. The border repeats the outermost voxel. The pixel type stays,
    whole numbers are rounded. Colours are compared as a whole. A NaN makes what is within its reach NaN.

    Settings:
        sd: Standard deviation of the noise; 0 estimates it, as Estimate noise does with the median.
        strength: How different patches may be; more smooths more and keeps less detail.
        patch: Half the width of the surroundings that are compared.
        distance: How far away similar surroundings are looked for.
        span: Whether surroundings lie within a slice, or also in those above and below (slow).

    Source:
        Buades, Coll and Morel, A non-local algorithm for image denoising, CVPR 2005; patches of
        equal weight as in skimage.restoration.denoise_nl_means(fast_mode=True).
    """
    found: float = context.prepared
    array = view(image)
    along_z = span == "volume" and len(array) > 1
    far = distance + patch
    halo, radii = (far if along_z else 0, far, far), (patch if along_z else 0, patch, patch)
    offsets = search_offsets(distance, along_z)

    def work(values: Array) -> Array:
        if found == 0:
            return values
        return patch_mean(values, _asking(offsets, context), halo, radii, found, strength * found)

    return _tiled(image, halo if found > 0 else (0, 0, 0), work, context)


def _asking(items: Iterable[T], context: Context) -> Iterator[T]:
    """Yield the items, and ask before each whether to go on."""
    for item in items:
        context.check()
        yield item


def _tiled(image: Any, halo: Spread, work: Callable[[Array], Array], context: Context) -> Any:
    """Return a new image whose tiles are made from their values with a halo, as floats."""
    array = view(image)
    result, out = blank(image, array.dtype)

    def fill(tile: Region) -> None:
        out[tile] = stored(work(floating(with_halo(array, tile, halo))), out.dtype)

    deep = 4 if halo[0] else 1
    context.each(fill, tiles(context.region(array.shape), array.shape, _TILE_VOXELS, deep))
    return result
