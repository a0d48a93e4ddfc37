"""Colours a pane by how much a registration stretches space there; what is folded glares."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

from pellucid.session.judgement import State
from pellucid.ui.canvas.cutting import Cutter, Section, sight
from pellucid.ui.canvas.deformation_overlay import shown_moving
from pellucid.ui.canvas.judge_colors import stretch_colors, stretch_span
from pellucid.ui.canvas.layer_item import plane_transform
from pellucid.ui.canvas.sampling import device_ratio
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A slice in colours; the picture shares the memory of ``colors``."""

    colors: NDArray[np.uint32]
    picture: QImage
    transform: QTransform


def shown_stretch(pane: SliceView) -> State | None:
    """Return the numbers of the registration whose stretch is drawn over a pane."""
    judging = pane.session.judging
    answer = judging.answer
    if not judging.overlays.jacobian or answer is None or shown_moving(pane) is None:
        return None
    return answer.after if judging.shown_placement is answer.asked.after else None


class JacobianOverlay:
    """Keeps the colours of one pane."""

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._key: Hashable = None
        self._drawn: _Drawn | None = None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the colours of what is seen."""
        state, answer = shown_stretch(pane), pane.session.judging.answer
        if state is None or state.determinants is None or state.stretch is None or answer is None or pane.frame is None:
            self._key = self._drawn = None
            return
        seen = sight(pane.frame, pane.camera.seen(), 1 / (pane.camera.scale * device_ratio(painter)), still=False)
        section = Section(pane.frame, pane.index, seen)
        grid = answer.asked.fixed.geometry
        plane = self._cutter.cut(state.determinants, state, grid, section, fill=float("nan"))
        key = None if plane is None else (state, pane.frame, pane.index, plane if plane.axis < 0 else None)
        if key != self._key or plane is None:
            self._key, self._drawn = key, None
            if plane is not None:
                colors = np.ascontiguousarray(stretch_colors(plane.array, stretch_span(state.stretch.percentiles)))
                rows, columns = colors.shape
                kind = QImage.Format.Format_ARGB32_Premultiplied
                picture = QImage(colors.data, columns, rows, 4 * columns, kind)
                self._drawn = _Drawn(colors, picture, plane_transform(plane))
        if self._drawn is not None:
            self._draw(painter, pane, self._drawn)

    def _draw(self, painter: QPainter, pane: SliceView, drawn: _Drawn) -> None:
        camera, place = pane.camera, painter.transform()
        to_widget = QTransform(
            camera.scale, 0, 0, camera.scale,
            pane.width() / 2 - camera.centre[0] * camera.scale, pane.height() / 2 - camera.centre[1] * camera.scale,
        )  # fmt: skip
        painter.save()
        painter.setTransform(drawn.transform * to_widget * place)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(-0.5, -0.5, drawn.picture.width(), drawn.picture.height()), drawn.picture)
        painter.restore()

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None
