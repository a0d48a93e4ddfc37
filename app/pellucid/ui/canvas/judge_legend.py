"""The legend of what is drawn over a registration: how wide the grid, how long the arrows, how stretched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPen

from pellucid.language import tr, tr_count
from pellucid.model.measuring import written
from pellucid.ui.canvas.deformation_overlay import grid_spacing, shown_moving
from pellucid.ui.canvas.jacobian_overlay import shown_stretch
from pellucid.ui.canvas.judge_colors import FOLDED, GRID, arrow_colors, stretch_colors, stretch_span
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_LEAST = 260  # pixels of a pane that has room for the legend
_ROW, _AIR, _SIGN = 16, 6, 40
_LETTER = 14  # half the room of the letter in the middle of the side


@dataclass(frozen=True)
class Row:
    """One line: the colours of its sign from left to right (one: a stroke of it; none: no sign), and its words."""

    words: str
    colors: tuple[QColor, ...] = ()


class JudgeLegend:
    """Stands at the left side of every large pane, below the letter."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw signs and words."""
        if not pane.session.view.show_annotations or min(pane.width(), pane.height()) < _LEAST:
            return
        rows = legend_rows(pane)
        if not rows:
            return
        font = QFont(painter.font())
        font.setPixelSize(11)
        painter.setFont(font)
        most = pane.width() - _SIGN - 6 * _AIR
        metrics = painter.fontMetrics()
        texts = [metrics.elidedText(row.words, Qt.TextElideMode.ElideMiddle, most) for row in rows]
        widest = max(metrics.horizontalAdvance(text) for text in texts)
        sign = _SIGN if any(row.colors for row in rows) else 0
        plate = QRectF(8, pane.height() / 2 + _LETTER, widest + sign + 3 * _AIR, len(rows) * _ROW + 2 * _AIR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(plate, 4, 4)
        for n, (row, text) in enumerate(zip(rows, texts, strict=True)):
            corner = plate.topLeft() + QPointF(_AIR, _AIR + n * _ROW)
            _draw_sign(painter, QRectF(corner.x(), corner.y() + 3, sign, _ROW - 6), row.colors)
            painter.setPen(QColor("#d8dbe0"))
            box = QRectF(corner.x() + sign + _AIR, corner.y(), widest + 2, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None


def legend_rows(pane: SliceView) -> list[Row]:
    """Return the lines of the legend of a pane."""
    judging, moving = pane.session.judging, shown_moving(pane)
    look, frame = judging.overlays, pane.frame
    if moving is None or frame is None:
        return []
    rows = []
    unit = "mm" if frame.has_lengths else "px"
    if look.grid:
        every = written_short(grid_spacing(pane))
        rows.append(Row(tr("Grid of {length} {unit}", length=every, unit=unit),
                        (QColor(GRID),)))  # fmt: skip
    if look.arrows and judging.shown_placement is not None:
        longest = written(judging.usual_length())
        said = tr("Moved by 0 to {length} {unit}", length=longest, unit=unit)
        rigid = tr("Bent by 0 to {length} {unit}", length=longest, unit=unit)
        rows.append(Row(rigid if look.residual else said, tuple(QColor(color) for color in arrow_colors())))
    if look.jacobian:
        rows += _stretch_rows(pane)
    return rows


def _stretch_rows(pane: SliceView) -> list[Row]:
    state = shown_stretch(pane)
    if state is None:
        return [Row(tr("Jacobian: computing …"))] if pane.session.judging.is_computing else []
    if state.stretch is None:
        return [Row(tr("Jacobian {value} everywhere: nothing bends", value=written(state.constant or 0.0)))]
    span = stretch_span(state.stretch.percentiles)
    packed = stretch_colors(np.exp(np.linspace(-1, 1, 9) * np.log(span)).astype(np.float32), span)
    colors = tuple(QColor.fromRgba(int(color)) for color in packed)
    said = tr("Jacobian {low} to {high}", low=written_short(1 / span), high=written_short(span))
    folded = state.stretch.folded
    rows = [Row(said, tuple(_unmultiplied(color) for color in colors))]
    if folded:
        rows.append(Row(tr_count("Folded: {count:,} voxel", "Folded: {count:,} voxels", folded), (QColor(FOLDED),)))
    else:
        rows.append(Row(tr("No voxel is folded")))
    return rows


def _unmultiplied(color: QColor) -> QColor:
    alpha = max(color.alpha(), 1)
    red, green, blue = (min(255, round(255 * part / alpha)) for part in (color.red(), color.green(), color.blue()))
    return QColor(red, green, blue, color.alpha())


def written_short(value: float) -> str:
    """Write a round number without trailing zeros."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _draw_sign(painter: QPainter, box: QRectF, colors: tuple[QColor, ...]) -> None:
    if len(colors) == 1:
        painter.setPen(QPen(colors[0], 2))
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
    elif colors:
        shades = QLinearGradient(box.topLeft(), box.topRight())
        for n, color in enumerate(colors):
            shades.setColorAt(n / (len(colors) - 1), color)
        painter.fillRect(box, QColor(128, 128, 128))
        painter.fillRect(box, shades)
    painter.setPen(Qt.PenStyle.NoPen)
