"""Cases of stating where an image lies."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.set_spacing": Case(
        {"spacing_x": 0.3, "spacing_z": 4.0}, variants=({"spacing_y": 2.0, "fixed": "middle"},)
    ),
    "geometry.set_origin": Case({"origin_x": 10.0, "origin_y": -7.5}, variants=({"fixed": "middle"},)),
    "geometry.set_direction": Case(
        {"axes": "RAS"},
        variants=({"axes": "RAS", "fixed": "first"}, {"axes": "0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1"}),
    ),
}
