"""The curve between a window and the screen: which share of white or of the colours a value gets.

``shares`` is the reference; drawing computes the same through tables. Sources: DICOM PS3.3 C.11.2.1.2.1 (LINEAR),
C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT) and C.11.2.1.1 (VOI LUT).
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_GAMMA, MOST_GAMMA = 0.2, 5.0
_MOST_ENTRIES = 1 << 16
_SIGMOID_REACH = 1.75
"""Widths from the level at which a sigmoid is within a third of a screen level of black or white."""


class Kind(StrEnum):
    """The shape of a curve.

    ``EXACT`` is a straight line from one end of the window to the other (DICOM LINEAR_EXACT); ``LINEAR`` is the
    LINEAR of DICOM, which counts whole values: of a window of 256 values the last is white, so that the line is one
    value shorter. It suits whole values only.
    """

    EXACT = "linear exact"
    LINEAR = "linear"
    GAMMA = "gamma"
    SIGMOID = "sigmoid"
    POINTS = "points"
    EQUALISED = "equalised"
    TABLE = "table"


@dataclass(frozen=True)
class ValueTable:
    """A VOI LUT of a file: the entry of value ``first + k``, ``bits`` deep; values beyond take the nearest end.

    ``packed`` holds the entries as little-endian words, deflated, in base 64; ValueError unless 2 to 65,536 are there.
    """

    first: int
    bits: int
    packed: str

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 16 or not 2 <= len(self.entries) <= _MOST_ENTRIES:
            raise ValueError("a lookup table has 2 to 65,536 entries of 1 to 16 bits")

    @classmethod
    def of(cls, first: int, bits: int, entries: NDArray[np.uint16]) -> ValueTable:
        """Pack entries; a table that holds more than its bits allow is as deep as its highest entry."""
        deep = max(bits, int(entries.max(initial=0)).bit_length(), 1)
        packed = zlib.compress(entries.astype("<u2").tobytes(), 6)
        return cls(int(first), min(deep, 16), base64.b64encode(packed).decode("ascii"))

    @cached_property
    def entries(self) -> NDArray[np.uint16]:
        """Return the entries, read-only."""
        try:
            unpacker = zlib.decompressobj()
            raw = unpacker.decompress(base64.b64decode(self.packed, validate=True), 2 * _MOST_ENTRIES + 2)
        except (binascii.Error, zlib.error) as error:
            raise ValueError("the lookup table cannot be unpacked") from error
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<u2").astype(np.uint16, copy=False)

    @property
    def limits(self) -> tuple[float, float]:
        """Return the window in which the table gives every value its own entry."""
        return float(self.first), float(self.first + len(self.entries) - 1)


@dataclass(frozen=True, eq=False)
class Spread:
    """How many values of an image lie up to each of ``values`` (rising), for a display that spreads them evenly."""

    values: Floats
    below: Floats

    def share(self, values: NDArray[Any], low: float, high: float) -> Floats | None:
        """Return the share of the values inside the window that lie up to each value; None when none lie there."""
        first, last = np.interp([low, high], self.values, self.below)
        if last <= first:
            return None
        return np.asarray((np.interp(values, self.values, self.below) - first) / (last - first))


@dataclass(frozen=True)
class Transfer:
    """A curve; ``points`` are (share of the window, share of the colours), rising, two at least.

    ``spread`` is what the curve of an equalised display follows; without it the display is linear.
    """

    kind: Kind = Kind.EXACT
    gamma: float = 1.0
    points: tuple[tuple[float, float], ...] = ()
    table: ValueTable | None = None
    spread: Spread | None = None

    def domain(self, low: float, high: float) -> tuple[float, float]:
        """Return the range of values outside of which the colour does not change any more."""
        if self.kind is not Kind.SIGMOID:
            return low, high
        level, width = (low + high) / 2, high - low
        return level - _SIGMOID_REACH * width, level + _SIGMOID_REACH * width

    @property
    def is_straight(self) -> bool:
        """Return whether the curve is the plain line from one end of the window to the other."""
        return (
            self.kind is Kind.EXACT
            or (self.kind is Kind.GAMMA and self.gamma == 1.0)
            or (self.kind is Kind.EQUALISED and self.spread is None)
            or (self.kind is Kind.TABLE and self.table is None)
            or (self.kind is Kind.POINTS and len(self.points) < 2)
        )


STRAIGHT = Transfer()
STEPS = Transfer(Kind.LINEAR)
SIGMOID = Transfer(Kind.SIGMOID)


def shares(values: NDArray[Any], low: float, high: float, transfer: Transfer = STRAIGHT) -> Floats:
    """Return the share of the colours, 0 to 1, that values get in a window; what is not a number stays so.

    A window without width is a step: 1 from its level on.
    """
    wide = np.asarray(values, dtype=np.float64)
    if transfer.kind is Kind.LINEAR:
        return _stepped(wide, low, high)
    if high <= low:
        return _step(wide, wide >= low)
    if transfer.kind is Kind.SIGMOID:
        exponent = np.clip(-4.0 * (wide - (low + high) / 2) / (high - low), -700.0, 700.0)
        return np.asarray(1.0 / (1.0 + np.exp(exponent)))
    if transfer.kind is Kind.EQUALISED and transfer.spread is not None:
        spread = transfer.spread.share(wide, low, high)
        if spread is not None:
            return np.clip(spread, 0.0, 1.0)
    return _shaped(np.clip((wide - low) / (high - low), 0.0, 1.0), transfer)


def _shaped(share: Floats, transfer: Transfer) -> Floats:
    """Bend shares of the window."""
    if transfer.is_straight:
        return share
    if transfer.kind is Kind.GAMMA:
        return np.asarray(share**transfer.gamma)
    if transfer.kind is Kind.POINTS:
        places, heights = zip(*transfer.points, strict=True)
        return np.asarray(np.clip(np.interp(share, places, heights), 0.0, 1.0))
    if transfer.kind is Kind.TABLE and transfer.table is not None:
        entries = transfer.table.entries
        index = np.floor(np.nan_to_num(share) * (len(entries) - 1) + 0.5).astype(np.intp)
        looked_up = entries[index] / float((1 << transfer.table.bits) - 1)
        return np.where(np.isnan(share), np.nan, looked_up)
    return share


def _stepped(values: Floats, low: float, high: float) -> Floats:
    """Return the LINEAR function: from the level − 0.5 − (width − 1)/2, which is the low end, one value less wide."""
    if high - low <= 1.0:
        return _step(values, values > (low + high) / 2 - 0.5)
    return np.clip((values - low) / (high - low - 1.0), 0.0, 1.0)


def _step(values: Floats, above: NDArray[np.bool_]) -> Floats:
    return np.where(np.isnan(values), np.nan, above.astype(np.float64))
