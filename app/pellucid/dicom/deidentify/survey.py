"""Look at a file before anything is written: which patient, study and series, without saying who. In a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.deidentify import classes, cleaning, identities
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pydicom import Dataset

_TAGS = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "SeriesInstanceUID",
         "SOPInstanceUID", "SOPClassUID", "Modality", "BurnedInAnnotation", "BodyPartExamined", "Rows", "Columns",
         "NumberOfFrames", "SpecificCharacterSet")  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the survey says of a file: keyed hashes, and ``patient_id`` to find the code the user gave it."""

    patient: str
    patient_id: str
    study: str
    series: str
    instance: str
    modality: str
    may_show_text: bool
    shows_face: bool
    size: tuple[int, int, int]
    """Columns, rows and frames; zeros where it has no pixels."""


def look(payload: dict[str, Any]) -> dict[str, Any]:
    """Answer what is known of ``payload["path"]``, or ``"other"`` where it is no DICOM. Raises Refused."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        dataset = dcmread(Path(payload["path"]), stop_before_pixels=True, specific_tags=list(_TAGS))
    except InvalidDicomError:
        return {"other": True}
    except Exception:
        raise Refused(tr("it is damaged and could not be read")) from None
    if not any(_text(dataset, word) for word in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID")):
        media = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) if "file_meta" in vars(dataset) else ""
        raise Refused(classes.refusal(media) or tr("it is damaged and could not be read"))
    if reason := classes.refusal(_text(dataset, "SOPClassUID")):
        raise Refused(reason)
    return _answer(dataset, payload["secret"])


def _answer(dataset: Dataset, secret: str) -> dict[str, Any]:
    modality, sop_class = _text(dataset, "Modality"), _text(dataset, "SOPClassUID")
    uids = {name: identities.new_uid(secret, _text(dataset, word)) for name, word in (
        ("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID"), ("instance", "SOPInstanceUID"))}  # fmt: skip
    return uids | {
        "patient": cleaning.key_of(dataset, secret),
        "patient_id": _text(dataset, "PatientID"),
        "modality": modality,
        "may_show_text": classes.may_show_text(modality, sop_class, _text(dataset, "BurnedInAnnotation")),
        "shows_face": classes.shows_face(modality, _text(dataset, "BodyPartExamined")),
        "size": [_number(dataset, "Columns"), _number(dataset, "Rows"), max(_number(dataset, "NumberOfFrames"), 1)],
    }


def seen(answer: dict[str, Any]) -> Seen:
    """Return what a worker answered."""
    columns, rows, frames = answer["size"]
    return Seen(**(answer | {"size": (columns, rows, frames)}))


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:
        return ""
    return "" if value is None else str(value).strip(" \0")


def _number(dataset: Dataset, keyword: str) -> int:
    try:
        return int(_text(dataset, keyword))
    except ValueError:
        return 0
