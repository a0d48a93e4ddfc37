"""How this program receives images: off until it is switched on, and then on this machine only unless told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.network.nodes import DimseNode, ListenerSettings, made
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim, make_room, push_button, row, tell, titled
from pellucid.ui.forms.controls import Choice, NumberBox, TextLine
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session.servers import Servers

HERE, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - offered as a choice, never the default
ABOUT = mark("Other machines can send images here while it listens (C-STORE, and C-MOVE from a PACS). Nothing listens "
             "unless you switch it on, and never longer than the program runs.")  # fmt: skip


class ListeningDialog(QDialog):
    """Our AE title, the port, who may reach us and who may send."""

    def __init__(self, servers: Servers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._servers = servers
        self._old = servers.listener.settings
        self.setWindowTitle(tr("Receiving"))
        self.setMinimumWidth(520)
        self.own_title = TextLine(servers.own_title)
        described(self.own_title, tr("Our AE title"), tr("What other machines call this program"))
        self.port = NumberBox(Bounds(1, 65535, whole=True))
        self.port.set_value(self._old.port)
        described(self.port, tr("Port"))
        hosts = [(tr("this machine only"), HERE), (tr("every machine of the network"), EVERYWHERE)]
        if self._old.host not in (HERE, EVERYWHERE):
            hosts.append((self._old.host, self._old.host))
        self.host = Choice(hosts)
        self.host.set_value(self._old.host)
        described(self.host, tr("Reached by"))
        self.callers = TextLine(", ".join(self._old.callers))
        self.callers.setPlaceholderText(tr("AE titles, separated by commas"))
        described(self.callers, tr("Who may send"), tr("AE titles, separated by commas; the servers of the list may"))
        self.quota = NumberBox(Bounds(1, 10_000_000, whole=True))
        self.quota.set_value(self._old.quota_mb)
        described(self.quota, tr("At most"), tr("It stops to take images when so much came since it was switched on"))
        self.said = dim(wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(dim(tr(ABOUT)))
        column.addWidget(titled([
            (tr("Our AE title"), self.own_title), (tr("Port"), self.port), (tr("Reached by"), self.host),
            (tr("Who may send"), self.callers),
            (tr("At most"), row(self.quota, dim("MB", wrap=False), spacing=theme.MARGIN)),
        ]))  # fmt: skip
        column.addWidget(self.said)
        keep = push_button(tr("Keep"), self.accept, kind="primary")
        keep.setDefault(True)
        buttons = row(QWidget(), push_button(tr("Cancel"), self.reject), keep, spacing=theme.MARGIN, stretch=0)
        column.addWidget(buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Be as tall as the sentences need."""
        super().showEvent(event)
        make_room(self)

    def accept(self) -> None:
        """Keep what was entered, or say what is wrong with it."""
        callers = [part.strip() for part in self.callers.text().split(",") if part.strip()]
        values = self._old.model_dump() | {
            "host": self.host.value(), "port": int(self.port.value()), "callers": callers,
            "quota_mb": int(self.quota.value()),
        }  # fmt: skip
        try:
            checked = made(DimseNode, {"name": "-", "title": self.own_title.text(), "host": HERE, "port": 1})
            settings = made(ListenerSettings, values)
        except Refused as refusal:
            tell(self.said, str(refusal), "warning")
            make_room(self)
            return
        self._servers.name_ourselves(checked.title)
        self._servers.listener.configure(settings)
        super().accept()
