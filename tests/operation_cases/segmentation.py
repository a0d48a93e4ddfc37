"""Cases of thresholds and of the operations on masks."""

from __future__ import annotations

from operation_cases.case import Case

_MASK = Case(pixels="uint8", colour="refused", slab=0)
_ELEMENTS = (
    {"element": "box"}, {"element": "cross", "radius": 2.0, "unit": "voxels"}, {"times": 2, "radius": 1.0},
)  # fmt: skip
CASES = {
    "threshold.range": Case({"lower": 10.0, "upper": 100.0}, pixels="uint8", colour="refused", slab=0),
    "threshold.otsu": Case(pixels="uint8", colour="refused", slow={}, slab=0, variants=({"side": "below"},)),
    "masks.erode": Case(pixels="uint8", colour="refused", slab=0, variants=_ELEMENTS),
    "masks.dilate": Case(pixels="uint8", colour="refused", slab=0, variants=_ELEMENTS),
    "masks.open": Case(pixels="uint8", colour="refused", slab=0, variants=_ELEMENTS),
    "masks.close": Case(pixels="uint8", colour="refused", slow={"radius": 15.0}, slab=0, variants=_ELEMENTS),
    "masks.fill_holes": Case(pixels="uint8", colour="refused", slow={}, slab=0, variants=({"by_slice": True},)),
    "masks.keep_largest": Case(
        pixels="uint8", colour="refused", slow={}, slab=0, variants=({"connectivity": "corners"},)
    ),
    "masks.remove_small": Case({"minimum": 20.0}, pixels="uint8", colour="refused", slab=0),
    "masks.union": _MASK,
    "masks.intersection": _MASK,
    "masks.difference": _MASK,
    "masks.complement": _MASK,
    "masks.xor": _MASK,
    "masks.islands_at": Case({"places": "-29.85 15.2 1006.5; -26 18 1001.5"}, pixels="uint8", colour="refused", slab=0,
                             variants=({"places": "-29.85 15.2 1006.5; -26 18 1001.5", "keep": "others",
                                        "connectivity": "corners"},)),
    "masks.smooth": Case(pixels="uint8", colour="refused", slow={"width": 12.0, "method": "median"},
                         variants=({"method": "median", "width": 2.0},)),
    "masks.skeleton": Case(pixels="uint8", colour="refused", slab=0),
    "masks.convex_hull": Case(pixels="uint8", colour="refused", slow={}, slab=0, variants=({"by_slice": True},)),
    "masks.distance": Case(pixels="float32", colour="refused", slow={}, nan="refused",
                           variants=({"side": "outside"}, {"side": "inside"})),
    "masks.margin": Case({"margin": 2.0}, pixels="uint8", colour="refused", slab=0, variants=({"margin": -1.0},)),
    "masks.hollow": Case({"thickness": 1.5}, pixels="uint8", colour="refused", slab=0,
                         variants=({"where": "outside"}, {"where": "middle"})),
}  # fmt: skip
