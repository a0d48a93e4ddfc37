"""Cases of the methods that segment by themselves: thresholds, classes, superpixels, watersheds, nuclei."""

from __future__ import annotations

from operation_cases.case import Case

_METHODS = (
    "Huang", "IsoData", "Intermodes", "KittlerIllingworth", "MaximumEntropy", "Moments", "Otsu", "RenyiEntropy",
    "Shanbhag", "Triangle", "Yen",
)  # fmt: skip
CASES = {
    "threshold.automatic": Case(
        pixels="uint8", colour="refused", slow={}, slab=0,
        variants=({"side": "below"}, *({"method": method, "bins": 100} for method in _METHODS)),
    ),
    "threshold.hysteresis": Case(
        {"low": 20.0, "high": 100.0}, pixels="uint8", colour="refused", slow={}, slab=0,
        variants=({"low": 10.0, "high": 20.0, "side": "below", "connectivity": "corners"},),
    ),
    "threshold.local": Case(
        {"window": 8.0}, pixels="uint8", colour="refused", slow={"window": 60.0},
        variants=(
            {"method": "gaussian", "window": 9.0, "offset": -5.0},
            {"method": "niblack", "window": 6.0, "side": "below"},
            {"method": "sauvola", "window": 6.0, "k": 0.1},
        ),
    ),
    "threshold.multi_otsu": Case(
        pixels="uint16", colour="refused", slow={"thresholds": 5}, slab=0,
        variants=({"thresholds": 4, "background": False}, {"thresholds": 1}),
    ),
    "clusters.kmeans": Case(
        pixels="uint16", components=1, slow={"classes": 8}, slab=0,
        variants=({"classes": 5, "background": False, "seed": 3},),
    ),
    "clusters.mixture": Case(
        pixels="uint16", colour="refused", slow={"classes": 5}, slab=0,
        variants=({"classes": 4, "background": False},),
    ),
    "clusters.slic": Case({"size": 6.0}, pixels="uint16", components=1, slow={}, slab=0),
    "watershed.split_touching": Case(
        pixels="uint16", colour="refused", slow={}, slab=0,
        variants=({"neck": 5.0, "distance": 3.0, "smoothing": 1.0}, {"distance": 4.0, "neck": 0.0}),
    ),
    "watershed.from_markers": Case(
        pixels="uint16", colour="refused", slow={}, slab=0, nan="refused",  # the markers of that test are no labels
        variants=({"surface": "dark", "sigma": 0.0}, {"surface": "bright", "sigma": 2.0}),
    ),
    "watershed.basins": Case(
        pixels="uint16", colour="refused", slow={}, slab=0,
        variants=({"surface": "dark", "sigma": 2.0, "depth": 3.0}, {"surface": "bright", "sigma": 1.0, "depth": 0.0}),
    ),
    "masks.expression": Case(
        {"condition": "im > 10 & im < 90 | im == 3"}, pixels="uint8", colour="refused", slab=0,
        variants=({"condition": "~(im + 3 > 9) and abs(im) != 4", "resample": True}, {"condition": "im > 5"}),
    ),
    "objects.nuclei": Case(
        {"diameter": 4.0}, pixels="uint16", colour="refused", slow={"diameter": 10.0}, slab=0,
        variants=({"brightness": "dark", "diameter": 6.0, "contrast": 30.0, "neck": 30.0, "smallest": 30.0},),
    ),
}  # fmt: skip
