"""Write volumes as NIfTI, NRRD and MetaImage: a header of our own making, then the numbers.

Headers hold geometry and type and nothing else, so nothing about a patient can leak into them (hazard H33).
Each writer takes the open file, the frames as arrays (z, y, x[, c]) of one type, and their grid. Images
without an orientation in the patient are written without one; a planar one of them with two axes.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pellucid.files.grids import LPS_FROM_RAS
from pellucid.files.nifti import TYPES as NIFTI_TYPES
from pellucid.model.geometry import Floats, Geometry

Frames = Sequence[NDArray[Any]]
_STEP = 8 << 20
_GZIP_LEVEL = 3
_MM, _SECONDS = 2, 8
"""Units of NIfTI headers."""
_NRRD_NAMES = {
    "u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32", "u8": "uint64",
    "i8": "int64", "f4": "float", "f8": "double",
}  # fmt: skip
_META_NAMES = {
    "u1": "MET_UCHAR", "i1": "MET_CHAR", "u2": "MET_USHORT", "i2": "MET_SHORT", "u4": "MET_UINT",
    "i4": "MET_INT",
    "u8": "MET_ULONG_LONG", "i8": "MET_LONG_LONG", "f4": "MET_FLOAT", "f8": "MET_DOUBLE",
}  # fmt: skip


def code(dtype: np.dtype[Any]) -> str:
    """Return kind and size of a type, ``"u1"`` to ``"f8"``."""
    return f"{dtype.kind}{dtype.itemsize}"


def axes_written(geometry: Geometry) -> int:
    """Return how many axes in space are written: 2 for a picture, else 3."""
    return 2 if geometry.size[2] == 1 and not geometry.oriented else 3


def _pieces(frames: Frames) -> Iterator[memoryview]:
    """Give the pixels as little-endian bytes, a few megabytes at a time."""
    for frame in frames:
        little = frame.dtype.newbyteorder("<")
        rows = max(1, _STEP // max(1, frame[0].nbytes))
        for start in range(0, len(frame), rows):
            piece = np.ascontiguousarray(frame[start : start + rows], little)
            yield memoryview(piece.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


def nifti(file: BinaryIO, frames: Frames, geometry: Geometry, step: float | None = None) -> None:
    """Write NIfTI-1 (NIfTI-2 where an axis is longer than 32,767); ``step`` is the time between frames in s."""
    head = _nifti_header(frames, geometry, step)
    file.write(head)
    for piece in _pieces(frames):
        file.write(piece)


def nifti_gz(file: BinaryIO, frames: Frames, geometry: Geometry, step: float | None = None) -> None:
    """Write NIfTI inside gzip, without a name or a time in the gzip header."""
    with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
        packed.write(_nifti_header(frames, geometry, step))
        for piece in _pieces(frames):
            packed.write(piece)


def _nifti_header(frames: Frames, geometry: Geometry, step: float | None) -> bytes:
    array = frames[0]
    colour = array.shape[3] if array.ndim == 4 else 1
    codes = {name: number for number, name in NIFTI_TYPES.items()}
    datatype = {1: codes.get(code(array.dtype), 0), 3: 128, 4: 2304}[colour]
    bits = 8 * array.dtype.itemsize * colour
    count = 4 if len(frames) > 1 else axes_written(geometry)
    dim = [count, *geometry.size, len(frames), 1, 1, 1]
    units = (_MM if any(geometry.known_spacing) else 0) + (_SECONDS if step is not None else 0)
    rotation, offset, steps, shear = _ras(geometry)
    flip, quaternion = (1.0, np.zeros(3)) if shear else _quaternion(rotation)
    pixdim = [flip, *steps, step if step is not None else 1.0, 1.0, 1.0, 1.0]
    scanner = 1 if geometry.oriented else 0
    srow = np.column_stack([rotation * steps, offset]) if scanner else np.zeros((3, 4))
    forms = (0 if shear else scanner, scanner)
    numbers = [*quaternion, *offset, *srow.ravel()] if scanner else [0.0] * 18
    if max(dim) > 32767:
        head = bytearray(544)
        struct.pack_into("<i8s2h8q", head, 0, 540, b"n+2\0\r\n\x1a\n", datatype, bits, *dim)
        struct.pack_into("<8dq2d", head, 104, *pixdim, 544, 1.0, 0.0)
        struct.pack_into("<2i18d", head, 344, *forms, *numbers)
        struct.pack_into("<i", head, 500, units)
        return bytes(head)
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, *dim)
    struct.pack_into("<2h", head, 70, datatype, bits)
    struct.pack_into("<8f3f", head, 76, *pixdim, 352.0, 1.0, 0.0)
    struct.pack_into("<B", head, 123, units)
    struct.pack_into("<2h18f", head, 252, *forms, *numbers)
    head[344:348] = b"n+1\0"
    return bytes(head)


def _ras(geometry: Geometry) -> tuple[Floats, Floats, Floats, bool]:
    """Return axes and origin in RAS, the spacing, and whether the axes are not perpendicular."""
    return (
        LPS_FROM_RAS @ geometry.axes,
        LPS_FROM_RAS @ np.array(geometry.origin),
        np.array(geometry.spacing),
        geometry.orthonormality_error > 1e-5,
    )


def _quaternion(rotation: Floats) -> tuple[float, Floats]:
    """Return qfac and the quaternion's b, c, d (nifti1.h: a is not negative) of orthonormal axes."""
    matrix = rotation.copy()
    flip = 1.0 if np.linalg.det(matrix) > 0 else -1.0
    matrix[:, 2] *= flip
    # The quaternion is the eigenvector of the largest eigenvalue of this matrix (Bar-Itzhack 2000): stable
    # everywhere.
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = matrix.tolist()
    symmetric = np.array([
        [xx + yy + zz, zy - yz, xz - zx, yx - xy],
        [zy - yz, xx - yy - zz, yx + xy, xz + zx],
        [xz - zx, yx + xy, yy - xx - zz, zy + yz],
        [yx - xy, xz + zx, zy + yz, zz - xx - yy],
    ])  # fmt: skip
    quaternion = np.linalg.eigh(symmetric)[1][:, -1]
    return flip, np.asarray(quaternion[1:] * (1.0 if quaternion[0] >= 0 else -1.0))


