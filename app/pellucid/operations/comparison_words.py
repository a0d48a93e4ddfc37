"""The words for what is measured on two masks: titles, units, and the definition behind every number."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.language import mark


@dataclass(frozen=True)
class Measure:
    """One number: its name in the engine, its title, its unit (``""``, ``"mm"`` or ``"mm³"``), what it means."""

    name: str
    title: str
    unit: str
    help: str


MEASURES: tuple[Measure, ...] = (
    Measure("dice", mark("Dice"), "", mark(
        "Twice the voxels in both over the sum of the voxels of A and B: 1 is full agreement. Two empty masks "
        "agree fully.")),
    Measure("jaccard", mark("Jaccard"), "", mark(
        "Voxels in both over voxels in either (intersection over union). Two empty masks agree fully.")),
    Measure("precision", mark("Precision"), "", mark(
        "Share of A that lies in B (positive predictive value); no answer when A is empty.")),
    Measure("recall", mark("Recall"), "", mark(
        "Share of B that A found (sensitivity); no answer when B is empty.")),
    Measure("specificity", mark("Specificity"), "", mark(
        "Share of what is outside B that A leaves out too. It counts every voxel of the image, so much background "
        "brings it near 1.")),
    Measure("volume_difference", mark("Volume difference"), "mm³", mark(
        "Volume of A minus volume of B.")),
    Measure("hausdorff", mark("Hausdorff"), "mm", mark(
        "The largest distance from a surface voxel of one mask to the nearest surface voxel of the other. Surface "
        "voxels have a face towards the outside or lie at the border of the image; distances go from centre to "
        "centre.")),
    Measure("hausdorff95", mark("Hausdorff 95 %"), "mm", mark(
        "Of the distances from the surface of A to that of B, and of those from B to A, the 95th percentile each; "
        "the larger one of the two.")),
    Measure("mean_surface_distance", mark("Mean surface distance"), "mm", mark(
        "Mean over all surface voxels of A and of B of the distance to the nearest surface voxel of the other mask "
        "(average symmetric surface distance, ASSD).")),
    Measure("centre_distance", mark("Centre distance"), "mm", mark(
        "Distance between the centres of mass of A and B.")),
    Measure("hausdorff_mean", mark("Hausdorff mean"), "mm", mark(
        "The mean distance from the surface of A to that of B, or from B to A: the larger one of the two (modified "
        "Hausdorff distance).")),
    Measure("first_volume", mark("Volume of A"), "mm³", mark("Voxels of A times the volume of a voxel.")),
    Measure("second_volume", mark("Volume of B"), "mm³", mark("Voxels of B times the volume of a voxel.")),
    Measure("first_voxels", mark("Voxels of A"), "", mark("How many voxels A has.")),
    Measure("second_voxels", mark("Voxels of B"), "", mark("How many voxels B has.")),
    Measure("common_voxels", mark("Voxels in both"), "", mark("How many voxels A and B have in common.")),
)  # fmt: skip
"""In the order in which they are read."""
