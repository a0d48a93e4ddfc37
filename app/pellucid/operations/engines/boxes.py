"""Where in an image something is: the box around it, and what counts as foreground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.histogram import otsu_split
from pellucid.operations.pixels import Array
from pellucid.operations.plain import as_mask, on_grid_of, voxels

Box = tuple[list[int], list[int]]
_BINS = 1 << 16


def box_around(inside: Array, spacing: Sequence[float], margin: float) -> Box | None:
    """Return first voxel and size (x, y[, z]) of the box around what is true, with a margin in mm within the image.

    None where nothing is true.
    """
    lines: list[Array] = [np.zeros(n, bool) for n in inside.shape]
    lines[0] |= inside.any(axis=(1, 2))
    for plane in inside[lines[0]]:
        lines[1] |= plane.any(axis=1)
        lines[2] |= plane.any(axis=0)
    if not lines[0].any():
        return None
    start, size = [], []
    for line, step in zip(reversed(lines), spacing, strict=False):
        hit = np.flatnonzero(line)
        more = math.ceil(margin / step - 1e-9)
        first, last = max(0, int(hit[0]) - more), min(len(line) - 1, int(hit[-1]) + more)
        start.append(first)
        size.append(last - first + 1)
    return start, size


def is_foreground(values: Array, method: str, level: Any, corner: Any, padding: tuple[float, float] | None) -> Array:
    """Return where values (…[, c]) belong to the foreground; of colours, where one of the channels does."""
    if method == "border":
        if padding is not None:
            found = ~((values >= padding[0]) & (values <= padding[1]))
        else:
            found = ~np.isnan(values) if np.isnan(corner).any() else values != corner
    else:
        found = values >= level if method == "otsu" else values > level
        if padding is not None:
            found &= ~((values >= padding[0]) & (values <= padding[1]))
    return np.asarray(found.any(axis=-1)) if values.ndim == 4 else found


def otsu_level(array: Array, padding: tuple[float, float] | None) -> Any:
    """Return the smallest value of the brighter class of Otsu, or None where all values are equal.

    Whole numbers are counted exactly up to 65,536 of them, others in as many bins.
    """
    values = array[np.isfinite(array)]
    if values.size == 0:
        return None
    low, span = values.min().item(), values.max().item() - values.min().item()
    exact = array.dtype.kind in "iu" and span < _BINS
    step = 1 if exact else span / _BINS or 1.0
    if padding is not None:
        values = values[(values < padding[0]) | (values > padding[1])]
    places = (values.astype(np.float64) - low) / step
    counts = np.bincount(places.astype(np.intp).clip(0, _BINS - 1), minlength=span + 1 if exact else _BINS)
    split = otsu_split(counts)
    return None if split is None else low + (split + 1) * step


def largest_piece(inside: Array, image: sitk.Image) -> Array:
    """Return the largest connected part of what is true on the grid of an image; of equal ones the first."""
    scalar = sitk.VectorIndexSelectionCast(image) if image.GetNumberOfComponentsPerPixel() > 1 else image
    labels = voxels(sitk.ConnectedComponent(as_mask(on_grid_of(inside.astype(np.uint8), scalar))))
    sizes = np.bincount(labels.ravel())
    return labels == 1 + sizes[1:].argmax() if len(sizes) > 1 else inside
