"""Bring pictures that belong together into one place: the frames of a time series, the sections of a stack.

Each is followed from a reference – one of them, their mean, or the neighbour before it, whose motions are then put
one after the other. Scripts carry these functions along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.following import (
    UNLIKE,
    Base,
    Found,
    Level,
    based,
    followed,
    pyramid,
    warped,
)
from pellucid.operations.engines.registration.frames import affine_of
from pellucid.operations.engines.sampling import sampled_plain
from pellucid.operations.pixels import Array, view

ROUNDS = 2
"""How often the mean is made anew."""
_FEW_SHOWN = 0.5
_THIN = 4  # slices: of fewer, motion across them cannot be told

Each = Callable[[Callable[[int], None], Sequence[int]], None]
"""Does a piece of work for every number; several at once where the numbers do not depend on each other."""
Heard = Callable[[int, "Movement"], None]
"""Hears of each picture as soon as something is known of it."""


@dataclass(frozen=True, eq=False)
class Movement:
    """How a picture moved against the reference: the matrix of its points, shift of the middle, angles.

    ``shift`` is in mm along x, y[, z] and ``angles`` in degrees about z, or about x, y and z. ``doubt`` says in one
    word what speaks against it: ``"unlike"``, ``"outside"``, ``"restless"``, or nothing.
    """

    matrix: Array
    shift: Array
    angles: Array
    before: float
    after: float
    doubt: str


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one size as arrays of floats (NaN where nothing is known), and the steps of all of them in mm."""

    take: Callable[[int], Array]
    count: int
    steps: Array


def planes_of(stack: sitk.Image, padding: tuple[float, float] | None) -> Pictures:
    """Return the slices of a stack, each in its own plane."""
    array = view(stack)
    steps = plane_direction(stack) @ np.diag(stack.GetSpacing()[:2])
    return Pictures(lambda n: luminance(array[n], padding), len(array), steps[:, ::-1])


def frames_of(frames: Sequence[sitk.Image], padding: tuple[float, float] | None) -> Pictures:
    """Return the frames of a time series: planes where they have too few slices to tell motion across them."""
    first = frames[0]
    thin = view(first).shape[0] < _THIN
    steps = plane_direction(first) @ np.diag(first.GetSpacing()[:2])
    if not thin:
        steps = np.reshape(first.GetDirection(), (3, 3)) @ np.diag(first.GetSpacing())

    def take(n: int) -> Array:
        values = np.stack([luminance(part, padding) for part in view(frames[n])])
        return np.asarray(values.mean(axis=0)) if thin else values

    return Pictures(take, len(frames), steps[:, ::-1])


def plane_direction(image: sitk.Image) -> Array:
    """Return the directions of x and y in the plane they span: of axes at right angles, none."""
    n = image.GetDimension()
    axes = np.reshape(image.GetDirection(), (n, n))[:, :2]
    return np.asarray(np.round(np.linalg.cholesky(axes.T @ axes).T, 12))


def luminance(values: Array, padding: tuple[float, float] | None) -> Array:
    """Return a slice (y, x[, c]) as one number per pixel, NaN where it is no measurement."""
    if values.ndim == 3:
        return np.asarray(values[..., :3] @ np.array([0.299, 0.587, 0.114]))
    found = values.astype(np.float64)
    if padding is not None:
        found[(values >= padding[0]) & (values <= padding[1])] = np.nan
    found[~np.isfinite(found)] = np.nan
    return found


