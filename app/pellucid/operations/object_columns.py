"""What the columns of a table of objects mean: their titles, units and definitions."""

from __future__ import annotations

import re

from pellucid.language import mark, tr
from pellucid.operations.answers import Column

GROUPS = {"place": mark("Size and place"), "shape": mark("Shape"), "intensity": mark("Intensity"),
          "texture": mark("Texture"), "colocalisation": mark("Colocalisation")}  # fmt: skip
"""The groups of columns by id, in the order of the table, with their titles."""

_OF_CHANNELS = ("intensity", "texture", "colocalisation")
"""Groups whose columns may begin with a channel."""

_MOMENTS = mark(
    "From the second moments of the voxels as solid boxes, in the space of the patient: the axis of the ellipse (4√λ) "
    "or ellipsoid (2√(5λ)) that has the same moments."
)
_GLCM = mark(
    "Of the grey-level co-occurrence matrix: symmetric and normed, of pairs inside the object, the mean over all "
    "directions; as skimage.feature.graycoprops (Haralick 1973)."
)
_BOX_FIRST = mark("First voxel of the box around the object, counted from 0 along this axis of the grid.")
_BOX_SIZE = mark("Voxels of the box around the object along this axis of the grid.")
_CENTROID = mark("Mean place of the voxels in the space of the patient (LPS).")
_MAJOR = mark("Direction of the longest axis in the space of the patient (LPS), a unit vector.")

_PEARSON = mark(
    "Correlation of the values of both channels inside the object, from −1 to 1, as "
    "skimage.measure.pearson_corr_coeff; none where a channel has one value only."
)
_M1 = mark(
    "Sum of the first channel where the second is above its threshold, over its whole sum inside the object (Manders "
    "1993; skimage.measure.manders_coloc_coeff). Channels are in the order of the images; none where values are "
    "negative."
)
_M2 = mark(
    "Sum of the second channel where the first is above its threshold, over its whole sum inside the object (Manders "
    "1993; skimage.measure.manders_coloc_coeff). Channels are in the order of the images; none where values are "
    "negative."
)

