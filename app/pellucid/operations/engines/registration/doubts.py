"""What speaks against a result, in sentences that say what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.frames import homogeneous
from pellucid.operations.engines.registration.plans import Plan, Stage
from pellucid.operations.engines.registration.searching import Try, distance, improved
from pellucid.operations.engines.registration.stages import End
from pellucid.operations.engines.registration.starting import smaller
from pellucid.operations.pixels import Array, view

_LEAST_OVERLAP = 0.25
_RIVAL = 0.9
_DEGREES, _AWAY, _SAME = 8.0, 0.08, 0.05
"""How far, in degrees and radii, a second run starts from the result, and how near it must come back."""
_SIZES = (0.5, 2.0)


@dataclass(frozen=True)
class Findings:
    """What is known at the end: metrics, overlap, how near another place came, how the stages ended."""

    before: float
    after: float
    overlap: float
    rivalry: float
    ends: Sequence[End]


def doubts_of(chain: Chain, plan: Plan, course: Course, known: Findings, seed: int) -> tuple[str, ...]:
    """Return the sentences that speak against a result; none where it can be trusted."""
    found = [*_of_the_run(plan, course, known), *_of_the_place(known)]
    matrix = chain.matrix
    if matrix is None:
        found += _of_the_bend(chain)
    else:
        found += _of_the_matrix(matrix)
        linear = [stage for stage in plan.stages if stage.transform not in ("bspline", "demons")]
        if not found and linear and not _comes_back(chain, matrix, linear[-1], course, seed):
            found.append(tr("A second run that started a little beside the result ended elsewhere. Compare the images "
                            "by eye, start nearer, or take another metric."))  # fmt: skip
    return tuple(found)


def _of_the_run(plan: Plan, course: Course, known: Findings) -> list[str]:
    found = [end.reason for end in known.ends if end.is_dropped]
    if not all(end.at_rest for end in known.ends[-1:]):
        found.append(tr("The optimiser was still moving when its iterations ended. Give it more iterations, or a "
                        "larger step."))  # fmt: skip
    if _diverged(course, len(plan.stages) - 1):
        found.append(tr("The metric got worse while the optimiser ran. Take a smaller step, more voxels, or another "
                        "optimiser."))  # fmt: skip
    if not math.isfinite(known.after) or known.after > known.before + 1e-3 * abs(known.before):
        found.append(tr("The images agree less than they did before. Start nearer, or take another metric."))
    return found


def _diverged(course: Course, stage: int) -> bool:
    """Return whether the last level of a stage ended clearly above where it began."""
    points = course.latest(stage, max((point.level for point in course.curve if point.stage == stage), default=0))
    values = np.array([point.metric for point in points])
    if len(values) < 3:
        return False
    return bool(values[-3:].min() > values[0] + 0.01 * max(abs(values[0]), np.ptp(values)))


def _of_the_place(known: Findings) -> list[str]:
    found = []
    if known.overlap < _LEAST_OVERLAP:
        found.append(tr("The moving image left the fixed one: it covers only {share} % of it. Start nearer, or give "
                        "a mask.", share=round(known.overlap * 100)))  # fmt: skip
    if known.rivalry > _RIVAL:
        found.append(tr("Another place fits nearly as well ({share} %). Compare the images by eye, or give a start "
                        "by hand or by landmarks.", share=round(known.rivalry * 100)))  # fmt: skip
    return found


def _of_the_matrix(matrix: Array) -> list[str]:
    n = len(matrix) - 1
    sizes = np.linalg.svd(matrix[:n, :n], compute_uv=False)
    if sizes.min() < _SIZES[0] or sizes.max() > _SIZES[1]:
        return [tr("The result makes the image {factor} times as large in one direction. Take a transform with fewer "
                   "freedoms first.", factor=f"{float(max(sizes, key=lambda n: abs(math.log(n)))):.2f}")]  # fmt: skip
    return []


def _of_the_bend(chain: Chain) -> list[str]:
    lowest = least_jacobian(chain)
    if lowest > 0:
        return []
    return [tr("The result folds: in some places it turns the image inside out. Take a coarser mesh or smooth the "
               "displacements more.")]  # fmt: skip


def least_jacobian(chain: Chain) -> float:
    """Return the lowest determinant of the Jacobian of what bends, of large images at a part."""
    lowest = math.inf
    for part in chain.parts:
        if isinstance(part, sitk.Transform):
            lowest = min(lowest, float(view(sitk.DisplacementFieldJacobianDeterminant(_field(part, chain))).min()))
    return lowest


def _field(part: sitk.Transform, chain: Chain) -> sitk.Image:
    if part.GetTransformEnum() == sitk.sitkDisplacementField:
        return sitk.DisplacementFieldTransform(part).GetDisplacementField()
    grid = smaller(chain.pair, 1_000_000).fixed
    return sitk.TransformToDisplacementField(
        part, sitk.sitkVectorFloat64, grid.GetSize(), grid.GetOrigin(), grid.GetSpacing(), grid.GetDirection()
    )


def _comes_back(chain: Chain, matrix: Array, stage: Stage, course: Course, seed: int) -> bool:
    """Return whether a short run on small images that starts beside a result finds it again."""
    small = smaller(chain.pair)
    n = len(matrix) - 1
    turn = np.eye(n)
    if stage.transform != "translation":
        angle = math.radians(_DEGREES)
        turn[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    beside = homogeneous(turn, np.full(n, _AWAY / math.sqrt(n)))
    found = improved(small, Try(matrix @ beside, 0.0), stage, course, seed)
    here = improved(small, Try(matrix, 0.0), stage, course, seed)
    near = max(_SAME, 2 * max(small.fixed.GetSpacing()))
    return math.isfinite(found.metric) and distance(found.matrix, here.matrix) < near
