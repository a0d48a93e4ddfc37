"""The stages that an ImageRegistrationMethod fits: translation, rigid, similarity, affine, unusual B-splines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course, guarded
from pellucid.operations.engines.registration.frames import is_similar, moved
from pellucid.operations.engines.registration.levels import level_of, stage_levels
from pellucid.operations.engines.registration.methods import method_of
from pellucid.operations.engines.registration.outcome import Point
from pellucid.operations.engines.registration.plans import Stage, changed
from pellucid.operations.engines.registration.preparing import Pair
from pellucid.operations.engines.registration.reasons import reason_of

_TRIED = {"exhaustive", "one_plus_one"}
"""Optimisers that do not end at the best place they saw."""


_BEYOND = 0.1
_ROUNDS = 4
_ROUNDED = 6
"""Digits of what is found, in radii and radians: threads that add in another order change later ones."""


@dataclass(frozen=True, eq=False)
class Level:
    """One level of a stage: where it is in the plan, the images, the size of its voxels in their world."""

    stage: int
    number: int
    fixed: sitk.Image
    moving: sitk.Image
    unit: float


@dataclass(frozen=True)
class End:
    """How a stage ended; ``text`` is what ITK said of it, ``is_dropped`` whether what it found was not taken."""

    reason: str = ""
    at_rest: bool = False
    iterations: int = 0
    text: str = ""
    is_dropped: bool = False


def levels_of(pair: Pair, stage: Stage, number: int) -> list[Callable[[], Level]]:
    """Return the levels of a stage, coarsest first; each is made when it is called."""
    finest = min(pair.fixed.GetSpacing())

    def made(level: int, shrink: int, width: float) -> Level:
        target, sigma = finest * shrink, finest * width
        fixed, moving = (level_of(image, target, sigma) for image in (pair.fixed, pair.moving))
        return Level(number, level, fixed, moving, target)

    return [
        lambda level=level, shrink=shrink, width=width: made(level, shrink, width)  # type: ignore[misc]
        for level, (shrink, width) in enumerate(stage_levels(stage))
    ]


def fit(chain: Chain, stage: Stage, number: int, course: Course, seed: int) -> tuple[Chain, End]:
    """Fit the transform of a stage, level by level, and return the chain with it."""
    transform = fresh(stage.transform, chain.pair.dimensions)
    end = End()
    for made in levels_of(chain.pair, stage, number):
        level = made()
        for turn in _turns(stage):
            course.context.check()
            ended = fit_level(chain, transform, turn, level, course, seed)
        end = replace(ended, iterations=end.iterations + ended.iterations)
        course.level_done()
    return chain.then(transform), end


def _turns(stage: Stage) -> list[Stage]:
    """Return the runs of a level: gradient descent has steps of one length, so that it ends where short ones do."""
    if stage.optimiser != "gradient_descent":
        return [stage]
    share = -(-stage.iterations // _ROUNDS)
    return [changed(stage, step=stage.step / 4**k, iterations=share) for k in range(_ROUNDS)]


def fresh(kind: str, n: int) -> Any:
    """Return the identity of a kind of transform."""
    return {
        "translation": lambda: sitk.TranslationTransform(n),
        "rigid": lambda: sitk.Euler3DTransform() if n == 3 else sitk.Euler2DTransform(),
        "similarity": lambda: sitk.Similarity3DTransform() if n == 3 else sitk.Similarity2DTransform(),
        "affine": lambda: sitk.AffineTransform(n),
    }[kind]()


def fit_level(chain: Chain, transform: Any, stage: Stage, level: Level, course: Course, seed: int) -> End:
    """Change a transform, which is applied before a chain, until the optimiser rests."""
    method = method_of(
        stage, level.fixed, seed, course.context.threads, level.unit, transform.GetNumberOfParameters()
    )
    moving = attach(method, chain, level.fixed, level.moving)
    method.SetInitialTransform(transform, True)
    best: list[Any] = [np.inf, None]

    def now() -> sitk.Transform:
        copy = type(transform)(transform)
        copy.SetParameters(method.GetOptimizerPosition())
        return chain.then(copy).outside()

    def note() -> None:
        value = float(method.GetMetricValue())
        if stage.optimiser in _TRIED and value < best[0]:
            best[:] = [value, method.GetOptimizerPosition()]
        course.step(Point(level.stage, level.number, len(course.latest(level.stage, level.number)), value),
                    stage.iterations, now)  # fmt: skip

    command = method.AddCommand(sitk.sitkIterationEvent, note)
    try:
        guarded(lambda: method.Execute(level.fixed, moving), course.context, refusal)
    finally:
        del command
        method.RemoveAllCommands()
    found = best[1] if best[1] is not None else transform.GetParameters()
    transform.SetParameters(np.round(found, _ROUNDED).tolist())
    iterations = len(course.latest(level.stage, level.number))
    text = str(method.GetOptimizerStopConditionDescription()).strip()
    return End(reason_of(text), at_rest(stage, course, level, iterations), iterations, text)


def attach(method: sitk.ImageRegistrationMethod, chain: Chain, fixed: sitk.Image, moving: sitk.Image) -> sitk.Image:
    """Give a method the masks and return the moving image as what was found before leaves it."""
    moving, mask = carried(chain, fixed, moving)
    if chain.pair.fixed_mask is not None:
        method.SetMetricFixedMask(chain.pair.fixed_mask)
    if mask is not None:
        method.SetMetricMovingMask(mask)
    return moving


def carried(chain: Chain, fixed: sitk.Image, moving: sitk.Image) -> tuple[sitk.Image, sitk.Image | None]:
    """Return the moving image and its mask as what was found before leaves them.

    A chain that only turns, shifts and scales is put into the grid of the image, which costs nothing. Anything else is
    sampled once: looking through it at every sample of every iteration takes twice as long.
    """
    pair, matrix = chain.pair, chain.matrix
    mask = pair.moving_mask
    if matrix is not None and is_similar(matrix):
        inverse = np.linalg.inv(matrix)
        return moved(moving, inverse), mask and moved(mask, inverse)
    transform, wide = chain.within(), _widened(fixed)
    mask = mask if mask is not None else ones_of(moving)
    mask = sitk.Resample(mask, wide, transform, sitk.sitkNearestNeighbor, 0)
    sampled = sitk.ResampleImageFilter()
    sampled.SetReferenceImage(wide)
    sampled.SetOutputPixelType(moving.GetPixelID())
    sampled.SetTransform(transform)
    sampled.SetUseNearestNeighborExtrapolator(True)  # between the last voxels that are seen and those beyond
    return sampled.Execute(moving), mask


def ones_of(image: sitk.Image) -> sitk.Image:
    """Return a mask of all of an image."""
    ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    return ones


def _widened(image: sitk.Image) -> sitk.Image:
    """Return a grid that goes on beyond its borders, for what a bend may fetch from there."""
    more = [int(np.ceil(_BEYOND * n)) if n > 1 else 0 for n in image.GetSize()]
    wide = sitk.Image([n + 2 * k for n, k in zip(image.GetSize(), more, strict=True)], sitk.sitkUInt8)
    wide.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([-float(k) for k in more]))
    wide.SetSpacing(image.GetSpacing())
    wide.SetDirection(image.GetDirection())
    return wide


def at_rest(stage: Stage, course: Course, level: Level, iterations: int) -> bool:
    """Return whether a level ended because nothing got better any more."""
    if stage.optimiser == "exhaustive" or iterations < stage.iterations:
        return True
    values = np.array([point.metric for point in course.latest(level.stage, level.number)])
    late = values[-max(10, len(values) // 10) :]
    return bool(np.ptp(late) <= 1e-3 * max(np.ptp(values), 1e-12))


def refusal(reason: str) -> Refused:
    """Return the refusal for what ITK said when it could not go on."""
    if "overlap" in reason or "outside" in reason or "valid points" in reason:
        return Refused(tr("The images do not overlap enough to be compared. Start from the centres, or move the "
                          "moving image nearer by hand, and look at the masks."))  # fmt: skip
    return Refused(tr("The registration cannot go on: {reason}", reason=reason.strip().splitlines()[-1]))
