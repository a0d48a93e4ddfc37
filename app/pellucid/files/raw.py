"""Pixels that need no codec: plain or deflated numbers after a header (NIfTI, NRRD, MetaImage).

They are read here, in the process that asks, and not in a decoder child: the standard library's inflate
writes into a buffer of the declared size and nothing more, works in steps that can be cancelled and that free
the interpreter, and a volume may be larger than a child's memory cap.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Cancelled
from pellucid.files.limits import check_inflation, check_present
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.optics import Optics

Encoding = Literal["raw", "gzip", "zlib", "bzip2", "text", "hex"]
ByteOrder = Literal["<", ">"]
Progress = Callable[[float], None]
IsCancelled = Callable[[], bool]
_STEP = 4 << 20


@dataclass(frozen=True)
class RawImage:
    """What the header of a plain image file says.

    ``stored`` is the NumPy type in the file, byte order included. ``axes`` names the stored axes from fastest
    to slowest with letters of ``xyzct`` (c = colour component, t = frame) and ``sizes`` their lengths. Values
    are ``stored * slope + intercept``.
    """

    path: Path
    format: str
    geometry: Geometry
    stored: np.dtype[Any]
    axes: str
    sizes: tuple[int, ...]
    data: Path
    offset: int
    encoding: Encoding = "raw"
    skip: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    findings: tuple[Finding, ...] = ()
    step: float | None = None
    """Seconds from one frame to the next, where the header states them."""
    optics: tuple[Optics, ...] = ()

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return int(np.prod([n for axis, n in zip(self.axes, self.sizes, strict=True) if axis == "t"], dtype=object))

    @property
    def components(self) -> int:
        """Return the number of values per voxel."""
        return self.sizes[self.axes.index("c")] if "c" in self.axes else 1

    @property
    def is_scaled(self) -> bool:
        """Return whether a slope or intercept changes the stored values."""
        return (self.slope, self.intercept) != (1.0, 0.0)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values: the stored one; scaled, float32 up to 16 bits, else float64."""
        native = self.stored.newbyteorder("=")
        if native == np.float16:
            return np.dtype(np.float32)
        if not self.is_scaled:
            return native
        small = native.itemsize <= 2 or native == np.float32
        return np.dtype(np.float32 if small else np.float64)

    @property
    def nbytes(self) -> int:
        """Return the declared size of the stored pixels in bytes."""
        return int(np.prod(self.sizes, dtype=object)) * self.stored.itemsize

    @property
    def shape_text(self) -> str:
        """Return the declared shape for people: ``256 × 256 × 120 int16``."""
        return " × ".join(str(n) for n in self.sizes) + f" {self.stored.newbyteorder('=').name}"


def check(raw: RawImage) -> None:
    """Refuse a declared size that does not fit the bytes present; read no pixels."""
    try:
        present = raw.data.stat().st_size - raw.offset
    except OSError as error:
        raise Refused(
            tr("{name} names the data file {data}, which is not beside it.", name=raw.path.name, data=raw.data.name)
        ) from error
    name, declared = raw.path.name, raw.nbytes + raw.skip
    if raw.encoding in ("gzip", "zlib"):
        check_inflation(raw.path, declared, present, raw.shape_text)
    elif raw.encoding == "raw":
        check_present(name, declared, present, raw.shape_text)
    elif raw.encoding in ("text", "hex"):
        check_present(name, int(np.prod(raw.sizes, dtype=object)), present, raw.shape_text)


