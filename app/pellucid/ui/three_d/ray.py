"""What a line of sight meets in a volume, as it is drawn: the place where it turns opaque, or its highest value."""

from __future__ import annotations

import numpy as np

from pellucid.model.geometry import Floats
from pellucid.session.solids import Block
from pellucid.ui.three_d.presets import Preset

_SAMPLES = 4000
_SEEN = 0.5
"""Of the light: where this share is taken, there the eye sees something."""
_FAINT = 0.05


def met(block: Block, preset: Preset, strength: float, start: Floats, end: Floats) -> Floats | None:
    """Return the world point that a line of sight meets, or None where nothing is seen.

    The values of the preset are those of the image.
    """
    into = np.linalg.inv(block.matrix)
    ends = np.array([start, end]) @ into[:3, :3].T + into[:3, 3]
    spacing, size = np.array(block.spacing), np.array(block.array.shape[::-1])
    shares = _inside(ends / spacing, size)
    if shares is None:
        return None
    first, last = (ends[0] + share * (ends[1] - ends[0]) for share in shares)
    count = int(np.clip(np.linalg.norm(last - first) / (0.5 * min(block.spacing)), 2, _SAMPLES))
    places = first + np.linspace(0, 1, count)[:, None] * (last - first)
    x, y, z = np.clip(np.rint(places / spacing).astype(int), 0, size - 1).T
    chosen = _chosen(block.array[z, y, x].astype(np.float64), preset, strength,
                     float(np.linalg.norm(last - first)) / count / block.step)  # fmt: skip
    return None if chosen is None else np.asarray(block.matrix[:3, :3] @ places[chosen] + block.matrix[:3, 3])


def _inside(ends: Floats, size: Floats) -> tuple[float, float] | None:
    """Return between which shares of a line (two ends, in voxels) it runs through the box of voxels."""
    way = ends[1] - ends[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-0.5 - ends[0]) / way, (size - 0.5 - ends[0]) / way
    low = float(np.nanmax(np.fmin(a, b)))
    high = float(np.nanmin(np.fmax(a, b)))
    low, high = max(low, 0.0), min(high, 1.0)
    return (low, high) if low < high else None


def _chosen(values: Floats, preset: Preset, strength: float, step: float) -> int | None:
    """Return the number of the sample that is seen."""
    levels, shares = zip(*preset.opacity, strict=True)
    opacity = np.clip(np.interp(values, levels, np.array(shares) * strength), 0.0, 1.0)
    if preset.brightest:
        return int(values.argmax()) if opacity.max() > _FAINT else None
    taken = 1.0 - np.cumprod((1.0 - opacity) ** step)
    if taken[-1] < _FAINT:
        return None
    return int(np.argmax(taken >= min(_SEEN, taken[-1] / 2)))
