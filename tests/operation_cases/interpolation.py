"""Cases of the operations that fill between slices."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "masks.interpolate": Case(
        pixels="uint8",
        colour="refused",
        slab=0,
        variants=(
            {"along": "y"},
            {"along": "x", "method": "morphology"},
            {"method": "morphology", "follow": True},
            {"follow": True},
        ),
    ),
}
