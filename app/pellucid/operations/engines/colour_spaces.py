"""Colours as numbers: shares of white, hue and saturation, CIE L*a*b*, and a weighted grey.

SimpleITK and NumPy only, nothing else of Pellucid, so that scripts can carry the functions along. Colours are arrays
(..., 3); white is the largest number of a whole-number type (255, 65535) and 1 in floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.operations.plain import floating, stored

_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_RGB = np.linalg.inv(_XYZ)
_WHITE = (0.95047, 1.0, 1.08883)
"""Linear sRGB to CIE XYZ, back, and the white of daylight D65 for the 2° observer (IEC 61966-2-1, CIE 15)."""


def share_of_white(array: Any) -> Any:
    """Return colours as 32-bit floats in which white is 1."""
    values = floating(array)
    if array.dtype.kind in "iu":
        values /= np.iinfo(array.dtype).max
    return values.astype(np.float32, copy=False)


def from_share(values: Any, dtype: Any) -> Any:
    """Return shares of white in a pixel type; whole-number types are rounded and clipped."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    return stored(values.astype(np.float64) * np.iinfo(dtype).max, dtype)


def channels_of(array: Any) -> list[Any]:
    """Return the first three channels as arrays of their own."""
    return [np.ascontiguousarray(array[..., c]) for c in range(3)]


def hsv_from_rgb(rgb: Any) -> Any:
    """Return hue (0 to 360 degrees), saturation and value (0 to 100 %) of colours whose white is 1."""
    red, green, blue = channels_of(rgb)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.maximum(np.maximum(red, green), blue)
        chroma = value - np.minimum(np.minimum(red, green), blue)
        is_red, is_green = value == red, value == green
        difference = np.where(is_red, green - blue, np.where(is_green, blue - red, red - green))
        start = np.where(is_red, np.float32(0), np.where(is_green, np.float32(120), np.float32(240)))
        hue = np.where(chroma == 0, 0, start + 60 * difference / chroma)
        hue = np.where(hue < 0, hue + 360, hue)
        saturation = np.where(value == 0, 0, 100 * chroma / value)
    return np.stack([hue, saturation, 100 * value], axis=-1)


def rgb_from_hsv(hsv: Any) -> Any:
    """Return colours whose white is 1 of hue (degrees, any turn), saturation and value (%, limited to 0 to 100)."""
    hue, saturation, value = channels_of(hsv)
    value = np.clip(value / 100, 0, 1)
    depth = value * np.clip(saturation / 100, 0, 1)
    with np.errstate(invalid="ignore"):
        turns = [(n + hue / 60) % 6 for n in (5, 3, 1)]
    return np.stack([value - depth * np.clip(np.minimum(turn, 4 - turn), 0, 1) for turn in turns], axis=-1)


def lab_from_rgb(rgb: Any) -> Any:
    """Return CIE L*a*b* (D65, 2° observer) of sRGB colours whose white is 1: L* 0 to 100, a* and b* about ±100."""
    with np.errstate(invalid="ignore"):
        linear = [
            np.where(one > 0.04045, ((one + 0.055) / 1.055) ** 2.4, one / 12.92) for one in channels_of(rgb)
        ]
    roots = []
    for row, white in zip(_XYZ, _WHITE, strict=True):
        share = sum(weight / white * one for weight, one in zip(row, linear, strict=True))
        roots.append(np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116))
    x, y, z = roots
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_from_lab(lab: Any) -> Any:
    """Return sRGB colours whose white is 1 of CIE L*a*b* (D65, 2° observer); what sRGB cannot show is clipped."""
    lightness, a, b = channels_of(lab)
    y = (lightness + 16) / 116
    roots = (y + a / 500, y, np.maximum(y - b / 200, 0))
    xyz = [
        white * np.where(root > 0.2068966, root**3, (root - 16 / 116) / 7.787)
        for root, white in zip(roots, _WHITE, strict=True)
    ]
    shares = []
    for row in _RGB:
        linear = sum(float(weight) * one for weight, one in zip(row, xyz, strict=True))
        with np.errstate(invalid="ignore"):
            share = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
        shares.append(np.clip(share, 0, 1))
    return np.stack(shares, axis=-1)


def weighted_grey(array: Any, red: float, green: float, blue: float) -> Any:
    """Return the weighted mean of red, green and blue as floats; the weights need not add up to 1."""
    total = red + green + blue
    first, second, third = (floating(one) for one in channels_of(array))
    return first * (red / total) + second * (green / total) + third * (blue / total)


def in_grey(array: Any, red: float, green: float, blue: float) -> Any:
    """Return the weighted mean of red, green and blue in the pixel type of the colours."""
    return stored(weighted_grey(array, red, green, blue), array.dtype)


def luma(rgb: Any) -> Any:
    """Return the luma of Rec. 709 (0 to 100 %) of colours whose white is 1."""
    return 100 * weighted_grey(rgb, 0.2126, 0.7152, 0.0722)
