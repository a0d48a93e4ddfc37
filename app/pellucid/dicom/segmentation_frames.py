"""The frames of a DICOM segmentation, decoded and put onto the maps of their segments. Runs inside a worker.

Source: PS3.3 C.8.20.2 (segments), C.8.20.3 (functional groups). Frames may come in any order, and slices that hold
nothing of a segment are usually not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.elements import Unreasonable
from pellucid.dicom.headers import WANTED, pixel_layout
from pellucid.dicom.kinds import SEGMENTATION, content_of
from pellucid.dicom.label_sheets import Sheets
from pellucid.dicom.parsing import Parsed, try_to_parse
from pellucid.dicom.pixels import decode
from pellucid.dicom.records import PixelLayout
from pellucid.dicom.references import TAGS as REFERENCE_TAGS
from pellucid.dicom.references import referenced_series
from pellucid.dicom.segment_slices import TAGS as SLICE_TAGS
from pellucid.dicom.segment_slices import Slices, slices_of
from pellucid.dicom.segment_table import TAGS as TABLE_TAGS
from pellucid.dicom.segment_table import Segment, segment_numbers, segments_of
from pellucid.dicom.values import Values
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding, Refused

_TYPE, _LARGEST, _PADDING = 0x00620001, 0x0062000E, 0x00280120
_LABEL, _DESCRIPTION = 0x00700080, 0x0008103E
_TAGS = WANTED | TABLE_TAGS | SLICE_TAGS | REFERENCE_TAGS | {_TYPE, _LARGEST, _PADDING, _LABEL, _DESCRIPTION}
_BATCH_BYTES = 32 << 20
_GENERIC = ("", "SEGMENTATION", "ISO_IR 192")
"""Labels that say nothing; the first is what a toolkit writes by mistake."""

Answer = tuple[dict[str, Any], list[NDArray[Any]]]


def read_plain(payload: dict[str, Any]) -> Answer:
    """Read the segmentation ``payload["path"]``; answer its table, grid and findings, and the maps."""
    path = Path(payload["path"])
    parsed = try_to_parse(path, _TAGS)
    values = Values(parsed.elements) if parsed is not None else None
    if parsed is None or values is None or content_of(values.code(0x00080016) or parsed.media_class) != SEGMENTATION:
        raise Refused(tr("{name} could not be read: it holds no DICOM segmentation.", name=path.name))
    try:
        layout = pixel_layout(parsed, values, path.stat().st_size)
    except Unreasonable as reason:
        raise Refused(tr("{name} was not read: it {reason}.", name=path.name, reason=reason)) from None
    if layout is None or layout.samples != 1:
        raise Refused(tr("{name} could not be read: it holds no picture of the segments.", name=path.name))
    return _Reading(path, parsed, values, layout).answer()


class _Reading:
    """One segmentation while it is read."""

    def __init__(self, path: Path, parsed: Parsed, values: Values, layout: PixelLayout) -> None:
        self._path, self._values = path, values
        self._layout = replace(layout, photometric="MONOCHROME2", tables=False)
        self._findings: list[Finding] = []
        self._segments = {segment.number: segment for segment in segments_of(values)}
        self._kind = _kind(values, layout, parsed.media_class)
        self._slices: Slices = slices_of(path, values, self._layout, self._findings)

    def answer(self) -> Answer:
        """Return everything as plain data, and the maps."""
        present = self._present()
        sheets = self._label_map(present) if self._kind == "LABELMAP" else self._masks(present)
        empty = [number for number in self._segments if not any(number in values for values in sheets.values)]
        for number in empty:
            sheets.add(number, {})
        answer = {
            "title": self._title(), "kind": self._kind, "geometry": asdict(self._slices.geometry),
            "segments": [asdict(segment) for segment in self._segments.values()],
            "maps": [sorted(values) for values in sheets.values],
            "findings": [[found.code, found.message, found.severity] for found in self._findings],
            "series": referenced_series(self._values),
        }  # fmt: skip
        return answer, sheets.arrays

    def _title(self) -> str:
        titles = [self._values.text(_DESCRIPTION), self._values.text(_LABEL)]
        return next((title for title in titles if title.upper() not in _GENERIC), "")

    # ---------------------------------------------------------------- which frames there are

    def _present(self) -> list[int]:
        """Return the frames that have a place and whose pixels are there; say how many have not."""
        layout = self._layout
        numbers = list(self._slices.index)
        if layout.encapsulated:
            return numbers
        there = [n for n in numbers if (n + 1) * layout.frame_bits <= layout.length * 8]
        if not there and numbers:
            raise Refused(tr("{name} could not be read: its pixels are missing.", name=self._path.name))
        if missing := len(numbers) - len(there):
            said = tr_count("The file is cut short: {count} frame of it is missing, so that labels are incomplete.",
                            "The file is cut short: {count} frames of it are missing, so that labels are incomplete.",
                            missing)  # fmt: skip
            self._findings.append(Finding("unreadable-file", said))
        return there

    def _decoded(self, numbers: list[int]) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield frames with their numbers, some at a time."""
        layout = self._layout
        cells = layout.rows * layout.columns * max(layout.allocated // 8, 1)
        step = max(_BATCH_BYTES // cells, 1)
        for start in range(0, len(numbers), step):
            batch = numbers[start : start + step]
            _, (frames,) = decode({"path": str(self._path), "layout": vars(layout), "frames": batch})
            yield from zip(batch, frames, strict=True)

    # ---------------------------------------------------------------- binary and fractional

    def _masks(self, numbers: list[int]) -> Sheets:
        """Put the segments onto maps, one after the other."""
        belongs = segment_numbers(self._values, max(numbers, default=-1) + 1, tuple(self._segments))
        lost = [n for n in numbers if not belongs.get(n)]
        if lost:
            said = tr_count("{count} frame does not say which segment it shows; it is left out.",
                            "{count} frames do not say which segment they show; they are left out.",
                            len(lost))  # fmt: skip
            self._findings.append(Finding("unknown-segment", said))
        ordered = sorted((n for n in numbers if belongs.get(n)), key=lambda n: (belongs[n], n))
        self._name_unknown({belongs[n] for n in ordered})
        sheets = self._sheets(max(self._segments, default=1))
        above = self._threshold()
        planes: dict[int, NDArray[np.bool_]] = {}
        for place, (n, frame) in enumerate(self._decoded(ordered)):
            index, mask = self._slices.index[n], frame >= above
            planes[index] = planes[index] | mask if index in planes else mask
            last = place + 1 == len(ordered)
            if last or belongs[ordered[place + 1]] != belongs[n]:
                sheets.add(belongs[n], planes)
                planes = {}
        return sheets

    def _threshold(self) -> int:
        """Return the lowest stored value that counts as inside, and say which where that was a choice."""
        if self._kind != "FRACTIONAL":
            return 1
        largest = self._values.unsigned(_LARGEST) or (1 << self._layout.stored) - 1
        said = tr("The segments are fractional: as labels they hold the voxels of at least one half. Open it as an "
                  "image to see the values from 0 to 1.")  # fmt: skip
        self._findings.append(Finding("fractional", said, "info"))
        return (largest + 1) // 2

    # ---------------------------------------------------------------- label maps

    def _label_map(self, numbers: list[int]) -> Sheets:
        """Put frames whose values are the numbers of segments onto one map."""
        sheets = self._sheets((1 << min(self._layout.stored, 16)) - 1)
        background = (self._values.binary(_PADDING, "H") or [0])[0]
        found: set[int] = set()
        sheets.add(0, {})
        array = sheets.arrays[0]
        for n, frame in self._decoded(numbers):
            frame = _swapped(frame, background) if background else frame
            array[self._slices.index[n]] = frame
            found.update(np.unique(frame).tolist())
        self._drop_background(int(background))
        self._name_unknown(found - {0})
        sheets.values[0] = sorted(self._segments)
        return sheets

    def _drop_background(self, background: int) -> None:
        """Take the background out of the table; a segment with the number 0 takes the free place."""
        self._segments.pop(background, None)
        if background and (zero := self._segments.pop(0, None)) is not None:
            self._segments[background] = replace(zero, number=background)
            said = tr("The segment “{name}” has the number 0, which stands for nothing here: its label is {value}.",
                      name=zero.name, value=background)  # fmt: skip
            self._findings.append(Finding("label-number", said, "info"))

    # ---------------------------------------------------------------- both

    def _sheets(self, largest: int) -> Sheets:
        nx, ny, nz = self._slices.geometry.size
        return Sheets((nz, ny, nx), np.uint8 if largest <= 255 else np.uint16)

    def _name_unknown(self, numbers: set[int]) -> None:
        """Give segments that are shown but not described a row all the same, and say so."""
        unknown = sorted(numbers - set(self._segments))
        for number in unknown:
            self._segments[number] = Segment(number, tr("Segment {number}", number=number))
        if unknown:
            said = tr_count("{count} segment is shown but not described: it has no name.",
                            "{count} segments are shown but not described: they have no names.",
                            len(unknown))  # fmt: skip
            self._findings.append(Finding("unknown-segment", said, "info"))


def _kind(values: Values, layout: PixelLayout, media_class: str) -> str:
    """Return BINARY, FRACTIONAL or LABELMAP, also where the file does not say it."""
    stated = values.code(_TYPE).upper()
    if stated in ("BINARY", "FRACTIONAL", "LABELMAP"):
        return stated
    if (values.code(0x00080016) or media_class).endswith(".66.7"):
        return "LABELMAP"
    return "FRACTIONAL" if layout.allocated > 1 and _LARGEST in values else "BINARY"


def _swapped(frame: NDArray[Any], background: int) -> NDArray[Any]:
    """Return a frame with 0 as its background; what was 0 gets the number that background had."""
    return np.where(frame == background, 0, np.where(frame == 0, background, frame)).astype(frame.dtype)
