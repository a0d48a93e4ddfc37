"""Cases of the noise makers and of the noise estimate."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "noise.gaussian": Case({"sd": 30.0, "seed": 3}, variants=({"sd": 0.0},), slab=0),
    "noise.poisson": Case({"photons": 0.2, "zero": -1200.0, "seed": 3}, variants=({},), slow={"zero": -2000.0}, slab=0),
    "noise.salt_and_pepper": Case({"seed": 3}, variants=({"amount": 30.0, "salt": 10.0}, {"amount": 100.0}), slab=0),
    "noise.speckle": Case({"sd": 20.0, "seed": 3}, slab=0),
    "noise.estimate": Case({"method": "mean"}, variants=({"method": "median"},), colour="refused"),
}
