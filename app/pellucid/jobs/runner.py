"""The owner of all worker threads, and the one door through which their answers come back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Condition, Event, Thread
from typing import TypeVar

from psygnal import Signal

from pellucid.jobs.job import Job, JobState

T = TypeVar("T")
Callback = Callable[[], object]
Post = Callable[[Callback], None]

REPORT_INTERVAL = 1 / 30


class Runner:
    """Runs jobs: edits one by one, queries where the latest of a key wins, loads side by side.

    Answers, errors and ``changed`` signals are queued; for each one ``wake`` is called, from any thread, with
    a function that the main thread must call once. Without ``wake`` the main thread calls ``drain``.
    """

    changed = Signal()
    """Emitted on the main thread when a job came, went or reported."""

    def __init__(self, wake: Post | None = None, *, queries: int = 2, loads: int = 3) -> None:
        self._wake = wake
        self._edits = ThreadPoolExecutor(1, "pellucid-edits")
        self._queries = ThreadPoolExecutor(queries, "pellucid-queries")
        self._loads = ThreadPoolExecutor(loads, "pellucid-loads")
        self._state = Condition()  # guards everything below, told when a callback was queued
        self._callbacks: deque[Callback] = deque()
        self._active: dict[Job, None] = {}
        self._latest: dict[Hashable, Job] = {}
        self._touched: dict[Job, None] = {}
        self._ticking = Event()
        self._closing = Event()
        self._ticker: Thread | None = None

    @property
    def running(self) -> tuple[Job, ...]:
        """Return the jobs that wait, run or have an answer to hand over, oldest first."""
        with self._state:
            return tuple(job for job in self._active if job.state is not JobState.CANCELLED)

    def edit(
        self,
        name: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> Job:
        """Start work that changes the document; edits run one after the other, in this order."""
        return self._start(self._edits, self._job(name, work, done, failed))

    def query(
        self,
        key: Hashable,
        name: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[str], None] | None = None,
        *,
        quiet: bool = False,
    ) -> Job:
        """Ask something of which only the latest answer matters; an older query of the key is cancelled.

        A ``quiet`` job shows itself where it belongs, and so not in the status bar.
        """
        job = self._job(name, work, done, failed, quiet=quiet)
        with self._state:
            older = self._latest.pop(key, None)
            self._latest[key] = job
        if older is not None:
            older.cancel()
        return self._start(self._queries, job)

    def load(
        self,
        name: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> Job:
        """Start reading or writing files; several run at once."""
        return self._start(self._loads, self._job(name, work, done, failed))

    def post(self, callback: Callback) -> None:
        """Have the main thread call a function soon, in the order of posting; callable from any thread."""
        with self._state:
            if self._closing.is_set():
                return
            self._callbacks.append(callback)
            self._state.notify_all()
        if self._wake is not None:
            self._wake(self._pump_one)

    def cancel_all(self) -> None:
        """Cancel every job; none of them answers any more."""
        with self._state:
            jobs = tuple(self._active)
        for job in jobs:
            job.cancel()

    def drain(self, timeout: float | None = None) -> bool:
        """Run queued callbacks here until no job is left; return False after ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._pump()
            with self._state:
                if not self._callbacks and not self._active:
                    break
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._state.wait_for(lambda: bool(self._callbacks) or not self._active, left)
        self._tell()
        return True

    def close(self) -> None:
        """Cancel everything, wait for the threads to end, and drop what they answered."""
        self._closing.set()
        self._ticking.set()
        self.cancel_all()
        for pool in (self._edits, self._queries, self._loads):
            pool.shutdown(wait=True, cancel_futures=True)
        if self._ticker is not None:
            self._ticker.join()
        with self._state:
            self._callbacks.clear()
            self._active.clear()
            self._latest.clear()
            self._touched.clear()

    def _job(
        self,
        name: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None,
        failed: Callable[[str], None] | None,
        quiet: bool = False,
    ) -> Job:
        job = Job(name, work, done, failed, touched=self._touch, ended=self._ended, quiet=quiet)
        with self._state:
            self._active[job] = None
        return job

    def _start(self, pool: ThreadPoolExecutor, job: Job) -> Job:
        if self._closing.is_set():
            job.cancel()
            return job
        pool.submit(job.run)
        self._touch(job)
        return job

    def _ended(self, job: Job) -> None:
        self.post(partial(self._deliver, job))

    def _deliver(self, job: Job) -> None:
        with self._state:
            self._active.pop(job, None)
            self._touched.pop(job, None)
            for key in [key for key, latest in self._latest.items() if latest is job]:
                del self._latest[key]
        try:
            job.deliver()
        finally:
            job.changed.emit()
            self.changed.emit()

    def _pump_one(self) -> bool:
        with self._state:
            callback = self._callbacks.popleft() if self._callbacks else None
        if callback is not None:
            callback()
        return callback is not None

    def _pump(self) -> None:
        while self._pump_one():
            pass

    def _touch(self, job: Job) -> None:
        """Remember that a job must be told about; the ticker does it, at most 30 times a second."""
        with self._state:
            if self._closing.is_set():
                return
            self._touched[job] = None
            if self._ticker is None:
                self._ticker = Thread(target=self._tick, name="pellucid-progress", daemon=True)
                self._ticker.start()
        self._ticking.set()

    def _tick(self) -> None:
        while not self._closing.is_set():
            self._ticking.wait()
            self._ticking.clear()
            self.post(self._tell)
            self._closing.wait(REPORT_INTERVAL)

    def _tell(self) -> None:
        with self._state:
            jobs = tuple(self._touched)
            self._touched.clear()
        for job in jobs:
            job.changed.emit()
        if jobs:
            self.changed.emit()
