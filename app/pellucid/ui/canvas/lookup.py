"""From values to screen colours: one table per window, so that a slice is coloured by a single gather."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model import colormaps
from pellucid.model.display import ImageDisplay
from pellucid.model.layer import ImageLayer
from pellucid.model.transfer import STRAIGHT, Transfer, shares

Pixels = NDArray[np.uint32]

ENTRIES = 65_536
_OPAQUE = np.uint32(0xFF000000)
_DIRECT = {
    "b": ("u1", 256),
    "u1": ("u1", 256),
    "i1": ("u1", 256),
    "u2": ("u2", ENTRIES),
    "i2": ("u2", ENTRIES),
}


@dataclass(frozen=True)
class Look:
    """What of a display decides the colour of a value; equal looks share their table."""

    low: float
    high: float
    colormap: str = "grey"
    invert: bool = False
    transfer: Transfer = STRAIGHT

    @classmethod
    def of(cls, display: ImageDisplay) -> Look:
        """Return the look of a display."""
        low, high = display.limits
        return cls(float(low), float(high), display.colormap, display.invert, display.transfer)

    @classmethod
    def of_layer(cls, layer: ImageLayer) -> Look:
        """Return the look of a layer: colours keep the range first shown, whatever window a channel was given."""
        look = cls.of(layer.display)
        if not layer.shows_colour:
            return look
        low, high = layer.first_limits or (look.low, look.high)
        return replace(look, low=float(low), high=float(high), transfer=STRAIGHT)

    @property
    def domain(self) -> tuple[float, float]:
        """Return the range of values outside of which the colour does not change."""
        return self.transfer.domain(self.low, self.high)

    def colors(self, values: NDArray[Any]) -> Pixels:
        """Return the colours of values, computed one by one; none of them may be "not a number"."""
        share = shares(values, self.low, self.high, self.transfer)
        return palette(self.colormap, self.invert)[_steps(share)]


def palette(colormap: str, invert: bool) -> Pixels:
    """Return the 256 opaque 0xAARRGGBB colours of a colour map."""
    red, green, blue = colormaps.table(colormap).astype(np.uint32).T
    colors = _OPAQUE | red << 16 | green << 8 | blue
    return colors[::-1] if invert else colors


@lru_cache(maxsize=48)
def table(look: Look, code: str, clear: bool) -> Pixels:
    """Return the colours of every value of a small integer type, in the order of its bit patterns.

    For other types the table holds the domain of the look, entry 0 standing for "not a number".
    ``clear`` makes the entry of the fill value transparent: the lowest value of the type, or entry 0.
    """
    if code in _DIRECT:
        entries = _DIRECT[code][1]
        half = entries // 2 if code[0] == "i" else 0
        ramp = _ramp(look, -half, entries)
        colors, unset = np.concatenate([ramp[half:], ramp[:half]]), half
    else:
        low, high = look.domain
        places = low + np.clip(np.arange(-1, ENTRIES - 1) / (ENTRIES - 2), 0.0, 1.0) * (high - low)
        if high <= low:
            places[:-1], places[-1] = -np.inf, np.inf
        colors, unset = look.colors(places), 0
        colors[unset] = _OPAQUE
    if clear:
        colors[unset] = 0
    colors.flags.writeable = False
    return colors


def _ramp(look: Look, first: int, count: int) -> Pixels:
    """Return the colours of ``count`` whole values from ``first`` on; only those in the domain are computed."""
    least, most = look.domain
    low, high = (int(np.clip(edge, first, first + count)) for edge in (np.floor(least), np.ceil(most) + 1))
    ramp = np.empty(count, np.uint32)
    before, after = look.colors(np.array([-np.inf, np.inf]))
    ramp[: low - first] = before
    ramp[high - first :] = after
    ramp[low - first : high - first] = look.colors(np.arange(low, high))
    return ramp


def _steps(share: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.floor(share * 255 + 0.5).astype(np.intp)


def fill_value(dtype: np.dtype[Any]) -> float:
    """Return the value that stands for "no voxel here" in a slice of this type."""
    if dtype.kind == "f":
        return float("nan")
    return int(np.iinfo(dtype).min) if dtype.kind == "i" else 0


class Colorer:
    """Colours slices of one layer; scratch buffers are kept from slice to slice."""

    def __init__(self) -> None:
        self._index = np.empty((0, 0), np.uint16)
        self._scaled = np.empty((0, 0), np.float32)

    def color(self, values: NDArray[Any], look: Look, out: Pixels, *, clear: bool = False) -> None:
        """Write the colours of a slice (rows, columns[, channels]) into ``out`` (rows, columns)."""
        if values.ndim == 3:
            _true_color(values, look, out)
            return
        code = "b" if values.dtype.kind == "b" else values.dtype.str[1:]
        colors = table(look, code, clear)
        if code in _DIRECT:
            index = values.view(_DIRECT[code][0])
        else:
            index = self._scale(values, look)
        np.take(colors, index, out=out, mode="wrap")  # faster than clip; no index is out of range

    def _scale(self, values: NDArray[Any], look: Look) -> NDArray[np.uint16]:
        if self._index.shape != values.shape:
            self._index = np.empty(values.shape, np.uint16)
            self._scaled = np.empty(values.shape, np.float32)
        scaled = self._scaled
        low, high = look.domain
        if high <= low:
            np.multiply(values >= low, ENTRIES - 2.0, out=scaled, casting="unsafe")
            scaled += 1.5
        else:
            np.subtract(values, low, out=scaled, dtype=np.float64, casting="unsafe")
            scaled *= (ENTRIES - 2) / (high - low)
            np.clip(scaled, 0.0, ENTRIES - 2.0, out=scaled)
            scaled += 1.5
            if values.dtype.kind == "f":
                np.nan_to_num(scaled, copy=False, nan=0.0)
        np.copyto(self._index, scaled, casting="unsafe")
        return self._index


def _coverage(alpha: NDArray[Any]) -> NDArray[np.uint16]:
    """Return alpha as 0 to 255."""
    if alpha.dtype == np.uint8:
        return alpha.astype(np.uint16)
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1.0
    return np.floor(np.clip(np.nan_to_num(alpha) / full, 0.0, 1.0) * 255 + 0.5).astype(np.uint16)


def _true_color(values: NDArray[Any], look: Look, out: Pixels) -> None:
    """Write RGB(A) as it is, over black; types other than uint8 are brought to 8 bits by the window.

    Alpha is full at the highest value of a whole-number type, and at 1 of floats, whatever the window.
    """
    channels = values.shape[2]
    if values.dtype != np.uint8:
        bytes_ = np.floor(shares(np.nan_to_num(values), look.low, look.high) * 255 + 0.5).astype(np.uint8)
    else:
        bytes_ = values
    red, green, blue = (bytes_[..., n if channels > 2 else 0] for n in range(3))
    parts = out.view(np.uint8).reshape(*out.shape, 4)  # memory order blue, green, red, alpha (little endian)
    if channels == 4:
        alpha = _coverage(values[..., 3])
        red, green, blue = ((c * alpha + 127) // 255 for c in (red, green, blue))
    parts[..., 0], parts[..., 1], parts[..., 2], parts[..., 3] = blue, green, red, 255
    if look.invert:
        out ^= np.uint32(0x00FFFFFF)
