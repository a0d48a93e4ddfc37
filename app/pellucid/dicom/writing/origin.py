"""What the files of a source say of patient, study and acquisition, and who they are: read in a worker.

A derived image repeats patient and study of its source, says what it still has of the acquisition and names the files
it was made of. Values that could not be written again are left out.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.parsing import parse
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

    from pellucid.dicom.child import Pool

PATIENT = (
    "PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "PatientBirthDate", "PatientBirthTime",
    "PatientSex", "QualityControlSubject", "OtherPatientIDsSequence", "EthnicGroup", "PatientComments",
    "PatientSpeciesDescription", "PatientSpeciesCodeSequence", "PatientBreedDescription", "PatientBreedCodeSequence",
    "BreedRegistrationSequence", "StrainDescription", "ResponsiblePerson", "ResponsiblePersonRole",
    "ResponsibleOrganization", "PatientIdentityRemoved", "DeidentificationMethod",
    "DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified",
)  # fmt: skip
TRIAL = (
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID", "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
)  # fmt: skip
STUDY = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy",
    "ProcedureCodeSequence", "AdmittingDiagnosesDescription", "PatientAge", "PatientSize", "PatientWeight",
    "PatientSexNeutered", "TimezoneOffsetFromUTC",
)  # fmt: skip
PLACE = (
    "FrameOfReferenceUID", "PositionReferenceIndicator", "PatientPosition", "BodyPartExamined", "Laterality",
    "AnatomicRegionSequence",
)  # fmt: skip
DEVICE = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "InstitutionName",
          "StationName")  # fmt: skip
IMAGE = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod", "BurnedInAnnotation",
         "ContrastBolusAgent")  # fmt: skip
CT = ("KVP", "ConvolutionKernel", "ScanOptions", "FilterType", "MultienergyCTAcquisition")
MR = (
    "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "SequenceName", "RepetitionTime",
    "EchoTrainLength", "InversionTime", "FlipAngle", "MagneticFieldStrength", "ImagingFrequency", "ImagedNucleus",
    "NumberOfAverages",
)  # fmt: skip
PT = (
    "SeriesDate", "SeriesTime", "Units", "SUVType", "CountsSource", "SeriesType", "ReprojectionMethod",
    "DecayCorrection", "CorrectedImage", "RadiopharmaceuticalInformationSequence", "CollimatorType",
    "AttenuationCorrectionMethod", "ScatterCorrectionMethod", "RandomsCorrectionMethod", "ReconstructionMethod",
    "PatientOrientationCodeSequence", "PatientGantryRelationshipCodeSequence",
)  # fmt: skip
MOMENT = (
    "AcquisitionDate", "AcquisitionTime", "AcquisitionNumber", "FrameReferenceTime", "ActualFrameDuration",
    "DecayFactor", "DoseCalibrationFactor", "ScatterFractionFactor", "EchoTime", "EchoNumbers", "DiffusionBValue",
    "DiffusionGradientOrientation", "TemporalPositionIdentifier", "NumberOfTemporalPositions", "TriggerTime",
)  # fmt: skip
"""What differs from slice to slice or from frame to frame."""
_COMMON = ("Modality", "SeriesDescription", *PATIENT, *TRIAL, *STUDY, *PLACE, *DEVICE, *IMAGE, *CT, *MR, *PT)
_SORTED_BY = ("TemporalPositionIdentifier", "FrameReferenceTime", "TriggerTime", "EchoTime", "DiffusionBValue",
              "AcquisitionNumber", "InstanceNumber")  # fmt: skip
_READ = "pellucid.dicom.writing.origin:read_plain"
_BATCH, _SECONDS_PER_FILE = 200, 0.25
_LONGEST = 16_384
_NEAR = 0.01
_SOP_CLASS, _GE_SCAN = 0x00080016, 0x0009100D


@dataclass(frozen=True)
class Instance:
    """One file of the source: its class and UID, where its frames lie, and what it says of the moment."""

    sop_class: str
    uid: str
    frames: int = 1
    places: tuple[tuple[float, ...], ...] = ()
    """Position and orientation, nine numbers, of every frame; empty where they are not stated."""
    moment: Mapping[str, Any] = field(default_factory=dict, hash=False)
    functional: bool = False
    """Its frames say what they are in functional groups, as enhanced images have them."""
    order: tuple[float, ...] = ()
    """What sorts instances at one place by time, echo or b-value, and then by their number."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The series that something was made of."""

    study: str
    series: str
    common: Mapping[str, Any] = field(default_factory=dict, hash=False)
    instances: tuple[Instance, ...] = ()

    @cached_property
    def header(self) -> Dataset:
        """Return what is copied of patient, study and acquisition, as a new data set."""
        return _dataset(self.common)

    @cached_property
    def frame_of_reference(self) -> str:
        """Return the frame of reference of the source."""
        return str(self.header.get("FrameOfReferenceUID", ""))

    @cached_property
    def _places(self) -> tuple[Floats, list[tuple[Instance, int]]]:
        known = [(one, n) for one in self.instances for n in range(len(one.places))]
        return np.array([one.places[n] for one, n in known]).reshape(-1, 9), known

    def at(self, place: Sequence[float]) -> list[tuple[Instance, int]]:
        """Return the files whose plane is at a place (position, orientation), with the frame's number, by time."""
        places, known = self._places
        near = np.max(np.abs(places - np.array(place, dtype=float)), axis=1, initial=0.0) < _NEAR
        return [known[n] for n in np.flatnonzero(near)] if len(known) else []

    def moment(self, instance: Instance) -> Dataset:
        """Return what a file says of the moment it was taken."""
        return _dataset(instance.moment)


