"""Label maps: many labels at once, from masks or from each other."""

from __future__ import annotations

from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.components import box_of, parts_within
from pellucid.operations.engines.label_values import label_values
from pellucid.operations.islands import Connectivity
from pellucid.operations.operation import Image, Labels, Mask, operation
from pellucid.operations.pixels import MOST_LABELS, Array, blank, blocks, map_blocks, view, voxel_volume
from pellucid.operations.units import Range, Slider, Title

_TOGETHER = 1 << 20


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
    box = box_of(view(mask))
    result, out = blank(mask, np.uint16)
    if box is None:
        context.check()
        context.progress(1.0)
        return result
    islands, count = parts_within(view(mask), box, connectivity == "corners", context.part(0.0, 0.7))
    if count > MOST_LABELS:
        raise Refused(
            tr("The mask has {count} parts, more than the {most} labels there can be. Remove small islands first.",
               count=count, most=MOST_LABELS)
        )  # fmt: skip
    sizes = _sizes(islands, count, context.part(0.7, 0.85))
    number = np.zeros(count + 1, np.uint16)
    number[1 + np.argsort(-sizes[1:], kind="stable")] = np.arange(1, count + 1)
    _renumber(islands, number, out[box], context.part(0.85, 1.0))
    return result


def _sizes(labels: Array, most: int, context: Context) -> Array:
    """Return how many voxels each value from 0 to ``most`` has."""
    sizes, lock = np.zeros(most + 1, np.int64), Lock()

    def count(planes: slice) -> None:
        found = np.bincount(labels[planes].ravel(), minlength=most + 1)
        with lock:
            np.add(sizes, found, out=sizes)

    context.each(count, _groups(labels))
    return sizes


def _renumber(labels: Array, number: Array, out: Array, context: Context) -> None:
    """Write what stands for every value of a label map."""

    def write(planes: slice) -> None:
        np.take(number, labels[planes], out=out[planes], mode="clip")

    context.each(write, _groups(labels))


