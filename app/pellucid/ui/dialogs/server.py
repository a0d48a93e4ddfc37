"""What a server is called and how it is spoken to: a PACS in DIMSE, or a DICOMweb server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network.nodes import DimseNode, Node, WebNode, made
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.docks.parts import described, dim, make_room, push_button, row, section, tell, titled
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, TextLine
from pellucid.ui.forms.file_line import FileLine
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session.servers import Servers

PACS, WEB = "dimse", "web"
_TITLES = 120


class ServerDialog(QDialog):
    """Enter a server, test it, keep it; what cannot be kept is said below, and nothing is lost."""

    def __init__(self, servers: Servers, node: Node | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._servers, self._old = servers, node
        self.setWindowTitle(tr("Change the server") if node is not None else tr("Add a server"))
        self.setMinimumWidth(520)
        self._make_parts()
        self._lay_out()
        self._fill(node)

    def _make_parts(self) -> None:
        self.kind = Segmented(((tr("PACS (DIMSE)"), PACS), ("DICOMweb", WEB)))
        self.kind.setAccessibleName(tr("How it is spoken to"))
        self.kind.chosen.connect(self._show_kind)
        self.name = _line(tr("Name"), tr("What you call it here"))
        self.title = _line(tr("AE title"), tr("What the server is called: 1 to 16 characters"))
        self.host = _line(tr("Host"), tr("Name or address of the machine, such as pacs.example.org"))
        self.port = NumberBox(Bounds(1, 65535, whole=True))
        described(self.port, tr("Port"), tr("Usually 104 or 11112; Orthanc uses 4242"))
        self.own_title = _line(tr("Our AE title"), tr("What this program calls itself to this server"))
        self.own_title.setPlaceholderText(self._servers.own_title)
        self.retrieve = Choice(((tr("C-GET: over the same connection"), "get"),
                                (tr("C-MOVE: the server connects to our listener"), "move")))  # fmt: skip
        described(self.retrieve, tr("Fetch with"), tr("C-GET needs nothing else; C-MOVE needs our AE title, host and "
                                                     "port to be known to the server"))  # fmt: skip
        self.tls = _box(tr("Encrypted (TLS)"), tr("Only if the server offers it on this port"))
        self.url = _line(tr("Address"), "https://server/dicom-web")
        self.url.setPlaceholderText("https://server/dicom-web")
        self.auth = Choice(((tr("no password"), "none"), (tr("user and password"), "basic"),
                            (tr("token (bearer)"), "bearer")))  # fmt: skip
        described(self.auth, tr("Log in with"))
        self.auth.chosen.connect(lambda _value: self._show_login())
        self.user = _line(tr("User"), tr("The name you log in with"))
        self.secret = _line(tr("Password or token"), tr("Kept until the program ends"))
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = _box(tr("Remember it"), tr("Writes it into a file that only you can read; it is not encrypted"))
        self.verify = _box(tr("Check the certificate"), tr("Without it anybody in between can pose as the server"))
        self.authority = FileLine(tr("Certificates (.pem) trusted instead of those of the system"))
        self.said = dim(wrap=True)
        self.test = push_button(tr("Test"), self.check, tip=tr("Ask the server whether it is there and lets us in"))
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.go = push_button(tr("Keep"), self.accept, kind="primary")
        self.go.setDefault(True)

    def _lay_out(self) -> None:
        pacs = _form([
            (tr("AE title"), self.title), (tr("Host"), self.host), (tr("Port"), self.port),
            (tr("Our AE title"), self.own_title), (tr("Fetch with"), self.retrieve), ("", self.tls),
        ])  # fmt: skip
        web = _form([
            (tr("Address"), self.url), (tr("Log in with"), self.auth), (tr("User"), self.user),
            (tr("Password or token"), row(self.secret, self.keep, spacing=theme.MARGIN, stretch=0)),
        ])  # fmt: skip
        self.pages = QStackedWidget()
        for page in (pacs, web):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.kind, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(_form([(tr("Name"), self.name)]))
        column.addWidget(self.pages, 1)
        column.addWidget(section(tr("Certificate")))
        column.addWidget(self.verify)
        column.addWidget(self.authority)
        column.addWidget(self.said)
        column.addSpacing(theme.GRID)
        column.addWidget(row(self.test, QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=1))

    def _fill(self, node: Node | None) -> None:
        self.verify.setChecked(True)
        self.port.set_value(104)
        self.kind.set_value(PACS if node is None else node.kind)
        if node is not None:
            self.name.setText(node.name)
        if isinstance(node, DimseNode):
            for line, text in ((self.title, node.title), (self.host, node.host), (self.own_title, node.own_title)):
                line.setText(text)
            self.port.set_value(node.port)
            self.retrieve.set_value(node.retrieve)
            self.tls.setChecked(node.tls.on)
            self.verify.setChecked(node.tls.verify)
            self.authority.set_path(node.tls.authority)
        elif isinstance(node, WebNode):
            self.url.setText(node.url)
            self.auth.set_value(node.auth)
            self.user.setText(node.user)
            self.verify.setChecked(node.verify)
            self.authority.set_path(node.authority)
            self.secret.setText(self._servers.secrets.of(node))
            self.keep.setChecked(self._servers.secrets.remembers(node))
        self._show_kind(self.kind.value())

    def _show_kind(self, kind: str) -> None:
        self.pages.setCurrentIndex(0 if kind == PACS else 1)
        self._show_login()

    def _show_login(self) -> None:
        auth = self.auth.value()
        self.user.setEnabled(auth == "basic")
        self.secret.setEnabled(auth != "none")
        self.keep.setEnabled(auth != "none")

    # ---------------------------------------------------------------- what was entered

    def node(self) -> Node:
        """Return the server that was entered; raise Refused with a sentence on what is wrong."""
        old = self._old.model_dump() if self._old is not None and self._old.kind == self.kind.value() else {}
        name = self.name.text().strip() or (self.title.text() if self.kind.value() == PACS else self.url.text())
        if self.kind.value() == PACS:
            secure = old.get("tls", {}) | {
                "on": self.tls.isChecked(), "verify": self.verify.isChecked(), "authority": self.authority.path(),
            }  # fmt: skip
            values: dict[str, Any] = {
                "name": name, "title": self.title.text(), "host": self.host.text(), "port": int(self.port.value()),
                "own_title": self.own_title.text().strip(), "retrieve": self.retrieve.value(), "tls": secure,
            }  # fmt: skip
            return made(DimseNode, old | values)
        values = {
            "name": name, "url": self.url.text(), "auth": self.auth.value(), "user": self.user.text(),
            "verify": self.verify.isChecked(), "authority": self.authority.path(),
        }  # fmt: skip
        return made(WebNode, old | values)

    def check(self) -> None:
        """Ask the server that was entered whether it is there."""
        try:
            node = self.node()
        except Refused as refusal:
            self._say(str(refusal), "warning")
            return
        self._say(tr("Asking {server}…", server=node.name))
        self.test.setEnabled(False)
        self._servers.check(node, while_there(self, lambda said: self._answered(said, "good")),
                            while_there(self, lambda said: self._answered(said, "warning")),
                            secret=self.secret.text())  # fmt: skip

    def _answered(self, sentence: str, tone: str) -> None:
        self.test.setEnabled(True)
        self._say(sentence, tone)

    def _say(self, sentence: str, tone: str = "") -> None:
        tell(self.said, sentence, tone)
        make_room(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Be as tall as the sentences need."""
        super().showEvent(event)
        make_room(self)
        if not event.spontaneous():
            self.name.setFocus()

    def accept(self) -> None:
        """Keep the server, or say why that cannot be."""
        try:
            node = self.node()
            secret = self.secret.text() if node.kind == WEB else None
            self._servers.put(node, instead_of=self._old, secret=secret, keep=self.keep.isChecked())
        except Refused as refusal:
            self._say(str(refusal), "warning")
            return
        super().accept()


def _form(rows: list[tuple[str, QWidget]]) -> QWidget:
    """Return rows whose titles are as wide as those of the other pages, with what is left below them."""
    form, page = titled(rows), QWidget()
    grid = form.layout()
    assert isinstance(grid, QGridLayout)
    grid.setColumnMinimumWidth(0, _TITLES)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(form)
    column.addStretch(1)
    return page


def _line(name: str, tip: str) -> TextLine:
    line = TextLine()
    described(line, name, tip)
    return line


def _box(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    described(box, text, tip)
    return box
