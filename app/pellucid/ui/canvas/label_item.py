"""Draws a label layer, or a previewed mask: tinted fill and an outline of constant width on the screen.

Outlines are found on device pixels, so they stay crisp at any zoom; every other label has a dashed one,
because colour must never be the only sign.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from pellucid.model.labels import PALETTE, Label
from pellucid.model.layer import LabelLayer
from pellucid.ui.canvas import sampling
from pellucid.ui.canvas.layer_item import SliceItem
from pellucid.ui.canvas.sampling import Target

_FORMAT = QImage.Format.Format_ARGB32_Premultiplied
_LINE_WIDTH = 1.6  # logical pixels
_DASH, _PERIOD = 6, 9


@dataclass(frozen=True)
class Tint:
    """How label values are drawn: rows of the table, strength of the fill, whether there are outlines."""

    labels: tuple[Label, ...]
    fill: float
    outline: bool
    entries: int = 256

    @classmethod
    def of(cls, layer: LabelLayer) -> Tint:
        """Return the tint of a label layer; values without a row get their default look."""
        labels, small = layer.labels, layer.labels.array.dtype.itemsize == 1
        rows = labels.labels if labels.labels else (labels.label(1),)
        return cls(rows, layer.display.fill, layer.display.outline, 256 if small else 65_536)


@dataclass(frozen=True)
class Ends:
    """Which sides of a piece are where the labels end, and not where the view cuts them off."""

    top: bool = True
    bottom: bool = True
    left: bool = True
    right: bool = True


@lru_cache(maxsize=32)
def table(tint: Tint) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return premultiplied colours (first all fills, then all outlines), and which outlines are dashed."""
    colors = np.zeros((2, tint.entries), np.uint32)
    strengths = (tint.fill, 1.0 if tint.outline else tint.fill)
    for row, strength in zip(colors, strengths, strict=True):
        row[1:] = np.resize([_premultiplied(color, strength) for color in PALETTE], tint.entries - 1)
        for label in tint.labels:
            row[label.value] = _premultiplied(label.color, strength) if label.visible else 0
        row[0] = 0
    return colors.reshape(-1), np.arange(tint.entries) % 2 == 0


def _premultiplied(color: str, alpha: float) -> int:
    shown = QColor(color)
    channels = (255, shown.red(), shown.green(), shown.blue())
    return sum(
        round(channel * alpha) << shift for channel, shift in zip(channels, (24, 16, 8, 0), strict=True)
    )


class LabelItem(SliceItem):
    """A slice of label values."""

    def __init__(self) -> None:
        super().__init__()
        self.tint = Tint((), 0.35, True)

    def look_key(self, target: Target | None) -> tuple[Hashable, ...]:
        """Return the tint."""
        return (self.tint,)

    def draw_straight(self, target: Target) -> QRectF:
        """Bring the part that holds labels to device pixels, then colour fill and outline there."""
        assert self.pixels is not None
        box = occupied(self.pixels)
        if box is None:
            return QRectF()
        (top, bottom), (left, right) = box
        dx, dy = target.dx + left * target.sx, target.dy + top * target.sy
        columns = sampling.along(right - left, target.sx, dx, target.width, gather=True, stride=False)
        rows = sampling.along(bottom - top, target.sy, dy, target.height, gather=True, stride=False)
        if rows.is_empty or columns.is_empty:
            return QRectF()
        values = sampling.take(self.pixels[top:bottom, left:right], rows, columns)
        ends = Ends(rows.start > 0, rows.stop < target.height, columns.start > 0, columns.stop < target.width)
        self._color(values, round(_LINE_WIDTH * target.ratio), ends, (int(rows.start), int(columns.start)))
        return sampling.device_rect(rows, columns, target.ratio)

    def draw_sheared(self) -> QRectF:
        """Colour the whole slice with outlines one voxel wide; the painter shears it."""
        assert self.pixels is not None
        self._color(np.ascontiguousarray(self.pixels), 1, Ends(), (0, 0))
        return self.boundingRect()

    def _color(self, values: NDArray[Any], line: int, ends: Ends, start: tuple[int, int]) -> None:
        colors, dashed = table(self.tint)
        entries = self.tint.entries
        index: NDArray[Any] = values.astype(np.uint32 if entries > 256 else np.uint16)
        if entries > 256:
            index &= entries - 1
        if self.tint.outline:
            drawn = ~dashed[index] | dashes(values.shape, start)
            index = index + (edges(values, line, ends) & drawn) * index.dtype.type(entries)
        np.take(colors, index, out=self.buffer(values.shape, _FORMAT), mode="clip")


def occupied(values: NDArray[Any]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and one-past-last row and column that hold a label, or None."""
    rows = np.flatnonzero(values.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(values[rows[0] : rows[-1] + 1].any(axis=0))
    return (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def edges(values: NDArray[Any], width: int, ends: Ends) -> NDArray[np.bool_]:
    """Return where a pixel has another value within ``width`` pixels up, down, left or right."""
    edge = np.zeros(values.shape, bool)
    for here, marked, first, last in (
        (values, edge, ends.top, ends.bottom),
        (values.T, edge.T, ends.left, ends.right),
    ):
        differs = here[width:] != here[:-width]
        marked[width:] |= differs
        marked[:-width] |= differs
        if first:
            marked[:width] |= here[:width] != 0
        if last:
            marked[-width:] |= here[-width:] != 0
    return edge


@lru_cache(maxsize=8)
def _stripes(rows: int, columns: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[:rows, :columns]
    return np.asarray((x + y) % _PERIOD < _DASH)


def dashes(shape: tuple[int, ...], start: tuple[int, int]) -> NDArray[np.bool_]:
    """Return diagonal stripes that stand still on the screen, whatever part of it is drawn."""
    y, x = start[0] % _PERIOD, start[1] % _PERIOD
    rows, columns = (-(-n // 256) * 256 + _PERIOD for n in shape)
    return _stripes(rows, columns)[y : y + shape[0], x : x + shape[1]]
