"""Animated WebP, written picture by picture: every picture is lossless and only what changed is stored.

Source: the WebP container specification (RIFF, chunks VP8X, ANIM and ANMF). Pillow writes the pictures; its own
writer of animations holds all of them in memory.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
LARGEST = 16_383
"""The longest side of a picture."""
_ANIMATION, _REPLACE = 0x02, 0x02


def write(file: BinaryIO, pictures: Iterable[tuple[Pixels, int]]) -> None:
    """Write pictures (rows, columns, 3) with the ms each lasts; the film repeats for ever."""
    file.write(b"RIFF\0\0\0\0WEBP")
    before: Pixels | None = None
    for picture, ms in pictures:
        if before is None:
            rows, columns = picture.shape[:2]
            file.write(_chunk(b"VP8X", struct.pack("<I", _ANIMATION) + _u24(columns - 1) + _u24(rows - 1)))
            file.write(_chunk(b"ANIM", b"\0\0\0\xff" + b"\0\0"))
        left, top, right, bottom = _changed(before, picture)
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        head = _u24(left // 2) + _u24(top // 2) + _u24(right - left - 1) + _u24(bottom - top - 1)
        file.write(_chunk(b"ANMF", head + _u24(min(ms, 0xFFFFFF)) + bytes([_REPLACE]) + _bitstream(part)))
        before = picture
    size = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", size - 8))


def _changed(before: Pixels | None, now: Pixels) -> tuple[int, int, int, int]:
    """Return left, top (both even, as the format wants), right and bottom of what differs; at least one pixel."""
    if before is None:
        return 0, 0, now.shape[1], now.shape[0]
    differs = (before != now).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0, 0, 1, 1
    left, top = int(columns[0]) // 2 * 2, int(rows[0]) // 2 * 2
    return left, top, int(columns[-1]) + 1, int(rows[-1]) + 1


def _bitstream(picture: Pixels) -> bytes:
    """Return the chunk of pixels of a lossless WebP."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "WEBP", lossless=True, quality=30, method=2)
    return out.getvalue()[12:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")


def read(file: Any) -> Iterable[tuple[Pixels, int]]:
    """Yield the pictures of an animated WebP and the ms each lasts, as any other reader sees them."""
    from PIL import Image

    with Image.open(file) as film:
        for n in range(getattr(film, "n_frames", 1)):
            film.seek(n)
            film.load()
            yield np.asarray(film.convert("RGB")), int(film.info.get("duration", 0))
