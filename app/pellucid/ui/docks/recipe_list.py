"""The list of steps: a tick, a number, what kind of step it is, its name and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from pellucid.language import mark, tr
from pellucid.model.layer import HAND_EDIT, Provenance
from pellucid.recipes import own_steps
from pellucid.recipes.step_words import said_of
from pellucid.session.chains import Chain, is_fixed
from pellucid.session.recipes import Failure
from pellucid.ui import theme
from pellucid.ui.docks.layer_delegate import paint_icon
from pellucid.ui.docks.tables import paint_choice

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_HEIGHT = 44
_ANY = 16_777_215  # what Qt calls QWIDGETSIZE_MAX
KINDS = {
    "image": ("image-filter-center-focus", mark("image step")),
    "mask": ("shape-outline", mark("label step")),
    "hand": ("brush", mark("done by hand, not transferable")),
    "fixed": ("pin-outline", mark("cannot be taken again, not transferable")),
    "unknown": ("help-circle-outline", mark("unknown step")),
}
"""Icon and words for each kind of step."""


@dataclass(frozen=True)
class Row:
    """What the list shows of a step; ``failure`` is the sentence that says why it could not be taken."""

    number: int
    title: str
    said: str
    kind: str
    enabled: bool = True
    failure: str = ""

    @property
    def can_switch(self) -> bool:
        """Return whether the step can be switched on and off."""
        return self.kind != "fixed"

    @property
    def words(self) -> str:
        """Return everything in one line, for screen readers."""
        state = [] if self.enabled else [tr("switched off")]
        parts = [f"{self.number}. {self.title}", self.said, tr(KINDS[self.kind][1]), *state, self.failure]
        return ", ".join(part for part in parts if part)


def rows_of(chain: Chain, failure: Failure | None, unit: str = "") -> tuple[Row, ...]:
    """Return the rows of a chain; reads the registry of operations, which is slow the first time."""
    here = failure if failure and (failure.layer, failure.label) == (chain.layer.id, chain.label) else None
    found = []
    for n, step in enumerate(chain.steps):
        title, said = said_of(step, unit)
        if step.inputs[1:]:
            said = " · ".join(filter(None, (said, tr("with {names}", names=", ".join(step.inputs[1:])))))
        why = here.sentence if here is not None and here.position == n else ""
        found.append(Row(n + 1, title, said, _kind(step), step.enabled, why))
    return tuple(found)


def _kind(step: Provenance) -> str:
    from pellucid.operations.operation import registry

    if step.operation == HAND_EDIT:
        return "hand"
    if is_fixed(step):
        return "fixed"
    own, operation = own_steps.find(step.operation), registry().get(step.operation)
    if own is None and operation is None:
        return "unknown"
    makes = own.makes or "image" if own is not None else operation.output if operation is not None else ""
    return "mask" if makes in ("mask", "labels") else "image"


class StepList(QListWidget):
    """Arrows choose, Space switches on and off, Delete removes."""

    switched = Signal(int, bool)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Steps of the recipe"))
        self.setProperty("frame", True)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setMinimumHeight(2 * _HEIGHT + 4)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setItemDelegate(_Painter(self))

    def set_short(self, short: bool) -> None:
        """Show one step only, the chosen one, or as many as there is room for."""
        self.setMinimumHeight((1 if short else 2) * _HEIGHT + 4)
        self.setMaximumHeight(_HEIGHT + 4 if short else _ANY)
        self.scrollToItem(self.currentItem())

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these steps; the one that is chosen stays chosen."""
        self.blockSignals(True)
        while self.count() > len(rows):
            self.takeItem(self.count() - 1)
        while self.count() < len(rows):
            self.addItem(QListWidgetItem())
        for n, row in enumerate(rows):
            item = self.item(n)
            item.setText(row.title)
            item.setToolTip("\n".join(filter(None, (row.title, row.said, row.failure, tr(KINDS[row.kind][1])))))
            item.setData(ROW_ROLE, row)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, row.words)
        self.blockSignals(False)
        self.viewport().update()

    def row_at(self, n: int) -> Row:
        """Return what is shown of step ``n``."""
        row: Row = self.item(n).data(ROW_ROLE)
        return row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Switch with Space, remove with Delete."""
        n = self.currentRow()
        if event.key() == Qt.Key.Key_Space and n >= 0:
            self._switch(n)
        elif event.key() == Qt.Key.Key_Delete and n >= 0:
            self.removed.emit(n)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Switch a step by a click on its tick, without choosing it."""
        where = event.position().toPoint()
        item = self.itemAt(where)
        if item is not None and event.button() == Qt.MouseButton.LeftButton:
            if tick_rect(self.visualItemRect(item)).adjusted(-4, -6, 4, 6).contains(where):
                self._switch(self.row(item))
                return
        super().mousePressEvent(event)

    def _switch(self, n: int) -> None:
        row = self.row_at(n)
        if row.can_switch:
            self.switched.emit(n, not row.enabled)


def tick_rect(cell: QRect) -> QRect:
    """Return where the tick of a row is."""
    return QRect(QPoint(cell.left() + 8, cell.center().y() - 8), QSize(16, 16))


class _Painter(QStyledItemDelegate):
    """Two lines: number and name, then the parameters or what went wrong."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return two lines' height; any width will do."""
        return QSize(160, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a step."""
        row: Row | None = index.data(ROW_ROLE)
        if row is None:
            return
        c, cell = theme.colors(), option.rect
        painter.save()
        paint_choice(painter, option, edge=True)
        if row.can_switch:
            self._tick(painter, tick_rect(cell), row.enabled)
        faded = "" if row.enabled and not row.failure else c.danger if row.failure else c.dim
        glyph = "alert-circle-outline" if row.failure else KINDS[row.kind][0]
        paint_icon(painter, QRect(cell.left() + 30, cell.top(), 20, cell.height()), theme.icon(glyph, faded))
        self._lines(painter, cell.adjusted(56, 4, -8, -4), row, option.font)
        painter.restore()

    def _lines(self, painter: QPainter, room: QRect, row: Row, font: QFont) -> None:
        c = theme.colors()
        second = row.failure or row.said
        upper = QRect(room.left(), room.top(), room.width(), room.height() // 2 if second else room.height())
        lower = QRect(room.left(), upper.bottom() + 1, room.width(), room.height() - upper.height())
        name = QFont(font)
        name.setStrikeOut(not row.enabled)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for place, text, how, color in (
            (upper, f"{row.number}. {row.title}", name, c.text if row.enabled else c.dim),
            (lower, second, font, c.danger if row.failure else c.dim),
        ):
            painter.setFont(theme.figures(how))
            painter.setPen(QColor(color))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, left, shown)

    def _tick(self, painter: QPainter, place: QRect, on: bool) -> None:
        c = theme.colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(c.accent if on else c.dim))
        painter.setBrush(QColor(c.accent if on else c.panel))
        painter.drawRoundedRect(place.adjusted(0, 0, -1, -1), 3, 3)
        if on:
            theme.icon("check-bold", c.on_accent).paint(painter, place.adjusted(1, 1, -2, -2))
        painter.restore()
