"""Cases of the smoothing filters."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "smoothing.gaussian": Case({"sigma": 1.2}, slow={"sigma": 8.0}),
    "smoothing.mean": Case(slow={"radius": 20}, variants=({"radius": 3},)),
    "smoothing.median": Case(slow={"radius": 3}, variants=({"radius": 2},), slab=0),
}
