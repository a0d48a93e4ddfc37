"""What is fetched from servers and sent to them in a session, each a job; what came stays, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr, tr_count
from pellucid.network.nodes import ListenerSettings, Node
from pellucid.network.transfers import Fetched, Progress, Sent, What, received_folder

if TYPE_CHECKING:
    from pellucid.network.listener import Listener
    from pellucid.session.session import Session

T = TypeVar("T")


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
    over: bool = False
    """Whether it was heard how it ended; its job may be done before that."""

    @property
    def state(self) -> str:
        """Return running, done, partial or failed."""
        if self.job is None or not self.over:
            return "running"
        if self.job.state is JobState.DONE and not self.sentence:
            return "done"
        return "partial" if self.paths else "failed"


@dataclass(frozen=True)
class Ours:
    """What a transfer needs of ours: the password of a server, our own AE title, and who listens for C-MOVE."""

    secret: str
    title: str
    listener: Listener | ListenerSettings


class Transfers:
    """Moves images both ways; ``ours`` says what is known of a server when a transfer begins."""

    moved = Signal()
    """Emitted when a transfer began, went on or ended."""

    def __init__(self, session: Session, ours: Callable[[Node], Ours]) -> None:
        self._session, self._ours = session, ours
        self.all: list[Transfer] = []

    def fetch(self, node: Node, wanted: What, title: str, *, show: bool = True) -> Transfer:
        """Fetch a study or series; with ``show`` it is opened when it is there. What came stays, whatever happens.

        What is being fetched from there already is not fetched twice.
        """
        for one in self.all:
            if one.wanted == wanted and one.node.name == node.name and one.state == "running":
                one.show |= show
                return one
        ours, session = self._ours(node), self._session

        def again() -> None:
            if self._takes_place_of(transfer):
                self.fetch(node, wanted, title, show=transfer.show)

        transfer = Transfer(node, title, True, again, wanted=wanted, show=show)

        def work(job: Job) -> Fetched:
            from pellucid.network.fetching import fetch

            return fetch(node, wanted, own_title=ours.title, secret=ours.secret, listener=ours.listener,
                         cancelled=job.cancelled,
                         progress=lambda so_far: self._note(transfer, job, so_far))  # fmt: skip

        def done(fetched: Fetched) -> None:
            transfer.paths, transfer.sentence, transfer.over = (fetched.folder,), fetched.sentence, True
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
        if old in self.all:
            self.all.remove(old)
        return first

    def send(self, node: Node, paths: Iterable[Path], title: str) -> Transfer:
        """Send files or folders to a server."""
        files, ours = tuple(paths), self._ours(node)
        failed: list[Path] = []

        def again() -> None:
            if self._takes_place_of(transfer):
                self.send(node, failed or files, title)

        transfer = Transfer(node, title, False, again)

        def work(job: Job) -> Sent:
            from pellucid.network.sending import send

            return send(node, files, own_title=ours.title, secret=ours.secret, cancelled=job.cancelled,
                        progress=lambda so_far: self._note(transfer, job, so_far))  # fmt: skip

        def done(sent: Sent) -> None:
            transfer.over = True
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
            transfer.sentence, transfer.over = sentence, True
            self._session.notice.emit(sentence, "error")
            self.moved.emit()

        def watch() -> None:
            if transfer.job is not None and transfer.job.state is JobState.CANCELLED and not transfer.over:
                transfer.over = True
                transfer.sentence = tr("Stopped by you; what came is kept.") if folder else tr("Stopped by you.")
                if folder is not None and folder.is_dir() and any(folder.iterdir()):
                    transfer.paths = (folder,)
            self.moved.emit()

        transfer.job = self._session.jobs.load(name, work, done, failed)
        transfer.job.changed.connect(watch)
        self.all.insert(0, transfer)
        self.moved.emit()
        return transfer

    def _note(self, transfer: Transfer, job: Job, so_far: Progress) -> None:
        """Take down how far a transfer is; called in its thread."""
        transfer.progress = so_far
        job.report(so_far.done / so_far.total if so_far.total else 0.0)

    def clear(self) -> None:
        """Forget the transfers that are over; what was fetched stays."""
        self.all = [one for one in self.all if one.state == "running"]
        self.moved.emit()
