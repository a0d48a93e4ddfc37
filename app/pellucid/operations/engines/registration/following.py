"""How far one picture moved against another: phase correlation to a voxel, then Gauss–Newton to a fraction of one.

The sum of squared differences is made least with gain and offset fitted along, as motion in time series is usually
found (Friston et al. 1995; Cox and Jesmanowicz 1999; Baker and Matthews 2004). All sums are taken in one order, so
that the same numbers come of any number of threads. Scripts carry these functions along.

Matrices are homogeneous and take points of the first picture to points of the second (x, y[, z] in mm, counted from
the first voxel). ``steps`` are the ways in mm from voxel to voxel along the axes of an array, as columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pellucid.operations.pixels import Array

_MOST = 400_000  # voxels of the finest level: sums over more do not make a shift better known
_COARSEST = 48  # voxels along the longest axis of the first level
_SMOOTH = 0.7  # sigma of the smoothing before each level, in voxels of it
_ROUNDS = 30
_REST = 0.005  # voxels: smaller steps than this are no motion
_NEARLY = 0.1  # voxels: steps that small at the end are no lack of rest
_JUMP = 0.1
_LEAST_OVERLAP = 0.1
UNLIKE = 0.25  # correlation: pictures with less in common stay where they are
_ANGLE_STEP = 6.0  # degrees between the turns that are tried before the first level


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one resolution: floats without gaps, which of them count (None: all), and its steps."""

    values: Array
    known: Array | None
    steps: Array


@dataclass(frozen=True, eq=False)
class Base:
    """A level of the first picture, and how each of its values changes with every parameter of a motion."""

    level: Level
    slopes: Array


@dataclass(frozen=True, eq=False)
class Found:
    """Where a picture lies: the matrix, the correlation before and with it, the share of voxels that both show."""

    matrix: Array
    before: float
    after: float
    overlap: float
    rests: bool


def pyramid(array: Array, steps: Array, edges: bool) -> list[Level]:
    """Return a picture from coarse to fine; with ``edges`` how steep it is instead of its values."""
    known = np.isfinite(array)
    smooth = _normal(array, known)
    lengths, shape = np.linalg.norm(steps, axis=0), np.array(array.shape)
    levels: list[Level] = []
    step, before = float(lengths.min()), np.zeros(len(shape))
    while True:
        wanted = np.exp2(np.rint(np.log2(step / lengths)))
        factors = np.clip(wanted, 1, np.exp2(np.floor(np.log2(np.maximum(1, shape / 8))))).astype(int)
        coarsest = (-(-shape // factors)).max() <= _COARSEST or step > lengths.max() * shape.max()
        if (factors != before).any():
            smooth = _smoothed(smooth, factors, before, shape)
            before = factors
            if smooth.size <= _MOST or coarsest:
                every = tuple(slice(None, None, factor) for factor in factors)
                levels.insert(0, _level(smooth, known[every], steps * factors, edges))
        if coarsest:
            return levels
        step *= 2


def _normal(array: Array, known: Array) -> Array:
    """Return values around 0, at about 1 from it, without gaps."""
    values = np.where(known, array, 0).astype(np.float64)
    values = np.where(known, values - values.sum() / max(1, known.sum()), 0)
    spread = float(np.sqrt(np.square(values).mean()))
    return np.asarray(values / spread if spread > 0 else values, np.float32)


def _smoothed(smooth: Array, factors: Array, before: Array, shape: Array) -> Array:
    """Return the next coarser picture from the one before it (``before`` 0: the picture itself)."""
    taken = np.maximum(before, 1)
    widths = np.where(shape > 1, _SMOOTH * np.sqrt(factors**2 - before**2) / taken, 0)
    every = tuple(slice(None, None, int(ratio)) for ratio in factors // taken)
    return np.asarray(ndimage.gaussian_filter(smooth, widths, truncate=3)[every])


def _level(smooth: Array, known: Array, steps: Array, edges: bool) -> Level:
    if edges:
        smooth = np.sqrt(np.square(_gradient(smooth, steps)).sum(axis=0))
    values = np.ascontiguousarray(smooth - smooth.mean(), np.float32)
    return Level(values, None if known.all() else known, steps)


def _gradient(values: Array, steps: Array) -> Array:
    """Return the slopes of a picture along x, y[, z] per mm."""
    along = [np.gradient(values, axis=k) if n > 1 else np.zeros_like(values) for k, n in enumerate(values.shape)]
    return np.tensordot(np.linalg.inv(steps).T, np.array(along), 1).astype(np.float32)


def based(levels: Sequence[Level], motion: str) -> list[Base]:
    """Return the levels of a first picture, ready for others to be followed from it."""
    return [Base(level, _slopes(level, motion)) for level in levels]


def _centre(level: Level) -> Array:
    return np.asarray(level.steps @ ((np.array(level.values.shape) - 1) / 2))


def _slopes(level: Level, motion: str) -> Array:
    gradient = _gradient(level.values, level.steps)
    if motion == "translation":
        return gradient.reshape(len(gradient), -1)
    grid = np.array(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in level.values.shape), indexing="ij"))
    places = np.tensordot(level.steps.astype(np.float32), grid, 1)
    places -= _centre(level).astype(np.float32).reshape(-1, *[1] * gradient[0].ndim)
    if motion == "rigid" and len(gradient) == 2:
        rows = [places[0] * gradient[1] - places[1] * gradient[0], *gradient]
    elif motion == "rigid":
        rows = [*np.cross(places, gradient, axis=0), *gradient]
    else:
        rows = [*(slope * place for slope in gradient for place in places), *gradient]
    return np.array(rows, np.float32).reshape(len(rows), -1)


def moved_by(parameters: Array, motion: str, centre: Array) -> Array:
    """Return the matrix of a small motion about a centre."""
    n = len(centre)
    matrix = np.eye(n + 1)
    if motion == "rigid":
        matrix[:n, :n] = turned(parameters[:-n])
    elif motion != "translation":
        matrix[:n, :n] += np.reshape(parameters[:-n], (n, n))
    matrix[:n, n] = centre - matrix[:n, :n] @ centre + parameters[-n:]
    return matrix


def turned(angles: Array) -> Array:
    """Return the rotation by an angle, or by a rotation vector, in radians."""
    if len(angles) == 1:
        c, s = np.cos(angles[0]), np.sin(angles[0])
        return np.array([[c, -s], [s, c]])
    angle = float(np.linalg.norm(angles))
    x, y, z = angles / angle if angle > 0 else angles
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k))


