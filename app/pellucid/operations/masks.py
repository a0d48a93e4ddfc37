"""Logic of masks: union, intersection, difference, exclusive or, complement."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.operations.context import Context, Region
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import Array, blank, blocks, map_blocks, view


@operation(
    "masks.union",
    title="Union",
    menu="Segment/Masks",
    pointwise=True,
    keywords=("or", "add", "merge"),
    python="result = on_grid_of(voxels(mask) | voxels(other), mask)",
)
def union(mask: Mask, other: Mask, context: Context) -> Mask:
    """Select the voxels that are in either mask.

    Source:
        As SimpleITK.Or.
    """
    return _combine(mask, other, np.bitwise_or, context)


@operation(
    "masks.intersection",
    title="Intersection",
    menu="Segment/Masks",
    pointwise=True,
    keywords=("and", "common"),
    python="result = on_grid_of(voxels(mask) & voxels(other), mask)",
)
def intersection(mask: Mask, other: Mask, context: Context) -> Mask:
    """Select the voxels that are in both masks.

    Source:
        As SimpleITK.And.
    """
    return _combine(mask, other, np.bitwise_and, context)


@operation(
    "masks.difference",
    title="Difference",
    menu="Segment/Masks",
    pointwise=True,
    keywords=("minus", "subtract"),
    python="result = on_grid_of(voxels(mask) & (1 - voxels(other)), mask)",
)
def difference(mask: Mask, other: Mask, context: Context) -> Mask:
    """Select the voxels that are in the first mask and not in the other.

    Source:
        As SimpleITK.And with SimpleITK.Not of the other mask.
    """
    return _combine(mask, other, np.greater, context)


@operation(
    "masks.xor",
    title="Exclusive or",
    menu="Segment/Masks",
    pointwise=True,
    keywords=("xor", "symmetric difference", "disagreement"),
    python="result = on_grid_of(voxels(mask) ^ voxels(other), mask)",
)
def exclusive(mask: Mask, other: Mask, context: Context) -> Mask:
    """Select the voxels that are in exactly one of two masks.

    Source:
        As SimpleITK.Xor.
    """
    return _combine(mask, other, np.bitwise_xor, context)


@operation(
    "masks.complement",
    title="Complement",
    menu="Segment/Masks",
    pointwise=True,
    keywords=("not", "invert", "outside"),
    python="result = on_grid_of(1 - voxels(mask), mask)",
)
def complement(mask: Mask, context: Context) -> Mask:
    """Select the voxels that are not in the mask.

    Source:
        As SimpleITK.Equal to 0.
    """

    def work(values: Array, out: Array) -> None:
        np.bitwise_xor(values, 1, out=out)

    return map_blocks(mask, np.uint8, work, context)


def _combine(mask: Any, other: Any, rule: np.ufunc, context: Context) -> Any:
    """Combine two masks of 0 and 1 voxel by voxel."""
    first, second = view(mask), view(other)
    result, out = blank(mask, np.uint8)

    def work(block: Region) -> None:
        np.copyto(out[block], rule(first[block], second[block]))

    context.each(work, blocks(context.region(first.shape), first.shape))
    return result
