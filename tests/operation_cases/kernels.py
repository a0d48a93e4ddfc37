"""Cases of the user kernels."""

from __future__ import annotations

from operation_cases.case import Case

_SLANTED = "1 2 0; -3 5 4; 2 -1 7 / 3"
_SMALL_VOLUME = "0 0 0; 0 1 0; 0 0 0 | 0 1 0; 1 -6 2; 0 1 0 | 0 0 0; 0 1 0; 0 0 0"
_LARGE = "; ".join(" ".join(str((3 * r + c * c) % 7 - 2) for c in range(7)) for r in range(5))
_LARGE_VOLUME = " | ".join([_LARGE] * 3)
_HUGE_VOLUME = " | ".join(["; ".join(["1 2 3 4 5 4 3 2 1"] * 9)] * 9)

CASES = {
    "kernels.apply": Case(
        {"kernel": _SLANTED},
        pixels="float32",
        slow={"kernel": _HUGE_VOLUME, "method": "direct"},
        variants=(
            {"kernel": _SLANTED, "way": "convolution", "normalise": "sum", "result": "same"},
            {"kernel": _SLANTED, "normalise": "absolute", "offset": 100.0, "boundary": "reflect"},
            {"kernel": _SMALL_VOLUME, "boundary": "mirror", "method": "direct"},
            {"kernel": _SMALL_VOLUME, "boundary": "constant", "constant": -50.0, "way": "convolution"},
            {"kernel": _LARGE_VOLUME, "boundary": "wrap"},
            {"kernel": f"{_LARGE} / 97", "result": "same", "method": "fft"},
        ),
    ),
}
