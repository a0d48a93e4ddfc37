"""Between questions and answers of ours and the data sets of a C-FIND."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

_LONGEST = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "ModalitiesInStudy")
_COUNTS = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
_PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_WANTED = {
    "patient": (*_PATIENT, "NumberOfPatientRelatedStudies"),
    "study": (*_STUDY, *_COUNTS, *_PATIENT),
    "series": (
        "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "SeriesDescription", "BodyPartExamined",
        "SeriesDate", "NumberOfSeriesRelatedInstances",
    ),
    "instance": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
_LEVELS = {"patient": "PATIENT", "study": "STUDY", "series": "SERIES", "instance": "IMAGE"}


def is_about_patients(query: dict[str, Any]) -> bool:
    """Return whether a question uses nothing that only studies have."""
    return not any(query[key] for key in ("accession", "date_from", "date_to", "modalities", "description"))


def identifier(query: dict[str, Any], level: str = "", characters: str = "auto") -> Dataset:
    """Return the data set that asks a question; ``level`` asks at another one: patients are gathered from studies."""
    from pydicom import Dataset

    wanted = "study" if query["level"] == "patient" and level != "PATIENT" else query["level"]
    asked = Dataset()
    for keyword in _WANTED[wanted]:
        setattr(asked, keyword, "")
    asked.QueryRetrieveLevel = level or _LEVELS[wanted]
    for keyword, value in matches(query, wanted).items():
        setattr(asked, keyword, value)
    texts = "".join(str(value) for value in matches(query, wanted).values())
    if characters != "auto":
        asked.SpecificCharacterSet = characters
    elif not texts.isascii():
        asked.SpecificCharacterSet = "ISO_IR 100" if _is_latin(texts) else "ISO_IR 192"
    return asked


def matches(query: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Return keywords and values that must match; the same for DIMSE and DICOMweb."""
    found: dict[str, Any] = {
        "StudyInstanceUID": query["study_uid"],
        "SeriesInstanceUID": query["series_uid"] if wanted in ("series", "instance") else "",
        "Modality": query["modalities"][0] if wanted == "series" and len(query["modalities"]) == 1 else "",
        "SeriesDescription": _anywhere(query["description"]) if wanted == "series" else "",
    }
    if wanted in ("patient", "study"):
        found |= {
            "PatientName": _beginning(query["patient_name"]),
            "PatientID": query["patient_id"],
            "PatientBirthDate": query["birth_date"],
        }
    if wanted == "study":
        found |= {
            "AccessionNumber": query["accession"],
            "StudyDate": _range(query["date_from"], query["date_to"]),
            "ModalitiesInStudy": list(query["modalities"]),
            "StudyDescription": _anywhere(query["description"]),
        }
    return {keyword: value for keyword, value in found.items() if value}


def fits(query: dict[str, Any], row: Dataset) -> bool:
    """Return whether an answer has a modality that was asked for: not every server looks at several."""
    asked = {modality.upper() for modality in query["modalities"]}
    if not asked:
        return True
    has = words(row, "ModalitiesInStudy") or words(row, "Modality")
    return not has or bool(asked & {modality.upper() for modality in has})


class Gathered:
    """The rows that came; patients that are found by their studies come once."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._seen: set[tuple[str, ...]] = set()
        self._fresh: list[dict[str, Any]] = []
        self.count = 0

    def add(self, answer: Dataset) -> None:
        """Add an answer of the server."""
        row = _ROWS[self._level](answer)
        key = (row["stored_name"], row["id"], row["birth_date"]) if self._level == "patient" else (row["uid"],)
        if key in self._seen or not any(key):
            return
        self._seen.add(key)
        self._fresh.append(row)
        self.count += 1

    def fresh(self) -> list[dict[str, Any]]:
        """Return the rows that were not returned before."""
        fresh, self._fresh = self._fresh, []
        return fresh


def patient_row(answer: Dataset) -> dict[str, Any]:
    """Return what an answer says about the patient."""
    name = text(answer, "PatientName")
    return {
        "name": shown_name(name),
        "id": text(answer, "PatientID"),
        "birth_date": text(answer, "PatientBirthDate"),
        "sex": text(answer, "PatientSex"),
        "studies": number(answer, "NumberOfPatientRelatedStudies"),
        "stored_name": name,
    }


def _study_row(answer: Dataset) -> dict[str, Any]:
    return {
        "uid": text(answer, "StudyInstanceUID"),
        "patient": patient_row(answer),
        "date": text(answer, "StudyDate"),
        "time": text(answer, "StudyTime").partition(".")[0],
        "description": text(answer, "StudyDescription"),
        "accession": text(answer, "AccessionNumber"),
        "modalities": words(answer, "ModalitiesInStudy"),
        "series": number(answer, "NumberOfStudyRelatedSeries"),
        "instances": number(answer, "NumberOfStudyRelatedInstances"),
    }


def _series_row(answer: Dataset) -> dict[str, Any]:
    return {
        "uid": text(answer, "SeriesInstanceUID"),
        "study_uid": text(answer, "StudyInstanceUID"),
        "number": text(answer, "SeriesNumber"),
        "modality": text(answer, "Modality"),
        "description": text(answer, "SeriesDescription"),
        "body_part": text(answer, "BodyPartExamined"),
        "date": text(answer, "SeriesDate"),
        "instances": number(answer, "NumberOfSeriesRelatedInstances"),
    }


def _instance_row(answer: Dataset) -> dict[str, Any]:
    return {
        "uid": text(answer, "SOPInstanceUID"),
        "series_uid": text(answer, "SeriesInstanceUID"),
        "study_uid": text(answer, "StudyInstanceUID"),
        "sop_class": text(answer, "SOPClassUID"),
        "number": text(answer, "InstanceNumber"),
    }


_ROWS = {"patient": patient_row, "study": _study_row, "series": _series_row, "instance": _instance_row}


def words(answer: Dataset, keyword: str) -> list[str]:
    """Return the values of an element as texts."""
    return [word for word in (part.strip() for part in text(answer, keyword).split("\\")) if word]


def text(answer: Dataset, keyword: str) -> str:
    """Return the value of an element as bounded text without control characters; empty when it makes no sense."""
    from pydicom.multival import MultiValue

    try:
        value = answer.get(keyword, "")
        said = "\\".join(str(part) for part in value) if isinstance(value, (MultiValue, list)) else str(value or "")
    except Exception:  # values of peers can be anything, and pydicom raises many things
        return ""
    return _CONTROL.sub(" ", said[:_LONGEST]).strip()


def number(answer: Dataset, keyword: str) -> int | None:
    """Return a count, None when it is not stated."""
    said = text(answer, keyword)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def shown_name(stored: str) -> str:
    """Return a person's name for people: ``Family, Given Middle (ideographic)``."""
    groups = []
    for group in stored.split("=")[:2]:
        family, *given = [part.strip() for part in group.split("^")]
        groups.append(", ".join(part for part in (family, " ".join(name for name in given if name)) if part))
    first, *others = [group for group in groups if group] or [""]
    return f"{first} ({others[0]})" if others else first


def _beginning(name: str) -> str:
    """Return a name as a pattern: ``Doe, Jane`` is written as it is stored; without wildcards it may go on."""
    name = re.sub(r"\s*,\s*", "^", name.strip())
    return name if not name or "*" in name or "?" in name else f"{name}*"


def _anywhere(words_: str) -> str:
    words_ = words_.strip()
    return words_ if not words_ or "*" in words_ or "?" in words_ else f"*{words_}*"


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def _is_latin(said: str) -> bool:
    try:
        said.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
