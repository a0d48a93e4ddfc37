"""What is computed from all frames of a time series at once; no operation of the registry sees more than one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import mark
from pellucid.operations.context import Context
from pellucid.operations.declaration import Operation
from pellucid.operations.engines.registration.bending import bent
from pellucid.operations.engines.registration.series import (
    Heard,
    Movement,
    frames_of,
    motions,
    world_transform,
)
from pellucid.operations.engines.sampling import sampled
from pellucid.operations.fields import make_model, parse_docstring, read_fields
from pellucid.operations.pixels import Array, blank, finite_extremes, view
from pellucid.operations.plain import stored
from pellucid.operations.ports import Port
from pellucid.operations.projection import projected
from pellucid.operations.series import MOTIONS, Interpolation, Match, Turn, rounds_of, say_movements
from pellucid.operations.units import Millimetres, Range, Slider, Title, Unit, When

ALIGN, TEMPLATE = "frames.align", "frames.template"
Frames = Sequence[sitk.Image]


def align_frames(
    frames: Frames,
    context: Context,
    heard: Heard = lambda n, movement: None,
    *,
    motion: Annotated[
        Literal["translation", "rigid", "affine", "bspline"], Title("Movement", (*MOTIONS, "Also bend (B-spline)"))
    ] = "rigid",
    reference: Annotated[
        Literal["mean", "first", "middle", "chosen", "neighbours"],
        Title("Align to", ("Mean of all frames", "First frame", "Middle frame", "One frame", "Neighbouring frame")),
    ] = "mean",
    frame: Annotated[
        int, Unit("frames"), Title("Frame"), Range(1), Slider(1, 500, 1), When("reference", ("chosen",))
    ] = 1,
    match: Match = "values",
    turn: Turn = 0.0,
    mesh: Annotated[
        Millimetres, Title("Control points"), Range(0.001), Slider(5.0, 100.0, 1.0), When("motion", ("bspline",))
    ] = 40.0,
    interpolation: Interpolation = "bspline",
) -> tuple[tuple[sitk.Image, ...], tuple[Movement, ...]]:
    """Move the frames of a time series until they lie on each other.

    Each frame is followed from the one it is compared with: phase correlation finds the shift, least squares the rest
    to a small part of a voxel; what bends, such as a breathing chest, is fitted by a B-spline after that. Brightness
    and contrast may differ. Volumes move in space, planes and stacks of fewer
    than four slices in their plane. The mean is that of the frames in their places, made anew twice. Grid and pixel
    type stay; where a frame was moved away is padding, or its lowest value.

    Settings:
        motion: What happened between frames: a shift, a turn as well, or also stretch and shear.
        reference: What frames are compared with; neighbours suit an object that changes over time.
        frame: The one that stays where it is, counted from 1.
        match: What must agree; edges bear uneven light and contrast medium, but need clear outlines.
        turn: How far planes may lie askew; all angles up to this one are tried.
        mesh: The distance between places that bend by themselves; small ones follow small movements, and noise.
        interpolation: How values between voxels are found; nearest makes no new values.

    Source:
        Least squares as in motion correction: Friston et al., Hum. Brain Mapp. 3 (1995) 165-189; Gauss-Newton with
        gain and offset: Baker and Matthews, Int. J. Comput. Vis. 56 (2004) 221-255.
    """
    pictures = frames_of(frames, context.padding)
    bends = motion == "bspline"
    number = frame - 1 if reference == "chosen" else 0 if reference == "first" else len(frames) // 2
    rounds = 3 if reference == "mean" and len(frames) > 2 else 1
    each = rounds_of(context.part(0.0, 0.3 if bends else 0.8), rounds)
    plain = "affine" if bends else motion
    found = motions(pictures, plain, reference, number, match == "edges", turn, each, context.check, heard)
    transforms = [world_transform(movement.matrix, one) for one, movement in zip(frames, found, strict=True)]
    if bends:
        moved = _moved(frames, transforms, "linear", context.part(0.3, 0.4))
        fixed = template(moved, context.part(0.4, 0.4)) if reference == "mean" else frames[number]
        found, transforms = bent(fixed, frames, found, transforms, mesh, context.part(0.4, 0.8))
    images = _moved(frames, transforms, interpolation, context.part(0.8, 1.0))
    say_movements(found, reference == "neighbours", context)
    return images, tuple(found)


def _moved(
    frames: Frames, transforms: Sequence[sitk.Transform], how: str, context: Context
) -> tuple[sitk.Image, ...]:
    """Return frames in their places."""
    moved = []
    for n, (one, transform) in enumerate(zip(frames, transforms, strict=True)):
        part = context.part(n / len(frames), (n + 1) / len(frames))
        moved.append(sampled(one, one, transform, how, _beyond(one, context), part))
    return tuple(moved)


def _beyond(frame: sitk.Image, context: Context) -> float:
    """Return what stands where a frame was moved away: padding, or its lowest value."""
    if context.padding is not None:
        return float(context.padding[1])
    quiet = Context(cancelled=context.cancelled, threads=context.threads)
    return float(finite_extremes(frame, quiet)[0])


def template(
    frames: Frames,
    context: Context,
    *,
    values: Annotated[
        Literal["mean", "median", "maximum", "minimum", "deviation"],
        Title("Values", ("Mean", "Median", "Maximum", "Minimum", "Standard deviation")),
    ] = "mean",
) -> sitk.Image:
    """Make one image of all frames of a time series.

    Mean, median, maximum and minimum keep the pixel type, means of whole numbers are rounded; the standard deviation
    is in 32-bit floats. Padding and NaN are left out; where there is nothing else, they stay. Align the frames first.

    Settings:
        values: What becomes of the values of a voxel over time; the deviation is that of the population.

    Source:
        numpy.mean, nanmedian, max, min, std.
    """
    arrays = [view(frame) for frame in frames]
    result, out = blank(frames[0], np.float32 if values == "deviation" else arrays[0].dtype)

    def work(n: int) -> None:
        out[n] = over_time(np.stack([array[n] for array in arrays]), values, context.padding)

    context.each(work, range(len(out)))
    return result


def over_time(part: Array, values: str, padding: tuple[float, float] | None) -> Array:
    """Return one slice of all frames (t, y, x[, c]) as one."""
    if values != "median":
        return np.asarray(projected(part, 0, values, padding)[0])
    found = part.astype(np.float64)
    if padding is not None and part.ndim == 3:
        found[(part >= padding[0]) & (part <= padding[1])] = np.nan
    empty = np.isnan(found).all(axis=0)
    found[:, empty] = part[:, empty]
    middle = np.nanmedian(np.where(empty, 0, found), axis=0)
    return np.asarray(np.where(empty, part[0], stored(middle, part.dtype)))


@cache
def declared() -> Mapping[str, Operation]:
    """Return what can be done with all frames, declared like operations: a form and words come of it."""
    made = (
        _declared(ALIGN, mark("Align frames"), align_frames, ("motion correction", "drift", "breathing", "realign")),
        _declared(TEMPLATE, mark("Template image"), template, ("average", "mean over time", "median", "projection")),
    )
    return MappingProxyType({one.id: one for one in made})


def _declared(id: str, title: str, function: Callable[..., Any], keywords: tuple[str, ...]) -> Operation:
    doc = parse_docstring(function)
    fields = read_fields(function, doc)
    return Operation(
        id=id, title=title, menu="Filters/Registration", source=doc.source, ports=(Port("frames", "Frames", "image"),),
        help="\n".join(part for part in (doc.summary, doc.body) if part), output="image", fields=fields,
        parameters=make_model(id, function, fields), function=function, same_grid=True, keywords=keywords,
    )  # fmt: skip
