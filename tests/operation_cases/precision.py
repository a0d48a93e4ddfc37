"""Cases of what changes pixel type and number of grey levels."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "intensity.cast": Case(
        {"pixel_type": "int16"},
        pixels="int16",
        slow={"pixel_type": "uint8"},
        variants=(
            *({"pixel_type": name} for name in ("uint8", "int8", "uint16", "uint32", "int64", "uint64", "float64")),
            {"pixel_type": "int32", "outside": "refuse"},
        ),
        slab=0,
    ),
    "intensity.quantise": Case(
        slow={"intervals": "equal_population"},
        variants=({"levels": 5, "intervals": "equal_population"},),
        slab=0,
    ),
}