def nrrd(file: BinaryIO, frames: Frames, geometry: Geometry, pairs: Mapping[str, str] | None = None) -> None:
    """Write NRRD with gzip encoding; ``pairs`` are key/value lines (the label table)."""
    array = frames[0]
    count = axes_written(geometry)
    colour = array.shape[3] if array.ndim == 4 else 1
    before = [colour] if colour > 1 else []
    after = [len(frames)] if len(frames) > 1 else []
    sizes = [*before, *geometry.size[:count], *after]
    kinds = [{3: "RGB-color", 4: "RGBA-color"}[n] for n in before] + ["domain"] * count + ["list"] * len(after)
    lines = [
        "NRRD0005", f"type: {_NRRD_NAMES[code(array.dtype)]}", f"dimension: {len(sizes)}", *_space(geometry,
        before, after),
        f"sizes: {' '.join(map(str, sizes))}", f"kinds: {' '.join(kinds)}",
        *(["endian: little"] if array.dtype.itemsize > 1 else []), "encoding: gzip",
        *(f"{key}:={_escaped(value)}" for key, value in (pairs or {}).items()),
    ]  # fmt: skip
    file.write(("\n".join(lines) + "\n\n").encode("utf-8", "backslashreplace"))
    with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as packed:
        for piece in _pieces(frames):
            packed.write(piece)


def _space(geometry: Geometry, before: list[int], after: list[int]) -> list[str]:
    if not geometry.oriented:
        count = axes_written(geometry)
        steps = zip(geometry.spacing[:count], geometry.known_spacing, strict=False)
        words = [repr(float(step)) if known else "nan" for step, known in steps]
        return [f"spacings: {' '.join(['nan'] * len(before) + words + ['nan'] * len(after))}"]
    columns = geometry.axes * np.array(geometry.spacing)
    vectors = [_vector(columns[:, n]) for n in range(3)]
    return [
        "space: left-posterior-superior",
        f"space directions: {' '.join(['none'] * len(before) + vectors + ['none'] * len(after))}",
        f"space origin: {_vector(geometry.origin)}",
    ]


def _vector(numbers: Any) -> str:
    return "(" + ",".join(repr(float(n)) for n in numbers) + ")"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "")


def metaimage(file: BinaryIO, frames: Frames, geometry: Geometry) -> None:
    """Write MetaImage with its pixels, uncompressed."""
    array = frames[0]
    count = axes_written(geometry)
    more = 1 if len(frames) > 1 else 0
    total = count + more
    lines = [
        "ObjectType = Image",
        f"NDims = {total}",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
    ]
    lines.append("CompressedData = False")
    if geometry.oriented:
        matrix = np.eye(total)
        matrix[:3, :3] = geometry.axes.T  # each line of the file's matrix is one axis
        lines.append(f"TransformMatrix = {_words(matrix.ravel())}")
        lines.append(f"Offset = {_words([*geometry.origin, 0.0][:total])}")
    if all(geometry.known_spacing[:count]):
        lines.append(f"ElementSpacing = {_words([*geometry.spacing[:count], 1.0][:total])}")
    lines.append(f"DimSize = {' '.join(map(str, [*geometry.size[:count], len(frames)][:total]))}")
    if array.ndim == 4:
        lines.append(f"ElementNumberOfChannels = {array.shape[3]}")
    lines += [f"ElementType = {_META_NAMES[code(array.dtype)]}", "ElementDataFile = LOCAL"]
    file.write(("\n".join(lines) + "\n").encode("ascii"))
    for piece in _pieces(frames):
        file.write(piece)


def _words(numbers: Any) -> str:
    return " ".join(repr(float(n)) for n in numbers)
