"""The table of a DICOM segmentation: its segments, and which frame shows which. Runs inside a worker."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.dicom.display_colours import srgb_of_lab
from pellucid.dicom.values import Values
from pellucid.language import tr

_SEGMENTS, _NUMBER, _NAME = 0x00620002, 0x00620004, 0x00620005
_COLOUR, _TYPE = 0x0062000D, 0x0062000F
_VALUE, _SCHEME, _MEANING, _LONG = 0x00080100, 0x00080102, 0x00080104, 0x00080119
_SHARED, _PER_FRAME, _IDENTIFICATION, _REFERENCED = 0x52009229, 0x52009230, 0x0062000A, 0x0062000B
TAGS = frozenset({_SEGMENTS, _NUMBER, _NAME, _COLOUR, _TYPE, _VALUE, _SCHEME, _MEANING, _LONG, _SHARED, _PER_FRAME,
                  _IDENTIFICATION, _REFERENCED})  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """One row: number, name, colour (``#RRGGBB``), and what it is as (scheme, value, meaning)."""

    number: int
    name: str
    color: str | None = None
    code: tuple[str, str, str] | None = None


def segments_of(values: Values) -> list[Segment]:
    """Return the segments a file describes; the first of those that share a number."""
    found: dict[int, Segment] = {}
    for item in values.items(_SEGMENTS):
        number = item.unsigned(_NUMBER)
        if number is not None and number not in found:
            code = _code(item.item(_TYPE))
            meaning = code[2] if code else ""
            name = item.text(_NAME) or meaning or tr("Segment {number}", number=number)
            found[number] = Segment(number, name, srgb_of_lab(item.binary(_COLOUR, "H")), code)
    return list(found.values())


def segment_numbers(values: Values, frames: int, known: tuple[int, ...]) -> dict[int, int]:
    """Return the number of the segment of every frame that says one, or can only belong to one."""
    shared, per_frame = values.item(_SHARED), values.items(_PER_FRAME)
    common = _referenced(shared) or (known[0] if len(known) == 1 else 0)
    own = (_referenced(groups) for groups in per_frame[:frames])
    found = {n: number or common for n, number in enumerate(own)}
    if common:
        found |= dict.fromkeys(range(len(per_frame), frames), common)
    return found


def _referenced(groups: Values | None) -> int:
    item = groups.item(_IDENTIFICATION) if groups is not None else None
    return (item.unsigned(_REFERENCED) or 0) if item is not None else 0


def _code(item: Values | None) -> tuple[str, str, str] | None:
    if item is None:
        return None
    value = item.text(_VALUE) or item.text(_LONG)
    return (item.text(_SCHEME), value, item.text(_MEANING)) if value else None
