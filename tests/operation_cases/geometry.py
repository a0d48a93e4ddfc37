"""Cases of the operations on grids."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.resample": Case(
        slow={"spacing_x": 0.4, "spacing_y": 0.4, "spacing_z": 1.0, "interpolation": "bspline"},
        variants=({"interpolation": "nearest"}, {"interpolation": "bspline"}),
    ),
    "geometry.crop": Case({"box": (1, 2, 0, 5, 4, 1)}),
}
