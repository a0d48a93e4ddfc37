"""NIfTI-1 and NIfTI-2 headers (single files, gzip, and .hdr/.img pairs).

Orientation: the sform is used when its code is above 0, else the qform when its code is above 0, else only
the spacing (``oriented=False``); this is the order of the standard's own examples and of nibabel. When both
are set and disagree, a finding says so. NIfTI's RAS world becomes LPS here and nowhere else. An affine that
is sheared keeps its shear. A header without a length unit is taken as mm, as every reader does, unless it
also has neither orientation nor a spacing other than 1: then the spacing is unknown.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.files.grids import LPS_FROM_RAS, checked_size, from_columns, from_spacing
from pellucid.files.raw import ByteOrder, Encoding, RawImage, head_of
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Floats, Geometry

TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
"""NIfTI datatype codes of scalars; 128 is RGB and 2304 RGBA, both of bytes."""
COLOUR = {128: 3, 2304: 4}
_NAMES = {1: "1-bit", 32: "complex64", 1536: "float128", 1792: "complex128", 2048: "complex256"}
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}


@dataclass(frozen=True)
class _Header:
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    vox_offset: int
    slope: float
    intercept: float
    units: int
    qform_code: int
    sform_code: int
    quaternion: tuple[float, ...]
    srow: tuple[float, ...]


def is_nifti(head: bytes) -> bool:
    """Return whether the first (inflated) 352 bytes are a NIfTI header."""
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def parse(path: Path) -> RawImage:
    """Read the header; raise Refused when it is not one we can read."""
    head = head_of(path, 544)
    order, version, paired = _kind(path, head)
    header = _unpack_1(head, order) if version == 1 else _unpack_2(head, order)
    count = header.dim[0]
    if not 1 <= count <= 7:
        raise Refused(
            tr(
                "{name} declares {count} dimensions; NIfTI allows 1 to 7. Its header is damaged.",
                name=path.name,
                count=count,
            )
        )
    size = checked_size(path, header.dim[1 : 1 + min(count, 3)])
    frames = tuple(max(n, 1) for n in header.dim[4 : count + 1])
    dtype, components = _type(path, header.datatype)
    geometry, findings = _geometry(path, header, size)
    slope, intercept = _scaling(header, components)
    data, encoding = _data_file(path) if paired else (path, _encoding(path))
    inflated_skip = header.vox_offset if encoding == "gzip" else 0
    if header.vox_offset < 0 or (not paired and header.vox_offset < 348):
        raise Refused(tr("{name} says its pixels begin inside the header. It is damaged.", name=path.name))
    axes = ("c" if components > 1 else "") + "xyz" + "t" * len(frames)
    sizes = ((components,) if components > 1 else ()) + size + frames
    return RawImage(
        path, "NIfTI", geometry, dtype.newbyteorder(order), axes, sizes, data,
        0 if inflated_skip else header.vox_offset, encoding, inflated_skip, slope, intercept, findings,
        _time_step(header) if len(frames) == 1 else None,
    )  # fmt: skip


def _kind(path: Path, head: bytes) -> tuple[ByteOrder, int, bool]:
    """Return byte order, version and whether the pixels are in a second file."""
    if len(head) >= 348 and is_nifti(head):
        orders: tuple[ByteOrder, ...] = ("<", ">")
        for order in orders:
            length = struct.unpack_from(f"{order}i", head)[0]
            if length == 348 and head[344:346] in (b"n+", b"ni"):
                return order, 1, head[344:348] == b"ni1\0"
            if length == 540 and len(head) >= 540:
                return order, 2, head[4:8] == b"ni2\0"
    raise Refused(tr("{name} has no whole NIfTI header. It is damaged or incomplete.", name=path.name))


def _unpack_1(head: bytes, order: str) -> _Header:
    dim = struct.unpack_from(f"{order}8h", head, 40)
    (datatype,) = struct.unpack_from(f"{order}h", head, 70)
    pixdim = struct.unpack_from(f"{order}8f", head, 76)
    offset, slope, intercept = struct.unpack_from(f"{order}3f", head, 108)
    qform, sform = struct.unpack_from(f"{order}2h", head, 252)
    numbers = struct.unpack_from(f"{order}18f", head, 256)
    whole = int(offset) if np.isfinite(offset) else -1
    return _Header(dim, datatype, pixdim, whole, slope, intercept, head[123], qform, sform, numbers[:6], numbers[6:])


def _unpack_2(head: bytes, order: str) -> _Header:
    (datatype,) = struct.unpack_from(f"{order}h", head, 12)
    dim = struct.unpack_from(f"{order}8q", head, 16)
    pixdim = struct.unpack_from(f"{order}8d", head, 104)
    offset, slope, intercept = struct.unpack_from(f"{order}q2d", head, 168)
    qform, sform = struct.unpack_from(f"{order}2i", head, 344)
    numbers = struct.unpack_from(f"{order}18d", head, 352)
    (units,) = struct.unpack_from(f"{order}i", head, 500)
    return _Header(
        dim, datatype, pixdim, offset, slope, intercept, units & 0xFF, qform, sform, numbers[:6], numbers[6:]
    )


def _type(path: Path, code: int) -> tuple[np.dtype, int]:
    if code in COLOUR:
        return np.dtype(np.uint8), COLOUR[code]
    if code in TYPES:
        return np.dtype(TYPES[code]), 1
    name = _NAMES.get(code, tr("type {code}", code=code))
    raise Refused(
        tr(
            "{name} holds {type} values, which cannot be shown. Convert it to a real number type first.",
            name=path.name,
            type=name,
        )
    )


def _scaling(header: _Header, components: int) -> tuple[float, float]:
    """Return slope and intercept; by the standard a slope of 0 (or not a number) means none."""
    if components > 1 or not np.isfinite(header.slope) or header.slope == 0:
        return 1.0, 0.0
    return float(header.slope), float(header.intercept) if np.isfinite(header.intercept) else 0.0


def _encoding(path: Path) -> Encoding:
    with path.open("rb") as file:
        return "gzip" if file.read(2) == b"\x1f\x8b" else "raw"


def _data_file(path: Path) -> tuple[Path, Encoding]:
    """Return the .img beside a .hdr; its name is made from ours, so it cannot point elsewhere."""
    stem = path.name.removesuffix(".gz").removesuffix(".hdr")
    for candidate in (path.with_name(stem + ".img"), path.with_name(stem + ".img.gz")):
        if candidate.is_file():
            return candidate, _encoding(candidate)
    raise Refused(
        tr("{name} is only a header: its pixels should be in {stem}.img in the same folder.", name=path.name, stem=stem)
    )


def _time_step(header: _Header) -> float | None:
    """Return the seconds between frames; None where the unit is missing or none of time (Hz, ppm)."""
    unit, step = _SECONDS.get(header.units & 0x38), header.pixdim[4]
    return step * unit if unit and np.isfinite(step) and step > 0 else None


def _geometry(path: Path, header: _Header, size: tuple[int, int, int]) -> tuple[Geometry, tuple[Finding, ...]]:
    scale = _MM.get(header.units & 0x07, 1.0)
    findings: list[Finding] = []
    sform, qform = _sform(header), _qform(header)
    chosen = sform if sform is not None else qform
    if chosen is None:
        spacing: list[float | None] = [abs(step) * scale for step in header.pixdim[1 : 1 + min(header.dim[0], 3)]]
        if header.units & 0x07 == 0 and all(step == 1.0 for step in spacing):
            spacing = [None, None, None]
        return from_spacing(path, size, spacing), ()
    if sform is not None and qform is not None and _differ(sform, qform, size):
        findings.append(
            Finding(
                "two-orientations",
                tr("{name} states two orientations that disagree; the sform is used.", name=path.name),
            )
        )
    ras = chosen.copy()
    ras[:, :3] *= scale
    ras[:, 3] *= scale
    lps = LPS_FROM_RAS @ ras
    return from_columns(path, size, lps[:, :3], lps[:, 3]), tuple(findings)


def _sform(header: _Header) -> Floats | None:
    matrix = np.array(header.srow, dtype=np.float64).reshape(3, 4)
    usable = header.sform_code > 0 and np.isfinite(matrix).all() and abs(np.linalg.det(matrix[:, :3])) > 1e-12
    return matrix if usable else None


def _qform(header: _Header) -> Floats | None:
    """Return the 3×4 RAS matrix of the quaternion (nifti1.h, "METHOD 2")."""
    b, c, d, *offset = (float(v) for v in header.quaternion)
    steps = np.abs(np.array(header.pixdim[1:4], dtype=np.float64))
    if header.qform_code <= 0 or not np.isfinite([b, c, d, *offset]).all() or not np.isfinite(steps).all():
        return None
    a2 = 1.0 - (b * b + c * c + d * d)
    if a2 < 1e-7:
        length = 1.0 / np.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b * length, c * length, d * length
    else:
        a = np.sqrt(a2)
    rotation = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])  # fmt: skip
    if header.pixdim[0] < 0:
        rotation[:, 2] *= -1
    return np.column_stack([rotation * np.where(steps > 0, steps, 1.0), offset])


def _differ(one: Floats, two: Floats, size: tuple[int, int, int]) -> bool:
    """Return whether two affines put any corner of the grid more than a tenth of a voxel apart."""
    corners = np.array([[x, y, z, 1] for x in (0, size[0] - 1) for y in (0, size[1] - 1) for z in (0, size[2] - 1)])
    apart = np.linalg.norm((one - two) @ corners.T, axis=0).max()
    return bool(apart > 0.1 * np.linalg.norm(one[:, :3], axis=0).min())
