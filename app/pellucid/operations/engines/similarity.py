"""The engines of means over neighbours that are like a voxel: bilateral filter, non-local means, local Wiener filter.

All are sums over shifted copies of a tile, so every voxel is the same whatever the tile. ``offsets`` may be any
iterable: one that asks whether to go on makes the work stop early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np

from pellucid.operations.engines.pieces import Each, one_by_one, shifted, tiles, with_halo
from pellucid.operations.pixels import Array

Offset = tuple[int, int, int]
Weigh = Callable[[Array, float], Array]
_TILE_VOXELS = 1 << 16


def offsets_within(sigmas: tuple[float, ...], shape: tuple[int, ...]) -> list[tuple[Offset, float]]:
    """Return half of the offsets (z, y, x) within 3 sigma (in voxels) and the logarithm of a Gaussian at each.

    The others are their opposites. There are none along an axis with a single voxel, nor further than the image goes.
    """
    far = [min(int(3 * sigma), n - 1) for sigma, n in zip(sigmas, shape, strict=False)]
    found = []
    for z, y, x in product(*(range(-n, n + 1) for n in far)):
        square = sum((n / sigma) ** 2 for n, sigma in zip((z, y, x), sigmas, strict=True) if n)
        if square <= 9 and (z, y, x) > (0, 0, 0):
            found.append(((z, y, x), -0.5 * square))
    return found


def halo_of(offsets: list[tuple[Offset, float]]) -> Offset:
    """Return how far offsets reach along z, y, x."""
    z, y, x = (max((abs(offset[axis]) for offset, _ in offsets), default=0) for axis in range(3))
    return z, y, x


def search_offsets(distance: int, along_z: bool) -> list[tuple[Offset, float]]:
    """Return half of the offsets (z, y, x) up to a distance along each axis; the others are their opposites."""
    near = range(-distance, distance + 1)
    return [((z, y, x), 0.0) for z, y, x in product(near if along_z else [0], near, near) if (z, y, x) > (0, 0, 0)]


def bilateral_mean(values: Array, offsets: Iterable[tuple[Offset, float]], halo: Offset, scatter: float) -> Array:
    """Return means weighted by exp(logarithm - difference² / 2 scatter²), of all but the halo of some values.

    The difference of colours is the length of the difference of their channels.
    """
    scale = values.dtype.type(-0.5 / scatter**2)

    def weigh(apart: Array, logarithm: float) -> Array:
        weight = _square(apart)
        weight *= scale
        weight += values.dtype.type(logarithm)
        return np.exp(weight, out=weight)

    return _weighted_mean(values, offsets, halo, (0, 0, 0), weigh)


def patch_mean(
    values: Array, offsets: Iterable[tuple[Offset, float]], halo: Offset, radii: Offset, noise: float, h: float
) -> Array:
    """Return means weighted by exp(-max(d² - 2 noise², 0) / h²), of all but the halo (search and patch) of some values.

    d² is the mean squared difference of the patches, boxes of some radii, around two voxels.
    """
    channels = values.shape[3] if values.ndim == 4 else 1
    count = channels * int(np.prod([2 * radius + 1 for radius in radii]))
    scale, free = values.dtype.type(-1 / (count * h**2)), values.dtype.type(2 * noise**2 / h**2)

    def weigh(apart: Array, logarithm: float) -> Array:
        weight = box_sums(_square(apart), radii)
        weight *= scale
        weight += free
        np.minimum(weight, 0, out=weight)
        return np.exp(weight, out=weight)

    return _weighted_mean(values, offsets, halo, radii, weigh)


def _weighted_mean(
    values: Array, offsets: Iterable[tuple[Offset, float]], halo: Offset, radii: Offset, weigh: Weigh
) -> Array:
    """Return means over offsets and their opposites, of all but the halo of some values.

    ``weigh`` makes weights of differences that are known some radii further. The weight of a pair is the same
    seen from either side, so it is computed once: for the voxels, and for those that have one of them at the offset.
    """
    shape = tuple(n - 2 * far for n, far in zip(values.shape, halo, strict=False))
    middle = shifted(values, halo, shape)
    total, moved = np.ones(shape, values.dtype), np.zeros(middle.shape, values.dtype)
    with np.errstate(all="ignore"):
        for offset, logarithm in offsets:
            before, after = [max(n, 0) for n in offset], [max(-n, 0) for n in offset]
            pairs = [n + b + a for n, b, a in zip(shape, before, after, strict=True)]
            wide = tuple(n + 2 * radius for n, radius in zip(pairs, radii, strict=True))
            start = [far - b - radius for far, b, radius in zip(halo, before, radii, strict=True)]
            apart = shifted(values, [s + n for s, n in zip(start, offset, strict=True)], wide)
            apart = apart - shifted(values, start, wide)
            weight = weigh(apart, logarithm)
            apart = shifted(apart, radii, pairs) * (weight if apart.ndim == 3 else weight[..., np.newaxis])
            total += shifted(weight, before, shape)
            total += shifted(weight, after, shape)
            moved += shifted(apart, before, shape)
            moved -= shifted(apart, after, shape)
        return np.asarray(middle + moved / (total if moved.ndim == 3 else total[..., np.newaxis]))


def local_moments(values: Array, radii: Offset) -> tuple[Array, Array]:
    """Return mean and variance in the boxes of some radii around all but a border of values (64-bit floats)."""
    count = int(np.prod([2 * radius + 1 for radius in radii]))
    mean = box_sums(values, radii) / count
    return mean, box_sums(np.square(values), radii) / count - np.square(mean)


def mean_variance(array: Array, radii: Offset, each: Each = one_by_one) -> float:
    """Return the mean of the variances in the boxes around all voxels of an array, NaN left out."""
    whole = slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])
    parts = list(tiles(whole, array.shape, _TILE_VOXELS, 8))
    counts, sums = np.zeros(len(parts)), np.zeros(len(parts))

    def add(place: int) -> None:
        with np.errstate(all="ignore"):
            values = with_halo(array, parts[place], radii).astype(np.float64)
            variance = local_moments(values, radii)[1]
        found = variance[np.isfinite(variance)]
        counts[place], sums[place] = found.size, found.sum()

    each(add, range(len(parts)))
    return float(sums.sum() / max(counts.sum(), 1.0))


def wiener_mean(values: Array, radii: Offset, noise: float) -> Array:
    """Return local mean + (1 - noise / local variance) × the rest, or the mean where the noise is larger."""
    shape = tuple(n - 2 * far for n, far in zip(values.shape, radii, strict=False))
    with np.errstate(all="ignore"):
        mean, variance = local_moments(values, radii)
        kept = np.where(variance <= noise, 0.0, 1 - noise / variance)
        return mean + kept * (shifted(values, radii, shape) - mean)


def box_sums(values: Array, radii: Offset) -> Array:
    """Return the sums over the boxes of some radii (z, y, x) that lie wholly inside some values.

    Runs of 1, 2, 4, … neighbours are summed by doubling and put together.
    """
    for axis, radius in enumerate(radii):
        if radius == 0:
            continue
        width, count = 2 * radius + 1, values.shape[axis] - 2 * radius
        run, length, done = values, 1, 0
        total: Any = None
        while done < width:
            if width & length:
                part = _along(run, axis, done, count)
                total = part if total is None else total + part
                done += length
            if done < width:
                rest = run.shape[axis] - length
                run = _along(run, axis, 0, rest) + _along(run, axis, length, rest)
                length *= 2
        values = total
    return values


def _along(values: Array, axis: int, first: int, count: int) -> Array:
    return values[(slice(None),) * axis + (slice(first, first + count),)]


def _square(apart: Any) -> Any:
    """Return the square of differences, summed over channels."""
    return np.square(apart) if apart.ndim == 3 else np.einsum("zyxc,zyxc->zyx", apart, apart)
