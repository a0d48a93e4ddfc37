"""Cases of cropping and padding."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.crop": Case({"box": (1, 2, 0, 5, 4, 1)}),
    "geometry.crop_to_mask": Case({"margin": 0.0}, variants=({},)),
    "geometry.crop_foreground": Case(
        {"method": "above", "threshold": 20.0, "margin": 0.0},
        variants=tuple(
            {"method": method, "one_piece": one, "margin": 1.5, "threshold": 1500.0}
            for method in ("otsu", "above", "border") for one in (True, False)
        ),
        nan="refused",
    ),
    "geometry.black_out": Case({"box": (1, 2, 0, 5, 4, 1), "value": -3.6}),
    "geometry.pad": Case(
        {"before_x": 3, "after_z": 2, "constant": 7.6},
        variants=({"mode": "mirror", "before_y": 40, "before_z": 2}, {"mode": "edge", "after_x": 5, "after_z": 1}),
    ),
}  # fmt: skip
