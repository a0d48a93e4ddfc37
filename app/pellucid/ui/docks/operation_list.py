"""The list of operations by family, with search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.controls import TextLine

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation

ID_ROLE = Qt.ItemDataRole.UserRole + 1


def matches(operation: Operation, text: str) -> bool:
    """Return whether every word of a search is in the title, the family, the keywords, the id or the help."""
    english = (operation.title, operation.menu, *operation.keywords, operation.id, operation.help)
    shown = map(tr, (operation.title, operation.family, operation.help))
    said = " ".join((*shown, *english)).casefold()
    return all(word in said for word in text.casefold().split())


def distance(operation: Operation, text: str) -> int:
    """Return how far a match is from a search: 0 where a title begins so, 1 in a title, 2 a keyword, 3 other words."""
    words = text.casefold().split()
    titles = [title.casefold() for title in (tr(operation.title), operation.title)]
    if any(title.startswith(text.casefold().strip()) for title in titles):
        return 0
    if any(all(word in title for word in words) for title in titles):
        return 1
    return 2 if all(word in " ".join(operation.keywords).casefold() for word in words) else 3


def by_family(operations: Iterable[Operation], root: str, text: str = "") -> dict[str, list[Operation]]:
    """Return the operations of a menu (``""``: of all) that match a search, by family: the nearest first.

    Equally near ones, and all without a search, keep the order of declaration.
    """
    found = [one for one in operations if root in ("", one.menu.split("/")[0]) and matches(one, text)]
    families: dict[str, list[Operation]] = {}
    for operation in sorted(found, key=lambda one: distance(one, text)) if text.strip() else found:
        families.setdefault(operation.family, []).append(operation)
    return families


class OperationList(QWidget):
    """A search line over a tree of families; Enter takes the first match, Down goes into the list.

    Arrow keys only move; a click or Enter chooses.
    """

    chosen = Signal(str)
    """Emitted with the id of the operation the user chose."""

    def __init__(self, root: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root = root
        self._operations: tuple[Operation, ...] = ()
        self._items: dict[str, QTreeWidgetItem] = {}
        self.search = TextLine(placeholderText=tr("Search operations"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Search operations"))
        self.search.addAction(theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(10)
        self.tree.setAccessibleName(tr("Operations"))
        self.tree.setProperty("frame", True)
        self.tree.setMinimumHeight(96)
        self.tree.setUniformRowHeights(True)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        self.search.textChanged.connect(self._rebuild)
        self.search.returnPressed.connect(self._take_first)
        self.search.installEventFilter(self)
        self.tree.itemClicked.connect(lambda item, _column: self._take(item))
        self.tree.itemActivated.connect(lambda item, _column: self._take(item))

    def set_operations(self, operations: Iterable[Operation]) -> None:
        """List these operations."""
        self._operations = tuple(operations)
        self._rebuild()

    def select(self, operation_id: str) -> bool:
        """Choose an operation as a click would; return whether it is listed."""
        item = self._item(operation_id)
        if item is not None:
            self._take(item)
        return item is not None

    def deselect(self) -> None:
        """Choose nothing."""
        self.tree.setCurrentIndex(QModelIndex())

    def current(self) -> str:
        """Return the id of the chosen operation, or ``""``."""
        item = self.tree.currentItem()
        return str(item.data(0, ID_ROLE) or "") if item is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the search line into the list with Down."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down:
            self.tree.setFocus()
            for item in list(self._items.values())[:1]:
                self.tree.setCurrentItem(item)
            return True
        return super().eventFilter(watched, event)

    def _rebuild(self, *_args: object) -> None:
        current = self.current()
        self.tree.clear()
        self._items.clear()
        for family, operations in by_family(self._operations, self._root, self.search.text()).items():
            parent = QTreeWidgetItem(self.tree, [tr(family)])
            parent.setFlags(Qt.ItemFlag.ItemIsEnabled)
            parent.setFont(0, theme.small_caps(self.font()))
            parent.setForeground(0, self.palette().placeholderText())
            for operation in operations:
                self._add(parent, operation)
            parent.setExpanded(True)
        item = self._item(current)
        if item is not None:
            self.tree.setCurrentItem(item)
        if self.tree.topLevelItemCount() == 0 and self._operations:
            none = QTreeWidgetItem(self.tree, [tr("Nothing found for “{words}”", words=self.search.text())])
            none.setFlags(Qt.ItemFlag.NoItemFlags)

    def _add(self, parent: QTreeWidgetItem, operation: Operation) -> None:
        item = QTreeWidgetItem(parent, [tr(operation.title)])
        item.setData(0, ID_ROLE, operation.id)
        self._items[operation.id] = item
        item.setToolTip(0, tr(operation.help))
        item.setSizeHint(0, QSize(0, 24))

    def _item(self, operation_id: str) -> QTreeWidgetItem | None:
        return self._items.get(operation_id)

    def _take_first(self) -> None:
        for item in list(self._items.values())[:1]:
            self._take(item)

    def _take(self, item: QTreeWidgetItem) -> None:
        operation_id = str(item.data(0, ID_ROLE) or "")
        if operation_id:
            self.tree.setCurrentItem(item)
            self.chosen.emit(operation_id)
