"""PNG, JPEG, BMP and JPEG 2000: headers parsed here, pixels decoded in a child process.

Pictures carry no pixel spacing of tissue (a resolution in dots per inch is about paper) and no orientation,
so lengths stay in px. Values are kept as stored: 8 and 16 bits per channel; palettes become their colours, or
their grey values when all are grey; grey with transparency becomes RGBA. CMYK is turned into RGB.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files.limits import DECODED_IN_CHILD, check_inflation, check_memory
from pellucid.language import tr
from pellucid.model.findings import Refused

FORMATS = frozenset({"PNG", "JPEG", "BMP", "JPEG 2000"})
_PNG = b"\x89PNG\r\n\x1a\n"
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_FIRST_LOOK = 1 << 18
LARGEST_SCAN = 64 << 20
"""How far into a file markers are looked for."""


@dataclass(frozen=True)
class Picture:
    """What the header of a picture says; ``components`` are those of the decoded array (1, 3 or 4)."""

    format: str
    width: int
    height: int
    components: int
    dtype: str

    @property
    def text(self) -> str:
        """Return the declared shape for people."""
        colour = {1: "grey", 3: "RGB", 4: "RGBA"}[self.components]
        return tr(
            "{width} × {height} pixels {colour} {dtype}",
            width=self.width,
            height=self.height,
            colour=colour,
            dtype=self.dtype,
        )

    @property
    def nbytes(self) -> int:
        """Return the size of the decoded pixels."""
        return self.width * self.height * self.components * np.dtype(self.dtype).itemsize


def kind(head: bytes) -> str:
    """Return the picture format a file begins like, or ``""``."""
    if head.startswith(_PNG):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if (
        head.startswith(b"BM")
        and len(head) >= 30
        and struct.unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "BMP"
    if head.startswith((_JP2, b"\xff\x4f\xff\x51")):
        return "JPEG 2000"
    return ""


def parse(path: Path) -> Picture:
    """Read the header and refuse sizes that the file or a decoder child cannot hold."""
    try:
        picture = _parsed(path, _FIRST_LOOK) or _parsed(path, LARGEST_SCAN)
        if picture is None:
            raise ValueError(path.name)
    except (struct.error, KeyError, ValueError, IndexError) as error:
        raise Refused(tr("{name} has no whole picture header. It is damaged or incomplete.", name=path.name)) from error
    if picture.width < 1 or picture.height < 1:
        raise Refused(tr("{name} declares {picture}. Its header is damaged.", name=path.name, picture=picture.text))
    check_memory(path.name, picture.nbytes, picture.text, DECODED_IN_CHILD)
    if picture.format == "PNG":
        check_inflation(path, picture.nbytes // 8, path.stat().st_size, picture.text)
    return picture


def _parsed(path: Path, size: int) -> Picture | None:
    """Return what the first ``size`` bytes say, or None when they end too early."""
    with path.open("rb") as file:
        head = file.read(size)
    try:
        return {"PNG": _png, "JPEG": _jpeg, "BMP": _bmp, "JPEG 2000": _jp2}[kind(head)](head)
    except (struct.error, IndexError):
        return None


def _png(head: bytes) -> Picture:
    width, height, bits, colour = struct.unpack_from(">IIBB", head, 16)
    components = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}[colour]
    chunks = _png_chunks(head)
    if b"tRNS" in chunks:
        components = 4
    elif colour == 3 and _is_grey(chunks.get(b"PLTE", b"\0\0\1")):
        components = 1
    return Picture("PNG", width, height, components, "uint16" if bits == 16 else "uint8")


def _png_chunks(head: bytes) -> dict[bytes, bytes]:
    """Return the chunks before the pixels."""
    chunks: dict[bytes, bytes] = {}
    position = 8
    while position + 8 <= len(head):
        length, name = struct.unpack_from(">I4s", head, position)
        if name == b"IDAT":
            break
        chunks[name] = head[position + 8 : position + 8 + length]
        position += 12 + length
    return chunks


def _is_grey(palette: bytes) -> bool:
    return palette[0::3] == palette[1::3] == palette[2::3]


def _jpeg(head: bytes) -> Picture:
    position = 2
    while True:
        if head[position] != 0xFF:
            raise ValueError("marker")
        marker = head[position + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", head, position + 2)
        if marker in _SOF:
            bits, height, width, count = struct.unpack_from(">BHHB", head, position + 4)
            return Picture("JPEG", width, height, 1 if count == 1 else 3, "uint8" if bits <= 8 else "uint16")
        position += 2 + length


def _bmp(head: bytes) -> Picture:
    (length,) = struct.unpack_from("<I", head, 14)
    if length == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", head, 18)
        entry = 3
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", head, 18)
        entry = 4
    if bits > 8:
        return Picture("BMP", width, abs(height), 4 if bits == 32 and _has_alpha(head, length) else 3, "uint8")
    (used,) = struct.unpack_from("<I", head, 46) if length >= 40 else (0,)
    table = head[14 + length : 14 + length + entry * (used or 1 << bits)]
    grey = table[0::entry] == table[1::entry] == table[2::entry]
    return Picture("BMP", width, abs(height), 1 if grey else 3, "uint8")


def _has_alpha(head: bytes, length: int) -> bool:
    return length >= 56 and struct.unpack_from("<I", head, 14 + 52)[0] != 0


def _jp2(head: bytes) -> Picture:
    start = head.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise ValueError("codestream")
    right, bottom, left, top = struct.unpack_from(">IIII", head, start + 8)
    (count,) = struct.unpack_from(">H", head, start + 40)
    bits = (head[start + 42] & 0x7F) + 1
    if not 1 <= count <= 4:
        raise ValueError("components")
    dtype = ("int" if head[start + 42] & 0x80 else "uint") + ("8" if bits <= 8 else "16" if bits <= 16 else "32")
    return Picture("JPEG 2000", right - left, bottom - top, {1: 1, 2: 4, 3: 3, 4: 4}[count], dtype)


def decode(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Decode the picture ``payload["path"]`` to one array (y, x[, c]); runs in a child process."""
    path = Path(payload["path"])
    picture = parse(path)
    data = path.read_bytes()
    try:
        array = _pixels(picture, data)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # codecs raise many kinds; all mean that the file is damaged
        raise Refused(
            tr("{name} could not be decoded: the {format} data are damaged.", name=path.name, format=picture.format)
        ) from error
    wanted = (picture.height, picture.width) + ((picture.components,) if picture.components > 1 else ())
    if array.shape != wanted:
        raise Refused(
            tr(
                "{name} declares {picture} but its pixels are {shape}. It is damaged.",
                name=path.name,
                picture=picture.text,
                shape=array.shape,
            )
        )
    return {}, [np.ascontiguousarray(array)]


