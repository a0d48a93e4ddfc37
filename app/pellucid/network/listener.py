"""The storage listener: receives what other machines send, off until it is started (hazard H40).

It runs in an agent. By default it binds to this machine only; called and calling AE titles are both checked, TLS is
possible, and what it may receive is bounded. Files are handed on when they are whole and their header was read.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pellucid import paths
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.network import outside
from pellucid.network.nodes import OWN_TITLE, ListenerSettings
from pellucid.network.transfers import Received

_log = logging.getLogger(__name__)

_TASK = "pellucid.network.dimse.serving:serve"
_RESTARTS = 3
_STOP_SECONDS = 8.0

Taker = Callable[[Received], bool]


class Listener:
    """A storage listener that may be started and stopped; callbacks come in a thread of its own.

    ``on_received`` gets each object; ``on_note`` a sentence when somebody was turned away, or it had to stop. Objects
    lie in ``folder`` (by default our own), one folder for each study, under names made by us.
    """

    def __init__(
        self,
        settings: ListenerSettings,
        *,
        own_title: str = OWN_TITLE,
        callers: Iterable[str] = (),
        folder: Path | None = None,
        on_received: Callable[[Received], None] | None = None,
        on_note: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self.own_title = own_title
        self._callers = tuple(dict.fromkeys((*settings.callers, *callers)))
        self._folder = folder
        self._on_received, self._on_note = on_received, on_note
        self._takers: list[Taker] = []
        self._lock = threading.Lock()
        self._agent: outside.Agent | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.pauses = 0
        """How often there was nothing to hand on; who waits for what has come already waits for two more of them."""

    @property
    def running(self) -> bool:
        """Return whether it listens."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def pid(self) -> int | None:
        """Return the id of the process that listens."""
        return None if self._agent is None else self._agent.pid

    def start(self) -> None:
        """Listen; raise Refused with a sentence when that cannot be."""
        if self.running:
            return
        if not self._callers:
            raise Refused(
                tr("Nobody may send to the listener yet. Name the AE titles that may, or add a server first.")
            )
        self._stopping.clear()
        agent = self._agent = self._begun()
        self._thread = threading.Thread(target=self._attend, args=(agent,), name="pellucid-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; what is being received is given a moment."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)
        if self._agent is not None:
            outside.give_back(self._agent, keep=False)
        self._agent = self._thread = None

    @contextlib.contextmanager
    def taking(self, taker: Taker) -> Iterator[None]:
        """Let somebody take what is meant for it while the block runs; others get the rest."""
        with self._lock:
            self._takers.append(taker)
        try:
            yield
        finally:
            with self._lock:
                self._takers.remove(taker)

    def _begun(self) -> outside.Agent:
        """Return an agent that listens."""
        folder = self._folder or paths.data_dir() / "received"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        payload = {
            "settings": self.settings.model_dump(mode="json"),
            "own_title": self.own_title,
            "callers": list(self._callers),
            "folder": str(folder),
        }
        agent = outside.take()
        try:
            agent.begin(_TASK, payload)
            message = None
            while message is None:
                message = agent.next()
            if "refused" in message:
                raise Refused(message["refused"])
            if not message.get("event", {}).get("listening"):
                raise outside.Died
        except outside.Died:
            outside.give_back(agent, keep=False)
            raise Refused(tr("The listener could not be started.")) from None
        except Refused:
            outside.give_back(agent, keep=True)
            raise
        return agent

    def _attend(self, agent: outside.Agent) -> None:
        left = _RESTARTS
        told = False
        while True:
            try:
                message = agent.next()
                if self._stopping.is_set() and not told:
                    told = True
                    agent.cancel()
                if message is None:
                    self.pauses += 1
                elif "event" in message:
                    self._heed(message["event"])
                else:
                    break
            except outside.Died:
                left -= 1
                again = None if self._stopping.is_set() or not left else self._again(agent)
                if again is None:
                    break
                agent = self._agent = again
        if not self._stopping.is_set():
            self._say(tr("The listener stopped: something a server sent ended it. Start it again when you need it."))

    def _again(self, agent: outside.Agent) -> outside.Agent | None:
        outside.give_back(agent, keep=False)
        try:
            return self._begun()
        except Refused:
            return None

    def _heed(self, event: dict[str, Any]) -> None:
        if "note" in event:
            self._say(str(event["note"]))
        if "received" in event:
            values = event["received"]
            self._hand_on(Received(**(values | {"path": Path(values["path"])})))

    def _hand_on(self, received: Received) -> None:
        try:
            with self._lock:  # whoever ends to take waits until it is over
                if any(taker(received) for taker in self._takers):
                    return
            if self._on_received is not None:
                self._on_received(received)
        except Exception:
            _log.exception("whoever takes what was received failed")

    def _say(self, sentence: str) -> None:
        if self._on_note is not None:
            self._on_note(sentence)
