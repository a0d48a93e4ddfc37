"""Cases of flipping, rotating, straightening and reorienting."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.flip": Case(
        {"flip_x": True, "flip_z": True},
        variants=({"mode": "restore"}, {"flip_x": False, "flip_y": True, "flip_z": True, "mode": "restore"}),
    ),
    "geometry.rotate": Case(
        {"angle": 25.0, "background": -50.0},
        slow={"angle": 25.0, "interpolation": "bspline"},
        variants=(
            {"axis": "x", "interpolation": "nearest", "grow": True},
            {"axis": "head", "interpolation": "bspline", "grow": True, "angle": -70.0},
            {"axis": "y"},
            {"axis": "left"},
            {"axis": "back"},
        ),
    ),
    "geometry.straighten": Case(
        {"background": -50.0},
        slow={"interpolation": "bspline"},
        variants=({"interpolation": "nearest", "grow": False}, {"interpolation": "bspline"}),
    ),
    "geometry.reorient": Case({"letters": "RAS"}, variants=({"letters": "SAR"}, {"letters": "PIR"})),
}
