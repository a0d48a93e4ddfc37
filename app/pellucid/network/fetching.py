"""Fetch studies, series and instances into a folder: C-GET, C-MOVE to our listener, or WADO-RS.

Each file is written whole, checked, and only then put into the folder under a name made by us; what came stays,
whatever happens afterwards. Fetching again asks for what is missing.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.network import outside, sentences
from pellucid.network.asking import addressed
from pellucid.network.listener import Listener
from pellucid.network.nodes import OWN_TITLE, DimseNode, ListenerSettings, Node
from pellucid.network.transfers import Fetched, Progress, Received, What, file_name, received_folder

_ARRIVAL_SECONDS = 3.0
_TASKS = {"get": "pellucid.network.dimse.getting:get", "move": "pellucid.network.dimse.moving:move"}
_WEB = "pellucid.network.web.getting:get"


def fetch(
    node: Node,
    wanted: What,
    folder: Path | None = None,
    *,
    own_title: str = OWN_TITLE,
    secret: str = "",
    listener: Listener | ListenerSettings | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Fetched:
    """Fetch into a folder, by default one of our own that is the same for the same things.

    ``progress`` is called in the thread that called. ``listener`` is for C-MOVE: one that runs is used, otherwise one
    runs as long as this takes. Raises Refused with a sentence when nothing came; when something did, the answer's
    ``sentence`` says what is missing.
    """
    folder = received_folder(wanted) if folder is None else folder
    transfer = _Transfer(node, wanted, folder, progress)
    payload = addressed(node, own_title, secret) | {"what": asdict(wanted)}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        transfer.incoming = _made_beside(folder, transfer.incoming)
    except OSError as error:
        raise Refused(tr("Nothing was fetched: {folder} cannot be written to.", folder=folder.name)) from error
    payload |= {"folder": str(folder), "incoming": str(transfer.incoming)}
    try:
        if isinstance(node, DimseNode) and node.retrieve == "move":
            return _moved(transfer, payload, _listener(listener, node, payload["own_title"]), cancelled)
        return transfer.summed_up(transfer.run(_TASKS["get"] if node.kind == "dimse" else _WEB, payload, cancelled))
    finally:
        shutil.rmtree(transfer.incoming, ignore_errors=True)


class _Transfer:
    """One attempt to fetch: what is there, what comes, and what is said at the end."""

    def __init__(self, node: Node, wanted: What, folder: Path, progress: Callable[[Progress], None] | None) -> None:
        self.node, self.wanted, self.folder = node, wanted, folder
        self.incoming = folder.with_name(f".pellucid-{wanted.key[:12]}-{os.getpid()}-{threading.get_ident()}.part")
        self._progress = progress
        self._names: set[str] = set()
        self._expected: list[str] | None = None
        self._lock = threading.Lock()
        self.nbytes = 0

    def run(self, task: str, payload: dict[str, Any], cancelled: Callable[[], bool] | None) -> dict[str, Any]:
        """Let an agent fetch; return its answer, or why there is none."""
        try:
            return outside.run(task, payload, on_event=self.heed, cancelled=cancelled)
        except outside.Died:
            return {"why": tr("The connection had to be ended."), "cancelled": cancelled is not None and cancelled()}
        except Refused as refusal:
            return {"why": str(refusal), "cancelled": False}

    def heed(self, event: dict[str, Any]) -> None:
        """Note what an agent reports."""
        self._note(event.get("files", ()), event.get("nbytes", 0))
        if "expected" in event:
            self._expected = event["expected"]
        self.show()

    def arrived(self, received: Received) -> None:
        """Put a file the listener received into the folder; called in the thread of the listener."""
        name = file_name(received.sop_uid)
        received.path.replace(self.folder / name)
        self._note((name,), received.nbytes)

    def _note(self, names: Iterable[str], nbytes: int) -> None:
        with self._lock:
            self._names.update(names)
            self.nbytes += nbytes

    def show(self) -> None:
        """Say how far it is."""
        if self._progress is not None:
            total = None if self._expected is None else len(self._expected)
            self._progress(Progress(len(self._names), total, self.nbytes))

    @property
    def missing(self) -> int:
        """Return how many instances of those the server named are not in the folder."""
        return len({file_name(uid) for uid in self._expected or ()} - self._names)

    def lacks(self, completed: int) -> bool:
        """Return whether there is less than a server that completed so many instances must have sent."""
        return bool(completed) and bool(self.missing if self._expected is not None else len(self._names) < completed)

    def summed_up(self, answer: dict[str, Any]) -> Fetched:
        """Return what came, or raise Refused when nothing did."""
        why, stopped = str(answer.get("why", "")), bool(answer["cancelled"])
        names = {file_name(uid) for uid in self._expected or ()}
        self._names |= {name for name in names - self._names if (self.folder / name).is_file()}
        if not self._names and not stopped:
            raise Refused(why or sentences.nothing({"name": self.node.name}))
        files = tuple(sorted(self.folder / name for name in self._names))
        total = None if self._expected is None else len(self._expected)
        missing = max(self.missing, int(answer.get("failed", 0)))
        said = "" if stopped else self._sentence(missing, total, why)
        return Fetched(self.folder, files, total, missing, self.nbytes, stopped, said)

    def _sentence(self, missing: int, total: int | None, why: str) -> str:
        if not missing:
            return why
        if total is None:
            lost = tr_count("{count} instance is missing.", "{count} instances are missing.", missing)
        else:
            lost = tr_count(
                "{count} of {total} instances is missing.", "{count} of {total} instances are missing.", missing,
                total=total,
            )  # fmt: skip
        hint = tr("What came can be opened; fetch again to get the rest.")
        return " ".join(part for part in (lost, why, hint) if part)


def _made_beside(folder: Path, incoming: Path) -> Path:
    """Make a folder beside another one, or inside it where it is the top of a disk or its parent is not ours."""
    try:
        incoming.mkdir(mode=0o700, exist_ok=True)
        if incoming.stat().st_dev == folder.stat().st_dev:
            return incoming
        incoming.rmdir()
    except PermissionError:
        pass
    inside = folder / incoming.name
    inside.mkdir(mode=0o700, exist_ok=True)
    return inside


def _listener(given: Listener | ListenerSettings | None, node: DimseNode, own_title: str) -> Listener:
    if isinstance(given, Listener):
        return given
    return Listener(given or ListenerSettings(), own_title=own_title, callers=(node.title,))


def _moved(
    transfer: _Transfer, payload: dict[str, Any], listener: Listener, cancelled: Callable[[], bool] | None
) -> Fetched:
    """Let the server send to our listener, and take what belongs to this transfer."""
    wanted = transfer.wanted

    def take(received: Received) -> bool:
        ours = received.study_uid == wanted.study_uid and (
            not wanted.series_uids or received.series_uid in wanted.series_uids
        )
        if ours:
            transfer.arrived(received)
        return ours

    ours_alone = not listener.running
    if ours_alone:
        listener.start()
    try:
        with listener.taking(take):
            answer = transfer.run(_TASKS["move"], payload, cancelled)
            _await_arrivals(transfer, int(answer.get("completed", 0)), listener)
    finally:
        if ours_alone:
            listener.stop()
    transfer.show()
    return transfer.summed_up(answer)


def _await_arrivals(transfer: _Transfer, completed: int, listener: Listener) -> None:
    """Wait for the last files: the listener was told of them before the server was, but hands them on in its own time.

    A server that counts what it has not sent yet gets a moment more.
    """
    end, since = time.monotonic() + _ARRIVAL_SECONDS, listener.pauses
    while transfer.lacks(completed) and listener.running:
        if listener.pauses >= since + 2 and time.monotonic() > end:
            return
        time.sleep(0.02)
