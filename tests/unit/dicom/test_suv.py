"""SUV by body weight: the formula written down anew, on synthetic headers and on a real PET."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from pellucid.dicom.headers import read_record
from pellucid.files.discover import discover


def pet(**changes: Any) -> Dataset:
    """Return the header of a PET slice: 400 MBq of 110 min half-life given an hour before the scan to 80 kg."""
    drug = Dataset()
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "400000000", "6600"
    drug.RadiopharmaceuticalStartTime = "090000.00"
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", generate_uid()
    header.Modality, header.Units, header.DecayCorrection = "PT", "BQML", "START"
    header.CorrectedImage, header.PatientWeight = ["DECY", "ATTN"], "80"
    header.SeriesDate = header.AcquisitionDate = "20240102"
    header.SeriesTime = header.AcquisitionTime = "100000"
    header.RadiopharmaceuticalInformationSequence = [drug]
    for keyword, value in changes.items():
        where = drug if keyword.startswith("Radi") and keyword in drug else header
        setattr(where, keyword, value) if value is not None else delattr(where, keyword)
    return header


def factor(folder: Path, header: Dataset) -> float | None:
    path = folder / "pet.dcm"
    header.save_as(path, enforce_file_format=True)
    record = read_record(path)
    assert record is not None
    return float(record.texts["suv_bw"]) if "suv_bw" in record.texts else None


EXPECTED = 80_000 / (400e6 * 0.5 ** (3600 / 6600))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, EXPECTED),
        ({"DecayCorrection": "ADMIN"}, 80_000 / 400e6),
        ({"Units": "GML"}, 1.0),
        ({"Units": "GML", "SUVType": "LBM"}, None),
        ({"Units": "CNTS"}, None),
        ({"PatientWeight": None}, None),
        ({"PatientWeight": "0"}, None),
        ({"CorrectedImage": ["DECY"]}, None),
        ({"DecayCorrection": "NONE"}, None),
        ({"RadionuclideTotalDose": None}, None),
        ({"RadiopharmaceuticalStartTime": None}, None),
        ({"SeriesTime": "120000"}, None),  # made after the acquisition: not when the scan began
    ],
)
def test_the_header_decides(tmp_path: Path, changes: dict[str, Any], expected: float | None) -> None:
    assert factor(tmp_path, pet(**changes)) == (None if expected is None else pytest.approx(expected, rel=1e-12))


def test_an_injection_before_midnight(tmp_path: Path) -> None:
    late = pet(SeriesTime="003000", AcquisitionTime="003000", RadiopharmaceuticalStartTime="233000")
    assert factor(tmp_path, late) == pytest.approx(EXPECTED, rel=1e-12)


def test_date_and_time_of_the_injection_win_over_the_time(tmp_path: Path) -> None:
    header = pet(RadiopharmaceuticalStartTime="080000")
    header.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20240102090000.00"
    assert factor(tmp_path, header) == pytest.approx(EXPECTED, rel=1e-12)
    stale = copy.deepcopy(header)
    stale.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20231231090000.00"
    assert factor(tmp_path, stale) is None


@pytest.mark.data
def test_a_real_pet_by_the_independent_formula(data_dir: Path) -> None:
    (series,) = discover([data_dir / "ct_pet_acrin042" / "PT_AC"]).series
    header = pydicom.dcmread(series.files[0], stop_before_pixels=True)
    drug = header.RadiopharmaceuticalInformationSequence[0]

    def seconds(clock: str) -> float:
        return int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + float(clock[4:])

    waited = seconds(str(header.SeriesTime)) - seconds(str(drug.RadiopharmaceuticalStartTime))
    left = float(drug.RadionuclideTotalDose) * 2 ** (-waited / float(drug.RadionuclideHalfLife))
    assert series.volumes[0].acquisition.suv_factor == pytest.approx(1000 * float(header.PatientWeight) / left)
