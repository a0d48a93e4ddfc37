"""A canvas over a real session, small layers to show on it, and hands that press, drag and turn the wheel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session
from pellucid.ui.canvas import CanvasArea
from pellucid.ui.canvas.drawing import drawing
from pellucid.ui.canvas.slice_view import SliceView

NO_KEY = Qt.KeyboardModifier.NoModifier


def make_volume(array: np.ndarray, geometry: Geometry | None = None, **facts) -> Volume:
    colour = array.ndim == 4
    z, y, x = array.shape[:3]
    geometry = geometry or Geometry((x, y, z))
    return Volume(image_from_array(array, geometry, colour=colour), geometry, **facts)


def make_layer(array: np.ndarray, geometry: Geometry | None = None, limits=(0.0, 255.0), **facts) -> ImageLayer:
    layer = ImageLayer("CT", (make_volume(array, geometry, **facts),))
    layer.display.set_limits(*limits)
    layer.first_limits = limits
    layer.display.interpolate = False
    return layer


def make_labels(layer: ImageLayer, array: np.ndarray) -> LabelLayer:
    table = (Label(1, "one", "#ff0000"), Label(2, "two", "#0000ff"))
    return LabelLayer("Labels", LabelMap(layer.geometry, array.astype(np.uint8), table))


@dataclass
class Bench:
    """A canvas under test."""

    session: Session
    area: CanvasArea

    def show(self, *layers) -> None:
        for layer in layers:
            self.session.document.insert(len(self.session.document), layer)
        self.session.centre_crosshair()
        self.area.flush()

    def settle(self) -> None:
        settle(self.area)

    def pane(self, plane: Plane = Plane.AXIAL) -> SliceView:
        return self.area.pane(plane)

    def grey(self, plane: Plane = Plane.AXIAL) -> np.ndarray:
        return self.rgb(plane).max(axis=2)

    def rgb(self, plane: Plane = Plane.AXIAL) -> np.ndarray:
        return pixels(self.area.grab_pane(self.pane(plane)))

    def press(self, pane, at, button=Qt.MouseButton.LeftButton, keys=NO_KEY) -> None:
        QTest.mouseMove(pane.viewport(), point(at))
        QTest.mousePress(pane.viewport(), button, keys, point(at))

    def move(self, pane, at, keys=NO_KEY) -> None:
        QTest.mouseMove(pane.viewport(), point(at))

    def release(self, pane, at, button=Qt.MouseButton.LeftButton, keys=NO_KEY) -> None:
        QTest.mouseRelease(pane.viewport(), button, keys, point(at))
        self.area.flush()

    def drag(self, pane, start, end, button=Qt.MouseButton.LeftButton, keys=NO_KEY) -> None:
        self.press(pane, start, button, keys)
        for share in (0.25, 0.5, 0.75, 1.0):
            self.move(pane, [a + share * (b - a) for a, b in zip(start, end, strict=True)])
        self.release(pane, end, button, keys)

    def wheel(self, pane, notches, at=(100, 100), keys=NO_KEY) -> None:
        where = QPointF(*at)
        QTest.mouseMove(pane.viewport(), where.toPoint())
        event = QWheelEvent(
            where, QPointF(pane.mapToGlobal(where.toPoint())), QPoint(), QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane.viewport(), event)
        self.area.flush()

    def key(self, key, keys=NO_KEY, plane: Plane = Plane.AXIAL) -> None:
        pane = self.pane(plane)
        QTest.mouseMove(pane.viewport(), QPoint(60, 60))
        QTest.keyClick(self.area.window().windowHandle(), key, keys)
        self.area.flush()

    def key_event(self, kind: QEvent.Type, key, moment: int) -> None:
        """Send what a key did at a moment (ms), whenever that is heard of."""
        event = QKeyEvent(kind, key, NO_KEY)
        event.setTimestamp(moment)
        QApplication.sendEvent(self.area.window().windowHandle(), event)
        self.area.flush()

    def hold_key(self, key, ms: int) -> None:
        """Press a key over the axial pane and let go of it so much later."""
        QTest.mouseMove(self.pane().viewport(), QPoint(60, 60))
        self.key_event(QEvent.Type.KeyPress, key, 1000)
        self.key_event(QEvent.Type.KeyRelease, key, 1000 + ms)

    def centre(self, pane) -> tuple[float, float]:
        return pane.width() / 2, pane.height() / 2


def settle(area: CanvasArea) -> None:
    """Let all that was asked for happen: what stands around the panes, their drawing and their painting."""
    while any(timer.isActive() for timer in (drawing()._timer, area._later, area._slices_later)):
        QApplication.processEvents()
    QApplication.processEvents()


def point(at) -> QPoint:
    return QPointF(*at).toPoint()


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return raw[:, : image.width(), 2::-1].astype(int)
