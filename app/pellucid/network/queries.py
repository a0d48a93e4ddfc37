"""What is asked of a server and what it answers: plain frozen records, the same for DIMSE and DICOMweb."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Level = Literal["patient", "study", "series", "instance"]
LIMIT = 500


@dataclass(frozen=True)
class Query:
    """A question; empty fields match everything. ``*`` and ``?`` in texts are wildcards.

    ``study_uid`` and ``series_uid`` say where to look below (series of a study, instances of a series).
    """

    level: Level = "study"
    patient_name: str = ""
    patient_id: str = ""
    birth_date: date | None = None
    accession: str = ""
    date_from: date | None = None
    date_to: date | None = None
    modalities: tuple[str, ...] = ()
    description: str = ""
    study_uid: str = ""
    series_uid: str = ""
    limit: int = LIMIT


@dataclass(frozen=True)
class FoundPatient:
    """A patient. ``name`` is for people ("Doe, Jane"), ``stored_name`` as the server keeps it ("Doe^Jane")."""

    name: str = ""
    id: str = ""
    birth_date: str = ""
    sex: str = ""
    studies: int | None = None
    stored_name: str = ""


@dataclass(frozen=True)
class FoundStudy:
    """A study; counts are None where the server does not tell. Dates are YYYYMMDD, times HHMMSS, both may be empty."""

    uid: str
    patient: FoundPatient = field(default_factory=FoundPatient)
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
    modalities: tuple[str, ...] = ()
    series: int | None = None
    instances: int | None = None


@dataclass(frozen=True)
class FoundSeries:
    """A series of a study."""

    uid: str
    study_uid: str
    number: str = ""
    modality: str = ""
    description: str = ""
    body_part: str = ""
    date: str = ""
    instances: int | None = None


@dataclass(frozen=True)
class FoundInstance:
    """One object of a series."""

    uid: str
    series_uid: str
    study_uid: str
    sop_class: str = ""
    number: str = ""


Found = FoundPatient | FoundStudy | FoundSeries | FoundInstance


@dataclass(frozen=True)
class Answer:
    """What a server answered. ``more``: there are more than the limit; ``note`` says what is odd about it."""

    results: tuple[Found, ...] = ()
    more: bool = False
    cancelled: bool = False
    note: str = ""
