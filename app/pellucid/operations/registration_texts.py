"""What the texts of a registration say: a transform, landmarks, stages; and what is said of a result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.registration.outcome import Outcome
from pellucid.operations.engines.registration.plans import PRESETS, Plan, read_stages
from pellucid.operations.engines.registration.texts import built, parsed
from pellucid.operations.engines.seeds import parse_places
from pellucid.operations.pixels import Array


def read_transform_text(text: str, dimension: int) -> sitk.Transform:
    """Return the transform of a text; an empty one moves nothing. Raise Refused where it is none."""
    if not text.strip():
        return sitk.Transform(dimension, sitk.sitkIdentity)
    try:
        return built(parsed(text))
    except ValueError as error:
        raise Refused(_no_transform()) from error


def _no_transform() -> str:
    return tr("The text is no transform that can be read. Paste the content of a .tfm file of ITK.")


def text_complaint(text: str) -> str | None:
    """Return the sentence why a text is no transform, or None."""
    try:
        if text.strip():
            parsed(text)
    except ValueError:
        return _no_transform()
    return None


def points_of(text: str) -> Array:
    """Return the places of a text as points (n, 3)."""
    return np.array(parse_places(text), np.float64).reshape(-1, 3)


def landmark_complaint(params: Any) -> str | None:
    """Return the sentence why landmarks are no pairs, or None."""
    try:
        fixed, moving = parse_places(params.fixed_places), parse_places(params.moving_places)
    except Refused as refusal:
        return str(refusal)
    if len(fixed) != len(moving):
        return tr("Landmarks come in pairs: there are {fixed} on the fixed and {moving} on the moving image.",
                  fixed=len(fixed), moving=len(moving))  # fmt: skip
    return None


def say_residuals(apart: Array, context: Context, *, planar: bool) -> None:
    """Say how far landmarks stay apart: without a unit on pictures, of which many state no true spacing."""
    worst = int(np.argmax(apart))
    mean, most, number = float(np.sqrt(np.mean(apart**2))), float(apart[worst]), worst + 1
    if planar:
        said = tr("Landmarks stay {mean:.3g} apart on average (root mean square, in units of the spacing); at most "
                  "{most:.3g}, pair {number}.", mean=mean, most=most, number=number)  # fmt: skip
    else:
        said = tr("Landmarks stay {mean:.3g} mm apart on average (root mean square); at most {most:.3g} mm, "
                  "pair {number}.", mean=mean, most=most, number=number)  # fmt: skip
    context.remark(said)


def plan_of(preset: str, stages: str, start: str) -> Plan:
    """Return the plan that parameters say; raise Refused with a sentence where the stages are none."""
    if preset == "own":
        found = read_stages(stages)
        if not found:
            raise Refused(tr("Write at least one stage, such as “rigid metric=mattes”."))
        return Plan(found, "centres" if start == "preset" else start)  # type: ignore[arg-type]
    known = PRESETS[preset].plan
    return known if start == "preset" else Plan(known.stages, start)  # type: ignore[arg-type]


def register_complaint(params: Any) -> str | None:
    """Return the sentence why there is nothing to register by, or None."""
    try:
        plan_of(params.preset, params.stages, params.start)
    except Refused as refusal:
        return str(refusal)
    return text_complaint(params.initial)


def said_of(outcome: Outcome) -> tuple[str, ...]:
    """Return what is to be said of a registration: how it went, and what speaks against it."""
    before, after = (f"{value:.4g}" if math.isfinite(value) else "–" for value in
                     (outcome.metric_before, outcome.metric_after))  # fmt: skip
    went = tr("The metric went from {before} to {after} in {count} iterations.",
              before=before, after=after, count=outcome.iterations)  # fmt: skip
    rest = () if outcome.converged else (tr("The registration did not converge: {reason}", reason=outcome.stop_reason),)
    return (went, *filter(None, (outcome.unmeasured,)), *rest, *outcome.doubts)
