"""What a derived image repeats of its source: patient, study and acquisition; what is damaged is left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from dicom_judges import complaints, set_complaints
from dicom_making import MR, save, stack
from pellucid.dicom.read import read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import sequences
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.request import WORDS, Request
from pellucid.files.dicom_export import write_image
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume

PET = "1.2.840.10008.5.1.4.1.1.128"
WHO = {
    "PatientName": "Müller^Jörg", "PatientID": "77", "PatientBirthDate": "19500102", "PatientSex": "M",
    "StudyDate": "20200304", "StudyTime": "101112", "StudyID": "S1", "AccessionNumber": "A1", "PatientWeight": "70",
    "ReferringPhysicianName": "Who^Dr", "StudyDescription": "Follow-up", "StudyInstanceUID": "1.2.3.4",
    "SpecificCharacterSet": "ISO_IR 192", "BodyPartExamined": "CHEST", "PatientPosition": "HFS",
}  # fmt: skip


def opened(folder: Path) -> tuple[tuple[Volume, ...], list[Path]]:
    (series,) = [one for one in scan([folder]).series if one.volumes]
    (plans,) = sequences(series)
    return read_sequence(plans), [frame.path for plan in plans for frame in plan.frames]


def headers(paths: Iterable[Path]) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in sorted(paths)]


def source(folder: Path, count: int = 4, **more: Any) -> tuple[list[Dataset], list[Path]]:
    _stored, slices = stack(count, **(WHO | more))
    return slices, save(folder, slices)


def test_patient_and_study_are_those_of_the_source(tmp_path: Path) -> None:
    slices, _ = source(tmp_path / "in", Manufacturer="Scans Inc", LossyImageCompression="01",
                       LossyImageCompressionRatio="9.5", KVP="120")  # fmt: skip
    frames, paths = opened(tmp_path / "in")
    request = Request(read_origin(paths), steps=("Gaussian: sigma 2 mm", "Median"), operations=("smoothing.gaussian",))
    write_image(frames, tmp_path / "out", request)
    found = headers((tmp_path / "out").iterdir())
    for header in found:
        for keyword, value in WHO.items():
            found_value = header[keyword].value
            assert found_value == (float(value) if keyword == "PatientWeight" else value)
        assert header.FrameOfReferenceUID == slices[0].FrameOfReferenceUID
        assert header.SeriesInstanceUID != slices[0].SeriesInstanceUID
        assert header.DerivationDescription == "Gaussian: sigma 2 mm; Median"
        assert header.DerivationCodeSequence[0].CodeMeaning == "Gaussian blur"
        assert list(header.ImageType)[:2] == ["DERIVED", "SECONDARY"] and header.KVP == 120
        assert (header.LossyImageCompression, header.LossyImageCompressionRatio) == ("01", 9.5)
        assert header.ContributingEquipmentSequence[0].Manufacturer == "Scans Inc"
    by_place = {tuple(ds.ImagePositionPatient): ds.SOPInstanceUID for ds in slices}
    for header in found:
        (named,) = header.SourceImageSequence
        assert named.ReferencedSOPInstanceUID == by_place[tuple(header.ImagePositionPatient)]
        (series,) = header.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == slices[0].SeriesInstanceUID
    assert set_complaints((tmp_path / "out").iterdir()) == [] and complaints(tmp_path / "out" / "0001.dcm") == []


def test_long_descriptions_are_cut_to_what_their_representation_holds(tmp_path: Path) -> None:
    source(tmp_path / "in")
    frames, paths = opened(tmp_path / "in")
    steps = tuple(f"Step number {n} \\ with {'words ' * 20}" for n in range(40))
    write_image(frames, tmp_path / "out", Request(read_origin(paths), steps=steps, description="x\\y\n" + "z" * 100))
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert 1000 < len(header.DerivationDescription) <= 1024 and header.DerivationDescription.endswith("...")
    assert len(header.SeriesDescription) == 64 and "\\" not in header.SeriesDescription
    assert complaints(tmp_path / "out" / "0001.dcm") == []


def test_values_that_are_not_valid_are_left_out(tmp_path: Path) -> None:
    slices, paths = source(tmp_path / "in")
    for ds, path in zip(slices, paths, strict=True):
        with pytest.warns(UserWarning):
            ds.StudyDate, ds.PatientAge = "1994.01.30", "0Y"
        ds.save_as(path, enforce_file_format=True)
    frames, paths = opened(tmp_path / "in")
    write_image(frames, tmp_path / "out", Request(read_origin(paths)))
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert header.StudyDate == "" and "PatientAge" not in header and header.PatientID == "77"
    assert complaints(tmp_path / "out" / "0001.dcm") == []


def test_files_that_are_no_dicom_give_no_origin(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"\0" * 2000)
    (tmp_path / "b.dcm").write_bytes(bytes(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8)))
    for paths in ([], sorted(tmp_path.iterdir())):
        with pytest.raises(Refused, match="no DICOM file"):
            read_origin(paths)


def pet(folder: Path) -> list[Path]:
    slopes = [0.5, 1.37251, 3.0e-3, 12.5]
    drug = Dataset()
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 3.7e8, 6586.2
    drug.RadiopharmaceuticalStartTime = "100000"
    drug.RadionuclideCodeSequence = []
    more = {
        "modality": "PT", "sop_class": PET, "Units": "BQML", "DecayCorrection": "START", "CountsSource": "EMISSION",
        "CorrectedImage": ["ATTN", "DECY"], "SeriesType": ["STATIC", "IMAGE"], "SeriesDate": "20200304",
        "SeriesTime": "110000", "AcquisitionDate": "20200304", "AcquisitionTime": "110010", "NumberOfSlices": 4,
        "CollimatorType": "NONE", "FrameReferenceTime": 0, "ActualFrameDuration": 60000, "DecayFactor": "1.01",
        "RadiopharmaceuticalInformationSequence": [drug],
    }  # fmt: skip
    slices, _ = source(folder, **more, intercept=0)
    for ds, slope in zip(slices, slopes, strict=True):
        ds.RescaleSlope, ds.ImageIndex = slope, ds.InstanceNumber
    return save(folder, slices)


@pytest.mark.hazard("H10")
def test_uptake_and_the_scale_of_every_slice_are_kept(tmp_path: Path) -> None:
    before = headers(pet(tmp_path / "in"))
    frames, paths = opened(tmp_path / "in")
    write_image(frames, tmp_path / "out", Request(read_origin(paths)), accept_loss=False)
    after = headers((tmp_path / "out").iterdir())
    assert [float(h.RescaleSlope) for h in after] == [float(h.RescaleSlope) for h in before]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.pixel_array, new.pixel_array)
    (back,), _ = opened(tmp_path / "out")
    assert frames[0].suv_factor is not None and back.suv_factor == frames[0].suv_factor and back.unit == "Bq/ml"
    assert complaints(tmp_path / "out" / "0001.dcm") == []


def test_changed_uptake_is_written_in_sixteen_bits_when_that_is_asked_for(tmp_path: Path) -> None:
    pet(tmp_path / "in")
    (given,), paths = opened(tmp_path / "in")
    import SimpleITK as sitk

    given = given.with_image(sitk.SmoothingRecursiveGaussian(given.image, 1.0))
    request = Request(read_origin(paths), numbers=WORDS)
    error = write_image([given], tmp_path / "out", request).plan.error
    after = headers((tmp_path / "out").iterdir())
    assert {h.SOPClassUID for h in after} == {PET} and {float(h.RescaleIntercept) for h in after} == {0.0}
    off = max(np.abs(h.pixel_array * float(h.RescaleSlope) - values).max()
              for h, values in zip(after, given.array, strict=True))  # fmt: skip
    assert 0 < off <= error * (1 + 1e-3)
    (back,), _ = opened(tmp_path / "out")
    assert back.suv_factor == given.suv_factor and complaints(tmp_path / "out" / "0001.dcm") == []


def test_a_sequence_keeps_what_it_may_have(tmp_path: Path) -> None:
    source(tmp_path / "in", modality="MR", sop_class=MR, slope=None, ScanningSequence="SE", SequenceVariant="SK",
           ScanOptions="", MRAcquisitionType="2D", EchoTime="90", RepetitionTime="500", InversionTime="100",
           TriggerTime="5", EchoTrainLength="1")  # fmt: skip
    frames, paths = opened(tmp_path / "in")
    write_image(frames, tmp_path / "out", Request(read_origin(paths)))
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert (header.EchoTime, header.RepetitionTime, header.ScanningSequence) == (90, 500, "SE")
    assert "TriggerTime" not in header and "InversionTime" not in header and "RescaleSlope" not in header
    assert complaints(tmp_path / "out" / "0001.dcm") == []


def test_real_series_stay_what_they_are(data_dir: Path, tmp_path: Path) -> None:
    for name in ("ct_odd_geometry/gantrytilting", "ct_odd_geometry/sliceincrement", "ct_pet_mr_sts002/dicom/MR_T1"):
        frames, paths = opened(data_dir / name)
        out = tmp_path / name.replace("/", "-")
        write_image(frames, out, Request(read_origin(paths)), accept_loss=False)
        back, _ = opened(out)
        np.testing.assert_array_equal(back[0].array, frames[0].array)
        assert back[0].geometry.same_grid(frames[0].geometry, 1e-6)
        assert complaints(out / "0001.dcm") == []
