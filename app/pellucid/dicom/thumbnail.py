"""A small picture that stands for a series in the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Pool, default_pool
from pellucid.dicom.sources import Piece, Source, decode_source
from pellucid.dicom.stack import Frame, Series, VolumePlan
from pellucid.model.transfer import STRAIGHT, shares
from pellucid.model.volume import WindowPreset

_PERCENTILES = (1.0, 99.0)


def thumbnail(series: Series, size: int = 96, pool: Pool | None = None) -> NDArray[np.uint8] | None:
    """Return the middle frame of a series, windowed, as (h, w[, 3]) uint8 with ``max(h, w) <= size``.

    None when the series has no image. Raises Refused when it cannot be decoded.
    """
    chosen = middle_frame(series)
    if chosen is None:
        return None
    plan, frame = chosen
    source = Source(frame.path, frame.layout, [frame.number], [])
    decoded, scaled = decode_source(source, pool or default_pool(), lambda: False)
    pixels = Piece(0, 0, 0, frame).cut(decoded[0])
    spacing = plan.geometry.spacing if plan.geometry.has_lengths else (1.0, 1.0, 1.0)
    small = _shrunk(pixels, size, spacing[0], spacing[1])
    if pixels.ndim == 3:
        return (small / (257.0 if pixels.dtype == np.uint16 else 1.0)).astype(np.uint8)
    if not scaled:
        small = small * frame.slope + frame.intercept
    grey = _windowed(small, plan.acquisition.windows)
    return 255 - grey if plan.acquisition.monochrome1 else grey


def _shrunk(pixels: NDArray[Any], size: int, dx: float, dy: float) -> NDArray[np.float64]:
    """Return means of blocks on a grid of at most ``size`` by ``size`` with the true proportions."""
    rows, columns = pixels.shape[:2]
    scale = size / max(rows * dy, columns * dx)
    height, width = max(round(rows * dy * scale), 1), max(round(columns * dx * scale), 1)
    values = pixels.astype(np.float64)
    return _means(_means(values, height, 0), width, 1)


def _means(values: NDArray[np.float64], count: int, axis: int) -> NDArray[np.float64]:
    length = values.shape[axis]
    if count >= length:
        return np.asarray(np.take(values, np.arange(count) * length // count, axis=axis))
    edges = np.arange(count + 1) * length // count
    sums = np.add.reduceat(values, edges[:-1], axis=axis)
    shape = [1] * values.ndim
    shape[axis] = count
    return np.asarray(sums / np.diff(edges).reshape(shape))


def _windowed(values: NDArray[np.float64], windows: tuple[WindowPreset, ...]) -> NDArray[np.uint8]:
    finite = values[np.isfinite(values)]
    transfer = STRAIGHT
    if windows:
        transfer = windows[0].transfer(values.dtype)
        low, high = windows[0].level - windows[0].width / 2, windows[0].level + windows[0].width / 2
    elif finite.size:
        low, high = (float(v) for v in np.percentile(finite, _PERCENTILES))
    else:
        low, high = 0.0, 1.0
    return (shares(np.nan_to_num(values), low, high, transfer) * 255).astype(np.uint8)


def middle_frame(series: Series) -> tuple[VolumePlan, Frame] | None:
    """Return the frame that stands for a series: the middle of its largest volume."""
    if not series.volumes:
        return None
    plan = max(series.volumes, key=lambda volume: len(volume.frames))
    stored = [frame for frame in plan.frames if frame.number >= 0]
    return plan, stored[len(stored) // 2]
