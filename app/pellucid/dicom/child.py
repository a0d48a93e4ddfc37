"""Isolated worker processes: whatever a hostile file does to a decoder, the program only sees a sentence.

``Pool.call("module:function", payload)`` runs a function in a worker with a deadline and a memory cap. The
payload and the answer are JSON, arrays come back through shared memory. Calls may come from several threads
at once.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.channel import Closed
from pellucid.dicom.process import Answer, Cancelled, Late, WorkerProcess
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cancelled", "Pool", "deadline_for", "default_pool"]

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.02
_CALLS_PER_WORKER = 1000
_GROWTH_BYTES = 256 << 20
_FAILED_STARTS = 3
_WHOLE_FILE_SECONDS, _BYTES_PER_SECOND = 10.0, 2e6


class Pool:
    """A few worker processes and a warm spare; a dead one is replaced at once."""

    def __init__(self, workers: int = 2, deadline: float = 9.0, memory_cap_bytes: int = 2 << 30) -> None:
        self.workers, self.deadline, self.memory_cap_bytes = workers, deadline, memory_cap_bytes
        self._free = threading.Condition()
        self._slots = threading.BoundedSemaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._quarantine: dict[str, tuple[int, int]] = {}
        self._failed_starts = 0
        self._closed = False
        self._starter: threading.Thread | None = None
        atexit.register(self.close)

    def call(
        self,
        function: str,
        payload: dict[str, Any],
        *,
        deadline: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Run ``module:function`` with a JSON payload in a worker; return its dict and its arrays.

        ``payload["path"]``, when there, names the file: it is quarantined if it kills, hangs or bloats the
        worker. Raises Refused with a sentence for everything the file did wrong, Cancelled when told to stop.
        """
        path = str(payload.get("path", ""))
        self._check_quarantine(path)
        seconds = self.deadline if deadline is None else deadline
        with self._slots:
            try:
                answer, arrays = self._ask(function, payload, seconds, cancelled)
            except Late:
                self._set_aside(path)
                raise Refused(
                    tr(
                        "{name} could not be read: it took longer than {seconds:g} s. It may be damaged.",
                        name=_name(path),
                        seconds=seconds,
                    )
                ) from None
            except Closed:
                self._set_aside(path)
                raise Refused(
                    tr(
                        "{name} could not be read: it stopped the decoder. The file is probably damaged.",
                        name=_name(path),
                    )
                ) from None
        return self._checked(answer, arrays, path)

    def _ask(
        self, function: str, payload: dict[str, Any], seconds: float, cancelled: Callable[[], bool] | None
    ) -> Answer:
        """Let a worker answer; one that was killed, or died before it was asked, does not blame the file."""
        killed = False
        while True:
            worker = self._take(cancelled)
            keep = True  # also when it is cancelled while it starts
            try:
                keep = worker.wake(cancelled)
                if not keep:
                    continue
                keep = False
                answer, arrays = worker.ask(function, payload, seconds, cancelled)
                keep = self._may_stay(worker, answer)
                return answer, arrays
            except Closed:
                if killed or not worker.was_killed():
                    raise
                killed = True
            finally:
                self._give_back(worker, keep)

    def start(self) -> None:
        """Start the workers now, so that the first call need not wait for them."""
        with self._free:
            self._ensure_starter()

    def close(self) -> None:
        """End all workers; later calls are refused."""
        with self._free:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._free.notify_all()
        for worker in workers:
            worker.kill()
        if self._starter is not None and self._starter is not threading.current_thread():
            self._starter.join(5.0)
        atexit.unregister(self.close)

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process ids of all living workers."""
        with self._free:
            return tuple(worker.process.pid for worker in (*self._idle, *self._busy))

    def _checked(self, answer: dict[str, Any], arrays: list[NDArray[Any]], path: str) -> Answer:
        if "ok" in answer:
            return answer["ok"], arrays
        if "refused" in answer:
            raise Refused(answer["refused"])
        if answer.get("error") == "memory":
            self._set_aside(path)
            cap = self.memory_cap_bytes / (1 << 30)
            raise Refused(
                tr("{name} could not be read: it needs more than {cap:.1f} GB of memory.", name=_name(path), cap=cap)
            )
        _log.info("a worker failed with %s", answer.get("kind", "an unknown error"))
        raise Refused(tr("{name} could not be read: its contents are damaged.", name=_name(path)))

    def _may_stay(self, worker: WorkerProcess, answer: dict[str, Any]) -> bool:
        """Return whether a worker may serve again: not after trouble with memory, nor grown, nor old."""
        grown = answer.get("rss", 0) > worker.first_rss + max(worker.first_rss // 2, _GROWTH_BYTES)
        leaving = answer.get("leaving") or answer.get("error") == "memory"
        return not leaving and not grown and worker.calls < _CALLS_PER_WORKER

    def _check_quarantine(self, path: str) -> None:
        if path and path in self._quarantine and self._quarantine[path] == _stamp(path):
            raise Refused(
                tr(
                    "{name} was set aside: it stopped the decoder before. The file is probably damaged.",
                    name=_name(path),
                )
            )

    def _set_aside(self, path: str) -> None:
        if path:
            self._quarantine[path] = _stamp(path)

    def _take(self, cancelled: Callable[[], bool] | None) -> WorkerProcess:
        with self._free:
            self._ensure_starter()
            while True:
                if self._closed:
                    raise Refused(tr("The program is closing; nothing more is read."))
                if self._failed_starts >= _FAILED_STARTS:
                    self._failed_starts = 0
                    raise Refused(
                        tr("The process that decodes images could not be started. Is the installation complete?")
                    )
                if cancelled is not None and cancelled():
                    raise Cancelled
                if self._idle:
                    worker = max(self._idle, key=lambda w: w.ready)
                    self._idle.remove(worker)
                    self._busy.add(worker)
                    self._free.notify_all()
                    return worker
                self._free.wait(_POLL_SECONDS * 5)

    def _give_back(self, worker: WorkerProcess, keep: bool) -> None:
        with self._free:
            self._busy.discard(worker)
            keep = keep and not self._closed
            if worker.ready:
                self._failed_starts = 0
            elif not keep:
                self._failed_starts += 1
            if keep:
                self._idle.append(worker)
            self._free.notify_all()
        if not keep:
            worker.kill()

    def _ensure_starter(self) -> None:
        if self._starter is None:
            self._starter = threading.Thread(target=self._keep_stocked, name="pellucid-worker-starter", daemon=True)
            self._starter.start()

    def _keep_stocked(self) -> None:
        """Keep workers and spare alive; Linux ends them with this thread, which lives as long as the pool."""
        while True:
            with self._free:
                while len(self._idle) + len(self._busy) >= self.workers + 1 and not self._closed:
                    self._free.wait()
                if self._closed:
                    return
            try:
                worker = WorkerProcess(self.memory_cap_bytes)
            except OSError:
                with self._free:
                    self._failed_starts += 1
                    self._free.notify_all()
                time.sleep(0.5)
                continue
            with self._free:
                closed = self._closed
                if not closed:
                    self._idle.append(worker)
                    self._free.notify_all()
            if closed:
                worker.kill()


def _name(path: str) -> str:
    return Path(path).name or tr("The image")


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


_default: Pool | None = None
_default_lock = threading.Lock()


def default_pool() -> Pool:
    """Return the pool everybody shares; it is made on first use and closed when the program ends."""
    global _default
    with _default_lock:
        if _default is None or _default._closed:
            _default = Pool()
        return _default


def deadline_for(path: Path) -> float:
    """Return how many seconds a worker may take to read all of a file, by its size."""
    return _WHOLE_FILE_SECONDS + _stamp(str(path))[1] / _BYTES_PER_SECOND
