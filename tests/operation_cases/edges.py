"""Cases of the edge filters."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "edges.gradient_magnitude": Case({"sigma": 1.2}, pixels="float32", slow={"sigma": 8.0}),
    "edges.sobel_magnitude": Case(pixels="float32", slow={}),
}
