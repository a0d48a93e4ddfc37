"""Resampling onto any grid and through any transform, by SimpleITK; gaps of the image mix into nothing.

ITK cuts the fractions of whole numbers off; here values are computed in floats and rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.gaps import Range, bridged_whole, missing
from pellucid.operations.pixels import view
from pellucid.operations.plain import on_grid_of, stored

_INTERPOLATORS = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline3}
_DEPTHS = {"linear": 1, "bspline": 8}


def sampled(
    image: sitk.Image, like: sitk.Image, transform: sitk.Transform, how: str, background: float, context: Context
) -> sitk.Image:
    """Return an image on the grid of ``like``; the transform takes its points to those of the image."""
    return sampled_by(context.execute, context.check, image, like, transform, how, background, context.padding)


def sampled_plain(
    image: sitk.Image,
    like: sitk.Image,
    transform: sitk.Transform,
    how: str,
    background: float,
    padding: Range | None,
) -> sitk.Image:
    """Return an image on the grid of ``like``; the transform takes its points to those of the image."""

    def execute(resampler: sitk.ResampleImageFilter, one: sitk.Image) -> sitk.Image:
        return resampler.Execute(one)

    return sampled_by(execute, lambda: None, image, like, transform, how, background, padding)


def sampled_by(
    execute: Callable[[Any, sitk.Image], sitk.Image],
    check: Callable[[], None],
    image: sitk.Image,
    like: sitk.Image,
    transform: sitk.Transform,
    how: str,
    background: float,
    padding: Range | None,
) -> sitk.Image:
    """Return an image on the grid of ``like``, each filter run by ``execute``; whole numbers are rounded."""
    array = view(image)
    background = float(stored(np.array(background, np.float64), array.dtype))
    nearest = resampler(like, transform, "nearest", background)
    if how == "nearest":
        return execute(nearest, image)
    has_gaps = missing(array, padding) is not None
    source = on_grid_of(bridged_whole(array, padding, _DEPTHS[how], check), image) if has_gaps else image
    short = how == "bspline" and 2 in image.GetSize()
    source = mirrored(source) if short else source
    fine = resampler(like, transform, how, background)
    small = array.dtype.itemsize <= 2 or array.dtype == np.float32
    plain, vector = (sitk.sitkFloat32, sitk.sitkVectorFloat32) if small else (sitk.sitkFloat64, sitk.sitkVectorFloat64)
    fine.SetOutputPixelType(vector if array.ndim == 4 else plain)
    made = execute(fine, source)
    values = view(made)
    near = view(execute(nearest, image)) if has_gaps else None
    reached = view(execute(resampler(like, transform, "nearest", 0), whole_of(image))) if short else None
    out = np.empty(values.shape, array.dtype)
    for n, part in enumerate(values):
        check()
        if near is not None:
            gaps = missing(near[n : n + 1], padding)
            if gaps is not None:
                part = np.where(gaps[0], near[n].astype(part.dtype), part)
        if reached is not None:
            inside = reached[n] if part.ndim == 2 else reached[n][..., np.newaxis]
            part = np.where(inside, part, part.dtype.type(background))
        out[n] = stored(part, array.dtype)
    return on_grid_of(out, made)


def mirrored(image: sitk.Image) -> sitk.Image:
    """Return an image with the voxels of axes that have two mirrored once: the splines of ITK read beyond so few."""
    array = view(image)
    wider = [(1, 1) if n == 2 else (0, 0) for n in array.shape[:3]] + [(0, 0)] * (array.ndim - 3)
    padded = np.pad(array, wider, mode="reflect")
    made = sitk.GetImageFromArray(padded if image.GetDimension() == 3 else padded[0], isVector=array.ndim == 4)
    made.SetSpacing(image.GetSpacing())
    made.SetDirection(image.GetDirection())
    made.SetOrigin(image.TransformIndexToPhysicalPoint([-(n == 2) for n in image.GetSize()]))
    return made


def whole_of(image: sitk.Image) -> sitk.Image:
    """Return a mask of all voxels of an image."""
    return on_grid_of(np.ones(view(image).shape[:3], np.uint8), image)


def resampler(like: sitk.Image, transform: sitk.Transform, how: str, background: float) -> sitk.ResampleImageFilter:
    """Return the filter of SimpleITK that resamples onto a grid."""
    found = sitk.ResampleImageFilter()
    found.SetReferenceImage(like)
    found.SetTransform(transform)
    found.SetInterpolator(_INTERPOLATORS[how])
    found.SetDefaultPixelValue(background)
    return found


def identity(image: sitk.Image) -> sitk.Transform:
    """Return the transform that leaves points where they are, of the dimension of an image."""
    return sitk.Transform(image.GetDimension(), sitk.sitkIdentity)
