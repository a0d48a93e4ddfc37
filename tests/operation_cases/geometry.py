"""Cases of resampling."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "geometry.resample": Case(
        slow={"spacing_x": 0.4, "spacing_y": 0.4, "spacing_z": 1.0, "interpolation": "bspline"},
        variants=tuple(
            {"interpolation": one, "spacing_x": 0.5, "spacing_y": 3.1}
            for one in ("nearest", "bspline", "lanczos", "hamming")
        ),
    ),
    "geometry.resample_to_size": Case(
        {"size_x": 9, "size_y": 17, "size_z": 4},
        slow={"size_x": 500, "size_y": 500, "size_z": 60, "interpolation": "lanczos"},
        variants=tuple(
            {"size_x": 40, "size_y": 6, "interpolation": one} for one in ("nearest", "bspline", "lanczos", "hamming")
        ),
    ),
    "geometry.resample_to_image": Case(
        {"background": -5.0},
        variants=tuple({"interpolation": one} for one in ("nearest", "bspline", "lanczos", "hamming")),
    ),
}
