"""Register one image to another, or bring it there by a transform or by landmarks that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.alignment import onto
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.registration import plain_plans
from pellucid.operations.engines.registration.applying import landmark_transform
from pellucid.operations.engines.registration.landmark_fits import residuals
from pellucid.operations.engines.registration.outcome import Outcome
from pellucid.operations.engines.registration.plans import PRESETS, Plan, Stage, read_stages
from pellucid.operations.engines.registration.running import register as run_plan
from pellucid.operations.engines.registration.texts import Piece, built, displaced, pack, parsed, unpacked
from pellucid.operations.engines.sampling import identity, sampled, sampled_plain
from pellucid.operations.engines.seeds import parse_places
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, on_same_grid
from pellucid.operations.plain_surroundings import Context as Surroundings
from pellucid.operations.units import Begins, Intensity, Range, SeedText, Slider, Title, Unit, When

Interpolation = Annotated[
    Literal["nearest", "linear", "bspline"], Title("Interpolation", ("Nearest", "Linear", "Cubic B-spline"))
]
Background = Annotated[Intensity, Title("Background"), Begins("lowest")]
TransformText = Annotated[str, Unit(""), Title("Transform")]
_NUMBERS = 2000
"""Numbers of a transform that a script shows in lines of its own."""


def read_transform_text(text: str, dimension: int) -> sitk.Transform:
    """Return the transform of a text; an empty one leaves everything in its place. Raise Refused where it is none."""
    if not text.strip():
        return sitk.Transform(dimension, sitk.sitkIdentity)
    try:
        transform = built(parsed(text))
    except ValueError as error:
        raise Refused(_no_transform()) from error
    if transform.GetDimension() != dimension:
        raise Refused(
            tr("The transform has {count} dimensions and the image {others}. Take another transform.",
               count=transform.GetDimension(), others=dimension)
        )  # fmt: skip
    return transform


def _no_transform() -> str:
    return tr("The text is no transform that can be read. Paste the content of a .tfm file of ITK.")


def _text_complaint(text: str) -> str | None:
    try:
        if text.strip():
            parsed(text)
    except ValueError:
        return _no_transform()
    return None


def _refuse_mixed(image: sitk.Image, other: sitk.Image) -> None:
    if image.GetDimension() != other.GetDimension():
        raise Refused(tr("A planar image and a volume cannot be combined."))
    refuse_huge(other.GetSize(), image)


# ---------------------------------------------------------------- a known transform


def transform_lines(text: str, like: str) -> str:
    """Return lines of SimpleITK that make the transform of a text; ``like`` is the image that it is for."""
    if not text.strip():
        return f"transform = identity({like})"
    pieces = parsed(text)
    lines = [line for number, piece in enumerate(pieces, 1) for line in _piece_lines(f"part_{number}", piece)]
    names = ", ".join(f"part_{number}" for number in range(1, len(pieces) + 1))
    whole = "part_1" if len(pieces) == 1 else f"sitk.CompositeTransform([{names}])"
    return "\n".join([*lines, f"transform = {whole}"])


def _piece_lines(name: str, piece: Piece) -> list[str]:
    fixed, numbers = piece.fixed.tolist(), piece.parameters.tolist()
    if piece.kind == "IdentityTransform":
        return [f"{name} = sitk.Transform({piece.dimension}, sitk.sitkIdentity)"]
    packed = len(numbers) > _NUMBERS
    values = f"unpacked({pack(piece.parameters)!r})" if packed else repr(numbers)
    if piece.kind == "DisplacementFieldTransform":
        return [f"{name} = displaced({values}, {fixed})"]
    wanted = {"BSplineTransform": f"{piece.dimension}, {piece.order}"}
    both = ("TranslationTransform", "AffineTransform", "ScaleTransform")
    made = f"sitk.{piece.kind}({wanted.get(piece.kind, str(piece.dimension) if piece.kind in both else '')})"
    lines = [f"{name} = {made}"]
    lines += [f"{name}.SetFixedParameters({fixed})"] if fixed else []
    return [*lines, f"{name}.SetParameters({values}.tolist())" if packed else f"{name}.SetParameters({values})"]


@operation(
    "registration.transform",
    title="Resample by transform",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    keywords=("register", "tfm", "warp", "apply transform", "displacement field", "harden", "align"),
    complaint=lambda p: _text_complaint(p.transform),
    python=lambda p: (
        f"{transform_lines(p.transform, 'image')}\n"
        "# like sitk.Resample(image, other, transform, ...), but for rounding and for gaps\n"
        "result = sampled_plain(image, other, transform, $interpolation, $background, padding)"
    ),
    toolbox=(sampled_plain, identity, displaced, unpacked),
)
def by_transform(
    image: Annotated[Image, Title("Moving")],
    other: Annotated[Image, Title("Grid of")],
    context: Context,
    *,
    interpolation: Interpolation = "linear",
    background: Background = 0.0,
    transform: TransformText = "",
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
    return sampled(image, other, found, interpolation, background, context)


# ---------------------------------------------------------------- landmarks


def _points(text: str) -> Array:
    return np.array(parse_places(text), np.float64).reshape(-1, 3)


def _landmark_complaint(params: Any) -> str | None:
    try:
        fixed, moving = parse_places(params.fixed_places), parse_places(params.moving_places)
    except Refused as refusal:
        return str(refusal)
    if len(fixed) != len(moving):
        return tr("Landmarks come in pairs: there are {fixed} on the fixed and {moving} on the moving image.",
                  fixed=len(fixed), moving=len(moving))  # fmt: skip
    return None


def _landmark_lines(params: Any) -> str:
    return f"""
        fixed_points = np.array({_points(params.fixed_places).tolist()})
        moving_points = np.array({_points(params.moving_places).tolist()})
        transform = landmark_transform($kind, fixed_points, moving_points, fixed, image)
        # like sitk.Resample(image, fixed, transform, ...), but for rounding and for gaps
        result = sampled_plain(image, fixed, transform, $interpolation, $background, padding)
    """


@operation(
    "registration.landmarks",
    title="Register by landmarks",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    keywords=("points", "fiducials", "Procrustes", "thin-plate spline", "align", "pairs"),
    complaint=_landmark_complaint,
    python=_landmark_lines,
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
    fixed_points, moving_points = _points(fixed_places), _points(moving_places)
    transform = landmark_transform(kind, fixed_points, moving_points, fixed, image, context.check)
    _say_residuals(residuals(transform, fixed_points, moving_points), context)
    return sampled(image, fixed, transform, interpolation, background, context)


def _say_residuals(apart: Array, context: Context) -> None:
    worst = int(np.argmax(apart))
    context.remark(
        tr("Landmarks stay {mean:.3g} mm apart on average (root mean square); at most {most:.3g} mm, pair {number}.",
           mean=float(np.sqrt(np.mean(apart**2))), most=float(apart[worst]), number=worst + 1)
    )  # fmt: skip


# ---------------------------------------------------------------- registration


def plan_of(preset: str, stages: str, start: str) -> Plan:
    """Return the plan that parameters say; raise Refused with a sentence where the stages are none."""
    if preset == "own":
        found = read_stages(stages)
        if not found:
            raise Refused(tr("Write at least one stage, such as “rigid metric=mattes”."))
        return Plan(found, "centres" if start == "preset" else start)  # type: ignore[arg-type]
    known = PRESETS[preset].plan
    return known if start == "preset" else Plan(known.stages, start)  # type: ignore[arg-type]


def _register_complaint(params: Any) -> str | None:
    try:
        plan_of(params.preset, params.stages, params.start)
    except Refused as refusal:
        return str(refusal)
    return _text_complaint(params.initial)


def _register_lines(params: Any) -> str:
    """Return the lines of a script: the plan is written out, the engine is carried along."""
    plan = plan_of(params.preset, params.stages, params.start)
    stages = ",\n    ".join(_stage_line(stage) for stage in plan.stages)
    given = transform_lines(params.initial, "image").replace("transform = ", "initial = ") if params.initial else ""
    return "\n".join(
        [
            "fixed_mask = None if fixed_mask is None else on_grid_or_resampled(fixed, fixed_mask, nearest=True)",
            "moving_mask = None if moving_mask is None else on_grid_or_resampled(image, moving_mask, nearest=True)",
            given or "initial = None",
            f"plan = Plan(stages=(\n    {stages},\n), start={plan.start!r})",
            "found = register(",
            "    fixed, image, plan, Context(), fixed_mask=fixed_mask, moving_mask=moving_mask, initial=initial,",
            "    seed=$seed,",
            ")",
            "# like sitk.Resample(image, fixed, found.transform, ...), but for rounding and for gaps",
            "result = sampled_plain(image, fixed, found.transform, $interpolation, $background, padding)",
        ]
    )


def _stage_line(stage: Stage) -> str:
    said = {"transform": stage.transform, **stage.model_dump(exclude_defaults=True)}
    return f"Stage({', '.join(f'{name}={value!r}' for name, value in said.items())})"


@operation(
    "registration.register",
    title="Register to another image",
    menu="Filters/Registration",
    same_grid=False,
    grids="any",
    keywords=("align", "coregister", "fuse", "rigid", "affine", "B-spline", "demons", "mutual information", "motion"),
    complaint=_register_complaint,
    python=_register_lines,
    toolbox=(run_plan, plain_plans.Plan, plain_plans.Stage, Surroundings, sampled_plain, identity, displaced, unpacked),
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
    begin = read_transform_text(initial, image.GetDimension()) if initial.strip() else None
    outcome = run_plan(
        fixed, image, plan_of(preset, stages, start), context.part(0.0, 0.9),
        fixed_mask=_mask_on(fixed, fixed_mask, context), moving_mask=_mask_on(image, moving_mask, context),
        initial=begin, seed=seed,
    )  # fmt: skip
    for sentence in said_of(outcome):
        context.remark(sentence)
    return sampled(image, fixed, outcome.transform, interpolation, background, context.part(0.9, 1.0))


def _mask_on(image: sitk.Image, mask: sitk.Image | None, context: Context) -> sitk.Image | None:
    """Return a mask on the voxels of the image it belongs to."""
    return mask if mask is None or on_same_grid(image, mask) else onto(image, mask, "mask", context)


def said_of(outcome: Outcome) -> Sequence[str]:
    """Return what is to be said of a registration: how it went, and what speaks against it."""
    before, after = (f"{value:.4g}" if math.isfinite(value) else "–" for value in
                     (outcome.metric_before, outcome.metric_after))  # fmt: skip
    went = tr("The metric went from {before} to {after} in {count} iterations.",
              before=before, after=after, count=outcome.iterations)  # fmt: skip
    rest = () if outcome.converged else (tr("The registration did not converge: {reason}", reason=outcome.stop_reason),)
    return (went, *rest, *outcome.doubts)
