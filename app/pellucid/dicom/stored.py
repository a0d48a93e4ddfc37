"""From bytes to stored values to modality values: plain arithmetic, shared by the fast path and the worker.

Source: PS3.5 section 8 (pixel cells: allocated, stored, high bit, sign), PS3.3 C.11.1 (modality).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.records import PixelLayout

Array = NDArray[Any]


def cell_type(layout: PixelLayout) -> np.dtype[Any]:
    """Return the unsigned little-endian type of a pixel cell as it is stored."""
    return np.dtype(f"<u{layout.allocated // 8}")


def corrected(raw: Array, layout: PixelLayout) -> Array:
    """Turn cells into stored values in place: shift down, mask unused bits, extend the sign (H12)."""
    shift = layout.high_bit + 1 - layout.stored
    if shift:
        np.right_shift(raw, shift, out=raw)
    if layout.stored < layout.allocated:
        np.bitwise_and(raw, (1 << layout.stored) - 1, out=raw)
        if layout.signed:
            sign = 1 << (layout.stored - 1)
            np.bitwise_xor(raw, sign, out=raw)
            np.subtract(raw, sign, out=raw)  # wraps below zero, which is the two's complement
    return raw.view(raw.dtype.str.replace("u", "i")) if layout.signed else raw


def to_values(stored: Array, out: Array, slope: float, intercept: float) -> tuple[float, float]:
    """Write slope·stored + intercept into ``out``; return the true lowest and highest value.

    Whole numbers are computed in the type of ``out``, wrapping around: when the true values fit, the result
    is exact; when they do not, the returned range says so and a wider type must be taken.
    """
    low, high = _ends(stored, slope, intercept)
    if out.dtype.kind == "f":
        if slope == 1.0 and intercept == 0.0:
            out[...] = stored
        else:
            values = stored * np.float64(slope)
            values += intercept
            out[...] = values
        return low, high
    if not _same_memory(stored, out):
        np.copyto(out, stored, casting="unsafe")
    if slope != 1.0:
        np.multiply(out, _wrapped(slope, out.dtype), out=out)
    if intercept != 0.0:
        np.add(out, _wrapped(intercept, out.dtype), out=out)
    return low, high


def _same_memory(a: Array, b: Array) -> bool:
    return bool(a.itemsize == b.itemsize and a.__array_interface__["data"] == b.__array_interface__["data"])


def _ends(stored: Array, slope: float, intercept: float) -> tuple[float, float]:
    least, most = stored.min(), stored.max()
    if stored.dtype.kind == "f":
        if not (np.isfinite(least) and np.isfinite(most)):
            finite = stored[np.isfinite(stored)]
            least, most = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        ends = float(least) * slope + intercept, float(most) * slope + intercept
    else:
        ends = int(least) * slope + intercept, int(most) * slope + intercept
    return min(ends), max(ends)


def _wrapped(number: float, dtype: np.dtype[Any]) -> Any:
    """Return a whole number modulo the range of an integer type."""
    bits = dtype.itemsize * 8
    wrapped = int(number) % (1 << bits)
    if dtype.kind == "i" and wrapped >= 1 << (bits - 1):
        wrapped -= 1 << bits
    return dtype.type(wrapped)
