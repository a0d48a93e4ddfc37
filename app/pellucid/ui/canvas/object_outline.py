"""The selected objects of the table, outlined on every pane that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from pellucid.ui import theme

if TYPE_CHECKING:
    from pellucid.model.slicing import PlaneImage
    from pellucid.session.object_rows import ObjectTable
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

MOST = 400
"""Objects that are outlined; more would hide the image."""


class ObjectOutline:
    """A light line on a dark one around every selected object, along the edges of its voxels."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[object, ...], list[QLineF]] | None = None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the outlines."""
        objects = pane.session.objects
        table, selected = objects.table, objects.selected
        plane = pane.stack.shown.get(table.layer.id) if table is not None else None
        if table is None or plane is None or not selected or not table.is_current or not table.layer.visible:
            return
        key = (table, selected, plane.axis, plane.index, plane.transform, plane.array.shape, pane.frame)
        if self._kept is None or self._kept[0] != key or plane.axis < 0:
            self._kept = (key, list(_outlines(table, sorted(selected)[:MOST], plane, pane)))
        scale, origin = pane.camera.scale, pane.camera.to_widget(0.0, 0.0)
        to_widget = QTransform(scale, 0, 0, scale, origin.x(), origin.y())
        lines = [to_widget.map(line) for line in self._kept[1]]
        for width, color in ((4.0, "#000000"), (2.0, theme.DARK.text)):
            painter.setPen(QPen(QColor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLines(lines)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None


def _outlines(table: ObjectTable, rows: list[int], plane: PlaneImage, pane: SliceView) -> Iterator[QLineF]:
    """Go through the edges, in plane coordinates, of the pixels that show some objects."""
    assert pane.frame is not None
    a, b, c, d, e, f = plane.transform
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    height, width = plane.array.shape[:2]
    for row in rows:
        z, y, x = table.box(row)
        corners = np.array([(i, j, k) for i in _ends(x) for j in _ends(y) for k in _ends(z)])
        flat = np.array([pane.frame.plane_coordinates(p) for p in table.layer.geometry.index_to_world(corners)])
        at = (flat - (c, f)) @ back.T
        low = np.maximum(np.floor(at.min(axis=0) + 0.5).astype(int), 0)
        high = np.minimum(np.ceil(at.max(axis=0) + 0.5).astype(int), (width, height))
        if (low >= high).any():
            continue
        part = plane.array[low[1] : high[1], low[0] : high[0]] == table.values[row]
        for (x0, y0), (x1, y1) in _edges(part):
            (x0, x1), (y0, y1) = (x0 + low[0], x1 + low[0]), (y0 + low[1], y1 + low[1])
            yield QLineF(a * x0 + b * y0 + c, d * x0 + e * y0 + f, a * x1 + b * y1 + c, d * x1 + e * y1 + f)


def _ends(part: slice) -> tuple[float, float]:
    return part.start - 0.5, part.stop - 0.5


def _edges(inside: NDArray[Any]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Go through the sides of pixels between inside and outside, as pairs of points (column, row)."""
    padded = np.pad(inside, 1)
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]):
        yield (column - 0.5, row - 0.5), (column + 0.5, row - 0.5)
    for row, column in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]):
        yield (column - 0.5, row - 0.5), (column - 0.5, row + 0.5)