def _groups(labels: Array) -> list[slice]:
    """Split the planes of a label map into groups of a million voxels."""
    deep = max(1, _TOGETHER // max(1, labels[0].size))
    return [slice(first, first + deep) for first in range(0, len(labels), deep)]


def _renumbered(like: Any, labels: Array, number: Array, context: Context) -> Any:
    """Return a label image in which every value stands for another one."""
    result, out = blank(like, np.uint16)
    _renumber(labels, number, out, context)
    return result


def _relabel_lines(p: Any) -> str:
    order = 'np.argsort(-sizes[present], kind="stable")' if p.order == "size" else "np.arange(len(present))"
    if p.unit == "mm3":
        least = (
            "axes = np.array(labels.GetDirection()).reshape(labels.GetDimension(), -1)\n        "
            f"least = {p.minimum!r} / (np.prod(labels.GetSpacing()) * abs(np.linalg.det(axes)))"
        )
    else:
        least = f"least = {p.minimum!r}"
    return f"""
        array = voxels(labels)
        {least}
        sizes = np.bincount(array.ravel())
        present = np.flatnonzero(sizes)
        present = present[(present > 0) & (sizes[present] >= least * (1 - 1e-9))]
        number = np.zeros(len(sizes), np.uint16)
        number[present[{order}]] = np.arange(1, len(present) + 1)
        result = on_grid_of(number[array], labels)
    """


@operation(
    "labels.relabel",
    title="Relabel",
    menu="Segment/Label maps",
    keywords=("sort by size", "renumber", "consecutive", "remove small labels"),
    python=_relabel_lines,
)
def relabel(
    labels: Labels,
    context: Context,
    *,
    order: Annotated[Literal["size", "value"], Title("Order", ("Largest first", "As they are"))] = "size",
    minimum: Annotated[float, Title("Smallest size"), Range(0.0), Slider(0.0, 10000.0, 10.0)] = 0.0,
    unit: Annotated[Literal["mm3", "voxels"], Title("Unit", ("mm³", "voxels"))] = "mm3",
) -> Labels:
    """Number the labels anew from 1 on without gaps, and remove those that are too small.

    Labels of the same size keep their order. Names and colours follow the voxels.

    Settings:
        order: Whether the largest label becomes 1, or only the gaps close.
        minimum: Labels of this size or larger are kept.
        unit: Whether the size counts mm³ or voxels.

    Source:
        As SimpleITK.RelabelComponent and skimage.segmentation.relabel_sequential.
    """
    array = view(labels)
    least = minimum / voxel_volume(labels) if unit == "mm3" else minimum
    sizes = _sizes(array, int(array.max()), context)
    present = np.flatnonzero(sizes)
    present = present[(present > 0) & (sizes[present] >= least * (1 - 1e-9))]
    turn = np.argsort(-sizes[present], kind="stable") if order == "size" else np.arange(len(present))
    number = np.zeros(len(sizes), np.uint16)
    number[present[turn]] = np.arange(1, len(present) + 1)
    return _renumbered(labels, array, number, context)


def _mask_lines(p: Any) -> str:
    ranges = label_values(p.values)
    if ranges is None:
        inside = "array != 0"
    else:
        inside = " | ".join(f"(array == {a})" if a == b else f"((array >= {a}) & (array <= {b}))" for a, b in ranges)
    return f"""
        array = voxels(labels)
        result = on_grid_of(({inside}).astype(np.uint8), labels)
    """


@operation(
    "labels.to_mask",
    title="Labels to mask",
    menu="Segment/Label maps",
    pointwise=True,
    keywords=("merge labels", "binary", "union", "select label"),
    python=_mask_lines,
)
def to_mask(labels: Labels, context: Context, *, values: Annotated[str, Title("Labels")] = "") -> Mask:
    """Make one mask of some labels, or of all of them.

    Settings:
        values: The numbers of the labels that are inside, as in “1, 3-5”; leave it empty for all.

    Source:
        As SimpleITK.BinaryThreshold of each value.
    """
    ranges = label_values(values)

    def work(part: Array, out: Array) -> None:
        if ranges is None:
            np.not_equal(part, 0, out=out.view(bool))
            return
        for first, last in ranges:
            out |= (part >= first) & (part <= last)

    return map_blocks(labels, np.uint8, work, context)


@operation(
    "labels.from_masks",
    title="Masks to labels",
    menu="Segment/Label maps",
    pointwise=True,
    keywords=("combine", "merge masks", "label map"),
    python="""
        array = np.zeros(voxels(mask).shape, np.uint16)
        for value, one in enumerate([mask, *others], 1):
            array[(array == 0) & (voxels(one) != 0)] = value
        result = on_grid_of(array, mask)
    """,
)
def from_masks(mask: Mask, *others: Mask, context: Context) -> Labels:
    """Put several masks into one label map: the first becomes label 1, the next 2, and so on.

    Where masks overlap the earlier one stays.

    Source:
        As SimpleITK.Mask and Add, one mask after the other.
    """
    arrays = [view(one) for one in (mask, *others)]
    result, out = blank(mask, np.uint16)

    def work(block: Region) -> None:
        target = out[block]
        for value, array in reversed(list(enumerate(arrays, 1))):
            np.copyto(target, value, where=array[block] != 0)

    context.each(work, blocks(context.region(out.shape), out.shape))
    return result


@operation(
    "labels.to_image",
    title="Labels to image",
    menu="Segment/Label maps",
    keeps_unit=False,
    pointwise=True,
    keywords=("convert", "values", "grey"),
    python="result = on_grid_of(voxels(labels).astype(np.uint16), labels)",
)
def to_image(labels: Labels, context: Context) -> Image:
    """Make an image of 16 bits whose values are those of the labels, to compute with.

    Source:
        A copy of the values.
    """

    def work(part: Array, out: Array) -> None:
        np.copyto(out, part)

    return map_blocks(labels, np.uint16, work, context)
