"""The colour bar of a difference: how much the first layer is above or below the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from pellucid.model import colormaps
from pellucid.model.compare import CompareMode
from pellucid.model.compositing import difference_span, same_quantity
from pellucid.ui.canvas.bar_scale import LEAST, BarScale
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


class DifferenceBar:
    """Stands where the colour bar of an image would, in its place."""

    def __init__(self) -> None:
        self._scale = BarScale()
        colors = np.ascontiguousarray(colormaps.table("cool-warm")[::-1])
        self._picture = QImage(colors.tobytes(), 1, 256, 3, QImage.Format.Format_RGB888).copy()

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw colours, ticks and unit."""
        comparison = pane.comparison
        if comparison.mode is not CompareMode.DIFFERENCE or comparison.compare is None or comparison.layers is None:
            return
        if min(pane.width(), pane.height()) < LEAST or not pane.session.view.show_annotations:
            return
        first, second = comparison.layers
        span, unit = difference_span(first, second, comparison.compare), first.volume.unit
        if not same_quantity(first.volume, second.volume):
            span, unit = 100 * span, "%"
        box = self._scale.place(pane.width(), pane.height())
        painter.fillRect(box.adjusted(-64, -self._scale.text_height - 10, 8, 10), QColor(0, 0, 0, 150))
        painter.drawImage(box, self._picture)
        self._scale.paint(painter, box, (-span, span), unit)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return nothing: the bar cannot be taken hold of."""
        return None
