"""Cases of the operations that measure objects."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "features.objects": Case(
        values={"texture": True},
        variants=(
            {"rows": "objects", "smallest": 3, "names": "first", "texture": True, "levels": 8, "distance": 2},
            {"rows": "objects", "connectivity": "corners", "shape": False, "percentiles": "10,90"},
            {"intensity": False, "resample": True},
            {"colocalisation": True, "shape": False, "intensity": False},
            {"colocalisation": True, "threshold": "value", "above": 20.0},
        ),
        slow={"rows": "objects", "connectivity": "corners", "texture": True},
    ),
    "features.overlap": Case(variants=({"resample": True},)),
}
