"""Where active contours start, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.contour_flows import after
from pellucid.operations.engines.fronts import Front, finest_step, mask_level, seed_level, step_lengths
from pellucid.operations.engines.seeds import parse_places, seed_voxels
from pellucid.operations.evolution import Moment, quiet
from pellucid.operations.pixels import Array, view

Start: TypeAlias = sitk.Image | None
_GRID_BALLS = 4.0
"""Radii between the middles of balls that are set all over an image."""


def _begun(image: sitk.Image, start: Start, p: Any, context: Context) -> Array:
    """Return the level set at the start: the mask where there is one, else balls."""
    if start is not None:
        if not view(start).any():
            raise Refused(tr("The mask to start from is empty. Paint something, or leave it out and set seeds."))
        return mask_level(view(start))
    if getattr(p, "begin", "seeds") == "grid":
        return seed_level(image, grid_places(image, p.radius), p.radius, quiet(context).each)
    places = parse_places(p.seeds)
    seed_voxels(image, places)
    return seed_level(image, places, p.radius, quiet(context).each)


def grid_places(image: sitk.Image, radius: float) -> list[Any]:
    """Return places in mm all over an image, the middles of balls of a radius with as much room between them."""
    counts = []
    for size, length in zip(image.GetSize(), image.GetSpacing(), strict=True):
        apart = max(_GRID_BALLS * radius / length, 2.0)
        counts.append(np.arange(((size - 1) % apart) / 2, size, apart))
    points = np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1).reshape(-1, len(counts))
    return [image.TransformContinuousIndexToPhysicalPoint(point.tolist()) for point in points]


def moments_of(front: Front, finest: float, steps: Iterator[float], context: Context) -> Iterator[Moment]:
    """Yield where a front is after each of its steps."""
    for iteration, change in enumerate(steps, 1):
        context.check()
        yield Moment(iteration, change * finest, front.seen)


def front_of(image: sitk.Image, start: Start, p: Any, context: Context) -> Front:
    """Return the front at its start; raise Refused where there is none."""
    front = Front(_begun(image, start, p, context), step_lengths(image), context.check)
    front.straighten(4, quiet(context).each)
    return front


def start_lines(p: Any) -> str:
    """Return the lines of a script that make the front."""
    if getattr(p, "begin", "seeds") == "grid":
        places = "grid_places(image, $radius)"
    else:
        places = repr([list(place) for place in parse_places(p.seeds)])
    return f"""
        array, finest = voxels(image), finest_step(image)
        places = {places}  # LPS mm
        level = seed_level(image, places, $radius) if start is None else mask_level(voxels(start))
        front = Front(level, step_lengths(image))
        front.straighten(4)"""


END_LINES = """
        after(steps, $iterations)
        result = on_grid_of(front.inside(), image)
    """
TOOLBOX = (grid_places, seed_level, mask_level, Front, step_lengths, finest_step, after)
