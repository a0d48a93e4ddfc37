"""Cases of the operations that grow from seeds and scribbles."""

from __future__ import annotations

from operation_cases.case import Case

_SEED = "-31.25 12.5 1001.5"
_LIMITS = {"seeds": _SEED, "lower": -2000.0, "upper": 1500.0}
_FINE = "-31.25 12.5 1001.5; -30.5 13.4 1001.5"
CASES = {
    "regions.connected": Case(_LIMITS, colour="refused", slab=0, slow=_LIMITS,
                              variants=(_LIMITS | {"connectivity": "corners"},)),
    "regions.confidence": Case({"seeds": _FINE}, colour="refused", slab=0,
                               slow={"seeds": _SEED, "iterations": 20, "multiplier": 5.0}),
    "regions.neighbourhood": Case(_LIMITS | {"radius": 0}, colour="refused", slab=0,
                                  slow=_LIMITS | {"radius": 3}, variants=(_LIMITS,)),
    "graph.cut": Case(colour="refused", slab=0),
    "graph.random_walker": Case(colour="refused", slab=0),
    "graph.grow": Case(colour="refused", slab=0, slow={}),
    "graph.normalised_cut": Case({"superpixels": 30}, components=1, slab=0),
}  # fmt: skip
