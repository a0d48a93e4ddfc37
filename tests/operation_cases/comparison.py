"""Cases of the operations that compare masks."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "compare.masks": Case(colour="refused", slow={}),
    "compare.raters": Case(colour="refused", slow={}),
    "compare.staple": Case(pixels="uint8", colour="refused", slow={}, slab=0, variants=({"threshold": 90.0},)),
    "compare.vote": Case(
        pixels="uint8", colour="refused", slow={}, slab=0,
        variants=({"rule": "all"}, {"rule": "at_least", "count": 1}),
    ),
}  # fmt: skip
