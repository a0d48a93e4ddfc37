"""Cases of projections."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.project": Case(
        variants=tuple(
            {"axis": axis, "method": method, "first": 1, "count": count}
            for axis, method, count in (
                ("x", "minimum", 0), ("y", "mean", 5), ("z", "sum", 4), ("x", "deviation", 3), ("z", "deviation", 0),
                ("y", "maximum", 1),
            )
        ),
    ),
}  # fmt: skip
