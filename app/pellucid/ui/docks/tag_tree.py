"""The tree of the panel “Tags”: what is open in it stays open when its lines are shown anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTreeView, QWidget

from pellucid.dicom.tags import Difference
from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.tag_model import INDENT, LINE_ROLE, NAME, OTHER, TAG, VALUE, VR, TagModel

TreeIndex = QModelIndex | QPersistentModelIndex
_WIDTHS = {TAG: 120, NAME: 240, VR: 40, VALUE: 320, OTHER: 160}


class TagTree(QTreeView):
    """Elements as a tree; ``lines`` is its model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = TagModel(self)
        self.setModel(self.lines)
        self.setAccessibleName(tr("Tags"))
        self.setProperty("frame", True)
        self.setUniformRowHeights(True)
        self.setIndentation(INDENT + 2)
        self.header().setProperty("flush", True)
        self.setFont(theme.figures(self.font()))
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._ends: list[QPersistentModelIndex] = []
        self._more = QTimer(self, singleShot=True, interval=0)
        self._more.timeout.connect(self._show_more)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)

    def opened(self) -> set[str]:
        """Return the keys of the lines that are open."""
        return {_key(index) for index in self._walk(self.isExpanded) if self.isExpanded(index)}

    def open_again(self, keys: set[str]) -> None:
        """Open the lines with these keys."""
        for index in self._walk(lambda index: _key(index) in keys):
            if _key(index) in keys:
                self.expand(index)

    def chosen_lines(self) -> list[Difference]:
        """Return the lines that the user has chosen."""
        found = (self.lines.line(index) for index in self.selectionModel().selectedRows())
        return [line for line in found if line is not None]

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: TreeIndex) -> None:
        """Ask for what a row stands for as soon as it comes into sight."""
        super().drawRow(painter, option, index)
        if self.lines.stands_for_more(index) and QPersistentModelIndex(index) not in self._ends:
            self._ends.append(QPersistentModelIndex(index))
            self._more.start()

    def _show_more(self) -> None:
        ends, self._ends = self._ends, []
        for index in ends:
            if index.isValid():
                self.lines.show_more(index)

    def _walk(self, enter: Callable[[QModelIndex], bool]) -> Iterator[QModelIndex]:
        """Yield the lines from top to bottom, with those in a line where ``enter`` says so."""
        stack = self._children(QModelIndex())
        while stack:
            index = stack.pop()
            yield index
            if enter(index):
                stack += self._children(index)

    def _children(self, parent: QModelIndex) -> list[QModelIndex]:
        return [self.lines.index(n, 0, parent) for n in reversed(range(self.lines.rowCount(parent)))]


def _key(index: QModelIndex) -> str:
    line: Difference | None = index.data(LINE_ROLE)
    return line.row.key if line is not None else ""