def warped(level: Level, like: Level, matrix: Array, coefficients: Array | None = None) -> Array:
    """Return a picture on the grid of another, NaN beyond it and where its values do not count.

    Linear between voxels, or with the ``coefficients`` of its cubic spline.
    """
    n = len(matrix) - 1
    inverse, shape = np.linalg.inv(level.steps), like.values.shape
    turn, offset = inverse @ matrix[:n, :n] @ like.steps, inverse @ matrix[:n, n]
    values, order = (level.values, 1) if coefficients is None else (coefficients, 3)
    moved = ndimage.affine_transform(values, turn, offset, shape, order=order, cval=np.nan, prefilter=False)
    if level.known is not None:
        near = ndimage.affine_transform(level.known.view(np.uint8), turn, offset, shape, order=0)
        moved[near == 0] = np.nan
    return np.asarray(moved)


def correlated(one: Array, other: Array, known: Array | None) -> tuple[float, float]:
    """Return the correlation of two pictures where both have values (−1 where too little), and the share of those."""
    both = np.isfinite(other) if known is None else np.isfinite(other) & known
    share = float(both.mean())
    if share < _LEAST_OVERLAP or not both.any():
        return -1.0, share
    a, b = one[both].astype(np.float64), other[both].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return (float((a * b).sum()) / power if power > 0 else -1.0), share


def followed(
    fixed: Sequence[Base], moving: Sequence[Level], motion: str, turn: float, check: Callable[[], None],
    start: Array | None = None, fine: bool = True,
) -> Found:  # fmt: skip
    """Return where the second picture lies: near a start, or wherever phase correlation sees it.

    Without a start turns up to ``turn`` degrees are tried before anything else (planes only). With ``fine`` the last
    steps see the cubic spline of the picture: linear between voxels, a shift is drawn to whole and half ones.
    """
    last, level = fixed[-1].level, moving[-1]
    still = np.eye(last.values.ndim + 1)
    matrix = _start(fixed[0].level, moving[0], turn, check) if start is None else start
    rests = True
    for base, one in zip(fixed, moving, strict=True):
        matrix, rests = _climbed(base, one, motion, matrix, None, check)
    if fine:
        coefficients = ndimage.spline_filter(level.values, 3)
        matrix, rests = _climbed(fixed[-1], level, motion, matrix, coefficients, check)
    before, _ = correlated(last.values, warped(level, last, still), last.known)
    check()
    after, overlap = correlated(last.values, warped(level, last, matrix), last.known)
    if after <= before or after < UNLIKE:
        return Found(still, before, before, 1.0, rests)
    return Found(matrix, before, after, overlap, rests)


