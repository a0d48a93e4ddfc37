"""Cases of the active contours; the seed is the voxel in which the grids of the tests begin."""

from __future__ import annotations

from operation_cases.case import Case

_SEED = "-31.25 12.5 1001.5"

CASES = {
    "contours.chan_vese": Case(
        values={"seeds": _SEED, "radius": 4.0, "iterations": 8},
        pixels="uint8",
        components=1,
        variants=({"begin": "grid", "radius": 2.0, "iterations": 5, "outer": 2.0},),
        slow={"begin": "grid", "radius": 3.0, "iterations": 20},
    ),
    "contours.geodesic": Case(
        values={"seeds": _SEED, "radius": 4.0, "iterations": 8},
        pixels="uint8",
        colour="refused",
        variants=({"seeds": _SEED, "radius": 3.0, "iterations": 6, "edge": 900.0, "attraction": 0.0, "sigma": 0.0},),
        slow={"seeds": _SEED, "radius": 60.0, "iterations": 20},
    ),
    "contours.threshold": Case(
        values={"seeds": _SEED, "radius": 4.0, "iterations": 8, "lower": 100.0, "upper": 2500.0},
        pixels="uint8",
        colour="refused",
        variants=({"seeds": _SEED, "iterations": 6, "lower": 0.0, "upper": 900.0, "transition": 40.0},),
        slow={"seeds": _SEED, "radius": 60.0, "iterations": 20, "lower": 0.0, "upper": 2500.0},
    ),
}
