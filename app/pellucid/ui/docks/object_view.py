"""The view of the table of objects: whole rows are selected, Delete deletes, Ctrl+C copies."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.object_frozen import FrozenColumn
from pellucid.ui.docks.object_model import ObjectModel
from pellucid.ui.docks.tables import RowTable, show_whole_rows

_WIDEST, _WIDEST_NAME = 200, 120
_FLAG = QItemSelectionModel.SelectionFlag


class ObjectView(RowTable):
    """Shows an ``ObjectModel``; rows are named by their numbers in the table that was measured."""

    chosen = Signal(object)
    """Emitted with the numbers of the rows that the user selected."""

    def __init__(self, model: ObjectModel) -> None:
        super().__init__()
        self._objects, self.quiet = model, False
        self.setModel(model)
        self.setAccessibleName(tr("Measured objects"))
        self.setToolTip(tr("Click a row to go to its object; click an object on the image to find its row"))
        show_whole_rows(self)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setMinimumHeight(3 * theme.CONTROL_HEIGHT)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        head = self.horizontalHeader()
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setResizeContentsPrecision(50)
        head.setMaximumSectionSize(_WIDEST)
        head.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSortingEnabled(True)
        self.frozen = FrozenColumn(self)
        self.selectionModel().selectionChanged.connect(self._selection_changed)

    def fit_columns(self) -> None:
        """Make the columns as wide as their headings and numbers need; long names leave room for the others."""
        self.resizeColumnsToContents()
        if self._objects.columnCount() and self.columnWidth(0) > _WIDEST_NAME:
            self.setColumnWidth(0, _WIDEST_NAME)
        self.frozen.arrange()

    def _selection_changed(self, *_args: object) -> None:
        if not self.quiet:
            self.chosen.emit(self.rows())

    def rows(self) -> frozenset[int]:
        """Return the numbers of the rows that are selected."""
        shown = [index.row() for index in self.selectionModel().selectedRows()]
        return frozenset(self._objects.order[shown].tolist()) if shown else frozenset()

    def choose(self, rows: Iterable[int]) -> None:
        """Select rows without telling anybody, and bring the first of them into sight."""
        places = np.array(sorted(at for row in rows if (at := self._objects.place_of(row)) >= 0), np.int64)
        picked = self.selectionModel()
        if sorted(index.row() for index in picked.selectedRows()) == places.tolist():
            return
        self.quiet = True
        selection = QItemSelection()
        for run in np.split(places, np.flatnonzero(np.diff(places) != 1) + 1) if len(places) else ():
            selection.select(self._objects.index(int(run[0]), 0), self._objects.index(int(run[-1]), 0))
        picked.clear()
        picked.select(selection, _FLAG.Select | _FLAG.Rows)
        first = self._objects.index(int(places[0]), 0) if len(places) else QModelIndex()
        picked.setCurrentIndex(first, _FLAG.NoUpdate)
        if len(places):
            self.scrollTo(first)
        self.quiet = False
