"""Draws the slice of one image layer: an item of the scene that colours only what the screen shows.

A table turns values into RGB32 in a reused buffer. Slices much larger than the view are thinned while they move,
averaged at rest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

from pellucid.model.channels import seen_channel
from pellucid.model.display import Blending, Channel
from pellucid.model.slicing import PlaneImage
from pellucid.ui.canvas import sampling
from pellucid.ui.canvas.lookup import Colorer, Look
from pellucid.ui.canvas.sampling import Target

_MODES = {
    Blending.OVER: QPainter.CompositionMode.CompositionMode_SourceOver,
    Blending.ADD: QPainter.CompositionMode.CompositionMode_Plus,
}


@lru_cache(maxsize=128)
def _dimmed(gain: float) -> NDArray[np.uint8]:
    return np.rint(np.arange(256) * gain).astype(np.uint8)


def plane_transform(image: PlaneImage) -> QTransform:
    """Return the transform of a slice from (column, row) to plane coordinates."""
    a, b, c, d, e, f = image.transform
    return QTransform(a, d, b, e, c, f)


class SliceItem(QGraphicsItem):
    """A slice in plane coordinates; ``version`` tells whether the pixels are still those drawn last.

    Versions are kept, so objects in them (volumes, frames) live as long as their picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self._version: Hashable = None
        self._drawn: tuple[Any, ...] | None = None
        self._rect = QRectF()
        self._memory = np.empty(0, np.uint32)
        self._buffer = np.empty((0, 0), np.uint32)
        self.qimage = QImage()
        self.shown: QImage | None = None
        """The picture in the pixels of the device, where it was brought to them already."""
        self._screen = QImage()
        self.pixels: NDArray[Any] | None = None
        self.mode = QPainter.CompositionMode.CompositionMode_SourceOver
        self.region: Callable[[], QRegion | None] | None = None
        """Where in the widget it is seen, asked whenever it is painted; None is everywhere."""

    def show_plane(self, plane: PlaneImage | None, version: Hashable) -> None:
        """Show a slice, or nothing."""
        self.setVisible(plane is not None)
        if plane is None or version == self._version:
            return
        shape = plane.array.shape[:2]
        if self.pixels is None or self.pixels.shape[:2] != shape:
            self.prepareGeometryChange()
        self.pixels, self._version = plane.array, version
        transform = plane_transform(plane)
        if transform != self.transform():
            self.setTransform(transform)

    def forget(self) -> None:
        """Let go of the slice."""
        self.prepareGeometryChange()
        self.pixels, self._version, self._drawn = None, None, None

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the slice; pixel centres lie at whole numbers."""
        if self.pixels is None:
            return QRectF()
        rows, columns = self.pixels.shape[:2]
        return QRectF(-0.5, -0.5, columns, rows)

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Colour what is needed, unless the last picture still holds, and draw it."""
        if self.pixels is None:
            return
        target = Target.of(painter)
        work = self._work(target)
        if work is not None:
            work()
        if self._rect.isEmpty():
            return
        if self.region is not None:
            self._clip(painter)
        if target is not None:
            painter.resetTransform()
        exact = self.shown is not None
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.is_smooth() and not exact)
        painter.setCompositionMode(self.mode)
        painter.drawImage(self._rect, self.qimage if self.shown is None else self.shown)

    def picture(self, view: QGraphicsView) -> Callable[[], None] | None:
        """Return the work of making the picture a view will paint next, or None; it may be done in any thread."""
        if self.pixels is None or not self.isVisible():
            return None
        return self._work(Target.expected(self.deviceTransform(view.viewportTransform()), view.viewport()))

    def _work(self, target: Target | None) -> Callable[[], None] | None:
        key = (self._version, target, *self.look_key(target))
        if key == self._drawn:
            return None

        def draw() -> None:
            self.shown = None
            self._rect = self.draw_sheared() if target is None else self.draw_straight(target)
            self._drawn = key

        return draw

    def _clip(self, painter: QPainter) -> None:
        region = self.region() if self.region is not None else None
        if region is not None:
            place = painter.transform()
            painter.resetTransform()
            painter.setClipRegion(region, Qt.ClipOperation.IntersectClip)
            painter.setTransform(place)

    def look_key(self, target: Target | None) -> tuple[Hashable, ...]:
        """Return everything but pixels and place that decides the picture."""
        raise NotImplementedError

    def is_smooth(self) -> bool:
        """Return whether the picture is interpolated where it is enlarged."""
        return False

    def draw_straight(self, target: Target) -> QRectF:
        """Fill ``qimage`` for rows that are rows on the screen; return its place in the widget."""
        raise NotImplementedError

    def draw_sheared(self) -> QRectF:
        """Fill ``qimage`` with the whole slice; return its place in the item."""
        raise NotImplementedError

    def buffer(self, shape: tuple[int, ...], image_format: QImage.Format) -> NDArray[np.uint32]:
        """Return the memory of ``qimage``, which is reused and made anew only for a larger picture."""
        rows, columns = shape[:2]
        if self._buffer.shape != (rows, columns) or self.qimage.format() != image_format:
            if self._memory.size < rows * columns:
                self._memory = np.empty(rows * columns, np.uint32)
            self._buffer = self._memory[: rows * columns].reshape(rows, columns)
            self.qimage = QImage(self._buffer.data, columns, rows, 4 * columns, image_format)
        return self._buffer


