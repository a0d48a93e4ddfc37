"""Register one image to another, or bring it there by a transform or by landmarks that are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.alignment import onto
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.registration import plain_plans
from pellucid.operations.engines.registration.applying import in_plane, landmark_transform, on_slice_of
from pellucid.operations.engines.registration.landmark_fits import residuals
from pellucid.operations.engines.registration.outcome import Outcome
from pellucid.operations.engines.registration.plans import PRESETS
from pellucid.operations.engines.registration.running import register as run_plan
from pellucid.operations.engines.registration.texts import displaced, unpacked
from pellucid.operations.engines.sampling import identity, sampled, sampled_plain
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import on_same_grid
from pellucid.operations.registration_lines import landmark_lines, register_lines, resampling_lines
from pellucid.operations.registration_texts import (
    landmark_complaint,
    plan_of,
    points_of,
    read_transform_text,
    register_complaint,
    said_of,
    say_residuals,
    text_complaint,
)
from pellucid.operations.units import Begins, Intensity, Range, SeedText, Slider, Title, Unit, When

Interpolation = Annotated[
    Literal["nearest", "linear", "bspline"], Title("Interpolation", ("Nearest", "Linear", "Cubic B-spline"))
]
Background = Annotated[Intensity, Title("Background"), Begins("lowest")]


def _refuse_mixed(image: sitk.Image, other: sitk.Image) -> None:
    if image.GetDimension() != other.GetDimension():
        raise Refused(tr("A planar image and a volume cannot be combined."))
    refuse_huge(other.GetSize(), image)


# ---------------------------------------------------------------- a known transform


@operation(
    "registration.transform",
    title="Resample by transform",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    lies_on="other",
    keywords=("register", "tfm", "warp", "apply transform", "displacement field", "harden", "align"),
    complaint=lambda p: text_complaint(p.transform),
    python=lambda p: resampling_lines(p.transform),
    toolbox=(in_plane, on_slice_of, sampled_plain, identity, displaced, unpacked),
)
def by_transform(
    image: Annotated[Image, Title("Moving")],
    other: Annotated[Image, Title("Grid of")],
    context: Context,
    *,
    interpolation: Interpolation = "linear",
    background: Background = 0.0,
    transform: Annotated[str, Unit(""), Title("Transform")] = "",
) -> Image:
    """Bring the image onto the grid of another one through a known transform.

    The transform takes points of the other (fixed) image to points of this (moving) one, in LPS mm, as ITK has it.
    The pixel type stays, whole numbers are rounded. Padding and NaN mix into nothing; where they are nearest, they
    stay.

    Settings:
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        background: The value of voxels that lie outside the image.
        transform: Content of a .tfm file of ITK; long fields may be packed. Empty moves nothing.

    Source:
        As SimpleITK.Resample; ITK transform file format.
    """
    _refuse_mixed(image, other)
    found = read_transform_text(transform, image.GetDimension())
    try:
        flat, plane = in_plane(image, other, found)
    except ValueError as error:
        raise Refused(_other_dimensions(found)) from error
    return on_slice_of(sampled(flat, plane, found, interpolation, background, context), other)


def _other_dimensions(transform: sitk.Transform) -> str:
    if transform.GetDimension() == 2:
        return tr("The transform has two dimensions: it is for pictures, or single slices in the plane of x and y.")
    return tr("The transform has three dimensions and the images have two. Take another transform.")


# ---------------------------------------------------------------- landmarks


@operation(
    "registration.landmarks",
    title="Register by landmarks",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    lies_on="fixed",
    keywords=("points", "fiducials", "Procrustes", "thin-plate spline", "align", "pairs"),
    complaint=landmark_complaint,
    python=landmark_lines,
    toolbox=(landmark_transform, sampled_plain),
)
def by_landmarks(
    image: Annotated[Image, Title("Moving")],
    fixed: Annotated[Image, Title("Fixed")],
    context: Context,
    *,
    kind: Annotated[
        Literal["translation", "rigid", "similarity", "affine", "thin_plate"],
        Title("Transform", ("Translation", "Rigid", "Similarity", "Affine", "Thin-plate spline")),
    ] = "rigid",
    fixed_places: Annotated[SeedText, Title("Landmarks on the fixed image")] = "",
    moving_places: Annotated[SeedText, Title("Landmarks on the moving image")] = "",
    interpolation: Interpolation = "linear",
    background: Background = 0.0,
) -> Image:
    """Bring the image onto the grid of another one so that pairs of landmarks meet.

    Landmarks belong together in the order in which they are given. A thin-plate spline takes each to its partner;
    the others are fitted by least squares, and how far pairs stay apart is said. The pixel type stays, whole
    numbers are rounded. Padding and NaN mix into nothing; where they are nearest, they stay.

    Settings:
        kind: How the image may move: shift, turn, scale as a whole, shear, or bend.
        fixed_places: Places on the fixed image.
        moving_places: The same points of the body on this image, in the same order.
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        background: The value of voxels that lie outside the image.

    Source:
        Umeyama, IEEE TPAMI 13(4), 1991; Bookstein, Principal warps, IEEE TPAMI 11(6), 1989.
    """
    _refuse_mixed(image, fixed)
    fixed_points, moving_points = points_of(fixed_places), points_of(moving_places)
    transform = landmark_transform(kind, fixed_points, moving_points, fixed, image, context.check)
    planar = int(image.GetDimension()) == 2
    say_residuals(residuals(transform, fixed_points, moving_points), context, planar=planar)
    return sampled(image, fixed, transform, interpolation, background, context)


# ---------------------------------------------------------------- registration


def _mask_on(image: sitk.Image, mask: sitk.Image | None, context: Context) -> sitk.Image | None:
    """Return a mask on the voxels of the image it belongs to."""
    return mask if mask is None or on_same_grid(image, mask) else onto(image, mask, "mask", context)


def _found(
    image: Any, fixed: Any, fixed_mask: Any, moving_mask: Any, context: Context, *,
    preset: str, stages: str, start: str, seed: int, initial: str,
) -> Outcome:  # fmt: skip
    """Return what the registration of two images comes to."""
    _refuse_mixed(image, fixed)
    begin = read_transform_text(initial, image.GetDimension()) if initial.strip() else None
    if begin is not None and begin.GetDimension() != image.GetDimension():
        raise Refused(_other_dimensions(begin))
    masks = _mask_on(fixed, fixed_mask, context), _mask_on(image, moving_mask, context)
    return run_plan(
        fixed, image, plan_of(preset, stages, start), replace(context, padding=None, prepared=None),
        fixed_mask=masks[0], moving_mask=masks[1], initial=begin, seed=seed,
    )  # fmt: skip


@operation(
    "registration.register",
    title="Register to another image",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    lies_on="fixed",
    prepare=_found,
    prepare_uses=("preset", "stages", "start", "seed", "initial"),
    keywords=("align", "coregister", "fuse", "rigid", "affine", "B-spline", "demons", "mutual information", "motion"),
    complaint=register_complaint,
    python=register_lines,
    toolbox=(
        run_plan, plain_plans.Plan, plain_plans.Stage, Context, sampled_plain, identity, displaced, unpacked,
    ),
)
def register(
    image: Annotated[Image, Title("Moving")],
    fixed: Annotated[Image, Title("Fixed")],
    fixed_mask: Annotated[Mask | None, Title("Mask of the fixed image")],
    moving_mask: Annotated[Mask | None, Title("Mask of the moving image")],
    context: Context,
    *,
    preset: Annotated[
        Literal["rigid", "rigid_mi", "affine_mi", "deformable", "demons", "histology", "drift", "own"],
        Title("Preset", (*(known.title for known in PRESETS.values()), "Own stages")),
    ] = "rigid_mi",
    stages: Annotated[str, Unit(""), Title("Stages"), When("preset", ("own",))] = "rigid metric=mattes",
    start: Annotated[
        Literal["preset", "identity", "centres", "masses", "moments", "search"],
        Title(
            "Start",
            ("As the preset", "As the images lie", "Geometric centres", "Centres of mass", "Moments", "Search"),
        ),
    ] = "preset",
    interpolation: Interpolation = "linear",
    background: Background = 0.0,
    seed: Annotated[int, Title("Random seed"), Unit("#"), Range(1, 2**31 - 1), Slider(1, 100, 1)] = 1,
    initial: Annotated[str, Unit(""), Title("Initial transform")] = "",
) -> Image:
    """Find how the image lies to another one that shows the same, and bring it onto the grid of that one.

    A first-time user takes a preset. Colour is registered by its luminance, single slices in their plane. The
    result has the voxels of the fixed image and the pixel type of this one, whole numbers are rounded; padding and
    NaN mix into nothing. What speaks against the result is said: look at it before you trust it.

    Settings:
        preset: What is registered; own stages are written as a text.
        stages: Stages one after the other, such as “rigid metric=mattes shrink=4,2,1; bspline mesh=8”.
        start: Where the search begins; what there is of a transform at the beginning comes first.
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        background: The value of voxels that lie outside the moving image.
        seed: Number that sampled voxels are drawn from; the same number gives the same result.
        initial: Text of an ITK transform from the fixed to the moving image to begin with; empty for none.

    Source:
        Avants et al., The Insight ToolKit image registration framework, Frontiers in Neuroinformatics 8:44, 2014;
        Vercauteren et al., Diffeomorphic demons, NeuroImage 45, 2009.
    """
    _refuse_mixed(image, fixed)
    outcome: Outcome = context.prepared
    for sentence in said_of(outcome):
        context.remark(sentence)
    return sampled(image, fixed, outcome.transform, interpolation, background, context)
