"""Operations on the connected parts of a mask: fill holes, keep the largest island, remove small ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.ball import bounding_box
from pellucid.operations.engines.components import box_of, parts_within
from pellucid.operations.engines.seeds import parse_places, seed_voxels
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import Array, blank, from_array, view, voxel_volume
from pellucid.operations.units import Range, SeedText, Slider, Title

Connectivity = Annotated[Literal["faces", "corners"], Title("Connected by", ("Faces", "Faces, edges and corners"))]


_FILL = """
    array = voxels(mask)
    thin = tuple([axis for axis, n in enumerate(array.shape) if n == 1][:1])  # one voxel thick: two dimensions
    filled = ndimage.binary_fill_holes(array.squeeze(thin)).reshape(array.shape)
    result = on_grid_of(filled.astype(np.uint8), mask)
"""
_FILL_EACH = """
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in voxels(mask)])
    result = on_grid_of(filled.astype(np.uint8), mask)
"""


@operation(
    "masks.fill_holes",
    title="Fill holes",
    menu="Segment/Islands",
    keywords=("cavity", "inside", "solid"),
    python=lambda p: _FILL_EACH if p.by_slice else _FILL,
)
def fill_holes(mask: Mask, context: Context, *, by_slice: Annotated[bool, Title("Slice by slice")] = False) -> Mask:
    """Fill every part of the outside that the mask encloses.

    A hole is connected by faces and does not touch the border of the image.

    Settings:
        by_slice: Fill each slice of the z axis by itself; a tube that is open at its ends is then filled too.

    Source:
        As SimpleITK.BinaryFillhole and scipy.ndimage.binary_fill_holes.
    """
    filter = sitk.BinaryFillholeImageFilter()
    filter.SetForegroundValue(1)

    def fill(part: Array, out: Array) -> None:
        planes = zip(part, out, strict=True) if by_slice else [(part, out)]
        for done, (plane, target) in enumerate(planes):
            turn = context.part(done / len(part), (done + 1) / len(part)) if by_slice else context
            filled = turn.execute(filter, from_array(plane))  # must outlive its view
            target[...] = sitk.GetArrayViewFromImage(filled)

    return _inside_box(mask, fill, flatten=not by_slice)


def _island_lines(kept: str) -> Callable[[Any], str]:
    """Return what writes the script that keeps some islands; ``kept`` says which by their ``sizes``."""

    def lines(p: Any) -> str:
        return f"""
            array = voxels(mask)
            connected = ndimage.generate_binary_structure(3, {1 if p.connectivity == "faces" else 3})
            islands, count = ndimage.label(array, connected)
            sizes = np.bincount(islands.ravel(), minlength=count + 1)
            sizes[0] = 0
            kept = {kept}
            kept[0] = False
            result = on_grid_of(kept[islands].astype(np.uint8), mask)
        """

    return lines


def _large_enough(p: Any) -> str:
    """Return the script that keeps the islands from a size on."""
    if p.unit == "voxels":
        return _island_lines(f"sizes >= {p.minimum!r} * (1 - 1e-9)")(p)
    return (
        "axes = np.array(mask.GetDirection()).reshape(mask.GetDimension(), -1)\n"
        "voxel = np.prod(mask.GetSpacing()) * abs(np.linalg.det(axes))\n"
        + inspect.cleandoc(_island_lines(f"sizes >= {p.minimum!r} / voxel * (1 - 1e-9)")(p))
    )


@operation(
    "masks.keep_largest",
    title="Keep largest island",
    menu="Segment/Islands",
    keywords=("component", "biggest"),
    python=_island_lines("np.arange(count + 1) == sizes.argmax()"),
)
def keep_largest(mask: Mask, context: Context, *, connectivity: Connectivity = "faces") -> Mask:
    """Keep the largest connected part of a mask; of equal ones the first.

    Settings:
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        Connected components: SimpleITK.ConnectedComponent.
    """

    def kept(sizes: Array) -> Array:
        chosen = np.zeros(len(sizes), bool)
        chosen[np.argmax(sizes)] = sizes.any()
        return chosen

    return _select_islands(mask, connectivity, kept, context)


@operation(
    "masks.remove_small",
    title="Remove small islands",
    menu="Segment/Islands",
    keywords=("component", "specks", "noise", "size"),
    python=_large_enough,
)
def remove_small(
    mask: Mask,
    context: Context,
    *,
    minimum: Annotated[float, Title("Smallest size"), Range(0.0), Slider(0.0, 10000.0, 10.0)] = 100.0,
    unit: Annotated[Literal["mm3", "voxels"], Title("Unit", ("mm³", "voxels"))] = "mm3",
    connectivity: Connectivity = "faces",
) -> Mask:
    """Remove the connected parts of a mask that are smaller than a size.

    Settings:
        minimum: Islands of this size or larger are kept.
        unit: Whether the size counts mm³ or voxels.
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        Connected components: SimpleITK.ConnectedComponent; as skimage.morphology.remove_small_objects.
    """
    least = minimum / voxel_volume(mask) if unit == "mm3" else minimum

    def kept(sizes: Array) -> Array:
        return np.asarray(sizes >= least * (1 - 1e-9))

    return _select_islands(mask, connectivity, kept, context)


def _at_lines(p: Any) -> str:
    return f"""
        array = voxels(mask)
        connected = ndimage.generate_binary_structure(3, {1 if p.connectivity == "faces" else 3})
        islands, count = ndimage.label(array, connected)
        chosen = np.zeros(count + 1, bool)
        for place in {parse_places(p.places)!r}:
            index = mask.TransformPhysicalPointToIndex(place[:mask.GetDimension()])
            if all(0 <= n < size for n, size in zip(index, mask.GetSize())):
                chosen[islands[tuple(reversed((*index, 0)[:3]))]] = True
        chosen = {"chosen" if p.keep == "chosen" else "~chosen"}
        chosen[0] = False
        result = on_grid_of(chosen[islands].astype(np.uint8), mask)
    """


@operation(
    "masks.islands_at",
    title="Islands at places",
    menu="Segment/Islands",
    keywords=("component", "click", "select", "connected", "seed"),
    python=_at_lines,
)
def islands_at(
    mask: Mask,
    context: Context,
    *,
    places: Annotated[SeedText, Title("Places")] = "",
    keep: Annotated[Literal["chosen", "others"], Title("Keep", ("These islands", "All others"))] = "chosen",
    connectivity: Connectivity = "faces",
) -> Mask:
    """Keep the connected parts of a mask in which places lie, or all others.

    Places in the background choose nothing.

    Settings:
        places: One place in each island that is meant; set them by clicking on the image.
        keep: Whether the chosen islands stay or go.
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        Connected components: SimpleITK.ConnectedComponent.
    """
    seeds = seed_voxels(mask, parse_places(places))

    array = view(mask)
    result, out = blank(mask, np.uint8)
    box = box_of(array)
    if box is None:
        return result
    islands, count = parts_within(array, box, connectivity == "corners", context.part(0.0, 0.9))
    chosen = np.zeros(count + 1, bool)
    for seed in seeds:
        if array[seed]:
            chosen[islands[tuple(n - span.start for n, span in zip(seed, box, strict=True))]] = True
    chosen = chosen if keep == "chosen" else ~chosen
    chosen[0] = False
    part = out[box]
    context.part(0.9, 1.0).each(lambda z: np.copyto(part[z], chosen[islands[z]]), range(len(islands)))
    return result


def _select_islands(mask: Any, connectivity: str, kept: Callable[[Array], Array], context: Context) -> Any:
    """Keep the islands for which ``kept(sizes)`` is true."""
    filter = sitk.ConnectedComponentImageFilter()
    filter.SetFullyConnected(connectivity == "corners")

    def select(part: Array, out: Array) -> None:
        image = context.part(0.0, 0.8).execute(filter, from_array(part))
        labels = sitk.GetArrayViewFromImage(image)
        sizes = np.zeros(filter.GetObjectCount() + 1, np.int64)
        for plane in labels:
            context.check()
            sizes += np.bincount(plane.ravel(), minlength=len(sizes))
        chosen = np.concatenate([[False], kept(sizes[1:])]).astype(np.uint8)
        for plane, target in zip(labels, out, strict=True):
            context.check()
            target[...] = chosen[plane]

    return _inside_box(mask, select)


def _inside_box(mask: Any, work: Callable[[Array, Array], None], *, flatten: bool = True) -> Any:
    """Fill a new mask by ``work(part, out)`` on the box around the given one.

    An image that is one voxel thick is handed over in two dimensions when ``flatten``: it has no outside in
    front and behind.
    """
    array = view(mask)
    result, out = blank(mask, np.uint8)
    box = bounding_box(array, (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])))
    if box is not None:
        thin = [k for k in range(3) if array.shape[k] == 1][:1] if flatten else []
        work(array[box].squeeze(tuple(thin)), out[box].squeeze(tuple(thin)))
    return result
