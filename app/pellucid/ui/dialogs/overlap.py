"""The table of labels of two layers that share voxels: to read, to order, to copy and to write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QTableView, QVBoxLayout, QWidget

from pellucid.files.answers import as_csv, as_tabbed
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.operations.answers import Rows
from pellucid.session.object_overlaps import OverlapTable
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row
from pellucid.ui.docks.tables import show_whole_rows, side
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()


class RowsModel(QAbstractTableModel):
    """Rows as they are; the numbers of labels that have names are left out."""

    def __init__(self, rows: Rows, parent: QWidget) -> None:
        super().__init__(parent)
        numbered = {"label", "other"} if "name" in rows.values else set()
        self.columns = [column for column in rows.columns if column.name not in numbered]
        self._rows = rows

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = TOP) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal:
            return None
        column = self.columns[number]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.title}: {tr(column.help)}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column.name in ("name", "other_name"))
        return column.title if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        value = self._rows.values[self.columns[index.column()].name][index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=isinstance(value, str))
        if role == Qt.ItemDataRole.DisplayRole:
            return value if isinstance(value, str) else short_number(value)
        return None


class OverlapDialog(QDialog):
    """Stays beside the window, as it was measured."""

    def __init__(self, session: Session, table: OverlapTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Overlap of {name} with {other}", name=table.name, other=table.other))
        self.resize(760, 420)
        self._session, self._table = session, table
        self.model = RowsModel(table.rows, self)
        ordered = QSortFilterProxyModel(self)
        ordered.setSourceModel(self.model)
        ordered.setSortRole(Qt.ItemDataRole.UserRole)
        self.view = QTableView()
        self.view.setModel(ordered)
        self._prepare_view()
        count = len(table.rows)
        self.said = dim(
            tr_count("{count} pair of labels shares voxels.", "{count} pairs of labels share voxels.", count)
        )
        self.copy = push_button(tr("Copy table"), self._copy, tip=tr("Put the numbers on the clipboard, to paste them"))
        self.save = push_button(tr("Export…"), self._export, tip=tr("Write the table to CSV, JSON or Parquet"))
        close = push_button(tr("Close"), self.reject, kind="primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.view, 1)
        column.addWidget(self.said)
        column.addWidget(row(self.copy, self.save, QWidget(), close, spacing=theme.MARGIN, stretch=2))

    def _prepare_view(self) -> None:
        view = self.view
        view.setAccessibleName(self.windowTitle())
        show_whole_rows(view)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        head = view.horizontalHeader()
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setResizeContentsPrecision(50)
        head.setMaximumSectionSize(200)
        view.setSortingEnabled(True)
        view.resizeColumnsToContents()
        head.setStretchLastSection(True)

    def _copy(self) -> None:
        rows = self._table.rows
        QGuiApplication.clipboard().setText(as_tabbed(as_csv([column.name for column in rows.columns], rows)))

    def _export(self) -> None:
        kinds = ";;".join((tr("CSV (*.csv)"), tr("JSON (*.json)"), tr("Parquet (*.parquet)")))
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export table"), "overlap.csv", kinds)
        if name:
            try:
                self._session.objects.overlaps.export(self._table, Path(name))
            except Refused as refusal:
                self._session.notice.emit(str(refusal), "warning")
