"""Spatial registrations: which way a matrix goes, against an object made by hand, and back through a file of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_judges import complaints
from pellucid.dicom.spatial_registration import DEFORMABLE, read, read_plain
from pellucid.dicom.writing.registrations import Referenced, encode, matrix_type
from pellucid.model.findings import Refused
from pellucid.model.volume import Acquisition

CT, MR, PT = "1.2.3.1", "1.2.3.2", "1.2.3.3"
TURN = np.array([[0.0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]])
"""A quarter turn about z and a shift; not its own inverse, and not symmetric."""
SHIFT = np.array([[1.0, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def written(folder: Path, *items: tuple[str, list[Any]], kind: str = "1.2.840.10008.5.1.4.1.1.66.1") -> Path:
    """Write an object as another program would: items of a frame of reference and the matrices applied in turn."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = kind, "1.2.3.4.5", "REG"
    dataset.FrameOfReferenceUID, dataset.ContentLabel = CT, "BY HAND"
    dataset.RegistrationSequence = []
    for frame, matrices in items:
        item, group = Dataset(), Dataset()
        group.MatrixSequence = []
        for matrix in matrices:
            entry = Dataset()
            entry.FrameOfReferenceTransformationMatrixType = "RIGID"
            entry.FrameOfReferenceTransformationMatrix = [float(n) for n in np.ravel(matrix)]
            group.MatrixSequence.append(entry)
        item.FrameOfReferenceUID, item.MatrixRegistrationSequence = frame, [group]
        dataset.RegistrationSequence.append(item)
    path = folder / "registration.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def moved(matrix: np.ndarray, point: tuple[float, float, float]) -> np.ndarray:
    return (matrix @ (*point, 1.0))[:3]


def test_the_matrix_takes_points_of_its_frame_to_the_registered_one(tmp_path: Path) -> None:
    # A landmark at (1, 2, 3) of the MR lies at TURN·(1, 2, 3) = (8, 21, 33) of the CT (PS3.3 C.20.2.1.1).
    found = read(written(tmp_path, (MR, [TURN])))
    assert found.registered == CT and found.title == "BY HAND"
    fixed_to_moving = found.between(CT, MR)
    assert moved(fixed_to_moving, (8, 21, 33)) == pytest.approx((1, 2, 3))
    assert moved(found.between(MR, CT), (1, 2, 3)) == pytest.approx((8, 21, 33))


def test_matrices_of_an_item_are_applied_in_their_order(tmp_path: Path) -> None:
    found = read(written(tmp_path, (MR, [SHIFT, TURN])))
    assert moved(found.between(MR, CT), (1, 2, 3)) == pytest.approx((8, 26, 33))  # first 5 to the left, then the turn


def test_two_frames_meet_in_the_registered_one(tmp_path: Path) -> None:
    found = read(written(tmp_path, (MR, [TURN]), (PT, [SHIFT])))
    # (1, 2, 3) of the MR is (8, 21, 33) of the CT, and so is (3, 21, 33) of the PET.
    assert moved(found.between(MR, PT), (1, 2, 3)) == pytest.approx((3, 21, 33))
    assert found.between(CT, CT) is None and found.between(CT, "9.9") is None


@pytest.mark.parametrize(
    ("items", "kind", "words"),
    [
        ([(MR, [TURN])], DEFORMABLE, "deformable"),
        ([(MR, [TURN])], "1.2.840.10008.5.1.4.1.1.2", "no DICOM registration"),
        ([], "1.2.840.10008.5.1.4.1.1.66.1", "ties no frames"),
        ([(MR, [np.zeros((4, 4))])], "1.2.840.10008.5.1.4.1.1.66.1", "no transform"),
        ([(MR, [TURN[:3]])], "1.2.840.10008.5.1.4.1.1.66.1", "no transform"),
        ([(MR, [TURN]), (MR, [SHIFT])], "1.2.840.10008.5.1.4.1.1.66.1", "different places"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path, items: Any, kind: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read(written(tmp_path, *items, kind=kind))


def test_no_dicom_at_all(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("nothing of the kind")
    with pytest.raises(Refused, match="no DICOM registration"):
        read_plain({"path": str(tmp_path / "text.dcm")})


def ours(folder: Path, matrix: np.ndarray, title: str = "Register MR to CT") -> Path:
    path = folder / "ours.dcm"
    about = Acquisition(patient_name="Doe, Jane", patient_id="17", study_uid="1.2.3.9")
    fixed = Referenced(CT, "1.2.3.9", "1.2.3.9.1", (("1.2.840.10008.5.1.4.1.1.2", "1.2.3.9.1.1"),))
    moving = Referenced(MR, "1.2.3.8", "1.2.3.8.1", (("1.2.840.10008.5.1.4.1.1.4", "1.2.3.8.1.1"),))
    encode(path, matrix, fixed, moving, about, title)
    return path


def test_ours_is_what_another_reader_expects(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(ours(tmp_path, TURN))
    assert (dataset.SOPClassUID, dataset.Modality, dataset.FrameOfReferenceUID) == (
        "1.2.840.10008.5.1.4.1.1.66.1", "REG", CT)  # fmt: skip
    fixed, moving = dataset.RegistrationSequence
    assert (fixed.FrameOfReferenceUID, moving.FrameOfReferenceUID) == (CT, MR)
    entry = moving.MatrixRegistrationSequence[0].MatrixSequence[0]
    assert entry.FrameOfReferenceTransformationMatrixType == "RIGID"
    stored = np.array([float(n) for n in entry.FrameOfReferenceTransformationMatrix]).reshape(4, 4)
    # TURN takes CT points to MR points here: (1, 2, 3) to (8, 21, 33). The object says the way back.
    assert moved(stored, (8, 21, 33)) == pytest.approx((1, 2, 3))


def test_ours_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    matrix = np.eye(4)
    matrix[:3] += rng.normal(size=(3, 4)) * (0.1, 0.1, 0.1, 40)
    found = read(ours(tmp_path, matrix))
    assert found.between(CT, MR) == pytest.approx(matrix, abs=1e-9) and found.title == "Register MR to CT"


def test_types_of_matrices() -> None:
    assert matrix_type(TURN) == "RIGID"
    assert matrix_type(TURN @ np.diag([1.1, 1.0, 0.9, 1.0])) == "RIGID_SCALE"
    sheared = TURN.copy()
    sheared[0, 2] = 0.2
    assert matrix_type(sheared) == matrix_type(np.diag([-1.0, 1, 1, 1])) == "AFFINE"


def test_ours_is_valid(tmp_path: Path) -> None:
    assert complaints(ours(tmp_path, TURN)) == []
