"""Siemens mosaics: many slices tiled into one frame, told apart by private CSA headers. In a worker.

Source: the CSA header is described at nipy.org/nibabel/dicom/siemens_csa.html; the position of a mosaic is
that of a slice which would have the size of the whole mosaic.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import replace

from pellucid.dicom.records import FrameRecord, Numbers, PixelLayout
from pellucid.dicom.values import Values

IMAGE_CSA, _SERIES_CSA, _COUNT, _MATRIX_TEXT, _IMAGE_TYPE = (
    0x00291010,
    0x00291020,
    0x0019100A,
    0x0051100B,
    0x00080008,
)
TAGS = frozenset({IMAGE_CSA, _SERIES_CSA, _COUNT, _MATRIX_TEXT, _IMAGE_TYPE})
_MOST_TILES = 1024


def mosaic_frames(values: Values, layout: PixelLayout, frame: FrameRecord) -> list[FrameRecord]:
    """Return the slices of a mosaic with their true positions; empty when the file is not one."""
    if "MOSAIC" not in values.codes(_IMAGE_TYPE) or not (frame.position and frame.orientation and frame.spacing):
        return []
    csa = csa_values(values.raw(IMAGE_CSA), ("NumberOfImagesInMosaic", "SliceNormalVector"))
    count = _slice_count(values, csa)
    per_side = math.ceil(math.sqrt(count)) if count else 0
    if not 1 <= count <= _MOST_TILES or layout.rows % per_side or layout.columns % per_side:
        return []
    rows, columns = layout.rows // per_side, layout.columns // per_side
    right, down = frame.orientation[:3], frame.orientation[3:]
    normal = _cross(right, down)
    corner = _position(frame, layout, rows, columns, 0.0)
    half = columns / 2 * frame.spacing[1], rows / 2 * frame.spacing[0]
    centre = tuple(p + half[0] * r + half[1] * d for p, r, d in zip(corner, right, down, strict=True))
    step = (frame.between or frame.thickness or 0.0) * _direction(values, csa, normal, centre, count)
    frames = []
    for n in range(count):
        tile = (n // per_side * rows, n % per_side * columns, rows, columns)
        position = _position(frame, layout, rows, columns, n * step)
        frames.append(replace(frame, position=position, tile=tile))
    return frames


def _position(frame: FrameRecord, layout: PixelLayout, rows: int, columns: int, along: float) -> tuple[float, ...]:
    assert frame.position and frame.orientation and frame.spacing
    right, down = frame.orientation[:3], frame.orientation[3:]
    across = (layout.columns - columns) / 2 * frame.spacing[1]
    below = (layout.rows - rows) / 2 * frame.spacing[0]
    normal = _cross(right, down)
    return tuple(p + across * r + below * d + along * n
                 for p, r, d, n in zip(frame.position, right, down, normal, strict=True))  # fmt: skip


def _direction(values: Values, csa: dict[str, list[str]], normal: Numbers, first: Numbers, count: int) -> float:
    """Return +1 or -1: whether slices follow the normal of the plane or run against it.

    ``first`` is the centre of the first tile. Without a slice normal in the CSA header of the image, the
    protocol tells: the first tile is whichever end of its list of slices lies there.
    """
    try:
        stated = [float(v) for v in csa.get("SliceNormalVector", [])[:3]]
    except ValueError:
        stated = []
    if len(stated) != 3:
        ends = [_protocol_position(values.raw(_SERIES_CSA), index) for index in (0, count - 1)]
        if ends[0] is None or ends[1] is None:
            return 1.0
        near, far = sorted((ends[0], ends[1]), key=lambda end: math.dist(end, first))
        stated = [b - a for a, b in zip(near, far, strict=True)]
    along = sum(a * b for a, b in zip(stated, normal, strict=True))
    return -1.0 if along < 0 else 1.0


def _protocol_position(protocol: bytes, index: int) -> Numbers | None:
    """Return the centre of a slice as the protocol in the CSA header states it; zeros are left out there."""
    axes = (b"dSag", b"dCor", b"dTra")
    pattern = rb"sSliceArray\.asSlice\[%d\]\.sPosition\.%s\s*=\s*([-+0-9.eE]+)"
    found = [re.search(pattern % (index, axis), protocol) for axis in axes]
    if not any(found):
        return None
    try:
        return tuple(float(match.group(1)) if match else 0.0 for match in found)
    except ValueError:
        return None


def _slice_count(values: Values, csa: dict[str, list[str]]) -> int:
    direct = values.unsigned(_COUNT)
    if direct:
        return direct
    stated = csa.get("NumberOfImagesInMosaic", [])
    if stated and stated[0].isdigit():
        return int(stated[0])
    protocol = re.search(rb"sSliceArray\.lSize\s*=\s*(\d+)", values.raw(_SERIES_CSA))
    return int(protocol.group(1)) if protocol else 0


def csa_values(data: bytes, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values of some elements of a CSA header (both versions); empty when it cannot be read."""
    found: dict[str, list[str]] = {}
    try:
        position = 8 if data[:4] == b"SV10" else 0
        (count,) = struct.unpack_from("<I", data, position)
        position += 8
        for _ in range(min(count, 1000)):
            name = data[position : position + 64].split(b"\0")[0].decode("latin-1")
            (items,) = struct.unpack_from("<I", data, position + 76)
            position += 84
            values = []
            for _ in range(min(items, 1000)):
                (length,) = struct.unpack_from("<I", data, position + 4)
                position += 16
                values.append(data[position : position + length].split(b"\0")[0].decode("latin-1").strip())
                position += -(-length // 4) * 4
            if name in names:
                found[name] = [value for value in values if value]
    except struct.error:
        return found
    return found


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
