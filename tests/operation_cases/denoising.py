"""Cases of the filters that take noise away and keep edges."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "denoising.gradient_diffusion": Case({"iterations": 4}, slow={"iterations": 20}, variants=({"iterations": 1},)),
    "denoising.curvature_diffusion": Case({"iterations": 4}, slow={"iterations": 20}),
    "denoising.curvature_flow": Case({"iterations": 4}, slow={"iterations": 20}),
}
