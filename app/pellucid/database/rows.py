"""What a list of studies shows, as plain rows: made by the index, and fit for what a PACS answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class StudyRow:
    """One study with the patient it belongs to. ``key`` opens it; ``missing`` counts files that are not there now.

    ``offline`` says that the folders of all its series cannot be reached now.
    """

    key: str
    uid: str = ""
    patient_key: str = ""
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    description: str = ""
    accession: str = ""
    modalities: tuple[str, ...] = ()
    series: int = 0
    files: int = 0
    missing: int = 0
    offline: bool = False


@dataclass(frozen=True)
class SeriesRow:
    """One series of a study; ``offline`` says that a folder it lies in cannot be reached now."""

    key: str
    uid: str = ""
    modality: str = ""
    number: str = ""
    description: str = ""
    body_part: str = ""
    date: str = ""
    files: int = 0
    missing: int = 0
    offline: bool = False
    burned_in: bool = False
    """Whether the pictures may show text about the patient."""


@dataclass(frozen=True)
class Studies:
    """What answers a question, newest first; ``more`` says that there is more than is listed."""

    rows: tuple[StudyRow, ...] = ()
    more: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Root:
    """A folder the user added. ``updated`` is when it was looked through last (0: never to the end)."""

    id: int
    path: Path
    files: int = 0
    missing: int = 0
    updated: float = 0.0
    offline: bool = False


@dataclass(frozen=True)
class Left:
    """What was done with files, and what was left alone, with the reasons."""

    done: int = 0
    reasons: tuple[str, ...] = field(default=())
