"""From a file to its elements: found by content, unpacked within bounds, its encoding believed only where it can be.

Source: PS3.10 section 7 (files), PS3.5 annex A (transfer syntaxes). Runs inside a worker.
"""

from __future__ import annotations

import io
import mmap
import struct
import zlib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from pellucid.dicom.elements import (
    LONG_VR,
    SHORT_VR,
    UNDEFINED,
    Buffer,
    Elements,
    Encoding,
    Malformed,
    PixelElement,
    Unreasonable,
    Walker,
)
from pellucid.language import tr

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})

_TRANSFER_SYNTAX, _MEDIA_CLASS = 0x00020010, 0x00020002
_FIRST_GROUPS = (0x0002, 0x0004, 0x0008)
_LARGEST_INFLATED = 1 << 30
_HARMLESS_INFLATED, _LARGEST_RATIO = 64 << 20, 200
"""A data set may unpack to more than this only where it does not grow without measure."""
_INFLATE_STEP = 1 << 22


@dataclass
class Parsed:
    """A file: transfer syntax, wanted elements and pixel element; its offset counts in ``buffer``."""

    syntax: str
    elements: Elements
    pixels: PixelElement | None
    buffer: Buffer
    dataset_offset: int
    media_class: str = ""
    truncated: bool = False


def parse(path: Path, wanted: Set[int]) -> Parsed | None:
    """Parse a file; None when it is not DICOM.

    Raises Unreasonable when it is nested too deeply or unpacks to too much, Malformed when it cannot be
    walked.
    """
    buffer = mapped(path)
    start = meta_offset(buffer) if buffer is not None else None
    if buffer is None or start is None:
        return None
    syntax, media_class, position = file_meta(buffer, start)
    if syntax == DEFLATED:
        buffer = inflate(buffer[position:])
        position = 0
    encoding = encoding_of(buffer, position, syntax)
    walker = Walker(buffer, encoding, wanted)
    elements = walker.top(position)
    if syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, "") and not (
        walker.pixels and walker.pixels.encapsulated
    ):
        syntax = _native_syntax(encoding)
    return Parsed(syntax, elements, walker.pixels, buffer, position, media_class, walker.truncated)


def try_to_parse(path: Path, wanted: Set[int]) -> Parsed | None:
    """Parse a file; None when it is not DICOM, cannot be walked or cannot be read."""
    try:
        return parse(path, wanted)
    except (Malformed, Unreasonable, OSError, ValueError, RecursionError, struct.error):
        return None


def mapped(path: Path) -> Buffer | None:
    """Return the bytes of a file without reading them, None when it is empty."""
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            return None


def meta_offset(buffer: Buffer) -> int | None:
    """Return where the file meta information or the data set begins, None when the file is not DICOM."""
    if has_preamble(buffer):
        return 132
    if buffer[:4] == b"DICM":
        return 4
    if len(buffer) < 16:
        return None
    for order in "<>":
        group, element, length = struct.unpack_from(order + "HHI", buffer, 0)
        if group not in _FIRST_GROUPS or element > 0x0100:
            continue
        vr = buffer[4:6]
        if vr in SHORT_VR or vr in LONG_VR or (order == "<" and 0 < length < min(len(buffer), 1 << 16)):
            return 0
    return None


def has_preamble(buffer: Buffer) -> bool:
    """Return whether the file begins as PS3.10 wants it (and does not just hold the four letters there)."""
    if buffer[128:132] != b"DICM":
        return False
    return buffer[132:134] == b"\2\0" or not (buffer[:2] == b"\x08\0" and buffer[4:6] in SHORT_VR)


def inflate(data: bytes, limit: int = _LARGEST_INFLATED) -> bytes:
    """Unpack a deflated data set, refusing one that grows beyond the limit or without measure."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = min(limit, max(_HARMLESS_INFLATED, _LARGEST_RATIO * len(data)))
    unpacked = io.BytesIO()
    try:
        while data and not unpacker.eof:
            unpacked.write(unpacker.decompress(data, _INFLATE_STEP))
            data = unpacker.unconsumed_tail
            if unpacked.tell() > limit:
                raise Unreasonable(tr("unpacks to more than {limit} MB", limit=limit >> 20))
    except zlib.error as error:
        if not unpacked.tell():
            raise Malformed(tr("the deflated data set cannot be unpacked")) from error
    return unpacked.getvalue()


def file_meta(buffer: Buffer, position: int) -> tuple[str, str, int]:
    """Return transfer syntax, class and end of the file meta information (always explicit little endian)."""
    walker = Walker(buffer, Encoding(True, True), frozenset())
    found = {_TRANSFER_SYNTAX: "", _MEDIA_CLASS: ""}
    while position + 12 <= len(buffer) and struct.unpack_from("<H", buffer, position)[0] == 2:
        tag, vr, length, start = walker.header(position)
        if not vr or length == UNDEFINED or start + length > len(buffer):
            break
        if tag in found:
            found[tag] = bytes(buffer[start : start + length]).decode("ascii", "replace").rstrip("\0 ")
        position = start + length
    return found[_TRANSFER_SYNTAX], found[_MEDIA_CLASS], position


def encoding_of(buffer: Buffer, position: int, syntax: str) -> Encoding:
    """Return how the data set is really written; the transfer syntax is only believed where it can be."""
    vr = buffer[position + 4 : position + 6]
    explicit = vr in SHORT_VR or vr in LONG_VR
    if not explicit and syntax == DEFLATED and len(buffer) < 8:
        raise Malformed(tr("the deflated data set is empty"))
    group = int.from_bytes(buffer[position : position + 2], "little")
    little = not (syntax == EXPLICIT_BIG or (not syntax and group in (0x0800, 0x0200)))
    if syntax == EXPLICIT_BIG and group in _FIRST_GROUPS:
        little = True
    return Encoding(explicit, little)


def _native_syntax(encoding: Encoding) -> str:
    if not encoding.explicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_LITTLE if encoding.little else EXPLICIT_BIG
