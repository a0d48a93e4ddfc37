"""Cases of the operations on values: straight lines and curves."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "intensity.rescale": Case(
        pixels="float32",
        variants=(
            {"maximum": 255.0, "pixel_type": "uint8"},
            {"minimum": -900.5, "maximum": 7.0, "pixel_type": "int16"},
        ),
    ),
    "intensity.invert": Case(slab=0),
    "intensity.clamp": Case({"lower": 10.0, "upper": 100.0}, slab=0),
    "intensity.linear": Case(
        {"slope": -1.5, "offset": 20.0},
        pixels="float32",
        slow={},
        variants=({"slope": 20.3, "pixel_type": "same"},),
        slab=0,
    ),
    "intensity.window": Case(
        {"level": 60.0, "width": 90.0},
        pixels="uint8",
        slow={"function": "sigmoid"},
        variants=(
            {"function": "linear", "width": 1.0, "level": 1000.0},
            {"function": "linear", "width": 90.0},
            {"function": "linear_exact", "level": 900.0, "width": 0.5, "minimum": 250.0, "maximum": 3.0},
            {"function": "sigmoid", "level": 900.0, "width": 1000.0},
            {"pixel_type": "float32", "level": 900.0, "width": 2001.0, "minimum": -7.0, "maximum": 300.0},
            {"function": "linear", "pixel_type": "float32", "width": 1.0},
        ),
        slab=0,
    ),
    "intensity.gamma": Case({"gamma": 0.45}, slow={"gamma": 2.2}, variants=({"gamma": 2.2},), slab=0),
    "intensity.sigmoid": Case(
        {"centre": 60.0, "width": 50.0},
        pixels="float32",
        slow={},
        variants=({"width": -700.0, "maximum": 255.0},),
        slab=0,
    ),
}
