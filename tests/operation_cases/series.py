"""Cases of aligning sections."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "registration.align_slices": Case(
        values={"background": -7.0},
        slow={"motion": "affine", "reference": "mean"},
        variants=(
            {"motion": "translation", "reference": "mean", "interpolation": "linear"},
            {"motion": "affine", "reference": "first", "match": "edges", "interpolation": "nearest"},
            {"motion": "rigid", "reference": "chosen", "section": 3, "turn": 0.0, "background": 5.0},
            {"motion": "translation", "reference": "middle"},
        ),
    ),
}
