"""How values become whole numbers of 16 bits: exactly where that can be, else as near as they come.

Value = stored × slope + intercept (PS3.3 C.11.1.1.2). Slopes and intercepts are decimal strings of 16 characters, so
exactness is judged by what these say, the way our reader computes: whole numbers stay whole, others are float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.writing.texts import decimal
from pellucid.model.rescale import Rescale

Array = NDArray[Any]
_SPAN = 65_535


@dataclass(frozen=True)
class Storing:
    """Slope and intercept of every slice of every frame, and the type of the stored numbers.

    ``error`` is the largest difference that comes of it, 0 when every value comes back as it was. ``holes`` counts
    the values that are no finite number and become padding.
    """

    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]
    dtype: str = "int16"
    error: float = 0.0
    holes: int = 0

    @property
    def is_plain(self) -> bool:
        """Return whether stored numbers are the values."""
        return set(self.slopes) == {1.0} and set(self.intercepts) == {0.0}

    @property
    def hole(self) -> int:
        """Return the number that stands for what is no finite value; no other value is stored as it."""
        return int(np.iinfo(self.dtype).min)

    def stored(self, values: Array, number: int) -> Array:
        """Return the numbers that are stored for the slice with this number."""
        slope, intercept = self.slopes[number], self.intercepts[number]
        if values.dtype.kind in "iu" and float(slope).is_integer() and float(intercept).is_integer():
            wide = values.astype(np.int64) if values.dtype != np.uint64 else values.astype(object)
            return np.asarray((wide - int(intercept)) // int(slope)).astype(self.dtype)
        raw = np.rint((values.astype(np.float64) - intercept) / slope)
        return np.asarray(np.where(np.isfinite(raw), raw, self.hole)).astype(self.dtype)

    def reread(self, stored: Array, number: int) -> Array:
        """Return what a reader makes of stored numbers."""
        slope, intercept = self.slopes[number], self.intercepts[number]
        if float(slope).is_integer() and float(intercept).is_integer():
            return stored.astype(np.float64) * slope + intercept
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)


def exact_storing(slices: Sequence[Array], known: Rescale | None = None, *, centred: bool = False) -> Storing | None:
    """Return a storing that keeps every value, None where 16 bits cannot.

    ``known`` is how the values came from the numbers of their file. ``centred`` asks for an intercept of 0, as PET
    does (PS3.3 C.8.9.4.1.4).
    """
    if known is not None and not known.type_name.startswith("float"):
        again = _known(slices, known, centred=centred)
        if again is not None:
            return again
    whole = _whole(slices)
    return None if whole is None else _of_whole(slices, *whole, centred=centred)


def near_storing(
    slices: Sequence[Array], *, per_slice: bool = False, centred: bool = False, dtype: str = "int16"
) -> Storing:
    """Return the storing in 16 bits that comes nearest, with the largest difference it makes.

    With ``per_slice`` every slice has a slope of its own, as in PET.
    """
    ends = [_ends(values) for values in slices]
    if not per_slice:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * len(slices)
    scales = [_scale(low, high, dtype, centred=centred) for low, high in ends]
    storing = Storing(tuple(slope for slope, _ in scales), tuple(intercept for _, intercept in scales), dtype)
    error, holes = 0.0, 0
    for number, values in enumerate(slices):
        finite = np.isfinite(values)
        holes += int(values.size - np.count_nonzero(finite))
        back = storing.reread(storing.stored(values, number), number)
        off = np.abs(back[finite].astype(np.float64) - values[finite].astype(np.float64))
        error = max(error, float(off.max(initial=0.0)))
    return replace(storing, error=error, holes=holes)


def unsigned(storing: Storing) -> Storing:
    """Return a storing of whole numbers in cells without sign."""
    if storing.dtype.startswith("u"):
        return storing
    starts = tuple(start - 32_768.0 * step for step, start in zip(storing.slopes, storing.intercepts, strict=True))
    return replace(storing, intercepts=starts, dtype="uint16")


def _known(slices: Sequence[Array], known: Rescale, *, centred: bool) -> Storing | None:
    """Return the storing of the source where it still holds every value."""
    if known.low < -32_768 or known.high > _SPAN or (known.low < 0 and known.high > 32_767):
        return None
    if len(known.slopes) > 1 and len(slices) % len(known.slopes):
        return None
    pairs = [known.at(number % len(known.slopes)) for number in range(len(slices))]
    if centred and any(intercept for _, intercept in pairs):
        return None
    slopes, intercepts = (tuple(float(decimal(pair[n])) for pair in pairs) for n in (0, 1))
    storing = Storing(slopes, intercepts, "int16" if known.low < 0 else "uint16")
    for number, values in enumerate(slices):
        raw = (values.astype(np.float64) - intercepts[number]) / slopes[number]
        if not np.isfinite(raw).all() or raw.min() < known.low - 0.5 or raw.max() > known.high + 0.5:
            return None
        if not np.array_equal(storing.reread(storing.stored(values, number), number), values):
            return None
    return storing


def _whole(slices: Sequence[Array]) -> tuple[int, int] | None:
    """Return the lowest and the highest value where all are whole numbers."""
    low: int | None = None
    high = 0
    for values in slices:
        if values.dtype.kind == "f" and not (np.isfinite(values).all() and np.all(values == np.rint(values))):
            return None
        least, most = int(values.min()), int(values.max())
        low, high = (least, most) if low is None else (min(low, least), max(high, most))
    return None if low is None else (low, high)


def _of_whole(slices: Sequence[Array], low: int, high: int, *, centred: bool) -> Storing | None:
    """Store whole numbers as they are, moved, or divided by what divides their differences."""
    count = len(slices)
    for dtype in ("int16", "uint16"):
        info = np.iinfo(dtype)
        if info.min <= low and high <= info.max:
            return Storing((1.0,) * count, (0.0,) * count, dtype)
    start = 0 if centred else low
    step = 1 if high - low <= _SPAN and not centred else _common_step(slices, start)
    if not step or len(str(abs(start))) > 15:
        return None
    for dtype in ("uint16", "int16"):
        info = np.iinfo(dtype)
        if info.min * step <= low - start and high - start <= info.max * step:
            return Storing((float(step),) * count, (float(start),) * count, dtype)
    return None


def _common_step(slices: Sequence[Array], start: int) -> int:
    """Return the greatest whole number that divides the distance of every value from ``start``."""
    found = 0
    for values in slices:
        distinct = np.unique(values)
        if len(distinct) > 2 * _SPAN:
            return 0
        found = reduce(gcd, (int(value) - start for value in distinct), found)
        if found == 1:
            break
    return found


def _ends(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _scale(low: float, high: float, dtype: str, *, centred: bool) -> tuple[float, float]:
    """Return slope and intercept that spread a range over all numbers of a type but its lowest."""
    info = np.iinfo(dtype)
    least, most = int(info.min) + 1, int(info.max)
    if centred:
        wide = max(abs(low), abs(high))
        return (_up(wide / most) if wide else 1.0), 0.0
    middle = float(decimal((low + high) / 2))
    wide = 2 * max(high - middle, middle - low)
    slope = _up(wide / (most - least)) if wide else 1.0
    return slope, float(decimal(middle - slope * (least + most) / 2))


def _up(slope: float) -> float:
    """Return a slope as a decimal string says it, not below: the largest value would not fit any more."""
    said = float(decimal(slope))
    return said if said >= slope else float(decimal(slope * (1 + 1e-9)))
