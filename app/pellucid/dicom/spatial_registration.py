"""DICOM spatial registrations: matrices between frames of reference, read in a worker and written.

Source: PS3.3 A.39.1 and C.20.2. A matrix takes points of the frame of reference its item names to the *registered*
one, which the object itself names; several matrices of an item are applied in their order.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.parsing import parse
from pellucid.dicom.values import Values
from pellucid.dicom.writing.texts import decimal
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats

if TYPE_CHECKING:
    from pydicom import Dataset

    from pellucid.dicom.child import Pool
    from pellucid.model.volume import Acquisition

RIGID = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.3"
MODALITY = "REG"
_CLASS, _FRAME, _LABEL, _DESCRIPTION = 0x00080016, 0x00200052, 0x00700080, 0x00700081
_ITEMS, _MATRICES, _SEQUENCE, _MATRIX = 0x00700308, 0x00700309, 0x0070030A, 0x300600C6
_TAGS = frozenset({_CLASS, _FRAME, _LABEL, _DESCRIPTION, _ITEMS, _MATRICES, _SEQUENCE, _MATRIX})
_READ = "pellucid.dicom.spatial_registration:read_plain"
_LEAST_VOLUME = 1e-9
_EXACT = 1e-4


@dataclass(frozen=True, eq=False)
class SpatialRegistration:
    """Matrices (4 × 4, LPS mm) by frame of reference; each takes points of it to the frame ``registered``."""

    registered: str
    matrices: Mapping[str, Floats]
    title: str = ""

    def between(self, fixed: str, moving: str) -> Floats | None:
        """Return the matrix from points of one frame of reference to the same points of another, as ITK has it.

        None where the object does not tie both, or they are the same.
        """
        to_registered = {self.registered: np.eye(4), **self.matrices}
        if fixed == moving or fixed not in to_registered or moving not in to_registered:
            return None
        return np.asarray(np.linalg.inv(to_registered[moving]) @ to_registered[fixed])


@dataclass(frozen=True)
class Referenced:
    """The images of one side of a registration: their frame of reference, study, series and (class, instance) UIDs."""

    frame_of_reference: str
    study: str = ""
    series: str = ""
    instances: tuple[tuple[str, str], ...] = field(default=(), repr=False)


# -------------------------------------------------------------------- reading


def read(path: Path, pool: Pool | None = None) -> SpatialRegistration:
    """Read a spatial registration in a worker; raise Refused with a sentence for what is none, or cannot be used."""
    from pellucid.dicom.child import default_pool

    answer, _ = (pool or default_pool()).call(_READ, {"path": str(path)})
    matrices = {uid: np.array(matrix).reshape(4, 4) for uid, matrix in answer["matrices"].items()}
    return SpatialRegistration(answer["registered"], matrices, answer["title"])


def read_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Read ``payload["path"]``; answer frame of reference, matrices and title, or why not. Runs in a worker."""
    path = Path(payload["path"])
    try:
        parsed = parse(path, _TAGS)
    except (Malformed, Unreasonable, OSError, ValueError, RecursionError, struct.error):
        parsed = None
    if parsed is None:
        raise Refused(tr("{name} could not be read: it holds no DICOM registration.", name=path.name))
    values = Values(parsed.elements)
    kind = values.code(_CLASS) or parsed.media_class
    if kind == DEFORMABLE:
        raise Refused(tr("{name} holds a deformable registration. Only rigid and affine ones are read; convert it "
                         "to a displacement field with another tool.", name=path.name))  # fmt: skip
    if kind != RIGID:
        raise Refused(tr("{name} could not be read: it holds no DICOM registration.", name=path.name))
    return _plain(values, path.name)


def _plain(values: Values, name: str) -> dict[str, Any]:
    registered = values.code(_FRAME)
    matrices: dict[str, Floats] = {}
    for item in values.items(_ITEMS):
        frame, matrix = item.code(_FRAME), _composed(item)
        if matrix is None or not registered:
            raise Refused(tr("{name} could not be read: a matrix in it is no transform of space.", name=name))
        if frame in matrices and not np.allclose(matrices[frame], matrix):
            raise Refused(tr("{name} could not be read: it moves images of one frame of reference to different "
                             "places.", name=name))  # fmt: skip
        if frame:
            matrices[frame] = matrix
    if not matrices:
        raise Refused(tr("{name} could not be read: it ties no frames of reference.", name=name))
    title = values.text(_DESCRIPTION) or values.text(_LABEL)
    plain = {frame: matrix.ravel().tolist() for frame, matrix in matrices.items()}
    return {"registered": registered, "matrices": plain, "title": title}


