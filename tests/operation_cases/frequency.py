"""Cases of the spectrum and the filters of frequencies."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "frequency.spectrum": Case(
        {"window": "hann"},
        pixels="float32",
        slow={"extent": "volume"},
        variants=({"scale": "magnitude", "extent": "volume"},),
        slab=1e-4,
        nan="refused",
    ),
    "frequency.low_pass": Case(
        {"period": 4.0},
        slow={"extent": "volume"},
        variants=({"shape": "butterworth", "order": 3, "extent": "volume"}, {"shape": "ideal"}),
        nan="refused",
    ),
    "frequency.high_pass": Case(
        pixels="float32",
        slow={"extent": "volume"},
        variants=(
            {"shape": "butterworth", "order": 3, "extent": "volume"},
            {"shape": "ideal", "keep_mean": True, "period": 9.0},
        ),
        nan="refused",
    ),
    "frequency.band_pass": Case(
        pixels="float32",
        slow={"extent": "volume"},
        variants=(
            {"shape": "butterworth", "keep_mean": True, "extent": "volume", "shortest": 1.5},
            {"shape": "ideal", "longest": 11.0},
        ),
        nan="refused",
    ),
    "frequency.notch": Case(
        {"find": "given", "period": 3.0, "angle": 30.0},
        slow={"find": "given"},
        variants=({"find": "automatic", "count": 3}, {"find": "given", "width": 40.0}),
        nan="refused",
    ),
}
