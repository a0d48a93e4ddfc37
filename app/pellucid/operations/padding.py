"""Padding – voxels outside the scanned field – must neither bleed into the image nor be filtered itself (H16)."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.pixels import Array, allocate, as_mask, blank, view
from pellucid.operations.plain import stored

Range = tuple[float, float]


def inside(values: Array, padding: Range) -> Array:
    """Return where values are padding: in the closed range."""
    return np.asarray((values >= padding[0]) & (values <= padding[1]))


def lowest_valid(image: sitk.Image, padding: Range, context: Context) -> float | None:
    """Return the lowest value that is not padding, or None where there is no padding or nothing else."""
    array = view(image)
    lowest, found = np.inf, False
    for part in array:
        context.check()
        out = inside(part, padding)
        found = found or bool(out.any())
        valid = part[~out]
        if valid.size:
            lowest = min(lowest, float(np.nanmin(valid)))
    return lowest if found and np.isfinite(lowest) else None


def filled(image: sitk.Image, padding: Range, value: float, context: Context) -> sitk.Image:
    """Return a copy with ``value`` in place of padding."""
    array = view(image)
    copy, out = blank(image, array.dtype)
    for part, target in zip(array, out, strict=True):
        context.check()
        np.copyto(target, part)
        target[inside(part, padding)] = value
    return copy


def outside(image: sitk.Image, mask: sitk.Image | None, padding: Range, context: Context) -> sitk.Image:
    """Return the part of a mask (None: of the whole image) that is not padding."""
    array = view(image)
    result, out = allocate(image.GetSize(), np.uint8)
    result.CopyInformation(image)
    within = None if mask is None else view(as_mask(mask, context))
    for n, (part, target) in enumerate(zip(array, out, strict=True)):
        context.check()
        valid = ~inside(part, padding)
        measured = valid.any(axis=-1) if valid.ndim == 3 else valid
        np.copyto(target, measured if within is None else measured & (within[n] > 0))
    return result


def restore(result: sitk.Image, original: sitk.Image, padding: Range, context: Context) -> sitk.Image:
    """Return ``result`` with the padding of ``original`` in its places."""
    array, made = view(original), view(result)
    copy, out = blank(result, made.dtype)
    for part, new, target in zip(array, made, out, strict=True):
        context.check()
        np.copyto(target, new)
        beyond = inside(part, padding)
        if made.dtype == part.dtype:
            np.copyto(target, part, where=beyond)
        else:
            target[beyond] = stored(part[beyond].astype(np.float64), made.dtype)
    return copy
