"""From decoded samples to red, green and blue of 8 or 16 bits. Runs inside a worker.

Source: PS3.3 C.7.6.3.1.2 (photometric interpretation): YBR_FULL as JFIF, YBR_PARTIAL as ITU-R BT.601 with room
below black and above white.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SHOWN = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"})
"""What pixels of three samples may be."""
HALVED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""Two pixels share their colour when they are not compressed."""
_FULL, _PARTIAL = frozenset({"YBR_FULL", "YBR_FULL_422"}), frozenset({"YBR_PARTIAL_422", "YBR_PARTIAL_420"})
_RED, _BLUE = 0.299, 0.114
_GREEN = 1 - _RED - _BLUE
_ROWS = 256


def rgb(samples: Array, photometric: str, bits: int) -> Array:
    """Return (rows, columns, 3) of 8 or 16 bits; ``bits`` is how many of a sample count.

    Raises NotImplementedError for an interpretation that has no rule.
    """
    if photometric in _FULL | _PARTIAL:
        samples = _mixed(samples, bits, partial=photometric in _PARTIAL)
    elif photometric != "RGB":
        raise NotImplementedError(photometric)
    return _sized(samples, bits)


def _mixed(samples: Array, bits: int, *, partial: bool) -> Array:
    """Turn luminance and two colour differences into colours, a few rows at a time."""
    most, middle = (1 << bits) - 1, 1 << (bits - 1)
    unit = 1 << (bits - 8) if bits >= 8 else 1
    black = 16 * unit if partial else 0
    grey_gain, colour_gain = (most / (219 * unit), most / (224 * unit)) if partial else (1.0, 1.0)
    out = np.empty_like(samples)
    for start in range(0, len(samples), _ROWS):
        part = samples[start : start + _ROWS].astype(np.float32)
        grey = (part[..., 0] - black) * grey_gain
        blue, red = ((part[..., k] - middle) * colour_gain for k in (1, 2))
        channels = (
            grey + 2 * (1 - _RED) * red,
            grey - 2 * (1 - _BLUE) * _BLUE / _GREEN * blue - 2 * (1 - _RED) * _RED / _GREEN * red,
            grey + 2 * (1 - _BLUE) * blue,
        )
        out[start : start + _ROWS] = np.clip(np.floor(np.stack(channels, axis=-1) + 0.5), 0, most)
    return out


def _sized(samples: Array, bits: int) -> Array:
    """Return samples as shares of 8 or 16 bits, whatever they are stored in; unused bits are dropped."""
    kind = np.uint8 if bits <= 8 else np.uint16
    wanted = 8 * np.dtype(kind).itemsize
    if samples.dtype.kind == "i":
        samples = samples.view(samples.dtype.str.replace("i", "u"))
    if bits < 8 * samples.itemsize:
        samples = samples & np.asarray((1 << bits) - 1, samples.dtype)
    if bits > wanted:
        samples = samples >> (bits - wanted)
    if not 8 < bits < wanted:
        return samples.astype(kind)
    wide: Array = samples.astype(kind)  # the highest of few bits becomes the highest of many
    return wide << (wanted - bits) | wide >> (2 * bits - wanted)
