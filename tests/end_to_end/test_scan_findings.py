"""``pellucid scan`` says what is odd about every folder of real DICOM, and nothing about the rest.

What is expected was taken from the index of the images and from their headers (pydicom), not from what is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import answer

pytestmark = pytest.mark.data

HARMLESS = frozenset({"lossy", "monochrome1"})
"""What is said of pixels; this table is about geometry."""


@dataclass(frozen=True)
class Row:
    """One series: kind, number of files and of volumes, what must be said of it."""

    modality: str
    files: int
    volumes: int
    says: frozenset[str] = frozenset()


def row(modality: str, files: int, volumes: int = 1, *says: str) -> Row:
    return Row(modality, files, volumes, frozenset(says))


RS = row("RTSTRUCT", 1, 0, "labels")
TABLE: dict[str, list[Row]] = {
    # index: tilt; one missing slice (5, 5, 10 mm). "Three orientations": two planes are in the files
    "ct_odd_geometry/gantrytilting": [row("CT", 4, 1, "tilt")],
    "ct_odd_geometry/sliceincrement": [row("CT", 4, 1, "missing-slices")],
    "ct_odd_geometry/sliceorientation": [row("MR", 4, 2, "several-orientations", "mixed-size")],
    # index: positions of the PET step 3.27 to 3.29 mm, "not a finding worth alarming anybody"
    "ct_pet_acrin042/CT": [row("CT", 101)],
    "ct_pet_acrin042/PT_AC": [row("PT", 101, 1, "rounded-positions")],
    "ct_pet_mr_sts002": [row("CT", 48), RS, row("MR", 35), RS, row("PT", 48), RS],
    "mr_t1_3d": [row("MR", 144)],
    "mr_enhanced_balls/DICOM/T1.dcm": [row("MR", 1)],
    "mr_enhanced_balls/DICOM/T2.dcm": [row("MR", 1)],
    "mr_enhanced_balls/DICOM/fieldmap.dcm": [row("MR", 1, 2, "several-volumes")],
    "geometry_nifti_ref/siemens": [row("MR", 2, 2, "several-volumes")],
    "geometry_nifti_ref/ge/dti": [row("MR", 8, 2, "several-volumes")],
    "geometry_nifti_ref/ge/fmri": [row("MR", 8, 2, "several-volumes")],
    "geometry_nifti_ref/philips_enhanced": [row("MR", 1, 4, "several-volumes")],
    "geometry_nifti_ref/generic": [row("MR", 4)],
    # three encodings of one instance; the same slice fifteen times, seven of them under one identity
    "ct_enhanced_2frame": [row("CT", 3, 3, "conflicting-duplicate", "several-volumes")],
    # every one of the 20 phases has a frame of reference of its own
    "cine/mr_cardiac_SCD2001_005": [row("MR", 20, 20, "several-volumes", "frame-of-reference")],
    "cine/xa_96frames_jpeg_baseline.dcm": [row("XA", 1, 96, "unknown-spacing")],
    # Sequence of Ultrasound Regions: tissue, in cm along both directions
    "cine/us_8frames_ybr_full_jpeg_baseline.dcm": [row("US", 1, 8, "pixel-size")],
    "cine/us_10frames_palette_rle.dcm": [row("US", 1, 10, "unknown-spacing")],
    "color_palette/no-pixel-spacing.dcm": [row("US", 1, 1, "pixel-size")],  # a region of tissue as well
    "cr_dx_mg/cr_chest_monochrome1.dcm": [row("CR", 1)],
    "cr_dx_mg/dx_small_monochrome1.dcm": [row("DX", 1, 1, "detector-spacing")],
    # Estimated Radiographic Magnification Factor 1.043
    "cr_dx_mg/mg_overlay_out_of_bounds.dcm": [row("MG", 1, 1, "detector-spacing", "pixel-size")],
    # z = -99.48, 103.02, 104.27, 105.52: 161 slices are not there
    "dicomdir_media/77654033/CT2": [row("CT", 4, 1, "missing-slices")],
    "dicomdir_media/98892001/CT2N": [row("CT", 2, 2, "several-orientations")],
    "dicomdir_media/98892001/CT5N": [row("CT", 5)],
    "dicomdir_media/98892003/MR700": [row("MR", 7, 7, "several-orientations")],
    "seg/ct-3slice": [row("CT", 3)],
}


@pytest.mark.hazard("H01")
@pytest.mark.hazard("H03")
@pytest.mark.hazard("H07")
@pytest.mark.hazard("H08")
@pytest.mark.hazard("H09")
@pytest.mark.hazard("H43")
@pytest.mark.parametrize("name", TABLE)
def test_scan_says_what_is_odd_and_nothing_else(
    data_dir: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = answer(capsys, ("scan", data_dir / name, "--json"))
    assert ended.code == 0
    found = [
        Row(
            series["modality"], len(series["files"]), len(series["volumes"]),
            frozenset(f["code"] for part in (series, *series["volumes"]) for f in part["findings"]) - HARMLESS,
        )
        for series in ended.json()
    ]  # fmt: skip
    assert sorted(found, key=str) == sorted(TABLE[name], key=str)


def test_the_rounding_of_a_pet_alarms_nobody(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (series,) = answer(capsys, ("scan", data_dir / "ct_pet_acrin042/PT_AC", "--json")).json()
    assert answer(capsys, ("scan", data_dir / "ct_pet_acrin042/PT_AC")).out.count("!") == 1
    assert [finding["code"] for finding in series["findings"]] == ["rounded-positions"]
