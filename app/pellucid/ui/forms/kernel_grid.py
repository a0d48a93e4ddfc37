"""The weights of a kernel as a small table: typed in place, tinted by sign and size, one slice at a time."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from pellucid.ui import theme
from pellucid.ui.forms.controls import TextLine
from pellucid.ui.forms.kernel_model import ROLE, Index, KernelModel
from pellucid.ui.forms.numbers import format_number

_WIDEST = 48
_SMALL, _TINY = 7, 11  # columns up to which numbers are written large, and small
_DOT = "\N{MIDDLE DOT}"
"""Stands for a weight that is too small to be written in its place: its tint tells the rest."""
_TYPED = frozenset("0123456789.,-+/eE")


class KernelGrid(QTableView):
    """All weights of a slice side by side, as wide as there is room; arrow keys move, typing replaces a weight."""

    pasted = Signal()
    copied = Signal()
    """Emitted when the user asks for the whole kernel from or on the clipboard."""
    turned = Signal(int)
    """Emitted with the slices to go further by, from Page Up and Page Down."""

    def __init__(self, model: KernelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kernel = model
        self.setModel(model)
        self.setItemDelegate(WeightDelegate(self))
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.AnyKeyPressed | trigger.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        model.modelReset.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room among the columns."""
        super().resizeEvent(event)
        self._fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin in the middle."""
        if not self.currentIndex().isValid():
            middle = self._kernel.rowCount() // 2
            self.setCurrentIndex(self._kernel.index(middle, middle))
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep keys that write numbers from the shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            wanted = (QKeySequence.StandardKey.Paste, QKeySequence.StandardKey.Copy)
            if any(event.matches(key) for key in wanted) or _writes(event) or event.key() in _KEYS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Paste, copy, empty a weight, turn slices; what is typed otherwise replaces the weight."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._kernel.setData(self.currentIndex(), "0")
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.turned.emit(1 if event.key() == Qt.Key.Key_PageDown else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.state() is not QAbstractItemView.State.EditingState:  # the line in use comes here, too
                self.edit(self.currentIndex())
        elif event.text().isprintable() and event.text() and not _writes(event):
            event.ignore()  # a letter is a shortcut of the window, not a weight
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        count = self._kernel.columnCount()
        width = max(1, min(_WIDEST, self.viewport().width() // count))
        height = 24 if count <= _SMALL else 22 if count <= _TINY else 20
        font = QFont(theme.figures(self.font()))
        font.setPixelSize(12 if count <= _SMALL else 11 if count <= _TINY else 10)
        self.setFont(font)
        self.horizontalHeader().setDefaultSectionSize(width)
        self.verticalHeader().setDefaultSectionSize(height)
        if self.height() != height * count:
            self.setFixedHeight(height * count)


_KEYS = (
    Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Return,
    Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down,
    Qt.Key.Key_Home, Qt.Key.Key_End,
)  # fmt: skip


def _writes(event: QKeyEvent) -> bool:
    """Return whether a key writes part of a number."""
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    return not held and event.text() != "" and event.text() in _TYPED


class WeightDelegate(QStyledItemDelegate):
    """Draws a weight on its tint, and edits it in place: every valid text counts at once, Escape takes it back."""

    def __init__(self, grid: KernelGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._before = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw tint, number and frames: of the middle, the focus, and what is no number."""
        model, c = self._grid._kernel, theme.colors()
        painter.save()
        painter.fillRect(option.rect, QColor(model.back(index)))
        painter.setPen(QColor(c.line))
        painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        where = model.slice, index.row(), index.column()
        zero = where not in model.wrong and model.weights[where] == 0
        painter.setFont(self._grid.font())
        painter.setPen(QColor(c.dim if zero else c.text))
        painter.drawText(option.rect, Qt.AlignmentFlag.AlignCenter, self.fitted(index, option.rect))
        self._frame(painter, option.rect, index)
        painter.restore()

    def fitted(self, index: Index, place: QRect) -> str:
        """Return the text of a weight with as many figures as there is room for."""
        model, metrics = self._grid._kernel, QFontMetrics(self._grid.font())
        where = model.slice, index.row(), index.column()
        if where in model.wrong:
            return metrics.elidedText(model.wrong[where], Qt.TextElideMode.ElideRight, place.width() - 2)
        value = float(model.weights[where])
        for digits in (5, 4, 3, 2, 1):
            text = format_number(int(value) if value == int(value) and abs(value) < 1e6 else value, digits)
            for one in (text, text.replace("0.", ".", 1) if abs(value) < 1 else text):
                if metrics.horizontalAdvance(one) <= place.width() - 3:
                    return one
        return _DOT

    def _frame(self, painter: QPainter, place: QRect, index: Index) -> None:
        model, c = self._grid._kernel, theme.colors()
        middle = model.rowCount() // 2
        current = index == self._grid.currentIndex() and self._grid.hasFocus()
        wrong = (model.slice, index.row(), index.column()) in model.wrong
        if not (current or wrong or index.row() == index.column() == middle):
            return
        pen = QPen(QColor(c.danger if wrong else c.accent if current else c.dim), 2 if current or wrong else 1)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.adjusted(1, 1, -1, -1) if current or wrong else place.adjusted(0, 0, -1, -1))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return a line without room around it that passes on each valid text."""
        model = self._grid._kernel
        line = _CellLine(self._grid, parent)
        line.setAccessibleName(model.place(index.row(), index.column()))
        where = QPersistentModelIndex(index)
        self._before = str(index.data(ROLE.EditRole))
        line.textEdited.connect(lambda text: model.setData(where, text))
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the weight as it is at first; later the line says itself what is in it."""
        if isinstance(editor, _CellLine) and not editor.isModified():
            editor.setText(str(index.data(ROLE.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:
        """Take the text when the line is left."""
        if isinstance(editor, _CellLine):
            model.setData(index, editor.text())

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Bring the weight back that was there before with Escape."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._grid._kernel.setData(self._grid.currentIndex(), self._before)
        return super().eventFilter(editor, event)


class _CellLine(TextLine):
    """The line in which a weight is typed; a whole kernel that is pasted into it replaces the kernel."""

    def __init__(self, grid: KernelGrid, parent: QWidget) -> None:
        super().__init__(parent)
        self._grid = grid
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(grid.font())
        self.setStyleSheet("min-height: 0; max-height: 99px; padding: 0; border-radius: 0;")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand a pasted kernel on."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self._grid.pasted.emit()
        else:
            super().keyPressEvent(event)
