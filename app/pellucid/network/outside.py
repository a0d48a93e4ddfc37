"""Processes that speak to other machines, so that nothing a peer sends can reach the program itself.

``run("module:function", payload)`` lets an agent (``agent.py``) do one task: it reports on the way, may be cancelled,
and answers in JSON. An agent stays for a while when it is done: the next question need not wait for a new one.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pellucid.dicom.channel import Closed
from pellucid.dicom.process import Program, WorkerProcess
from pellucid.language import tr
from pellucid.model.findings import Refused

AGENT = Program("pellucid.network.agent", "--agent")
Event = dict[str, Any]

_log = logging.getLogger(__name__)

_MEMORY_CAP = 2 << 30
_POLL_SECONDS = 0.05
_CANCEL_PATIENCE = 0.8
_IDLE_SECONDS = 120.0


class Died(Exception):
    """The agent ended, or had to be ended, before it answered."""


class Stopped(Died):
    """The task failed after it was told to end: why does not matter any more, and the agent is as good as before."""


class Agent:
    """One process and the task it does; used by one thread."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.process.pid

    @property
    def alive(self) -> bool:
        """Return whether the process is there: an idle one may have been ended by the system for want of memory."""
        return self._process.process.poll() is None

    def begin(self, task: str, payload: dict[str, Any]) -> None:
        """Start a task."""
        self._tell({"task": task, "payload": payload})

    def cancel(self) -> None:
        """Ask for an end; the answer comes soon."""
        self._tell({"cancel": True})

    def next(self, seconds: float = _POLL_SECONDS) -> Event | None:
        """Return the next message, None when there is none yet; raise Died when none will come."""
        try:
            return self._process.channel.receive()[0] if self._process.channel.wait(seconds) else None
        except (Closed, ValueError, OSError) as error:
            raise Died from error

    def end(self) -> None:
        """End the process now."""
        self._process.kill()

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._process.channel.send(message)
        except Closed as error:
            raise Died from error


def run(
    task: str,
    payload: dict[str, Any],
    *,
    on_event: Callable[[Event], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Let an agent do a task and return its answer; raise Refused with its sentence, Died when there is no answer.

    After ``cancelled`` said yes the agent has some seconds to say good-bye to the server; then it is ended.
    """
    agent = take()
    done = False
    try:
        agent.begin(task, payload)
        answer = _attend(agent, on_event, cancelled)
        done = True
        return answer
    except (Refused, Stopped):
        done = True
        raise
    finally:
        give_back(agent, done)


def _attend(
    agent: Agent, on_event: Callable[[Event], None] | None, cancelled: Callable[[], bool] | None
) -> dict[str, Any]:
    stop: float | None = None
    while True:
        message = agent.next()
        if message is not None and "event" in message and on_event is not None:
            on_event(message["event"])
        elif message is not None and "event" not in message:
            if stop is not None and "ok" not in message:
                raise Stopped
            return _checked(message)
        if stop is None and cancelled is not None and cancelled():
            agent.cancel()
            stop = time.monotonic() + _CANCEL_PATIENCE
        if stop is not None and time.monotonic() > stop:
            raise Died


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    if "ok" in message:
        return dict(message["ok"])
    if "refused" in message:
        raise Refused(str(message["refused"]))
    _log.warning("a task of the network failed with %s", message.get("error", "an unknown error"))
    raise Refused(
        tr("The server answered something that could not be understood. Try again; if it stays so, tell its keeper.")
    )


class _Keeper:
    """Starts agents and ends those nobody needs; Linux ends an agent with the thread that started it."""

    def __init__(self) -> None:
        self._orders: queue.Queue[Future[WorkerProcess] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Agent]] = []
        self._busy: set[Agent] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def take(self) -> Agent:
        with self._lock:
            if self._closed:
                raise Refused(tr("The program is closing; no server is asked any more."))
            while self._idle:
                agent = self._idle.pop()[1]
                if agent.alive:
                    self._busy.add(agent)
                    return agent
                agent.end()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="pellucid-network-keeper", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        order: Future[WorkerProcess] = Future()
        self._orders.put(order)
        try:
            process = order.result()
            if not process.wake(None):
                process.kill()
                raise OSError
        except OSError as error:
            raise Refused(
                tr("The process that speaks to servers could not be started. Is the installation complete?")
            ) from error
        agent = Agent(process)
        with self._lock:
            self._busy.add(agent)
        return agent

    def give_back(self, agent: Agent, keep: bool) -> None:
        with self._lock:
            self._busy.discard(agent)
            keep = keep and not self._closed and not self._idle
            if keep:
                self._idle.append((time.monotonic(), agent))
        if not keep:
            agent.end()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            agents = [*self._busy, *(agent for _, agent in self._idle)]
            self._idle.clear()
        for agent in agents:
            with contextlib.suppress(OSError):
                agent.end()
        self._orders.put(None)

    def _work(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=_IDLE_SECONDS / 4)
            except queue.Empty:
                self._dismiss()
                continue
            if order is None:
                return
            try:
                order.set_result(WorkerProcess(_MEMORY_CAP, AGENT))
            except OSError as error:
                order.set_exception(error)

    def _dismiss(self) -> None:
        before = time.monotonic() - _IDLE_SECONDS
        with self._lock:
            old = [agent for since, agent in self._idle if since < before]
            self._idle = [entry for entry in self._idle if entry[1] not in old]
        for agent in old:
            agent.end()


_keeper = _Keeper()


def take() -> Agent:
    """Return an agent that is up and idle; raise Refused when none can be started."""
    return _keeper.take()


def give_back(agent: Agent, keep: bool) -> None:
    """Keep an agent for the next task, or end it."""
    _keeper.give_back(agent, keep)