def _composed(item: Values) -> Floats | None:
    """Return all matrices of an item as one, or None where one of them is none."""
    whole = np.eye(4)
    for group in item.items(_MATRICES):
        for entry in group.items(_SEQUENCE):
            numbers = entry.numbers(_MATRIX)
            if len(numbers) != 16:
                return None
            matrix = np.array(numbers).reshape(4, 4)
            if not np.allclose(matrix[3], (0, 0, 0, 1)) or abs(np.linalg.det(matrix[:3, :3])) < _LEAST_VOLUME:
                return None
            whole = matrix @ whole
    return whole


# -------------------------------------------------------------------- writing


def matrix_type(matrix: Floats) -> str:
    """Return what DICOM calls a matrix: RIGID, RIGID_SCALE (with scales along the axes) or AFFINE."""
    axes = matrix[:3, :3]
    scales = np.linalg.norm(axes, axis=0)
    turned = axes / scales
    if np.linalg.det(axes) < 0 or not np.allclose(turned.T @ turned, np.eye(3), atol=_EXACT):
        return "AFFINE"
    return "RIGID" if np.allclose(scales, 1, atol=_EXACT) else "RIGID_SCALE"


def encode(path: Path, matrix: Floats, fixed: Referenced, moving: Referenced, about: Acquisition, title: str) -> None:
    """Write a registration: ``matrix`` takes points of the fixed image to points of the moving one, as ITK has it.

    ``about`` names patient and study. What is written takes moving points to fixed ones, as DICOM has it.
    """
    dataset = _header(fixed, about, title)
    there: Floats = np.linalg.inv(matrix).astype(np.float64)
    dataset.RegistrationSequence = [_item(fixed, np.eye(4)), _item(moving, there)]
    sides = [side for side in (fixed, moving) if side.instances]
    same, other = ([one for one in sides if (one.study == dataset.StudyInstanceUID) is here] for here in (True, False))
    if same:
        dataset.ReferencedSeriesSequence = [_series(side) for side in same]
    if other:
        dataset.StudiesContainingOtherReferencedInstancesSequence = [_study(side) for side in other]
    dataset.save_as(path, enforce_file_format=True)


def _header(fixed: Referenced, about: Acquisition, title: str) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    now = datetime.now()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = RIGID, generate_uid(prefix="2.25.")
    dataset.PatientName = "^".join(part.strip() for part in about.patient_name.split(","))
    dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = about.patient_id, about.birth_date, about.sex
    dataset.StudyInstanceUID = about.study_uid or generate_uid(prefix="2.25.")
    dataset.StudyDate, dataset.StudyDescription = about.study_date, about.study_description
    dataset.StudyTime = dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.Laterality = ""
    dataset.Modality, dataset.SeriesInstanceUID = MODALITY, generate_uid(prefix="2.25.")
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.SeriesDescription = title[:64]
    dataset.Manufacturer = dataset.ManufacturerModelName = "Pellucid"
    dataset.DeviceSerialNumber = dataset.SoftwareVersions = "0"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = fixed.frame_of_reference, ""
    dataset.ContentDate = dataset.SeriesDate = f"{now:%Y%m%d}"
    dataset.ContentTime = dataset.SeriesTime = f"{now:%H%M%S}"
    dataset.ContentLabel, dataset.ContentDescription, dataset.ContentCreatorName = "REGISTRATION", title[:64], ""
    return dataset


def _item(side: Referenced, matrix: Floats) -> Dataset:
    from pydicom.dataset import Dataset

    entry, group, item = Dataset(), Dataset(), Dataset()
    entry.FrameOfReferenceTransformationMatrixType = matrix_type(matrix)
    entry.FrameOfReferenceTransformationMatrix = [decimal(value) for value in matrix.ravel()]
    group.MatrixSequence, group.RegistrationTypeCodeSequence = [entry], []
    item.FrameOfReferenceUID, item.MatrixRegistrationSequence = side.frame_of_reference, [group]
    if side.instances:
        item.ReferencedImageSequence = _instances(side)
    return item


def _instances(side: Referenced) -> Sequence[Dataset]:
    from pydicom.dataset import Dataset

    found = []
    for kind, uid in side.instances:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = kind, uid
        found.append(reference)
    return found


def _series(side: Referenced) -> Dataset:
    from pydicom.dataset import Dataset

    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedInstanceSequence = side.series, _instances(side)
    return series


def _study(side: Referenced) -> Dataset:
    from pydicom.dataset import Dataset

    study = Dataset()
    study.StudyInstanceUID, study.ReferencedSeriesSequence = side.study, [_series(side)]
    return study
