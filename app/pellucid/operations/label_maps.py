"""Label maps: many labels at once, from a mask or from each other."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from scipy import ndimage

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.operation import Labels, Mask, operation
from pellucid.operations.pixels import MOST_LABELS, blank, view
from pellucid.operations.units import Title

Connectivity = Annotated[Literal["faces", "corners"], Title("Connected by", ("Faces", "Faces, edges and corners"))]


def _split_lines(p: Any) -> str:
    return f"""
        array = voxels(mask)
        connected = ndimage.generate_binary_structure(3, {1 if p.connectivity == "faces" else 3})
        islands, count = ndimage.label(array, connected)
        sizes = np.bincount(islands.ravel(), minlength=count + 1)[1:]
        number = np.zeros(count + 1, np.uint16)  # the largest island is label 1
        number[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
        result = on_grid_of(number[islands], mask)
    """


@operation(
    "labels.split",
    title="Split into islands",
    menu="Segment/Label maps",
    keywords=("connected components", "objects", "count", "label"),
    python=_split_lines,
)
def split(mask: Mask, context: Context, *, connectivity: Connectivity = "faces") -> Labels:
    """Give every connected part of a mask a label of its own, the largest first.

    Parts of the same size are numbered in the order of their first voxels.

    Settings:
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        Connected components: scipy.ndimage.label, as SimpleITK.ConnectedComponent and RelabelComponent.
    """
    array = view(mask)
    context.check()
    islands, count = ndimage.label(array, ndimage.generate_binary_structure(3, 1 if connectivity == "faces" else 3))
    if count > MOST_LABELS:
        raise Refused(
            tr("The mask has {count} parts, more than the {most} labels there can be. Remove small islands first.",
               count=count, most=MOST_LABELS)
        )  # fmt: skip
    context.progress(0.7)
    sizes = np.zeros(count + 1, np.int64)
    for plane in islands:
        context.check()
        sizes += np.bincount(plane.ravel(), minlength=count + 1)
    number = np.zeros(count + 1, np.uint16)
    number[1 + np.argsort(-sizes[1:], kind="stable")] = np.arange(1, count + 1)
    result, out = blank(mask, np.uint16)
    for plane, target in zip(islands, out, strict=True):
        context.check()
        target[...] = number[plane]
    return result
