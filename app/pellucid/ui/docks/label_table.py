"""The table of labels: colour, name, status, value, visible, locked; the current row is the label being edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from pellucid.language import tr
from pellucid.model.labels import Label, Status
from pellucid.ui import theme
from pellucid.ui.docks.label_model import COLOR, LOCKED, NAME, VISIBLE, Index, LabelModel
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.swatches import ask_color

if TYPE_CHECKING:
    from pellucid.session import Session

ROW_HEIGHT = 28
_MARK = 18  # pixels of the sign of a status


class LabelTable(QTableView):
    """The view of the table; F2 or a double click renames, a double click on the value asks to go there."""

    delete_asked = Signal()
    place_asked = Signal(int)
    """Emitted with the value of a label that the crosshair should go to."""
    menu_asked = Signal(QPoint)
    """Emitted with the global position where the menu of the selected rows is wanted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.labels = LabelModel(session, self)
        self.setModel(self.labels)
        self.setItemDelegate(LabelDelegate(self))
        self.setAccessibleName(tr("Labels"))
        self.setProperty("frame", True)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self._set_headers()
        self.setMinimumHeight(4 * ROW_HEIGHT + 4)
        self.clicked.connect(self._clicked)
        self.selectionModel().currentRowChanged.connect(self._chosen)
        self.labels.modelReset.connect(self.show_active)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu_asked.emit(self.viewport().mapToGlobal(at)))
        self._held = Qt.KeyboardModifier.NoModifier

    def chosen_values(self) -> tuple[int, ...]:
        """Return the values of the selected rows."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        found = (self.labels.label(row) for row in rows)
        return tuple(label.value for label in found if label is not None)

    def show_active(self) -> None:
        """Select the row of the label being edited."""
        layer = self.labels.layer
        row = self.labels.row(layer.active_label) if layer is not None else -1
        if row >= 0 and row != self.currentIndex().row():
            self.setCurrentIndex(self.labels.index(row, NAME))

    def sizeHint(self) -> QSize:
        """Return room for the rows there are, four at least and eight at most."""
        rows = min(max(self.labels.rowCount(), 4), 8)
        return QSize(240, rows * ROW_HEIGHT + 2 * self.frameWidth() + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space turns the eye (Alt+Space those of all others), Ctrl+L the lock, comma and full stop step."""
        index, layer = self.currentIndex(), self.labels.layer
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.key() == Qt.Key.Key_Delete:
            self.delete_asked.emit()
        elif event.text() in (",", ".") and layer is not None:
            self._session.label_tables.step(layer, 1 if event.text() == "." else -1)
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.labels.toggle(index.siblingAtColumn(VISIBLE), solo=alt)
        elif event.key() == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.labels.toggle(index.siblingAtColumn(LOCKED))
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Remember which keys were held: a click alone does not tell."""
        self._held = event.modifiers()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the label when its value was meant, else rename it."""
        at = event.position().toPoint()
        index = self.indexAt(at)
        label = self.labels.label(index.row())
        if label is not None and index.column() == NAME and at.x() >= value_left(self.visualRect(index), self, label):
            self.place_asked.emit(label.value)
            return
        super().mouseDoubleClickEvent(event)

    def _set_headers(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # thousands of rows are not measured
        header = self.horizontalHeader()
        header.hide()
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((COLOR, 32), (VISIBLE, 30), (LOCKED, 30)):
            self.setColumnWidth(column, width)

    def _clicked(self, index: QModelIndex) -> None:
        label = self.labels.label(index.row())
        if label is not None and index.column() == COLOR:
            color = ask_color(self, label.color, tr("Colour of {name}", name=label.name))
            if color:
                self.labels.recolor(index.row(), color)
        else:
            self.labels.toggle(index, solo=bool(self._held & Qt.KeyboardModifier.AltModifier))

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        label, layer = self.labels.label(index.row()), self.labels.layer
        if label is not None and layer is not None:
            layer.active_label = label.value


class LabelDelegate(QStyledItemDelegate):
    """A swatch, the name, an eye and a lock."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a cell."""
        label: Label | None = index.data(Qt.ItemDataRole.UserRole)
        if label is None:
            return
        c, cell = theme.colors(), option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(cell, QColor(theme.selection()))
            if index.column() == COLOR:
                painter.fillRect(QRect(cell.left(), cell.top(), 3, cell.height()), QColor(c.accent))
        if index.column() == COLOR:
            painter.setPen(QColor(c.dim))
            painter.setBrush(QColor(label.color))
            painter.drawRoundedRect(QRect(cell.left() + 9, cell.center().y() - 7, 15, 15), 3, 3)
        elif index.column() == NAME:
            self._write(painter, option, label)
        elif index.column() == VISIBLE:
            paint_icon(
                painter,
                cell,
                theme.icon("eye-outline" if label.visible else "eye-off-outline", "" if label.visible else c.dim),
            )
        else:
            paint_icon(
                painter,
                cell,
                theme.icon("lock", c.warning) if label.locked else theme.icon("lock-open-variant-outline", c.dim),
            )
        painter.restore()

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        """Edit the name in a line."""
        line = QLineEdit(parent)
        line.setAccessibleName(tr("New name of the label"))
        return line

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        """Put the line over the name."""
        editor.setGeometry(option.rect.adjusted(0, 1, 0, -1))

    def _write(self, painter: QPainter, option: QStyleOptionViewItem, label: Label) -> None:
        c, room = theme.colors(), option.rect.adjusted(6, 0, -4, 0)
        value = _value_text(label)
        width = option.fontMetrics.horizontalAdvance(value) + 8
        painter.setPen(QColor(c.dim))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        if label.status is not Status.NOT_STARTED:
            glyph, color = _status_sign(label.status)
            paint_icon(painter, QRect(room.right() - width - _MARK, room.top(), _MARK, room.height()),
                       theme.icon(glyph, color))  # fmt: skip
            width += _MARK + 4
        painter.setPen(QColor(c.text if label.visible else c.dim))
        name = option.fontMetrics.elidedText(label.name, Qt.TextElideMode.ElideRight, room.width() - width)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        """Swallow double clicks beside the name."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonDblClick:
            return index.column() != NAME
        return super().editorEvent(event, model, option, index)


def value_left(cell: QRect, view: QWidget, label: Label) -> int:
    """Return where the value begins in the cell of the name."""
    return cell.right() - 8 - view.fontMetrics().horizontalAdvance(_value_text(label))


def _value_text(label: Label) -> str:
    return str(label.value) if label.opacity == 1 else f"{label.opacity:.0%}  {label.value}"


def _status_sign(status: Status) -> tuple[str, str]:
    c = theme.colors()
    return {
        Status.IN_PROGRESS: ("progress-clock", c.dim), Status.COMPLETED: ("check-circle-outline", c.good),
        Status.FLAGGED: ("flag", c.warning), Status.NOT_STARTED: ("circle-outline", c.dim),
    }[status]  # fmt: skip
