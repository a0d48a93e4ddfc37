"""Draws a label layer, or a previewed mask: tinted fill and an outline of constant width on the screen.

Which sides of a voxel are edges is found on voxels; which of its pixels belong to a side depends on the view only
and is kept from slice to slice. So outlines stay crisp at any zoom for little more than the price of the fill.
Every other label has a dashed outline, because colour must never be the only sign.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from pellucid.model.label_colors import palette
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer
from pellucid.ui.canvas import sampling
from pellucid.ui.canvas.layer_item import SliceItem
from pellucid.ui.canvas.sampling import Indices, Samples, Target

_FORMAT = QImage.Format.Format_ARGB32_Premultiplied
DASH, PERIOD = 6, 9
_CONTOUR = 2.0
"""The least width of outlines that are drawn alone."""
_FEW = 1000  # rows that are read anew whenever one changes
_TOP, _BOTTOM, _LEFT, _RIGHT, _GAP = 1, 2, 4, 8, 16


@dataclass(frozen=True)
class Tint:
    """How label values are drawn: rows of the table, strength of the fill, outlines and their width on the screen.

    ``hidden`` are values that are left out. The rows are compared but not hashed: the tuple of a table that did not
    change is the same object, so thousands of rows cost little from frame to frame.
    """

    labels: tuple[Label, ...] = field(hash=False)
    fill: float
    outline: bool
    entries: int = 256
    width: float = 1.6
    hidden: tuple[int, ...] = ()
    dashed: bool | None = None
    """Whether outlines are dashed; None: those of every other label."""
    unlined: tuple[int, ...] = ()
    """Values whose outlines are not drawn here: their contours are."""

    @classmethod
    def of(cls, layer: LabelLayer, *hidden: int) -> Tint:
        """Return the tint of a label layer; values without a row get their default look, ``hidden`` are left out."""
        labels, small = layer.labels, layer.labels.array.dtype.itemsize == 1
        rows = labels.labels if labels.labels else (labels.label(1),)
        look = layer.display
        fill = look.fill if look.filled else 0.0
        return cls(rows, fill, look.outline, 256 if small else 65_536, look.outline_width, hidden)

    def outlined(self, *, dashed: bool) -> Tint:
        """Return the same as outlines alone, easy to see."""
        return replace(self, fill=0.0, outline=True, width=max(self.width, _CONTOUR), dashed=dashed)


def table(tint: Tint) -> NDArray[np.uint32]:
    """Return premultiplied colours of label + entries * signs, where signs are those of ``Mesh``."""
    return _small_table(tint) if tint.entries == 256 else _large_table(tint)


def _table(tint: Tint) -> NDArray[np.uint32]:
    rgb, shown = _looks(tint)
    fill, line = (_premultiplied(rgb, shown * strength) for strength in (tint.fill, 1.0 if tint.outline else tint.fill))
    colors = np.empty((2 * _GAP, tint.entries), np.uint32)
    colors[:] = line
    colors[0] = colors[_GAP] = fill
    if tint.unlined:
        without = [value for value in tint.unlined if value < tint.entries]
        colors[:, without] = fill[without]
    if tint.dashed is None:
        colors[_GAP:, ::2] = fill[::2]
    elif tint.dashed:
        colors[_GAP:] = fill
    return colors.reshape(-1)


_small_table = lru_cache(maxsize=16)(_table)
_large_table = lru_cache(maxsize=3)(_table)  # 8 MB each


Looks = tuple[NDArray[np.uint32], NDArray[np.float64]]
_last: tuple[tuple[Label, ...], Looks] | None = None


def _looks(tint: Tint) -> Looks:
    """Return colour and opacity of every value, no opacity for background and what is hidden.

    Of a table of which the last looks are known only the rows that changed are read.
    """
    global _last
    known, rows = _last, tint.labels
    if known is not None and len(known[1][0]) == tint.entries and _goes_on(known[0], rows):
        rgb, shown = known[1][0].copy(), known[1][1].copy()
        same = len(known[0])
        rows = (*(new for new, old in zip(rows, known[0], strict=False) if new is not old), *rows[same:])
    else:
        rgb = np.resize(np.array([_rgb(color) for color in palette()], np.uint32), tint.entries)
        rgb[1:] = rgb[:-1]  # the first colour is that of label 1
        shown = np.ones(tint.entries)
    rows = tuple(row for row in rows if 0 < row.value < tint.entries)
    values = [row.value for row in rows]
    rgb[values] = [_rgb(row.color) for row in rows]
    shown[values] = [row.opacity if row.visible else 0.0 for row in rows]
    if len(tint.labels) > _FEW:
        _last = tint.labels, (rgb, shown.copy())
    shown[[0, *(value for value in tint.hidden if value < tint.entries)]] = 0.0
    return rgb, shown


def _goes_on(before: tuple[Label, ...], after: tuple[Label, ...]) -> bool:
    """Return whether a table has all rows of another, perhaps changed, and others only behind them."""
    return len(after) >= len(before) and all(
        new is old or new.value == old.value for new, old in zip(after, before, strict=False)
    )


def _premultiplied(rgb: NDArray[np.uint32], alpha: NDArray[np.float64]) -> NDArray[np.uint32]:
    packed = np.rint(255 * alpha).astype(np.uint32) << np.uint32(24)
    for shift in map(np.uint32, (16, 8, 0)):
        packed |= np.rint((rgb >> shift & np.uint32(255)) * alpha).astype(np.uint32) << shift
    return packed


def _rgb(color: str) -> int:
    return int(color[1:], 16)


class LabelItem(SliceItem):
    """A slice of label values."""

    def __init__(self) -> None:
        super().__init__()
        self.tint = Tint((), 0.35, True)
        self._mesh: tuple[tuple[object, ...], Mesh] | None = None

    def look_key(self, target: Target | None) -> tuple[Hashable, ...]:
        """Return the tint."""
        return (self.tint,)

    def draw_straight(self, target: Target) -> QRectF:
        """Bring the labels to device pixels, with their edges, and colour them there."""
        assert self.pixels is not None
        mesh = self._mesh_for(self.pixels.shape, target)
        if mesh.is_empty:
            return QRectF()
        values = mesh.seen(self.pixels)
        box = filled(values)
        if box is None:
            return QRectF()
        codes = signed(np.ascontiguousarray(values[box]), self.tint.entries, _GAP)
        index, rows, columns = mesh.enlarged(codes, box)
        np.take(table(self.tint), index, out=self.buffer(index.shape, _FORMAT), mode="wrap")
        return sampling.device_rect(rows, columns, target.ratio)

    def draw_sheared(self) -> QRectF:
        """Colour the whole slice with outlines one voxel wide; the painter shears it."""
        assert self.pixels is not None
        index = signed(np.ascontiguousarray(self.pixels), self.tint.entries)
        np.take(table(self.tint), index, out=self.buffer(index.shape, _FORMAT), mode="wrap")
        return self.boundingRect()

    def _mesh_for(self, shape: tuple[int, ...], target: Target) -> Mesh:
        key = (shape, target, self.tint.entries, self.tint.width)
        if self._mesh is None or self._mesh[0] != key:
            self._mesh = key, Mesh.of(shape, target, self.tint.entries, self.tint.width)
        return self._mesh[1]


def filled(values: NDArray[Any]) -> tuple[slice, slice] | None:
    """Return the rows and columns between the outermost labels of a slice, or None when it holds none."""
    ends = []
    for axis in (1, 0):
        seen = np.flatnonzero(values.any(axis=axis))
        if not len(seen):
            return None
        ends.append(slice(int(seen[0]), int(seen[-1]) + 1))
    return ends[0], ends[1]


def signed(values: NDArray[Any], entries: int, always: int = 0) -> NDArray[Any]:
    """Return label + entries * signs of its edges: a side counts where the neighbour has another value.

    What lies around the slice counts as background; ``always`` is a sign that every voxel gets.
    """
    signs = np.full(values.shape, always, np.uint8)
    for here, marked, before, after in ((values, signs, _TOP, _BOTTOM), (values.T, signs.T, _LEFT, _RIGHT)):
        differs = here[1:] != here[:-1]
        marked[1:] |= differs * np.uint8(before)
        marked[:-1] |= differs * np.uint8(after)
        marked[0] |= (here[0] != 0) * np.uint8(before)
        marked[-1] |= (here[-1] != 0) * np.uint8(after)
    kind: Any = np.uint16 if entries == 256 else np.uint32
    codes: NDArray[Any] = signs.astype(kind)
    codes *= kind(entries)
    codes += values.astype(kind, copy=False) if entries == 256 else values.astype(kind) % kind(entries)
    return codes


@dataclass(frozen=True, eq=False)
class Mesh:
    """How the voxels of a slice fall on device pixels: the same for all slices of a pane.

    ``row_of`` and ``column_of`` are the voxel of every pixel; ``keep`` has the signs of the sides that a pixel lies
    at, and that of pixels between two dashes.
    """

    rows: Samples
    columns: Samples
    row_range: slice | Indices
    column_range: slice | Indices
    row_of: Indices
    column_of: Indices
    keep: NDArray[Any]

    @classmethod
    def of(cls, shape: tuple[int, ...], target: Target, entries: int, width: float = 1.6) -> Mesh:
        """Make the mesh of a slice of this shape for a place on the device, lines of ``width`` logical pixels."""
        rows = sampling.along(shape[0], target.sy, target.dy, target.height, gather=True, stride=False)
        columns = sampling.along(shape[1], target.sx, target.dx, target.width, gather=True, stride=False)
        line = max(1, round(width * target.ratio))
        row_range, row_of, row_sides = _steps(rows, target.sy, line, (_TOP, _BOTTOM))
        column_range, column_of, column_sides = _steps(columns, target.sx, line, (_LEFT, _RIGHT))
        kind: Any = np.uint16 if entries == 256 else np.uint32
        keep = (row_sides.astype(kind) * kind(entries))[:, None] | (
            column_sides.astype(kind) * kind(entries) + kind(entries - 1)
        )
        if keep.size:
            along = np.arange(len(row_of) + len(column_of) - 1) + int(rows.start) + int(columns.start)
            gaps = (along % PERIOD >= DASH) * kind(entries * _GAP)
            keep |= sliding_window_view(gaps, len(column_of))  # a pixel's place on the dashes is row + column
        return cls(rows, columns, row_range, column_range, row_of, column_of, keep)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is seen."""
        return self.rows.is_empty or self.columns.is_empty

    def seen(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the voxels that are seen, one for each pixel at most."""
        return values[self.row_range][:, self.column_range]

    def enlarged(self, codes: NDArray[Any], box: tuple[slice, slice]) -> tuple[NDArray[Any], Samples, Samples]:
        """Return the codes of the pixels that show a box of the seen voxels, and where these pixels lie.

        Of the signs of a voxel a pixel gets only those of the sides it lies at.
        """
        down, across = (
            slice(*(int(n) for n in np.searchsorted(of, (part.start, part.stop))))
            for of, part in zip((self.row_of, self.column_of), box, strict=True)
        )
        wide = np.take(codes, self.column_of[across] - box[1].start, axis=1)
        pixels = np.take(wide, self.row_of[down] - box[0].start, axis=0)
        pixels &= self.keep[down, across]
        return pixels, self.rows.part(down), self.columns.part(across)


def _steps(
    samples: Samples, scale: float, line: int, signs: tuple[int, int]
) -> tuple[slice | Indices, Indices, NDArray[np.uint8]]:
    """Return the voxels seen along an axis, which of them each pixel shows, and the sides it lies at."""
    source = np.asarray(samples.index)
    if not len(source):
        return slice(0, 0), source, source.astype(np.uint8)
    both = np.full(len(source), signs[0] | signs[1], np.uint8)
    if scale <= 1:  # every pixel is one voxel of the thinned slice
        return source, np.arange(len(source)), both
    first = int(source[0])
    same_before = source[line:] == source[:-line]
    both[line:][same_before] &= 255 - signs[0]
    both[:-line][same_before] &= 255 - signs[1]
    return slice(first, int(source[-1]) + 1), source - first, both
