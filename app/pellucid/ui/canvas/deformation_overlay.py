"""Draws the grid of the moving image where it lies, and arrows of its displacement, over what a pane shows.

Both are drawn once for a place and a zoom, and then kept as a picture.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from pellucid.model.deformation import Place, arrows, fitting_spacing, grid_lines, nice_spacing
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.placement import Placement
from pellucid.ui.canvas.judge_colors import EDGE, GRID, STEPS, arrow_colors
from pellucid.ui.canvas.sampling import device_ratio
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_CELL, _STRAIGHT_CELL = 8.0, 64.0
"""Widget pixels between the places that lines are led through, where they bend and where they are straight."""
_LINES_APART, _ARROWS_APART = 10.0, 24.0
_BARB, _SHORT = 5.0, 1.5


def shown_moving(pane: SliceView) -> ImageLayer | None:
    """Return the image whose registration is drawn over a pane, or None when the pane shows neither of the two."""
    judging = pane.session.judging
    moving, fixed = judging.moving, judging.fixed
    here = {*pane.session.viewing.layers(pane.state), *(pane.comparison.layers or ())}
    return moving if moving is not None and (moving in here or fixed in here) else None


def grid_spacing(pane: SliceView) -> float:
    """Return how far apart the lines of the grid are drawn, in mm (px where no lengths are known)."""
    return fitting_spacing(pane.session.judging.overlays.spacing, pane.camera.scale, _LINES_APART)


class DeformationOverlay:
    """Keeps the picture of one pane."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._picture = QImage()

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw lines and arrows where they are wanted."""
        judging = pane.session.judging
        look, moving = judging.overlays, shown_moving(pane)
        if not (look.grid or look.arrows) or moving is None or pane.frame is None:
            return
        placement, ratio = judging.shown_placement, device_ratio(painter)
        key = (
            look, pane.frame, pane.index, placement, moving.volume.geometry, pane.camera.scale, pane.camera.centre,
            pane.width(), pane.height(), ratio,
        )  # fmt: skip
        if key != self._key:
            self._key, self._picture = key, _picture(pane, moving, placement, ratio)
        painter.drawImage(0, 0, self._picture)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None


def _picture(pane: SliceView, moving: ImageLayer, placement: Placement | None, ratio: float) -> QImage:
    size = round(pane.width() * ratio), round(pane.height() * ratio)
    picture = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    look = pane.session.judging.overlays
    if look.grid:
        _draw_grid(painter, pane, moving, placement)
    if look.arrows and placement is not None:
        _draw_arrows(painter, pane, placement)
    painter.end()
    return picture


def _place(pane: SliceView, pitch: float) -> Place:
    assert pane.frame is not None
    return Place(pane.frame, float(pane.frame.depths[pane.index]), pane.camera.seen(), pitch)


def _widget(pane: SliceView, points: Floats) -> Floats:
    """Return widget positions of plane coordinates (…, 2)."""
    camera = pane.camera
    return np.asarray((points - camera.centre) * camera.scale + np.array([pane.width(), pane.height()]) / 2)


def _draw_grid(painter: QPainter, pane: SliceView, moving: ImageLayer, placement: Placement | None) -> None:
    bends = placement is not None and not placement.is_linear
    cell = (_CELL if bends else _STRAIGHT_CELL) / pane.camera.scale
    lines = grid_lines(placement, moving.volume.geometry, _place(pane, cell), grid_spacing(pane))
    drawn = _lines(_widget(pane, lines).reshape(-1, 4))
    for color, width, strength in ((EDGE, 2.6, 90), (GRID, 1.1, 230)):
        _pen(painter, color, width, strength)
        painter.drawLines(drawn)


def _draw_arrows(painter: QPainter, pane: SliceView, placement: Placement) -> None:
    judging, fixed = pane.session.judging, pane.session.judging.fixed
    onto = fixed.geometry if fixed is not None else placement.onto
    pitch = nice_spacing(_ARROWS_APART / pane.camera.scale)
    found = arrows(placement, judging.rigid_part(), onto, _place(pane, pitch))
    longest = judging.usual_length()
    kinds = np.clip(found.lengths / longest * STEPS if longest > 0 else 0 * found.lengths, 0, STEPS - 1).astype(int)
    tails, heads = _widget(pane, found.tails), _widget(pane, found.heads)
    for kind, color in enumerate(arrow_colors()):
        mine = kinds == kind
        if mine.any():
            drawn = _lines(_strokes(tails[mine], heads[mine]))
            for paint, width, strength in ((EDGE, 3.4, 120), (color, 1.6, 255)):
                _pen(painter, paint, width, strength)
                painter.drawLines(drawn)


def _strokes(tails: Floats, heads: Floats) -> Floats:
    """Return the lines (n, 4) of arrows: shafts and, of those that are long enough to have one, heads; else dots."""
    way = heads - tails
    length = np.linalg.norm(way, axis=1)
    long = length > _SHORT
    dots = np.hstack([tails[~long], tails[~long] + [0.5, 0]])
    unit = way[long] / length[long][:, None]
    barb = np.minimum(_BARB, 0.6 * length[long])[:, None]
    side = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    ends = [heads[long] - barb * unit + turn * 0.5 * barb * side for turn in (-1, 1)]
    return np.vstack([dots, np.hstack([tails[long], heads[long]]), *(np.hstack([heads[long], end]) for end in ends)])


def _pen(painter: QPainter, color: str, width: float, strength: int) -> None:
    paint = QColor(color)
    paint.setAlpha(strength)
    pen = QPen(paint, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if strength == 255 else Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)


def _lines(ends: Floats) -> list[QLineF]:
    return [QLineF(*line) for line in _finite(ends).tolist()]


def _finite(ends: Floats) -> Floats:
    return np.asarray(ends[np.isfinite(ends).all(axis=1)])

