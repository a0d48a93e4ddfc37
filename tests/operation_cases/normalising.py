"""Cases of what makes images comparable."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "normalise.zscore": Case(pixels="float32", slow={}, slab=0),
    "normalise.percentiles": Case(
        pixels="float32", slow={}, variants=({"lower": 12.5, "upper": 80.1, "clip": False},), slab=0
    ),
    "normalise.standard_histogram": Case(
        pixels="float32", colour="refused", slow={}, variants=({"lower": 0.0, "upper": 100.0, "intervals": 7},), slab=0
    ),
    "normalise.match_histogram": Case(pixels="float32", slow={}, slab=0),
    "normalise.n4": Case(
        {"levels": 2, "iterations": 3, "shrink": 2},
        pixels="float32",
        colour="refused",
        slow={},
        variants=({"levels": 1, "iterations": 5, "shrink": 1, "result": "field"},),
        slab=0,
    ),
}
