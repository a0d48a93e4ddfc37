"""The engine of total variation: Chambolle's fixed point iteration in tiles, with the bits of scikit-image.

One iteration has two halves, each of which reads only what the other has written.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pellucid.operations.context import Region
from pellucid.operations.engines.pieces import Each, grown, tiles
from pellucid.operations.pixels import Array

_TILE_VOXELS, _TILE_SLICES = 1 << 17, 8


def denoised(
    image: Array, axes: tuple[int, ...], weight: float, iterations: int, wanted: Region, rounds: Iterable[Each]
) -> Array:
    """Return an image (z, y, x[, c]) after some iterations along some axes; only the wanted region is right.

    ``rounds`` does the work of one half of an iteration after the other, twice as many as there are iterations.
    """
    dual, out = np.zeros((len(axes), *image.shape), image.dtype), image.copy()
    runners = iter(rounds)
    step = 1.0 / (2.0 * len(axes))

    def ascend(tile: Region) -> None:
        with np.errstate(all="ignore"):
            slopes = [_slope(out, tile, axis) for axis in axes]
            norm = np.sqrt(sum(np.square(slope) for slope in slopes))
            norm *= step / weight
            norm += 1.0
            for part, slope in zip(dual, slopes, strict=True):
                part[tile] -= step * slope
                part[tile] /= norm

    def compose(tile: Region) -> None:
        divergence = -dual[(slice(None), *tile)].sum(axis=0)
        for part, axis in zip(dual, axes, strict=True):
            _add_before(divergence, part, tile, axis)
        out[tile] = image[tile] + divergence

    for left in reversed(range(1, iterations)):
        for work in (ascend, compose):
            far = [left if axis in axes else 0 for axis in range(3)]
            needed = grown(wanted, (far[0], far[1], far[2]), image.shape)
            next(runners)(work, tiles(needed, image.shape, _TILE_VOXELS, _TILE_SLICES))
    return out


def _slope(out: Array, tile: Region, axis: int) -> Array:
    """Return the difference of the next voxel along an axis and each of a tile, 0 for the last of the image."""
    last = min(tile[axis].stop + 1, out.shape[axis])
    wide = out[(*tile[:axis], slice(tile[axis].start, last), *tile[axis + 1 :])]
    slope = np.zeros_like(out[tile])
    slope[(slice(None),) * axis + (slice(0, wide.shape[axis] - 1),)] = np.diff(wide, axis=axis)
    return slope


def _add_before(divergence: Array, part: Array, tile: Region, axis: int) -> None:
    """Add to each voxel of a tile the value of the voxel before it along an axis."""
    first = max(tile[axis].start - 1, 0)
    before = part[(*tile[:axis], slice(first, tile[axis].stop - 1), *tile[axis + 1 :])]
    skipped = divergence.shape[axis] - before.shape[axis]
    divergence[(slice(None),) * axis + (slice(skipped, None),)] += before
