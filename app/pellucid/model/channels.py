"""One channel of a colour image, or its luminance, as grey values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.display import Channel

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Weights of red, green and blue (ITU-R BT.709-6, section 3)."""
NAMES = ("red", "green", "blue", "alpha")
_INDEX = {Channel.RED: 0, Channel.GREEN: 1, Channel.BLUE: 2, Channel.ALPHA: 3}


def seen_channel(values: NDArray[Any], channel: Channel) -> NDArray[Any]:
    """Return what a channel shows of (…, components): a view, the luminance in the same type, or all.

    An image without the channel shows its last one.
    """
    if channel is Channel.ALL:
        return values
    if channel is Channel.LUMINANCE:
        return luminance(values)
    return values[..., min(_INDEX[channel], values.shape[-1] - 1)]


def luminance(values: NDArray[Any]) -> NDArray[Any]:
    """Return the luminance of (…, components) in the same type; two components count alike, alpha not at all."""
    count = values.shape[-1]
    weights = LUMINANCE if count >= 3 else np.full(count, 1 / count)
    light = values[..., : len(weights)] @ weights
    return np.asarray(np.rint(light).astype(values.dtype) if values.dtype.kind in "iu" else light)
