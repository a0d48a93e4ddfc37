"""How the items of a batch went: a table that can be sorted and filtered, whose rows open their case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedWidget, QTableView, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.recipes.batch.journal import WORDS, Entry, State
from pellucid.ui import theme
from pellucid.ui.docks.parts import EmptyState, dim, row, section
from pellucid.ui.docks.tables import show_whole_rows, side
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
STATE, ITEM, SECONDS, SENTENCE = range(4)
TITLES = (mark("State"), mark("Image"), mark("Seconds"), mark("What there is to know"))
GLYPHS = {
    State.DONE: "check-circle-outline",
    State.WARNED: "alert-outline",
    State.REFUSED: "cancel",
    State.FAILED: "alert-circle-outline",
}
EMPTY = mark("How each image went will be listed here; a double click opens the case as the recipe leaves it.")
_SORT_ROLE = Qt.ItemDataRole.UserRole + 1


def state_icon(state: State) -> QIcon:
    """Return the sign of a state in its colour."""
    c = theme.colors()
    color = {State.DONE: c.good, State.WARNED: c.warning, State.REFUSED: c.danger, State.FAILED: c.danger}[state]
    return theme.icon(GLYPHS[state], color)


class ResultModel(QAbstractTableModel):
    """One row for each item that went through, in the order in which they did."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def set_entries(self, entries: Iterable[Entry]) -> None:
        """Show other entries."""
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def add(self, entries: list[Entry]) -> None:
        """Add what is new at the end."""
        first = len(self.entries)
        self.beginInsertRows(TOP, first, first + len(entries) - 1)
        self.entries += entries
        self.endInsertRows()

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(TITLES)

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(TITLES[number])
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=number != SECONDS)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        entry, column = self.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, column)
        if role == _SORT_ROLE:
            return self._order(entry, column)
        if role == Qt.ItemDataRole.DecorationRole and column == STATE:
            return state_icon(entry.state)
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.item if column == ITEM else entry.sentence or self._text(entry, column)
        return side(text=column != SECONDS) if role == Qt.ItemDataRole.TextAlignmentRole else None

    @staticmethod
    def _order(entry: Entry, column: int) -> Any:
        """Return what a column is sorted by: states from good to bad."""
        if column == STATE:
            return list(State).index(entry.state)
        return entry.seconds if column == SECONDS else ResultModel._text(entry, column).casefold()

    @staticmethod
    def _text(entry: Entry, column: int) -> str:
        if column == STATE:
            return tr(WORDS[entry.state])
        if column == ITEM:
            return Path(entry.item).name.partition("#")[0]
        return f"{entry.seconds:.2f}" if column == SECONDS else entry.sentence


class Filtered(QSortFilterProxyModel):
    """The rows of one state, or all of them; sorted by the column the user chose."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._state: State | None = None
        self.setSortRole(_SORT_ROLE)

    def show_state(self, state: State | None) -> None:
        """Show only the items that went so."""
        self.beginFilterChange()
        self._state = state
        self.endFilterChange()

    def filterAcceptsRow(self, number: int, _parent: Index) -> bool:  # noqa: D102 - Qt's interface
        model = self.sourceModel()
        assert isinstance(model, ResultModel)
        return self._state is None or model.entries[number].state is self._state


class Results(QWidget):
    """The table under its filter."""

    opened = Signal(object)
    """Emitted with the entry whose case shall be opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model, self.shown = ResultModel(self), Filtered(self)
        self.shown.setSourceModel(self.model)
        self.filter = Choice()
        self.filter.setAccessibleName(tr("Show only"))
        self.filter.setToolTip(tr("Show only the images that went so"))
        self.filter.chosen.connect(self.shown.show_state)
        self.counted = dim(wrap=False)
        self.table = QTableView()
        self._set_table()
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("format-list-checks", tr(EMPTY)))
        self.stack.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Results")))
        column.addWidget(row(self.filter, self.counted, spacing=theme.MARGIN, stretch=1))
        column.addWidget(self.stack, 1)
        self.filter.setFixedWidth(176)
        self._count()

    def _set_table(self) -> None:
        table = self.table
        table.setModel(self.shown)
        table.setAccessibleName(tr("Results"))
        show_whole_rows(table)
        table.setSortingEnabled(True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setStretchLastSection(True)
        for column, width in ((STATE, 96), (ITEM, 190), (SECONDS, 76)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        table.activated.connect(lambda index: self.opened.emit(self.entry(index)))

    def entry(self, index: QModelIndex) -> Entry:
        """Return the entry of a row that is shown."""
        return self.model.entries[self.shown.mapToSource(index).row()]

    def chosen(self) -> Entry | None:
        """Return the entry of the row that is selected, if one is."""
        rows = self.table.selectionModel().selectedRows()
        return self.entry(rows[0]) if rows else None

    def set_entries(self, entries: Iterable[Entry]) -> None:
        """Show the entries of a batch from its beginning."""
        self.model.set_entries(entries)
        self._count()

    def add(self, entries: list[Entry]) -> None:
        """Show what is new."""
        self.model.add(entries)
        self._count()

    def _count(self) -> None:
        counted = Counter(entry.state for entry in self.model.entries)
        before = self.filter.value()
        every = tr("All ({count})", count=len(self.model.entries))
        self.filter.set_options(
            [(every, None), *((f"{tr(WORDS[state])} ({counted[state]})", state) for state in State)]
        )
        self.filter.set_value(before)
        self.counted.setText(" · ".join(f"{counted[s]} {tr(WORDS[s])}" for s in State if counted[s]))
        self.stack.setCurrentIndex(1 if self.model.entries else 0)
