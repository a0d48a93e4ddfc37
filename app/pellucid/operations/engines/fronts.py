"""A front that moves over a grid: a level set, negative inside, computed only in a narrow band about its zero.

Lengths are counted in steps of the finest axis. Every voxel of the band is computed from the values before the step,
so that neither the number of threads nor the order of the pieces matters. Scripts carry these functions along.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.slopes import Each, in_turn, voxel_steps
from pellucid.operations.pixels import Array

CORE = 1.0
"""Voxels this near to the zero, or with a neighbour on its other side, are the core of the band."""
CUT = 2.0
"""How far beyond one step along the coarsest axis the level set is cut off, on both sides."""
PIECE = 1 << 15
"""How many voxels of the band are computed at once."""


def step_lengths(image: sitk.Image) -> Array:
    """Return the length in mm of one voxel along z, y, x."""
    return np.sqrt((voxel_steps(image) ** 2).sum(axis=0))


def finest_step(image: sitk.Image) -> float:
    """Return the shortest of the lengths of a voxel along the axes that have more than one."""
    shape = (*image.GetSize(), 1)[:3][::-1]
    lengths = [length for length, count in zip(step_lengths(image), shape, strict=True) if count > 1]
    return float(min(lengths, default=1.0))


def cut_off(lengths: Array, shape: tuple[int, ...]) -> float:
    """Return the distance at which the level set is cut off."""
    steps = [float(length) for length, count in zip(lengths, shape, strict=True) if count > 1]
    return (max(steps) / min(steps) if steps else 1.0) + CUT


def nothing() -> None:
    """Do nothing: a script cannot be told to stop."""


def seed_level(image: sitk.Image, places: Any, radius: float, each: Each = in_turn) -> Array:
    """Return the level set (z, y, x) of balls about places in mm; the voxel of a place is always inside."""
    x, y, z = (*image.GetSize(), 1)[:3]
    steps, finest = voxel_steps(image), finest_step(image)
    far = cut_off(step_lengths(image), (z, y, x))
    level = np.full((z, y, x), far, np.float32)
    indices = [image.TransformPhysicalPointToContinuousIndex(place[: image.GetDimension()]) for place in places]
    centres = [np.array((*index, 0.0)[:3][::-1]) for index in indices]
    reach = (radius + far * finest) / step_lengths(image)

    def fill(plane: int) -> None:
        for centre in centres:
            first = np.maximum(np.floor(centre - 2 * reach), 0).astype(int)  # twice: axes may lean
            last = np.minimum(np.ceil(centre + 2 * reach) + 1, level.shape).astype(int)
            if not first[0] <= plane < last[0] or (last <= first).any():
                continue
            rows, columns = np.ogrid[first[1] : last[1], first[2] : last[2]]
            offsets = (plane - centre[0], rows - centre[1], columns - centre[2])
            square = sum((steps[n, 0] * offsets[0] + steps[n, 1] * offsets[1] + steps[n, 2] * offsets[2]) ** 2
                         for n in range(3))  # fmt: skip
            part = level[plane, first[1] : last[1], first[2] : last[2]]
            np.minimum(part, (np.sqrt(square) - radius) / finest, out=part, casting="same_kind")

    each(fill, range(z))
    for centre in centres:
        voxel = tuple(np.clip(np.floor(centre + 0.5).astype(int), 0, np.array(level.shape) - 1))
        level[voxel] = min(level[voxel], -0.5)
    return np.maximum(level, -far, out=level)


def mask_level(mask: Array) -> Array:
    """Return the level set (z, y, x) of a mask: its surface lies between voxels."""
    inside = mask != 0
    level = np.where(inside, np.float32(-np.inf), np.float32(np.inf))
    for axis in range(3):
        here, there = (slice(None),) * axis + (slice(1, None),), (slice(None),) * axis + (slice(-1),)
        differs = inside[here] != inside[there]
        for side in (here, there):
            part = level[side]
            part[differs] = np.copysign(np.float32(0.5), part[differs])
    return level


class Front:
    """The level set with a margin of one voxel all around, and the flat indices of its band.

    ``flat`` is the level set as one row; ``offset[axis]`` leads in it to the next voxel, ``inverse[axis]`` is one over
    the length of that step. Along axes of one voxel nothing moves.
    """

    def __init__(self, level: Array, lengths: Array, check: Callable[[], None] = nothing) -> None:
        self._check = check
        self.level = np.pad(level, 1, mode="edge")
        self.flat = self.level.reshape(-1)
        self.axes = [axis for axis in range(3) if level.shape[axis] > 1]
        self.offset = (self.level.shape[1] * self.level.shape[2], self.level.shape[2], 1)
        finest = min((float(lengths[axis]) for axis in self.axes), default=1.0)
        self.inverse = [finest / float(length) for length in lengths]
        inner = np.zeros(self.level.shape, bool)
        inner[1:-1, 1:-1, 1:-1] = True
        self._inner, self._marked = inner.reshape(-1), np.zeros(self.flat.size, bool)
        self.width = cut_off(lengths, level.shape)
        self.coarse = [axis for axis in self.axes if self.inverse[axis] < 1 / CORE]
        check()
        near = np.flatnonzero(self._inner & (np.abs(self.flat) < self.width))
        check()
        values = self.flat[near]
        np.copysign(np.float32(self.width), self.flat, out=self.flat)
        self.flat[near] = values
        self.band = self._around(near[self._is_core(near)])
        self._forget(near)

    @property
    def seen(self) -> Array:
        """Return the level set without its margin, as it is now."""
        return self.level[1:-1, 1:-1, 1:-1]

    def inside(self) -> Array:
        """Return the voxels inside as 0 and 1."""
        return (self.seen < 0).astype(np.uint8)

    def advance(
        self, rate: Callable[[Array], Array], time: float, parts: int, each: Each = in_turn
    ) -> tuple[Array, float]:
        """Move by ``rate(voxels)`` for a time that is split into parts.

        Return the voxels that changed sides, and the rms change near the zero.
        """
        band, before = self.band, self.flat[self.band]
        for _ in range(parts):
            self._put(self._computed(lambda at: self.flat[at] + time / parts * rate(at), each))
        self.straighten(1, each)
        near = np.abs(before) < 1
        moved = (self.flat[band] - before)[near]
        change = float(np.sqrt(np.mean(moved**2, dtype=np.float64))) if near.any() else 0.0
        turned = band[(before < 0) != (self.flat[band] < 0)]
        self._follow()
        return turned, change

    def straighten(self, rounds: int, each: Each = in_turn) -> None:
        """Bring the band nearer to distances from its zero, which stays where it is."""
        for _ in range(rounds):
            self._put(self._computed(lambda at: straightened(self, at), each))

    def _computed(self, values: Callable[[Array], Array], each: Each) -> Array:
        band, out = self.band, np.empty(len(self.band), np.float32)

        def work(start: int) -> None:
            out[start : start + PIECE] = values(band[start : start + PIECE])

        each(work, range(0, len(band), PIECE))
        return np.clip(out, -self.width, self.width, out=out)

    def _put(self, values: Array) -> None:
        """Write the values of the band, and repeat the outermost voxels in the margin."""
        self._check()
        self.flat[self.band] = values
        for axis in self.axes:
            ends = np.moveaxis(self.level, axis, 0)
            ends[0], ends[-1] = ends[1], ends[-2]

    def _follow(self) -> None:
        """Let the band follow the zero; what it leaves is far away."""
        old = self.band
        self.band = self._around(old[self._is_core(old)])
        self._forget(old)

    def _is_core(self, at: Array) -> Array:
        """Return which voxels are near the zero, or next to it along an axis of longer steps."""
        here = self.flat[at]
        core = np.abs(here) <= CORE
        for step in (sign * self.offset[axis] for axis in self.coarse for sign in (-1, 1)):
            core |= (self.flat[at + step] < 0) != (here < 0)
        return core

    def _forget(self, old: Array) -> None:
        """Let voxels that are not in the band be far away."""
        self._check()
        self._marked[self.band] = True
        left = old[~self._marked[old]]
        self._marked[self.band] = False
        self.flat[left] = np.copysign(np.float32(self.width), self.flat[left])

    def _around(self, core: Array) -> Array:
        """Return the voxels within two faces of some, in order; those that were far away get a distance."""
        if not len(core):
            return core
        marked, edge = self._marked, core
        marked[core] = True
        for _ in range(2):
            found = []
            for axis, sign in ((axis, sign) for axis in self.axes for sign in (-1, 1)):
                self._check()
                beside = edge + sign * self.offset[axis]
                fresh = self._inner[beside] & ~marked[beside]
                beside, near = beside[fresh], np.abs(self.flat[edge[fresh]])
                values = np.minimum(np.abs(self.flat[beside]), near + np.float32(1 / self.inverse[axis]))
                self.flat[beside] = np.copysign(values, self.flat[beside])
                marked[beside] = True
                found.append(beside)
            edge = np.concatenate(found) if found else edge[:0]
        room = 2 * sum(self.offset)
        low, high = max(int(core.min()) - room, 0), int(core.max()) + room + 1
        band = np.flatnonzero(marked[low:high]) + low
        marked[band] = False
        return band


def flow(front: Front, at: Array, speed: Array | None, bend: Array | float, drift: list[Array] | None = None) -> Array:
    """Return how fast the level set changes at some voxels of the band.

    The front grows along its normal with ``speed`` (upwind differences), shrinks with ``bend`` times its curvature,
    and is carried along by ``drift``, a speed along each of its axes.
    """
    flat, here = front.flat, front.flat[at]
    rate, square = np.zeros_like(here), np.zeros_like(here)
    outwards = None if speed is None else np.where(speed > 0, np.float32(1), np.float32(-1))
    first: dict[int, Array] = {}
    second: dict[int, Array] = {}
    for number, axis in enumerate(front.axes):
        step, inverse = front.offset[axis], front.inverse[axis]
        before, after = flat[at - step], flat[at + step]
        back, ahead = (here - before) * inverse, (after - here) * inverse
        if outwards is not None:
            square += np.maximum(back * outwards, 0) ** 2 + np.minimum(ahead * outwards, 0) ** 2
        first[axis], second[axis] = (back + ahead) / 2, (ahead - back) * inverse
        if drift is not None:
            rate -= drift[number] * np.where(drift[number] > 0, back, ahead)
    if speed is not None:
        rate -= speed * np.sqrt(square)
    if np.any(bend):
        rate += bend * bending(front, at, first, second)
    return rate


def bending(front: Front, at: Array, first: dict[int, Array], second: dict[int, Array]) -> Array:
    """Return the curvature of the level set times the length of its gradient, from its derivatives at some voxels."""
    flat, axes = front.flat, front.axes
    square = sum((first[axis] ** 2 for axis in axes), np.full(len(at), 1e-6, np.float32))
    total = sum(((square - first[axis] ** 2) * second[axis] for axis in axes), np.zeros(len(at), np.float32))
    for i, j in ((i, j) for i in axes for j in axes if i < j):
        a, b = front.offset[i], front.offset[j]
        mixed = (flat[at + a + b] + flat[at - a - b] - flat[at + a - b] - flat[at - a + b]) * (
            front.inverse[i] * front.inverse[j] / 4
        )
        total -= 2 * first[i] * first[j] * mixed
    return np.asarray(total / square)


def straightened(front: Front, at: Array) -> Array:
    """Return the level set at some voxels one round nearer to a distance; at the zero only its steepness changes."""
    flat, here = front.flat, front.flat[at]
    square, steep, most = np.zeros_like(here), np.zeros_like(here), np.zeros_like(here)
    crossed = np.zeros(here.shape, bool)
    outside = here >= 0
    for axis in front.axes:
        step, inverse = front.offset[axis], front.inverse[axis]
        before, after = flat[at - step], flat[at + step]
        back, ahead = (here - before) * inverse, (after - here) * inverse
        up = np.maximum(np.maximum(back, 0), -np.minimum(ahead, 0))
        down = np.maximum(-np.minimum(back, 0), np.maximum(ahead, 0))
        square += np.where(outside, up, down) ** 2
        steep += ((back + ahead) / 2) ** 2
        most += np.maximum(np.abs(back), np.abs(ahead)) ** 2
        crossed |= ((before < 0) == outside) | ((after < 0) == outside)
    moved = here - np.float32(0.3) * np.where(outside, np.float32(1), np.float32(-1)) * (np.sqrt(square) - 1)
    moved = np.where(outside, np.maximum(moved, np.float32(1e-6)), np.minimum(moved, np.float32(-1e-6)))
    steep = np.sqrt(np.maximum(np.maximum(steep, most / 4), np.float32(0.01)))
    scaled = here * (np.float32(0.5) + np.float32(0.5) / steep)
    return np.where(crossed, scaled, moved)
