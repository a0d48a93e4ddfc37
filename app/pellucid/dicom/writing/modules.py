"""What every object says: patient, study, series, equipment, frame of reference, and what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pellucid import __version__
from pellucid.dicom.writing.derivation import coded
from pellucid.dicom.writing.origin import PATIENT, PLACE, STUDY, TRIAL, Instance
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.texts import line, new_uid, person
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

PROGRAM = "Pellucid"
WHOLE = -1
"""Stands for all frames of a file."""
_PATIENT_TYPE_2 = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_TRIAL_TYPE_1 = ("ClinicalTrialSponsorName", "ClinicalTrialProtocolID")
_UNPAIRED = frozenset({
    "ABDOMEN", "AORTA", "BLADDER", "BRAIN", "CERVIX", "CHEST", "COCCYX", "COLON", "CSPINE", "HEAD", "HEART", "LIVER",
    "LSPINE", "NECK", "PANCREAS", "PELVIS", "PROSTATE", "SKULL", "SPINE", "SSPINE", "STERNUM", "TSPINE", "UTERUS",
    "WHOLEBODY",
})  # fmt: skip
_MOST_SOURCES = 200
_STUDY_TYPE_2 = ("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber")


@dataclass(frozen=True)
class SeriesUids:
    """The UIDs that all objects of a new series share, and when it was made."""

    study: str
    series: str
    frame_of_reference: str
    made: datetime

    @classmethod
    def of(cls, request: Request, geometry: Geometry | None = None) -> SeriesUids:
        """Return new UIDs; the study is that of the source, the frame of reference the one that the grid lies in."""
        origin = request.origin
        study = (origin.study if origin is not None else request.study) or new_uid()
        reference = geometry.frame_of_reference if geometry is not None else ""
        if not reference and geometry is not None and geometry.oriented:
            reference = new_uid()
        return cls(study, new_uid(), reference, datetime.now())


def begin(request: Request, uids: SeriesUids, sop_class: str, modality: str) -> Dataset:
    """Return a data set that says who it is about, which series it belongs to and who made it."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, new_uid()
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = f"{uids.made:%Y%m%d}", f"{uids.made:%H%M%S}"
    _say_who(dataset, request, uids)
    dataset.Modality, dataset.SeriesInstanceUID = modality, uids.series
    dataset.SeriesNumber = request.number
    dataset.SeriesDate, dataset.SeriesTime = dataset.InstanceCreationDate, dataset.InstanceCreationTime
    if request.description:
        dataset.SeriesDescription = line(request.description)
    dataset.Manufacturer = dataset.ManufacturerModelName = PROGRAM
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = __version__, "0"
    dataset.ContentDate, dataset.ContentTime = dataset.InstanceCreationDate, dataset.InstanceCreationTime
    return dataset


def _say_who(dataset: Dataset, request: Request, uids: SeriesUids) -> None:
    """Copy patient and study of the source, or take what the user says; what nobody says stays empty."""
    subject = request.subject
    for keyword in (*_PATIENT_TYPE_2, *_STUDY_TYPE_2):
        setattr(dataset, keyword, "")
    if request.origin is not None:
        header = request.origin.header
        copy(dataset, header, (*PATIENT, *STUDY))
        if all(header.get(keyword) for keyword in _TRIAL_TYPE_1):  # half of a trial says nothing that is valid
            copy(dataset, header, TRIAL)
    else:
        dataset.PatientName, dataset.PatientID = person(subject.name), line(subject.id)
        dataset.PatientBirthDate, dataset.PatientSex = subject.birth_date, subject.sex
        if subject.study_description:
            dataset.StudyDescription = line(subject.study_description)
        if not request.study:
            dataset.StudyDate, dataset.StudyTime = f"{uids.made:%Y%m%d}", f"{uids.made:%H%M%S}"
    dataset.StudyInstanceUID = uids.study


