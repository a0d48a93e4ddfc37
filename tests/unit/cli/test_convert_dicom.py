"""Writing DICOM from the command line, and what must never leave a DICOM file for another format."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from command_line import Run, write_image
from dicom_judges import complaints, planes
from dicom_making import save, stack

ARRAY = (np.arange(4 * 6 * 5, dtype=np.int16) - 50).reshape(4, 6, 5)


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    return write_image(tmp_path / "in.nii.gz", ARRAY)


def place(values: np.ndarray) -> np.ndarray:
    """Return values (z, y, x) as nibabel has them."""
    return values.transpose(2, 1, 0)


@pytest.mark.parametrize("how", [["--dicom"], []])
def test_a_nifti_becomes_a_series_and_it_again(how: list[str], nifti: Path, tmp_path: Path, pellucid: Run) -> None:
    out = f"{tmp_path / 'out'}" + ("" if how else "/")
    done = pellucid("convert", nifti, out, *how, "--patient-id", "77", "--modality", "MR", "--description", "mine")
    assert done.code == 0, done.err
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert (header.PatientID, header.Modality, header.SeriesDescription) == ("77", "MR", "mine")
    assert complaints(tmp_path / "out" / "0001.dcm") == []
    written = np.concatenate([plane.values.ravel() for plane in planes((tmp_path / "out").iterdir())])
    np.testing.assert_array_equal(np.sort(written), np.sort(ARRAY.ravel()))
    assert pellucid("convert", tmp_path / "out", tmp_path / "back.nii.gz").code == 0
    given, back = nibabel.load(nifti), nibabel.load(tmp_path / "back.nii.gz")
    np.testing.assert_allclose(back.affine, given.affine, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(back.dataobj), np.asarray(given.dataobj))


def test_fractions_are_exact_unless_loss_is_accepted(tmp_path: Path, pellucid: Run) -> None:
    path = write_image(tmp_path / "in.nii.gz", ARRAY.astype(np.float32) / 7)
    assert pellucid("convert", path, tmp_path / "exact", "--dicom").code == 0
    (only,) = (tmp_path / "exact").iterdir()
    written = pydicom.dcmread(only).pixel_array
    np.testing.assert_array_equal(np.sort(written.ravel()), np.sort((ARRAY.astype(np.float32) / 7).ravel()))
    done = pellucid("convert", path, tmp_path / "near", "--dicom", "--accept-loss")
    assert done.code == 0 and "largest difference" in done.err
    assert len(list((tmp_path / "near").iterdir())) == 4


def test_labels_join_the_series_they_are_said_to_be_of(tmp_path: Path, pellucid: Run) -> None:
    _stored, slices = stack(4, PatientName="Doe^Jane", StudyDate="20200102")
    save(tmp_path / "ct", slices)
    assert pellucid("convert", tmp_path / "ct", tmp_path / "ct.nii.gz").code == 0
    image = nibabel.load(tmp_path / "ct.nii.gz")
    found = np.random.default_rng(0).integers(0, 3, image.shape).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(found, image.affine), tmp_path / "l.nii.gz")
    (tmp_path / "l.labels.json").write_text('{"labels": [{"value": 1, "name": "Liver", "color": "#E69F00"}]}')
    refused = pellucid("convert", tmp_path / "l.nii.gz", tmp_path / "out", "--seg")
    assert refused.code == 1 and "--like" in refused.err and not (tmp_path / "out").exists()
    kinds = ("--seg", "--rtstruct")
    done = pellucid("convert", tmp_path / "l.nii.gz", tmp_path / "out", *kinds, "--like", tmp_path / "ct")
    assert done.code == 0, done.err
    for name in ("segmentation", "structures"):
        header = pydicom.dcmread(tmp_path / "out" / f"{name}.dcm")
        assert (header.PatientName, header.FrameOfReferenceUID) == ("Doe^Jane", slices[0].FrameOfReferenceUID)
        back = tmp_path / f"{name}.nii.gz"
        path = tmp_path / "out" / f"{name}.dcm"
        assert pellucid("convert", path, back, "--onto", tmp_path / "ct").code == 0
        np.testing.assert_array_equal(np.asarray(nibabel.load(back).dataobj), found)
    seg = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    assert seg.SegmentSequence[0].SegmentLabel == "Liver"


@pytest.mark.hazard("H05")
@pytest.mark.parametrize("distances", [(0, 2.5, 5, 7.5), (0, 2.5, 5, 12.5)])
def test_labels_that_a_format_moved_are_not_written_without_a_word(
    tmp_path: Path, pellucid: Run, distances: tuple[float, ...]
) -> None:
    """NIfTI holds one distance of slices: where one is missing, labels that went through it end elsewhere."""
    save(tmp_path / "ct", stack(4, distances=distances)[1])
    assert pellucid("convert", tmp_path / "ct", tmp_path / "ct.nii.gz", "--accept-loss").code == 0
    image = nibabel.load(tmp_path / "ct.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.ones(image.shape, np.uint8), image.affine), tmp_path / "l.nii.gz")
    done = pellucid("convert", tmp_path / "l.nii.gz", tmp_path / "out", "--seg", "--like", tmp_path / "ct")
    frames = pydicom.dcmread(next((tmp_path / "out").iterdir())).PerFrameFunctionalGroupsSequence
    last = max(float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in frames)
    moved = abs(last - 10 - distances[-1]) > 0.05
    assert done.code == 0 and ("do not lie on the voxels" in done.err) == moved


def test_an_image_may_join_a_study(nifti: Path, tmp_path: Path, pellucid: Run) -> None:
    _stored, slices = stack(4, PatientName="Doe^Jane")
    save(tmp_path / "ct", slices)
    done = pellucid("convert", nifti, tmp_path / "out", "--dicom", "--like", tmp_path / "ct")
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert done.code == 0 and header.StudyInstanceUID == slices[0].StudyInstanceUID
    assert (header.PatientName, header.FrameOfReferenceUID) == ("Doe^Jane", slices[0].FrameOfReferenceUID)
    refused = pellucid("convert", nifti, tmp_path / "no", "--dicom", "--like", tmp_path / "ct", "--patient-id", "1")
    assert refused.code == 1 and "patient is that of the source" in refused.err


def test_a_folder_with_files_is_refused(nifti: Path, tmp_path: Path, pellucid: Run) -> None:
    done = pellucid("convert", nifti, tmp_path, "--dicom")
    assert done.code == 1 and "is there already" in done.err


PLANTED = {
    keyword: f"PLANTED{n:02d}"
    for n, keyword in enumerate((
        "PatientID", "OtherPatientNames", "PatientAddress", "PatientMotherBirthName", "MilitaryRank",
        "PatientTelephoneNumbers", "Occupation", "AdditionalPatientHistory", "PatientComments", "InstitutionName",
        "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "ReferringPhysicianName",
        "PerformingPhysicianName", "OperatorsName", "NameOfPhysiciansReadingStudy", "PhysiciansOfRecord",
        "StudyDescription", "SeriesDescription", "StudyID", "AccessionNumber", "DeviceSerialNumber", "ProtocolName",
        "ImageComments", "RequestingPhysician", "RequestedProcedureDescription", "PerformedProcedureStepID",
    ))
} | {"PatientName": "PLANTED^Name", "PatientBirthDate": "19400229", "StudyDate": "20240229"}  # fmt: skip


@pytest.mark.hazard("H33")
@pytest.mark.parametrize("extension", ["nii.gz", "nii", "nrrd", "mha", "tif"])
def test_no_planted_identifier_leaves_dicom(extension: str, tmp_path: Path, pellucid: Run) -> None:
    assert len(PLANTED) >= 30
    _stored, slices = stack(3, series="1.2.840.99.1", reference="1.2.840.99.2", **PLANTED)
    save(tmp_path / "in", slices)
    out = tmp_path / f"out.{extension}"
    done = pellucid("convert", tmp_path / "in", out, "--accept-loss")
    assert done.code == 0, done.err
    data = out.read_bytes()
    data += gzip.decompress(data) if extension == "nii.gz" else b""
    said = data + done.out.encode() + done.err.encode()
    for value in (*PLANTED.values(), "PLANTED", "1.2.840.99"):
        assert value.encode() not in said and value.encode("utf-16-le") not in said
    for path in tmp_path.iterdir():
        assert "PLANTED" not in path.name


@pytest.mark.hazard("H35")
def test_what_is_written_can_be_de_identified(tmp_path: Path, pellucid: Run) -> None:
    _stored, slices = stack(4, series="1.2.840.99.1", reference="1.2.840.99.2", **PLANTED)
    save(tmp_path / "in", slices)
    done = pellucid("convert", tmp_path / "in", tmp_path / "out", "--dicom", "--anonymise", "--patient-code", "Case7")
    assert done.code == 0 and "De-identified" in done.err, done.err
    files = sorted((tmp_path / "out").iterdir())
    for path in files:
        assert b"PLANTED" not in path.read_bytes() and b"1.2.840.99." not in path.read_bytes()
        assert pydicom.dcmread(path).PatientID == "Case7"
    read = [np.sort(np.concatenate([plane.values.ravel() for plane in planes(one)]))
            for one in (files, sorted((tmp_path / "in").iterdir()))]  # fmt: skip
    np.testing.assert_array_equal(*read)
    refused = pellucid("convert", tmp_path / "in", tmp_path / "no", "--dicom", "--patient-code", "Case7")
    assert refused.code == 1 and "--anonymise" in refused.err


@pytest.mark.parametrize(("how", "syntax"), [("rle", "1.2.840.10008.1.2.5"), ("jpeg-ls", "1.2.840.10008.1.2.4.80"),
                                             ("jpeg-2000", "1.2.840.10008.1.2.4.90")])  # fmt: skip
def test_series_can_be_compressed_without_loss(how: str, syntax: str, tmp_path: Path, pellucid: Run) -> None:
    array = np.random.default_rng(0).integers(-1000, 3000, (3, 40, 36)).astype(np.int16)
    path = write_image(tmp_path / "in.nii.gz", array)
    done = pellucid("convert", path, tmp_path / "out", "--dicom", "--compress", how)
    assert done.code == 0, done.err
    headers = [pydicom.dcmread(one) for one in (tmp_path / "out").iterdir()]
    assert {header.file_meta.TransferSyntaxUID for header in headers} == {syntax}
    written = np.concatenate([header.pixel_array.ravel() for header in headers])
    np.testing.assert_array_equal(np.sort(written), np.sort(array.ravel()))


@pytest.mark.parametrize("kind", ["--seg", "--rtstruct"])
def test_labels_that_overlap_stay_together(kind: str, tmp_path: Path, pellucid: Run) -> None:
    from pellucid.dicom.read import read_sequence
    from pellucid.dicom.scan import scan
    from pellucid.dicom.stack import sequences
    from pellucid.dicom.writing.origin import read_origin
    from pellucid.dicom.writing.request import Request
    from pellucid.files.dicom_objects import write_labels
    from pellucid.model.labels import Label, LabelMap

    _stored, slices = stack(4)
    paths = save(tmp_path / "ct", slices)
    ((plan,),) = sequences(scan([tmp_path / "ct"]).series[0])
    (volume,) = read_sequence((plan,))
    one, other = np.zeros((2, *volume.array.shape), np.uint8)
    one[1:3, 1:4, 1:4], other[2:4, 2:5, 2:5] = 1, 2
    maps = [LabelMap(volume.geometry, array, (Label(n, name, "#E69F00"),))
            for n, name, array in ((1, "Liver", one), (2, "Tumour", other))]  # fmt: skip
    write_labels(maps[0], tmp_path / "seg", Request(read_origin(paths)), beside=maps[1:])
    done = pellucid("convert", tmp_path / "seg", tmp_path / "out", kind, "--like", tmp_path / "ct")
    assert done.code == 0, done.err
    (path,) = (tmp_path / "out").iterdir()
    back = pellucid("convert", path, tmp_path / "back.nii.gz", "--onto", tmp_path / "ct")
    assert back.code == 0, back.err
    for n, array in enumerate((one, other), start=1):
        found = np.asarray(nibabel.load(tmp_path / f"back-{n}.nii.gz").dataobj)
        np.testing.assert_array_equal(place(array), found)


def test_an_untouched_series_says_what_was_done_to_it(tmp_path: Path, pellucid: Run) -> None:
    save(tmp_path / "ct", stack(4, distances=(0.0, 2.0, 4.0, 7.0))[1])
    said = []
    for out, more in (("same", []), ("even", ["--even"])):
        assert pellucid("convert", tmp_path / "ct", tmp_path / out, "--dicom", *more, "--accept-loss").code == 0
        header = pydicom.dcmread(tmp_path / out / "0001.dcm")
        said.append(header.DerivationDescription)
        assert complaints(tmp_path / out / "0001.dcm") == []
    assert said[0] == "Values unchanged, encoded anew" and said[1].startswith("Slices resampled to even spacing")
    assert header.DerivationCodeSequence[0].CodeMeaning == "Spatial resampling"
