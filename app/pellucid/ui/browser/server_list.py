"""The servers the user knows, and the listener: beside the list of what a server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from pellucid.language import tr, tr_count
from pellucid.ui import theme
from pellucid.ui.dialogs.listening import EVERYWHERE, ListeningDialog
from pellucid.ui.dialogs.server import ServerDialog
from pellucid.ui.docks.parts import allow, dim, flat_button, push_button, row, section, tell

if TYPE_CHECKING:
    from pellucid.network.nodes import Node
    from pellucid.session.servers import Servers

WIDTH = 224
_HEIGHT = 40


class ServerList(QWidget):
    """Choose, add, change, test and remove servers; switch the listener on and off."""

    chosen = Signal()
    """Emitted when another server is chosen."""

    def __init__(self, servers: Servers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._servers = servers
        self._told_of = ""
        self.setFixedWidth(WIDTH)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Servers"))
        self.list.setProperty("frame", True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemSelectionChanged.connect(self._chosen)
        self.list.itemDoubleClicked.connect(lambda _item: self.change())
        self.add_button = flat_button("plus", tr("Add a server"), self.add, tip=tr("Add a PACS or a DICOMweb server"))
        self.change_button = flat_button("pencil-outline", tr("Change"), self.change)
        self.test_button = flat_button("lan-check", tr("Test"), self.test, tip=tr("Ask whether it is there (C-ECHO)"))
        self.remove_button = flat_button("trash-can-outline", tr("Remove"), self.remove,
                                         tip=tr("Forget the server and its password (Delete)"))  # fmt: skip
        self.said = dim(wrap=True)
        self.listen: QPushButton = push_button(tr("Listen"), self._listen)
        self.listen.setCheckable(True)
        settings = flat_button("cog-outline", tr("How to receive"), self.ask_listening)
        self.hearing = dim(wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(section(tr("Servers"), self.add_button, self.change_button, self.test_button,
                                 self.remove_button))  # fmt: skip
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        column.addWidget(section(tr("Receiving"), settings))
        column.addWidget(row(self.listen))
        column.addWidget(self.hearing)
        servers.changed.connect(self.refresh)
        self.refresh()

    def close_down(self) -> None:
        """Listen no longer to changes."""
        self._servers.changed.disconnect(self.refresh)

    def node(self) -> Node | None:
        """Return the chosen server."""
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item is not None else None

    def choose(self, name: str) -> None:
        """Choose the server of a name."""
        for place in range(self.list.count()):
            if self.list.item(place).text().splitlines()[0] == name:
                self.list.setCurrentRow(place)

    def refresh(self) -> None:
        """Show the servers and the listener as they are."""
        before = self.node()
        self.list.blockSignals(True)
        self.list.clear()
        for node in self._servers.nodes:
            item = QListWidgetItem(f"{node.name}\n{node.address}")
            item.setToolTip(f"{node.name}\n{node.address}")
            item.setSizeHint(QSize(0, _HEIGHT))
            item.setData(Qt.ItemDataRole.UserRole, node)
            self.list.addItem(item)
        self.list.blockSignals(False)
        if self.list.count():
            names = [node.name for node in self._servers.nodes]
            self.list.setCurrentRow(names.index(before.name) if before is not None and before.name in names else 0)
        self._chosen()
        self._show_listener()

    def _chosen(self) -> None:
        node = self.node()
        if node is None or node.name != self._told_of:
            tell(self.said, "")  # what a test of another server said
        why_not = "" if node is not None else tr("Choose a server first.")
        for button in (self.change_button, self.test_button, self.remove_button):
            allow(button, why_not)
        self.chosen.emit()

    # ---------------------------------------------------------------- servers

    def add(self) -> None:
        """Ask for a server and add it."""
        self._ask(None)

    def change(self) -> None:
        """Change the chosen server."""
        if self.node() is not None:
            self._ask(self.node())

    def _ask(self, node: Node | None) -> None:
        dialog = ServerDialog(self._servers, node, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.choose(dialog.node().name))
        dialog.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete forgets the chosen server."""
        if event.matches(QKeySequence.StandardKey.Delete) and self.list.hasFocus():
            self.remove()
        else:
            super().keyPressEvent(event)

    def test(self) -> None:
        """Ask the chosen server whether it is there."""
        node = self.node()
        if node is not None:
            self._told_of = node.name
            tell(self.said, tr("Asking {server}…", server=node.name))
            self._servers.check(node, lambda said: self._tested(node, said, "good"),
                                lambda said: self._tested(node, said, "warning"))  # fmt: skip

    def _tested(self, node: Node, sentence: str, tone: str) -> None:
        if node.name == self._told_of and self.node() is not None:
            tell(self.said, sentence, tone)

    def remove(self) -> None:
        """Forget the chosen server."""
        node = self.node()
        if node is not None:
            self._servers.remove(node)

    # ---------------------------------------------------------------- the listener

    def ask_listening(self) -> None:
        """Ask how to receive."""
        dialog = ListeningDialog(self._servers, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _listen(self) -> None:
        if self._servers.listener.on:
            self._servers.listener.stop()
        else:
            self._servers.listener.start(self._not_listening)
        self._show_listener()

    def _not_listening(self, sentence: str) -> None:
        self._show_listener()
        tell(self.hearing, sentence, "warning")

    def _show_listener(self) -> None:
        servers, on = self._servers, self._servers.listener.on
        self.listen.setChecked(on)
        self.listen.setText(tr("Listening") if on else tr("Listen"))
        how = servers.listener.settings
        if not on:
            tell(self.hearing, tr("Off: nobody can send images here."))
            return
        who = tr("every machine of the network") if how.host == EVERYWHERE else how.host
        came = tr_count("{count:,} image came.", "{count:,} images came.", servers.listener.received)
        said = tr("“{title}” listens on port {port} for {who}.", title=servers.own_title, port=how.port, who=who)
        tell(self.hearing, f"{said} {came}", "good")
