"""What reports and drawings say, item by item, and which attributes cannot be what they claim.

In the sequences that the profile replaces by dummies (content of reports, drawn annotations, persons) the structure
stays, so that references go on leading somewhere; texts, names, dates and, without the option, numbers do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.dicom.deidentify import dummies, table

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

_CONTENT, _PERSON, _GRAPHIC = 0x0040A730, 0x00401101, 0x00700001
_STRUCTURED = frozenset({_CONTENT, 0x00400555, 0x00400610})
_DRAWN = frozenset({0x00700009, 0x00700209})
_HOLLOW = frozenset({_GRAPHIC})
_SHOWN_IN_GRAPHIC = (0x00700008, 0x00700009, 0x00700209)
_MEASURED = frozenset({0x0040A30A, 0x0040A161, 0x0040A162, 0x0040A163})
_CODED = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120})
_SCHEME = 0x00080102
_STANDARD_SCHEMES = frozenset({"DCM", "SRT", "SCT", "SNM3", "LN", "UCUM", "RADLEX", "NCIt", "FMA", "UMLS", "MDC"})
_CLASS_NAMES = re.compile(r".*(ClassUID|ClassesInStudy|TransferSyntaxUID|TransferSyntaxUIDs|SchemeUID|ContextUID|"
                          r"MappingResourceUID|InPatient|SOPClassesSupported|SoftwareVersionUID)")  # fmt: skip
_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")


@dataclass(frozen=True)
class Content:
    """How strictly a sequence is cleaned; ``coded``: this item is a code of a standard."""

    numbers: bool
    coded: bool = False
    person: bool = False

    def hides(self, element: DataElement) -> bool:
        """Return whether the value of an attribute the profile does not name is hidden here."""
        tag, vr = int(element.tag), element.VR
        if self.coded and not self.person and tag in _CODED:
            return False
        if vr in dummies.TEXT_VR | dummies.TIME_VR or vr in ("AS", "OB", "OW", "OD", "OF", "OL", "OV"):
            return True
        return tag in _MEASURED and not self.numbers


def enter(tag: int, action: str, content: Content | None, options: frozenset[str]) -> Content | None:
    """Return how the items of a sequence are cleaned, given how what holds it is."""
    if tag == _PERSON:
        return Content(numbers=False, person=True)
    if action in ("C", "X/Z/U*") or "D" in action.split("/"):
        return Content(numbers=tag not in _STRUCTURED or "structured" in options)
    return content


def of_item(content: Content | None, item: Dataset) -> Content | None:
    """Return how one item is cleaned: codes of standards may stay what they are."""
    if content is None:
        return None
    try:
        scheme = str(item[_SCHEME].value) if _SCHEME in item else ""
    except Exception:
        scheme = ""
    return replace(content, coded=scheme in _STANDARD_SCHEMES)


def drops(tag: int, content: Content | None, options: frozenset[str]) -> bool:
    """Return whether a sequence of drawn lines goes: handwriting is a line."""
    return content is not None and tag in _DRAWN and "graphics" not in options


def drop_hollow(element: DataElement) -> None:
    """Take out items of drawn annotations that show nothing any more."""
    if int(element.tag) in _HOLLOW:
        element.value = [item for item in element.value if any(tag in item for tag in _SHOWN_IN_GRAPHIC)]


def is_plausible(element: DataElement) -> bool:
    """Return whether a standard attribute is in the dictionary and has a kind of value that fits it."""
    from pydicom._dicom_dict import DicomDictionary

    tag = int(element.tag)
    if table.is_graphic_group(tag):
        return True
    if tag not in DicomDictionary:  # a group that repeats is retired, and no part of it is needed
        return False
    expected = DicomDictionary[tag][0]
    texts = dummies.TEXT_VR
    return element.VR in expected.split(" or ") or element.VR not in texts or expected in texts


def is_class(keyword: str) -> bool:
    """Return whether a UID names a kind of thing, not a thing."""
    return bool(_CLASS_NAMES.fullmatch(keyword))


def safe_private(dataset: Dataset) -> Iterator[int]:
    """Yield the private attributes of a data set that are safe, and the creators of their blocks."""
    safe = table.safe_private()
    for tag in dataset.keys():  # noqa: SIM118 - a data set yields its elements, not its tags
        if not tag.is_private or tag.element < 0x1000:
            continue
        owner = tag.group << 16 | tag.element >> 8
        try:
            creator, vr = str(dataset[owner].value).strip(), dataset[tag].VR
        except Exception:  # noqa: S112 - what cannot be read is not safe
            continue
        if safe.get((creator, tag.group, tag.element & 0xFF)) == vr:
            yield owner
            yield int(tag)


def written(tag: int) -> str:
    """Return a tag as people write it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def last_tag(path: str) -> int:
    """Return the tag a path ends with."""
    group, element = _TAG.findall(path)[-1]
    return int(group + element, 16)
