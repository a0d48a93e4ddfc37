"""What drives a front over an image: its two regions, its edges, or limits on its values.

Each is an endless generator that moves the front by one step and yields the rms change near its zero, in steps of the
finest axis; it ends when the front is gone or has not turned a voxel for ``STILL`` steps. Scripts carry these along.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid.operations.engines.fronts import Front, flow
from pellucid.operations.engines.slopes import Each, in_turn
from pellucid.operations.pixels import Array

STILL = 30
"""Steps without a voxel that changes sides after which nothing more is expected."""


STEP = 0.5
"""How far a front moves in one step at a speed of 1, in steps of the finest axis."""


def parts_of(front: Front, time: float, fastest: float, bend: float) -> int:
    """Return into how many parts a step is split to keep upwind differences and the curvature stable."""
    dimension = max(len(front.axes), 1)
    return math.ceil(time * (1.5 * dimension**0.5 * fastest + 2.2 * max(dimension - 1, 1) * bend) - 1e-9) or 1


def moving(
    front: Front, rate: Callable[[Array], Array], fastest: float, bend: float, each: Each = in_turn,
    turned: Callable[[Array], None] | None = None,
) -> Iterator[float]:  # fmt: skip
    """Move a front step by step; ``turned`` is told of the voxels that changed sides."""
    still, parts = 0, parts_of(front, STEP, fastest, bend)
    while len(front.band) and still < STILL:
        changed, change = front.advance(rate, STEP, parts, each)
        still = 0 if len(changed) else still + 1
        if turned is not None:
            turned(changed)
        yield change


def after(steps: Iterator[float], count: int) -> None:
    """Take so many steps, or as many as there are."""
    for _ in zip(range(count), steps, strict=False):
        pass


class TwoRegions:
    """The sums of the finite values inside and outside a front, kept up to date as voxels change sides."""

    def __init__(self, front: Front, channels: list[Array], each: Each = in_turn) -> None:
        self.front = front
        self.channels = [np.pad(channel, 1, mode="edge").reshape(-1) for channel in channels]
        inner = front.seen
        sums = np.zeros((inner.shape[0], 2, len(channels)))
        counts = np.zeros((inner.shape[0], 2, len(channels)))

        def add(plane: int) -> None:
            inside = inner[plane] < 0
            for n, channel in enumerate(channels):
                finite = np.isfinite(channel[plane])
                for side, part in enumerate((finite & ~inside, finite & inside)):
                    sums[plane, side, n] = channel[plane][part].sum(dtype=np.float64)
                    counts[plane, side, n] = np.count_nonzero(part)

        each(add, range(inner.shape[0]))
        self.sums, self.counts = sums.sum(axis=0), counts.sum(axis=0)

    def turn(self, voxels: Array) -> None:
        """Take note of voxels that changed sides."""
        inside = self.front.flat[voxels] < 0
        for n, channel in enumerate(self.channels):
            values = channel[voxels].astype(np.float64)
            finite = np.isfinite(values)
            for came in (True, False):
                part = finite & (inside == came)
                total, count = values[part].sum(), np.count_nonzero(part)
                self.sums[int(came), n] += total
                self.sums[int(not came), n] -= total
                self.counts[int(came), n] += count
                self.counts[int(not came), n] -= count

    def pull(self, at: Array, inner: float, outer: float) -> Array:
        """Return from -1 to 1 how much better voxels fit inside than outside."""
        outside, inside = self.sums / np.maximum(self.counts, 1)
        contrast = float(((inside - outside) ** 2).sum())
        if not (self.counts > 0).all() or contrast <= 1e-12 * float((inside**2 + outside**2).sum()):
            return np.zeros(len(at), np.float32)
        total = np.zeros(len(at))
        for channel, low, high in zip(self.channels, outside, inside, strict=True):
            values = channel[at].astype(np.float64)
            total += outer * (values - low) ** 2 - inner * (values - high) ** 2
        pull = np.clip(total / contrast, -1, 1).astype(np.float32)
        return np.where(np.isfinite(pull), pull, np.float32(0))


def region_steps(
    front: Front, channels: list[Array], bend: float, inner: float, outer: float, each: Each = in_turn
) -> Iterator[float]:
    """Move a front so that the values on either side are as even as can be (Chan and Vese)."""
    regions = TwoRegions(front, channels, each)

    def rate(at: Array) -> Array:
        with np.errstate(all="ignore"):
            return flow(front, at, regions.pull(at, inner, outer), bend)

    yield from moving(front, rate, 1.0, bend, each, regions.turn)


def limit_steps(
    front: Front, array: Array, lower: float, upper: float, soft: float, bend: float, each: Each = in_turn
) -> Iterator[float]:
    """Move a front outwards where values lie between two limits, inwards elsewhere, slower near the limits."""
    values = np.pad(array, 1, mode="edge").reshape(-1)

    def rate(at: Array) -> Array:
        here = values[at].astype(np.float64)
        with np.errstate(all="ignore"):
            speed = np.clip(np.minimum(here - lower, upper - here) / soft, -1, 1).astype(np.float32)
        return flow(front, at, np.where(np.isnan(speed), np.float32(-1), speed), bend)

    yield from moving(front, rate, 1.0, bend, each)


def edge_potential(steep: Array, edge: float, soft: float) -> Array:
    """Return 1 where there is no slope and 0 on steep ones, a half at ``edge``; in place."""
    with np.errstate(over="ignore", invalid="ignore"):
        steep -= np.float32(edge)
        steep /= np.float32(soft)
        np.exp(steep, out=steep)
        steep += 1
        np.divide(1, steep, out=steep)
    np.copyto(steep, np.float32(0), where=~np.isfinite(steep))
    return steep


def usual_edge(steep: Array, level: Array) -> float:
    """Return a slope well above what is usual where a front starts, and below the steepest near it."""
    inside = np.argwhere(level < 0)
    if not len(inside):
        return 1.0
    first, last = inside.min(axis=0), inside.max(axis=0) + 1
    room = np.maximum(last - first, 10)
    box = tuple(slice(max(0, a), b) for a, b in zip(first - room, last + room, strict=True))
    around = steep[box]
    stride = max(1, round((around.size / 1e6) ** (1 / 3)))
    near = around[::stride, ::stride, ::stride]
    near, calm = near[np.isfinite(near)], steep[level < 0]
    calm = calm[np.isfinite(calm)]
    if not near.size or not calm.size:
        return 1.0
    low, most = (float(number) for number in np.percentile(calm, (50, 95)))
    steepest = float(np.percentile(near, 95))
    high = min(steepest, max(3 * most, steepest / 10))
    return max((low + high) / 2, 1e-6 * max(abs(high), 1e-30))


def edge_steps(
    front: Front, potential: Array, balloon: float, bend: float, attraction: float, scale: float, each: Each = in_turn
) -> Iterator[float]:
    """Move a front until it lies on edges: growth and curvature weighed by the edge potential, pulled down its slope.

    ``scale`` is the width of edges in steps of the finest axis.
    """
    pull = attraction * max(scale, 1.0) / 2
    stop = np.pad(potential, 1, mode="edge").reshape(-1)

    def rate(at: Array) -> Array:
        free = stop[at]
        drift: list[Any] | None = None
        if attraction:
            drift = [
                (stop[at - front.offset[axis]] - stop[at + front.offset[axis]])
                * np.float32(pull * front.inverse[axis])
                for axis in front.axes
            ]
        return flow(front, at, np.float32(balloon) * free, np.float32(bend) * free, drift)

    yield from moving(front, rate, abs(balloon) + abs(attraction) / 2, bend, each)
