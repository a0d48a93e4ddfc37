"""Draws two image layers as one picture: their difference, or one in red and the other in green.

Both are brought to one raster at the resolution of the screen, the second resampled onto the pixels of the first.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem

from pellucid.model import colormaps
from pellucid.model.channels import luminance, seen_channel
from pellucid.model.compare import Compare, CompareMode
from pellucid.model.compositing import (
    Floats,
    Raster,
    difference_colors,
    difference_span,
    extent,
    raster,
    red_green_colors,
    same_quantity,
    sampled,
)
from pellucid.model.layer import ImageLayer
from pellucid.model.slicing import PlaneImage
from pellucid.ui.canvas.lookup import Colorer, Look, fill_value
from pellucid.ui.canvas.sampling import device_ratio


@dataclass(frozen=True, eq=False)
class Side:
    """A layer and what it shows in the plane; ``version`` tells whether that is what was drawn last."""

    layer: ImageLayer
    plane: PlaneImage
    version: Hashable


class JointItem(QGraphicsItem):
    """The picture of two layers in plane coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self._sides: tuple[Side, Side] | None = None
        self._compare: Compare | None = None
        self._drawn: Hashable = None
        self._place = QRectF()
        self._pixels: NDArray[np.uint32] | None = None
        self._colorer = Colorer()
        self.qimage = QImage()

    def show_sides(self, first: Side, second: Side, compare: Compare) -> None:
        """Show two layers joined as the comparison says."""
        if self._sides is None or self._bounds(self._sides) != self._bounds((first, second)):
            self.prepareGeometryChange()
        self._sides, self._compare = (first, second), compare
        self.setVisible(True)
        self.update()

    def forget(self) -> None:
        """Let go of the layers and show nothing."""
        self.setVisible(False)
        if self._sides is not None:
            self.prepareGeometryChange()
            self._sides = self._drawn = self._pixels = None
            self.qimage = QImage()

    @staticmethod
    def _bounds(sides: tuple[Side, Side]) -> QRectF:
        boxes = [extent(side.plane) for side in sides]
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        return QRectF(left, top, max(b[2] for b in boxes) - left, max(b[3] for b in boxes) - top)

    def boundingRect(self) -> QRectF:
        """Return the rectangle that holds both slices."""
        return self._bounds(self._sides) if self._sides is not None else QRectF()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Join what is seen of both, unless the last picture still holds, and draw it."""
        if self._sides is None or self._compare is None:
            return
        where = self._where(painter)
        if where is None:
            return
        first, second = self._sides
        looks = tuple((Look.of_layer(s.layer), s.layer.display.channel, s.layer.display.interpolate)
                      for s in self._sides)  # fmt: skip
        shown = replace(self._compare, position=0.5, paused=False)
        key = (where, first.version, second.version, looks, shown)
        if key != self._drawn:
            self._draw(where, first, second, self._compare)
            self._drawn = key
        smooth = any(side.layer.display.interpolate for side in self._sides)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(self._place, self.qimage)

    def _where(self, painter: QPainter) -> Raster | None:
        assert self._sides is not None
        device, full = painter.device(), painter.combinedTransform()
        ratio = device_ratio(painter)
        inverse, invertible = full.inverted()
        if not invertible:
            return None
        seen = inverse.mapRect(QRectF(0, 0, device.width() * ratio, device.height() * ratio))
        box = (seen.left(), seen.top(), seen.right(), seen.bottom())
        pixel = 1 / max(float(np.hypot(full.m11(), full.m12())), 1e-9)
        return raster(self._sides[0].plane, self._sides[1].plane, box, pixel)

    def _draw(self, where: Raster, first: Side, second: Side, compare: Compare) -> None:
        one, two = (_values(side, where) for side in (first, second))
        if compare.mode is CompareMode.RED_GREEN:
            lights = (self._light(first, one), self._light(second, two))
            self._pixels = red_green_colors(*lights, cyan=compare.cyan)
        else:
            if not same_quantity(first.layer.volume, second.layer.volume):
                one, two = self._share(first, one), self._share(second, two)
            span = difference_span(first.layer, second.layer, compare)
            self._pixels = difference_colors(one, two, span, colormaps.table("cool-warm"))
        rows, columns = self._pixels.shape
        kind = QImage.Format.Format_ARGB32_Premultiplied
        self.qimage = QImage(self._pixels.data, columns, rows, 4 * columns, kind)
        half = where.pitch / 2
        self._place = QRectF(where.left - half, where.top - half, columns * where.pitch, rows * where.pitch)

    def _light(self, side: Side, values: Floats) -> NDArray[np.uint8]:
        """Return the grey, 0 to 255, that the window of a layer gives its values; black outside."""
        out = np.empty(values.shape, np.uint32)
        self._colorer.color(values, replace(Look.of_layer(side.layer), colormap="grey"), out)
        light = (out & 0xFF).astype(np.uint8)
        light[np.isnan(values)] = 0
        return light

    def _share(self, side: Side, values: Floats) -> Floats:
        share = self._light(side, values).astype(np.float32) / np.float32(255)
        share[np.isnan(values)] = np.nan
        return share


def _values(side: Side, where: Raster) -> Floats:
    """Return one value per sample: of a colour image the channel that is seen, or its luminance."""
    volume, display, plane = side.layer.volume, side.layer.display, side.plane
    resampled = plane.axis < 0 and not volume.is_colour
    fill = fill_value(plane.array.dtype) if resampled else None
    values = sampled(plane, where, smooth=display.interpolate, fill=fill)
    if values.ndim == 3:
        seen = seen_channel(values, display.channel)
        values = luminance(seen) if seen.ndim == 3 else seen
        if plane.axis < 0:  # what lies outside of a resampled picture is black, not dark
            outside = replace(plane, array=np.asarray(~plane.array.any(axis=-1), dtype=np.uint8))
            values[sampled(outside, where, smooth=False) != 0] = np.nan
    if volume.padding is not None:
        low, high = volume.padding
        values[(values >= low) & (values <= high)] = np.nan
    return values
