"""Which pixels of a slice the screen needs, so that no more of a large slice is coloured than can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

Indices = NDArray[np.intp]


def device_ratio(painter: QPainter) -> float:
    """Return the device pixels per pixel of the widget that is painted.

    Not that of ``painter.device()``: it is the widget's own, also while it is rendered into a finer picture.
    """
    world = painter.worldTransform().m11()
    return painter.combinedTransform().m11() / world if world else 1.0


@dataclass(frozen=True)
class Target:
    """Where a slice lies on the device: pixel (column, row) centres map to (dx + sx·column, dy + sy·row)."""

    sx: float
    sy: float
    dx: float
    dy: float
    width: int
    height: int
    ratio: float

    @classmethod
    def of(cls, painter: QPainter) -> Target | None:
        """Read the mapping of a painter; None when it turns or shears: rows are not rows on the screen."""
        device, ratio = painter.device(), device_ratio(painter)
        per_pixel = 1 if isinstance(device, QImage) else ratio  # images tell their size in device pixels
        size = (round(device.width() * per_pixel), round(device.height() * per_pixel))
        return cls._at(painter.combinedTransform(), ratio, size)

    @classmethod
    def expected(cls, item_to_widget: QTransform, widget: QWidget) -> Target | None:
        """Return the mapping that a painter on a widget will have."""
        ratio = widget.devicePixelRatioF()
        size = (round(widget.width() * ratio), round(widget.height() * ratio))
        return cls._at(item_to_widget * QTransform.fromScale(ratio, ratio), ratio, size)

    @classmethod
    def _at(cls, full: QTransform, ratio: float, size: tuple[int, int]) -> Target | None:
        if abs(full.m12()) + abs(full.m21()) > 1e-9 or full.m11() <= 0 or full.m22() <= 0:
            return None
        place = (full.m11(), full.m22(), full.dx(), full.dy())
        return cls(*place, *size, round(ratio, 6))


@dataclass(frozen=True, eq=False)
class Samples:
    """The source indices to take along one axis, and where they begin and end on the device."""

    index: slice | Indices
    start: float
    stop: float

    def part(self, pixels: slice) -> Samples:
        """Return those of some of the device pixels, counted from where the samples begin."""
        index = np.asarray(self.index)[pixels]
        return Samples(index, self.start + pixels.start, self.start + pixels.stop)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is seen."""
        return self.stop <= self.start


def along(count: int, scale: float, offset: float, length: int, *, gather: bool, stride: bool) -> Samples:
    """Choose the samples of an axis of ``count`` pixels that is seen through ``length`` device pixels.

    ``gather`` takes one source pixel for each device pixel; else the seen range is taken as it is, with
    ``stride`` every k-th pixel of it, where k source pixels fall on one device pixel.
    """
    edge = offset - scale / 2  # device position of the edge of pixel 0
    if gather:
        first = max(0, int(np.floor(edge + 0.5)))
        last = min(length, int(np.floor(edge + count * scale + 0.5)))
        index = np.floor((np.arange(first, last) + 0.5 - edge) / scale).astype(np.intp)
        return Samples(np.clip(index, 0, count - 1), first, last)
    step = max(1, int(1 / scale)) if stride else 1
    first = max(0, (int(np.floor(-edge / scale)) - 1) // step * step)
    last = min(count, (int(np.ceil((length - edge) / scale)) + step) // step * step + step)
    if last <= first:
        return Samples(slice(0, 0), 0, 0)
    kept = -(-(last - first) // step)
    begin = edge + first * scale
    return Samples(slice(first + step // 2 if last - first > step // 2 else first, last, step), begin,
                   begin + kept * step * scale)  # fmt: skip


def take(array: NDArray[Any], rows: Samples, columns: Samples) -> NDArray[Any]:
    """Return the chosen rows and columns of a slice: a view for two slices, else a gathered copy."""
    r, c = rows.index, columns.index
    if isinstance(r, slice) or isinstance(c, slice):
        return array[r][:, c] if not isinstance(r, slice) else array[:, c][r]
    if abs(array.strides[0]) < abs(array.strides[1]):  # turned: its columns lie together in memory
        return array.swapaxes(0, 1)[c].take(r, axis=1).swapaxes(0, 1)
    return array[r].take(c, axis=1)  # what lies together first: three times as fast as both at once


def device_rect(rows: Samples, columns: Samples, ratio: float) -> QRectF:
    """Return where the samples go, in the logical pixels of the widget."""
    return QRectF(
        columns.start / ratio,
        rows.start / ratio,
        (columns.stop - columns.start) / ratio,
        (rows.stop - rows.start) / ratio,
    )
