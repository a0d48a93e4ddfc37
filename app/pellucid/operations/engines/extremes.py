"""The engine of the smallest and largest value around each voxel: running extremes of lines, made by doubling.

The extreme of 2 n neighbours is that of two runs of n, so a line of any length takes a few comparisons per voxel. A
box is a line along each axis in turn, a ball a stack of lines along x.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context, Region
from pellucid.operations.engines.ball import Ball
from pellucid.operations.engines.pieces import shifted, with_halo
from pellucid.operations.pixels import Array, blank, blocks, view

Fill = Callable[[Array, Array], None]
_BLOCK_VOXELS = 1 << 20


def extreme_of_box(image: sitk.Image, reach: tuple[int, int, int], rule: np.ufunc, context: Context) -> sitk.Image:
    """Return the smallest (``np.minimum``) or largest value of a box that reaches so far along z, y, x."""

    def fill(values: Array, out: Array) -> None:
        for axis, far in enumerate(reach):
            context.check()
            values = _Runs(values, axis, rule).of(2 * far + 1)
        np.copyto(out, values)

    return _filled(image, reach, fill, context)


def extreme_of_ball(image: sitk.Image, ball: Ball, rule: np.ufunc, context: Context) -> sitk.Image:
    """Return the smallest (``np.minimum``) or largest value of a ball around each voxel."""
    deep, high, wide = ball.reach
    lines = sorted(ball.lines(), key=lambda line: line[2])

    def fill(values: Array, out: Array) -> None:
        runs = _Runs(values, 2, rule)
        first = True
        for half, group in groupby(lines, key=lambda line: line[2]):
            run = runs.of(2 * half + 1)
            for dz, dy, _ in group:
                context.check()
                part = shifted(run, (deep + dz, high + dy, wide - half), out.shape)
                np.copyto(out, part) if first else rule(out, part, out=out)
                first = False

    return _filled(image, ball.reach, fill, context)


def _filled(image: sitk.Image, reach: tuple[int, int, int], fill: Fill, context: Context) -> sitk.Image:
    """Return a new image whose blocks ``fill(values with halo, out)`` has filled."""
    array = view(image)
    result, out = blank(image, array.dtype)

    def work(block: Region) -> None:
        fill(with_halo(array, block, reach), out[block])

    context.each(work, blocks(context.region(array.shape), array.shape, _BLOCK_VOXELS))
    return result


class _Runs:
    """The extremes of ever longer runs of neighbours along one axis."""

    def __init__(self, values: Array, axis: int, rule: np.ufunc) -> None:
        self.axis, self.rule = axis, rule
        self.doubled, self.length = values, 1

    def of(self, length: int) -> Array:
        """Return the extreme of ``length`` neighbours from each place on; lengths asked for must not fall."""
        while 2 * self.length <= length:
            self.doubled = self._joined(self.length)
            self.length *= 2
        return self.doubled if self.length == length else self._joined(length - self.length)

    def _joined(self, step: int) -> Array:
        """Return the extreme of each run and of that which begins ``step`` later."""
        before = (slice(None),) * self.axis
        count = self.doubled.shape[self.axis]
        first, second = (*before, slice(0, count - step)), (*before, slice(step, count))
        return np.asarray(self.rule(self.doubled[first], self.doubled[second]))
