"""Canny's edges: the crests of the slope, one voxel thin, linked between two thresholds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from pellucid.language import tr
from pellucid.operations.context import Context, Region
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.separable import Kernel
from pellucid.operations.engines.slopes import (
    Each,
    blockwise,
    gaussian_derivatives,
    in_turn,
    metric_per_mm,
    slope,
    slope_length,
    voxel_sigmas,
    widened,
)
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, blank, need_scalar, view
from pellucid.operations.units import Begins, Intensity, Millimetres, Range, Slider, Title

CREST_VOXELS = 1 << 18
_EVERYWHERE = 1 << 30


def crests(
    array: Array, kernels: list[list[Kernel | None]], metric: Array, lower: float, upper: float, each: Each = in_turn
) -> Array:
    """Return 1 where the slope is largest along its own direction and reaches ``lower``, 2 where also ``upper``."""

    def compute(block: Region) -> Array:
        return block_crests(array, kernels, metric, (lower, upper), block)

    return blockwise(array.shape, compute, np.uint8, each, CREST_VOXELS)


def block_crests(
    array: Array, kernels: list[list[Kernel | None]], metric: Array, limits: tuple[float, float], block: Region
) -> Array:
    """Return the crests of one block; the border repeats the outermost slopes."""
    grown, inner = widened(block, (1, 1, 1), array.shape)
    axes = [axis for axis in range(3) if metric[axis, axis] > 0]
    slopes = {axis: slope(array, axis, kernels, grown) for axis in axes}
    steep = slope_length(slopes, metric, array[grown])
    steep[~(steep >= 0)] = 0
    places = np.argwhere(steep[inner] >= max(limits[0], np.finfo(np.float32).tiny)) + [p.start for p in inner]
    here = tuple(places.T)
    across = np.zeros(places.shape)
    for i in axes:
        across[:, i] = sum(metric[i, j] * slopes[j][here].astype(np.float64) for j in axes)
    across /= np.abs(across).max(axis=1, initial=1e-300, keepdims=True)
    ahead, behind = (
        ndimage.map_coordinates(steep, (places + way * across).T, order=1, mode="nearest") for way in (1, -1)
    )
    sagging = sum(bulge(steep, places, i) * np.abs(across[:, i]) * (1 - np.abs(across[:, i])) for i in axes) / 2
    crest = (steep[here] >= ahead - sagging) & (steep[here] > behind - sagging)
    kept = np.zeros(steep.shape, np.uint8)
    kept[here] = crest * (1 + (steep[here] >= limits[1]))
    return kept[inner]


def bulge(steep: Array, places: Array, axis: int) -> Array:
    """Return the second difference along an axis: how much a straight line between voxels lies off the values."""
    here, before, after = places.T, places.T.copy(), places.T.copy()
    before[axis] = np.maximum(before[axis] - 1, 0)
    after[axis] = np.minimum(after[axis] + 1, steep.shape[axis] - 1)
    return np.asarray(steep[tuple(before)] - 2 * steep[tuple(here)] + steep[tuple(after)])


def linked(thin: Array, labels: Array) -> Array:
    """Return as 0 and 1 the parts (0: none) in which at least one voxel is 2."""
    strong = np.zeros(int(labels.max(initial=0)) + 1, np.uint8)
    strong[labels[thin == 2]] = 1
    strong[0] = 0
    return strong[labels]


def linked_in_slices(thin: Array, each: Each = in_turn) -> Array:
    """Return the linked parts of each slice by itself."""
    out = np.empty(thin.shape, np.uint8)

    def work(z: int) -> None:
        out[z] = linked(thin[z], ndimage.label(thin[z], np.ones((3, 3)))[0])

    each(work, range(len(thin)))
    return out


def _reach(dimension: str) -> tuple[int, int, int] | None:
    return (_EVERYWHERE, _EVERYWHERE, 0) if dimension == "slices" else None


def _lines(params: Any) -> str:
    planar = params.dimension == "slices"
    labels = "voxels(sitk.ConnectedComponent(on_grid_of(thin, image), True))"
    link = "linked_in_slices(thin)" if planar else f"linked(thin, {labels})"
    return f"""
        # skimage.feature.canny with widths and slopes in mm, in any direction of space
        array, metric = voxels(image), metric_per_mm(image, planar={planar})
        kernels = gaussian_derivatives({"in_plane(" * planar}voxel_sigmas(image, $sigma){")" * planar})
        thin = crests(array, kernels, metric, $lower, $upper)
        result = on_grid_of({link}, image)
    """


def in_plane(sigmas: list[float]) -> list[float]:
    """Return widths along z, y, x without that across the slices."""
    return [0.0, *sigmas[1:]]


@operation(
    "edges.canny",
    title="Canny edges",
    menu="Filters/Edges",
    reach=lambda p, spacing: _reach(p.dimension),
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("edge", "thin", "hysteresis", "outline", "contour"),
    python=_lines,
    toolbox=(metric_per_mm, gaussian_derivatives, voxel_sigmas, in_plane, crests, linked, linked_in_slices),
)
def canny(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 20.0, 0.1)] = 1.0,
    lower: Annotated[Intensity, Title("Lower slope"), Range(0.0), Begins("slope", 0.03)] = 20.0,
    upper: Annotated[Intensity, Title("Upper slope"), Range(0.0), Begins("slope", 0.08)] = 50.0,
    dimension: Annotated[Literal["slices", "volume"], Title("Edges of", ("Each slice", "The volume"))] = "slices",
) -> Mask:
    """Find edges as lines (surfaces in a volume) one voxel thin.

    An edge is where the slope is largest along its own direction. It is kept where the slope reaches the lower
    limit and the edge is linked to a place that reaches the upper one. Slopes are those of Gradient magnitude,
    per mm. The border repeats the outermost voxel. A NaN has no slope; colour images are refused.

    Settings:
        sigma: Standard deviation of the Gaussian that smooths first; details much smaller than this have no edge.
        lower: Edges end where the slope falls below this, in the unit of the image per mm.
        upper: Each edge reaches this slope somewhere, in the unit of the image per mm.
        dimension: Whether edges run within each slice of the z axis, or through the whole volume.

    Source:
        Canny, A computational approach to edge detection, 1986, as skimage.feature.canny.
    """
    title = tr("Canny edges")
    need_scalar(title, image)
    sigma_voxels(title, sigma, image)
    planar = dimension == "slices"
    array, sigmas = view(image), voxel_sigmas(image, sigma)
    kernels = gaussian_derivatives(in_plane(sigmas) if planar else sigmas)
    thin = crests(array, kernels, metric_per_mm(image, planar=planar), lower, upper, context.part(0.0, 0.7).each)
    result, out = blank(image, np.uint8)
    rest = context.part(0.7, 1.0)
    out[...] = linked_in_slices(thin, rest.each) if planar else linked(thin, _parts(thin, rest))
    if not out.any():
        context.remark(tr("No slope reaches {upper:g} per mm at this scale; lower the limits.", upper=upper))
    return result


def _parts(thin: Array, context: Context) -> Array:
    """Return the number of the connected part of each voxel, 0 for none."""
    filter = sitk.ConnectedComponentImageFilter()
    filter.FullyConnectedOn()
    return view(context.execute(filter, sitk.GetImageFromArray(thin)))
