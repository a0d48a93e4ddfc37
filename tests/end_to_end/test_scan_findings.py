"""``pellucid scan`` says what is odd about every folder of real DICOM, and nothing about the rest.

What is expected was taken from the index of the images and from their headers (dcmdump: positions along the normal,
orientations, sizes, PixelSpacing against ImagerPixelSpacing, regions of ultrasound), not from what is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest

from command_line import answer

pytestmark = pytest.mark.data

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
SEG = row("SEG", 1, 0, "labels")
CR = row("CR", 1, 1, "monochrome1", "detector-spacing")  # ImagerPixelSpacing alone
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
    "ct_enhanced_2frame": [row("CT", 3, 3, "conflicting-duplicate", "several-volumes", "lossy")],
    # every one of the 20 phases has a frame of reference of its own
    "transfer_syntaxes": [row("CT", 15, 15, "conflicting-duplicate", "several-volumes", "lossy"),
                          *[row("", 1, 1, "unknown-spacing")] * 2],
    # every one of the 20 phases has a frame of reference of its own
    "cine/mr_cardiac_SCD2001_005": [row("MR", 20, 20, "several-volumes", "frame-of-reference")],
    "cine/nm_13frames.dcm": [row("NM", 1, 1)],
    "cine/xa_96frames_jpeg_baseline.dcm": [row("XA", 1, 96, "unknown-spacing", "lossy")],
    # a region with PhysicalDelta in cm (units 3); the other one of it states no units
    "cine/us_8frames_ybr_full_jpeg_baseline.dcm": [row("US", 1, 8, "pixel-size", "lossy")],
    "cine/us_10frames_palette_rle.dcm": [row("US", 1, 10, "unknown-spacing")],
    # no PixelSpacing in the two of ultrasound, but regions in cm
    "color_palette": [row("OT", 5, 5, "several-volumes", "lossy"), row("US", 1, 1, "pixel-size"),
                      row("US", 1, 1, "pixel-size", "lossy")],
    "cr_dx_mg/cr_chest_monochrome1.dcm": [row("CR", 1, 1, "monochrome1")],
    "cr_dx_mg/dx_small_monochrome1.dcm": [row("DX", 1, 1, "detector-spacing", "monochrome1")],
    # EstimatedRadiographicMagnificationFactor 1.043
    "cr_dx_mg/mg_overlay_out_of_bounds.dcm": [row("MG", 1, 1, "detector-spacing", "pixel-size")],
    # CT2: z = -99.48, 103.02, 104.27, 105.52, so that 161 slices are not there; the 50 of TINY_ALPHA hold no pixels
    "dicomdir_media": [CR, CR, CR, row("CT", 4, 1, "missing-slices"), row("CT", 2, 2, "several-orientations"),
                       row("CT", 5), *[row("MR", 1)] * 4, *[row("MR", 3, 3, "several-orientations")] * 2,
                       row("MR", 7, 7, "several-orientations"), row("CT", 50, 0, "no-image")],
    # fractions are an image as well as labels
    "seg": [row("CT", 3), row("CT", 1), *[SEG] * 5, *[row("SEG", 1)] * 2],
    "ct_pet_acrin042/SEG_PT": [SEG],
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
            frozenset(f["code"] for part in (series, *series["volumes"]) for f in part["findings"]),
        )
        for series in ended.json()
    ]  # fmt: skip
    assert sorted(found, key=str) == sorted(TABLE[name], key=str)


def test_the_rounding_of_a_pet_alarms_nobody(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (series,) = answer(capsys, ("scan", data_dir / "ct_pet_acrin042/PT_AC", "--json")).json()
    assert answer(capsys, ("scan", data_dir / "ct_pet_acrin042/PT_AC")).out.count("!") == 1
    assert [finding["code"] for finding in series["findings"]] == ["rounded-positions"]


def test_messages_name_what_the_headers_say(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The angle of the tilt, and how many slices are missing, computed from the positions by hand."""
    folder = data_dir / "ct_odd_geometry"
    slices = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted((folder / "gantrytilting").iterdir())]
    normal = np.cross(*np.reshape(np.array(slices[0].ImageOrientationPatient, float), (2, 3)))
    step = np.subtract(slices[-1].ImagePositionPatient, slices[0].ImagePositionPatient).astype(float)
    angle = np.degrees(np.arccos(abs(normal @ step) / np.linalg.norm(step)))
    assert f"{angle:.1f}°" in answer(capsys, ("scan", folder / "gantrytilting")).out
    for place, expected in (("ct_odd_geometry/sliceincrement", 1), ("dicomdir_media/77654033/CT2", 161)):
        files = [path for path in (data_dir / place).rglob("*") if path.is_file()]
        heights = np.sort([float(pydicom.dcmread(path).ImagePositionPatient[2]) for path in files])
        steps = np.diff(heights)
        missing = round(float(np.sum(np.rint(steps / steps.min()) - 1)))
        assert missing == expected
        words = "161 slices are missing" if missing > 1 else "missing"
        assert words in answer(capsys, ("scan", data_dir / place)).out
