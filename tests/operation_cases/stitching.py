"""Cases of stitching."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.stitch": Case(
        slow={"overlap": 40.0, "reach": 20.0, "subvoxel": True},
        variants=(
            {"layout": "columns", "per_row": 2, "blend": "first", "overlap": 30.0},
            {"layout": "snake", "per_row": 1, "blend": "maximum", "overlap": 40.0, "background": -7.0},
            {"layout": "places", "subvoxel": True},
        ),
    ),
}
