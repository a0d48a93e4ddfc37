"""Workers of this computer: processes that take one task at a time and are started anew when they die.

An executor like that of ``concurrent.futures``, with one difference: a process that dies takes only its own task with
it, which is tried again in a new one. They talk through pipes: nothing listens on the network.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from pellucid.recipes.batch.attempts import MOST

_GRACE_SECONDS = 3.0
_START_SECONDS = 120.0
_FAILED = "failed"


def _nothing_to_prepare() -> None:
    """Begin at once."""


class Died(Exception):
    """The processes die as soon as they are given anything to do."""


class Processes(Executor):
    """As many processes as asked for; ``patience`` is the longest a task may take, in seconds.

    ``prepare`` is called in each new process before it is given anything to do.
    """

    def __init__(
        self, count: int, patience: float | None = None, prepare: Callable[[], object] = _nothing_to_prepare
    ) -> None:
        self._max_workers = count  # where Dask looks for it
        self._patience, self._prepare = patience, prepare
        self._queue: SimpleQueue[tuple[Future[Any], Any] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._workers: list[_Worker] = []
        self._threads = [threading.Thread(target=self._serve, name="pellucid-batch", daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the living workers."""
        return tuple(worker.pid for worker in self._workers)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called in one of the processes."""
        future: Future[Any] = Future()
        self._queue.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; one that is busy gets a moment to end by itself, then it is killed."""
        self._closing.set()
        for _ in self._threads:
            self._queue.put(None)
        end = time.monotonic() + (_GRACE_SECONDS if wait else 0.0)
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        for worker in tuple(self._workers):
            worker.kill()
        for thread in self._threads:
            thread.join(_GRACE_SECONDS)
        while not self._queue.empty():
            if (job := self._queue.get()) is not None:
                job[0].cancel()

    def _serve(self) -> None:
        """Hand tasks to one process after the other lived."""
        worker: _Worker | None = None
        while (job := self._queue.get()) is not None and not self._closing.is_set():
            future, call = job
            for _ in range(MOST + 1):
                try:
                    worker = worker or self._started()
                    worker.wake(self._prepare)
                    _hand_over(future, worker.ask(call, self._patience))
                    break
                except (EOFError, OSError):  # it died, was too slow, or could not be started
                    self._ended(worker)
                    worker = None
                    if self._closing.is_set():
                        future.cancel()
                        break
                except Exception as error:  # the call itself cannot be sent
                    future.set_exception(error)
                    break
            else:
                future.set_exception(Died())
        if worker is not None:
            worker.end()
            self._ended(worker)

    def _started(self) -> _Worker:
        worker = _Worker()
        self._workers.append(worker)
        return worker

    def _ended(self, worker: _Worker | None) -> None:
        """Take a process off the list that is dead or is to die."""
        if worker is not None:
            self._workers.remove(worker)
            worker.kill()


def _hand_over(future: Future[Any], answer: tuple[str, Any]) -> None:
    how, value = answer
    if how == _FAILED:
        future.set_exception(value)
    else:
        future.set_result(value)


class _Worker:
    """One process and the pipe to it."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(theirs,), name="pellucid-batch", daemon=False)
        self._process.start()
        self._awake = False
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def wake(self, prepare: Callable[[], object]) -> None:
        """Wait until the process is ready for work; EOFError when it does not come up."""
        if not self._awake:
            self.ask((prepare, (), {}), _START_SECONDS)
            self._awake = True

    def ask(self, call: Any, patience: float | None) -> Any:
        """Return what a call gives; EOFError when the process dies of it, or takes longer than there is patience."""
        self._pipe.send(call)
        if not self._pipe.poll(patience):
            raise EOFError
        return self._pipe.recv()

    def end(self) -> None:
        """Let the process end by itself."""
        self._pipe.close()
        self._process.join(_GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.join()


def _work(pipe: Connection) -> None:
    """Answer calls until the pipe ends; runs in the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program, which ends its workers
    logging.getLogger().addHandler(logging.NullHandler())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            function, args, kwargs = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = "done", function(*args, **kwargs)
        except Exception as error:
            answer = _FAILED, error
        pipe.send(answer)


def _end_with_parent() -> None:
    """End at once when the program was killed: its tasks are nobody's any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
