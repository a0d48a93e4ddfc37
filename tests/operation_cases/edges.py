"""Cases of the edge filters."""

from __future__ import annotations

from operation_cases.case import Case

KERNELS = Case(
    pixels="float32",
    slow={},
    variants=(
        {"direction": "x"},
        {"direction": "y", "scale": "voxel"},
        {"direction": "z", "scale": "mm"},
        {"scale": "mm"},
    ),
)
CASES = {
    "edges.gradient_magnitude": Case({"sigma": 1.2}, pixels="float32", slow={"sigma": 8.0}, variants=({"sigma": 0.0},)),
    "edges.sobel_magnitude": KERNELS,
    "edges.prewitt": KERNELS,
    "edges.scharr": KERNELS,
    "edges.laplacian": Case(pixels="float32", slow={}, variants=({"kernel": "faces"}, {"kernel": "corners"})),
    "edges.laplacian_of_gaussian": Case(
        {"sigma": 1.2}, pixels="float32", slow={"sigma": 8.0}, variants=({"sigma": 2.0, "normalised": True},)
    ),
    "edges.canny": Case(
        {"sigma": 1.2, "lower": 50.0, "upper": 200.0},
        pixels="uint8",
        colour="refused",
        slow={"sigma": 4.0},
        variants=({"sigma": 1.5, "lower": 30.0, "upper": 150.0, "dimension": "volume"},),
        script_types=("int16", "float32", "float64"),
    ),
    "edges.unsharp": Case(
        {"sigma": 1.2, "amount": 2.0}, slow={"sigma": 8.0}, variants=({"sigma": 1.0, "threshold": 150.0},)
    ),
}
