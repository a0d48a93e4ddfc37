"""Results that come about step by step and can be watched: a contour that moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.pixels import Array, allocate


@dataclass(frozen=True, eq=False)
class Moment:
    """Where a contour is after some iterations.

    ``level`` (z, y, x) is negative inside; it is the very array that is worked on, so it holds only until the next
    moment is asked for. ``change`` is the rms distance in mm by which the contour moved last.
    """

    iteration: int
    change: float
    level: Array


def mask_of(image: sitk.Image, level: Array, context: Context | None = None) -> sitk.Image:
    """Return the inside of a level set as a mask on the grid of an image."""
    result, out = allocate(image.GetSize(), "uint8")
    result.CopyInformation(image)
    for plane, values in zip(out, level, strict=True):
        if context is not None:
            context.check()
        plane[...] = values < 0
    return result


def result_after(image: sitk.Image, moments: Iterator[Moment], iterations: int, context: Context) -> sitk.Image:
    """Return the mask after so many iterations, or after as many as there are."""
    moment = next(moments)
    for _ in range(iterations):
        following = next(moments, None)
        if following is None:
            break
        moment = following
        context.progress(0.05 + 0.9 * moment.iteration / iterations)
    return mask_of(image, moment.level, context)


def quiet(context: Context) -> Context:
    """Return a context in which pieces of an iteration report no progress of their own."""
    return replace(context, progress=lambda _fraction: None)
