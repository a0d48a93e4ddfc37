"""Cases of operations on colour."""

from __future__ import annotations

from operation_cases.case import Case

_COMPUTED = ("hue", "saturation", "value", "lightness", "a", "b", "luma")
_MAPS = ("magma", "inferno", "cividis", "turbo", "cool-warm")
CASES = {
    "colour.channel": Case(
        components=1,
        colour="needed",
        slab=0,
        slow={"channel": "lightness"},
        variants=(
            {"channel": "blue"},
            {"channel": "numbered", "number": 2},
            *({"channel": channel} for channel in _COMPUTED),
        ),
    ),
    "colour.merge": Case(components=3, colour="refused", slab=0, variants=({"resample": True},)),
    "colour.grey": Case(
        components=1,
        colour="needed",
        slab=0,
        variants=(
            {"weights": "rec601"},
            {"weights": "mean"},
            {"weights": "own", "red_weight": 10.0, "green_weight": 0.0},
        ),
    ),
    "colour.hsv": Case(
        pixels="float32", colour="needed", slab=0, slow={}, variants=({"direction": "to_rgb"},)
    ),
    "colour.lab": Case(
        pixels="float32", colour="needed", slab=0, slow={}, variants=({"direction": "to_rgb"},)
    ),
    "colour.pseudo": Case(
        pixels="uint8",
        components=3,
        colour="refused",
        slab=0,
        variants=(
            {"span": "own", "lower": -100.5, "upper": 900.0},
            *({"map": name} for name in _MAPS),
        ),
    ),
    "colour.by_range": Case(
        {"hue_to": 200.0, "saturation_from": 0.0},
        pixels="uint8",
        components=1,
        colour="needed",
        slab=0,
        slow={},
        variants=({"hue_from": 300.0, "hue_to": 40.0, "saturation_from": 1.0, "value_to": 8.0},),
    ),
    "colour.by_rgb": Case(
        {"red_to": 800.0, "green_to": 2000.0, "blue_from": -500.0, "blue_to": 3000.0},
        pixels="uint8",
        components=1,
        colour="needed",
        slab=0,
    ),
}