_KNOWN: dict[str, tuple[str, str, str, str]] = {
    "label": ("place", mark("Label"), "", mark("The value of the label.")),
    "name": ("place", mark("Name"), "", mark("The name of the label.")),
    "object": ("place", mark("Object"), "", mark("Number of the connected part within its label, in the order of "
                                                "their first voxels.")),
    "voxels": ("place", mark("Voxels"), "", mark("Number of voxels.")),
    "area_mm2": ("place", mark("Area"), "mm²", mark("Number of pixels times the area of one.")),
    "volume_mm3": ("place", mark("Volume"), "mm³", mark("Number of voxels times the volume of one.")),
    "centroid_x_mm": ("place", mark("Centroid L"), "mm", _CENTROID),
    "centroid_y_mm": ("place", mark("Centroid P"), "mm", _CENTROID),
    "centroid_z_mm": ("place", mark("Centroid S"), "mm", _CENTROID),
    "touches_border": ("place", mark("Touches border"), "", mark("1 where the object touches the border of the image, "
                                                                 "so that a part of it may be missing, else 0.")),
    "box_first_x": ("place", mark("Box x"), "", _BOX_FIRST),
    "box_first_y": ("place", mark("Box y"), "", _BOX_FIRST),
    "box_first_z": ("place", mark("Box z"), "", _BOX_FIRST),
    "box_size_x": ("place", mark("Box width"), "", _BOX_SIZE),
    "box_size_y": ("place", mark("Box height"), "", _BOX_SIZE),
    "box_size_z": ("place", mark("Box depth"), "", _BOX_SIZE),
    "extent": ("shape", mark("Extent"), "", mark("Voxels of the object over those of the box around it.")),
    "equivalent_diameter_mm": ("shape", mark("Equivalent diameter"), "mm", mark("Diameter of the circle or ball of the "
                                                                               "same size.")),
    "axis_major_mm": ("shape", mark("Major axis"), "mm", _MOMENTS),
    "axis_middle_mm": ("shape", mark("Middle axis"), "mm", _MOMENTS),
    "axis_minor_mm": ("shape", mark("Minor axis"), "mm", _MOMENTS),
    "elongation": ("shape", mark("Elongation"), "", mark("Longest over second axis of the ellipse or ellipsoid, 1 for "
                                                        "a ball (as ITK's label shape statistics).")),
    "flatness": ("shape", mark("Flatness"), "", mark("Middle over shortest axis of the ellipsoid, 1 for a ball (as "
                                                    "ITK's label shape statistics).")),
    "major_x": ("shape", mark("Major axis L"), "", _MAJOR),
    "major_y": ("shape", mark("Major axis P"), "", _MAJOR),
    "major_z": ("shape", mark("Major axis S"), "", _MAJOR),
    "perimeter_mm": ("shape", mark("Perimeter"), "mm", mark("Crofton's formula with 4 directions, as "
                                                           "skimage.measure.perimeter_crofton.")),
    "surface_mm2": ("shape", mark("Surface"), "mm²", mark("Crofton's formula with 13 directions (Lehmann and Legland, "
                                                         "2012), on cubes as ITK; right for round bodies, a tenth "
                                                         "too small for faces along the grid.")),
    "roundness": ("shape", mark("Roundness"), "", mark("Perimeter of the circle of the same area over the perimeter; "
                                                      "about 1 for a disc.")),
    "sphericity": ("shape", mark("Sphericity"), "", mark("Surface of the ball of the same volume over the surface, "
                                                        "π^⅓ (6V)^⅔ / S; about 1 for a ball (Wadell 1935).")),
    "feret_mm": ("shape", mark("Feret diameter"), "mm", mark("Largest distance between two corners of voxels of the "
                                                            "object.")),
    "feret_min_mm": ("shape", mark("Smallest Feret"), "mm", mark("Smallest distance of two parallel lines that hold "
                                                                "the object between them.")),
    "solidity": ("shape", mark("Solidity"), "", mark("Size of the object over that of the convex hull of the corners "
                                                    "of its voxels; below 1 also for round bodies of few voxels.")),
    "mean": ("intensity", mark("Mean"), "intensity", mark("Mean of the values; NaN and infinity are left out.")),
    "sd": ("intensity", mark("SD"), "intensity", mark("Standard deviation of the values (of the population, n).")),
    "minimum": ("intensity", mark("Minimum"), "intensity", mark("Smallest value.")),
    "median": ("intensity", mark("Median"), "intensity", mark("Value in the middle of the ordered values.")),
    "maximum": ("intensity", mark("Maximum"), "intensity", mark("Largest value.")),
    "sum": ("intensity", mark("Sum"), "intensity", mark("Sum of the values (integrated intensity).")),
    "skewness": ("intensity", mark("Skewness"), "", mark("Third standardised moment, as scipy.stats.skew; none where "
                                                        "all values are equal.")),
    "kurtosis": ("intensity", mark("Kurtosis"), "", mark("Fourth standardised moment minus 3, as "
                                                        "scipy.stats.kurtosis; 0 for a normal distribution.")),
    "entropy": ("intensity", mark("Entropy"), "bit", mark("Shannon entropy of the grey levels, which divide the range "
                                                         "of the values of all objects into equal parts.")),
    "contrast": ("texture", mark("Contrast"), "", _GLCM),
    "dissimilarity": ("texture", mark("Dissimilarity"), "", _GLCM),
    "homogeneity": ("texture", mark("Homogeneity"), "", _GLCM),
    "energy": ("texture", mark("Energy"), "", _GLCM),
    "correlation": ("texture", mark("Correlation"), "", _GLCM),
    "other": ("place", mark("Other label"), "", mark("The value of the label in the other map.")),
    "other_name": ("place", mark("Name of the other"), "", mark("The name of the label in the other map.")),
    "shared_voxels": ("place", mark("Shared voxels"), "", mark("Number of voxels that hold both labels.")),
    "share": ("place", mark("Share"), "", mark("Shared voxels over those of the label.")),
    "other_share": ("place", mark("Share of the other"), "", mark("Shared voxels over those of the other label.")),
    "jaccard": ("place", mark("Jaccard"), "", mark("Shared voxels over those that hold either label.")),
    "pearson": ("colocalisation", mark("Pearson"), "", _PEARSON),
    "manders_m1": ("colocalisation", mark("Manders M1"), "", _M1),
    "manders_m2": ("colocalisation", mark("Manders M2"), "", _M2),
    "glcm_entropy": ("texture", mark("Entropy (GLCM)"), "", _GLCM),
}  # fmt: skip
_PERCENTILE = mark("Value below which this share of the values lies, linear between neighbours.")


def column(name: str) -> Column:
    """Return what is known of a column by its name, which may begin with that of a channel."""
    channel, key, known = _parted(name)
    if known is None:
        share = key[1:]
        known = ("intensity", mark("Percentile {share}"), "intensity", _PERCENTILE)
        title = tr(known[1], share=share)
    else:
        title = tr(known[1])
    return Column(name, f"{channel}: {title}" if channel else title, known[2], known[3])


def group_of(name: str) -> str:
    """Return the group of a column by its name; what is not known counts as a place."""
    _, key, known = _parted(name)
    return known[0] if known is not None else "intensity" if re.fullmatch(r"p[\d.]+", key) else "place"


def _parted(name: str) -> tuple[str, str, tuple[str, str, str, str] | None]:
    """Return the channel, the rest of a name, and what is known of it; lengths may be in other units than mm."""
    name = re.sub(r"_(?:px|um)(?=[23]?$)", "_mm", name)
    if name in _KNOWN:
        return "", name, _KNOWN[name]
    for key, known in _KNOWN.items():
        if known[0] in _OF_CHANNELS and name.endswith(f"_{key}"):
            longer = name.endswith("_glcm_entropy") and key == "entropy"
            if not longer:
                return name[: -len(key) - 1], key, known
    found = re.fullmatch(r"(?:(.+)_)?(p\d[\d.]*)", name)
    return (found[1] or "", found[2], None) if found else ("", name, None)
