"""What CT, MR, PET and secondary capture ask for besides what every image says (PS3.3 A.3, A.4, A.8, A.21).

What the source says is repeated; without one, what must have a value says that it is not known or not of a scanner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.dicom.writing.modules import copy
from pellucid.dicom.writing.origin import CT, MR, PT
from pellucid.dicom.writing.request import Request

if TYPE_CHECKING:
    from pydicom import Dataset

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PET_UNITS = {"Bq/ml": "BQML", "g/ml": "GML", "counts": "CNTS", "counts/s": "CPS", "%": "PCNT"}
_MR_EMPTY = ("ScanOptions", "MRAcquisitionType", "EchoTime", "EchoTrainLength")
_PT_EMPTY = ("CorrectedImage", "CollimatorType")


def can_be_pet(request: Request, unit: str) -> bool:
    """Return whether a source says what every PET image must, and the values are still what PET measures."""
    header = request.origin.header if request.origin is not None else None
    return header is not None and unit in PET_UNITS and header.get("SeriesType") is not None


def put_modality(dataset: Dataset, request: Request, unit: str, count: int) -> None:
    """Add what the class of an image asks for; ``count`` is the number of slices of a frame."""
    sop_class = dataset.SOPClassUID
    header = request.origin.header if request.origin is not None else None
    if sop_class in (CLASSES["CT"], CLASSES["MR"]) and "PatientPosition" not in dataset:
        dataset.PatientPosition = None
    put = {CLASSES["CT"]: _put_ct, CLASSES["MR"]: _put_mr, CLASSES["PT"]: _put_pt}.get(sop_class)
    if put is not None:
        put(dataset, header, unit, count)
    else:
        dataset.ConversionType = "WSD"
        dataset.PatientOrientation = None


def _put_ct(dataset: Dataset, header: Dataset | None, _unit: str, _count: int) -> None:
    dataset.KVP = None
    dataset.AcquisitionNumber = None
    if header is not None:
        copy(dataset, header, CT)


def _put_mr(dataset: Dataset, header: Dataset | None, _unit: str, _count: int) -> None:
    dataset.ScanningSequence, dataset.SequenceVariant = "RM", "NONE"
    for keyword in _MR_EMPTY:
        setattr(dataset, keyword, None)
    dataset.RepetitionTime = None
    if header is not None:
        copy(dataset, header, MR)


def settle_mr(dataset: Dataset) -> None:
    """Keep the times of an MR image that its sequence has, and leave those empty that are not known (C.8.3.1)."""
    gated = bool({"CG", "PPG"} & _words(dataset.get("ScanOptions")))
    inverted = "IR" in _words(dataset.get("ScanningSequence"))
    for keyword, wanted in (("TriggerTime", gated), ("InversionTime", inverted)):
        if not wanted and keyword in dataset:
            delattr(dataset, keyword)
        elif wanted and keyword not in dataset:
            setattr(dataset, keyword, None)


def _words(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _put_pt(dataset: Dataset, header: Dataset | None, unit: str, count: int) -> None:
    assert header is not None
    dataset.CountsSource, dataset.DecayCorrection = "EMISSION", "NONE"
    for keyword in _PT_EMPTY:
        setattr(dataset, keyword, None)
    dataset.RadiopharmaceuticalInformationSequence = []
    dataset.PatientOrientationCodeSequence = []
    dataset.PatientGantryRelationshipCodeSequence = []
    copy(dataset, header, PT)
    if "PatientPosition" in dataset:
        del dataset.PatientPosition  # the codes say how the patient lay, and only they may (PS3.3 C.7.3.1.1.2)
    dataset.Units, dataset.NumberOfSlices = PET_UNITS[unit], count
    dataset.FrameReferenceTime = dataset.ActualFrameDuration = 0
