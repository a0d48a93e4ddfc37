"""The colours that DICOM objects recommend for display, as sRGB.

Source: PS3.3 C.10.7.1.1 (encoding of CIELab values), CIE 15 and IEC 61966-2-1 (sRGB). The standard names no white
point beyond the ICC connection space (D50), but dcmtk, dcmqi and highdicom all count from that of sRGB (D65): with it,
and only with it, the colours they wrote come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WHITE = np.array((0.950456, 1.0, 1.088754))
_TO_LINEAR = np.array(
    ((3.2404542, -1.5371385, -0.4985314), (-0.9692660, 1.8760108, 0.0415560), (0.0556434, -0.2040259, 1.0572252))
)
_LARGEST = 65535


def srgb_of_lab(encoded: Sequence[int]) -> str | None:
    """Return ``#RRGGBB`` of an encoded CIELab value; None where there are not three numbers."""
    if len(encoded) != 3:
        return None
    lightness = encoded[0] * 100 / _LARGEST
    a, b = (value * 255 / _LARGEST - 128 for value in encoded[1:])
    y = (lightness + 16) / 116
    cubes = np.array((y + a / 500, y, y - b / 200))
    xyz = _WHITE * np.where(cubes > 6 / 29, cubes**3, (cubes - 4 / 29) * 3 * (6 / 29) ** 2)
    light = np.clip(_TO_LINEAR @ xyz, 0, 1)
    shown = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return hex_of(np.rint(shown * 255).astype(int).tolist())


def hex_of(channels: Sequence[int | float]) -> str | None:
    """Return ``#RRGGBB`` of red, green and blue from 0 to 255; None where there are not three of them."""
    if len(channels) != 3 or not all(0 <= channel <= 255 for channel in channels):
        return None
    r, g, b = (int(channel) for channel in channels)
    return f"#{r:02X}{g:02X}{b:02X}"
