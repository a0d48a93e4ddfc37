"""Cases of registration."""

from __future__ import annotations

from operation_cases.case import Case

_QUICK = "translation metric=correlation iterations=4 shrink=1 smooth=0 sampling=all"
_PLACES = "-31 13 1002; -27 14 1004; -30 18 1010; -25 17 1003"
_MOVED = "-30.5 13.5 1002.5; -26.4 14 1004; -30 18.6 1011; -24.5 17.5 1003.5"
_TURNED = """#Insight Transform File V1.0
#Transform 0
Transform: {kind}
Parameters: {numbers}
FixedParameters: {fixed}
"""
EULER = _TURNED.format(kind="Euler3DTransform_double_3_3", numbers="0.1 0.05 -0.2 0.7 -0.3 1.25", fixed="-28 14 1003 0")
EULER_2D = _TURNED.format(kind="Euler2DTransform_double_2_2", numbers="0.2 0.7 -0.3", fixed="-28 14")

CASES = {
    "registration.register": Case(
        {"preset": "own", "stages": _QUICK, "start": "identity"},
        slow={"preset": "own", "stages": "rigid metric=mattes iterations=50", "start": "centres"},
        variants=(
            {"preset": "drift", "interpolation": "nearest", "background": -7.0},
            {"preset": "own", "stages": "translation optimiser=gradient_descent iterations=12 shrink=1 smooth=0"},
            {"preset": "own", "stages": "rigid metric=mattes iterations=5 shrink=1 smooth=0; "
             "bspline mesh=8 metric=mean_squares optimiser=lbfgsb iterations=3 shrink=1 smooth=0",
             "start": "masses", "interpolation": "bspline", "seed": 7},
            {"preset": "own", "stages": "demons iterations=3 shrink=1 smooth=0", "start": "identity",
             "initial": EULER},
        ),
    ),
    "registration.transform": Case(
        {"background": -5.0},
        variants=(
            {"transform": EULER},
            *({"transform": EULER, "interpolation": one} for one in ("nearest", "bspline")),
        ),
    ),
    "registration.landmarks": Case(
        {"fixed_places": _PLACES, "moving_places": _MOVED, "kind": "translation"},
        variants=tuple(
            {"fixed_places": _PLACES, "moving_places": _MOVED, "kind": kind, "interpolation": how, "background": 3.0}
            for kind, how in (("rigid", "linear"), ("similarity", "nearest"), ("affine", "bspline"),
                              ("thin_plate", "linear"))
        ),
    ),
}  # fmt: skip
