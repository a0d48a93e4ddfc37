"""The part of an image that scribbles are about: the box around them with a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Refused, Region
from pellucid.operations.engines.ball import bounding_box
from pellucid.operations.pixels import Array, axis_lengths, view


def scribbled_box(scribbles: Array, steps: tuple[float, float, float], margin: float) -> Region | None:
    """Return the box around all scribbles (z, y, x), ``margin`` mm wider on every side; ``steps`` are along x, y, z."""
    whole = (slice(0, scribbles.shape[0]), slice(0, scribbles.shape[1]), slice(0, scribbles.shape[2]))
    box = bounding_box((scribbles != 0).view(np.uint8), whole)
    if box is None:
        return None
    z, y, x = (
        slice(max(0, part.start - round(margin / step)), min(n, part.stop + round(margin / step)))
        for part, step, n in zip(box, reversed(steps), scribbles.shape, strict=True)
    )
    return z, y, x


def region_of(title: str, scribbles: Any, margin: float, most: int) -> Region:
    """Return the box to work in; raise Refused when there is no scribble, only one label, or too many voxels."""
    array = view(scribbles)
    box = scribbled_box(array, axis_lengths(scribbles), margin)
    if box is None:
        raise Refused(tr("{title} needs scribbles: paint one label on the object, another on what is around it.",
                         title=title))  # fmt: skip
    values = array[box][array[box] != 0]
    if values.min() == values.max():
        raise Refused(tr("There is only one label in the scribbles. Paint a second one on what is around the object."))
    voxels = int(np.prod([part.stop - part.start for part in box]))
    if voxels > most:
        raise Refused(
            tr("The region around the scribbles has {voxels:,} voxels; {title} works up to {most:,}. Scribble in a "
               "smaller part, make the margin smaller, or resample the image.", voxels=voxels, title=title, most=most)
        )  # fmt: skip
    return box
