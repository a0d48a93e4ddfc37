"""Cases of the filters and finders of features."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "features.vesselness": Case(
        {"smallest": 1.0, "largest": 2.0, "steps": 2},
        pixels="float32",
        slow={"smallest": 2.0, "largest": 8.0, "steps": 4},
        variants=(
            {"smallest": 1.2, "largest": 1.2, "steps": 3, "polarity": "dark", "contrast": 20.0},
            {"smallest": 1.0, "largest": 1.8, "steps": 3, "measure": "sato"},
        ),
    ),
    "features.local_sd": Case(
        {"half": 2},
        pixels="float32",
        slow={"shape": "ball", "radius": 8.0},
        variants=({"shape": "ball", "radius": 2.6}, {"half": 1}),
    ),
    "features.entropy": Case(
        {"half": 1, "levels": 16},
        pixels="float32",
        slow={"half": 5, "levels": 256},
        variants=({"shape": "ball", "radius": 2.6, "levels": 7},),
    ),
    "features.corners": Case(
        {"sigma": 1.0},
        colour="refused",
        slow={"sigma": 6.0, "dimension": "volume"},
        variants=(
            {"sigma": 1.2, "measure": "harris", "threshold": 1.0, "distance": 3.0, "count": 7},
            {"sigma": 1.0, "dimension": "volume", "threshold": 1.0, "distance": 2.0},
            {"sigma": 1.0, "measure": "harris", "dimension": "volume", "threshold": 0.0},
        ),
    ),
    "features.blobs": Case(
        {"smallest": 1.0, "largest": 2.5, "steps": 3},
        colour="refused",
        slow={"smallest": 4.0, "largest": 9.0, "steps": 5},
        variants=(
            {"smallest": 1.0, "largest": 2.0, "steps": 3, "polarity": "dark", "threshold": 0.0, "overlap": 10.0},
            {"smallest": 1.5, "largest": 3.0, "steps": 4, "method": "dog", "dimension": "slices", "count": 9},
        ),
    ),
}
