"""What the pictures of a pane lie on: one item in plane coordinates, in a view whose scene is the widget's pixels."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsItem, QGraphicsScene, QGraphicsView, QWidget


class Sheet(QGraphicsItem):
    """Holds the items of a pane; its transform takes plane coordinates (u right, v down) to widget pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)

    def boundingRect(self) -> QRectF:
        """Return nothing: the sheet itself is not seen."""
        return QRectF()

    def paint(self, *_: Any) -> None:
        """Draw nothing."""

    def add(self, item: QGraphicsItem) -> None:
        """Lay an item on the sheet."""
        item.setParentItem(self)

    def remove(self, item: QGraphicsItem) -> None:
        """Take an item away."""
        self.scene().removeItem(item)

    def look_at(self, centre: tuple[float, float], scale: float, size: tuple[float, float]) -> None:
        """Bring a point of the plane to the middle of a widget of this size, at ``scale`` pixels per unit."""
        (u, v), (width, height) = centre, size
        self.setTransform(QTransform(scale, 0.0, 0.0, scale, width / 2 - u * scale, height / 2 - v * scale))


class SheetView(QGraphicsView):
    """A bare view of one sheet: no frame, no scroll bars, nothing that moves by itself.

    Whoever changes the sheet asks for the repaint. Qt would ask too, scene by scene, and for the first one paint the
    whole window at once: the other views would then be painted a second time, for changes that are on the screen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = Sheet()
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.addItem(self.sheet)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the scene as large as the widget."""
        super().resizeEvent(event)
        self.scene().setSceneRect(0.0, 0.0, float(self.width()), float(self.height()))