def burned_in(volume: Volume) -> str:
    """Return whether the pixels may name the patient: what nobody denied is not denied here (PS3.3 C.7.6.1.1.3)."""
    return "YES" if volume.acquisition.may_be_burned_in else "NO"


def copy(dataset: Dataset, header: Dataset, keywords: Sequence[str]) -> None:
    """Copy the elements of a header that are there; what is done to the copy is not done to the header."""
    for keyword in keywords:
        if keyword in header:
            dataset.add(deepcopy(header[keyword]))


def put_place(dataset: Dataset, request: Request, uids: SeriesUids) -> None:
    """Say in which frame of reference the object lies, and what of the patient it shows."""
    if request.origin is not None:
        header = request.origin.header
        copy(dataset, header, [keyword for keyword in PLACE if header.get(keyword) not in (None, "", [])])
    if "Laterality" not in dataset and dataset.get("BodyPartExamined", "") not in _UNPAIRED:
        dataset.Laterality = None
    if uids.frame_of_reference:
        dataset.FrameOfReferenceUID = uids.frame_of_reference
        if "PositionReferenceIndicator" not in dataset:
            dataset.PositionReferenceIndicator = ""
    else:
        for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
            if keyword in dataset:
                delattr(dataset, keyword)


def put_acquisition_device(dataset: Dataset, request: Request) -> None:
    """Name the device that acquired the source (PS3.3 C.12.1.1.5): the equipment that made this object is ours."""
    from pydicom.dataset import Dataset

    if request.origin is None:
        return
    header, item = request.origin.header, Dataset()
    if not header.get("Manufacturer"):
        return
    copy(item, header, ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions",
                        "InstitutionName", "StationName"))  # fmt: skip
    item.PurposeOfReferenceCodeSequence = [coded("DCM", "109101", "Acquisition Equipment")]
    dataset.ContributingEquipmentSequence = [item]


def sources_at(
    request: Request, uids: SeriesUids, place: Sequence[float], n: int, count: int
) -> list[tuple[Instance, int]]:
    """Return the files of the source that a slice of frame ``n`` of ``count`` lies on, with the number of their frame.

    ``place`` is position and orientation. Where the files there do not correspond to the frames, all of them count;
    where there are none, as after resampling, every file of the source.
    """
    origin = request.origin
    if origin is None:
        return []
    found = origin.at(place) if origin.frame_of_reference == uids.frame_of_reference else []
    if not found:
        return [(one, WHOLE) for one in origin.instances] if len(origin.instances) <= _MOST_SOURCES else []
    return [found[n]] if len(found) == count else found


def source_items(sources: Sequence[tuple[Instance, int]]) -> list[Dataset]:
    """Return the items that name the images that an image was made of."""
    items = []
    for instance, frame in sources:
        item = reference(instance.sop_class, instance.uid)
        if instance.frames > 1 and frame != WHOLE:
            item.ReferencedFrameNumber = frame + 1
        item.PurposeOfReferenceCodeSequence = [coded("DCM", "121322", "Source image for image processing operation")]
        items.append(item)
    return items


def put_sources(dataset: Dataset, sources: Sequence[tuple[Instance, int]]) -> None:
    """Name the images that an image was made of."""
    if sources:
        dataset.SourceImageSequence = source_items(sources)


def put_series_reference(dataset: Dataset, request: Request, sources: Sequence[tuple[Instance, int]]) -> None:
    """Name the series of the images that are referred to (PS3.3 C.12.2)."""
    from pydicom.dataset import Dataset

    if request.origin is None or not sources:
        return
    item = Dataset()
    item.SeriesInstanceUID = request.origin.series
    named = dict.fromkeys((one.sop_class, one.uid) for one, _frame in sources)
    item.ReferencedInstanceSequence = [reference(*pair) for pair in named]
    dataset.ReferencedSeriesSequence = [item]


def reference(sop_class: str, uid: str) -> Dataset:
    """Return an item that names an instance."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item
