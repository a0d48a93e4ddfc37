"""Cases of the filters that take noise away and keep edges."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "denoising.gradient_diffusion": Case({"iterations": 4}, slow={"iterations": 20}, variants=({"iterations": 1},)),
    "denoising.curvature_diffusion": Case({"iterations": 4}, slow={"iterations": 20}),
    "denoising.curvature_flow": Case({"iterations": 4}, slow={"iterations": 20}),
    "denoising.bilateral": Case(
        {"sigma": 1.0, "contrast": 800.0}, slow={"sigma": 2.0}, variants=({"sigma": 0.1}, {"sigma": 2.5})
    ),
    "denoising.non_local_means": Case(
        {"patch": 1, "distance": 2, "strength": 1.5},
        slow={"distance": 8},
        variants=(
            {"patch": 1, "distance": 2, "span": "volume", "sd": 300.0},
            {"patch": 2, "distance": 2, "strength": 0.5},
        ),
    ),
    "denoising.total_variation": Case(
        {"weight": 300.0, "iterations": 6},
        slow={"iterations": 100},
        variants=({"weight": 300.0, "iterations": 4, "span": "volume"}, {"iterations": 1}),
    ),
    "denoising.wiener": Case(slow={"radius": 9}, variants=({"sd": 600.0, "radius": 1},)),
}