def motions(
    pictures: Pictures, motion: str, reference: str, number: int, edges: bool, turn: float,
    each: Each, check: Callable[[], None], heard: Heard,
) -> list[Movement]:  # fmt: skip
    """Return how every picture moved against the reference, which is none of them where that is ``"mean"``."""
    count = pictures.count
    one = {"first": 0, "chosen": number}.get(reference, count // 2)
    if reference == "neighbours":
        return _chained(pictures, motion, one, edges, turn, each, check, heard)
    rounds = ROUNDS if reference == "mean" and count > 2 else 0
    found: list[Movement] = []
    for n in range(rounds + 1):
        array = _mean(pictures, found, check) if n else pictures.take(one)
        itself, fine = -1 if n else one, n == rounds
        found = _against(array, pictures, motion, edges, turn, itself, fine, found, each, check, heard)
    return found


def _levels_of(pictures: Pictures, n: int, edges: bool) -> list[Level]:
    return pyramid(pictures.take(n), pictures.steps, edges)


def _against(
    array: Array, pictures: Pictures, motion: str, edges: bool, turn: float, itself: int, fine: bool,
    earlier: Sequence[Movement], each: Each, check: Callable[[], None], heard: Heard,
) -> list[Movement]:  # fmt: skip
    """Return the motion of every picture against one; ``itself`` is the number of that one.

    From where pictures lay ``earlier``; doubtful ones are sought anew.
    """
    bases = based(pyramid(array, pictures.steps, edges), motion)
    made: dict[int, Movement] = {}

    def work(n: int) -> None:
        if n == itself:
            found = Found(np.eye(len(pictures.steps) + 1), 1.0, 1.0, 1.0, True)
        else:
            levels = pyramid(pictures.take(n), pictures.steps, edges)
            start = earlier[n].matrix if earlier and not earlier[n].doubt else None
            near = bases if start is None else bases[-2:]
            found = followed(near, levels[-len(near) :], motion, turn, check, start, fine)
        made[n] = _movement(found.matrix, bases[-1].level, found)
        heard(n, made[n])

    each(work, range(pictures.count))
    return [made[n] for n in range(pictures.count)]


def _movement(matrix: Array, level: Level, found: Found) -> Movement:
    """Return a motion with what speaks against how it was found."""
    n = len(matrix) - 1
    centre = level.steps @ ((np.array(level.values.shape) - 1) / 2)
    shift = matrix[:n, :n] @ centre + matrix[:n, n] - centre
    doubt = "" if found.rests else "restless"
    doubt = "outside" if found.overlap < _FEW_SHOWN else doubt
    doubt = "unlike" if found.after < UNLIKE else doubt
    return Movement(matrix, shift, angles_of(matrix[:n, :n]), found.before, found.after, doubt)


def angles_of(matrix: Array) -> Array:
    """Return by how many degrees a matrix turns: about z, or about x, y and z one after the other."""
    u, _, v = np.linalg.svd(matrix)
    turn = u @ v
    if len(turn) == 2:
        return np.array([np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))])
    x, z = np.arctan2(turn[2, 1], turn[2, 2]), np.arctan2(turn[1, 0], turn[0, 0])
    return np.degrees([x, np.arcsin(np.clip(-turn[2, 0], -1, 1)), z])


def _mean(pictures: Pictures, found: Sequence[Movement], check: Callable[[], None]) -> Array:
    """Return the mean of all pictures in their places, NaN where fewer than half of them are; doubtful ones wait."""
    total: Array | None = None
    counts: Array | float = 0.0
    trusted = [n for n, one in enumerate(found) if not one.doubt] or range(len(found))
    for n in trusted:
        check()
        array = pictures.take(n)
        known = np.isfinite(array)
        level = Level(np.where(known, array, 0), None if known.all() else known, pictures.steps)
        seen = warped(level, level, found[n].matrix)
        there = np.isfinite(seen)
        values = np.where(there, seen, 0)
        total = values if total is None else total + values
        counts = counts + there
    assert total is not None
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(np.asarray(counts) * 2 >= len(trusted), total / counts, np.nan))