def _start(fixed: Level, moving: Level, turn: float, check: Callable[[], None]) -> Array:
    """Return the best of no motion and the shifts that phase correlation finds, of planes also after turns."""
    n = fixed.values.ndim
    centre = _centre(fixed)
    count = int(np.ceil(turn / _ANGLE_STEP)) if n == 2 else 0
    best = np.eye(n + 1)
    top, _ = correlated(fixed.values, warped(moving, fixed, best), fixed.known)
    top += _JUMP * (1 - top)  # what lies near is likelier than what lies far and looks hardly better
    for number in sorted(range(-count, count + 1), key=abs):
        check()
        angle = np.radians(turn * number / max(1, count))
        parameters = np.array([angle, 0.0, 0.0]) if n == 2 else np.zeros(6)
        turned_only = moved_by(parameters, "rigid", centre)
        seen = warped(moving, fixed, turned_only)
        for shift in _shifts(fixed.values, np.where(np.isfinite(seen), seen, 0)):
            way = np.eye(n + 1)
            way[:n, n] = fixed.steps @ -shift
            candidate = turned_only @ way
            score, _ = correlated(fixed.values, warped(moving, fixed, candidate), fixed.known)
            if score > top:
                best, top = candidate, score
    return best


def _shifts(one: Array, other: Array) -> list[Array]:
    """Return the shifts in voxels that bring the second picture onto the first one, first of all none."""
    from skimage.registration import phase_cross_correlation

    found = [np.zeros(one.ndim)]
    if one.std() > 0 and other.std() > 0:
        for normalization in ("phase", None):  # the first is sharper, the second bears smooth pictures
            found.append(np.asarray(phase_cross_correlation(one, other, normalization=normalization)[0]))
    return found


def _climbed(
    base: Base, level: Level, motion: str, matrix: Array, coefficients: Array | None, check: Callable[[], None]
) -> tuple[Array, bool]:
    """Return the matrix after Gauss–Newton steps from a start, and whether it came to rest."""
    fixed = base.level
    centre, size = _centre(fixed), np.array(fixed.values.shape) - 1
    corners = np.array([fixed.steps @ (size * bits) for bits in np.ndindex(*[2] * len(size))])
    voxel = float(np.linalg.norm(fixed.steps, axis=0).min())
    best, top, worse, far = matrix, -2.0, 0, np.inf
    for _ in range(_ROUNDS):
        check()
        seen = warped(level, fixed, matrix, coefficients)
        score, _share = correlated(fixed.values, seen, fixed.known)
        best, worse = (matrix, 0) if score > top else (best, worse + 1)
        top = max(top, score)
        nearly = _NEARLY / 2 if coefficients is None else _REST
        if score <= -1.0 or worse > 1 or far < nearly * voxel:
            break
        step = moved_by(_solved(base, seen), motion, centre)
        if not np.isfinite(step).all() or abs(np.linalg.det(step)) < 1e-3:
            break
        far = float(np.linalg.norm(corners @ step[:-1, :-1].T + step[:-1, -1] - corners, axis=1).max())
        matrix = matrix @ np.linalg.inv(step)
    return best, far < _NEARLY * voxel


def _solved(base: Base, seen: Array) -> Array:
    """Return the small motion of the first picture that makes it most like what is seen, whatever its contrast."""
    both = np.isfinite(seen) if base.level.known is None else np.isfinite(seen) & base.level.known
    inside = both.ravel()
    rows = np.vstack([-base.slopes, np.where(both, seen, 0).reshape(1, -1), np.ones((1, both.size), np.float32)])
    rows = (rows * inside).astype(np.float64)
    normal = np.einsum("in,jn->ij", rows, rows)
    wanted = np.einsum("in,n->i", rows, base.level.values.ravel().astype(np.float64))
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-30))
    solved = np.linalg.lstsq(normal / np.outer(scale, scale), wanted / scale, rcond=1e-9)[0] / scale
    return np.asarray(solved[: len(base.slopes)])
