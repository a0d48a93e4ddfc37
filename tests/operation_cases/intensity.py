"""Cases of the operations on values."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "intensity.rescale": Case(pixels="float32"),
    "intensity.invert": Case(slab=0),
    "intensity.clamp": Case({"lower": 10.0, "upper": 100.0}, slab=0),
    "intensity.equalize": Case(slow={}, slab=0),
}