class LayerItem(SliceItem):
    """A slice of modality values, seen through the window of its layer."""

    def __init__(self) -> None:
        super().__init__()
        self.look = Look(0.0, 1.0)
        self.smooth = True
        self.clear = False
        """Whether the fill value of a resampled slice lets the layers below show through."""
        self.fine = True
        """False while slices move: large ones are then thinned instead of averaged."""
        self.thinned = False
        self.channel = Channel.ALL
        self.gain = 1.0
        """What the light of an added layer is multiplied with: Qt would clip the sum before it mixes."""
        self._colorer = Colorer()

    def look_key(self, target: Target | None) -> tuple[Hashable, ...]:
        """Return window, interpolation and fineness."""
        self.thinned = self.smooth and target is not None and min(target.sx, target.sy) <= 0.5
        return self.look, self.smooth, self.clear, self.fine and self.thinned, self.gain, self.channel

    def is_smooth(self) -> bool:
        """Return whether the picture is interpolated."""
        return self.smooth

    def draw_straight(self, target: Target) -> QRectF:
        """Colour the seen part; slices larger than the view come down to it."""
        assert self.pixels is not None
        count_y, count_x = self.pixels.shape[:2]
        stride = self.thinned and not self.fine
        columns = sampling.along(count_x, target.sx, target.dx, target.width,
                                 gather=not self.smooth and target.sx < 1, stride=stride)  # fmt: skip
        rows = sampling.along(count_y, target.sy, target.dy, target.height,
                              gather=not self.smooth and target.sy < 1, stride=stride)  # fmt: skip
        if rows.is_empty or columns.is_empty:
            return QRectF()
        self._color(sampling.take(self.pixels, rows, columns))
        place = sampling.device_rect(rows, columns, target.ratio)
        if self.thinned and self.fine:
            self._average(place, target.ratio)
        elif self.smooth:
            return self._interpolated(place, target)
        return place

    def draw_sheared(self) -> QRectF:
        """Colour the whole slice; the painter shears it."""
        assert self.pixels is not None
        self._color(self.pixels)
        return self.boundingRect()

    def _color(self, values: NDArray[Any]) -> None:
        kind = QImage.Format.Format_ARGB32_Premultiplied if self.clear else QImage.Format.Format_RGB32
        out = self.buffer(values.shape, kind)
        if values.ndim == 3:
            values = seen_channel(values, self.channel)
        self._colorer.color(values, self.look, out, clear=self.clear)
        if self.gain < 1:
            light = out.view(np.uint8)
            np.take(_dimmed(self.gain), light, out=light, mode="wrap")

    def blend(self, blending: Blending, opacity: float) -> None:
        """Choose how the picture joins what is below it, and how strongly."""
        added = blending is Blending.ADD
        self.mode = _MODES[blending]
        self.gain = opacity if added else 1.0
        self.setOpacity(1.0 if added else opacity)

    def _interpolated(self, place: QRectF, target: Target) -> QRectF:
        """Bring the picture to device pixels and return its place: off the main thread, and once for many repaints."""
        ratio = target.ratio
        left, top = max(round(place.left() * ratio), 0), max(round(place.top() * ratio), 0)
        right = min(round(place.right() * ratio), target.width)
        bottom = min(round(place.bottom() * ratio), target.height)
        if right <= left or bottom <= top:
            return QRectF()
        source, size = self.qimage, (right - left, bottom - top)
        if self._screen.size().toTuple() != size or self._screen.format() != source.format():
            self._screen = QImage(*size, source.format())
        if self.clear:
            self._screen.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._screen)
        painter.translate(-left, -top)
        painter.scale(ratio, ratio)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(place, source)
        painter.end()
        self.shown = self._screen
        return QRectF(left / ratio, top / ratio, (right - left) / ratio, (bottom - top) / ratio)

    def _average(self, place: QRectF, ratio: float) -> None:
        """Replace the picture by one of the size it has on the screen, every source pixel counting."""
        size = (max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio)))
        self.qimage = self.qimage.scaled(
            *size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._buffer = np.empty((0, 0), np.uint32)
