"""Cases of arithmetic between images."""

from __future__ import annotations

from operation_cases.case import Case

_OTHER_TYPES = ({"pixel_type": "float32"}, {"pixel_type": "same", "resample": True})
_STORED = Case(slab=0, variants=_OTHER_TYPES)
_FLOATING = Case(pixels="float32", slab=0, variants=_OTHER_TYPES)
CASES = {
    "arithmetic.add": _STORED,
    "arithmetic.subtract": _STORED,
    "arithmetic.multiply": _FLOATING,
    "arithmetic.divide": _FLOATING,
    "arithmetic.minimum": _STORED,
    "arithmetic.maximum": _STORED,
    "arithmetic.blend": Case({"weight": 30.0}, slab=0, variants=_OTHER_TYPES),
    "arithmetic.absolute_difference": _STORED,
    "arithmetic.mask": Case(
        slab=0,
        variants=(
            {"keep": "outside", "fill": "value", "value": -17.0},
            {"fill": "value", "value": 2.5, "resample": True},
        ),
    ),
    "arithmetic.expression": Case(
        {"formula": "a * 2 + where(a > 100, -a / 3, 7)"},
        pixels="float32",
        slab=0,
        slow={"formula": "sin(a) + cos(a) + exp(a / 1e4) + log(abs(a) + 1) + a ** 0.3"},
        variants=(
            {"formula": "(0 < a <= 500) & ~isnan(a) or a == -1"},
            {"formula": "min(a, 2 ** 5, 9) * (a > 3) + (-2) ** round(a / 100) - max(sqrt(abs(a)), 4) % 7 // 2"},
            {"formula": "clip(a, -1e2, 1e2) - floor(a / 8) * -(a < 0)", "resample": True},
        ),
    ),
}
