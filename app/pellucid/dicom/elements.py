"""Walk the elements of a DICOM data set: only what is wanted is kept, nesting is bounded, nothing is trusted.

Source: PS3.5 section 7 (data set encoding). Runs inside a worker.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Set
from dataclasses import dataclass, field

from pellucid.language import tr

Buffer = bytes | mmap.mmap

DEPTH_LIMIT = 100
UNDEFINED = 0xFFFFFFFF
PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SHORT_VR = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VR = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


class Malformed(Exception):
    """The bytes are not a data set."""


class Unreasonable(Malformed):
    """The data set asks for too much; the text says what, as the end of a sentence that begins "it"."""


@dataclass(frozen=True)
class Encoding:
    """How elements are written."""

    explicit: bool
    little: bool


@dataclass
class Elements:
    """The wanted elements of a data set or of an item of a sequence, by tag; values as they are written."""

    encoding: Encoding
    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, list[Elements]] = field(default_factory=dict)


@dataclass(frozen=True)
class PixelElement:
    """Where the pixel data of a file lie; ``length`` is the bytes that are really there.

    ``fragments`` counts the items of compressed pixels, without the offset table.
    """

    tag: int
    vr: str
    offset: int
    length: int
    encapsulated: bool
    fragments: int = 0


class Walker:
    """Walk one data set in one buffer, keeping the elements whose tag is wanted, at any depth."""

    def __init__(self, buffer: Buffer, encoding: Encoding, wanted: Set[int]) -> None:
        self.buffer, self.wanted = buffer, wanted
        self.encoding = encoding
        self.size = len(buffer)
        self.pixels: PixelElement | None = None
        self.truncated = False
        order = "<" if encoding.little else ">"
        self._tag, self._short = struct.Struct(order + "HH"), struct.Struct(order + "H")
        self._long = struct.Struct(order + "I")

    def top(self, position: int) -> Elements:
        """Walk the whole data set from ``position``; stop at the pixel data."""
        elements = Elements(self.encoding)
        try:
            self._elements(position, self.size, elements, 0)
        except Unreasonable:
            raise
        except (Malformed, struct.error):
            if not elements.values:
                raise Malformed(tr("its first element cannot be read")) from None
            self.truncated = True
        return elements

    def header(self, position: int) -> tuple[int, bytes, int, int]:
        """Return tag, VR (empty when not written), length and where the value starts."""
        buffer = self.buffer
        group, element = self._tag.unpack_from(buffer, position)
        tag = group << 16 | element
        if self.encoding.explicit and group != 0xFFFE:
            vr = buffer[position + 4 : position + 6]
            if vr in SHORT_VR:
                return tag, vr, self._short.unpack_from(buffer, position + 6)[0], position + 8
            if vr in LONG_VR:
                return tag, vr, self._long.unpack_from(buffer, position + 8)[0], position + 12
            if vr.isalpha() and vr.isupper():
                raise Malformed(f"unknown VR {vr!r}")
        return tag, b"", self._long.unpack_from(buffer, position + 4)[0], position + 8

    def _elements(self, position: int, end: int, into: Elements, depth: int) -> int:
        """Walk elements up to ``end`` or an item delimiter; return where the walk stopped."""
        if depth > DEPTH_LIMIT:
            raise Unreasonable(tr("is nested more than {limit} levels deep", limit=DEPTH_LIMIT))
        while position + 8 <= end:
            try:
                tag, vr, length, start = self.header(position)
            except struct.error:
                break
            if tag == ITEM_END:
                return start
            if tag in PIXEL_TAGS and depth == 0:
                self._found_pixels(tag, vr, length, start)
                return end
            position = self._value(tag, vr, length, start, end, into, depth)
        return end

    def _value(self, tag: int, vr: bytes, length: int, start: int, end: int, into: Elements, depth: int) -> int:
        """Keep or skip one value; return where the next element begins."""
        wanted = tag in self.wanted
        if length == UNDEFINED:
            if tag in PIXEL_TAGS:
                return self.skip_fragments(start, end)
            items: list[Elements] = []
            inner = self
            if vr == b"UN":  # PS3.5 6.2.2: an unknown value of undefined length is an implicit sequence
                inner = Walker(self.buffer, Encoding(False, True), self.wanted)
            position = inner._items(start, end, items, depth + 1)
            if wanted:
                into.sequences[tag] = items
            return position
        stop = start + length
        if stop > end:
            if depth or start > self.size or tag >> 16 < 8:
                raise Malformed(tr("element {tag:08x} is longer than what holds it", tag=tag))
            self.truncated = True
            return end
        if wanted and vr in (b"", b"SQ", b"UN") and self.is_sequence(vr, start, stop):
            items = []
            self._items(start, stop, items, depth + 1)
            into.sequences[tag] = items
        elif wanted:
            into.values[tag] = self.buffer[start:stop]
        return stop

    def item_header(self, position: int) -> tuple[int, int]:
        """Return tag and length of an item or a delimiter, which have no VR."""
        group, element = self._tag.unpack_from(self.buffer, position)
        return group << 16 | element, self._long.unpack_from(self.buffer, position + 4)[0]

    def is_sequence(self, vr: bytes, start: int, stop: int) -> bool:
        """Return whether a value holds items, as it says or, where it says nothing, as it looks."""
        if vr == b"SQ":
            return True
        if stop - start < 8:
            return False
        group, element = self._tag.unpack_from(self.buffer, start)
        return bool(group == 0xFFFE and element == 0xE000)

    def _items(self, position: int, end: int, items: list[Elements], depth: int) -> int:
        """Walk the items of a sequence; return where it ends."""
        if depth > DEPTH_LIMIT:
            raise Unreasonable(tr("is nested more than {limit} levels deep", limit=DEPTH_LIMIT))
        while position + 8 <= end:
            tag, length = self.item_header(position)
            start = position + 8
            if tag == SEQUENCE_END:
                return start
            if tag != ITEM:
                raise Malformed(tr("a sequence holds {tag:08x} instead of an item", tag=tag))
            item = Elements(self.encoding)
            stop = end if length == UNDEFINED else start + length
            if stop > end:
                raise Malformed(tr("an item is longer than its sequence"))
            position = self._elements(start, stop, item, depth)
            if length != UNDEFINED:
                position = stop
            items.append(item)
        return end

    def _fragments(self, position: int) -> tuple[int, bool]:
        """Return how many items compressed pixels have, and whether the last is longer than what is left."""
        count = 0
        while position + 8 <= self.size:
            group, element = self._tag.unpack_from(self.buffer, position)
            if (group << 16 | element) != ITEM:
                break
            position += 8 + self._long.unpack_from(self.buffer, position + 4)[0]
            count += 1
        return count, position > self.size

    def skip_fragments(self, position: int, end: int) -> int:
        """Return where compressed pixels end that begin at ``position``."""
        while position + 8 <= end:
            tag, length = self.item_header(position)
            position += 8
            if tag == SEQUENCE_END:
                return position
            position += length
        return end

    def _found_pixels(self, tag: int, vr: bytes, length: int, start: int) -> None:
        present = max(self.size - start, 0)
        encapsulated = length == UNDEFINED
        items, cut = self._fragments(start) if encapsulated else (0, length > present)
        self.truncated |= cut
        there = present if encapsulated else min(length, present)
        name = vr.decode("ascii", "replace")
        self.pixels = PixelElement(tag, name, start, there, encapsulated, max(items - 1, 0))
