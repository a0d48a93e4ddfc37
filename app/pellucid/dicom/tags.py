"""What a DICOM file says, element by element, as rows to show, search and compare. Read in a worker.

``rows`` and ``columns`` are called through the pool; ``Row`` and ``differences`` are for everybody.
Source: names and VRs of PS3.6 and known private elements as pydicom lists them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.elements import PIXEL_TAGS, Elements, Encoding, Malformed
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.tag_walk import Found, TagWalk

READ, COLUMN = "pellucid.dicom.tags:read_rows", "pellucid.dicom.tags:read_column"
SAME, CHANGED, ONLY_HERE, ONLY_THERE = "same", "changed", "only here", "only there"
_MOST_ROWS, _LONGEST = 60_000, 2.5
"""Rows, and seconds of reading, after which the rest is left out."""
_SHOWN, _WHOLE = 512, 1 << 16
_HEX_BYTES = 16
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_BULK = {"OB", "OW", "OD", "OF", "OL", "OV", "UN", ""}
_CHARACTER_SET = 0x00080005


@dataclass(frozen=True, slots=True)
class Row:
    """One element, item or note of a file.

    ``key`` names its place (``"00081140#0/00081150"``), the same in every file. ``identifying`` says that the basic
    profile of PS3.15 would not leave it as it is, or that it is private. ``text`` is cut after 512 characters.
    """

    key: str
    depth: int
    tag: str = ""
    vr: str = ""
    name: str = ""
    keyword: str = ""
    text: str = ""
    length: int = 0
    private: bool = False
    identifying: bool = False
    cut: bool = False
    note: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of two files put side by side; ``there`` is the text of the other file."""

    row: Row
    state: str
    there: str = ""


def read_rows(payload: dict[str, Any]) -> dict[str, Any]:
    """Return all rows of ``payload["path"]`` as plain data; for workers."""
    path = Path(payload["path"])
    return {"rows": [_plain(row) for row in _Reader(_opened(path)).rows()]}