def load(raw: RawImage, progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False) -> NDArray[Any]:
    """Read the pixels as values, shape (frames, z, y, x[, c]).

    Raises Refused with the numbers when the file holds less than its header declares.
    """
    check(raw)
    try:
        with raw.data.open("rb") as file:
            file.seek(raw.offset)
            stored = _stored(raw, file, progress, cancelled)
    except (OSError, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise Refused(
            tr("{name} could not be read to its end: {reason}.", name=raw.path.name, reason=_reason(error))
        ) from error
    return _values(raw, arranged(stored.reshape(raw.sizes[::-1]), raw.axes, raw.geometry.size))


class PlainUnits:
    """The units of a plain file one after the other (see ``streamed``): what is not asked for is passed over."""

    def __init__(self, raw: RawImage, shape: tuple[int, ...]) -> None:
        check(raw)
        self._raw, self._shape = raw, shape
        self._unit = int(np.prod(shape, dtype=object)) * raw.stored.itemsize
        self._file = raw.data.open("rb")
        self._file.seek(raw.offset)
        self._source = _inflater(raw.encoding, self._file)
        self._at = -raw.skip

    def rows(self, unit: int, first: int, count: int) -> NDArray[Any]:
        """Return some entries along the slowest axis of a unit; raise Refused where the file ends before."""
        row = self._unit // self._shape[0]
        out = np.empty((count, *self._shape[1:]), self._raw.stored)
        view = memoryview(out.view(np.uint8).reshape(-1))  # type: ignore[arg-type]
        try:
            self._go_to(unit * self._unit + first * row)
            self._fill(view)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise Refused(
                tr("{name} could not be read to its end: {reason}.", name=self._raw.path.name, reason=_reason(error))
            ) from error
        return out

    def _go_to(self, place: int) -> None:
        if self._raw.encoding == "raw":
            self._file.seek(self._raw.offset + self._raw.skip + place)
            self._at = place
        while self._at < place:
            self._at += len(self._piece(min(_STEP, place - self._at)))

    def _fill(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            piece = self._piece(min(_STEP, len(view) - done))
            view[done : done + len(piece)] = piece
            done += len(piece)
        self._at += done

    def _piece(self, size: int) -> bytes:
        piece = self._source.read(size)
        if not piece:
            check_present(self._raw.path.name, self._raw.nbytes, max(self._at, 0), self._raw.shape_text)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _stored(raw: RawImage, file: BinaryIO, progress: Progress, cancelled: IsCancelled) -> NDArray[Any]:
    if raw.encoding == "text":
        return _text(raw, file.read())
    pixels = np.empty(int(np.prod(raw.sizes)), raw.stored)
    buffer = memoryview(pixels.view(np.uint8).reshape(-1))  # type: ignore[arg-type]
    source: _Source = _Hex(file) if raw.encoding == "hex" else _inflater(raw.encoding, file)
    _skip(source, raw)
    done = 0
    while done < len(buffer):
        if cancelled():
            raise Cancelled
        piece = source.read(min(_STEP, len(buffer) - done))
        if not piece:
            check_present(raw.path.name, raw.nbytes, done, raw.shape_text)
        buffer[done : done + len(piece)] = piece
        done += len(piece)
        progress(done / len(buffer))
    if isinstance(source, Inflated):
        source.check_end()
    return pixels


def _skip(source: _Source, raw: RawImage) -> None:
    left = raw.skip
    while left:
        piece = source.read(min(_STEP, left))
        if not piece:
            raise Refused(tr("{name} ends before its pixels begin. It is damaged or incomplete.", name=raw.path.name))
        left -= len(piece)


def _text(raw: RawImage, data: bytes) -> NDArray[Any]:
    count = int(np.prod(raw.sizes))
    words = data.split(maxsplit=count)[:count]
    if len(words) < count:
        raise Refused(
            tr(
                "{name} declares {shape_text} but holds only {count} numbers.",
                name=raw.path.name,
                shape_text=raw.shape_text,
                count=len(words),
            )
        )
    return np.array(words).astype(raw.stored)


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Hex:
    """Read hexadecimal digits, white space between them allowed, as bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._rest = file, b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < 2 * size:
            more = self._file.read(2 * size)
            if not more:
                break
            self._rest += b"".join(more.split())
        digits, self._rest = self._rest[: 2 * size], self._rest[2 * size :]
        return bytes.fromhex(digits.decode("ascii"))


class Inflated:
    """Read at most what is asked from a gzip, zlib or bzip2 stream, members one after the other."""

    def __init__(self, file: BinaryIO, make: Callable[[], Any], *, members: bool) -> None:
        self._file, self._make, self._members = file, make, members
        self._engine, self._waiting = make(), b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, and none only at the end."""
        while True:
            if self._engine.eof:
                self._waiting = self._engine.unused_data or self._waiting
                if not self._members or not (self._waiting.lstrip(b"\0") or self._file.peek(1)):  # type: ignore[attr-defined]
                    return b""
                self._engine = self._make()
            if not self._waiting and getattr(self._engine, "needs_input", True):
                self._waiting = self._file.read(_STEP // 4)
                if not self._waiting:  # a last match may still be inside the engine
                    return bytes(self._engine.decompress(b"", size))
            piece: bytes = self._engine.decompress(self._waiting, size)
            self._waiting = getattr(self._engine, "unconsumed_tail", b"")
            if piece:
                return piece

    def check_end(self) -> None:
        """Let the stream compare its checksum when nothing follows; raise EOFError when it is cut."""
        if not self._engine.eof and not self.read(1) and not self._engine.eof:
            raise EOFError(tr("the end of the compressed stream is missing"))


def _inflater(encoding: Encoding, file: BinaryIO) -> _Source:
    if encoding == "gzip":
        return Inflated(file, lambda: zlib.decompressobj(31), members=True)
    if encoding == "zlib":
        return Inflated(file, lambda: zlib.decompressobj(47), members=False)
    if encoding == "bzip2":
        return Inflated(file, bz2.BZ2Decompressor, members=True)
    return file


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, inflated when it is gzip; raise Refused when it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            source = _inflater("gzip", file) if start == b"\x1f\x8b" else file
            parts, left = [], size
            while left and (piece := source.read(left)):
                parts.append(piece)
                left -= len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(tr("{name} could not be opened: {reason}.", name=path.name, reason=_reason(error))) from error
    return b"".join(parts)


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else tr("its data are damaged")


def arranged(stored: NDArray[Any], axes: str, size: tuple[int, int, int]) -> NDArray[Any]:
    """Bring stored pixels into the order (frames, z, y, x[, c]); several frame axes become one.

    ``axes`` names the axes from fastest to slowest (last to first) with letters of ``xyzct``.
    """
    names = axes[::-1]
    wanted = [n for n, axis in enumerate(names) if axis == "t"]
    wanted += [names.index(axis) for axis in "zyxc" if axis in names]
    components = stored.shape[names.index("c")] if "c" in names else 1
    shape = (-1, *size[::-1])
    return stored.transpose(wanted).reshape((*shape, components) if components > 1 else shape)


def _values(raw: RawImage, array: NDArray[Any]) -> NDArray[Any]:
    if not raw.is_scaled:
        return array.astype(raw.dtype, copy=False)
    out = np.empty(array.shape, raw.dtype)
    for place in np.ndindex(array.shape[:2]):
        plane = array[place].astype(np.float64)
        out[place] = plane * raw.slope + raw.intercept
    return out
