"""Cases of the smoothing filters."""

from __future__ import annotations

from operation_cases.case import Case

_NEIGHBOURHOODS = (
    {"radius": 2.0, "shape": "box"},
    {"radius": 1.0, "unit": "voxels"},
    {"radius": 2.0, "unit": "voxels", "shape": "box"},
)

CASES = {
    "smoothing.gaussian": Case({"sigma": 1.2}, slow={"sigma": 8.0}),
    "smoothing.mean": Case(slow={"radius": 20}, variants=({"radius": 3},)),
    "smoothing.median": Case(slow={"radius": 3}, variants=({"radius": 2},), slab=0),
    "smoothing.percentile": Case(
        {"percentile": 30.0},
        slow={"radius": 3},
        variants=({"percentile": 90.0, "radius": 2}, {"percentile": 0.0}, {"percentile": 100.0}),
        slab=0,
    ),
    "smoothing.minimum": Case({"radius": 2.0}, slow={"radius": 12.0}, variants=_NEIGHBOURHOODS, slab=0),
    "smoothing.maximum": Case({"radius": 2.0}, slow={"radius": 12.0}, variants=_NEIGHBOURHOODS, slab=0),
}
