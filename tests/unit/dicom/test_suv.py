"""SUV of all kinds: the formulas written down anew, on synthetic headers and on a real PET."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dicom_making import save, slice_dataset
from pellucid.dicom.headers import read_record
from pellucid.files.discover import discover
from pellucid.model import uptake


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
    ("changes", "expected", "missing"),
    [
        ({}, EXPECTED, ""),
        ({"DecayCorrection": "ADMIN"}, 80_000 / 400e6, ""),
        ({"Units": "GML"}, 1.0, ""),
        ({"Units": "GML", "SUVType": "BW"}, 1.0, ""),
        ({"Units": "CNTS"}, None, "activity"),
        ({"PatientWeight": None}, None, "weight"),
        ({"PatientWeight": "0"}, None, "weight"),
        ({"PatientWeight": "80000"}, None, "weight"),
        ({"CorrectedImage": ["DECY"]}, None, "attenuation"),
        ({"CorrectedImage": ["ATTN"]}, None, "decay"),
        ({"DecayCorrection": "NONE"}, None, "decay"),
        ({"RadionuclideTotalDose": None}, None, "dose"),
        ({"RadionuclideTotalDose": "400"}, None, "plausible dose"),  # in MBq
        ({"RadionuclideHalfLife": None}, None, "half-life"),
        ({"RadiopharmaceuticalStartTime": None}, None, "injection"),
        ({"SeriesTime": "120000"}, None, "scan"),  # made after the acquisition: not when the scan began
    ],
)
def test_the_header_decides(tmp_path: Path, changes: dict[str, Any], expected: float | None, missing: str) -> None:
    assert factor(tmp_path, pet(**changes)) == (None if expected is None else pytest.approx(expected, rel=1e-12))
    assert not missing or missing in facts(tmp_path, pet(**changes))["suv_missing"].split(",")


def facts(folder: Path, header: Dataset) -> dict[str, str]:
    path = folder / "pet.dcm"
    header.save_as(path, enforce_file_format=True)
    record = read_record(path)
    assert record is not None
    return record.texts


LEFT = 400e6 * 0.5 ** (3600 / 6600)
BODIES = {  # of 80 kg and 1.80 m, by hand: g of lean body mass by James and by Janmahasatian, cm² by Du Bois
    "M": (1.10 * 80 - 128 * (80 / 180) ** 2, 9270 * 80 / (6680 + 216 * 80 / 1.8**2)),
    "F": (1.07 * 80 - 148 * (80 / 180) ** 2, 9270 * 80 / (8780 + 244 * 80 / 1.8**2)),
}
SURFACE = 0.007184 * 80**0.425 * 180**0.725 * 1e4


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("sex", BODIES)
def test_all_kinds_by_the_formulas_of_the_papers(tmp_path: Path, sex: str) -> None:
    found = uptake.factors(facts(tmp_path, pet(PatientSex=sex, PatientSize="1.80")))
    james, janma = BODIES[sex]
    assert found == pytest.approx({"bw": 80_000 / LEFT, "lbm": james * 1000 / LEFT, "lbmj": janma * 1000 / LEFT,
                                   "bsa": SURFACE / LEFT}, rel=1e-12)  # fmt: skip
    assert BODIES["M"] == pytest.approx((62.716, 61.731), abs=1e-3) and pytest.approx(19964.2, abs=0.5) == SURFACE


@pytest.mark.parametrize(("changes", "kinds", "missing"), [
    ({"PatientSex": "M"}, {"bw"}, "height"),
    ({"PatientSex": "M", "PatientSize": "180"}, {"bw"}, "height"),  # in cm
    ({"PatientSize": "1.8"}, {"bw", "bsa"}, "sex"),
    ({"PatientSize": "1.8", "PatientSex": "O"}, {"bw", "bsa"}, "sex"),
])  # fmt: skip
def test_what_the_other_kinds_lack_is_said(
    tmp_path: Path, changes: dict[str, str], kinds: set[str], missing: str
) -> None:
    found = facts(tmp_path, pet(**changes))
    assert set(uptake.factors(found)) == kinds and missing in found["suv_missing"].split(",")


AS_MEASURED = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN"], "AcquisitionTime": "101500",
               "ActualFrameDuration": "600000"}  # fmt: skip


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("start", [{}, {"SeriesTime": "120000"}])
def test_values_as_measured_are_corrected_for_decay_by_hand(tmp_path: Path, start: dict[str, str]) -> None:
    """75 min after the injection 10 min are counted: the mean by the rule of Simpson, not by the integral."""
    steps = 1000
    weights = [1.0] + [4.0 if n % 2 else 2.0 for n in range(1, steps)] + [1.0]
    mean = sum(w * 400e6 * 0.5 ** ((4500 + 600 * n / steps) / 6600) for n, w in enumerate(weights)) / (3 * steps)
    assert factor(tmp_path, pet(**AS_MEASURED, **start)) == pytest.approx(80_000 / mean, rel=1e-9)
    assert "suv_missing" not in facts(tmp_path, pet(**AS_MEASURED, PatientSex="M", PatientSize="1.8"))


@pytest.mark.parametrize(("changes", "missing"), [
    ({"ActualFrameDuration": None}, "duration"), ({"AcquisitionTime": None}, "scan"),
    ({"RadionuclideHalfLife": None}, "half-life"), ({"RadiopharmaceuticalStartTime": None}, "injection"),
    ({"CorrectedImage": ["DECY", "ATTN"]}, "decay"), ({"DecayCorrection": "START"}, "decay"),
    ({"CorrectedImage": []}, "attenuation"), ({"RadionuclideTotalDose": None}, "dose"),
])  # fmt: skip
def test_values_as_measured_that_lack_a_fact_stay_as_they_are(
    tmp_path: Path, changes: dict[str, Any], missing: str
) -> None:
    header = pet(**AS_MEASURED)
    for keyword, value in changes.items():
        where = header.RadiopharmaceuticalInformationSequence[0] if keyword.startswith("Radi") else header
        setattr(where, keyword, value) if value is not None else delattr(where, keyword)
    assert factor(tmp_path, header) is None
    assert missing in facts(tmp_path, header)["suv_missing"].split(",")


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("apart", [0, 300])
def test_slices_counted_one_after_the_other_are_not_told_with_one_factor(tmp_path: Path, apart: int) -> None:
    slices = []
    for n in range(3):
        one = slice_dataset(np.full((4, 4), 100, np.int16), number=n + 1, position=(0, 0, 3.0 * n), modality="PT",
                            sop_class="1.2.840.10008.5.1.4.1.1.128")  # fmt: skip
        header = pet(**AS_MEASURED)
        header.AcquisitionTime = f"10{15 + n * apart // 60:02d}00"
        for element in header:
            if element.keyword not in ("SOPClassUID", "SOPInstanceUID"):
                one.add(element)
        slices.append(one)
    (series,) = discover([save(tmp_path, slices)[0].parent]).series
    volume = series.volumes[0]
    assert bool(uptake.factors(volume.acquisition.extra)) is (apart == 0)
    assert any("slice to slice" in finding.message for finding in volume.findings) is (apart > 0)


@pytest.mark.parametrize(("units", "kind", "own"), [("GML", "LBM", "lbm"), ("GML", "LBMJAMES128", "lbm"),
                                                    ("GML", "LBMJANMA", "lbmj"), ("CM2ML", "BSA", "bsa"),
                                                    ("GML", "BW", "bw")])  # fmt: skip
def test_what_is_suv_already_becomes_the_other_kinds(tmp_path: Path, units: str, kind: str, own: str) -> None:
    header = pet(Units=units, SUVType=kind, PatientSex="F", PatientSize="1.80", DecayCorrection="NONE")
    found = uptake.factors(facts(tmp_path, header))
    james, janma = BODIES["F"]
    sizes = {"bw": 80_000, "lbm": james * 1000, "lbmj": janma * 1000, "bsa": SURFACE}
    assert found == pytest.approx({k: size / sizes[own] for k, size in sizes.items()}, rel=1e-12)


def test_lean_body_mass_of_the_file_is_not_told_as_weight_without_a_height(tmp_path: Path) -> None:
    assert uptake.factors(facts(tmp_path, pet(Units="GML", SUVType="LBM"))) == {"lbm": 1.0}


def philips(number: int, value: str) -> Dataset:
    header = pet(Units="CNTS")
    header.add_new(0x70530010, "LO", "Philips PET Private Group")
    header.add_new(number, "DS", value)
    return header


@pytest.mark.hazard("H14")
def test_counts_of_philips_by_their_private_factors(tmp_path: Path) -> None:
    assert factor(tmp_path, philips(0x70531000, "0.000551")) == pytest.approx(0.000551, rel=1e-12)
    assert factor(tmp_path, philips(0x70531009, "1.75")) == pytest.approx(1.75 * EXPECTED, rel=1e-12)
    assert factor(tmp_path, philips(0x70531000, "0")) is None


def test_the_private_scan_time_of_ge(tmp_path: Path) -> None:
    header = pet(SeriesTime="150000")
    header.add_new(0x00090010, "LO", "GEMS_PETD_01")
    header.add_new(0x0009100D, "DT", "20240102100000.00")
    assert factor(tmp_path, header) == pytest.approx(EXPECTED, rel=1e-12)


def test_the_frame_reference_time_leads_back_to_the_start(tmp_path: Path) -> None:
    """The third bed of three minutes began six minutes after the scan; its mean was counted a bit before its middle."""
    decay = math.log(2) / 6600
    mean = math.log(decay * 180 / (1 - math.exp(-decay * 180))) / decay
    header = pet(SeriesTime="150000", AcquisitionTime="100600", FrameReferenceTime=f"{(360 + mean) * 1000:.6f}",
                 ActualFrameDuration="180000")  # fmt: skip
    assert mean == pytest.approx(89.7, abs=0.3)
    assert factor(tmp_path, header) == pytest.approx(EXPECTED, rel=1e-6)


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


ZIRCONIUM = 78.41 * 3600


@pytest.mark.parametrize("days", [0, 3, 6])
def test_a_nuclide_of_days_is_scanned_days_later(tmp_path: Path, days: int) -> None:
    header = pet(RadionuclideHalfLife=str(ZIRCONIUM), SeriesDate="20240108", AcquisitionDate="20240108")
    drug = header.RadiopharmaceuticalInformationSequence[0]
    drug.RadiopharmaceuticalStartDateTime = f"2024010{8 - days}090000"
    left = 400e6 * 2 ** (-(days * 24 + 1) * 3600 / ZIRCONIUM)
    assert factor(tmp_path, header) == pytest.approx(80_000 / left, rel=1e-12)


def test_a_nuclide_of_days_without_a_date_of_injection_may_be_days_old(tmp_path: Path) -> None:
    header = pet(RadionuclideHalfLife=str(ZIRCONIUM))
    assert factor(tmp_path, header) is None and facts(tmp_path, header)["suv_missing"] == "injection"


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
    height, weight = float(header.PatientSize), float(header.PatientWeight)
    linear, square = {"M": (1.10, 128), "F": (1.07, 148)}[header.PatientSex]
    expected = {"bw": 1000 * weight / left, "bsa": 71.84 * weight**0.425 * (100 * height) ** 0.725 / left,
                "lbm": 1000 * (linear * weight - square * (weight / (100 * height)) ** 2) / left}  # fmt: skip
    found = uptake.factors(series.volumes[0].acquisition.extra)
    assert {kind: found[kind] for kind in expected} == pytest.approx(expected)


@pytest.mark.data
@pytest.mark.hazard("H14")
def test_a_real_pet_that_is_suv_already(data_dir: Path) -> None:
    """Its values are g/ml by weight; the other kinds follow from the size of the patient alone."""
    (series,) = discover([data_dir / "ct_pet_mr_sts002" / "dicom" / "PET" / "image"]).series
    header = pydicom.dcmread(series.files[0], stop_before_pixels=True)
    weight, height = float(header.PatientWeight), float(header.PatientSize) * 100
    james = 1.10 * weight - 128 * (weight / height) ** 2
    found = uptake.factors(series.volumes[0].acquisition.extra)
    assert header.Units == "GML" and header.PatientSex == "M" and series.volumes[0].unit == "g/ml"
    assert found["bw"] == 1.0 and found["lbm"] == pytest.approx(james / weight)
    assert found["bsa"] == pytest.approx(0.07184 * weight**0.425 * height**0.725 / weight)
