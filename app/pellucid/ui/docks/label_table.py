"""The table of labels: colour, name, visible, locked; the selected row is the label being edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
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

from pellucid.language import mark, tr
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.swatches import ask_color

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
COLOR, NAME, VISIBLE, LOCKED = range(4)
TITLES = (mark("Colour"), mark("Name"), mark("Visible"), mark("Locked"))
ROW_HEIGHT = 28


class LabelModel(QAbstractTableModel):
    """The labels of one layer; editing goes through the session, so that it can be undone."""

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(parent)
        self._session = session
        self.layer: LabelLayer | None = None
        self._rows: tuple[Label, ...] = ()

    def show_layer(self, layer: LabelLayer | None) -> None:
        """Show the table of a layer, or nothing."""
        self.layer = layer
        self.refresh()

    def refresh(self) -> None:
        """Read the table again; rows stay where they are when only their contents changed."""
        rows = self.layer.labels.labels if self.layer is not None else ()
        if [row.value for row in rows] == [row.value for row in self._rows]:
            self._rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(max(0, len(rows) - 1), LOCKED))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def label(self, row: int) -> Label | None:
        """Return the label of a row, or None."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row(self, value: int) -> int:
        """Return the row of a label value, −1 when it has none."""
        return next((n for n, label in enumerate(self._rows) if label.value == value), -1)

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(TITLES)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        return tr(TITLES[section]) if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        label = self.label(index.row())
        if label is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) and index.column() == NAME:
            return label.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(label, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{tr(TITLES[index.column()])}: {_spoken(label, index.column())}"
        return label if role == Qt.ItemDataRole.UserRole else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        label, name = self.label(index.row()), str(value).strip()
        if self.layer is None or label is None or not name or role != Qt.ItemDataRole.EditRole:
            return False
        self._session.labelling.edit_label(self.layer, label.value, name=name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flag = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flag | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flag

    def toggle(self, index: Index) -> None:
        """Turn the eye or the lock of a row."""
        label = self.label(index.row())
        if self.layer is None or label is None:
            return
        if index.column() == VISIBLE:
            self._session.labelling.edit_label(self.layer, label.value, visible=not label.visible)
        elif index.column() == LOCKED:
            self._session.labelling.edit_label(self.layer, label.value, locked=not label.locked)

    def recolor(self, row: int, color: str) -> None:
        """Give a label another colour."""
        label = self.label(row)
        if self.layer is not None and label is not None:
            self._session.labelling.edit_label(self.layer, label.value, color=color)


class LabelTable(QTableView):
    """The view of the table; F2 or a double click renames, Delete asks for the label to be deleted."""

    delete_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels = LabelModel(session, self)
        self.setModel(self.labels)
        self.setItemDelegate(LabelDelegate(self))
        self.setAccessibleName(tr("Labels"))
        self.setProperty("frame", True)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self._set_headers()
        self.clicked.connect(self._clicked)
        self.selectionModel().currentRowChanged.connect(self._chosen)
        self.labels.modelReset.connect(self.show_active)

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
        """Space turns the eye, Ctrl+L the lock, Delete asks to delete."""
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_Delete:
            self.delete_asked.emit()
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.labels.toggle(index.siblingAtColumn(VISIBLE))
        elif event.key() == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.labels.toggle(index.siblingAtColumn(LOCKED))
        else:
            super().keyPressEvent(event)

    def _set_headers(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
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
            self.labels.toggle(index)

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
        value = str(label.value) if label.opacity == 1 else f"{label.opacity:.0%}  {label.value}"
        width = option.fontMetrics.horizontalAdvance(value) + 8
        painter.setPen(QColor(c.dim))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)
        painter.setPen(QColor(c.text if label.visible else c.dim))
        name = option.fontMetrics.elidedText(label.name, Qt.TextElideMode.ElideRight, room.width() - width)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        """Swallow double clicks beside the name."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonDblClick:
            return index.column() != NAME
        return super().editorEvent(event, model, option, index)


def _tip(label: Label, column: int) -> str:
    return (
        tr("Click: another colour"),
        tr("{name} (value {value}). Double click or F2: rename", name=label.name, value=label.value),
        tr("Click: hide") if label.visible else tr("Click: show"),
        tr("Locked: cannot be painted over. Click: unlock") if label.locked else tr("Click: protect from painting"),
    )[column]


def _spoken(label: Label, column: int) -> str:
    return (label.color, label.name, "yes" if label.visible else "no", "yes" if label.locked else "no")[column]
