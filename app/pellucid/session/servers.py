"""The servers the user knows in a session: kept and asked; images are moved both ways, and the listener is off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network.nodes import Node, keep_nodes, listener_of, nodes_of, own_title_of
from pellucid.session.listening import Listening
from pellucid.session.transfers import Ours, Transfers

if TYPE_CHECKING:
    from pellucid.network.passwords import Secrets
    from pellucid.network.queries import Answer, Found, Query
    from pellucid.session.session import Session

Complaint = Callable[[str], None]


class Servers:
    """Keeps the list of nodes and asks them; ``transfers`` moves images, ``listener`` takes what others send."""

    changed = Signal()
    """Emitted when the nodes, our own AE title or the listener changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._secrets: Secrets | None = None
        self.listener = Listening(session, self._callers, lambda: self.own_title)
        self.transfers = Transfers(session, self._ours)
        self.listener.changed.connect(self.changed.emit)

    def _callers(self) -> list[str]:
        return [node.title for node in self.nodes if node.kind == "dimse"]

    def _ours(self, node: Node) -> Ours:
        listener = self.listener.running or listener_of(self._session.settings)
        return Ours(self.secrets.of(node), self.own_title, listener)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return the servers the user knows."""
        return nodes_of(self._session.settings)

    @property
    def secrets(self) -> Secrets:
        """Return the passwords: those of this sitting and those the user asked to keep."""
        from pellucid.network.passwords import Secrets

        self._secrets = self._secrets or Secrets()
        return self._secrets

    @property
    def own_title(self) -> str:
        """Return what this program is called by other machines."""
        return own_title_of(self._session.settings)

    def name_ourselves(self, title: str) -> None:
        """Set our own AE title, which was checked."""
        self._session.settings.ae_title = title
        self._session.keep_settings()
        self.changed.emit()

    def put(self, node: Node, *, instead_of: Node | None = None, secret: str | None = None, keep: bool = False) -> None:
        """Add a server, or change one; a ``secret`` is kept for the sitting, with ``keep`` in a file of its own.

        Raises Refused when another server has its name.
        """
        others = [known for known in self.nodes if instead_of is None or known.name != instead_of.name]
        if any(known.name.casefold() == node.name.casefold() for known in others):
            raise Refused(tr("Another server is called “{name}”. Choose another name.", name=node.name))
        nodes = [node if instead_of is not None and known.name == instead_of.name else known for known in self.nodes]
        self._keep(nodes if node in nodes else [*nodes, node])
        if instead_of is not None and instead_of.key != node.key:
            self.secrets.forget(instead_of)
        if secret is not None:
            self.secrets.put(node, secret, remember=keep)
        self.changed.emit()

    def remove(self, node: Node) -> None:
        """Forget a server and its password; it can be brought back as long as the notice stands."""
        before, secret, kept = self.nodes, self.secrets.of(node), self.secrets.remembers(node)
        self._keep([known for known in before if known.name != node.name])
        self.secrets.forget(node)
        self.changed.emit()

        def bring_back() -> None:
            gone = [known for known in before if known.name not in {now.name for now in self.nodes}]
            self._keep([known for known in before if known in self.nodes or known in gone]
                       + [now for now in self.nodes if now not in before])  # fmt: skip
            if secret:
                self.secrets.put(node, secret, remember=kept)
            self.changed.emit()

        self._session.offer.emit(tr("“{name}” was removed.", name=node.name), tr("Undo"), bring_back)

    def _keep(self, nodes: Iterable[Node]) -> None:
        keep_nodes(self._session.settings, nodes)
        self._session.keep_settings()

    def check(self, node: Node, done: Callable[[str], None], failed: Complaint, *, secret: str | None = None) -> Job:
        """Ask whether a server is there and lets us in; the answer is a sentence.

        One that is being entered comes with its ``secret``; its test does not call off that of a known one.
        """
        key = ("server test", secret is None)
        secret, title = self.secrets.of(node) if secret is None else secret, self.own_title

        def work(job: Job) -> str:
            from pellucid.network.asking import echo

            return echo(node, own_title=title, secret=secret, cancelled=job.cancelled)

        name = tr("Testing {server}", server=node.name)
        return self._session.jobs.query(key, name, work, done, failed, quiet=True)

    def find(
        self, node: Node, query: Query, found: Callable[[tuple[Found, ...]], None], done: Callable[[Answer], None],
        failed: Complaint,
    ) -> Job:  # fmt: skip
        """Ask what a server has; ``found`` gets rows as they come."""
        secret, title, jobs = self.secrets.of(node), self.own_title, self._session.jobs

        def work(job: Job) -> Answer:
            from pellucid.network.asking import find

            def take(row: Found) -> None:
                if not job.cancelled():
                    jobs.post(lambda: None if job.cancelled() else found((row,)))

            return find(node, query, own_title=title, secret=secret, cancelled=job.cancelled, on_result=take)

        key = ("server", query.level, query.study_uid)
        return jobs.query(key, tr("Asking {server}", server=node.name), work, done, failed, quiet=True)
