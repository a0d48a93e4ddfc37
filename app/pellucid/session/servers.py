"""The servers the user knows in a session: asked, fetched from and sent to in jobs; the listener is off by default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.network.nodes import (
    ListenerSettings,
    Node,
    keep_listener,
    keep_nodes,
    listener_of,
    nodes_of,
    own_title_of,
)
from pellucid.network.transfers import Fetched, Progress, Received, Sent, What, received_folder

if TYPE_CHECKING:
    from pellucid.network.listener import Listener
    from pellucid.network.passwords import Secrets
    from pellucid.network.queries import Answer, Found, Query
    from pellucid.session.session import Session

T = TypeVar("T")
Complaint = Callable[[str], None]


@dataclass(eq=False)
class Transfer:
    """One fetching or sending: what of, from or to which server, how far, and what came of it.

    ``sentence`` says what is missing or went wrong. ``again`` starts it once more, for what is missing; it can be
    asked for in the list and in the notice, and happens once.
    """

    node: Node
    title: str
    fetching: bool
    again: Callable[[], object]
    job: Job | None = None
    progress: Progress = field(default_factory=Progress)
    paths: tuple[Path, ...] = ()
    sentence: str = ""
    wanted: What | None = None
    show: bool = False
    """Whether what is fetched is opened when it is there."""
    repeated: bool = False

    @property
    def state(self) -> str:
        """Return running, done, partial or failed."""
        if self.job is None or not self.job.finished:
            return "running"
        if self.job.state is JobState.DONE and not self.sentence:
            return "done"
        return "partial" if self.paths else "failed"


class Servers:
    """Keeps the list of nodes, asks them, and moves images both ways."""

    changed = Signal()
    """Emitted when the nodes or the listener changed."""
    moved = Signal()
    """Emitted when a transfer began, went on or ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._secrets: Secrets | None = None
        self._listener: Listener | None = None
        self.transfers: list[Transfer] = []
        self.received = 0
        self._offered: set[Path] = set()
        """Where images came that the user was told of since it listens."""

    # ---------------------------------------------------------------- the servers

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

    # ---------------------------------------------------------------- asking

    def check(self, node: Node, done: Callable[[str], None], failed: Complaint, *, secret: str | None = None) -> Job:
        """Ask whether a server is there and lets us in; the answer is a sentence."""
        secret, title = self.secrets.of(node) if secret is None else secret, self.own_title

        def work(job: Job) -> str:
            from pellucid.network.asking import echo

            return echo(node, own_title=title, secret=secret, cancelled=job.cancelled)

        name = tr("Testing {server}", server=node.name)
        return self._session.jobs.query("server test", name, work, done, failed, quiet=True)

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

    # ---------------------------------------------------------------- fetching and sending

    def fetch(self, node: Node, wanted: What, title: str, *, show: bool = True) -> Transfer:
        """Fetch a study or series; with ``show`` it is opened when it is there. What came stays, whatever happens.

        What is being fetched from there already is not fetched twice.
        """
        for one in self.transfers:
            if one.wanted == wanted and one.node.name == node.name and one.state == "running":
                one.show |= show
                return one
        secret, own, session = self.secrets.of(node), self.own_title, self._session

        def again() -> None:
            if self._takes_place_of(transfer):
                self.fetch(node, wanted, title, show=transfer.show)

        transfer = Transfer(node, title, True, again, wanted=wanted, show=show)
        listener = self._listener or listener_of(session.settings)

        def work(job: Job) -> Fetched:
            from pellucid.network.fetching import fetch

            return fetch(node, wanted, own_title=own, secret=secret, listener=listener, cancelled=job.cancelled,
                         progress=lambda so_far: self._note(transfer, job, so_far))  # fmt: skip

        def done(fetched: Fetched) -> None:
            transfer.paths, transfer.sentence = (fetched.folder,), fetched.sentence
            if fetched.sentence:
                session.offer.emit(fetched.sentence, tr("Fetch again"), transfer.again)
            if transfer.show and fetched.files:
                session.open([fetched.folder])
            self.moved.emit()

        name = tr("Fetching from {server}", server=node.name)
        return self._begin(transfer, name, work, done, received_folder(wanted))

    def _takes_place_of(self, old: Transfer) -> bool:
        """Take a transfer off the list for another try; return whether that is the first one."""
        first, old.repeated = not old.repeated, True
        if old in self.transfers:
            self.transfers.remove(old)
        return first

    def send(self, node: Node, paths: Iterable[Path], title: str) -> Transfer:
        """Send files or folders to a server."""
        files, secret, own = tuple(paths), self.secrets.of(node), self.own_title
        failed: list[Path] = []

        def again() -> None:
            if self._takes_place_of(transfer):
                self.send(node, failed or files, title)

        transfer = Transfer(node, title, False, again)

        def work(job: Job) -> Sent:
            from pellucid.network.sending import send

            return send(node, files, own_title=own, secret=secret, cancelled=job.cancelled,
                        progress=lambda so_far: self._note(transfer, job, so_far))  # fmt: skip

        def done(sent: Sent) -> None:
            failed[:] = [failure.path for failure in sent.failed]
            if failed:
                transfer.sentence = tr_count(
                    "{count} file was not accepted. {why}", "{count} files were not accepted. {why}", len(failed),
                    why=sent.failed[0].sentence,
                )  # fmt: skip
                transfer.paths = files if sent.sent else ()
                self._session.offer.emit(transfer.sentence, tr("Send again"), again)
            else:
                said = tr_count("{count:,} image was sent to {server}.", "{count:,} images were sent to {server}.",
                                sent.sent, server=node.name)  # fmt: skip
                self._session.notice.emit(f"{said} {sent.note}".strip(), "info")
            self.moved.emit()

        return self._begin(transfer, tr("Sending to {server}", server=node.name), work, done)

    def _begin(
        self, transfer: Transfer, name: str, work: Callable[[Job], T], done: Callable[[T], None],
        folder: Path | None = None,
    ) -> Transfer:  # fmt: skip
        def failed(sentence: str) -> None:
            transfer.sentence = sentence
            self._session.notice.emit(sentence, "error")
            self.moved.emit()

        def watch() -> None:
            if transfer.job is not None and transfer.job.state is JobState.CANCELLED and not transfer.sentence:
                transfer.sentence = tr("Stopped by you; what came is kept.") if folder else tr("Stopped by you.")
                if folder is not None and folder.is_dir() and any(folder.iterdir()):
                    transfer.paths = (folder,)
            self.moved.emit()

        transfer.job = self._session.jobs.load(name, work, done, failed)
        transfer.job.changed.connect(watch)
        self.transfers.insert(0, transfer)
        self.moved.emit()
        return transfer

    def _note(self, transfer: Transfer, job: Job, so_far: Progress) -> None:
        """Take down how far a transfer is; called in its thread."""
        transfer.progress = so_far
        job.report(so_far.done / so_far.total if so_far.total else 0.0)

    def clear(self) -> None:
        """Forget the transfers that are over; what was fetched stays."""
        self.transfers = [one for one in self.transfers if one.state == "running"]
        self.moved.emit()

    # ---------------------------------------------------------------- the listener

    @property
    def is_listening(self) -> bool:
        """Return whether other machines may send to us now."""
        return self._listener is not None and self._listener.running

    @property
    def listening(self) -> ListenerSettings:
        """Return how the user wants to listen."""
        return listener_of(self._session.settings)

    def set_listening(self, settings: ListenerSettings) -> None:
        """Keep how to listen from now on; one that runs is stopped."""
        self.stop_listening()
        keep_listener(self._session.settings, settings)
        self._session.keep_settings()
        self.changed.emit()

    def listen(self, failed: Complaint) -> Job:
        """Start to listen: nobody but the known servers and the callers of the settings may send."""
        from pellucid.network.listener import Listener

        post = self._session.jobs.post
        callers = [node.title for node in self.nodes if node.kind == "dimse"]
        listener = Listener(
            self.listening, own_title=self.own_title, callers=callers,
            on_received=lambda received: post(lambda: self._take(received)),
            on_note=lambda sentence: post(lambda: self._session.notice.emit(sentence, "warning")),
        )  # fmt: skip

        def done(_nothing: object) -> None:
            self._listener, self.received = listener, 0
            self._offered.clear()
            self.changed.emit()

        return self._session.jobs.query("listen", tr("Starting to listen"), lambda _job: listener.start(), done, failed,
                                        quiet=True)  # fmt: skip

    def stop_listening(self) -> None:
        """Listen no longer."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._session.jobs.load(tr("Ceasing to listen"), lambda _job: listener.stop())
            self.changed.emit()

    def close(self) -> None:
        """Stop what listens, at the end of the sitting."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()

    def _take(self, received: Received) -> None:
        self.received += 1
        folder = received.path.parent
        if folder not in self._offered:
            self._offered.add(folder)
            self._session.offer.emit(tr("“{caller}” sends images.", caller=received.caller), tr("Open"),
                                     lambda: self._session.open([folder]))  # fmt: skip
        self.changed.emit()
