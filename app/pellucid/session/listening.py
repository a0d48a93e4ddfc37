"""The storage listener in a session: off until it is asked for; what comes is told once for each study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.network.nodes import ListenerSettings, keep_listener, listener_of
from pellucid.network.transfers import Received

if TYPE_CHECKING:
    from pellucid.network.listener import Listener
    from pellucid.session.session import Session


class Listening:
    """Starts and stops the listener; ``callers`` names who may send, ``title`` says who we are."""

    changed = Signal()
    """Emitted when it began or ceased, and with every object."""

    def __init__(self, session: Session, callers: Callable[[], list[str]], title: Callable[[], str]) -> None:
        self._session, self._callers, self._title = session, callers, title
        self._listener: Listener | None = None
        self._starting: tuple[Job, Listener] | None = None
        self._ceasing: list[_Ending] = []
        self.received = 0
        self._offered: set[Path] = set()
        """Where images came that the user was told of since it listens."""

    @property
    def running(self) -> Listener | None:
        """Return the listener that was started, for a C-MOVE to use."""
        return self._listener

    @property
    def on(self) -> bool:
        """Return whether other machines may send to us now."""
        return self._listener is not None and self._listener.running

    @property
    def settings(self) -> ListenerSettings:
        """Return how the user wants to listen."""
        return listener_of(self._session.settings)

    def configure(self, settings: ListenerSettings) -> None:
        """Keep how to listen from now on; one that runs is stopped."""
        self.stop()
        keep_listener(self._session.settings, settings)
        self._session.keep_settings()
        self.changed.emit()

    def start(self, failed: Callable[[str], None]) -> Job:
        """Start to listen, once: nobody but the known servers and the callers of the settings may send."""
        if self._starting is not None:
            return self._starting[0]
        from pellucid.network.listener import Listener

        post, before = self._session.jobs.post, tuple(self._ceasing)
        listener = Listener(
            self.settings, own_title=self._title(), callers=self._callers(),
            on_received=lambda received: post(lambda: self._take(received)),
            on_note=lambda sentence: post(lambda: self._session.notice.emit(sentence, "warning")),
        )  # fmt: skip

        def done(_nothing: object) -> None:
            self._starting, self._listener, self.received = None, listener, 0
            self._offered.clear()
            self.changed.emit()

        def not_started(sentence: str) -> None:
            self._starting = None
            failed(sentence)

        def work(_job: Job) -> None:
            for ending in before:
                ending.finish()  # it may have our port
            listener.start()

        job = self._session.jobs.query("listen", tr("Starting to listen"), work, done, not_started, quiet=True)
        self._starting = job, listener
        return job

    def stop(self) -> None:
        """Listen no longer; what is being started stops as soon as it has."""
        ending = self._ending()
        if ending is not None:
            self._session.jobs.load(tr("Ceasing to listen"), lambda _job: ending.finish())
            self.changed.emit()

    def close(self) -> None:
        """Stop what listens, at the end of the sitting, and what was told to stop and has not yet."""
        self._ending()
        for ending in self._ceasing:
            ending.finish()

    def _ending(self) -> _Ending | None:
        """Take leave of what listens or begins to; return it, if there is any."""
        starting, self._starting = self._starting, None
        listener, self._listener = self._listener, None
        leaving: list[tuple[Job | None, Listener]] = [] if listener is None else [(None, listener)]
        if starting is not None:
            starting[0].cancel()
            leaving.append(starting)
        self._ceasing = [one for one in self._ceasing if not one.is_over]
        if not leaving:
            return None
        self._ceasing.append(_Ending(leaving))
        return self._ceasing[-1]

    def _take(self, received: Received) -> None:
        self.received += 1
        folder = received.path.parent
        if folder not in self._offered:
            self._offered.add(folder)
            self._session.offer.emit(tr("“{caller}” sends images.", caller=received.caller), tr("Open"),
                                     lambda: self._session.open([folder]))  # fmt: skip
        self.changed.emit()


class _Ending:
    """Listeners that have to end: whoever comes first ends them, everybody else waits until they have."""

    def __init__(self, left: list[tuple[Job | None, Listener]]) -> None:
        self._left, self._lock, self.is_over = left, Lock(), False

    def finish(self) -> None:
        """Return when they have ended."""
        with self._lock:
            while self._left:
                starting, listener = self._left.pop()
                if starting is not None:
                    starting.wait()  # nobody hears of it any more, but it may listen by then
                listener.stop()
            self.is_over = True
