"""Patients, studies and series as a Qt model, and the list that shows them; where they come from it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from pellucid.database.rows import SeriesRow, StudyRow
from pellucid.language import mark, tr
from pellucid.ui.browser.row_paint import ROW_ROLE, RowPaint
from pellucid.ui.browser.study_rows import (
    COLUMNS,
    DATE,
    DRAG,
    FILES,
    MODALITY,
    NAME,
    SERIES,
    Row,
    patients,
    series_row,
    sort,
)
from pellucid.ui.canvas.drops import ITEM_MIME

Index = QModelIndex | QPersistentModelIndex
HEADERS = (mark("Patient, study, series"), mark("Date"), mark("Modality"), mark("No. of series"), mark("Files"))


class StudyTreeModel(QAbstractItemModel):
    """Rows of studies; the series of one are asked for when it is opened, through ``wanted``."""

    wanted = Signal(str)
    """Emitted with the key of a study whose series are needed; answered by ``fill``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._before: list[Row] = []
        self.hidden = False
        self.cover: Callable[[str, StudyRow], str] = lambda text, _study: text
        """Takes what tells the patient out of the descriptions, while the identity is hidden."""
        self.hint = DRAG
        """What the tooltip of a series says can be done with it."""
        self._studies: tuple[StudyRow, ...] = ()
        self._offline: tuple[int, ...] = ()
        self._asked: set[str] = set()
        self._order: tuple[int, bool] | None = None

    def show(self, studies: Iterable[StudyRow], *, hidden: bool = False, offline: tuple[int, ...] = ()) -> bool:
        """Show these studies; return whether anything changed. What is ``offline`` tells on their series."""
        studies = tuple(studies)
        if studies == self._studies and hidden == self.hidden and offline == self._offline:
            return False
        self._offline = offline
        self.beginResetModel()
        self._studies, self.hidden = studies, hidden
        self._asked.clear()
        self._before = self.rows  # Qt may still hold indexes that point to them
        self.rows = patients(studies, hidden=hidden, cover=self.cover)
        if self._order is not None:
            sort(self.rows, self._order[0], descending=self._order[1])
        self.endResetModel()
        return True

    def fill(self, study: str, series: Sequence[SeriesRow]) -> None:
        """Put the series below their study."""
        row = self.find(study)
        if row is None or row.children:
            return
        of = next((one for one in self._studies if one.key == study), None)

        def described(one: SeriesRow) -> str:
            return self.cover(one.description, of) if self.hidden and of is not None else one.description

        below = [series_row(one, row, described(one), hidden=self.hidden, hint=self.hint) for one in series]
        if self._order is not None and self._order[0] != DATE:
            sort(below, self._order[0], descending=self._order[1])
        row.children = []
        if below:
            self.beginInsertRows(self.index_of(row), 0, len(below) - 1)
            row.children = below
            self.endInsertRows()

    def forget(self, study: str) -> None:
        """Ask for the series of a study anew when it is unfolded again: they could not be had."""
        self._asked.discard(study)

    def find(self, key: str) -> Row | None:
        """Return the row of a key, if it is shown."""
        stack = list(self.rows)
        while stack:
            row = stack.pop()
            if row.key == key:
                return row
            stack.extend(row.children or ())
        return None

    def row(self, index: Index) -> Row | None:
        """Return what stands in a row."""
        return index.internalPointer() if index.isValid() else None

    def index_of(self, row: Row | None, column: int = NAME) -> QModelIndex:
        """Return where a row is."""
        if row is None:
            return QModelIndex()
        among = self.rows if row.parent is None else row.parent.children or []
        return self.createIndex(among.index(row), column, row) if row in among else QModelIndex()

    # ---------------------------------------------------------------- what Qt asks

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008, D102
        above = self.row(parent)
        among = self.rows if above is None else above.children or []
        return self.createIndex(row, column, among[row]) if 0 <= row < len(among) else QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008, D102
        row = self.row(index)
        return self.index_of(row.parent) if row is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        row = self.row(parent)
        return len(self.rows) if row is None else len(row.children or ())

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return COLUMNS

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008, D102
        row = self.row(parent)
        return bool(self.rows) if row is None else row.children is None or bool(row.children)

    def canFetchMore(self, parent: Index) -> bool:  # noqa: D102
        row = self.row(parent)
        return row is not None and row.children is None and row.key not in self._asked

    def fetchMore(self, parent: Index) -> None:  # noqa: D102
        row = self.row(parent)
        if row is not None and row.key not in self._asked:
            self._asked.add(row.key)
            self.wanted.emit(row.key)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        row = self.row(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip
        if role == Qt.ItemDataRole.AccessibleTextRole:
            told = (row.texts[NAME], row.detail) if index.column() == NAME else (row.texts[index.column()],)
            return ", ".join(text for text in told if text)
        return None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if role == Qt.ItemDataRole.DisplayRole and way == Qt.Orientation.Horizontal:
            return tr(HEADERS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in (SERIES, FILES) else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        row = self.row(index)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled if row is not None and row.kind == "series" else flags

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:  # noqa: D102
        self._order = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        rows = [self.row(index) for index in kept]
        sort(self.rows, column, descending=self._order[1])
        places = [self.index_of(row, index.column()) for row, index in zip(rows, kept, strict=True)]
        self.changePersistentIndexList(kept, places)
        self.layoutChanged.emit()

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: D102
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: D102
        return [ITEM_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the key of the dragged series."""
        data = QMimeData()
        row = self.row(indexes[0]) if indexes else None
        data.setData(ITEM_MIME, (row.key if row is not None else "").encode())
        return data


class StudyTree(QTreeView):
    """The list; Enter or a double click opens, series can be dragged onto the panes."""

    opened = Signal(object)
    """Emitted with the row that is to be opened."""
    removal_asked = Signal()
    """Emitted when the selected rows are to be taken off the list."""
    menu_asked = Signal(QPoint)
    """Emitted with the global position where the menu of the selected rows is wanted."""

    def __init__(self, thumbnail: Callable[[str], Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.studies = StudyTreeModel(self)
        self.setModel(self.studies)
        self.paint_rows = RowPaint(self, thumbnail)
        self.setItemDelegate(self.paint_rows)
        self.setAccessibleName(tr("Studies found"))
        self.setProperty("frame", True)
        self.setIndentation(16)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu_asked.emit(self.viewport().mapToGlobal(at)))
        self.doubleClicked.connect(self._open)
        self._set_header()

    def _set_header(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((DATE, 100), (MODALITY, 92), (SERIES, 64), (FILES, 68)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, max(width, header.sectionSizeHint(column)))
        header.setSortIndicator(DATE, Qt.SortOrder.DescendingOrder)
        header.setAccessibleName(tr("Columns"))
        self.setSortingEnabled(True)

    def show_studies(
        self, studies: Iterable[StudyRow], *, hidden: bool = False, offline: tuple[int, ...] = ()
    ) -> None:
        """Show other studies; what was unfolded, chosen and in sight stays so where it is still there."""
        open_keys = self._unfolded()
        chosen = self.chosen()
        place = self.verticalScrollBar().value()
        if not self.studies.show(studies, hidden=hidden, offline=offline):
            return
        self.expandToDepth(0)
        for key in open_keys:
            self.setExpanded(self.studies.index_of(self.studies.find(key)), True)
        if chosen:
            self.setCurrentIndex(self.studies.index_of(self.studies.find(chosen[0].key)))
        self.verticalScrollBar().setValue(place)

    def _unfolded(self) -> list[str]:
        studies = (study for patient in self.studies.rows for study in patient.children or ())
        return [study.key for study in studies if study.children and self.isExpanded(self.studies.index_of(study))]

    def chosen(self) -> list[Row]:
        """Return the selected rows."""
        rows = (self.studies.row(index) for index in self.selectionModel().selectedRows())
        return [row for row in rows if row is not None]

    def choose_first(self) -> None:
        """Select the first study, so that the keyboard can go on from it."""
        if self.studies.rows and self.studies.rows[0].children:
            self.setCurrentIndex(self.studies.index_of(self.studies.rows[0].children[0]))

    def _open(self, index: QModelIndex) -> None:
        row = self.studies.row(index)
        if row is not None:
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the current row, Delete asks to take what is selected off the list."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
            event.accept()
            return
        if event.matches(QKeySequence.StandardKey.Delete):
            self.removal_asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)
