"""Regions that grow from seeds: by limits, by what the region is like, by whole neighbourhoods."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.components import box_of, parts_within
from pellucid.operations.engines.seeds import parse_places, seed_voxels
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import blank, need_scalar, view
from pellucid.operations.threshold import between
from pellucid.operations.units import Begins, Intensity, Range, SeedText, Slider, Title, Unit, Voxels

Seeds = Annotated[SeedText, Title("Seeds")]
_MOST_SEEDS = 100_000


def _seed_lines(p: Any) -> str:
    return f"""
        places = {parse_places(p.seeds)!r}
        found = [image.TransformPhysicalPointToIndex(place[:image.GetDimension()]) for place in places]
        inside = [all(0 <= n < size for n, size in zip(index, image.GetSize())) for index in found]
        seeds = [list(index) for index, here in zip(found, inside) if here]
        if start is not None:
            seeds += [index[:image.GetDimension()] for index in np.argwhere(voxels(start) != 0)[:, ::-1].tolist()]
        seeds = [list(index) for index in dict.fromkeys(map(tuple, seeds))]
    """


def _seeds(image: Any, start: Any, text: str) -> list[list[int]]:
    """Return the seeds as indices (x, y[, z]): places that were set, and every voxel of a label."""
    places = parse_places(text)
    found = [list(voxel[::-1]) for voxel in seed_voxels(image, places)] if places or start is None else []
    if start is not None:
        painted = np.argwhere(view(start) != 0)[:, ::-1]
        if len(painted) > _MOST_SEEDS:
            raise Refused(
                tr("The label has {count:,} voxels, too many seeds. Paint a small mark inside the object instead.",
                   count=len(painted))
            )  # fmt: skip
        found += painted.tolist()
    if not found:
        raise Refused(tr("The label of the seeds is empty. Paint on the object, or set seeds by clicking."))
    dimension = image.GetDimension()
    return [list(index) for index in dict.fromkeys(tuple(one[:dimension]) for one in found)]


def _answer(image: Any, region: Any) -> Any:
    """Return a region of ones as a mask on the grid of an image."""
    result, out = blank(image, np.uint8)
    np.not_equal(view(region), 0, out=out.view(bool))
    return result


@operation(
    "regions.connected",
    title="Grow within limits",
    menu="Segment/Regions",
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("region growing", "connected threshold", "flood fill", "seed"),
    python=lambda p: _seed_lines(p) + f"""
        array = voxels(image)
        connected = ndimage.generate_binary_structure(3, {1 if p.connectivity == "faces" else 3})
        islands, count = ndimage.label((array >= $lower) & (array <= $upper), connected)
        chosen = np.zeros(count + 1, bool)
        for x, y, *z in seeds:
            chosen[islands[z[0] if z else 0, y, x]] = True
        chosen[0] = False
        result = on_grid_of(chosen[islands].astype(np.uint8), image)
    """,
)
def connected(
    image: Image,
    start: Annotated[Mask | None, Title("Seeds painted")],
    context: Context,
    *,
    seeds: Seeds = "",
    lower: Annotated[Intensity, Begins("level", 1.0)] = 0.0,
    upper: Annotated[Intensity, Begins("high")] = 1000.0,
    connectivity: Annotated[
        Literal["faces", "corners"], Title("Connected by", ("Faces", "Faces, edges and corners"))
    ] = "faces",
) -> Mask:
    """Select what is connected to the seeds and lies between two limits, both included.

    NaN is never selected. A seed whose own value lies beyond the limits selects nothing.

    Settings:
        seeds: Places inside the object; set them by clicking on the image.
        lower: The smallest value that belongs to the region.
        upper: The largest value that belongs to the region.
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        As SimpleITK.ConnectedThreshold.
    """
    need_scalar(tr("Grow within limits"), image)
    places = [(z[0] if z else 0, y, x) for x, y, *z in _seeds(image, start, seeds)]
    allowed = view(between(image, lower, upper, context.part(0.0, 0.1)))
    if not any(allowed[place] for place in places):
        _say_missed(context)
        return blank(image, np.uint8)[0]
    box = box_of(allowed) or (slice(0, 0),) * 3
    islands, count = parts_within(allowed, box, connectivity == "corners", context.part(0.1, 0.9))
    chosen = np.zeros(count + 1, np.uint8)
    for place in places:
        if allowed[place]:
            chosen[islands[tuple(n - span.start for n, span in zip(place, box, strict=True))]] = 1
    result, out = blank(image, np.uint8)
    part, planes = out[box], range(len(islands))
    context.part(0.9, 1.0).each(lambda z: np.copyto(part[z], chosen.take(islands[z], mode="clip")), planes)
    return result


def _say_missed(context: Context) -> None:
    context.remark(tr("No seed lies on a value between the limits. Move the seed, or widen the limits."))


@operation(
    "regions.confidence",
    title="Grow by confidence",
    menu="Segment/Regions",
    keywords=("region growing", "confidence connected", "mean", "standard deviation", "seed"),
    python=lambda p: _seed_lines(p) + """
        image = sitk.Cast(image, sitk.sitkFloat64)
        grown = sitk.ConfidenceConnected(image, seeds, $iterations, $multiplier, $radius, 1)
        result = on_grid_of((voxels(grown) != 0).astype(np.uint8), image)
    """,
)
def confidence(
    image: Image,
    start: Annotated[Mask | None, Title("Seeds painted")],
    context: Context,
    *,
    seeds: Seeds = "",
    multiplier: Annotated[float, Title("Multiplier"), Unit("SD"), Range(0.01), Slider(0.5, 6.0, 0.1)] = 2.5,
    iterations: Annotated[int, Title("Iterations"), Unit("times"), Range(0, 100), Slider(0, 20, 1)] = 4,
    radius: Annotated[Voxels, Title("First neighbourhood"), Range(0, 50), Slider(0, 10, 1)] = 1,
) -> Mask:
    """Select what is connected to the seeds and is like them: within some standard deviations of their mean.

    Mean and deviation are taken around the seeds first, then again and again of the region that has grown.

    Settings:
        seeds: Places inside the object; set them by clicking on the image.
        multiplier: How many standard deviations a value may lie from the mean.
        iterations: How often mean and deviation are taken anew of the whole region.
        radius: Half the width of the box around each seed that the first mean is taken of.

    Source:
        SimpleITK.ConfidenceConnected.
    """
    need_scalar(tr("Grow by confidence"), image)
    filter = sitk.ConfidenceConnectedImageFilter()
    filter.SetSeedList(_seeds(image, start, seeds))
    filter.SetMultiplier(multiplier)
    filter.SetNumberOfIterations(iterations)
    filter.SetInitialNeighborhoodRadius(radius)
    filter.SetReplaceValue(1)
    return _answer(image, context.execute(filter, _floating(image)))


@operation(
    "regions.neighbourhood",
    title="Grow by neighbourhoods",
    menu="Segment/Regions",
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("region growing", "neighborhood connected", "leak", "seed"),
    python=lambda p: _seed_lines(p) + """
        filter = sitk.NeighborhoodConnectedImageFilter()
        filter.SetSeedList(seeds)
        filter.SetLower($lower)
        filter.SetUpper($upper)
        filter.SetRadius([$radius] * image.GetDimension())
        filter.SetReplaceValue(1)
        grown = filter.Execute(sitk.Cast(image, sitk.sitkFloat64))
        result = on_grid_of((voxels(grown) != 0).astype(np.uint8), image)
    """,
)
def neighbourhood(
    image: Image,
    start: Annotated[Mask | None, Title("Seeds painted")],
    context: Context,
    *,
    seeds: Seeds = "",
    lower: Annotated[Intensity, Begins("level", 1.0)] = 0.0,
    upper: Annotated[Intensity, Begins("high")] = 1000.0,
    radius: Annotated[Voxels, Title("Neighbourhood"), Range(0, 20), Slider(0, 5, 1)] = 1,
) -> Mask:
    """Select what is connected to the seeds through voxels whose whole neighbourhood lies between two limits.

    Thin bridges, through which a region would leak, do not conduct. The border of the region is left out.

    Settings:
        seeds: Places inside the object; set them by clicking on the image.
        lower: The smallest value that belongs to the region.
        upper: The largest value that belongs to the region.
        radius: Half the width of the box around a voxel that must lie between the limits.

    Source:
        SimpleITK.NeighborhoodConnected.
    """
    need_scalar(tr("Grow by neighbourhoods"), image)
    filter = sitk.NeighborhoodConnectedImageFilter()
    filter.SetSeedList(_seeds(image, start, seeds))
    filter.SetLower(lower)
    filter.SetUpper(upper)
    filter.SetRadius([radius] * image.GetDimension())
    filter.SetReplaceValue(1)
    return _answer(image, context.execute(filter, _floating(image)))


def _floating(image: Any) -> Any:
    return sitk.Cast(image, sitk.sitkFloat64)