def read_origin(paths: Sequence[Path], pool: Pool | None = None) -> Origin:
    """Read the headers of the files of one series in workers; raise Refused where one of them says too little."""
    from pellucid.dicom.child import default_pool

    pool, answers = pool or default_pool(), []
    for start in range(0, len(paths), _BATCH):
        batch = [str(path) for path in paths[start : start + _BATCH]]
        answer, _ = pool.call(_READ, {"paths": batch}, deadline=10.0 + _SECONDS_PER_FILE * len(batch))
        answers.append(answer)
    if not answers:
        raise Refused(tr("The source holds no DICOM file that says who it is about."))
    instances = [Instance(**(one | {"places": tuple(map(tuple, one["places"])), "order": tuple(one["order"])}))
                 for answer in answers for one in answer["instances"]]  # fmt: skip
    if not instances:
        raise Refused(tr("The source holds no DICOM file that says who it is about."))
    instances.sort(key=lambda one: one.order)
    first = next(answer for answer in answers if answer["instances"])
    return Origin(first["study"], first["series"], first["common"], tuple(instances))


def read_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Read headers of ``payload["paths"]``; answer what they have in common and every instance. Runs in a worker."""
    from pydicom.errors import InvalidDicomError

    found: dict[str, Any] = {"study": "", "series": "", "common": {}, "instances": []}
    for name in payload["paths"]:
        try:
            header = _header(Path(name))
        except (OSError, InvalidDicomError, Malformed, Unreasonable, ValueError, AttributeError, struct.error,
                RecursionError, LookupError):  # fmt: skip
            continue
        if found["instances"] and str(header.get("SeriesInstanceUID", "")) != found["series"]:
            continue
        if not found["instances"]:
            study, series = (str(header.get(word, "")) for word in ("StudyInstanceUID", "SeriesInstanceUID"))
            found |= {"study": study, "series": series, "common": _plain(header, _COMMON)}
        found["instances"].append({
            "sop_class": str(header.SOPClassUID), "uid": str(header.SOPInstanceUID),
            "frames": max(1, int(header.get("NumberOfFrames", 1) or 1)), "places": _places(header),
            "moment": _plain(header, MOMENT), "order": _order(header),
            "functional": "PerFrameFunctionalGroupsSequence" in header,
        })  # fmt: skip
    return found


def _header(path: Path) -> Dataset:
    from pydicom import dcmread

    if parse(path, frozenset({_SOP_CLASS})) is None:
        raise ValueError("no DICOM")
    header = dcmread(path, stop_before_pixels=True, force=True)
    if not header.get("SOPClassUID") or not header.get("SOPInstanceUID"):
        raise ValueError("no instance")
    started = header.get(_GE_SCAN)
    if started is not None and len(str(started.value)) >= 14:  # uptake counts from here, whatever the series says
        header.SeriesDate, header.SeriesTime = str(started.value)[:8], str(started.value)[8:]
    return header


def _plain(header: Dataset, keywords: Sequence[str]) -> dict[str, Any]:
    """Return the elements of a header that can be written again, in the JSON model of DICOM."""
    from pydicom.dataset import Dataset

    kept = Dataset()
    for keyword in keywords:
        with contextlib.suppress(Exception):  # whatever a damaged value raises, it is not copied
            if keyword in header and _is_writable(header[keyword]):
                kept.add(header[keyword])
    return dict(kept.to_json_dict())


def _is_writable(element: DataElement) -> bool:
    """Return whether a value is of moderate size and survives being written as JSON and as DICOM."""
    from pydicom import config
    from pydicom.dataset import Dataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset
    from pydicom.valuerep import validate_value

    for value in element.value if element.VM > 1 and element.VR != "SQ" else [element.value]:
        if isinstance(value, str):
            validate_value(element.VR, value, config.RAISE)
    one = Dataset()
    one.add(element)
    again = Dataset.from_json(one.to_json_dict())
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, again)
    return len(stream.getvalue()) <= _LONGEST


def _order(header: Dataset) -> list[float]:
    order = []
    for keyword in _SORTED_BY:
        try:
            order.append(float(header.get(keyword) or 0.0))
        except (TypeError, ValueError):
            order.append(0.0)
    return order


def _places(header: Dataset) -> list[list[float]]:
    """Return position and orientation of every frame, or nothing where one of them is missing."""
    position, orientation = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient")
    if position and orientation:
        return [[*map(float, position), *map(float, orientation)]]
    shared = header.get("SharedFunctionalGroupsSequence") or [None]
    places = []
    for groups in header.get("PerFrameFunctionalGroupsSequence") or ():
        here, turn = (_found(name, inner, (groups, shared[0])) for name, inner in (
            ("PlanePositionSequence", "ImagePositionPatient"),
            ("PlaneOrientationSequence", "ImageOrientationPatient")))  # fmt: skip
        if here is None or turn is None:
            return []
        places.append([*map(float, here), *map(float, turn)])
    return places


def _found(sequence: str, keyword: str, groups: Sequence[Any]) -> Any:
    for group in groups:
        items = group.get(sequence) if group is not None else None
        if items:
            return items[0].get(keyword)
    return None


def _dataset(plain: Mapping[str, Any]) -> Dataset:
    from pydicom.dataset import Dataset

    return Dataset.from_json(dict(plain))
