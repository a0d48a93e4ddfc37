"""The first column of the table of objects, which stays where it is while the others are moved sideways."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView


class FrozenColumn(QTableView):
    """Lies over the left of a table and shows its first column, with the same rows, selection and order."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self.setModel(table.model())
        self.setSelectionModel(table.selectionModel())
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(table)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(table.font())
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(table.textElideMode())
        self.setToolTip(table.toolTip())
        self.setAccessibleName(table.accessibleName())
        self.setSelectionBehavior(table.selectionBehavior())
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(table.verticalScrollMode())
        for way in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            way(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(table.verticalHeader().defaultSectionSize())
        self._follow_head()
        table.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        table.verticalScrollBar().rangeChanged.connect(lambda *_range: self.arrange())
        table.model().modelReset.connect(self.arrange)
        table.viewport().installEventFilter(self)
        self.arrange()

    def _follow_head(self) -> None:
        own, head = self.horizontalHeader(), self._table.horizontalHeader()
        own.setHighlightSections(False)
        own.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        own.setSectionsClickable(True)
        own.setSortIndicatorShown(True)
        own.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        own.sectionClicked.connect(self._clicked)
        head.sortIndicatorChanged.connect(self._show_order)
        head.sectionResized.connect(lambda *_sizes: self.arrange())

    def _show_order(self, number: int, order: Qt.SortOrder) -> None:
        self.horizontalHeader().setSortIndicator(number if number == 0 else -1, order)

    def _clicked(self, number: int) -> None:
        """Order the table, as a click on its own heading would."""
        head = self._table.horizontalHeader()
        rising = head.sortIndicatorSection() == number and head.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
        first = head.sortIndicatorSection() != number
        head.setSortIndicator(
            number, Qt.SortOrder.AscendingOrder if rising or first else Qt.SortOrder.DescendingOrder
        )  # fmt: skip
        head.sectionClicked.emit(number)

    def arrange(self) -> None:
        """Lie where the first column is, as wide and as high."""
        table = self._table
        for number in range(1, self.model().columnCount()):
            self.setColumnHidden(number, True)
        width = min(table.columnWidth(0), table.viewport().width() // 2) if self.model().columnCount() else 0
        self.setColumnWidth(0, width)
        self.horizontalHeader().setFixedHeight(table.horizontalHeader().height())
        frame, height = table.frameWidth(), table.viewport().height() + table.horizontalHeader().height()
        self.setGeometry(frame, frame, width, height)
        self.verticalScrollBar().setValue(table.verticalScrollBar().value())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the table."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self.arrange()
        return super().eventFilter(watched, event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move the whole table."""
        self._table.wheelEvent(event)