def read_column(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the text of the element ``payload["key"]`` in every file of ``payload["paths"]``, None where it is not.

    With ``payload["whole"]`` texts are cut after 64 KiB only.
    """
    shown = _WHOLE if payload.get("whole") else _SHOWN
    return {"texts": [_text_in(Path(path), payload["key"], shown) for path in payload["paths"]]}


def _plain(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}


def rows_of(plain: Iterable[dict[str, Any]]) -> tuple[Row, ...]:
    """Make rows of plain data."""
    return tuple(Row(**row) for row in plain)


def differences(here: Sequence[Row], there: Sequence[Row]) -> tuple[Difference, ...]:
    """Put two files side by side: the rows of the first, and where they would stand those only the second has."""
    others = {row.key: row for row in there}
    known = {row.key for row in here}
    followers = _only_there(there, known)
    found = [Difference(row, ONLY_THERE, row.text) for row in followers.pop("", ())]
    for row in here:
        other = others.get(row.key)
        if other is None:
            found.append(Difference(row, ONLY_HERE))
        else:
            alike = (row.text, row.length, row.vr) == (other.text, other.length, other.vr)
            found.append(Difference(row, SAME if alike else CHANGED, other.text))
        found += [Difference(extra, ONLY_THERE, extra.text) for extra in followers.pop(row.key, ())]
    return tuple(found)


def _only_there(there: Sequence[Row], known: set[str]) -> dict[str, list[Row]]:
    """Group the rows only the second file has by the common row they follow."""
    groups: dict[str, list[Row]] = {}
    last = ""
    for row in there:
        if row.key in known:
            last = row.key
        else:
            groups.setdefault(last, []).append(row)
    return groups


def _opened(path: Path) -> TagWalk:
    from pellucid.dicom.tag_walk import TagWalk

    try:
        return TagWalk(path)
    except Malformed as reason:
        raise Refused(tr("{name} could not be read: {reason}.", name=path.name, reason=reason)) from reason
    except OSError as error:
        why = error.strerror or tr("the system refused it")
        raise Refused(tr("{name} could not be opened: {reason}.", name=path.name, reason=why)) from error


def _text_in(path: Path, key: str, shown: int) -> str | None:
    try:
        reader = _Reader(_opened(path), shown)
    except Refused:
        return None
    return next((row.text for row in reader.rows() if row.key == key), None)


class _Reader:
    """Turns what was found in a file into rows."""

    def __init__(self, walk: TagWalk, shown: int = _SHOWN) -> None:
        self._walk, self._shown = walk, shown
        self._charsets: list[str] | None = None
        self._creators: dict[tuple[str, int], str] = {}
        self._names = _Names()

    def rows(self) -> Iterable[Row]:
        """Yield the rows in the order of the file, a note where something was left out."""
        for found in self._walk.meta_elements():
            yield self._row(found, "", self._walk.meta[0])
        stack: list[str] = []
        until = time.monotonic() + _LONGEST
        for count, found in enumerate(self._walk.elements()):
            if count >= _MOST_ROWS or (count % 256 == 0 and time.monotonic() > until):
                yield Row("!more", 0, name=tr("More elements follow; they are not shown."), note=True)
                return
            if found.note and found.tag is None:
                yield Row(f"!{count}", 0, name=found.note, note=True)
                continue
            del stack[found.depth :]
            parent = stack[-1] if stack else ""
            row = self._row(found, parent, self._walk.buffer)
            stack.append(row.key)
            yield row

    def _row(self, found: Found, parent: str, buffer: Any) -> Row:
        if found.tag is None:
            return Row(f"{parent}#{found.number}", found.depth, name=tr("Item {number}", number=found.number + 1))
        start, stop = found.value or (0, 0)
        vr = found.vr or self._names.vr(found.tag)
        private = bool(found.tag >> 16 & 1)
        raw = bytes(buffer[start : min(stop, start + _WHOLE)])
        if private and found.tag & 0xFFFF < 0x100 and not found.items:
            self._creators[parent, found.tag] = raw.decode("ascii", "replace").strip(" \0")
        creator = self._creators.get((parent, found.tag >> 16 << 16 | (found.tag >> 8 & 0xFF)), "") if private else ""
        text = "" if found.items else self._text(found, vr, raw, stop - start)
        name, keyword = self._names.name(found.tag, creator)
        return Row(
            key=f"{parent}/{found.tag:08x}" if parent else f"{found.tag:08x}",
            depth=found.depth,
            tag=f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X})",
            vr=vr,
            name=name,
            keyword=keyword,
            text=text[: self._shown],
            length=stop - start,
            private=private,
            identifying=private or vr == "PN" or self._names.is_identifying(found.tag),
            cut=len(text) > self._shown or stop - start > _WHOLE,
        )

    def _text(self, found: Found, vr: str, raw: bytes, length: int) -> str:
        """Write a value for reading; whatever it holds, there is a text."""
        if found.note == "fragments":
            from pellucid.dicom.tag_walk import fragments

            count, size = fragments(self._walk, found)
            pieces = tr_count("{count:,} fragment", "{count:,} fragments", count)
            return f"{pieces}, {_size(size)}"
        assert found.tag is not None
        if found.tag == _CHARACTER_SET:
            self._charsets = None
        if vr in _NUMBERS:
            return _numbers(raw, _NUMBERS[vr], found.encoding)
        if vr == "AT":
            return _tags(raw, found.encoding)
        if found.tag in PIXEL_TAGS or (vr in _BULK and not _is_plain(raw)):
            return _bytes(raw, length)
        text = self._decoded(found, raw)
        return f"{text} = {self._names.uid(text)}" if vr == "UI" and self._names.uid(text) else text

    def _decoded(self, found: Found, raw: bytes) -> str:
        from pellucid.dicom.values import Values

        values = Values(Elements(found.encoding, {0: raw}), self._charsets)
        if found.tag == _CHARACTER_SET:
            self._charsets = Values(Elements(found.encoding, {_CHARACTER_SET: raw})).charsets
        return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in values.text(0, _WHOLE))


class _Names:
    """What the standard and the manufacturers call elements."""

    def __init__(self) -> None:
        from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as profile
        from pydicom import datadict

        self._dictionary = datadict
        tags = (tag for tag in profile.ALL_TAGS if len(tag) == 2)
        self._identifying = {group << 16 | element for group, element in tags}

    def vr(self, tag: int) -> str:
        """Return the VR of an element that does not state it."""
        try:
            return self._dictionary.dictionary_VR(tag).split(" ")[0]
        except KeyError:
            return "LO" if tag >> 16 & 1 and tag & 0xFFFF < 0x100 else "UN"

    def name(self, tag: int, creator: str) -> tuple[str, str]:
        """Return name and keyword, empty where nobody knows them."""
        if tag >> 16 & 1:
            if tag & 0xFFFF < 0x100:
                return tr("Private creator"), ""
            try:
                return self._dictionary.private_dictionary_description(tag, creator), ""
            except KeyError:
                return creator and tr("Private, {creator}", creator=creator), ""
        if tag & 0xFFFF == 0:
            return tr("Group length"), ""
        try:
            return self._dictionary.dictionary_description(tag), self._dictionary.dictionary_keyword(tag)
        except KeyError:
            return "", ""

    def is_identifying(self, tag: int) -> bool:
        """Return whether the basic profile would remove or replace an element."""
        return tag in self._identifying or 0x5000 <= tag >> 16 < 0x5100 or 0x6000 <= tag >> 16 < 0x6100

    def uid(self, text: str) -> str:
        """Return what a registered UID is called."""
        from pydicom.uid import UID

        name = UID(text).name if text[:14] == "1.2.840.10008." else ""
        return "" if name == text else name


def _numbers(raw: bytes, kind: str, encoding: Encoding) -> str:
    from pellucid.dicom.values import Values

    numbers = Values(Elements(encoding, {0: raw})).binary(0, kind)
    return "\\".join(f"{number:.9g}" if kind == "f" else repr(number) for number in numbers)


def _tags(raw: bytes, encoding: Encoding) -> str:
    from pellucid.dicom.values import Values

    halves = Values(Elements(encoding, {0: raw})).binary(0, "H")
    return "\\".join(f"({g:04X},{e:04X})" for g, e in zip(halves[::2], halves[1::2], strict=False))


def _is_plain(raw: bytes) -> bool:
    """Return whether bytes without a known meaning read as text."""
    text = raw.rstrip(b"\0 ")
    return bool(text) and text.isascii() and text.decode("ascii").isprintable()


def _bytes(raw: bytes, length: int) -> str:
    if not length:
        return ""
    more = " …" if length > _HEX_BYTES else ""
    return f"{_size(length)}: {raw[:_HEX_BYTES].hex(' ')}{more}"


def _size(length: int) -> str:
    return tr_count("{count:,} byte", "{count:,} bytes", length)
