"""The contours that labels were made of, drawn as they were drawn, over every plane that runs along theirs.

Elsewhere, and for labels that were changed since, the edges of the voxels are drawn by ``label_item``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from pellucid.model.contour_planes import ContourPlanes, Line, contour_planes
from pellucid.model.geometry import Geometry
from pellucid.model.layer import LabelLayer
from pellucid.ui.canvas.cutting import Section
from pellucid.ui.canvas.label_item import DASH, PERIOD, Tint

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

_MOST_KEPT = 400
"""Slices whose paths are kept."""
_MARK = 4.0
"""Half the size of the cross at a point, on the screen."""


@dataclass(frozen=True, eq=False)
class DrawnLabels:
    """A label layer whose contours are drawn: those of the ``values``, in the looks of a tint."""

    layer: LabelLayer
    planes: ContourPlanes
    values: frozenset[int]
    tint: Tint

    @property
    def rest(self) -> Tint:
        """Return how the voxels are drawn beside it."""
        return replace(self.tint, unlined=tuple(sorted(self.values & self.planes.labels)))


def drawn_labels(layer: LabelLayer, lies: Geometry, tint: Tint, section: Section) -> DrawnLabels | None:
    """Return what of a label layer is drawn as contours, or None; its voxels lie on the grid ``lies``.

    In a thick slab, or bent by registration, contours are not what is seen of the voxels.
    """
    labels = layer.labels
    if labels.contours is None or not layer.display.as_drawn or not tint.outline:
        return None
    if section.thickness is not None or lies.warp is not None or not labels.drawn:
        return None
    planes = contour_planes(labels.contours, labels.geometry, lies, section.frame)
    return DrawnLabels(layer, planes, labels.drawn.difference(tint.hidden), tint)


@dataclass(frozen=True, eq=False)
class _Path:
    """What is drawn of one label on a slice, in plane coordinates."""

    value: int
    lines: QPainterPath
    marks: tuple[QPointF, ...]


class ContourLines:
    """Draws the contours of the labels of a pane; the paths of a slice are made once."""

    def __init__(self) -> None:
        self._paths: dict[tuple[ContourPlanes, int], tuple[_Path, ...]] = {}

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: what was drawn elsewhere is not taken hold of."""
        return None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the contours of the slice that is shown."""
        if not pane.stack.drawn:
            self._paths.clear()
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        scale, origin = pane.camera.scale, pane.camera.to_widget(0.0, 0.0)
        to_widget = QTransform(scale, 0, 0, scale, origin.x(), origin.y()) * painter.transform()
        for drawn in pane.stack.drawn:
            for path in self._of(drawn.planes, pane.index):
                if path.value in drawn.values:
                    _paint(painter, path, drawn, to_widget, scale)
        painter.restore()

    def _of(self, planes: ContourPlanes, index: int) -> tuple[_Path, ...]:
        found = self._paths.get((planes, index))
        if found is None:
            while len(self._paths) >= _MOST_KEPT:
                del self._paths[next(iter(self._paths))]
            found = self._paths[planes, index] = tuple(_paths(planes.lines(index)))
        return found


def _paths(lines: tuple[Line, ...]) -> Iterator[_Path]:
    """Join the lines of each label."""
    for value in dict.fromkeys(line.value for line in lines):
        path, marks = QPainterPath(), []
        for line in lines:
            if line.value != value:
                continue
            points = [QPointF(u, v) for u, v in line.points.tolist()]
            if len(points) == 1:
                marks += points
                continue
            path.addPolygon(QPolygonF(points))
            if line.closed:
                path.closeSubpath()
        yield _Path(value, path, tuple(marks))


def _paint(painter: QPainter, path: _Path, drawn: DrawnLabels, to_widget: QTransform, scale: float) -> None:
    row = drawn.layer.labels.label(path.value)
    if not row.visible or not drawn.layer.labels.has(path.value):
        return
    painter.setOpacity(drawn.layer.opacity * row.opacity)
    pen = QPen(QColor(row.color), drawn.tint.width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    dashed = path.value % 2 == 0 if drawn.tint.dashed is None else drawn.tint.dashed
    painter.setTransform(to_widget)
    if path.marks:
        painter.setPen(pen)
        half = _MARK / scale
        for at in path.marks:
            painter.drawLine(at - QPointF(half, 0), at + QPointF(half, 0))
            painter.drawLine(at - QPointF(0, half), at + QPointF(0, half))
    if dashed:
        pen.setDashPattern((np.array([DASH, PERIOD - DASH]) / drawn.tint.width).tolist())
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawPath(path.lines)
