"""The storage listener in a session: off until it is asked for; what comes is told once for each study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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

        post = self._session.jobs.post
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

        job = self._session.jobs.query("listen", tr("Starting to listen"), lambda _job: listener.start(), done,
                                       not_started, quiet=True)  # fmt: skip
        self._starting = job, listener
        return job

    def stop(self) -> None:
        """Listen no longer; what is being started stops as soon as it has."""
        ending = self._ending()
        if ending:
            self._session.jobs.load(tr("Ceasing to listen"), lambda _job: _end(ending))
            self.changed.emit()

    def close(self) -> None:
        """Stop what listens, at the end of the sitting."""
        _end(self._ending())

    def _ending(self) -> list[tuple[Job | None, Listener]]:
        """Forget what listens or begins to; return it, with the job that starts it."""
        starting, self._starting = self._starting, None
        listener, self._listener = self._listener, None
        ending: list[tuple[Job | None, Listener]] = [] if listener is None else [(None, listener)]
        if starting is not None:
            starting[0].cancel()
            ending.append(starting)
        return ending

    def _take(self, received: Received) -> None:
        self.received += 1
        folder = received.path.parent
        if folder not in self._offered:
            self._offered.add(folder)
            self._session.offer.emit(tr("“{caller}” sends images.", caller=received.caller), tr("Open"),
                                     lambda: self._session.open([folder]))  # fmt: skip
        self.changed.emit()


def _end(ending: list[tuple[Job | None, Listener]]) -> None:
    for starting, listener in ending:
        if starting is not None:
            starting.wait()  # nobody hears of it any more, but it may listen by then
        listener.stop()
