"""Matrices between frames of reference as DICOM spatial registrations (PS3.3 A.39.1 and C.20.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.dicom.spatial_registration import MODALITY, RIGID
from pellucid.dicom.writing.modules import SeriesUids, begin, reference
from pellucid.dicom.writing.request import Request, Subject
from pellucid.dicom.writing.texts import decimal, line
from pellucid.model.geometry import Floats

if TYPE_CHECKING:
    from pydicom import Dataset

    from pellucid.model.volume import Acquisition

_EXACT = 1e-4


@dataclass(frozen=True)
class Referenced:
    """The images of one side of a registration: their frame of reference, study, series and (class, instance) UIDs."""

    frame_of_reference: str
    study: str = ""
    series: str = ""
    instances: tuple[tuple[str, str], ...] = field(default=(), repr=False)


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
    subject = Subject(about.patient_name, about.patient_id, about.birth_date, about.sex, about.study_description)
    request = Request(subject=subject, study=about.study_uid, description=title, number=1)
    dataset = begin(request, SeriesUids.of(request), RIGID, MODALITY)
    if about.study_uid:
        dataset.StudyDate = about.study_date
    dataset.Laterality, dataset.InstanceNumber = "", 1
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = fixed.frame_of_reference, ""
    dataset.ContentLabel, dataset.ContentDescription, dataset.ContentCreatorName = "REGISTRATION", line(title), ""
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
    return [reference(kind, uid) for kind, uid in side.instances]


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