def _chained(
    pictures: Pictures, motion: str, middle: int, edges: bool, turn: float,
    each: Each, check: Callable[[], None], heard: Heard,
) -> list[Movement]:  # fmt: skip
    """Return the motions against the picture in the middle, each followed from its neighbour on that side.

    A picture that is unlike its neighbour is followed from the one before that too: one bad section does not part
    the stack.
    """
    pairs: dict[int, tuple[int, Found, Level]] = {}

    def pair(n: int, before: int) -> tuple[int, Found, Level]:
        bases: list[Base] = based(_levels_of(pictures, before, edges), motion)
        return before, followed(bases, _levels_of(pictures, n, edges), motion, turn, check), bases[-1].level

    def work(n: int) -> None:
        way = 1 if n < middle else -1
        if n == middle:
            return
        pairs[n] = pair(n, n + way)
        beyond = n + 2 * way
        if pairs[n][1].after < UNLIKE and (beyond - middle) * way <= 0:
            pairs[n] = max(pairs[n], pair(n, beyond), key=lambda one: one[1].after)
        heard(n, _movement(pairs[n][1].matrix, pairs[n][2], pairs[n][1]))

    each(work, range(pictures.count))
    made: dict[int, Movement] = {}
    for n in sorted(range(pictures.count), key=lambda n: abs(n - middle)):
        if n == middle:
            level = _levels_of(pictures, n, edges)[-1]
            still = np.eye(len(pictures.steps) + 1)
            made[n] = _movement(still, level, Found(still, 1.0, 1.0, 1.0, True))
        else:
            before, found, level = pairs[n]
            made[n] = _movement(found.matrix @ made[before].matrix, level, found)
        heard(n, made[n])
    return [made[n] for n in range(pictures.count)]


def world_transform(matrix: Array, image: sitk.Image) -> sitk.Transform:
    """Return the motion of a frame as a transform of its world: of the points of the reference to those of the frame.

    Motion in a plane leaves what lies across it where it is.
    """
    n, m = image.GetDimension(), len(matrix) - 1
    turn, way = np.eye(n), np.zeros(n)
    if m == n and n == 3:
        turn, way = matrix[:n, :n], matrix[:n, n]
    else:
        axes = np.reshape(image.GetDirection(), (n, n))
        plane = axes[:, :2] @ np.linalg.inv(plane_direction(image))  # at right angles, in the plane of the image
        turn = np.eye(n) + plane @ (matrix[:2, :2] - np.eye(2)) @ plane.T
        way = plane @ matrix[:2, 2]
    origin = np.array(image.GetOrigin())
    transform = sitk.AffineTransform(n)
    transform.SetMatrix(turn.ravel().tolist())
    transform.SetTranslation((origin - turn @ origin + way).tolist())
    return transform


def plane_of(stack: sitk.Image, n: int) -> sitk.Image:
    """Return a slice of a stack as a picture in its own plane."""
    array = view(stack)[n]
    plane = sitk.GetImageFromArray(array, isVector=array.ndim == 3)
    plane.SetSpacing(stack.GetSpacing()[:2])
    plane.SetDirection(plane_direction(stack).ravel().tolist())
    return plane


def aligned_stack_plain(
    stack: sitk.Image, motion: str, reference: str, number: int, match: str, turn: float, how: str,
    background: float, padding: tuple[float, float] | None,
) -> sitk.Image:  # fmt: skip
    """Return a stack with each of its slices moved in its plane."""

    def each(work: Callable[[int], None], numbers: Sequence[int]) -> None:
        for n in numbers:
            work(n)

    found = motions(
        planes_of(stack, padding), motion, reference, number, match == "edges", turn, each, lambda: None,
        lambda _n, _movement: None,
    )  # fmt: skip
    out = np.empty(view(stack).shape, view(stack).dtype)
    for n, movement in enumerate(found):
        plane = plane_of(stack, n)
        out[n] = view(sampled_plain(plane, plane, affine_of(movement.matrix), how, background, padding))[0]
    result = sitk.GetImageFromArray(out, isVector=out.ndim == 4)
    result.CopyInformation(stack)
    return result
