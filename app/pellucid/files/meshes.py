"""Triangle meshes as files: binary STL, binary PLY and OBJ, read back before the old file goes.

Coordinates are LPS or RAS, as the header says in the words that 3D Slicer reads (``SPACE=LPS``). Nothing else is
written: no patient, no place on the disk.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.operations.engines.meshes import Mesh

ENDINGS = (".stl", ".ply", ".obj")
_CHUNK = 50_000
_STL_HEADER, _STL_TRIANGLE = 84, 50
_OBJ_POINT, _OBJ_TRIANGLE = 34, 26  # bytes of a line, about
_PIECE = 1 << 22

Chunks = Iterator[bytes]


@dataclass(frozen=True, eq=False)
class Part:
    """One surface of a file: its mesh in the coordinates of the file, its name and its colour ``#RRGGBB``."""

    mesh: Mesh
    name: str
    color: str = "#FFFFFF"


@dataclass(frozen=True)
class Convention:
    """What the numbers mean: ``LPS`` or ``RAS``, in ``mm`` or, where no lengths are known, in ``px``."""

    space: str = "LPS"
    unit: str = "mm"

    @property
    def words(self) -> str:
        """Return the line for a header."""
        return f"Pellucid. SPACE={self.space}; UNIT={self.unit}"


def size_of(parts: Sequence[Part], ending: str) -> int:
    """Return about how many bytes a file will have."""
    points, triangles = (sum(len(getattr(p.mesh, name)) for p in parts) for name in ("points", "faces"))
    return {
        ".stl": _STL_HEADER + _STL_TRIANGLE * triangles,
        ".ply": 600 + _PLY_POINT.itemsize * points + _PLY_TRIANGLE.itemsize * triangles,
        ".obj": 200 + _OBJ_POINT * points + _OBJ_TRIANGLE * triangles,
    }[ending]


def write_mesh(
    path: Path, ending: str, parts: Sequence[Part], convention: Convention, progress: Callable[[float], None]
) -> None:
    """Write parts into one file and read it back; ``progress`` hears fractions and may raise to stop.

    Raises Refused when the file does not hold what was written.
    """
    checksum, written = 0, 0
    expected = size_of(parts, ending)
    with path.open("xb") as file:
        for chunk in WRITERS[ending](parts, convention):
            file.write(chunk)
            checksum, written = zlib.crc32(chunk, checksum), written + len(chunk)
            progress(min(0.8, 0.8 * written / expected))
    if (checksum, written) != _checked(path, progress):
        raise Refused(tr("The surface was not kept: what was written does not read back the same. Try another folder."))


def _checked(path: Path, progress: Callable[[float], None]) -> tuple[int, int]:
    checksum, read = 0, 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            checksum, read = zlib.crc32(piece, checksum), read + len(piece)
            progress(0.9)
    return checksum, read


# -------------------------------------------------------------------------- the formats

_STL_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PLY_POINT = np.dtype([("place", "<f4", 3), ("normal", "<f4", 3), ("color", "u1", 3)])
_PLY_TRIANGLE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])


def stl(parts: Sequence[Part], convention: Convention) -> Chunks:
    """Write binary STL: a header of 80 bytes, the number of triangles, 50 bytes for each."""
    yield convention.words.encode("ascii")[:80].ljust(80)
    yield sum(len(part.mesh.faces) for part in parts).to_bytes(4, "little")
    for part in parts:
        mesh = part.mesh
        for few in _slices(len(mesh.faces)):
            crosses = mesh.crosses[few]
            length = np.linalg.norm(crosses, axis=1, keepdims=True)
            record = np.zeros(len(crosses), _STL_RECORD)
            record["normal"] = np.divide(crosses, length, out=np.zeros_like(crosses), where=length > 0)
            record["corners"] = mesh.points[mesh.faces[few]]
            yield record.tobytes()


def ply(parts: Sequence[Part], convention: Convention) -> Chunks:
    """Write binary PLY with normals and the colour of each surface at its points."""
    points, triangles = (sum(len(getattr(p.mesh, name)) for p in parts) for name in ("points", "faces"))
    named = [f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")]
    named += [f"property uchar {name}" for name in ("red", "green", "blue")]
    lines = ["ply", "format binary_little_endian 1.0", f"comment {convention.words}", f"element vertex {points}"]
    lines += [*named, f"element face {triangles}", "property list uchar int vertex_indices", "end_header", ""]
    yield "\n".join(lines).encode("ascii")
    for part in parts:
        for few in _slices(len(part.mesh.points)):
            record = np.zeros(few.stop - few.start, _PLY_POINT)
            record["place"], record["normal"] = part.mesh.points[few], part.mesh.normals[few]
            record["color"] = [int(part.color[n : n + 2], 16) for n in (1, 3, 5)]
            yield record.tobytes()
    first = 0
    for part in parts:
        for few in _slices(len(part.mesh.faces)):
            triangle = np.zeros(few.stop - few.start, _PLY_TRIANGLE)
            triangle["count"], triangle["corners"] = 3, part.mesh.faces[few] + first
            yield triangle.tobytes()
        first += len(part.mesh.points)


def obj(parts: Sequence[Part], convention: Convention) -> Chunks:
    """Write OBJ: each surface is an object and a group of its own."""
    yield f"# {convention.words}\n".encode("ascii")
    first = 1
    for part in parts:
        word = re.sub(r"\s+", "_", part.name.strip()) or "surface"
        yield f"o {word}\ng {word}\n".encode()
        for few in _slices(len(part.mesh.points)):
            yield "".join("v %.9g %.9g %.9g\n" % tuple(row) for row in part.mesh.points[few].tolist()).encode("ascii")  # noqa: UP031
        for few in _slices(len(part.mesh.faces)):
            rows = (part.mesh.faces[few] + first).tolist()
            yield "".join("f %d %d %d\n" % tuple(row) for row in rows).encode("ascii")  # noqa: UP031
        first += len(part.mesh.points)


WRITERS: dict[str, Callable[[Sequence[Part], Convention], Chunks]] = {".stl": stl, ".ply": ply, ".obj": obj}


def _slices(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, min(first + _CHUNK, count))
