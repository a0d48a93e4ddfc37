"""Cases of cropping and padding."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.crop": Case({"box": (1, 2, 0, 5, 4, 1)}),
}
