"""How the frames of a series become volumes where the user chose it: by which tags, as frames or as volumes.

A choice is written as one short text, which ``Source.detail`` of a layer keeps: the same choice on the same files
gives the same volumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.dicom.dimension_tags import DIMENSIONS, TIMES, Tag, bare_text, find, tag_of
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

_APART, _FRAMES, _MERGED = "apart", "frames", "merged"


@dataclass(frozen=True)
class Splitting:
    """What the frames of a series are split by (names of ``DIMENSIONS``).

    ``apart``: each value is a volume of its own instead of a frame of one layer. ``merged``: what is split by
    orientation, size, spacing or frame of reference is put together where that makes one grid.
    """

    by: tuple[str, ...] = ()
    apart: bool = False
    merged: bool = False

    @property
    def text(self) -> str:
        """Return the choice as a text that ``parse`` reads; nothing where there is none."""
        words = [_MERGED] if self.merged else []
        if self.by:
            words.append(f"{_APART if self.apart else _FRAMES}={'+'.join(self.by)}")
        return ",".join(words)

    @classmethod
    def parse(cls, text: str) -> Splitting:
        """Return the choice that a text states; raise Refused where it is none."""
        by: tuple[str, ...] = ()
        apart = merged = False
        for word in filter(None, text.split(",")):
            how, _, names = word.partition("=")
            if how == _MERGED and not names:
                merged = True
            elif how in (_APART, _FRAMES) and names:
                apart, by = how == _APART, tuple(names.split("+"))
            else:
                raise _unknown(word)
        if any(name not in DIMENSIONS for name in by):
            raise _unknown(text)
        return cls(by, apart, merged)


AUTOMATIC = Splitting()


def _unknown(text: str) -> Refused:
    return Refused(tr("“{said}” does not say how a series is to be split.", said=text))


def place_of(part: int, choice: Splitting) -> str:
    """Return what follows the UID in ``Source.detail``: the number of the image, and how the series was split."""
    return f"{part}@{choice.text}" if choice.text else str(part)


def parse_place(text: str) -> tuple[int, Splitting]:
    """Undo ``place_of``; raise Refused where it is damaged."""
    number, _, choice = text.partition("@")
    if not number.isdecimal():
        raise _unknown(text)
    return int(number), Splitting.parse(choice)


@dataclass(frozen=True)
class TagValue:
    """The value of one dimension of a volume or frame."""

    name: str
    tag: Tag
    text: str


@dataclass(frozen=True)
class Varying:
    """A dimension that varies in a series: its element, how many values it has, the first of them for reading.

    ``each`` says that every slice has a value of its own, so that only their order counts.
    """

    name: str
    tag: Tag
    count: int
    values: tuple[str, ...]
    each: bool = False

    @property
    def title(self) -> str:
        """Return the dimension in words."""
        return tr(DIMENSIONS[self.name].title)


MOST_SHOWN = 12


def value_of(member: Member, name: str) -> Any:
    """Return the value of a dimension of a frame, None where it is not stated."""
    dimensions = member.frame.dimensions
    if name == "diffusion":
        return None if "b" not in dimensions else (dimensions["b"], dimensions.get("direction", ()))
    if name == "instance":
        return member.frame.instance
    return dimensions.get(name)


def source_tag(members: Sequence[Member], name: str) -> Tag:
    """Return the element a dimension was read from."""
    return tag_of(name, members[0].file.sources)


def found_varying(members: Sequence[Member], most: int, placed: bool) -> list[Varying]:
    """Return what varies among frames, of which at most ``most`` lie at one position."""
    rows = []
    for name in DIMENSIONS:
        if name == "instance" and placed:
            continue
        values = [value_of(member, name) for member in members]
        distinct = list(dict.fromkeys(values))
        if None in distinct or len(distinct) < 2:
            continue
        each = len(distinct) > max(most, 1) and name in TIMES
        if (each and most < 2) or (placed and len(distinct) == len(members) and most < 2):
            continue
        distinct = sorted(distinct) if name != "type" else distinct
        texts = tuple(dict.fromkeys(bare_text(name, value) for value in distinct[:MOST_SHOWN]))
        rows.append(Varying(name, source_tag(members, name), most if each else len(distinct), texts, each))
    return rows


def names_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the dimensions that a user names; raise Refused for what is none."""
    found = []
    for text in texts:
        name = find(text)
        if name is None:
            known = ", ".join(named.tags[0].keyword for named in DIMENSIONS.values())
            raise Refused(tr("“{said}” is no tag that frames are split by. Known are: {known}.", said=text,
                             known=known))  # fmt: skip
        found.append(name)
    return tuple(dict.fromkeys(found))
