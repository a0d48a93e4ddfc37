"""What the user chose for a de-identification; it is JSON, so that workers can have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pellucid.language import mark, tr
from pellucid.model.findings import Refused

Rectangle = tuple[int, int, int, int]
EVERY_SERIES = 0
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Option:
    """An option of the profile: its code in DICOM (DCM), its name there, and what it does, for people."""

    code: str
    meaning: str
    title: str
    help: str


OPTIONS: Mapping[str, Option] = {
    "uids": Option("113110", "Retain UIDs Option", mark("Keep UIDs"),
                   mark("Numbers of study, series and image stay as they are. Who has the originals can find them.")),
    "device": Option("113109", "Retain Device Identity Option", mark("Keep the device"),
                     mark("Serial number, name and calibration of the scanner stay.")),
    "institution": Option("113112", "Retain Institution Identity Option", mark("Keep the institution"),
                          mark("Name and address of the hospital stay.")),
    "patient": Option("113108", "Retain Patient Characteristics Option", mark("Keep age, sex, size and weight"),
                      mark("Needed for uptake values (SUV). Texts such as allergies are cut down to known words.")),
    "full_dates": Option("113106", "Retain Longitudinal Temporal Information Full Dates Option",
                         mark("Keep dates and times"), mark("All dates of examinations stay as they are.")),
    "modified_dates": Option("113107", "Retain Longitudinal Temporal Information Modified Dates Option",
                             mark("Shift dates"),
                             mark("All dates of one patient move by the same unknown number of days; times stay.")),
    "descriptors": Option("113105", "Clean Descriptors Option", mark("Keep known words of descriptions"),
                          mark("Descriptions keep words of anatomy and technique and lose all others.")),
    "structured": Option("113104", "Clean Structured Content Option", mark("Keep codes and numbers of reports"),
                         mark("Structured reports keep codes and measurements; texts, names and dates go.")),
    "graphics": Option("113103", "Clean Graphics Option", mark("Keep drawn lines"),
                       mark("Lines and points drawn on pictures stay, their texts go. Overlays are always removed.")),
    "safe_private": Option("113111", "Retain Safe Private Option", mark("Keep safe private numbers"),
                           mark("Numbers of makers that the standard calls safe stay, such as b-values.")),
}  # fmt: skip
"""The options of PS3.15 Annex E that are offered, by the names settings and the command line use."""
BASIC = Option("113100", "Basic Application Confidentiality Profile", "", "")
CLEAN_PIXELS = Option("113101", "Clean Pixel Data Option", "", "")


@dataclass(frozen=True)
class Plan:
    """Options by name, codes of patients, rectangles to black out by the number of the series (0: all)."""

    options: frozenset[str] = frozenset()
    patient_code: str = ""
    """The code of the first patient; the others, and all without one, are counted."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Codes for patients the user names by their ID."""
    black_out: Mapping[int, tuple[Rectangle, ...]] = field(default_factory=dict)
    pixels_confirmed: bool = False
    """A person has looked at the pixels and says that they name nobody any more."""

    def __post_init__(self) -> None:
        unknown = self.options - OPTIONS.keys()
        if unknown:
            raise Refused(tr("There is no option “{name}”. Choose among: {known}.", name=min(unknown),
                             known=", ".join(OPTIONS)))  # fmt: skip
        if {"full_dates", "modified_dates"} <= self.options:
            raise Refused(tr("Dates can be kept or shifted, not both. Choose one of the two options."))
        for code in (*self.codes.values(), *((self.patient_code,) if self.patient_code else ())):
            if not _CODE.fullmatch(code):
                raise Refused(tr("A patient code has 1 to 32 letters, digits, hyphens and underscores."))
        for rectangle in (one for several in self.black_out.values() for one in several):
            if min(rectangle[:2]) < 0 or min(rectangle[2:]) < 1:
                raise Refused(tr("A rectangle to black out is x,y,width,height in pixels, with a width and a height."))

    def rectangles(self, series: int) -> tuple[Rectangle, ...]:
        """Return what is blacked out in a series, by its number."""
        return (*self.black_out.get(EVERY_SERIES, ()), *self.black_out.get(series, ()))

    def to_json(self) -> dict[str, Any]:
        """Return the plan for a worker; codes of patients stay here."""
        plain = asdict(self)
        plain["options"] = sorted(self.options)
        plain["black_out"] = [[series, [list(one) for one in several]] for series, several in self.black_out.items()]
        return plain | {"codes": {}}

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> Plan:
        """Return the plan a worker was given."""
        black_out = {int(n): tuple((x, y, w, h) for x, y, w, h in several) for n, several in plain["black_out"]}
        return Plan(frozenset(plain["options"]), plain["patient_code"], {}, black_out, plain["pixels_confirmed"])
