"""Which type of voxel holds the values of a volume, before and after the pixels were seen."""

from __future__ import annotations

from collections.abc import Iterable

from pellucid.dicom.records import PixelLayout

_INTEGERS = (("uint8", 0, 2**8 - 1), ("int16", -(2**15), 2**15 - 1), ("uint16", 0, 2**16 - 1),
             ("int32", -(2**31), 2**31 - 1), ("uint32", 0, 2**32 - 1))  # fmt: skip


def component_count(layout: PixelLayout) -> int:
    """Return how many values a decoded pixel has."""
    if layout.photometric == "PALETTE COLOR":
        return 3
    return 3 if layout.samples == 3 else layout.samples


def stored_range(layout: PixelLayout) -> tuple[int, int]:
    """Return the lowest and highest stored value the header allows."""
    if layout.signed:
        return -(1 << (layout.stored - 1)), (1 << (layout.stored - 1)) - 1
    return 0, (1 << layout.stored) - 1


def smallest_integer(low: float, high: float) -> str:
    """Return the smallest type that holds a range of whole numbers; float64 when none does."""
    for name, least, most in _INTEGERS:
        if least <= low and high <= most:
            return name
    return "float64"


def expected_type(frames: Iterable[tuple[PixelLayout, float, float]]) -> str:
    """Return the type to try first for frames of (layout, slope, intercept).

    Whole numbers that the header would allow to leave 16 bits are tried as int16, because scanners state 16
    bits stored and use 13: reading looks at the values and takes int32 when it must.
    """
    low, high = float("inf"), float("-inf")
    seen: set[tuple[int, bool, int, float, float]] = set()
    for layout, slope, intercept in frames:
        key = (layout.stored, layout.signed, layout.floating, slope, intercept)
        if key in seen:
            continue
        seen.add(key)
        if layout.floating:
            return "float64" if layout.floating == 8 else "float32"
        if layout.is_colour:
            return "uint16" if layout.stored > 8 and layout.photometric != "PALETTE COLOR" else "uint8"
        if not float(slope).is_integer() or not float(intercept).is_integer():
            return "float32"
        ends = [value * slope + intercept for value in stored_range(layout)]
        low, high = min(low, *ends), max(high, *ends)
    name = smallest_integer(low, high)
    most_bits = max(stored for stored, *_ in seen) if seen else 16
    return "int16" if name in ("int32", "uint32") and most_bits <= 16 else name
