"""Diffusion weighting: the b-value of a frame and the direction of its gradient, in the axes of the patient.

Source: PS3.3 C.8.13.5.9 (MR diffusion); the private elements of Siemens, Philips and GE as dcm2niix reads them. What a
maker states in axes of its own is only taken where their meaning is known. Runs inside a worker.
"""

from __future__ import annotations

import math
import re

from pellucid.dicom.mosaic import IMAGE_CSA, csa_values
from pellucid.dicom.records import Dimension, Numbers
from pellucid.dicom.values import Values

B_VALUE, DIRECTION, ISOTROPY = 0x00189087, 0x00189089, 0x00189075
GE_B, SIEMENS_B, PHILIPS_B = 0x00431039, 0x0019100C, 0x20011003
_GE_VECTOR, _SIEMENS_VECTOR, _PHILIPS_VECTOR = (
    (0x001910BB, 0x001910BC, 0x001910BD), 0x0019100E, (0x200510B0, 0x200510B1, 0x200510B2),
)  # fmt: skip
_MAKER, _PHASE_AXIS, _LIES, _ORIENTATION = 0x00080070, 0x00181312, 0x00185100, 0x00200037
TAGS = frozenset({B_VALUE, DIRECTION, ISOTROPY, GE_B, SIEMENS_B, PHILIPS_B, *_GE_VECTOR, _SIEMENS_VECTOR,
                  *_PHILIPS_VECTOR, _MAKER, _PHASE_AXIS, _LIES, _ORIENTATION})  # fmt: skip
_UNIT = 0.05
"""How far from 1 the length of a direction may be."""


def weighting(values: Values) -> dict[str, Dimension]:
    """Return ``b`` (s/mm²) and ``direction`` (LPS, of length 1) as far as a data set states them at its top level."""
    b, direction = values.double(B_VALUE), direction_of(values)
    if b is None:
        b, direction = _of_ge(values) or _of_siemens(values) or _of_philips(values) or (None, direction)
    found: dict[str, Dimension | None] = {"b": b, "direction": direction if b is not None else None}
    return {name: value for name, value in found.items() if value is not None}


def direction_of(values: Values) -> Numbers | None:
    """Return the direction that the element of the standard states, None where that is none."""
    return _unit(values.binary(DIRECTION, "d"))


def _of_ge(values: Values) -> tuple[float, Numbers | None] | None:
    """Return b-value and direction as GE states them: of several b-values, by the length of the direction.

    1e9 added to a b-value marks several directions. A direction shorter than 1 means a smaller b-value:
    b·length², which GE rounds to fives.
    """
    digits = re.findall(r"-?\d+", values.code(GE_B))
    if not digits:
        return None
    b, stated = float(int(digits[0]) % 100_000), _numbers(values, _GE_VECTOR)
    length = math.hypot(*stated)
    if 0.03 < length < 0.97:
        b = 5.0 * math.floor(b * length * length / 5.0 + 0.5)
        stated = [number / length for number in stated]
    return b, _from_encoding_axes(values, _unit(stated))


def _from_encoding_axes(values: Values, stated: Numbers | None) -> Numbers | None:
    """Return a direction along frequency, phase and slice of GE in the axes of the patient, None where not sure.

    Confirmed by others for axial slices of somebody lying head first and supine, phase along the columns.
    """
    rows = values.numbers(_ORIENTATION)
    known = values.code(_PHASE_AXIS) == "COL" and values.code(_LIES) in ("", "HFS")
    if stated is None or len(rows) != 6 or not known or not _is_ge(values):
        return None
    right, down = rows[:3], rows[3:]
    normal = [right[1] * down[2] - right[2] * down[1], right[2] * down[0] - right[0] * down[2],
              right[0] * down[1] - right[1] * down[0]]  # fmt: skip
    if max(map(abs, normal)) > abs(normal[2]):
        return None
    x, y, z = stated
    return _unit([x * r + y * d - z * n for r, d, n in zip(right, down, normal, strict=True)])


def _is_ge(values: Values) -> bool:
    return values.code(_MAKER).upper().startswith("GE")


def _of_siemens(values: Values) -> tuple[float, Numbers | None] | None:
    """Return b-value and direction as Siemens states them, in elements of their own or in the CSA header."""
    if SIEMENS_B in values:
        b = values.number(SIEMENS_B)
        return None if b is None else (b, _unit(values.binary(_SIEMENS_VECTOR, "d")))
    csa = csa_values(values.raw(IMAGE_CSA), ("B_value", "DiffusionGradientDirection"))
    try:
        stated = [float(csa["B_value"][0]), *map(float, csa.get("DiffusionGradientDirection", ())[:3])]
    except (KeyError, IndexError, ValueError):
        return None
    return (stated[0], _unit(stated[1:])) if math.isfinite(stated[0]) else None


def _of_philips(values: Values) -> tuple[float, Numbers | None] | None:
    stated = values.binary(PHILIPS_B, "f")
    if not stated or not math.isfinite(stated[0]):
        return None
    return float(stated[0]), _unit([number for tag in _PHILIPS_VECTOR for number in values.binary(tag, "f")[:1]])


def _numbers(values: Values, tags: tuple[int, ...]) -> list[float]:
    found = [values.number(tag) for tag in tags]
    return [number for number in found if number is not None] if None not in found else []


def _unit(numbers: list[float]) -> Numbers | None:
    """Return a direction with the length 1, None where it is none: no three numbers, or too long or too short."""
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        return None
    length = math.hypot(*numbers)
    return tuple(round(number / length, 6) + 0.0 for number in numbers) if abs(length - 1.0) <= _UNIT else None
