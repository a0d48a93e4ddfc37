"""What is to be written, and about whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.dicom.writing.compressing import NONE
from pellucid.dicom.writing.origin import Origin

if TYPE_CHECKING:
    from pydicom import Dataset

EXACT, WORDS = "exact", "16 bits"
"""How values are kept that do not fit into whole numbers of 16 bits: as they are, or as near as these come."""


@dataclass(frozen=True)
class Subject:
    """Who an object is about, as the user says it; all fields may stay empty."""

    name: str = ""
    id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_description: str = ""


@dataclass(frozen=True)
class Request:
    """How a series is to be written.

    ``origin`` is the series it was made of, or whose patient and study it joins; without one ``subject`` says who it
    is about and ``study`` which study it belongs to (a new one where that is empty). ``steps`` say in words what was
    done to the image, ``operations`` which operations it was. ``finish`` may change every data set before it is
    written, as de-identification does. ``compression`` is lossless; labels and floating-point pixels have none.
    """

    origin: Origin | None = None
    subject: Subject = Subject()
    study: str = ""
    modality: str = ""
    description: str = ""
    number: int | None = None
    steps: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    numbers: str = EXACT
    compression: str = NONE
    finish: Callable[[Dataset], Any] | None = None
