"""What a compressed picture says about itself: size, precision, colour transform. Runs inside a worker.

Decoders believe the picture, the rest of the program believes the header: where both differ the values would be
wrong without a word, or memory would be taken for a size that nobody checked.

Source: ISO 10918-1 B.2 (JPEG), ISO 14495-1 C.2 (JPEG-LS), ISO 15444-1 A.5.1 and A.6.1 (JPEG 2000).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pellucid.dicom.elements import Malformed
from pellucid.dicom.records import PixelLayout
from pellucid.language import tr
from pellucid.model.findings import Refused

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_APP14 = 0xEE
_JPEG_LS, _END = 0xF7, b"\xff\xd9"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_COD, _START_OF_TILE, _SCAN = 0xFF52, 0xFF90, 0xDA


@dataclass(frozen=True)
class Stream:
    """What the head of a compressed picture states; ``mixed``: it says itself whether it is YCbCr, as Adobe does.

    ``ends`` is only looked at for JPEG-LS, where a decoder that runs out of data may take seconds to notice.
    """

    columns: int
    rows: int
    samples: int
    precision: int
    mixed: bool = False
    ends: bool = True


def streams_of(file: Any, path: Path, layout: PixelLayout, numbers: list[int]) -> list[Stream | None]:
    """Return what compressed pictures say of themselves; refuse those that contradict the data set."""
    from pydicom.encaps import get_frame

    found = []
    for number in numbers:
        file.seek(layout.offset)
        stream = stream_of(get_frame(file, number, number_of_frames=layout.frames))
        found.append(stream)
        if stream is not None and not stream.ends:
            raise Malformed(tr("the compressed picture is cut short"))
        if stream is not None and (stream.columns, stream.rows) != (layout.columns, layout.rows):
            raise Refused(
                tr(
                    "{name} could not be read: its compressed picture says {across}×{down} pixels, its "
                    "header {columns}×{rows}. The file is damaged.",
                    name=path.name,
                    across=stream.columns,
                    down=stream.rows,
                    columns=layout.columns,
                    rows=layout.rows,
                )
            )
        if stream is not None and (stream.samples != layout.samples or stream.precision > layout.allocated):
            raise Refused(
                tr(
                    "{name} could not be read: its compressed picture says {samples} samples of {bits} bits per "
                    "pixel, its header {declared} of {allocated}. The file is damaged.",
                    name=path.name,
                    samples=stream.samples,
                    bits=stream.precision,
                    declared=layout.samples,
                    allocated=layout.allocated,
                )
            )
    return found


def stream_of(data: bytes) -> Stream | None:
    """Return what the head of a JPEG, JPEG-LS or JPEG 2000 picture states, None where there is no such head."""
    try:
        if data[:2] == _JPEG:
            return _jpeg(data)
        start = data.find(_JPEG_2000)
        return None if start < 0 else _jpeg_2000(data, start)
    except (struct.error, IndexError):
        return None


def _jpeg(data: bytes) -> Stream | None:
    """Walk the markers up to the first scan."""
    found: Stream | None = None
    position, adobe = 2, False
    while data[position] == 0xFF and data[position + 1] != _SCAN:
        marker = data[position + 1]
        if marker == 0xFF or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _FRAMES:
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
            found = Stream(columns, rows, samples, precision, ends=marker != _JPEG_LS or _END in data)
        adobe |= marker == _APP14 and data[position + 4 : position + 9] == b"Adobe"
        position += 2 + length
    return replace(found, mixed=adobe) if found is not None else None


def _jpeg_2000(data: bytes, start: int) -> Stream:
    width, height, left, top = struct.unpack_from(">IIII", data, start + 8)
    samples, precision = struct.unpack_from(">HB", data, start + 40)
    return Stream(width - left, height - top, samples, (precision & 0x7F) + 1, _is_mixed(data, start))


def _is_mixed(data: bytes, start: int) -> bool:
    """Return whether the coding style asks for the transform of several components."""
    position = start + 2
    while position + 12 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == _COD:
            return data[position + 8] != 0
        if marker == _START_OF_TILE:
            return False
        position += 2 + length
    return False
