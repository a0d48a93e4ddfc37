"""One piece of background work: its state, its progress, and how to stop it."""

from __future__ import annotations

import logging
import math
import sys
import traceback
from collections.abc import Callable
from enum import Enum
from threading import Event, Lock
from typing import Any

from psygnal import Signal

from pellucid.language import tr
from pellucid.model.findings import Refused

_log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Raised inside work to stop because the job was cancelled."""


class JobState(Enum):
    """The life of a job; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job:
    """Work that runs in a thread of the runner and answers on the main thread.

    The work gets the job and uses ``report`` and ``cancelled``; everything else is for the main thread. After
    ``cancel`` was called on the main thread, neither the answer nor an error of the job is ever handed over.
    """

    changed = Signal()
    """Emitted on the main thread after state, progress or text changed; at most 30 times a second."""

    def __init__(
        self,
        name: str,
        work: Callable[[Job], Any],
        done: Callable[[Any], None] | None,
        failed: Callable[[str], None] | None,
        touched: Callable[[Job], None],
        ended: Callable[[Job], None],
        quiet: bool = False,
    ) -> None:
        self.name = name
        self.quiet = quiet
        self.state = JobState.WAITING
        self.progress = 0.0
        self.text = ""
        self.error: str | None = None
        self.result: Any = None
        self._work: Callable[[Job], Any] | None = work
        self._done, self._failed = done, failed
        self._touched, self._on_end = touched, ended
        self._lock = Lock()
        self._stop = Event()
        self._end = Event()
        self._delivered = self._committed = False

    @property
    def finished(self) -> bool:
        """Return whether nothing more will be computed."""
        return self.state in _ENDED

    def cancel(self) -> None:
        """Stop soon; a job that waits never starts, an answer that is not handed over yet is dropped.

        Nothing happens when the work has put what it made in place: it answers in a moment.
        """
        with self._lock:
            if self._delivered or self._committed or self._stop.is_set():
                return
            self._stop.set()
            never_ran = self.state is JobState.WAITING
            if self.state is not JobState.RUNNING:
                self._settle(JobState.CANCELLED)
        if never_ran:
            self._on_end(self)
        self._touched(self)

    def cancelled(self) -> bool:
        """Return whether the work should stop; callable from any thread."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` when the work should stop."""
        if self._stop.is_set():
            raise Cancelled(self.name)

    def commit(self) -> None:
        """Raise ``Cancelled`` when the work should stop; if it goes on, nothing can stop it any more.

        For the moment before a folder gets its name: a cancel leaves nothing, or comes too late and is not heard.
        """
        with self._lock:
            self.check()
            self._committed = True

    def report(self, fraction: float, text: str = "") -> None:
        """Tell how far the work is, 0 to 1, and optionally what it does; cheap, callable from any thread."""
        if math.isfinite(fraction):
            self.progress = min(1.0, max(0.0, float(fraction)))
        self.text = text or self.text
        self._touched(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the work ended (the answer may still have to be handed over); return whether it did."""
        return self._end.wait(timeout)

    def run(self) -> None:
        """Do the work; called once, by a thread of the runner."""
        with self._lock:
            work, self._work = self._work, None
            if self.state is not JobState.WAITING or work is None:
                return
            self.state = JobState.RUNNING
        self._touched(self)
        try:
            result = work(self)
        except BaseException as error:  # a codec's PanicException is no Exception
            self._ended_with(error)
        else:
            with self._lock:
                self._settle(JobState.CANCELLED if self.cancelled() else JobState.DONE, result=result)
        self._on_end(self)

    def deliver(self) -> None:
        """Hand the answer or the error over; called once, on the main thread."""
        with self._lock:
            self._delivered = True
            state = self.state
        done, self._done, failed, self._failed = self._done, None, self._failed, None
        if state is JobState.DONE and done:
            try:
                done(self.result)
            except refusals() as refusal:
                self.state, self.error = JobState.FAILED, str(refusal)
                state = self.state
        if state is JobState.FAILED and failed:
            failed(self.error or "")

    def _ended_with(self, error: BaseException) -> None:
        stopped = self.cancelled() or isinstance(error, (Cancelled, *_of_operations("Cancelled")))
        with self._lock:
            if stopped:
                self._settle(JobState.CANCELLED)
            else:
                self._settle(JobState.FAILED, error=sentence(self.name, error))

    def _settle(self, state: JobState, *, result: Any = None, error: str | None = None) -> None:
        self.state, self.error = state, error
        self.result = result if state is JobState.DONE else None
        self._work = None
        if state is JobState.DONE:
            self.progress = 1.0
        self._end.set()


def sentence(name: str, error: BaseException) -> str:
    """Say an error of the work called ``name`` to a person; what is not a refusal is logged as well.

    The log gets the places in the code but neither the error's text nor the name of the work: both may quote a
    file and so a patient.
    """
    if isinstance(error, refusals()):
        return str(error)
    if isinstance(error, MemoryError):
        return tr(
            "{name} needs more memory than there is; close other images or work on a part of this one.", name=name
        )
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.error("a job failed with %s\n%s", type(error).__name__, frames)
    return tr("{name} failed: {reason}", name=name, reason=str(error).strip() or type(error).__name__)


def refusals() -> tuple[type[BaseException], ...]:
    """Return the exceptions whose text is a sentence for people."""
    return (Refused, *_of_operations("Refused"))


def _of_operations(name: str) -> tuple[type[BaseException], ...]:
    """Return the exception class of the operations room, if it is loaded: importing it costs a second."""
    module = sys.modules.get("pellucid.operations.operation")
    return (getattr(module, name),) if module else ()
