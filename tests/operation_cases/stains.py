"""Cases of the separation of stains."""

from __future__ import annotations

from operation_cases.case import Case

_OWN = {"stains": "own", "vectors": "0.6 0.7 0.3; 0.3, 0.6, 0.8"}
CASES = {
    "stains.separate": Case(
        pixels="float32",
        components=1,
        colour="needed",
        slab=0,
        slow={"stains": "estimated"},
        variants=(
            {"stain": "second", "stains": "HE"},
            {"stain": "third", **_OWN},
            {"stain": "all", "stains": "H-DAB"},
        ),
    ),
    "stains.show": Case(
        colour="needed",
        slab=0,
        slow={},
        variants=({"stain": "second", "keep": "without", **_OWN}, {"stains": "H-DAB"}),
    ),
}
