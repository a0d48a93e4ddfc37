"""NRRD headers, attached (.nrrd) and detached (.nhdr with its data file in the same folder).

World: ``space`` left-posterior-superior is ours; right-anterior-superior and left-anterior-superior are
turned into it. Any other space keeps its numbers but has no patient orientation. An axis without a direction
in space is colour when it is the fastest, holds 3 or 4 values and its kind says colour (or says nothing);
otherwise its entries are frames. Source: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import numpy as np

from pellucid.files.grids import checked_size, from_columns, from_spacing
from pellucid.files.raw import ByteOrder, Encoding, RawImage
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry

_SHOWN = 100
LARGEST_HEADER = 1 << 20
Step = Floats | float | None
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"), "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"), "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64",
    "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",), "f8": ("double",),
}  # fmt: skip
_CODE = {name: code for code, names in _TYPES.items() for name in names}
_ENCODINGS: dict[str, Encoding] = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
    "text": "text", "txt": "text", "ascii": "text", "hex": "hex",
}  # fmt: skip
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
}
_SHORT = {"lps": "left-posterior-superior", "ras": "right-anterior-superior", "las": "left-anterior-superior"}
_COLOUR_KINDS = {"rgb-color", "rgba-color", "3-color", "4-color", "", "???"}


def is_nrrd(head: bytes) -> bool:
    """Return whether a file begins like NRRD."""
    return head[:7] == b"NRRD000"


def fields_of(path: Path) -> tuple[dict[str, str], dict[str, str], int]:
    """Return the fields (names in lower case), the key/value pairs, and where the attached data begin."""
    with path.open("rb") as file:
        head = file.read(LARGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", head)
    length = end.end() if end else len(head)
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for line in head[:length].decode("utf-8", "replace").splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line:
            key, _, value = line.partition(":=")
            pairs[key] = value.replace("\\n", "\n").replace("\\\\", "\\")
        elif ": " in line or line.endswith(":"):
            name, _, value = line.partition(":")
            fields[name.strip().lower().replace(" ", "")] = value.strip()
    return fields, pairs, length


def parse(path: Path) -> RawImage:
    """Read the header; raise Refused when it is not one we can read."""
    try:
        fields, _, length = fields_of(path)
        return _parse(path, fields, length)
    except (KeyError, ValueError, IndexError) as error:
        missing = tr("the field {error}", error=error) if isinstance(error, KeyError) else tr("a field")
        raise Refused(
            tr("{name}: {missing} of its NRRD header is missing or damaged.", name=path.name, missing=missing)
        ) from error


def _parse(path: Path, fields: dict[str, str], length: int) -> RawImage:
    name = fields["type"].lower()
    if name not in _CODE:
        raise Refused(tr("{name} holds values of type {type!r}, which cannot be shown.", name=path.name, type=name))
    sizes = tuple(int(n) for n in fields["sizes"].split())
    if len(sizes) != int(fields["dimension"]) or any(n < 1 for n in sizes) or len(sizes) > 16:
        raise Refused(
            tr(
                "{name} declares sizes {sizes} that do not fit its dimension; it is damaged.",
                name=path.name,
                sizes=fields["sizes"],
            )
        )
    steps, spatial = _axes(fields, len(sizes))
    if not 1 <= len(spatial) <= 3:
        raise Refused(
            tr("{name} has {count} axes in space; images with 1 to 3 can be shown.", name=path.name, count=len(spatial))
        )
    letters = _letters(fields, sizes, spatial)
    geometry = _geometry(path, fields, [sizes[n] for n in spatial], [steps[n] for n in spatial])
    sizes, letters = _filled(sizes, letters, len(spatial))
    encoding = _ENCODINGS.get(fields.get("encoding", "raw").lower())
    if encoding is None:
        raise Refused(
            tr(
                "{name} uses the encoding {encoding!r}, which is not known here.",
                name=path.name,
                encoding=fields["encoding"],
            )
        )
    order: ByteOrder = ">" if fields.get("endian", "little").lower() == "big" else "<"
    data, offset, skip = _data(path, fields, length, encoding)
    dtype = np.dtype(_CODE[name]).newbyteorder(order)
    if skip < 0:
        offset, skip = data.stat().st_size - int(np.prod(sizes, dtype=object)) * dtype.itemsize, 0
    offset, skip = (offset, skip) if encoding != "raw" else (offset + skip, 0)
    return RawImage(path, "NRRD", geometry, dtype, letters, sizes, data, offset, encoding, skip)


def _axes(fields: dict[str, str], dimension: int) -> tuple[list[Step], list[int]]:
    """Return the step of each axis (vector, number or None) and which axes lie in space."""
    if "spacedirections" in fields:
        words = re.findall(r"none|\([^)]*\)", fields["spacedirections"].lower())
        steps = [None if w == "none" else np.array([float(v) for v in w.strip("()").split(",")]) for w in words]
        if len(steps) != dimension:
            raise ValueError("space directions")
        return list(steps), [n for n, step in enumerate(steps) if step is not None]
    spacings = [float(word) for word in fields.get("spacings", "").split()] or [float("nan")] * dimension
    if len(spacings) != dimension:
        raise ValueError("spacings")
    kinds = _kinds(fields, dimension)
    inside = [n for n, kind in enumerate(kinds) if kind in ("domain", "space", "", "???")]
    if len(inside) == dimension and dimension > 3:
        inside = inside[-3:] if kinds[0] == "" and dimension == 4 and _sizes(fields)[0] in (3, 4) else inside[:3]
    elif len(inside) == dimension == 3 and kinds[0] == "" and _sizes(fields)[0] in (3, 4):
        inside = inside[1:]
    return [float(s) for s in spacings], inside


def _sizes(fields: dict[str, str]) -> list[int]:
    return [int(n) for n in fields["sizes"].split()]


def _kinds(fields: dict[str, str], dimension: int) -> list[str]:
    kinds = fields.get("kinds", "").lower().split()
    return kinds if len(kinds) == dimension else [""] * dimension


def _letters(fields: dict[str, str], sizes: tuple[int, ...], spatial: list[int]) -> str:
    kinds = _kinds(fields, len(sizes))
    names = iter("xyz")
    letters = ["t"] * len(sizes)
    for n in spatial:
        letters[n] = next(names)
    if letters[0] == "t" and sizes[0] in (3, 4) and kinds[0] in _COLOUR_KINDS:
        letters[0] = "c"
    return "".join(letters)


def _filled(sizes: tuple[int, ...], letters: str, spatial: int) -> tuple[tuple[int, ...], str]:
    """Append axes of one voxel until there are x, y and z."""
    for missing in "xyz"[spatial:]:
        sizes, letters = (*sizes, 1), letters + missing
    return sizes, letters


def _geometry(path: Path, fields: dict[str, str], size: list[int], steps: list[Step]) -> Geometry:
    vectors = [step for step in steps if isinstance(step, np.ndarray)]
    if not vectors:
        return from_spacing(path, size, [step for step in steps if isinstance(step, float)])
    space = fields.get("space", "").lower().removesuffix("-time")
    space = _SHORT.get(space.removesuffix("t"), space)
    columns = np.zeros((3, 3))
    for n, vector in enumerate(vectors):
        columns[: len(vector), n] = vector
    origin = np.zeros(3)
    stated = re.findall(r"[^(),\s]+", fields.get("spaceorigin", ""))
    origin[: len(stated)] = [float(v) for v in stated]
    signs = np.array(_TO_LPS.get(space, (1, 1, 1)), dtype=np.float64)
    checked_size(path, size)
    return from_columns(path, size, columns * signs[:, None], origin * signs, oriented=space in _TO_LPS)


def _data(path: Path, fields: dict[str, str], length: int, encoding: str) -> tuple[Path, int, int]:
    """Return the file that holds the pixels, where they begin, and how many decoded bytes to pass over."""
    skip = int(fields.get("byteskip", "0"))
    lines = int(fields.get("lineskip", "0"))
    named = fields.get("datafile", "")
    data, offset = (beside(path, named), 0) if named else (path, length)
    if lines:
        if encoding != "raw" or not 0 < lines <= 10_000:
            raise Refused(
                tr(
                    "{name} skips {lines} lines of its data, which is not supported for {encoding} data.",
                    name=path.name,
                    lines=lines,
                    encoding=encoding,
                )
            )
        offset += _after_lines(data, offset, lines)
    if skip < -1 or (skip == -1 and encoding != "raw"):
        raise ValueError("byte skip")
    return data, offset, skip


def _after_lines(data: Path, offset: int, lines: int) -> int:
    with data.open("rb") as file:
        file.seek(offset)
        return sum(len(file.readline(1 << 16)) for _ in range(lines))


def beside(path: Path, named: str) -> Path:
    """Return the data file a header names; refuse names that lead out of the header's folder (hazard H38)."""
    if named.upper().startswith("LIST") or "%" in named:
        _refuse(path, named, tr("several data files; only one can be read. Convert it to a single file first"))
    if named != Path(named).name or "\\" in named or named in ("", ".", ".."):
        _refuse(path, named, tr("a data file in another folder, which is not followed. Put it beside the header"))
    data = path.with_name(named)
    try:
        elsewhere, there = data.resolve().parent != path.resolve().parent, data.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, links in a circle
        elsewhere = there = False
    if elsewhere:
        _refuse(path, named, tr("a data file that is a link to another folder, which is not followed"))
    if not there:
        _refuse(path, named, tr("a data file that is not in the same folder"))
    return data


def _refuse(path: Path, named: str, why: str) -> NoReturn:
    raise Refused(tr("{name} names {named!r}, {why}.", name=path.name, named=named[:_SHOWN], why=why))
