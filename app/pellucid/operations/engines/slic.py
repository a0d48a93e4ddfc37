"""SLIC superpixels on any grid: every voxel joins the nearest of the centres that began in the cells around it.

Scripts carry these functions along.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Region
from pellucid.operations.engines.colour_spaces import lab_from_rgb, share_of_white
from pellucid.operations.engines.slopes import Each, blockwise, in_turn
from pellucid.operations.engines.splitting import Run, as_flat, executed, flooded
from pellucid.operations.engines.windows import unasked
from pellucid.operations.pixels import Array

_PIECE = 1 << 16  # voxels at a time


def turn_by_turn() -> Each:
    """Return what does a piece of work on every item, one after the other."""
    return in_turn


def lightness(array: Array, limits: tuple[Any, Any]) -> Array:
    """Return colours as CIE L*a*b*, other values as 0 to 100 from the lowest to the highest, with a last axis.

    What is not a number is 0.
    """
    if array.ndim == 4:
        return np.nan_to_num(lab_from_rgb(share_of_white(array[..., :3])), posinf=0, neginf=0).astype(np.float32)
    low, high = (float(limit) for limit in limits)
    values = (np.clip(array.astype(np.float64), low, high) - low) * (100 / (high - low or 1.0))
    return np.nan_to_num(values).astype(np.float32)[..., np.newaxis]


def cells(shape: tuple[int, ...], spacing: tuple[float, ...], size: float) -> tuple[int, ...]:
    """Return how many cells (z, y, x) of about a size in mm fit along each axis."""
    return tuple(max(1, min(n, round(n * step / size))) for n, step in zip(shape, reversed(spacing), strict=True))


def superpixels(
    features: Array,
    inside: Array | None,
    counts: tuple[int, ...],
    scales: tuple[float, ...],
    iterations: int,
    each: Callable[[], Each] = turn_by_turn,
    check: Callable[[], Any] = unasked,
) -> Array:
    """Return to which centre (from 0 on) every voxel (z, y, x) belongs after some iterations.

    ``counts`` are the cells the centres begin in, ``scales`` what a voxel along z, y, x counts beside the features.
    """
    shape = features.shape[:3]
    places = [np.arange(n) * count // n for n, count in zip(shape, counts, strict=True)]
    belongs = (places[0][:, None, None] * counts[1] + places[1][:, None]) * counts[2] + places[2]
    centres = np.zeros((int(np.prod(counts)), 3 + features.shape[3]))
    for turn in range(iterations + 1):
        centres = means_of(features, belongs, inside, centres, scales, check)
        if turn < iterations:
            table = centres.reshape(*counts, -1).astype(np.float32)
            work = partial(nearest, features, table, places, scales)
            belongs = blockwise(shape, work, np.int32, each(), _PIECE)
    return belongs


def means_of(
    features: Array,
    belongs: Array,
    inside: Array | None,
    before: Array,
    scales: tuple[float, ...],
    check: Callable[[], Any] = unasked,
) -> Array:
    """Return the mean place (z, y, x, scaled) and features of every centre; one without voxels stays where it was."""
    count = len(before)
    sizes, sums = np.zeros(count), np.zeros(before.shape)
    for z, (plane, labels) in enumerate(zip(features, belongs, strict=True)):
        check()
        kept = slice(None) if inside is None else inside[z]
        numbers = labels[kept].ravel()
        here = np.bincount(numbers, minlength=count)
        y, x = np.ogrid[0 : labels.shape[0], 0 : labels.shape[1]]
        sizes += here
        sums[:, 0] += here * (z * scales[0])
        for k, line in ((1, y * scales[1]), (2, x * scales[2])):
            sums[:, k] += np.bincount(numbers, np.broadcast_to(line, labels.shape)[kept].ravel(), count)
        for k in range(plane.shape[-1]):
            sums[:, 3 + k] += np.bincount(numbers, plane[..., k][kept].ravel(), count)
    return np.where(sizes[:, np.newaxis] > 0, sums / np.maximum(sizes, 1)[:, np.newaxis], before)


def nearest(features: Array, table: Array, places: list[Array], scales: tuple[float, ...], block: Region) -> Array:
    """Return for the voxels of a block the nearest centre of their own cell and of those around it."""
    values, counts = features[block], table.shape[:3]
    parts, planes = (np.ascontiguousarray(np.moveaxis(array, -1, 0)) for array in (values, table))
    here = [place[span] for place, span in zip(places, block, strict=True)]
    axes = [
        np.arange(span.start, span.stop, dtype=np.float32) * np.float32(scale)
        for span, scale in zip(block, scales, strict=True)
    ]
    lines = (axes[0][:, None, None], axes[1][:, None], axes[2])
    best, chosen = np.full(values.shape[:3], np.inf, np.float32), np.zeros(values.shape[:3], np.uint8)
    steps = list(itertools.product(*((-1, 0, 1) if n > 1 else (0,) for n in counts)))
    for number, step in enumerate(steps):
        z, y, x = (np.clip(place + k, 0, n - 1) for place, k, n in zip(here, step, counts, strict=True))
        distance = np.zeros(values.shape[:3], np.float32)
        for k, plane in enumerate(planes):
            gap = plane[z][:, y].take(x, axis=2)
            gap -= lines[k] if k < 3 else parts[k - 3]
            distance += np.square(gap, out=gap)
        np.copyto(chosen, number, where=distance < best)
        np.minimum(best, distance, out=best)
    return cells_reached(chosen, here, np.array(steps, np.int32), counts)


def cells_reached(chosen: Array, here: list[Array], steps: Array, counts: tuple[int, ...]) -> Array:
    """Return the number of the cell that lies a step (chosen by its number) away from that of each voxel."""
    reached = np.zeros(chosen.shape, np.int32)
    for axis, (place, count) in enumerate(zip(here, counts, strict=True)):
        cell = steps[:, axis].take(chosen)
        cell += np.expand_dims(place.astype(np.int32), tuple(k for k in range(3) if k != axis))
        reached *= np.int32(count)
        reached += np.clip(cell, 0, count - 1, out=cell)
    return reached


def connected(belongs: Array, inside: Array | None, least: float, run: Run = executed) -> tuple[Array, int]:
    """Return labels from 1 on, each in one piece, and how many; loose pieces below ``least`` voxels join what is near.

    Outside the label is 0.
    """
    numbers = belongs.astype(np.uint32) + np.uint32(1)
    if inside is not None:
        numbers *= inside
    filter = sitk.ScalarConnectedComponentImageFilter()
    filter.SetDistanceThreshold(0)
    pieces = sitk.GetArrayFromImage(run(filter, as_flat(numbers, (1.0, 1.0, 1.0)))).reshape(numbers.shape)
    if inside is not None:
        pieces *= inside
    sizes = np.bincount(pieces.ravel())
    kept = sizes >= least
    kept[0] = False
    if not kept.any():
        kept = sizes > 0
        kept[0] = False
    number = (np.cumsum(kept) * kept).astype(np.uint32)
    labels = np.take(number, pieces, mode="clip")
    if (labels == 0).any():
        surface = np.zeros(labels.shape, np.uint8) if inside is None else np.where(inside, 0, 255).astype(np.uint8)
        labels = flooded(surface, labels, run)
    return (labels if inside is None else np.where(inside, labels, 0)), int(kept.sum())
