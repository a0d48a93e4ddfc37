"""Bring the sections of a stack into one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.registration.frames import affine_of
from pellucid.operations.engines.registration.series import (
    Heard,
    Movement,
    aligned_stack_plain,
    motions,
    plane_of,
    planes_of,
)
from pellucid.operations.engines.sampling import sampled
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, view
from pellucid.operations.units import Begins, Intensity, Range, Slider, Title, Unit, Voxels, When

MOTIONS = ("Shift", "Shift and turn (rigid)", "Also stretch and shear (affine)")
Match = Annotated[Literal["values", "edges"], Title("Compare", ("Values", "Edges (other stains, uneven light)"))]
Turn = Annotated[
    float, Unit("°"), Title("Largest turn"), Range(0.0, 180.0), Slider(0.0, 180.0, 1.0),
    When("motion", ("rigid", "affine", "bspline")),
]  # fmt: skip
Interpolation = Annotated[
    Literal["bspline", "linear", "nearest"], Title("Interpolation", ("Cubic B-spline", "Linear", "Nearest"))
]
_LISTED = 12


@operation(
    "registration.align_slices",
    title="Align sections",
    menu="Filters/Registration",
    same_grid=False,
    keywords=("stack", "serial sections", "histology", "drift", "slices", "register", "motion correction", "jitter"),
    python="""
        result = aligned_stack_plain(
            image, $motion, $reference, $section, $match, $turn, $interpolation, $background, padding
        )
    """,
    toolbox=(aligned_stack_plain,),
)
def align_slices(
    image: Image,
    context: Context,
    *,
    motion: Annotated[Literal["translation", "rigid", "affine"], Title("Movement", MOTIONS)] = "rigid",
    reference: Annotated[
        Literal["neighbours", "mean", "first", "middle", "chosen"],
        Title(
            "Align to",
            ("Neighbouring section", "Mean of all sections", "First section", "Middle section", "One section"),
        ),
    ] = "neighbours",
    section: Annotated[Voxels, Title("Section"), Range(0), Slider(0, 500, 1), When("reference", ("chosen",))] = 0,
    match: Match = "values",
    turn: Turn = 20.0,
    interpolation: Interpolation = "bspline",
    background: Annotated[Intensity, Title("Background"), Begins("lowest")] = 0.0,
) -> Image:
    """Move the sections of a stack in their plane until they lie on each other.

    Each section is followed from the one it is compared with: phase correlation finds the shift, least squares the
    rest to a small part of a pixel. Brightness and contrast may differ. With neighbours the section in the middle
    stays and motions add up from there; a section unlike its neighbour is compared with the one before that. Grid and
    pixel type stay, whole numbers are rounded. Colours are compared by their luminance. Padding and NaN do not count.

    Settings:
        motion: What a section may do: shift, turn as well, or also stretch and shear.
        reference: What sections are compared with; neighbours suit an object that changes through the stack.
        section: The one that stays where it is, counted from 0.
        match: What must agree; edges bear other stains and uneven light, but need clear outlines.
        turn: How far sections may lie askew; all angles up to this one are tried.
        interpolation: How values between pixels are found; nearest makes no new values and is right for labels.
        background: The value where a section was moved away.

    Source:
        Phase correlation: skimage.registration.phase_cross_correlation; Gauss-Newton with gain and offset: Baker and
        Matthews, Lucas-Kanade 20 years on, Int. J. Comput. Vis. 56 (2004) 221-255.
    """
    result, _ = aligned_stack(
        image, context, motion=motion, reference=reference, section=section, match=match, turn=turn,
        interpolation=interpolation, background=background,
    )  # fmt: skip
    return result


def aligned_stack(
    image: sitk.Image, context: Context, heard: Heard = lambda n, movement: None, *, motion: str, reference: str,
    section: int, match: str, turn: float, interpolation: str, background: float,
) -> tuple[sitk.Image, tuple[Movement, ...]]:  # fmt: skip
    """Return a stack with its sections moved, and how each had moved; ``heard`` is told of each at once."""
    _check(image, reference, section, context)
    rounds = 3 if reference == "mean" and view(image).shape[0] > 2 else 1
    found = motions(
        planes_of(image, context.padding), motion, reference, section, match == "edges", turn,
        rounds_of(context.part(0.0, 0.8), rounds), context.check, heard,
    )  # fmt: skip
    result, out = blank(image, view(image).dtype)
    resampling = context.part(0.8, 1.0)
    for n, movement in enumerate(found):
        plane = plane_of(image, n)
        part = resampling.part(n / len(found), (n + 1) / len(found))
        transform = affine_of(movement.matrix)
        out[n] = view(sampled(plane, plane, transform, interpolation, background, part))[0]
    say_movements(found, reference == "neighbours", context)
    return result, tuple(found)


def rounds_of(context: Context, rounds: int) -> Callable[[Callable[[int], None], Sequence[int]], None]:
    """Return what does work on every number, several at once; it is called so many times, and tells how far it is."""
    done = [0]

    def each(work: Callable[[int], None], numbers: Sequence[int]) -> None:
        start = done[0]
        done[0] += 1
        context.part(start / rounds, (start + 1) / rounds).each(work, numbers)

    return each


def _check(image: sitk.Image, reference: str, section: int, context: Context) -> None:
    count = view(image).shape[0]
    if count < 2:
        context.remark(tr("There is only one section: nothing was moved. Open a stack of several."))
    if reference == "chosen" and section >= count:
        raise Refused(tr("There is no section {section}; the last is {last}. Count begins at 0.",
                         section=section, last=count - 1))  # fmt: skip


def say_movements(found: Sequence[Movement], chained: bool, context: Context) -> None:
    """Say how far sections or frames moved, and which of them are doubtful."""
    far = [float(np.linalg.norm(one.shift)) for one in found]
    turns = [float(np.abs(one.angles).max()) for one in found]
    said: dict[str, Any] = {"far": max(far), "turn": max(turns)}
    context.remark(tr("The largest movement is {far:.2f} mm and {turn:.2f}°.", **said))
    if chained and len(found) > 2:
        ends = [found[0].shift, found[-1].shift]
        context.remark(
            tr("Followed from neighbour to neighbour, the first came to lie {first:.2f} mm and the last {last:.2f} mm "
               "from where they were: small errors may have added up.",
               first=float(np.linalg.norm(ends[0])), last=float(np.linalg.norm(ends[1])))
        )  # fmt: skip
    for doubt in ("unlike", "outside", "restless"):
        numbers = [n + 1 for n, one in enumerate(found) if one.doubt == doubt]
        if numbers:
            listed = ", ".join(map(str, numbers[:_LISTED])) + (" …" if len(numbers) > _LISTED else "")
            context.remark(doubt_sentence(doubt, listed))


def doubt_sentence(doubt: str, numbers: str) -> str:
    """Return what speaks against a movement, for sections or frames by their numbers, counted from 1."""
    if doubt == "unlike":
        return tr("Left where they are, for they look unlike what they were compared with: {numbers}.", numbers=numbers)
    if doubt == "outside":
        return tr("Doubtful, for more than half of them would lie outside: {numbers}.", numbers=numbers)
    return tr("Doubtful, for the search did not come to rest: {numbers}.", numbers=numbers)
