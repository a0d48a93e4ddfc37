"""Watersheds: touching objects split where they are narrow, floods from markers, basins of an image."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.separable import filtered, filtered_whole, gaussian_kernel
from pellucid.operations.engines.slopes import (
    blockwise,
    gaussian_derivatives,
    metric_per_mm,
    steepness,
    voxel_sigmas,
)
from pellucid.operations.engines.splitting import (
    basins_of,
    by_size,
    depths,
    flooded,
    levels_of_surface,
    middles,
    objects_from,
    reached,
    surroundings,
)
from pellucid.operations.operation import Image, Labels, Mask, operation
from pellucid.operations.pixels import MOST_LABELS, Array, axis_lengths, blank, need_scalar, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title

Surface = Annotated[
    Literal["gradient", "dark", "bright"],
    Title("Flood", ("Gradient: borders at edges", "Intensity: dark first", "Intensity: bright first")),
]
Sigma = Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.0, 10.0, 0.1)]


def check_count(count: int) -> None:
    """Raise Refused when there are more objects than labels."""
    if count > MOST_LABELS:
        raise Refused(
            tr("There are {count} objects, more than the {most} labels there can be. Smooth more, or remove small "
               "parts first.", count=count, most=MOST_LABELS)
        )  # fmt: skip


@operation(
    "watershed.split_touching",
    title="Split touching objects",
    menu="Segment/Watershed",
    keywords=("separate", "clumps", "cells", "nuclei", "distance transform", "declump"),
    python="""
        array, spacing = voxels(mask) > 0, (*mask.GetSpacing(), 1.0)[:3]
        labels = np.zeros(array.shape, np.uint16)
        if array.any():
            box = surroundings(array)
            depth = depths(array[box], spacing, $smoothing)
            labels[box] = objects_from(depth, middles(depth, spacing, $neck / 100, $distance))
        result = on_grid_of(labels, mask)
    """,
    toolbox=(surroundings, depths, middles, objects_from),
)
def split_touching(
    mask: Mask,
    context: Context,
    *,
    neck: Annotated[Percent, Title("Narrowing"), Range(0.0, 99.0), Slider(0, 90, 1)] = 20.0,
    distance: Annotated[Millimetres, Title("Least distance"), Range(0.0), Slider(0.0, 50.0, 0.5)] = 0.0,
    smoothing: Annotated[Millimetres, Title("Smoothing"), Range(0.0), Slider(0.0, 10.0, 0.1)] = 0.0,
) -> Labels:
    """Split a mask at its necks and give every object a label, the largest first.

    Each object is flooded from its middle, where the border is furthest (in mm), and the floods meet at the narrowest
    place. Parts that do not touch are never joined. The border of the image is no border of an object.

    Settings:
        neck: Objects are split where what joins them is narrower than both by at least this share.
        distance: Of two middles that are nearer than this in one part, only the deeper one counts.
        smoothing: Standard deviation of a Gaussian over the distances; ragged borders then give fewer pieces.

    Source:
        Vincent and Soille, Watersheds in digital spaces, IEEE Trans. PAMI 13 (1991) 583-598; as
        SimpleITK.MorphologicalWatershedFromMarkers on a distance map.
    """
    result, out = blank(mask, np.uint16)
    inside = view(mask) > 0
    box = surroundings(inside)
    if inside[box].size:
        sigma_voxels(tr("Split touching objects"), smoothing, mask)
        spacing = axis_lengths(mask)
        run = in_steps(context, 0.0, 1.0, 4)
        depth = depths(inside[box], spacing, smoothing, run)
        places = middles(depth, spacing, neck / 100, distance, run, context.check)
        check_count(len(places))
        out[box] = objects_from(depth, places, run)
    return result


def in_steps(context: Context, start: float, stop: float, count: int) -> Any:
    """Return what runs so many filters one after the other, each with its part of the progress."""
    width = (stop - start) / count
    parts = iter([context.part(start + n * width, start + (n + 1) * width) for n in range(count)])

    def run(filter: Any, *images: sitk.Image) -> Any:
        return next(parts).execute(filter, *images)

    return run


def _surface_lines(p: Any) -> str:
    """Return what writes the surface that is flooded in a script."""
    if p.surface == "gradient":
        return """
        array, metric = voxels(image), metric_per_mm(image)
        kernels = gaussian_derivatives(voxel_sigmas(image, $sigma))
        surface = blockwise(array.shape, lambda block: steepness(array, kernels, metric, block))"""
    sign = "-" if p.surface == "bright" else ""
    return f"""
        array = voxels(image)
        surface = {sign}filtered_whole(array, [gaussian_kernel(sigma) for sigma in voxel_sigmas(image, $sigma)])"""


_SURFACE_TOOLS = (metric_per_mm, gaussian_derivatives, voxel_sigmas, blockwise, steepness, filtered_whole,
                  gaussian_kernel, levels_of_surface)  # fmt: skip


def _levels(title: str, image: Any, surface: str, sigma: float, context: Context) -> Array:
    """Return the surface that is flooded in whole steps."""
    need_scalar(title, image)
    sigma_voxels(title, sigma, image)
    array, metric = view(image), metric_per_mm(image)
    sigmas = voxel_sigmas(image, sigma)
    if surface == "gradient":
        slopes = gaussian_derivatives(sigmas)
        made = blockwise(array.shape, lambda block: steepness(array, slopes, metric, block), each=context.each)
        return levels_of_surface(made)
    z, y, x = (gaussian_kernel(sigma) for sigma in sigmas)
    dtype = np.float32 if array.dtype.itemsize <= 2 or array.dtype == np.float32 else np.float64
    smooth = blockwise(
        array.shape, lambda block: filtered(array, (z, y, x), block), dtype, each=context.each, piece=1 << 22
    )
    return levels_of_surface(-smooth if surface == "bright" else smooth)


@operation(
    "watershed.from_markers",
    title="Watershed from markers",
    menu="Segment/Watershed",
    keywords=("flood", "seeds", "grow", "catchment"),
    python=lambda p: f"""{_surface_lines(p)}
        levels, marks = levels_of_surface(surface), voxels(markers)
        if mask is not None:  # what is outside is flooded last and then taken away
            inside = voxels(mask) > 0
            levels, marks = np.where(inside, levels, np.uint16(65535)), np.where(inside, marks, marks.dtype.type(0))
        labels = flooded(levels, marks).astype(np.uint16)
        if mask is not None:
            labels = reached(labels, inside, marks)
        result = on_grid_of(labels, image)
    """,
    toolbox=(*_SURFACE_TOOLS, flooded, reached),
)
def from_markers(
    image: Image,
    markers: Annotated[Labels, Title("Markers")],
    mask: Annotated[Mask, Title("Only inside")] | None,
    context: Context,
    *,
    surface: Surface = "gradient",
    sigma: Sigma = 1.0,
) -> Labels:
    """Let every marker grow until it meets the next one: at edges, or at ridges of the image.

    The surface is flooded from the markers in 65,535 even steps from its lowest to its highest value; where two floods
    meet is the border. Each label of the markers keeps its number. Without a mask the whole image is flooded: paint a
    marker for the background as well. NaN is flooded last.

    Settings:
        surface: What is flooded: how steeply the values change, or the values themselves.
        sigma: Standard deviation of the Gaussian that smooths the image before.

    Source:
        Beucher and Meyer, The morphological approach to segmentation, 1993; as
        SimpleITK.MorphologicalWatershedFromMarkers.
    """
    levels = _levels(tr("Watershed from markers"), image, surface, sigma, context.part(0.0, 0.3))
    marks, inside = view(markers), None if mask is None else view(mask) > 0
    if inside is not None:
        levels, marks = np.where(inside, levels, np.uint16(65535)), np.where(inside, marks, marks.dtype.type(0))
    if not marks.any():
        raise Refused(tr("There is no marker to grow from. Paint one label in each object and one in the background."))
    context.check()
    found = flooded(levels, marks, context.part(0.3, 1.0).execute).astype(np.uint16)
    result, out = blank(image, np.uint16)
    out[...] = found if inside is None else reached(found, inside, marks)
    return result


@operation(
    "watershed.basins",
    title="Watershed basins",
    menu="Segment/Watershed",
    keywords=("catchment", "flood", "over-segmentation", "regions", "partition"),
    python=lambda p: f"""{_surface_lines(p)}
        basins = basins_of(levels_of_surface(surface), $depth / 100 * 65534)
        result = on_grid_of(by_size(basins, int(basins.max())), image)
    """,
    toolbox=(*_SURFACE_TOOLS, basins_of, by_size),
)
def basins(
    image: Image,
    context: Context,
    *,
    surface: Surface = "gradient",
    sigma: Sigma = 1.0,
    depth: Annotated[Percent, Title("Depth")] = 10.0,
) -> Labels:
    """Cut the whole image into basins: every place belongs to the valley that water would run to.

    Basins that are less deep than asked for join their neighbour. The surface is taken in 65,535 even steps from its
    lowest to its highest value. The largest basin is label 1.

    Settings:
        surface: What is flooded: how steeply the values change, or the values themselves.
        sigma: Standard deviation of the Gaussian that smooths the image before.
        depth: How deep a basin must be to count, as a share of the range of the surface.

    Source:
        Beucher and Lantuéjoul, Use of watersheds in contour detection, 1979; SimpleITK.MorphologicalWatershed.
    """
    levels = _levels(tr("Watershed basins"), image, surface, sigma, context.part(0.0, 0.3))
    found = basins_of(levels, depth / 100 * 65534, context.part(0.3, 1.0).execute)
    count = int(found.max())
    check_count(count)
    context.check()
    result, out = blank(image, np.uint16)
    out[...] = by_size(found, count)
    return result
