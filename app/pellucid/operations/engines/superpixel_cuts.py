"""The normalised cut of superpixels, with scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage

from pellucid.operations.pixels import Array


def normalised_cut(values: Array, steps: Any, count: int, likeness: float, threshold: float) -> Array:
    """Return parts (z, y, x) of values (z, y, x[, c]); ``likeness`` is a share of their range."""
    colour = values.ndim == 4
    values = values[..., :3] if colour else values  # alpha is no colour
    span = float(values.max() - values.min())
    if span == 0:
        return np.ones(values.shape[:3], np.uint16)
    scaled = (values - values.min()) / span
    axis = -1 if colour else None
    superpixels = skimage.segmentation.slic(
        scaled, count, compactness=0.1, spacing=tuple(steps), channel_axis=axis, convert2lab=False, start_label=1
    )
    means = scaled if colour else np.repeat(scaled[..., np.newaxis], 3, axis=-1)
    graph = skimage.graph.rag_mean_color(means, superpixels, mode="similarity", sigma=3 * likeness**2)
    parts = skimage.graph.cut_normalized(superpixels, graph, thresh=threshold, rng=0)
    order = np.unique(parts, return_inverse=True)[1].reshape(parts.shape)
    return (order + 1).astype(np.uint16)
