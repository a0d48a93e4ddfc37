"""One worker process and the connection to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from pellucid import language
from pellucid.dicom.channel import Channel, Closed

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = tuple[dict[str, Any], "list[NDArray[Any]]"]

_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_CANCEL_PATIENCE = 0.1
_END_SECONDS = 5.0
_SIGKILL, _SIGALRM = 9, 14


class Cancelled(Exception):
    """Raised by a call whose ``cancelled`` said yes."""


class Late(Exception):
    """The deadline passed."""


class Program(NamedTuple):
    """What runs in a process: a module, and the word by which a frozen program starts it."""

    module: str
    word: str


_DECODER = Program("pellucid.dicom.worker", "--child")


class WorkerProcess:
    """One worker process and the connection to it."""

    def __init__(self, memory_cap_bytes: int, program: Program = _DECODER) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            if sys.platform == "win32":
                self.process = subprocess.Popen(
                    [*_command(program), "-", str(memory_cap_bytes), *_language()], stdin=subprocess.PIPE, **_quiet()
                )
                described = theirs.share(self.process.pid)
                assert self.process.stdin is not None
                self.process.stdin.write(len(described).to_bytes(4, "big") + described)
                self.process.stdin.close()
            else:
                handle = theirs.fileno()
                command = [*_command(program), str(handle), str(memory_cap_bytes), *_language()]
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
        except (Late, Closed):
            return False
        return self.process.poll() is None

    def ask(
        self, function: str, payload: dict[str, Any], seconds: float, cancelled: Callable[[], bool] | None
    ) -> Answer:
        """Send a call and wait for the answer."""
        try:
            self.channel.send({"function": function, "payload": payload, "deadline": seconds})
            self._wait(seconds, cancelled)
            answer, arrays = self.channel.receive()
        except Closed:
            if self._ended_by() == _SIGALRM:  # the system ended it before we saw that it is late
                raise Late from None
            raise
        self.calls += 1
        self.first_rss = self.first_rss or answer.get("rss", 0)
        return answer, arrays

    def _wait(self, seconds: float, cancelled: Callable[[], bool] | None) -> None:
        end = time.monotonic() + seconds
        stop: float | None = None
        while not self.channel.wait(_POLL_SECONDS):
            now = time.monotonic()
            if now >= end:
                raise Late
            if stop is None and cancelled is not None and cancelled():
                stop = now + _CANCEL_PATIENCE  # nearly every answer comes sooner than a new worker
            if stop is not None and now >= stop:
                raise Cancelled

    def was_killed(self) -> bool:
        """Return whether somebody else ended the process: the user, or the system for want of memory."""
        return self._ended_by() == _SIGKILL

    def _ended_by(self) -> int:
        """Return the signal that ended the process, 0 for none; one that closed its connection ends in a moment."""
        try:
            return -self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return 0

    def kill(self) -> None:
        """End the process now."""
        with self._killing:
            self.process.kill()
            self.process.wait()
            self.channel.close()


def _command(program: Program) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, program.word]
    return [sys.executable, "-m", program.module]


def _language() -> tuple[str, ...]:
    """Return the arguments that let a worker refuse in the language of the user."""
    source = language.source()
    return () if source is None else (str(source[0]), source[1])


def _quiet() -> dict[str, Any]:
    """Return how a worker is started: no output, one thread per library, our own module path."""
    single = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    environment = os.environ | single | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    if sys.platform == "win32":
        return quiet | {"creationflags": subprocess.CREATE_NO_WINDOW}
    return quiet | {"start_new_session": True}
