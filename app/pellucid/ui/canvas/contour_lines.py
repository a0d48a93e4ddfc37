"""The contours that labels were made of, drawn as they were drawn, over every plane that runs along theirs.

Elsewhere, and for labels that were changed since, the edges of the voxels are drawn by ``label_item``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform

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
_MANY = 3000
"""Points on a slice from which on wide lines take longer than there is time between two slices."""
_MARK = 4.0
"""Half the size of the cross at a point, on the screen."""


@dataclass(frozen=True, eq=False)
class DrawnLabels:
    """A label layer whose contours are drawn: those of the ``values``, in the looks of a tint."""

    layer: LabelLayer
    planes: ContourPlanes
    values: frozenset[int]
    tint: Tint
    fine: bool = True
    """Whether nothing moves, so that there is time for wide lines where there are many."""

    def look(self) -> tuple[object, ...]:
        """Return everything but the place that decides the picture."""
        return self.planes, self.values, self.tint, self.layer.opacity

    @property
    def rest(self) -> Tint:
        """Return how the voxels are drawn beside it."""
        return replace(self.tint, unlined=tuple(sorted(self.values & self.planes.labels)))


def drawn_labels(
    layer: LabelLayer, lies: Geometry, tint: Tint, section: Section, *, fine: bool
) -> DrawnLabels | None:
    """Return what of a label layer is drawn as contours, or None; its voxels lie on the grid ``lies``.

    In a thick slab, or bent by registration, contours are not what is seen of the voxels.
    """
    labels = layer.labels
    if labels.contours is None or not layer.display.as_drawn or not tint.outline:
        return None
    if section.thickness is not None or lies.warp is not None or not labels.drawn:
        return None
    planes = contour_planes(labels.contours, labels.geometry, lies, section.frame)
    return DrawnLabels(layer, planes, labels.drawn.difference(tint.hidden), tint, fine)


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
        self._picture: tuple[tuple[object, ...], QImage] | None = None

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: what was drawn elsewhere is not taken hold of."""
        return None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the contours of the slice that is shown; very many are thin while slices move, and a picture at rest."""
        drawn = pane.stack.drawn
        if not drawn:
            self._paths.clear()
            self._picture = None
            return
        points = sum(path.lines.elementCount() for one in drawn for path in self._of(one.planes, pane.index))
        if points <= _MANY or pane.is_pictured:
            self._draw(painter, pane)
        elif not all(one.fine for one in drawn):
            self._draw(painter, pane, width=1.0)
        else:
            painter.drawImage(0, 0, self._still(pane))

    def _still(self, pane: SliceView) -> QImage:
        ratio, place = pane.devicePixelRatioF(), pane.camera.to_widget(0.0, 0.0)
        key = (*(one.look() for one in pane.stack.drawn), pane.index, pane.camera.scale, place.x(), place.y(),
               pane.width(), pane.height(), ratio)  # fmt: skip
        if self._picture is None or self._picture[0] != key:
            size = (round(pane.width() * ratio), round(pane.height() * ratio))
            image = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(ratio)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            self._draw(painter, pane)
            painter.end()
            self._picture = key, image
        return self._picture[1]

    def _draw(self, painter: QPainter, pane: SliceView, *, width: float | None = None) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        scale, origin = pane.camera.scale, pane.camera.to_widget(0.0, 0.0)
        to_widget = QTransform(scale, 0, 0, scale, origin.x(), origin.y()) * painter.transform()
        for drawn in pane.stack.drawn:
            for path in self._of(drawn.planes, pane.index):
                if path.value in drawn.values:
                    _paint(painter, path, drawn, to_widget, scale, width or drawn.tint.width)
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
            points = line.points.tolist()
            if len(points) == 1:
                marks.append(QPointF(*points[0]))
                continue
            path.moveTo(*points[0])
            for u, v in points[1:]:
                path.lineTo(u, v)
            if line.closed:
                path.closeSubpath()
        yield _Path(value, path, tuple(marks))


def _paint(
    painter: QPainter, path: _Path, drawn: DrawnLabels, to_widget: QTransform, scale: float, width: float
) -> None:
    row = drawn.layer.labels.label(path.value)
    if not row.visible or not drawn.layer.labels.has(path.value):
        return
    painter.setOpacity(drawn.layer.opacity * row.opacity)
    pen = QPen(QColor(row.color), width)
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
        pen.setDashPattern((np.array([DASH, PERIOD - DASH]) / width).tolist())
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawPath(path.lines)
