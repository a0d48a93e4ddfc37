"""Isolated worker processes: whatever a hostile file does to a decoder, the program only sees a sentence.

``Pool.call("module:function", payload)`` runs a function in a worker with a deadline and a memory cap. The
payload and the answer are JSON, arrays come back through shared memory. Calls may come from several threads
at once.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.channel import Channel, Closed
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = tuple[dict[str, Any], "list[NDArray[Any]]"]

_log = logging.getLogger(__name__)

_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_CANCEL_PATIENCE = 0.1
_CALLS_PER_WORKER = 1000
_GROWTH_BYTES = 256 << 20
_FAILED_STARTS = 3
_SIGKILL = 9


class Cancelled(Exception):
    """Raised by a call whose ``cancelled`` said yes."""


class Pool:
    """A few worker processes and a warm spare; a dead one is replaced at once."""

    def __init__(self, workers: int = 2, deadline: float = 10.0, memory_cap_bytes: int = 2 << 30) -> None:
        self.workers, self.deadline, self.memory_cap_bytes = workers, deadline, memory_cap_bytes
        self._free = threading.Condition()
        self._slots = threading.BoundedSemaphore(workers)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
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
            except _Late:
                self._set_aside(path)
                raise Refused(
                    f"{_name(path)} could not be read: it took longer than {seconds:g} s. It may be damaged."
                ) from None
            except Closed:
                self._set_aside(path)
                raise Refused(
                    f"{_name(path)} could not be read: it stopped the decoder. The file is probably damaged."
                ) from None
        return self._checked(answer, arrays, path)

    def _ask(
        self, function: str, payload: dict[str, Any], seconds: float, cancelled: Callable[[], bool] | None
    ) -> Answer:
        """Let a worker answer; one that was killed, or died before it was asked, does not blame the file."""
        killed = False
        while True:
            worker = self._take(cancelled)
            keep = False
            try:
                if not worker.wake(cancelled):
                    continue
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
            raise Refused(f"{_name(path)} could not be read: it needs more than {cap:.1f} GB of memory.")
        _log.info("a worker failed with %s", answer.get("kind", "an unknown error"))
        raise Refused(f"{_name(path)} could not be read: its contents are damaged.")

    def _may_stay(self, worker: _Worker, answer: dict[str, Any]) -> bool:
        """Return whether a worker may serve again: not after trouble with memory, nor grown, nor old."""
        grown = answer.get("rss", 0) > worker.first_rss + max(worker.first_rss // 2, _GROWTH_BYTES)
        leaving = answer.get("leaving") or answer.get("error") == "memory"
        return not leaving and not grown and worker.calls < _CALLS_PER_WORKER

    def _check_quarantine(self, path: str) -> None:
        if path and path in self._quarantine and self._quarantine[path] == _stamp(path):
            raise Refused(f"{_name(path)} was set aside: it stopped the decoder before. The file is probably damaged.")

    def _set_aside(self, path: str) -> None:
        if path:
            self._quarantine[path] = _stamp(path)

    def _take(self, cancelled: Callable[[], bool] | None) -> _Worker:
        with self._free:
            self._ensure_starter()
            while True:
                if self._closed:
                    raise Refused("The program is closing; nothing more is read.")
                if self._failed_starts >= _FAILED_STARTS:
                    self._failed_starts = 0
                    raise Refused("The process that decodes images could not be started. Is the installation complete?")
                if cancelled is not None and cancelled():
                    raise Cancelled
                if self._idle:
                    worker = max(self._idle, key=lambda w: w.ready)
                    self._idle.remove(worker)
                    self._busy.add(worker)
                    self._free.notify_all()
                    return worker
                self._free.wait(_POLL_SECONDS * 5)

    def _give_back(self, worker: _Worker, keep: bool) -> None:
        with self._free:
            self._busy.discard(worker)
            keep = keep and not self._closed
            if worker.ready:
                self._failed_starts = 0
            else:
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
                worker = _Worker(self.memory_cap_bytes)
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


class _Late(Exception):
    """The deadline passed."""


class _Worker:
    """One worker process and the connection to it."""

    def __init__(self, memory_cap_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            if sys.platform == "win32":
                self.process = subprocess.Popen(
                    [*_command(), "-", str(memory_cap_bytes)], stdin=subprocess.PIPE, **_quiet()
                )
                described = theirs.share(self.process.pid)
                assert self.process.stdin is not None
                self.process.stdin.write(len(described).to_bytes(4, "big") + described)
                self.process.stdin.close()
            else:
                handle = theirs.fileno()
                command = [*_command(), str(handle), str(memory_cap_bytes)]
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(handle,), **_quiet())
        self.channel = Channel(ours)
        self.ready = False
        self.calls = 0
        self.first_rss = 0
        self._killing = threading.Lock()

    def wake(self, cancelled: Callable[[], bool] | None) -> bool:
        """Wait until the process is up; return whether it is alive."""
        try:
            if not self.ready:
                self._wait(_START_SECONDS, cancelled)
                self.channel.receive()
                self.ready = True
        except (_Late, Closed):
            return False
        return self.process.poll() is None

    def ask(
        self, function: str, payload: dict[str, Any], seconds: float, cancelled: Callable[[], bool] | None
    ) -> Answer:
        """Send a call and wait for the answer."""
        self.channel.send({"function": function, "payload": payload, "deadline": seconds})
        self._wait(seconds, cancelled)
        answer, arrays = self.channel.receive()
        self.calls += 1
        self.first_rss = self.first_rss or answer.get("rss", 0)
        return answer, arrays

    def _wait(self, seconds: float, cancelled: Callable[[], bool] | None) -> None:
        end = time.monotonic() + seconds
        stop: float | None = None
        while not self.channel.wait(_POLL_SECONDS):
            now = time.monotonic()
            if now >= end:
                raise _Late
            if stop is None and cancelled is not None and cancelled():
                stop = now + _CANCEL_PATIENCE  # nearly every answer comes sooner than a new worker
            if stop is not None and now >= stop:
                raise Cancelled

    def was_killed(self) -> bool:
        """Return whether somebody else ended the process: the user, or the system for want of memory."""
        try:
            return self.process.wait(1.0) == -_SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        """End the process now."""
        with self._killing:
            self.process.kill()
            self.process.wait()
            self.channel.close()


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "--child"]
    return [sys.executable, "-m", "pellucid.dicom.worker"]


def _quiet() -> dict[str, Any]:
    """Return how a worker is started: no output, one thread per library, our own module path."""
    single = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    environment = os.environ | single | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    if sys.platform == "win32":
        return quiet | {"creationflags": subprocess.CREATE_NO_WINDOW}
    return quiet | {"start_new_session": True}


def _name(path: str) -> str:
    return Path(path).name or "The image"


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
