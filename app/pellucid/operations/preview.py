"""Compute only the slice that is looked at: from a slab around it, or from itself alone.

What an operation must learn from the whole image (and the result of an operation that is global by nature)
is kept as long as the images live, so that a moving slider pays for it once.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.alignment import onto
from pellucid.operations.context import Context, Refused
from pellucid.operations.operation import Operation
from pellucid.operations.padding import lowest_valid
from pellucid.operations.pixels import axis_lengths, view

_KEPT = 6
_LOCK = Lock()
_LEARNED: OrderedDict[Hashable, tuple[tuple[Any, ...], Any]] = OrderedDict()


def preview_slice(
    operation: Operation,
    image: sitk.Image | Sequence[sitk.Image],
    axis: int,
    index: int,
    params: Any,
    context: Context | None = None,
) -> NDArray[Any]:
    """Return one slice of what an operation would make, without computing the rest.

    ``image`` is the input, or all inputs in order; ``axis`` is a voxel axis (0 = x, 1 = y, 2 = z);
    ``params`` are values by name or validated parameters. The slice is oriented as ``array.take(index, 2 -
    axis)`` of the whole array (z, y, x[, c]).

    Raises Refused when the operation changes the grid, or does not fit; Cancelled when told to stop.
    """
    context = context or Context()
    images = (image,) if isinstance(image, sitk.Image) else tuple(image)
    values = dict(params) if isinstance(params, Mapping) else params.model_dump()
    if not operation.same_grid:
        raise Refused(
            tr("{title} changes the grid, so there is no preview of single slices.", title=tr(operation.title))
        )
    params = operation.validate(**values)
    images = operation.fit(images, params, context, _aligned)
    where = 2 - axis
    if context.padding is not None and operation.minds_padding:
        context = replace(context, fill=_fill(images, context.padding, context))
    if not operation.pointwise and operation.reach(params, axis_lengths(images[0])) is None:
        return np.array(view(whole(operation, images, values, context)).take(index, where))
    if operation.preparation is not None:
        key = ("prepared", operation.id, operation.prepare_key(params), context.padding)
        ready = _kept_as(key, images, lambda: _prepared(operation, images, params, context))
        context = replace(context, prepared=ready)
    if operation.pointwise:
        parts = _cut(operation, images, lambda array: array.take([index], where))
        context = replace(context, start=_start(where, index))
        return np.asarray(view(operation.run(context, *parts, **values)).take(0, where))
    return _slab(operation, images, params, where, index, context)


def whole(operation: Operation, images: Sequence[sitk.Image], values: Mapping[str, Any], context: Context) -> Any:
    """Return all that an operation makes, computed once for the very same images and values."""
    params, inputs = operation.validate(**values), tuple(images)
    key = (operation.id, tuple(dict(params).items()), context.padding)
    return _kept_as(key, inputs, lambda: operation.run(context, *inputs, **values))


def _fill(images: tuple[sitk.Image, ...], padding: tuple[float, float], context: Context) -> float:
    """Return what stands in for padding: the lowest other value of the whole image, padding itself if none."""
    lowest = _kept_as(("fill", padding), images[:1], lambda: lowest_valid(images[0], padding, context))
    return padding[1] if lowest is None else float(lowest)


def _prepared(operation: Operation, images: tuple[sitk.Image, ...], params: Any, context: Context) -> Any:
    return operation.prepare(params, *operation.without_padding(images, context), context=context)


def _slab(
    operation: Operation,
    images: tuple[sitk.Image, ...],
    params: Any,
    where: int,
    index: int,
    context: Context,
) -> NDArray[Any]:
    """Run a local operation on the slices it can reach from one slice."""
    reach = operation.reach(params, axis_lengths(images[0])) or (0, 0, 0)
    far, count = reach[2 - where], view(images[0]).shape[where]
    first, last = max(0, index - far), min(count, index + far + 1)
    cut = (slice(None),) * where + (slice(first, last),)
    parts = _cut(operation, images, lambda array: array[cut])
    wanted = [slice(None)] * 3
    wanted[where] = slice(index - first, index - first + 1)
    part = replace(context, wanted=(wanted[0], wanted[1], wanted[2]), start=_start(where, first))
    result = operation.run(part, *parts, **dict(params))
    return np.array(view(result).take(index - first, where))


def _start(where: int, first: int) -> tuple[int, int, int]:
    """Return the place (z, y, x) at which a part begins that was cut along one axis."""
    z, y, x = (first if axis == where else 0 for axis in range(3))
    return z, y, x


def _cut(operation: Operation, images: tuple[sitk.Image, ...], part: Callable[[Any], Any]) -> list[sitk.Image]:
    """Return the part of each image that is on the grid of the first; others are needed as they are."""
    elsewhere = images[1:] if operation.grids == "any" else ()
    here = images[: len(images) - len(elsewhere)]
    return [*(_as_image(part(view(one)), one) for one in here), *elsewhere]


def _aligned(first: sitk.Image, other: sitk.Image, kind: str, context: Context) -> sitk.Image:
    """Return ``other`` on the grid of ``first``, computed once for a pair."""
    answer: sitk.Image = _kept_as(("onto", kind), (first, other), lambda: onto(first, other, kind, context))
    return answer


def _as_image(part: NDArray[Any], like: sitk.Image) -> sitk.Image:
    """Copy a part into an image of the same spacing and direction; where it lies does not matter."""
    planar = like.GetDimension() == 2
    colour = like.GetNumberOfComponentsPerPixel() > 1
    array = np.ascontiguousarray(part[0] if planar else part)
    image = sitk.GetImageFromArray(array, isVector=colour)
    image.SetSpacing(like.GetSpacing())
    image.SetDirection(like.GetDirection())
    return image


def _kept_as(key: Hashable, images: tuple[sitk.Image, ...], compute: Any) -> Any:
    """Return what was computed before for the very same images, or compute and keep it."""
    key = (key, tuple(id(image) for image in images))
    with _LOCK:
        found = _LEARNED.get(key)
        if found is not None and all(a() is b for a, b in zip(found[0], images, strict=True)):
            _LEARNED.move_to_end(key)
            return found[1]
    answer = compute()

    def forget(dead: Any) -> None:
        _LEARNED.pop(key, None)

    with _LOCK:
        owners = tuple(weakref.ref(image, forget) for image in images)
        _LEARNED[key] = (owners, answer)
        while len(_LEARNED) > _KEPT:
            _LEARNED.popitem(last=False)
    return answer
