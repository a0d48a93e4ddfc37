"""What a registration is to do: where it starts, its stages one after the other, and presets that need no choice.

A plan has a text, which is what a recipe and the command line keep of it::

    rigid metric=mattes shrink=4,2,1; bspline mesh=8 optimiser=lbfgsb

Each stage begins with its transform; everything else has a default that suits most images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pellucid.language import mark, tr
from pellucid.operations.context import Refused

Transform = Literal["translation", "rigid", "similarity", "affine", "bspline", "demons"]
Metric = Literal["mean_squares", "correlation", "ants", "mattes", "joint"]
Optimiser = Literal[
    "regular_step", "gradient_descent", "line_search", "conjugate_gradient", "lbfgs2", "lbfgsb", "powell", "amoeba",
    "one_plus_one", "exhaustive",
]  # fmt: skip
Start = Literal["identity", "centres", "masses", "moments", "search"]


def _numbers(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


Factors = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], BeforeValidator(_numbers), Field(min_length=1)]
Widths = Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], BeforeValidator(_numbers), Field(min_length=1)]


class Stage(BaseModel):
    """One transform that is fitted; the next stage begins where it ends.

    ``shrink`` has one factor per level of the pyramid and ``smooth`` as many widths of a Gaussian in voxels of the
    full image. ``share`` of the voxels is looked at where ``sampling`` is not ``all``, but at least 20 000
    (5000 for B-splines) and at most 100 000 of them; B-splines by L-BFGS-B look at all, but for the neighbourhood and
    joint histogram metrics.
    ``step`` is the first step of an optimiser and ``least_step`` the one at which it ends, both in voxels of the
    level. ``mesh`` is the distance of control points in mm (the last level has it, levels before it are coarser by
    two where ``refine``); ``order`` is the order of the spline. ``variant``, ``field_sigma`` and ``update_sigma``
    (voxels of the level) belong to demons; ``match`` fits the histogram of the moving image to the fixed one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    transform: Transform
    metric: Metric = "mattes"
    bins: Annotated[int, Field(ge=4, le=256)] = 32
    radius: Annotated[int, Field(ge=1, le=16)] = 4
    optimiser: Optimiser = "regular_step"
    iterations: Annotated[int, Field(ge=1, le=100_000)] = 200
    step: Annotated[float, Field(gt=0, le=1000)] = 1.0
    least_step: Annotated[float, Field(gt=0, le=100)] = 1e-3
    tolerance: Annotated[float, Field(gt=0, le=1)] = 1e-6
    sampling: Literal["all", "regular", "random"] = "random"
    share: Annotated[float, Field(gt=0, le=1)] = 0.05
    shrink: Factors = (4, 2, 1)
    smooth: Widths = (2.0, 1.0, 0.0)
    interpolator: Literal["linear", "bspline", "nearest"] = "linear"
    scales: Literal["physical", "jacobian", "index", "none"] = "physical"
    mesh: Annotated[float, Field(gt=0, le=10_000)] = 40.0
    order: Annotated[int, Field(ge=1, le=3)] = 3
    refine: bool = True
    variant: Literal["classic", "fast", "symmetric", "diffeomorphic"] = "diffeomorphic"
    field_sigma: Annotated[float, Field(ge=0, le=100)] = 1.5
    update_sigma: Annotated[float, Field(ge=0, le=100)] = 0.0
    match: bool = True


@dataclass(frozen=True)
class Plan:
    """Where a registration starts and which stages it takes."""

    stages: tuple[Stage, ...]
    start: Start = "centres"


@dataclass(frozen=True)
class Preset:
    """A plan with a name; ``help`` says in one sentence when to take it."""

    title: str
    help: str
    plan: Plan


def changed(stage: Stage, **fields: Any) -> Stage:
    """Return a stage with some other fields."""
    return stage.model_copy(update=fields)


def read_stages(text: str) -> tuple[Stage, ...]:
    """Return the stages of a text; raise Refused with a sentence that names the stage and what is wrong in it."""
    stages = []
    for number, part in enumerate((part for part in text.split(";") if part.strip()), 1):
        words = part.split()
        pairs = [word.partition("=") for word in words[1:]]
        wrong = next((key for key, equals, value in pairs if not equals or not value), None)
        if wrong is not None:
            raise Refused(tr("Stage {number}: write “{word}=value”.", number=number, word=wrong))
        try:
            stages.append(Stage.model_validate({"transform": words[0]} | {key: value for key, _, value in pairs}))
        except ValidationError as error:
            first = error.errors()[0]
            said = ".".join(map(str, first["loc"][:1]))
            raise Refused(
                tr("Stage {number}: {setting} – {reason}.", number=number, setting=said, reason=first["msg"])
            ) from error
    return tuple(stages)


def stages_text(stages: tuple[Stage, ...]) -> str:
    """Return the text of stages: only what differs from the defaults is written."""
    return "; ".join(_stage_text(stage) for stage in stages)


def _stage_text(stage: Stage) -> str:
    fields = stage.model_dump(exclude_defaults=True, exclude={"transform"})
    return " ".join([stage.transform, *(f"{name}={_written(value)}" for name, value in fields.items())])


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_written, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


PRESETS: dict[str, Preset] = {
    "rigid": Preset(
        mark("Same modality, rigid"),
        mark("Two scans of one kind that were turned and shifted: CT on CT, T1 on T1."),
        Plan((Stage(transform="rigid", metric="correlation", shrink=(4, 2), smooth=(2.0, 1.0)),), "search"),
    ),
    "rigid_mi": Preset(
        mark("CT, MR or PET on another modality, rigid"),
        mark("Two scans of different kinds of one patient, turned and shifted."),
        Plan((Stage(transform="rigid", metric="mattes", shrink=(4, 2), smooth=(2.0, 1.0)),), "search"),
    ),
    "affine_mi": Preset(
        mark("Affine, any modality"),
        mark("Two scans that also differ in size or are sheared, such as a patient and an atlas."),
        Plan((Stage(transform="rigid"), Stage(transform="affine")), "search"),
    ),
    "deformable": Preset(
        mark("Deformable, lung or abdomen"),
        mark("The same body at another breath: affine first, then a B-spline of 25 mm."),
        Plan(
            (
                Stage(transform="affine", shrink=(4, 2), smooth=(2.0, 1.0)),
                Stage(transform="bspline", optimiser="lbfgsb", iterations=60, mesh=25.0, shrink=(4, 2), smooth=(0.0,)),
            ),
            "masses",
        ),
    ),
    "demons": Preset(
        mark("Deformable, same modality (demons)"),
        mark("Small smooth differences of two scans of one kind; every voxel may move."),
        Plan(
            (
                Stage(transform="rigid", metric="correlation", shrink=(4, 2), smooth=(2.0, 1.0)),
                Stage(transform="demons", iterations=60, shrink=(4, 2), smooth=(0.0,), field_sigma=0.7,
                      update_sigma=1.5),
            ),
            "centres",
        ),
    ),
    "histology": Preset(
        mark("Histology sections, affine"),
        mark("Neighbouring sections, also in different stains."),
        Plan((Stage(transform="similarity"), Stage(transform="affine")), "search"),
    ),
    "drift": Preset(
        mark("Microscopy drift"),
        mark("Frames or tiles that only moved, to a part of a pixel."),
        Plan((Stage(transform="translation", metric="correlation"),), "identity"),
    ),
}  # fmt: skip
