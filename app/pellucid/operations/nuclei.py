"""Nuclei and other round objects: found, split where they touch, and numbered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.classes import counted
from pellucid.operations.engines.histogram import histogram
from pellucid.operations.engines.nuclei import (
    ball_voxels,
    least_brightness,
    smoothed,
    standing_out,
    upright,
)
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.splitting import by_size, depths, middles, objects_from, surroundings
from pellucid.operations.operation import Image, Labels, operation
from pellucid.operations.pixels import Array, axis_lengths, blank, from_array, need_scalar, view
from pellucid.operations.units import Begins, Millimetres, Percent, Range, Slider, Title
from pellucid.operations.watershed import check_count, in_steps


@operation(
    "objects.nuclei",
    title="Nuclei and round objects",
    menu="Segment/Objects",
    keywords=("cells", "spots", "count", "fluorescence", "detect", "blobs", "instances"),
    python="""
        spacing = (*image.GetSpacing(), 1.0)[:3]
        values = upright(voxels(image), dark=$brightness == "dark")
        smooth = smoothed(values, spacing, 0.04 * $diameter)
        around = smoothed(smooth, spacing, 0.5 * $diameter)
        found = standing_out(smooth, around, least_brightness(counted(smooth, None), $contrast / 100), spacing)
        labels = np.zeros(found.shape, np.uint16)
        if found.any():
            box = surroundings(found)
            depth = depths(found[box], spacing, 0.0)
            objects = objects_from(depth, middles(depth, spacing, $neck / 100, 0.3 * $diameter))
            least = $smallest / 100 * ball_voxels(found.shape, spacing, $diameter)
            labels[box] = by_size(objects, int(objects.max()), least)
        result = on_grid_of(labels, image)
    """,
    toolbox=(
        upright, smoothed, counted, least_brightness, standing_out,
        surroundings, depths, middles, objects_from, by_size, ball_voxels,
    ),
)
def nuclei(
    image: Image,
    context: Context,
    *,
    diameter: Annotated[
        Millimetres, Title("Diameter"), Range(1e-6), Slider(1.0, 100.0, 1.0), Begins("spacing", 20.0)
    ] = 20.0,
    brightness: Annotated[
        Literal["bright", "dark"], Title("Objects are", ("Brighter than the ground", "Darker than the ground"))
    ] = "bright",
    contrast: Annotated[Percent, Title("Least contrast")] = 60.0,
    neck: Annotated[Percent, Title("Narrowing"), Range(0.0, 99.0), Slider(0, 90, 1)] = 10.0,
    smallest: Annotated[Percent, Title("Smallest size")] = 8.0,
) -> Labels:
    """Find round objects of about one size, split those that touch, and give each a label, the largest first.

    An object is brighter than the mean around it (a Gaussian of half the diameter), so the ground may be uneven, and
    brighter than a share of the threshold of Otsu. Holes are filled. What is found is split at its necks as by Split
    touching objects. In three dimensions objects are found as a whole; NaN counts as ground.

    Settings:
        diameter: Usual width of an object; half or twice of it is still found.
        brightness: Whether the objects are bright (fluorescence) or dark (stains in transmitted light).
        contrast: How far an object must rise from the ground to the threshold of Otsu; less finds fainter ones.
        neck: Objects are split where what joins them is narrower than both by at least this share.
        smallest: What is smaller than this share of a disc or ball of that width is left out.

    Source:
        Local threshold and distance watershed: Malpica et al., Applying watershed algorithms to the segmentation of
        clustered nuclei, Cytometry 28 (1997) 289-297.
    """
    title = tr("Nuclei and round objects")
    need_scalar(title, image)
    sigma_voxels(title, 0.5 * diameter, image)
    spacing = axis_lengths(image)
    found = _found(image, spacing, diameter, contrast / 100, brightness == "dark", context.part(0.0, 0.5))
    result, out = blank(image, np.uint16)
    box = surroundings(found)
    if not found[box].size:
        context.remark(tr("Nothing was found. Check the diameter and whether the objects are bright or dark."))
        return result
    run = in_steps(context, 0.5, 1.0, 4)
    depth = depths(found[box], spacing, 0.0, run)
    places = middles(depth, spacing, neck / 100, 0.3 * diameter, run, context.check)
    check_count(len(places))
    objects = objects_from(depth, places, run)
    context.check()
    out[box] = by_size(objects, int(objects.max()), smallest / 100 * ball_voxels(found.shape, spacing, diameter))
    context.remark(tr("Objects: {count}.", count=int(out.max())))
    return result


def _found(image: Any, spacing: Any, diameter: float, contrast: float, dark: bool, context: Context) -> Array:
    """Return which voxels belong to objects."""
    values = upright(view(image), dark)
    smooth = smoothed(values, spacing, 0.04 * diameter, context.part(0.0, 0.3).each)
    around = smoothed(smooth, spacing, 0.5 * diameter, context.part(0.3, 0.6).each)
    bins = histogram(from_array(smooth), context.part(0.6, 0.8))
    if np.count_nonzero(bins.counts) < 2:
        raise Refused(tr("All voxels of this image are equal, so there are no objects in it."))
    least = least_brightness((bins.start, bins.step, bins.counts), contrast)
    return standing_out(smooth, around, least, spacing, context.part(0.8, 1.0).execute)
