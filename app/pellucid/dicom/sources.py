"""What to read from which file, in which order, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Pool
from pellucid.dicom.parsing import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from pellucid.dicom.records import PixelLayout
from pellucid.dicom.stack import Frame, VolumePlan
from pellucid.dicom.stored import cell_type, corrected, to_values
from pellucid.language import tr
from pellucid.model.findings import Refused

Array = NDArray[Any]

_DECODE = "pellucid.dicom.pixels:decode"
_BATCH_BYTES = 32 << 20


@dataclass(frozen=True)
class Piece:
    """A frame, or a tile of it, and the slice it becomes; ``row`` is its place in its source."""

    volume: int
    index: int
    row: int
    frame: Frame

    def cut(self, decoded: Array) -> Array:
        """Return the part of a decoded frame that is meant."""
        if self.frame.tile is None:
            return decoded
        top, left, rows, columns = self.frame.tile
        return decoded[top : top + rows, left : left + columns]


@dataclass
class Source:
    """Frames of one file that are read together."""

    path: Path
    layout: PixelLayout
    numbers: list[int] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Return whether the pixels may be read without a decoder: uncompressed grey in whole bytes."""
        layout = self.layout
        return (
            layout.syntax in (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
            and not layout.encapsulated
            and not layout.tables
            and not layout.floating
            and layout.samples == 1
            and layout.photometric in ("MONOCHROME1", "MONOCHROME2")
            and layout.allocated in (8, 16, 32)
            and (max(self.numbers) + 1) * layout.frame_bits // 8 <= layout.length
        )

    def direct(self, arrays: Sequence[Array]) -> tuple[float, float] | None:
        """Read plain pixels straight into the volumes; None when they need a decoder."""
        if not self.is_plain:
            return None
        whole = read_plain(self) if any(piece.frame.tile for piece in self.pieces) else None
        low, high = float("inf"), float("-inf")
        for piece in self.pieces:
            out = arrays[piece.volume][piece.index]
            if whole is not None:
                stored = piece.cut(whole[piece.row])
            else:
                stored = self._into(out, self.numbers[piece.row])
            least, most = to_values(stored, out, piece.frame.slope, piece.frame.intercept)
            low, high = min(low, least), max(high, most)
        return low, high

    def _into(self, out: Array, number: int) -> Array:
        """Read one frame, into the memory of ``out`` if its cells are as large; return its stored values."""
        cells = out.view(cell_type(self.layout)) if _may_share(out, self.layout) else None
        if cells is None:
            cells = np.empty((self.layout.rows, self.layout.columns), cell_type(self.layout))
        with self.path.open("rb", buffering=0) as file:
            _check_size(file.fileno(), self)
            _read_frame(file, self.layout, number, cells, self.path)
        return corrected(cells, self.layout)


def plan_sources(plans: Sequence[VolumePlan]) -> list[Source]:
    """Group the frames of plans by file: of one plan the middle first, of several in their order."""
    sources: list[Source] = []
    last: dict[Path, Source] = {}
    known: dict[tuple[Path, int], tuple[Source, int]] = {}
    for volume, plan in enumerate(plans):
        for index in _order(len(plan.frames), outward=len(plans) == 1):
            frame = plan.frames[index]
            if frame.number < 0:
                continue
            place = known.get((frame.path, frame.number))
            if place is None:
                source = last.get(frame.path)
                if source is None or source is sources[0] or len(source.numbers) >= _batch(frame.layout):
                    source = Source(frame.path, frame.layout)
                    last[frame.path] = source
                    sources.append(source)
                source.numbers.append(frame.number)
                place = known[frame.path, frame.number] = source, len(source.numbers) - 1
            place[0].pieces.append(Piece(volume, index, place[1], frame))
    return sources


def _order(count: int, *, outward: bool) -> list[int]:
    middle = count // 2
    return sorted(range(count), key=lambda k: abs(k - middle)) if outward else list(range(count))


def _batch(layout: PixelLayout) -> int:
    """Return how many frames of a file are decoded at once."""
    frame = layout.rows * layout.columns * max(layout.samples, 1) * max(layout.allocated // 8, 1)
    return max(min(_BATCH_BYTES // max(frame, 1), 64), 1)


def decode_source(source: Source, pool: Pool, cancelled: Callable[[], bool]) -> tuple[Array, bool]:
    """Return the decoded frames of a source and whether their values are modality values already."""
    if source.is_plain:
        return read_plain(source), False
    payload = {"path": str(source.path), "layout": asdict(source.layout), "frames": source.numbers}
    meta, arrays = pool.call(_DECODE, payload, cancelled=cancelled)
    return arrays[0], bool(meta["scaled"])


def read_plain(source: Source) -> Array:
    """Read uncompressed frames and return their stored values."""
    layout = source.layout
    cells = np.empty((len(source.numbers), layout.rows, layout.columns), cell_type(layout))
    with source.path.open("rb", buffering=0) as file:
        _check_size(file.fileno(), source)
        for row, number in enumerate(source.numbers):
            _read_frame(file, layout, number, cells[row], source.path)
    return corrected(cells, layout)


def _check_size(handle: int, source: Source) -> None:
    """Refuse a file that changed since its header was read: the offsets would be wrong."""
    if os.fstat(handle).st_size != source.layout.file_size:
        raise Refused(tr("{name} changed since it was found. Open its folder again.", name=source.path.name))


def _read_frame(file: Any, layout: PixelLayout, number: int, cells: Array, path: Path) -> None:
    file.seek(layout.offset + number * layout.frame_bits // 8)
    view = cells.reshape(-1).view(np.uint8).data
    while len(view):
        count = file.readinto(view)
        if not count:
            raise Refused(tr("{name} could not be read: it ends before its last pixel.", name=path.name))
        view = view[count:]


def _may_share(out: Array, layout: PixelLayout) -> bool:
    return out.dtype.kind in "iu" and out.dtype.itemsize * 8 == layout.allocated and out.flags.c_contiguous
