"""The panel “History”: every step by its name; a click goes back or forward to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from pellucid.language import mark, tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.parts import Panel, ProgressBar, allow, flat_button, row
from pellucid.ui.forms.numbers import file_size

if TYPE_CHECKING:
    from pellucid.session import Session

POSITION_ROLE = Qt.ItemDataRole.UserRole + 1
STATE_ROLE = Qt.ItemDataRole.UserRole + 2


def entries(steps: tuple[str, ...], position: int) -> list[tuple[int, str, str]]:
    """Return (position, text, state) of every row; a state is done, current or undone."""
    rows = [tr("As opened"), *steps]
    return [
        (n, text, "current" if n == position else "done" if n < position else "undone") for n, text in enumerate(rows)
    ]


class HistoryPanel(Panel):
    """The steps of the document, the present one marked, the undone ones faded; memory used below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("History"), parent)
        self._session = session
        self.undo = flat_button("undo", tr("Undo"), session.undo, tip=tr("Undo (Ctrl+Z)"))
        self.redo = flat_button("redo", tr("Redo"), session.redo, tip=tr("Redo (Ctrl+Y)"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Steps"))
        self.list.setProperty("frame", True)
        self.list.setMouseTracking(True)
        self.list.setItemDelegate(StepDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.itemClicked.connect(self._jump)
        self.list.itemActivated.connect(self._jump)
        self.used = QLabel()
        self.used.setProperty("dim", True)
        self.used.setFont(theme.figures(self.used.font()))
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Memory used by the history"))
        self.set_header(tr("History"), self.undo, self.redo)
        self.column.addWidget(self.list, 1)
        self.column.addWidget(row(self.used))
        self.column.addWidget(self.bar)
        session.history.changed.connect(self._show)
        session.view.events.hide_identity.connect(lambda _hide: self._show())
        self._show()

    def _show(self) -> None:
        history = self._session.history
        shown = self._session.concealing.text
        rows = entries(history.steps, history.position)
        while self.list.count() > len(rows):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(rows):
            self.list.addItem(QListWidgetItem())
        for item_row, (position, said, state) in enumerate(rows):
            item, text = self.list.item(item_row), shown(said)
            item.setText(text)
            item.setToolTip(_tip(text, state))
            item.setData(POSITION_ROLE, position)
            item.setData(STATE_ROLE, state)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, {state}")
        self.list.setCurrentRow(history.position)
        self.list.scrollToItem(self.list.item(history.position))
        allow(self.undo, "" if history.can_undo else tr("There is nothing to undo."))
        allow(self.redo, "" if history.can_redo else tr("There is nothing to redo."))
        if history.can_undo:
            self.undo.setToolTip(tr("Undo {step} (Ctrl+Z)", step=shown(history.undo_label)))
        if history.can_redo:
            self.redo.setToolTip(tr("Redo {step} (Ctrl+Y)", step=shown(history.redo_label)))
        count = tr_count("{count:,} step", "{count:,} steps", len(history.steps))
        self.used.setText(
            tr(
                "{steps} · {used} of {budget}",
                steps=count,
                used=file_size(history.nbytes),
                budget=file_size(history.budget),
            )
        )
        self.used.setToolTip(
            tr("Memory the steps keep; the oldest are forgotten beyond the budget (Edit ▸ Preferences)")
        )
        self.bar.setUpdatesEnabled(False)  # or it paints itself, and all that waits with it, at once
        self.bar.setValue(round(1000 * min(1.0, history.nbytes / max(1, history.budget))))
        self.bar.setUpdatesEnabled(True)

    def _jump(self, item: QListWidgetItem) -> None:
        self._session.jump(int(item.data(POSITION_ROLE)))


class StepDelegate(QStyledItemDelegate):
    """A dot for what is done, an arrow for where we are, faded text for what was undone."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return one line."""
        return QSize(120, theme.CONTROL_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a step."""
        c, cell, state = theme.colors(), option.rect, index.data(STATE_ROLE)
        painter.save()
        if state == "current":
            painter.fillRect(cell, QColor(theme.selection()))
            painter.fillRect(QRect(cell.left(), cell.top(), 3, cell.height()), QColor(c.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(cell, QColor(c.raised))
        glyph = {"current": ("arrow-right-thin", ""), "done": ("circle-small", c.dim)}.get(state, ("redo", c.dim))
        paint_icon(painter, QRect(cell.left() + 6, cell.top(), 20, cell.height()), theme.icon(*glyph))
        font = option.font
        font.setItalic(state == "undone")
        painter.setFont(font)
        painter.setPen(QColor(c.dim if state == "undone" else c.text))
        room = cell.adjusted(30, 0, -8, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _tip(text: str, state: str) -> str:
    return (
        text
        + {
            "current": "\n" + tr("You are here"),
            "done": "\n" + tr("Click: go back to here"),
            "undone": "\n" + tr("Click: redo up to here"),
        }[state]
    )
