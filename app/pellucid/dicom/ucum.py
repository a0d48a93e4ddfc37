"""Units of values as the Unified Code for Units of Measure writes them, and as people do (PS3.16 CID 84, 85, 7181)."""

from __future__ import annotations

CODES = {
    "HU": ("[hnsf'U]", "Hounsfield unit"), "": ("1", "no units"), "%": ("%", "Percent"),
    "Bq/ml": ("Bq/ml", "Becquerels/milliliter"), "g/ml": ("g/ml", "gram/milliliter"),
    "cm²/ml": ("cm2/ml", "Centimeter**2/milliliter"),
    "SUV": ("g/ml{SUVbw}", "Standardized Uptake Value body weight"), "Gy": ("Gy", "Gy"),
    "mg/ml": ("mg/ml", "mg/ml"), "mm": ("mm", "mm"), "s": ("s", "second"),
    "ms": ("ms", "millisecond"), "mm²/s": ("mm2/s", "mm2/s"),
    "µm²/s": ("um2/s", "um2/s"), "counts": ("{counts}", "Counts"),
    "counts/s": ("{counts}/s", "Counts per second"),
}  # fmt: skip
"""Code and meaning by unit."""
_UNITS = {code: unit for unit, (code, _meaning) in CODES.items()} | {
    "hnsf'U": "HU", "{SUVbw}g/ml": "SUV", "10-6.mm2/s": "µm²/s", "{counts}/sec": "counts/s",
}  # fmt: skip


def unit_of(code: str) -> str:
    """Return the unit that a code stands for; one that is not known is its own name."""
    return _UNITS.get(code, code)
