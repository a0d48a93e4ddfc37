"""Masks between slices: what lies between outlines that were drawn on some of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.between import between, moved, shrunk, signed_distance
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import axis_lengths, blank, view
from pellucid.operations.units import Title

_AXES = ("x", "y", "z")


def _lines(p: Any) -> str:
    axis = _AXES.index(p.along)
    return f"""
        planes = np.moveaxis(voxels(mask), {2 - axis}, 0)  # a view: writing into it fills the array
        spacing = [n for k, n in enumerate((*mask.GetSpacing(), 1.0)[:3]) if k != {axis}][::-1]
        painted = np.flatnonzero(planes.any(axis=(1, 2)))
        for first, last in zip(painted[:-1], painted[1:]):
            empty = np.arange(first + 1, last)
            shares = (empty - first) / (last - first)
            shapes = between(planes[first], planes[last], shares, spacing, $method, follow=$follow)
            for k, shape in zip(empty, shapes):
                planes[k] = shape
        result = on_grid_of(np.moveaxis(planes, 0, {2 - axis}), mask)
    """


@operation(
    "masks.interpolate",
    title="Fill between slices",
    menu="Segment/Masks",
    keywords=("interpolate", "shape-based", "slices", "contour"),
    python=_lines,
    toolbox=(between, moved, shrunk, signed_distance),
)
def interpolate(
    mask: Mask,
    context: Context,
    *,
    along: Annotated[Literal["x", "y", "z"], Title("Along", ("x", "y", "z"))] = "z",
    method: Annotated[
        Literal["distance", "morphology"], Title("Method", ("Signed distance", "Morphological"))
    ] = "distance",
    follow: Annotated[bool, Title("Follow the centre")] = False,
) -> Mask:
    """Fill the empty slices between slices that hold a part of the mask.

    Slices that hold something stay as they are, and nothing is added beyond the first and the last of them. Lengths
    within a slice are those of the grid, so unequal spacing is respected. Outlines that do not overlap leave a gap
    unless the centre is followed.

    Settings:
        along: The axis of the voxels that the slices follow one another on; z is that of the acquisition.
        method: Blend the distances to both outlines, or let the outlines grow out of what they have in common.
        follow: Move the outlines from the centre of mass of one to that of the other, as for a slanted tube.

    Source:
        Signed distance: Raya and Udupa 1990, Shape-based interpolation of multidimensional objects. Morphological:
        Meyer 1996, A morphological interpolation method for mosaic images, from the common part of both outlines
        (Beucher 1994), with Euclidean distances.
    """
    axis = _AXES.index(along)
    array = view(mask)
    result, out = blank(mask, np.uint8)
    np.copyto(out, array)
    source, planes = np.moveaxis(array, 2 - axis, 0), np.moveaxis(out, 2 - axis, 0)
    spacing = [length for k, length in enumerate(axis_lengths(mask)) if k != axis][::-1]
    painted = [n for n, plane in enumerate(source) if plane.any()]
    gaps = [pair for pair in pairwise(painted) if pair[1] - pair[0] > 1]
    if not gaps:
        context.remark(tr("No slice is empty between two that hold something, so nothing was filled."))

    def fill(item: tuple[int, int, int]) -> None:
        first, k, last = item
        share = np.float64(k - first) / (last - first)
        planes[k] = between(source[first], source[last], [share], spacing, method, follow=follow)[0]

    context.each(fill, [(first, k, last) for first, last in gaps for k in range(first + 1, last)])
    return result
