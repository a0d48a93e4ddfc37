"""B-splines that are fitted on all voxels.

ITK spends, at every sample, a time that grows with the number of control points. On a grid the bend of all voxels is
a product of small matrices, one for each axis, and so is the derivative: some twenty times as many voxels in a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration import splines, stages
from pellucid.operations.engines.registration.agreement import AGREEMENTS
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.frames import axes
from pellucid.operations.engines.registration.outcome import Point
from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.reasons import reason_of
from pellucid.operations.engines.registration.stages import End, Level
from pellucid.operations.pixels import Array

_PIECE = 100_000
_DIGITS = 6
_REMEMBERED = 8
_LOADED = 1e-3
_STIFF = 0.01
"""How much the mean square of the slopes of a bend counts against it: where an image says nothing it stays smooth."""


def fit(chain: Chain, stage: Stage, number: int, course: Course, seed: int) -> tuple[Chain, End]:
    """Fit the B-spline of a stage, level by level, and return the chain with it."""
    transform: Any = None
    end = End()
    levels = stages.levels_of(chain.pair, stage, number)
    for place, made in enumerate(levels):
        level = made()
        course.context.check()
        transform = splines.at_level(chain.pair.fixed, chain.pair.unit, stage, transform, len(levels) - 1 - place)
        basis = basis_of(transform, level.fixed) if _takes(stage) else None
        if basis is None:
            ended = stages.fit_level(chain, transform, stage, level, course, seed)
        else:
            ended = _fit_level(chain, transform, basis, stage, level, course)
        end = replace(ended, iterations=end.iterations + ended.iterations)
        course.level_done()
    return chain.then(transform), end


def _takes(stage: Stage) -> bool:
    return stage.optimiser == "lbfgsb" and stage.metric in AGREEMENTS and stage.interpolator == "linear"


@dataclass(frozen=True, eq=False)
class Basis:
    """The B-splines along each axis of a grid (voxels × control points, last axis first), and their order in it.

    They are mixed by ``mixes`` so that they hardly overlap: an optimiser then needs a third of the iterations.
    """

    parts: tuple[Array, ...]
    mixes: tuple[Array, ...]
    stiffness: tuple[Array, ...]
    order: tuple[int, ...]

    def mixed(self, coefficients: Array) -> Array:
        """Return the numbers of the optimiser for coefficients (n, …)."""
        for axis, mix in enumerate(self.mixes, 1):
            coefficients = np.moveaxis(np.tensordot(np.linalg.inv(mix), coefficients, (1, axis)), 0, axis)
        return coefficients

    def unmixed(self, numbers: Array) -> Array:
        """Return coefficients (n, …) for the numbers of the optimiser."""
        numbers = numbers.reshape(len(self.parts), *(len(mix) for mix in self.mixes))
        for axis, mix in enumerate(self.mixes, 1):
            numbers = np.moveaxis(np.tensordot(mix, numbers, (1, axis)), 0, axis)
        return numbers

    def strain(self, numbers: Array) -> tuple[float, Array]:
        """Return about the mean square of the slopes of bends (n, …), in voxels per voxel, and its derivative."""
        pull = np.zeros_like(numbers)
        for axis, stiff in enumerate(self.stiffness, 1):
            pull += np.moveaxis(np.tensordot(stiff, numbers, (1, axis)), 0, axis)
        return float((pull * numbers).sum()), 2 * pull

    def spread(self, coefficients: Array) -> Array:
        """Return the values at all voxels."""
        for axis, part in enumerate(self.parts):
            coefficients = np.moveaxis(np.tensordot(part, coefficients, (1, axis)), 0, axis)
        return coefficients.transpose(self.order)

    def gathered(self, values: Array) -> Array:
        """Return what the values at all voxels give to each coefficient."""
        values = values.transpose(np.argsort(self.order))
        for axis in reversed(range(len(self.parts))):
            values = np.moveaxis(np.tensordot(self.parts[axis], values, (0, axis)), 0, axis)
        return values


def basis_of(transform: sitk.BSplineTransform, grid: sitk.Image) -> Basis | None:
    """Return the basis of a transform on a grid, or None where their axes are not parallel."""
    n = grid.GetDimension()
    own = np.reshape(transform.GetTransformDomainDirection(), (n, n))
    turn = own.T @ axes(grid)
    if not np.allclose(np.abs(turn).max(axis=1), 1, atol=1e-6):
        return None
    along = np.abs(turn).argmax(axis=1)
    corner = own.T @ (np.array(grid.GetOrigin()) - transform.GetTransformDomainOrigin())
    parts = []
    for axis, length, cells in zip(
        range(n), transform.GetTransformDomainPhysicalDimensions(), transform.GetTransformDomainMeshSize(), strict=True
    ):
        step = turn[axis, along[axis]] * grid.GetSpacing()[along[axis]]
        places = (corner[axis] + np.arange(grid.GetSize()[along[axis]]) * step) / length
        parts.append(splines.basis(places, cells, transform.GetOrder()))
    parts = parts[::-1]
    mixes = [_apart(part) for part in parts]
    order = tuple(n - 1 - int(np.flatnonzero(along == n - 1 - k)[0]) for k in range(n))
    mixed = [part @ mix for part, mix in zip(parts, mixes, strict=True)]
    slopes = [np.diff(part, axis=0) for part in mixed]
    stiffness = tuple(slope.T @ slope / max(1, len(slope)) for slope in slopes)
    return Basis(tuple(mixed), tuple(mixes), stiffness, order)


def _apart(part: Array) -> Array:
    """Return the matrix that makes the columns of a part nearly orthonormal."""
    products = part.T @ part / len(part)
    root = np.linalg.cholesky(products + _LOADED * np.trace(products) / len(products) * np.eye(len(products)))
    return np.asarray(np.linalg.inv(root).T)


class _Views:
    """The moving image and its gradient at the voxels of a fixed one that are moved."""

    def __init__(self, moving: sitk.Image, mask: sitk.Image | None, fixed: sitk.Image, context: Context) -> None:
        n = fixed.GetDimension()
        self._into = np.linalg.inv(axes(moving) * np.array(moving.GetSpacing()))
        steps = self._into @ axes(fixed) * np.array(fixed.GetSpacing())
        start = self._into @ (np.array(fixed.GetOrigin()) - np.array(moving.GetOrigin()))
        index = np.indices(fixed.GetSize()[::-1]).reshape(n, -1)[::-1]
        self._lying = steps @ index + start[:, None]
        values = sitk.GetArrayFromImage(moving)
        slopes = [np.gradient(values, axis=axis) if values.shape[axis] > 1 else 0 * values for axis in range(n)]
        self._images = [values, *slopes[::-1]]
        self._mask = None
        if mask is not None:
            same = sitk.Resample(mask, moving, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
            self._mask = sitk.GetArrayFromImage(same)
        self._context = context

    def at(self, bend: Array) -> tuple[Array, Array, Array]:
        """Return values, gradients by the places (n, voxels) and which voxels are seen, under displacements."""
        from scipy import ndimage

        index = self._lying + self._into @ bend
        size = np.array(self._images[0].shape[::-1])[:, None]
        there = ((index >= -0.5) & (index <= size - 0.5)).all(axis=0)
        places = index[::-1]
        found = np.empty((len(self._images), index.shape[1]))

        def take(job: tuple[int, int]) -> None:
            which, first = job
            cut = slice(first, first + _PIECE)
            ndimage.map_coordinates(
                self._images[which], places[:, cut], found[which, cut], order=1, mode="nearest", prefilter=False
            )

        starts = range(0, index.shape[1], _PIECE)
        self._context.each(take, [(which, first) for first in starts for which in range(len(found))])
        if self._mask is not None:
            there &= ndimage.map_coordinates(self._mask, places, order=0, prefilter=False) > 0
        return found[0], self._into.T @ found[1:], there


def _fit_level(chain: Chain, transform: Any, basis: Basis, stage: Stage, level: Level, course: Course) -> End:
    """Change a B-spline, which is applied before a chain, until the optimiser rests."""
    from scipy import optimize

    ended = optimize.minimize(
        _cost(chain, basis, stage, level, course), _numbers(transform, basis, level), jac=True, method="L-BFGS-B",
        callback=_noted(chain, transform, basis, stage, level, course),
        options={"maxiter": stage.iterations, "maxfun": 3 * stage.iterations, "maxcor": _REMEMBERED,
                 "ftol": stage.tolerance, "gtol": 1e-9},
    )  # fmt: skip
    transform.SetParameters(_parameters(ended.x, basis, level))
    iterations, text = len(course.latest(level.stage, level.number)), str(ended.message)
    return End(reason_of(text), stages.at_rest(stage, course, level, iterations), iterations, text)


def _numbers(transform: sitk.BSplineTransform, basis: Basis, level: Level) -> Array:
    """Return a bend in the numbers of the optimiser, which are of the size of voxels."""
    n = level.fixed.GetDimension()
    coefficients = np.reshape(transform.GetParameters(), (n, *(len(mix) for mix in basis.mixes)))
    return basis.mixed(coefficients).ravel() / level.unit


def _parameters(numbers: Array, basis: Basis, level: Level) -> list[float]:
    return np.round(basis.unmixed(numbers * level.unit).ravel(), _DIGITS).tolist()  # type: ignore[no-any-return]


def _cost(
    chain: Chain, basis: Basis, stage: Stage, level: Level, course: Course
) -> Callable[[Array], tuple[float, Array]]:
    """Return what is made small: the metric of all voxels that are seen, and its derivative by the coefficients."""
    silent = Context(cancelled=course.context.cancelled, threads=course.context.threads)
    moving, mask = stages.carried(chain, level.fixed, level.moving)
    views = _Views(moving, mask, level.fixed, silent)
    fixed = sitk.GetArrayFromImage(level.fixed).ravel().astype(np.float64)
    inside = np.ones(len(fixed), bool)
    if chain.pair.fixed_mask is not None:
        same = sitk.Resample(chain.pair.fixed_mask, level.fixed, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        inside = sitk.GetArrayFromImage(same).ravel() > 0
    scale = 1 / (float(fixed.var()) or 1.0) if stage.metric == "mean_squares" else 1.0
    n, shape = level.fixed.GetDimension(), level.fixed.GetSize()[::-1]

    def cost(numbers: Array) -> tuple[float, Array]:
        mixed = numbers.reshape(n, *(len(mix) for mix in basis.mixes))
        strain, stiff = basis.strain(mixed)
        bend = np.stack([basis.spread(one).ravel() for one in mixed]) * level.unit
        values, slopes, there = views.at(bend)
        seen = there & inside
        if not seen.any():
            raise stages.refusal("overlap")
        value, rise = AGREEMENTS[stage.metric](fixed[seen], values[seen], stage.bins)
        pull = np.zeros((n, len(fixed)))
        pull[:, seen] = slopes[:, seen] * rise
        gathered = np.concatenate([basis.gathered(one.reshape(shape)).ravel() for one in pull])
        return value * scale + _STIFF * strain, gathered * (scale * level.unit) + _STIFF * stiff.ravel()

    return cost


def _noted(
    chain: Chain, transform: Any, basis: Basis, stage: Stage, level: Level, course: Course
) -> Callable[..., None]:
    """Return what notes an iteration on the curve; the metric is in the measure of the optimiser."""

    def note(*, intermediate_result: Any) -> None:
        numbers = np.array(intermediate_result.x)

        def now() -> sitk.Transform:
            copy = sitk.BSplineTransform(transform)
            copy.SetParameters(_parameters(numbers, basis, level))
            return chain.then(copy).outside()

        count = len(course.latest(level.stage, level.number))
        course.step(Point(level.stage, level.number, count, float(intermediate_result.fun)), stage.iterations, now)

    return note