def _pixels(picture: Picture, data: bytes) -> NDArray[Any]:
    import imagecodecs

    if picture.format == "PNG":
        array = np.asarray(imagecodecs.png_decode(data))
    elif picture.format == "JPEG 2000":
        array = np.asarray(imagecodecs.jpeg2k_decode(data))
    elif picture.dtype == "uint16":
        array = np.asarray(imagecodecs.jpeg_decode(data))
    else:
        array = _pillow(data)
    return _as_declared(array, picture.components)


def _pillow(data: bytes) -> NDArray[Any]:
    """Decode with Pillow: JPEG (CMYK included) and BMP."""
    import io

    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the size was checked against our own budget
    with Image.open(io.BytesIO(data)) as image:
        wanted = image.mode if image.mode in ("L", "RGB", "RGBA") else "L" if image.mode == "1" else "RGB"
        return np.array(image if image.mode == wanted else image.convert(wanted))


def _as_declared(array: NDArray[Any], components: int) -> NDArray[Any]:
    """Turn grey stored as colour into grey, and grey with transparency into RGBA."""
    channels = array.shape[2] if array.ndim == 3 else 1
    if components == 1 and channels in (3, 4):
        return array[..., 0]
    if components == 4 and channels == 2:
        return np.stack([array[..., 0]] * 3 + [array[..., 1]], axis=-1)
    if components == 1 and array.ndim == 3:
        return array[..., 0]
    if components == 3 and channels == 4:
        return array[..., :3]
    return array
