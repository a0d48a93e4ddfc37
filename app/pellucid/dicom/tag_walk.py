"""Walk every element of a DICOM file in the order it is written, nested ones too. Runs inside a worker.

Unlike ``elements``, which keeps what is wanted, this keeps all there is, as far as it can be followed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.dicom.elements import (
    DEPTH_LIMIT,
    ITEM,
    ITEM_END,
    PIXEL_TAGS,
    SEQUENCE_END,
    UNDEFINED,
    Encoding,
    Malformed,
    Walker,
)
from pellucid.dicom.parsing import DEFLATED, encoding_of, file_meta, inflate, mapped, meta_offset
from pellucid.language import tr


@dataclass(frozen=True)
class Found:
    """An element, the beginning of an item (``tag`` is None, ``number`` counts from 0), or a note about damage.

    ``value`` is where its bytes lie (start, stop) in ``buffer``; None for what holds other elements.
    """

    depth: int
    tag: int | None = None
    vr: str = ""
    number: int = 0
    items: bool = False
    value: tuple[int, int] | None = None
    encoding: Encoding = field(default_factory=lambda: Encoding(True, True))
    note: str = ""


class TagWalk:
    """All elements of a file; ``buffer`` holds their bytes."""

    def __init__(self, path: Path) -> None:
        buffer = mapped(path)
        start = meta_offset(buffer) if buffer is not None else None
        if buffer is None or start is None:
            raise Malformed(tr("it is not DICOM"))
        self.meta, (syntax, _, self.position) = (buffer, start), file_meta(buffer, start)
        self.buffer = buffer
        if syntax == DEFLATED:
            self.buffer, self.position = inflate(buffer[self.position :]), 0
        self.encoding = encoding_of(self.buffer, self.position, syntax)

    def meta_elements(self) -> Iterator[Found]:
        """Yield the elements of the file meta information; their bytes are in ``meta[0]``."""
        buffer, position = self.meta
        walker = Walker(buffer, Encoding(True, True), frozenset())
        while position + 8 <= len(buffer) and struct.unpack_from("<H", buffer, position)[0] == 2:
            tag, vr, length, start = walker.header(position)
            if not vr or length == UNDEFINED or start + length > len(buffer):
                return
            yield Found(0, tag, vr.decode("ascii"), value=(start, start + length))
            position = start + length

    def elements(self) -> Iterator[Found]:
        """Yield the elements of the data set; what cannot be followed ends in a note."""
        walker = Walker(self.buffer, self.encoding, frozenset())
        try:
            yield from _walk(walker, self.position, len(self.buffer), 0, [0])
        except (Malformed, struct.error) as damage:
            reason = str(damage) if isinstance(damage, Malformed) else tr("it ends in the middle of an element")
            yield Found(0, note=tr("What follows cannot be read: {reason}.", reason=reason))


def _walk(walker: Walker, position: int, end: int, depth: int, stop: list[int]) -> Iterator[Found]:
    """Yield elements up to ``end`` or an item delimiter; ``stop[0]`` is then where the walk stopped."""
    if depth > 2 * DEPTH_LIMIT:  # a sequence and its items count one each
        raise Malformed(tr("it is nested more than {limit} levels deep", limit=DEPTH_LIMIT))
    while position + 8 <= end:
        tag, vr, length, start = walker.header(position)
        if tag == ITEM_END:
            stop[0] = start
            return
        written = vr.decode("ascii")
        if length == UNDEFINED and tag in PIXEL_TAGS:
            yield Found(depth, tag, written, value=(start, end), encoding=walker.encoding, note="fragments")
            stop[0] = position = walker.skip_fragments(start, end)
            continue
        closed = min(start + length, end) if length != UNDEFINED else end
        if length == UNDEFINED or _holds_items(walker, tag, vr, start, closed):
            yield Found(depth, tag, written or "SQ", items=True, encoding=walker.encoding)
            inner = walker
            if vr == b"UN":  # PS3.5 6.2.2: an unknown value of undefined length is an implicit sequence
                inner = Walker(walker.buffer, Encoding(False, True), frozenset())
            yield from _items(inner, start, closed, depth + 1, stop)
            position = stop[0] if length == UNDEFINED else closed
        else:
            yield Found(depth, tag, written, value=(start, closed), encoding=walker.encoding)
            if start + length > end:
                raise Malformed(tr("element {tag:08x} is longer than what holds it", tag=tag))
            position = closed
    stop[0] = end


def _holds_items(walker: Walker, tag: int, vr: bytes, start: int, stop: int) -> bool:
    return tag not in PIXEL_TAGS and vr in (b"", b"SQ", b"UN") and walker.is_sequence(vr, start, stop)


def _items(walker: Walker, position: int, end: int, depth: int, stop: list[int]) -> Iterator[Found]:
    number = 0
    while position + 8 <= end:
        tag, length = walker.item_header(position)
        start = position + 8
        if tag == SEQUENCE_END:
            stop[0] = start
            return
        if tag != ITEM:
            raise Malformed(tr("a sequence holds {tag:08x} instead of an item", tag=tag))
        yield Found(depth, None, number=number, items=True, encoding=walker.encoding)
        closed = end if length == UNDEFINED else start + length
        if closed > end:
            raise Malformed(tr("an item is longer than its sequence"))
        yield from _walk(walker, start, closed, depth + 1, stop)
        position = stop[0] if length == UNDEFINED else closed
        number += 1
    stop[0] = end


def fragments(walk: TagWalk, found: Found) -> tuple[int, int]:
    """Return how many fragments encapsulated pixel data have, the offset table left out, and their bytes."""
    assert found.value is not None
    walker = Walker(walk.buffer, found.encoding, frozenset())
    position, end = found.value
    count = total = 0
    while position + 8 <= end:
        tag, length = walker.item_header(position)
        if tag != ITEM:
            break
        count, total = count + 1, total + min(length, end - position)
        position += 8 + length
    return max(count - 1, 0), total
