"""The colour bar of a pane: which value of the image has which colour; its ends and its middle can be dragged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from pellucid.model.compare import CompareMode
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.canvas.bar_scale import LEAST, BarScale
from pellucid.ui.canvas.corner_texts import TEXT, layer_window
from pellucid.ui.canvas.lookup import Look
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_REACH = 7.0
"""Widget pixels around an end of the bar that take hold of it."""


def is_wanted(pane: SliceView) -> ImageLayer | None:
    """Return the image whose bar a pane shows: as switched, by itself for all colour maps but grey."""
    view, image = pane.session.view, pane.image
    joined = pane.comparison.mode in (CompareMode.DIFFERENCE, CompareMode.RED_GREEN)
    if image is None or image.shows_colour or joined or not image.visible or not view.show_annotations:
        return None
    shown = image.display.colormap != "grey" if view.color_bar is None else view.color_bar
    return image if shown and image.id in pane.stack.shown else None


class ColorBar:
    """Draws the bar at the right of a pane, between the corner texts, and hands out its grips."""

    def __init__(self) -> None:
        self._scale = BarScale()
        self._look: Look | None = None
        self._picture = QImage()
        self._grips = {part: BarGrip(self, part) for part in ("low", "high", "level")}

    def place(self, pane: SliceView) -> QRectF | None:
        """Return where the bar stands, or None when there is none or no room for it."""
        if is_wanted(pane) is None or pane.width() < LEAST or pane.height() < LEAST:
            return None
        return self._scale.place(pane.width(), pane.height())

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what drags an end of the window or its level."""
        box = self.place(pane)
        if box is None or not box.adjusted(-4, -_REACH, 4, _REACH).contains(pointer.at):
            return None
        if abs(pointer.at.y() - box.top()) <= _REACH:
            return self._grips["high"]
        return self._grips["low" if abs(pointer.at.y() - box.bottom()) <= _REACH else "level"]

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw colours, frame, ticks and unit."""
        image, box = is_wanted(pane), self.place(pane)
        if image is None or box is None:
            return
        painter.fillRect(box.adjusted(-2, -2, 2, 2), QColor(0, 0, 0, 150))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(box, self._gradient(Look.of(image.display)))
        at = pane.mouse.at
        held = None if at is None else self.grip(pane, Pointer(at, pane.mouse.modifiers))
        for part, y in (("high", box.top()), ("low", box.bottom())):
            color = theme.DARK.accent if held is self._grips[part] else TEXT
            painter.fillRect(QRectF(box.left() - 3, y - 1, box.width() + 6, 2), QColor(color))
        (low, high), (factor, unit) = image.display.limits, image.volume.told_in
        self._scale.paint(painter, box, (low * factor, high * factor), unit)

    def _gradient(self, look: Look) -> QImage:
        """Return the colours of the window from high to low, one pixel wide; kept until the look changes."""
        if look != self._look:
            low, high = look.low, look.high
            colors = look.colors(np.linspace(high, low, 256))[:, np.newaxis].copy()
            self._picture = QImage(colors.data, 1, 256, 4, QImage.Format.Format_RGB32).copy()
            self._look = look
        return self._picture


class BarGrip:
    """Drags the lower end, the upper end or the level of the window; up is more."""

    cursor = Qt.CursorShape.SizeVerCursor

    def __init__(self, bar: ColorBar, part: str) -> None:
        self._bar, self.part = bar, part
        self._layer: ImageLayer | None = None
        self._start = QPointF()
        self._before = (0.0, 1.0)
        self._worth = 0.0

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of the window and of how much a pixel of the bar is worth."""
        self._layer = pane.image
        self._start = QPointF(pointer.at)
        if self._layer is not None:
            self._before = self._layer.display.limits
            box = self._bar.place(pane)
            self._worth = (self._before[1] - self._before[0]) / box.height() if box is not None else 0.0

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse; the ends never cross."""
        layer = self._layer
        if layer is None or layer not in pane.session.document:
            return
        (low, high), moved = self._before, (self._start.y() - pointer.at.y()) * self._worth
        whole = layer.volume.dtype.kind in "iub"
        moved = float(round(moved)) if whole else moved
        least = 1.0 if whole else 1e-6 * (high - low)
        if self.part != "high":
            low = low + moved
        if self.part != "low":
            high = high + moved
        if self.part == "low":
            low = min(low, high - least)
        elif self.part == "high":
            high = max(high, low + least)
        layer.display.set_limits(low, high)
        pane.say(layer_window(layer))

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Restore the window there was."""
        if self._layer is not None:
            self._layer.display.set_limits(*self._before)
        self.release(pane)
