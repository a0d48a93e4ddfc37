"""What a compressed picture says about itself: size, precision, colour transform. Runs inside a worker.

Decoders believe the picture, the rest of the program believes the header: where both differ the values would be
wrong without a word, or memory would be taken for a size that nobody checked.

Source: ISO 10918-1 B.2 (JPEG), ISO 14495-1 C.2 (JPEG-LS), ISO 15444-1 A.5.1 and A.6.1 (JPEG 2000).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_JPEG_LS, _END = 0xF7, b"\xff\xd9"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_COD, _START_OF_TILE, _SCAN = 0xFF52, 0xFF90, 0xDA


@dataclass(frozen=True)
class Stream:
    """What the head of a compressed picture states; ``mixed``: its decoder turns YCbCr into RGB by itself.

    ``ends`` is only looked at for JPEG-LS, where a decoder that runs out of data may take seconds to notice.
    """

    columns: int
    rows: int
    samples: int
    precision: int
    mixed: bool = False
    ends: bool = True


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
    position = 2
    while data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _SCAN:
            return None
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _FRAMES:
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
            return Stream(columns, rows, samples, precision, ends=marker != _JPEG_LS or _END in data)
        position += 2 + length
    return None


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
