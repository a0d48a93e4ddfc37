"""Cases of the equalisations."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "intensity.equalize": Case(slow={}, slab=0),
    "intensity.clahe": Case(
        {"tile": 4.0}, slow={}, variants=({}, {"limit": 1.0, "bins": 64}, {"tile": 1000.0, "limit": 1e6}), slab=0
    ),
}
