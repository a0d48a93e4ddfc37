"""Labels smoothed together: every voxel goes to the label with the largest smoothed share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage

from pellucid.operations.engines.separable import filtered_whole, gaussian_kernel
from pellucid.operations.pixels import Array


def smoothed_labels(array: Array, sigmas: list[float], each: Callable[[int, int], None] = lambda n, of: None) -> Array:
    """Return labels (z, y, x) smoothed jointly with a Gaussian of ``sigmas`` voxels along z, y, x.

    ``each(n, of)`` is told before every label. Of equal shares the smaller value wins, background first.
    """
    kernels = [gaussian_kernel(sigma) for sigma in sigmas]
    radii = [0 if kernel is None else len(kernel) // 2 for kernel in kernels]
    best = _shares(array == 0, kernels)
    out = np.zeros(array.shape, np.uint16)
    boxes = ndimage.find_objects(array)
    for n, box in enumerate(boxes):
        if box is None:
            continue
        each(n, len(boxes))
        room = tuple(
            slice(max(0, part.start - radius), min(size, part.stop + radius))
            for part, radius, size in zip(box, radii, array.shape, strict=True)
        )
        share = _shares(array[room] == n + 1, kernels)
        wins = share > best[room]
        best[room][wins] = share[wins]
        out[room][wins] = n + 1
    return out


def _shares(inside: Array, kernels: list[Any]) -> Array:
    z, y, x = kernels
    return np.asarray(filtered_whole(inside.astype(np.float32), (z, y, x)))
