"""How a row of the layer list looks, and what a click on its eye or its colour does."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from pellucid.language import tr
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.ui import theme
from pellucid.ui.docks.layer_model import DETAIL_ROLE, LAYER_ROLE
from pellucid.ui.docks.swatches import map_image
from pellucid.ui.docks.tables import paint_choice

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 44


def eye_rect(row: QRect) -> QRect:
    """Return where the eye of a row is."""
    return QRect(row.left() + 4, row.top() + (row.height() - 26) // 2, 26, 26)


def swatch_rect(row: QRect) -> QRect:
    """Return where the colour of a row is."""
    return QRect(row.left() + 34, row.top() + (row.height() - 20) // 2, 20, 20)


def text_rect(row: QRect) -> QRect:
    """Return where name and detail of a row are."""
    return row.adjusted(62, 0, -8, 0)


def badge_rect(row: QRect) -> QRect:
    """Return where a row shows that its layer has a transform: at the end of the name."""
    return QRect(row.right() - 8 - 18, row.top() + 4, 18, row.height() // 2 - 4)


class LayerDelegate(QStyledItemDelegate):
    """Eye, colour, name and one line of detail; the active row carries a bar in the accent colour."""

    eye_clicked = Signal(object)
    color_clicked = Signal(object, QPoint)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Return two lines' height; any width will do."""
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        layer: Layer = index.data(LAYER_ROLE)
        if layer is None:
            return
        c, row = theme.colors(), option.rect
        painter.save()
        paint_choice(painter, option, edge=True)
        glyph = theme.icon("eye-outline" if layer.visible else "eye-off-outline", "" if layer.visible else c.dim)
        paint_icon(painter, eye_rect(row), glyph)
        paint_swatch(painter, swatch_rect(row), layer)
        self._write(painter, option, index, layer)
        painter.restore()

    def _write(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, layer: Layer) -> None:
        c, room = theme.colors(), text_rect(option.rect)
        upper, lower = (
            room.adjusted(0, 4, 0, -room.height() // 2),
            room.adjusted(0, room.height() // 2, 0, -4),
        )
        metrics = option.fontMetrics
        painter.setPen(QColor(c.text if layer.visible else c.dim))
        painter.setFont(option.font)
        if layer.placement is not None:
            glyph = theme.icon("axis-arrow", c.accent if layer.placement.is_linear else c.warning)
            glyph.paint(painter, badge_rect(option.rect))
            upper.adjust(0, 0, -badge_rect(option.rect).width() - 4, 0)
        name = metrics.elidedText(layer.name, Qt.TextElideMode.ElideMiddle, upper.width())
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QColor(c.dim))
        percent = f"{round(layer.opacity * 100)} %" if layer.opacity < 1 else ""
        width = metrics.horizontalAdvance(percent) + 8 if percent else 0
        painter.drawText(lower, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent)
        text = metrics.elidedText(str(index.data(DETAIL_ROLE)), Qt.TextElideMode.ElideRight, room.width() - width)
        painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """Handle clicks on eye and colour; swallow their double clicks, which would begin renaming."""
        if not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return super().editorEvent(event, model, option, index)
        where, layer = event.position().toPoint(), index.data(LAYER_ROLE)
        on_eye, on_color = eye_rect(option.rect).contains(where), swatch_rect(option.rect).contains(where)
        if not (on_eye or on_color):
            return super().editorEvent(event, model, option, index)
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            if on_eye:
                self.eye_clicked.emit(layer)
            else:
                self.color_clicked.emit(layer, event.globalPosition().toPoint())
        return True

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        """Edit the name in a line."""
        line = QLineEdit(parent)
        line.setAccessibleName(tr("New name of the layer"))
        return line

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        """Put the line over the text of the row."""
        room = text_rect(option.rect)
        editor.setGeometry(room.left() - 6, room.top() + (room.height() - 26) // 2, room.width() + 10, 26)


def paint_icon(painter: QPainter, rect: QRect, icon: QIcon, *, enabled: bool = True) -> None:
    """Draw an icon of the theme's size in the middle of a rectangle."""
    size = theme.ICON_SIZE
    place = QRect(rect.center().x() - size // 2 + 1, rect.center().y() - size // 2 + 1, size, size)
    icon.paint(painter, place, mode=QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled)


def paint_swatch(painter: QPainter, rect: QRect, layer: Layer) -> None:
    """Draw the colour map of an image or the first colours of a label layer."""
    painter.save()
    if isinstance(layer, ImageLayer):
        _paint_map(painter, rect, layer)
    else:
        _paint_labels(painter, rect, layer)
    painter.setPen(QColor(theme.colors().dim))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1), 3, 3)
    painter.restore()


def _paint_map(painter: QPainter, rect: QRect, layer: ImageLayer) -> None:
    name = "turbo" if layer.shows_colour else layer.display.colormap
    painter.drawImage(rect.adjusted(1, 1, -1, -1), map_image(name, mirrored=layer.display.invert))


def _paint_labels(painter: QPainter, rect: QRect, layer: LabelLayer) -> None:
    labels = layer.labels.labels[:3]
    inner = rect.adjusted(1, 1, -1, -1)
    for number, label in enumerate(labels):
        height = inner.height() / len(labels)
        top = inner.top() + round(number * height)
        painter.fillRect(QRect(inner.left(), top, inner.width(), round(height)), QColor(label.color))
