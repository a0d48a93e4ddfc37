"""The nodes of the library in a Qt tree that is brought up to date without losing selection or expansion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from pellucid.ui.canvas.drops import ITEM_MIME
from pellucid.ui.docks.study_delegate import NODE_ROLE
from pellucid.ui.docks.study_nodes import Node


class StudyModel(QStandardItemModel):
    """Rows are matched by the id of their node: only what came, went or changed is touched."""

    def update_from(self, nodes: Iterable[Node]) -> list[QModelIndex]:
        """Show these nodes and return the indexes of rows that are new."""
        fresh: list[QStandardItem] = []
        self._sync(self.invisibleRootItem(), tuple(nodes), fresh)
        return [item.index() for item in fresh]

    def index_of(self, node_id: str) -> QModelIndex:
        """Return the index of a node, invalid when it is not there."""
        flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
        found = self.match(self.index(0, 0), Qt.ItemDataRole.UserRole + 2, node_id, 1, flags)
        return found[0] if found else QModelIndex()

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: D102
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: D102 - Qt's interface
        return [ITEM_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the key of the dragged item, and on a second line which volume of it was named."""
        data = QMimeData()
        node: Node = indexes[0].data(NODE_ROLE)
        part = f"\n{node.part}" if node.part or node.kind == "volume" else ""
        data.setData(ITEM_MIME, f"{node.item}{part}".encode())
        return data

    def _sync(self, parent: QStandardItem, nodes: tuple[Node, ...], fresh: list[QStandardItem]) -> None:
        wanted = {node.id for node in nodes}
        for row in reversed(range(parent.rowCount())):
            if parent.child(row).data(NODE_ROLE).id not in wanted:
                parent.removeRow(row)
        for row, node in enumerate(nodes):
            item = self._at(parent, row, node, fresh)
            if item.data(NODE_ROLE) != node:
                _fill(item, node)
            self._sync(item, node.children, fresh)

    def _at(self, parent: QStandardItem, row: int, node: Node, fresh: list[QStandardItem]) -> QStandardItem:
        for there in range(row, parent.rowCount()):
            if parent.child(there).data(NODE_ROLE).id == node.id:
                if there != row:
                    parent.insertRow(row, parent.takeRow(there))
                return parent.child(row)
        item = QStandardItem()
        _fill(item, node)
        parent.insertRow(row, [item])  # a list: given alone, PySide forgets that Qt owns the item now
        fresh.append(item)
        return item


def _fill(item: QStandardItem, node: Node) -> None:
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    item.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled if node.item else flags)
    item.setText(node.title)
    item.setToolTip(node.tip or (node.title if node.kind == "finding" else ""))
    item.setAccessibleText(", ".join(part for part in (node.badge, node.title, node.detail) if part))
    item.setData(node, NODE_ROLE)
    item.setData(node.id, Qt.ItemDataRole.UserRole + 2)
