"""Lookup tables in a file: palettes to colours, modality tables to values, with checked bounds (H14, H15).

Source: PS3.3 C.7.6.3.1.5 (palette colour), C.7.9 (segmented palettes), C.11.1 (modality LUT). In a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.elements import Malformed
from pellucid.dicom.parsing import parse
from pellucid.dicom.records import PixelLayout
from pellucid.dicom.values import Values
from pellucid.language import tr

Array = NDArray[Any]

_DESCRIPTORS = (0x00281101, 0x00281102, 0x00281103)
_PALETTES = (0x00281201, 0x00281202, 0x00281203)
_SEGMENTED = (0x00281221, 0x00281222, 0x00281223)
_MODALITY, _DESCRIPTOR, _DATA = 0x00283000, 0x00283002, 0x00283006
_WANTED = frozenset({*_DESCRIPTORS, *_PALETTES, *_SEGMENTED, _MODALITY, _DESCRIPTOR, _DATA})


@dataclass(frozen=True)
class Tables:
    """A table (entries) for values or (entries, 3) for colours; entry 0 belongs to stored value ``first``."""

    entries: Array
    first: int
    scaled: bool

    def apply(self, stored: Array) -> Array:
        """Look every stored value up; values outside the table take its nearest end."""
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[index]


def lookup_tables(path: Path, layout: PixelLayout) -> Tables:
    """Read the palette or the modality table of a file.

    Raises Malformed when it is missing or too short.
    """
    parsed = parse(path, _WANTED)
    if parsed is None:
        raise Malformed(tr("the table is missing"))
    values = Values(parsed.elements)
    if layout.photometric == "PALETTE COLOR":
        return _palette(values, layout)
    item = values.item(_MODALITY)
    if item is None:
        raise Malformed(tr("the modality table is missing"))
    count, first, bits = described(item, _DESCRIPTOR, signed=layout.signed)
    entries = table_entries(item.raw(_DATA), count, bits, item)
    return Tables(entries, first, True)


def _palette(values: Values, layout: PixelLayout) -> Tables:
    channels = []
    first = bits = 0
    for descriptor, plain, segmented in zip(_DESCRIPTORS, _PALETTES, _SEGMENTED, strict=True):
        count, first, bits = described(values, descriptor, signed=layout.signed)
        if values.raw(plain):
            channels.append(table_entries(values.raw(plain), count, bits, values))
        else:
            kind = "B" if bits <= 8 else "H"
            channels.append(_expanded(_segment_data(values, segmented, kind), count, kind))
    shortest = min(len(channel) for channel in channels)
    colours = np.stack([channel[:shortest] for channel in channels], axis=-1)
    return Tables(_eight_bits(colours, bits), first, False)


def _segment_data(values: Values, tag: int, kind: str) -> list[int]:
    """Return the numbers of a segmented palette; bytes of a data set of words come in the order of the words."""
    data = values.binary(tag, kind)
    if kind == "B" and values.order == ">":
        data[: len(data) // 2 * 2] = np.array(data[: len(data) // 2 * 2]).reshape(-1, 2)[:, ::-1].ravel().tolist()
    return data


def described(values: Values, tag: int, *, signed: bool) -> tuple[int, int, int]:
    """Return entry count, first value and bits of an entry; raise Malformed when they are not stated."""
    stated = values.binary(tag, "H")
    if len(stated) < 3:
        raise Malformed(tr("the description of a table is missing"))
    first = values.binary(tag, "h")[1] if signed else stated[1]
    return stated[0] or 1 << 16, int(first), int(stated[2])


def table_entries(raw: bytes, count: int, bits: int, values: Values) -> Array:
    """Return the entries of a table, which are words even when only eight bits are used, or packed bytes.

    Raises Malformed when there are too few.
    """
    if not raw:
        raise Malformed(tr("a table is empty"))
    if len(raw) < 2 * count:
        packed = np.frombuffer(raw, np.uint8).astype(np.uint16)
        if bits > 8 or len(packed) < count:
            raise Malformed(tr("a table is too short"))
        return packed[:count]
    return np.array(values_words(raw, values), np.uint16)[:count]


def values_words(raw: bytes, values: Values) -> Array:
    """Return bytes as words in the byte order of the data set."""
    return np.frombuffer(raw[: len(raw) // 2 * 2], f"{values.order}u2")


def _eight_bits(colours: Array, bits: int) -> Array:
    """Reduce colours to eight bits; tables that claim 16 bits but use eight are taken as they are."""
    wide = bits > 8 and int(colours.max(initial=0)) > 255
    return (colours >> 8 if wide else colours).astype(np.uint8)


def _expanded(data: list[int], count: int, kind: str) -> Array:
    """Expand a segmented palette: runs of values, straight lines, and references to earlier segments."""
    reader = _Segments(data, count, kind)
    position = 0
    while position + 1 < len(data) and len(reader.found) < count:
        position = reader.take(position)
    if len(reader.found) < count:
        raise Malformed(tr("a segmented palette is too short"))
    return np.array(reader.found[:count], np.uint16)


class _Segments:
    """Expands segments, which count themselves and refer to each other in bytes."""

    def __init__(self, data: list[int], count: int, kind: str) -> None:
        self._data, self._count, self._kind = data, count, kind
        self._begins: set[int] = set()
        self.found: list[int] = []

    def take(self, position: int) -> int:
        """Expand the segment at a position; return that of the next."""
        self._begins.add(position)
        data = self._data
        kind, length = data[position], data[position + 1]
        if kind == 0:
            self.found += data[position + 2 : position + 2 + length]
            return position + 2 + length
        if kind == 1 and self.found and position + 2 < len(data):
            line = np.linspace(self.found[-1], data[position + 2], length + 1)[1:]
            self.found += [round(value) for value in line]
            return position + 3
        if kind == 2:
            return self._refer(position + 2, length)
        raise Malformed(tr("a segmented palette is damaged"))

    def _refer(self, position: int, length: int) -> int:
        """Expand earlier segments again."""
        words = 2 if self._kind == "H" else 4
        data = self._data
        if position + words > len(data):
            raise Malformed(tr("a segmented palette is damaged"))
        source = self._source(data[position : position + words])
        for _ in range(length):
            if source + 1 >= len(data) or data[source] == 2 or len(self.found) > self._count:
                raise Malformed(tr("a segmented palette refers to itself"))
            source = self.take(source)
        return position + words

    def _source(self, stated: list[int]) -> int:
        """Return where a reference points to; some writers count words instead of bytes."""
        bits = 16 if self._kind == "H" else 8
        offset = sum(part << bits * n for n, part in enumerate(stated))
        if self._kind == "H" and offset % 2 == 0 and (offset // 2 in self._begins or offset not in self._begins):
            return offset // 2
        return offset
