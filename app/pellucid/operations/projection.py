"""Project a volume along an axis."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.gaps import Range as Padding
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, allocate, view
from pellucid.operations.plain import stored
from pellucid.operations.units import Range, Slider, Title, Voxels

_ROW_BYTES = 1 << 23


def projected(part: Array, axis: int, method: str, padding: Padding | None) -> Array:
    """Return a part (z, y, x[, c]) of an image with one axis projected; padding and NaN are left out."""
    left_out = _left_out(part, padding)
    counted: Any = True if left_out is None else ~left_out
    if method in ("maximum", "minimum"):
        dtype = part.dtype
        low, high = (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        reduce, start = (np.max, low) if method == "maximum" else (np.min, high)
        values = reduce(part, axis=axis, initial=start, where=counted, keepdims=True)
    else:
        values = _moments(part, axis, method, counted)
    if left_out is not None:
        values = np.where(left_out.all(axis=axis, keepdims=True), part.take([0], axis).astype(values.dtype), values)
    wanted = {"sum": np.dtype(np.float64), "deviation": np.dtype(np.float32)}.get(method, part.dtype)
    return stored(values, wanted) if values.dtype != wanted else values


def _left_out(part: Array, padding: Padding | None) -> Array | None:
    """Return where values do not count, or None where all do."""
    left_out = np.isnan(part) if part.dtype.kind == "f" else None
    if padding is not None and part.ndim == 3:
        outside = (part >= padding[0]) & (part <= padding[1])
        left_out = outside if left_out is None else left_out | outside
    return left_out if left_out is not None and left_out.any() else None


def _moments(part: Array, axis: int, method: str, counted: Any) -> Array:
    """Return sum, mean or standard deviation along an axis in 64-bit floats."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total = part.sum(axis=axis, dtype=np.float64, where=counted, keepdims=True)
        if method == "sum":
            return np.asarray(total)
        count = part.shape[axis] if counted is True else counted.sum(axis=axis, keepdims=True)
        mean = total / count
        if method == "mean":
            return np.asarray(mean)
        away = np.square(part - mean)
        return np.asarray(np.sqrt(away.sum(axis=axis, where=counted, keepdims=True) / count))


def projected_grid(image: sitk.Image, axis: int, first: int, count: int) -> dict[str, Any]:
    """Return size, spacing and origin of the one slice that stands for some slices along an axis (0 = x)."""
    size, spacing = list(image.GetSize()), list(image.GetSpacing())
    place = [0.0] * len(size)
    if axis < len(size):
        place[axis] = first + (count - 1) / 2
        size[axis], spacing[axis] = 1, spacing[axis] * count
    return {"size": size, "spacing": spacing, "origin": image.TransformContinuousIndexToPhysicalPoint(place)}


@operation(
    "geometry.project",
    title="Project",
    menu="Filters/Geometry",
    same_grid=False,
    unit_stays=lambda p: p.method != "sum",
    keywords=("MIP", "maximum intensity", "average", "slab", "flatten", "z-stack", "sum", "standard deviation"),
    python="""
        axis, array = "xyz".index($axis), voxels(image)
        count = min($count or array.shape[2 - axis], array.shape[2 - axis] - $first)
        slab = array.take(range($first, $first + count), 2 - axis)
        array = projected(slab, 2 - axis, $method, padding)
        planar = array[0] if image.GetDimension() == 2 else array
        result = sitk.GetImageFromArray(planar, isVector=array.ndim == 4)
        grid = projected_grid(image, axis, $first, count)
        result.SetSpacing(grid["spacing"])
        result.SetOrigin(grid["origin"])
        result.SetDirection(image.GetDirection())
    """,
    toolbox=(projected, projected_grid),
)
def project(
    image: Image,
    context: Context,
    *,
    axis: Annotated[Literal["x", "y", "z"], Title("Along", ("x", "y", "z"))] = "z",
    method: Annotated[
        Literal["maximum", "minimum", "mean", "sum", "deviation"],
        Title("Values", ("Maximum", "Minimum", "Mean", "Sum", "Standard deviation")),
    ] = "maximum",
    first: Annotated[Voxels, Title("First slice"), Range(0), Slider(0, 500, 1)] = 0,
    count: Annotated[Voxels, Title("Number of slices"), Range(0), Slider(0, 500, 1)] = 0,
) -> Image:
    """Make one slice of all slices along an axis of the image, or of a slab of them.

    The slice is as thick as what it stands for, and lies in its middle. Maximum, minimum and mean keep the pixel type,
    a mean of whole numbers is rounded; the standard deviation is in 32-bit, the sum in 64-bit floats. Padding and NaN
    are left out; where there is nothing else, they stay. Each colour channel is projected by itself.

    Settings:
        axis: The direction in which one looks through the image.
        method: What becomes of the values along a line; the deviation is that of the population.
        first: Where the slab begins, counted from 0.
        count: How many slices the slab has; 0 takes all that follow.

    Source:
        numpy.max, min, mean, sum, std; as SimpleITK.MaximumProjection and its siblings.
    """
    array = view(image)
    along = "xyz".index(axis)
    where = 2 - along
    total = array.shape[where]
    if first >= total or first + count > total:
        raise Refused(
            tr("The slab ends at slice {last}, but there are only {total} along {axis}. Count begins at 0.",
               last=first + max(count, 1) - 1, total=total, axis=axis)
        )  # fmt: skip
    count = count or total - first
    grid = projected_grid(image, along, first, count)
    dtype = {"sum": np.float64, "deviation": np.float32}.get(method, array.dtype)
    result, out = allocate(grid["size"], dtype, image.GetNumberOfComponentsPerPixel())
    lines = 1 if where == 0 else 0  # the axis that is cut into pieces of work
    slab = [slice(None)] * 3
    slab[where] = slice(first, first + count)
    deep = max(1, _ROW_BYTES // max(1, array[tuple(slab)].nbytes // array.shape[lines]))

    def work(start: int) -> None:
        here, there = list(slab), [slice(None)] * 3
        here[lines] = there[lines] = slice(start, start + deep)
        out[tuple(there)] = projected(array[tuple(here)], where, method, context.padding)

    context.each(work, range(0, array.shape[lines], deep))
    result.SetSpacing(grid["spacing"])
    result.SetOrigin(grid["origin"])
    result.SetDirection(image.GetDirection())
    return result
