"""The lines of scripts that register: transforms are written out in SimpleITK, the engine is carried along."""

from __future__ import annotations

from typing import Any

from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.texts import Piece, pack, parsed
from pellucid.operations.registration_texts import plan_of, points_of

_NUMBERS = 2000
"""Numbers of a transform that a script shows as they are."""


def transform_lines(text: str, like: str) -> str:
    """Return lines of SimpleITK that make the transform of a text; ``like`` is the image that it is for."""
    if not text.strip():
        return f"transform = identity({like})"
    pieces = parsed(text)
    lines = [line for number, piece in enumerate(pieces, 1) for line in _piece_lines(f"part_{number}", piece)]
    names = ", ".join(f"part_{number}" for number in range(1, len(pieces) + 1))
    whole = "part_1" if len(pieces) == 1 else f"sitk.CompositeTransform([{names}])"
    return "\n".join([*lines, f"transform = {whole}"])


def resampling_lines(text: str) -> str:
    """Return lines that resample an image through the transform of a text."""
    dimension = parsed(text)[0].dimension if text.strip() else 3
    sampling = ["result = sampled_plain(image, other, transform, $interpolation, $background, padding)"]
    if dimension == 2:  # of a picture, or of a slice
        sampling = [
            "flat, plane = in_plane(image, other, transform)",
            "made = sampled_plain(flat, plane, transform, $interpolation, $background, padding)",
            "result = on_slice_of(made, other)",
        ]
    like = "# like sitk.Resample(image, other, transform, ...), but for rounding and for gaps"
    return "\n".join([transform_lines(text, "image"), like, *sampling])


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


def landmark_lines(params: Any) -> str:
    """Return the lines that register by landmarks."""
    return f"""
        fixed_points = np.array({points_of(params.fixed_places).tolist()})
        moving_points = np.array({points_of(params.moving_places).tolist()})
        transform = landmark_transform($kind, fixed_points, moving_points, fixed, image)
        # like sitk.Resample(image, fixed, transform, ...), but for rounding and for gaps
        result = sampled_plain(image, fixed, transform, $interpolation, $background, padding)
    """


def register_lines(params: Any) -> str:
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
