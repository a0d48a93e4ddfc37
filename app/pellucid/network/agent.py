"""What runs inside an agent: tasks that speak to other machines, one after the other, until the program is gone.

A task is a function ``(payload, desk)`` that returns a JSON answer or raises Refused. What peers send is parsed here
and nowhere else, with a cap on memory; a peer that brings the process down takes nothing else with it.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid import language
from pellucid.dicom.channel import Channel, Closed
from pellucid.dicom.worker import become_harmless, connected, find
from pellucid.model.findings import Refused

_STACK_BYTES = 1 << 20
_GONE = 3


class Desk:
    """How a task speaks to the program: it reports events and hears that it is cancelled."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._cancelled = threading.Event()
        self._at_cancel: list[Callable[[], None]] = []

    def report(self, **event: Any) -> None:
        """Send an event; any thread may."""
        self.tell({"event": event})

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message; any thread may."""
        with self._lock:
            self._send(message)

    @property
    def cancelled(self) -> bool:
        """Return whether the task is no longer wanted."""
        return self._cancelled.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the task is cancelled; return whether it is."""
        return self._cancelled.wait(seconds)

    def at_cancel(self, action: Callable[[], None]) -> None:
        """Do something once when the task is cancelled, at once when it is already; in another thread."""
        with self._changing:
            self._at_cancel.append(action)
            if self.cancelled:
                self._act()

    def cancel(self) -> None:
        """Say that the task is no longer wanted."""
        with self._changing:
            self._cancelled.set()
            self._act()

    def _act(self) -> None:
        actions, self._at_cancel = self._at_cancel, []
        for action in actions:
            threading.Thread(target=action, daemon=True).start()


def main(arguments: list[str] | None = None) -> int:
    """Do tasks; the arguments are those of a worker: handle of the socket, cap, and perhaps a language."""
    handle, cap, *speaks = sys.argv[1:] if arguments is None else arguments
    if len(speaks) == 2:
        language.use(Path(speaks[0]), speaks[1])
    channel = Channel(connected(handle))
    threading.stack_size(_STACK_BYTES)
    become_harmless(int(cap))
    channel.send({"ready": os.getpid()})
    tasks: queue.SimpleQueue[tuple[str, dict[str, Any], Desk]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, tasks), daemon=True).start()
    while True:
        name, payload, desk = tasks.get()
        desk.tell(_answer(name, payload, desk))


def _listen(channel: Channel, tasks: queue.SimpleQueue[tuple[str, dict[str, Any], Desk]]) -> None:
    """Hear what the program wants; when it is gone this process ends."""
    desk: Desk | None = None
    while True:
        try:
            message, _ = channel.receive()
        except Closed:
            os._exit(_GONE)
        if "task" in message:
            desk = Desk(channel.send)
            tasks.put((message["task"], message["payload"], desk))
        elif desk is not None:
            desk.cancel()


def _answer(name: str, payload: dict[str, Any], desk: Desk) -> dict[str, Any]:
    try:
        return {"ok": find(name)(payload, desk)}  # type: ignore[call-arg]
    except Refused as refusal:
        return {"refused": str(refusal)}
    except Closed:
        os._exit(_GONE)
    except Exception as error:
        logging.getLogger(__name__).debug("a task failed", exc_info=error)
        return {"error": type(error).__name__}


if __name__ == "__main__":
    sys.exit(main())
