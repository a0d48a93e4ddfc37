"""MetaImage headers: .mha with its pixels, .mhd with its data file in the same folder.

World is LPS, as ITK reads and writes it. A 2-D image, or one without a transform, has no orientation in the
patient; one without ElementSpacing (and ElementSize) has no known spacing. Of a 4-D image the last axis holds
frames. Source: MetaIO's own tables (metaTypes.h): MET_LONG has 4 bytes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.files.grids import from_columns, from_spacing
from pellucid.files.nrrd import LARGEST_HEADER, beside
from pellucid.files.raw import Encoding, RawImage
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry

TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip


def is_metaimage(head: bytes) -> bool:
    """Return whether a file begins with MetaImage fields."""
    start = head.lstrip().replace(b" ", b"")
    return b"NDims=" in start and start.startswith((b"ObjectType=", b"NDims=", b"ObjectSubType=", b"Comment="))


def parse(path: Path) -> RawImage:
    """Read the header; raise Refused when it is not one we can read."""
    try:
        fields, length = fields_of(path)
        return _parse(path, fields, length)
    except (KeyError, ValueError, IndexError) as error:
        missing = tr("the field {error}", error=error) if isinstance(error, KeyError) else tr("a field")
        raise Refused(
            tr("{name}: {missing} of its MetaImage header is missing or damaged.", name=path.name, missing=missing)
        ) from error


def fields_of(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields and where the data begin when they are in the same file."""
    with path.open("rb") as file:
        head = file.read(LARGEST_HEADER)
    fields: dict[str, str] = {}
    position = 0
    while position < len(head):
        end = head.find(b"\n", position)
        end = len(head) if end < 0 else end
        key, equals, value = head[position:end].decode("utf-8", "replace").partition("=")
        position = end + 1
        if equals:
            fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return fields, position
    raise KeyError("ElementDataFile")


def _parse(path: Path, fields: dict[str, str], length: int) -> RawImage:
    if fields.get("ObjectType", "Image") != "Image":
        raise Refused(tr("{name} holds a {kind} and not an image.", name=path.name, kind=fields["ObjectType"]))
    count = int(fields["NDims"])
    size = tuple(int(n) for n in fields["DimSize"].split())
    if len(size) != count or not 1 <= count <= 4 or any(n < 1 for n in size):
        raise Refused(
            tr(
                "{name} declares {count} dimensions of sizes {sizes}; 1 to 4 can be read.",
                name=path.name,
                count=count,
                sizes=fields["DimSize"],
            )
        )
    name = fields["ElementType"].removesuffix("_ARRAY")
    if name not in TYPES:
        raise Refused(
            tr(
                "{name} holds values of type {type}, which cannot be shown.",
                name=path.name,
                type=fields["ElementType"],
            )
        )
    channels = int(fields.get("ElementNumberOfChannels", "1"))
    if not 1 <= channels <= 65535:
        raise ValueError("channels")
    big = _is_true(fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")))
    dtype = np.dtype(TYPES[name]).newbyteorder(">" if big else "<")
    first = "" if channels == 1 else "c" if channels in (3, 4) else "t"
    axes = first + "xyzt"[:count] + "xyz"[count:]
    sizes = ((channels,) if channels > 1 else ()) + size + (1,) * (3 - count)
    encoding = _encoding(fields)
    data, offset = _data(path, fields, length, int(np.prod(sizes, dtype=object)) * dtype.itemsize)
    geometry = _geometry(path, fields, count, size)
    return RawImage(path, "MetaImage", geometry, dtype, axes, sizes, data, offset, encoding)


def _is_true(word: str) -> bool:
    return word.lower() in ("true", "t", "1", "yes")


def _encoding(fields: dict[str, str]) -> Encoding:
    if not _is_true(fields.get("BinaryData", "True")):
        return "text"
    return "zlib" if _is_true(fields.get("CompressedData", "False")) else "raw"


def _data(path: Path, fields: dict[str, str], length: int, nbytes: int) -> tuple[Path, int]:
    named = fields["ElementDataFile"]
    local = named.upper() == "LOCAL"
    data = path if local else beside(path, named)
    skip = int(fields.get("HeaderSize", "0"))
    if skip == -1:
        return data, data.stat().st_size - nbytes
    return data, (length if local else 0) + max(skip, 0)


def _geometry(path: Path, fields: dict[str, str], count: int, size: tuple[int, ...]) -> Geometry:
    spaces = min(count, 3)
    stated = fields.get("ElementSpacing", fields.get("ElementSize", ""))
    spacing = [float(word) for word in stated.split()][:spaces]
    matrix = next((fields[k] for k in ("TransformMatrix", "Rotation", "Orientation") if k in fields), "")
    if count < 3 or not matrix:
        return from_spacing(path, size[:spaces], spacing)
    rows = np.array([float(word) for word in matrix.split()]).reshape(count, count)
    if any(step < 0 for step in spacing):
        raise ValueError("spacing")
    offset = next((fields[k] for k in ("Offset", "Position", "Origin") if k in fields), "0 0 0 0")
    origin = [float(word) for word in offset.split()][:3]
    steps = (*spacing, 0.0, 0.0, 0.0)[:3]
    grid = from_columns(path, size[:3], rows[:3, :3].T, origin)  # each line of the matrix is one axis
    a, b, c = (step * length if step else 1.0 for step, length in zip(steps, _lengths(grid), strict=True))
    known = (steps[0] > 0, steps[1] > 0, steps[2] > 0)
    return replace(grid, spacing=(a, b, c), known_spacing=known)


def _lengths(grid: Geometry) -> list[float]:
    """Return the lengths the stated axes had, taken as 1 when they only differ by rounding."""
    return [1.0 if abs(length - 1) < 1e-6 else length for length in grid.spacing]
