"""Places found in an image, as points: corners and blobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.answers import Points as FoundPoints
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.blobs import blob_radii, find_blobs
from pellucid.operations.engines.corners import find_corners
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.slopes import Each, long_axes
from pellucid.operations.operation import Image, Points, operation
from pellucid.operations.pixels import Array, finite_extremes, need_scalar, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title, Unit

Dimension = Annotated[Literal["slices", "volume"], Title("In", ("Each slice", "The volume"))]
Most = Annotated[int, Title("At most"), Unit("points"), Range(1, 10000), Slider(1, 1000, 1)]


@operation(
    "features.corners",
    title="Corners",
    menu="Filters/Features",
    prepare=finite_extremes,
    keywords=("Harris", "Shi Tomasi", "interest points", "landmarks", "key points", "structure tensor"),
    python="""
        # skimage.feature.corner_harris or corner_shi_tomasi with corner_peaks, in mm and in any direction of space
        result = find_corners(
            image, voxels(image), finite_range(voxels(image)), $sigma,
            harris=$measure == "harris", planar=$dimension == "slices", share=$threshold / 100,
            distance=$distance, count=$count,
        )
    """,
    toolbox=(find_corners,),
)
def corners(
    image: Image,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.1, 10.0, 0.1)] = 1.5,
    measure: Annotated[
        Literal["shi_tomasi", "harris"], Title("Response", ("Shi and Tomasi", "Harris and Stephens"))
    ] = "shi_tomasi",
    dimension: Dimension = "slices",
    threshold: Annotated[Percent, Title("Threshold")] = 10.0,
    distance: Annotated[Millimetres, Title("Smallest distance"), Range(0.0), Slider(0.0, 50.0, 0.5)] = 5.0,
    count: Most = 100,
) -> Points:
    """Find corners: places where the values change in every direction.

    The slopes around each place, per mm and along tilted axes too, are gathered in a Gaussian window. A point is
    where the answer is largest, moved to where the edges around it meet. A single slice is treated as
    two-dimensional; NaN is never a corner.

    Settings:
        sigma: Standard deviation of the window; slopes are taken at 0.7 of it.
        measure: Shi and Tomasi take the lesser principal slope, squared; Harris and Stephens balance all of them.
        dimension: Look for corners within each slice of the z axis, or for corners of bodies in the volume.
        threshold: Weaker corners than this share of the strongest are left out.
        distance: Of corners that are nearer to each other only the strongest stays.
        count: How many of the strongest are kept.

    Source:
        Harris and Stephens, A combined corner and edge detector, 1988 (in a volume Laptev, On space-time interest
        points, 2005); Shi and Tomasi, Good features to track, 1994; places by Foerstner and Guelch, A fast operator
        for detection and precise location of distinct points, 1987; as skimage.feature.corner_harris and
        corner_subpix.
    """
    title = tr("Corners")
    need_scalar(title, image)
    sigma_voxels(title, sigma, image)
    array = view(image)
    if len(_axes(array, dimension)) < 2:
        raise Refused(tr("Corners need an image of at least two rows and two columns."))
    rows = find_corners(
        image,
        array,
        context.prepared,
        sigma,
        harris=measure == "harris",
        planar=dimension == "slices",
        share=threshold / 100,
        distance=distance,
        count=count,
        turns=_turns(context, 3),
    )
    if not len(rows):
        context.remark(tr("There is no corner in this image: its values change in no two directions."))
    return _points(rows, tr("Corner"))


@operation(
    "features.blobs",
    title="Blobs",
    menu="Filters/Features",
    prepare=finite_extremes,
    complaint=lambda p: None if p.smallest <= p.largest else tr("The smallest radius must not be above the largest."),
    keywords=("spots", "nodules", "LoG", "DoG", "cells", "nuclei", "count", "scale space", "lesions"),
    python="""
        # skimage.feature.blob_log or blob_dog, in mm and in any direction of space, between voxels and scales
        result = find_blobs(
            image, voxels(image), finite_range(voxels(image)), blob_radii($smallest, $largest, $steps),
            dark=$polarity == "dark", difference=$method == "dog", planar=$dimension == "slices",
            share=$threshold / 100, overlap=$overlap / 100, count=$count,
        )
    """,
    toolbox=(find_blobs, blob_radii),
)
def blobs(
    image: Image,
    context: Context,
    *,
    smallest: Annotated[Millimetres, Title("Smallest radius"), Range(1e-6), Slider(0.5, 20.0, 0.5)] = 2.0,
    largest: Annotated[Millimetres, Title("Largest radius"), Range(1e-6), Slider(0.5, 50.0, 0.5)] = 8.0,
    steps: Annotated[int, Title("Steps"), Unit("scales"), Range(1, 30), Slider(1, 15, 1)] = 5,
    polarity: Annotated[Literal["bright", "dark"], Title("Blobs", ("Bright", "Dark"))] = "bright",
    method: Annotated[
        Literal["log", "dog"], Title("Method", ("Laplacian of Gaussian", "Difference of Gaussians"))
    ] = "log",
    dimension: Dimension = "volume",
    threshold: Annotated[Percent, Title("Threshold")] = 20.0,
    overlap: Annotated[Percent, Title("Overlap")] = 50.0,
    count: Most = 100,
) -> Points:
    """Find spots that stand out, and how large they are.

    The image is filtered at several scales; a blob is where the answer is largest among its neighbours in space and
    in scale. Its place and radius lie between voxels and scales. The strength is how much it stands out, in the
    unit of the image. A single slice is treated as two-dimensional; NaN is never a blob.

    Settings:
        smallest: Radius of blobs to start from.
        largest: Radius of blobs to end with.
        steps: How many radii are tried from small to large, with equal ratios between them.
        polarity: Whether blobs are brighter or darker than what is around them.
        method: The difference of Gaussians is nearly the same and takes less time.
        dimension: Look for discs within each slice of the z axis, or for balls in the volume.
        threshold: Weaker blobs than this share of the strongest are left out.
        overlap: Of two that share more than this part of the smaller one, the stronger stays.
        count: How many of the strongest are kept.

    Source:
        Lindeberg, Feature detection with automatic scale selection, 1998, as skimage.feature.blob_log and blob_dog.
        A ball (disc) of radius r answers most at a sigma of r / √3 (r / √2).
    """
    title = tr("Blobs")
    need_scalar(title, image)
    radii = blob_radii(smallest, largest, steps)
    sigma_voxels(title, radii[-1], image)
    rows = find_blobs(
        image,
        view(image),
        context.prepared,
        radii,
        dark=polarity == "dark",
        difference=method == "dog",
        planar=dimension == "slices",
        share=threshold / 100,
        overlap=overlap / 100,
        count=count,
        turns=_turns(context, 2 * len(radii) - 2),
    )
    if not len(rows):
        context.remark(tr("No blob of these radii stands out; try other radii, or the other brightness."))
    return _points(rows, tr("Blob"))


def _axes(array: Array, dimension: str) -> list[int]:
    """Return the axes along which something may change."""
    return [axis for axis in long_axes(array.shape) if axis > 0 or dimension == "volume"]


def _turns(context: Context, count: int) -> Iterator[Each]:
    """Return how each of ``count`` rounds of work is done, so that progress runs through all of them."""
    return (context.part(n / count, (n + 1) / count).each for n in range(count))


def _points(rows: Any, name: str) -> FoundPoints:
    rows = np.asarray(rows, np.float64)
    return FoundPoints(rows[:, :3], rows[:, 3], rows[:, 4], name)
