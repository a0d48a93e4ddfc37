"""Texture of objects: which grey levels lie beside which, inside the object only, averaged over all directions."""

from __future__ import annotations

import numpy as np

from pellucid.operations.engines.object_runs import Runs, batches, pieces_of, places
from pellucid.operations.engines.object_surfaces import DEEP_OFFSETS, FLAT_OFFSETS
from pellucid.operations.engines.object_values import MOST_CELLS, NO_LEVEL
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

TEXTURES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "glcm_entropy")


def textures(
    runs: Runs, objects: Array, grey: Array, levels: int, distance: int, each: Each = one_by_one
) -> dict[str, Array]:
    """Return the properties of the co-occurrence matrices of every object by name, NaN where there are no pairs.

    The matrices are symmetric and normed; each property is the mean over the directions that have pairs.
    """
    found = np.full((len(TEXTURES), len(runs.ids)), np.nan)
    flat_objects, flat_grey = objects.reshape(-1), grey.reshape(-1)
    offsets = FLAT_OFFSETS if len(objects) == 1 else DEEP_OFFSETS

    def measure(group: tuple[int, int]) -> None:
        begin, end = group
        total, used = np.zeros((len(TEXTURES), end - begin)), np.zeros(end - begin)
        for dx, dy, dz in offsets:
            way = (dz * distance, dy * distance, dx * distance)
            pairs = _pairs(runs, flat_objects, flat_grey, levels, group, way)
            number = pairs.sum(axis=(1, 2))
            held = number > 0
            if held.any():
                total[:, held] += _properties(pairs[held], number[held])
                used += held
        with np.errstate(invalid="ignore"):
            found[:, begin:end] = np.where(used > 0, total / used, np.nan)

    each(measure, list(batches(runs, max(1, MOST_CELLS // levels**2))))
    return dict(zip(TEXTURES, found, strict=True))


def _pairs(
    runs: Runs, objects: Array, grey: Array, levels: int, group: tuple[int, int], way: tuple[int, int, int]
) -> Array:
    """Return how often each grey level has each other one beside it, shape (objects, levels, levels)."""
    begin, end = group
    counts = np.zeros((end - begin) * levels * levels, np.int64)
    _, ny, nx = runs.shape[:3]
    step = (way[0] * ny + way[1]) * nx + way[2]
    for piece in pieces_of(runs, begin, end):
        run, index = places(runs, piece, way)
        same = objects[index + step] == runs.ids[runs.object[piece]][run]
        run, index = run[same], index[same]
        here, there = grey[index].astype(np.int64), grey[index + step].astype(np.int64)
        cell = ((runs.object[piece] - begin)[run] * levels + here) * levels + there
        counts += np.bincount(cell[(here != NO_LEVEL) & (there != NO_LEVEL)], minlength=len(counts))
    return counts.reshape(-1, levels, levels)


def _properties(pairs: Array, number: Array) -> Array:
    """Return contrast, dissimilarity, homogeneity, energy, correlation and entropy of each matrix of counts."""
    levels = pairs.shape[1]
    share = (pairs + pairs.transpose(0, 2, 1)).reshape(len(pairs), -1) / (2.0 * number[:, None])
    row, column = (part.ravel().astype(np.float64) for part in np.indices((levels, levels)))
    apart = row - column
    weights = np.stack([apart**2, np.abs(apart), 1 / (1 + apart**2), row, row**2, row * column], axis=1)
    contrast, dissimilarity, homogeneity, mean, squares, products = (share @ weights).T
    variance = squares - mean**2
    even = variance < 1e-12
    correlation = np.where(even, 1.0, (products - mean**2) / np.where(even, 1.0, variance))
    energy = np.sqrt((share**2).sum(axis=1))
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    return np.stack([contrast, dissimilarity, homogeneity, energy, correlation, entropy])
