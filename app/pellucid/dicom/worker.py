"""What runs inside a worker process: answer calls until the program is gone.

A worker trusts the program and nothing else: files are parsed and decoded here, so that a codec that
crashes, hangs or eats memory takes only this process with it. It never imports Qt.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid import language
from pellucid.dicom import dumps, effort
from pellucid.dicom.channel import Channel, Closed
from pellucid.model.findings import Refused

_GRACE_SECONDS = 2.0
_SETTLE_SECONDS = 0.05


def main(arguments: list[str] | None = None) -> int:
    """Serve calls; the arguments: handle of the socket (``-``: see standard input), cap, and perhaps a language.

    The language is the folder of its catalogue and its code; without it sentences are English.
    """
    handle, cap, *speaks = sys.argv[1:] if arguments is None else arguments
    if len(speaks) == 2:
        language.use(Path(speaks[0]), speaks[1])
    channel = Channel(connected(handle))
    become_harmless(int(cap))
    channel.send({"ready": os.getpid()})
    if not channel.wait(_SETTLE_SECONDS):
        _warm_up()
    try:
        while True:
            serve(channel)
    except Closed:
        return 0


def serve(channel: Channel) -> None:
    """Receive one call, run it, answer."""
    message, _ = channel.receive()
    _set_alarm(float(message["deadline"]) + _GRACE_SECONDS)
    answer, arrays, fatal = run(message["function"], message["payload"])
    try:
        channel.send(answer | {"rss": resident_bytes(), "leaving": fatal}, arrays)
    except MemoryError:
        channel.send({"error": "memory", "leaving": True})
    _set_alarm(0.0)
    if fatal:
        os._exit(1)


def run(function: str, payload: dict[str, Any]) -> tuple[dict[str, Any], list[Any], bool]:
    """Call ``module:function`` with the payload; return answer, arrays, and whether this process must end."""
    try:
        result = find(function)(payload)
    except Refused as refusal:
        return {"refused": str(refusal)}, [], False
    except MemoryError:
        return {"error": "memory"}, [], False
    except Exception as error:
        return {"error": "failed", "kind": type(error).__name__}, [], False
    except BaseException as error:  # a Rust codec panics past Exception
        return {"error": "failed", "kind": type(error).__name__}, [], True
    meta, arrays = result if isinstance(result, tuple) else (result, [])
    return {"ok": meta}, list(arrays), False


def find(function: str) -> Callable[[dict[str, Any]], Any]:
    """Return the function that ``module:function`` names."""
    module, _, name = function.partition(":")
    found: Callable[[dict[str, Any]], Any] = getattr(importlib.import_module(module), name)
    return found


def resident_bytes() -> int:
    """Return the memory this process occupies, 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError):
        return 0


def connected(handle: str) -> socket.socket:
    """Return the connection to the program that its argument names."""
    if handle == "-":  # Windows: the socket is described on standard input
        size = int.from_bytes(sys.stdin.buffer.read(4), "big")
        described: socket.socket = socket.fromshare(sys.stdin.buffer.read(size))  # type: ignore[attr-defined]
        return described
    return socket.socket(fileno=int(handle))


def become_harmless(cap: int) -> None:
    """Silence this process, cap its memory, and make it end with the program."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(2000)
    effort.bound()
    if sys.platform == "win32":
        return
    dumps.leave_none()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _die_with_parent()
    import resource

    import numpy  # noqa: F401  what is mapped but not used yet does not count against the cap

    try:
        mapped, resident = (int(n) for n in Path("/proc/self/statm").read_text().split()[:2])
        reserve = (mapped - resident) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (cap + reserve, cap + reserve))
    except (OSError, ValueError):
        return


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the thread that started it ends."""
    if sys.platform != "linux":
        return
    import ctypes

    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)


def _set_alarm(seconds: float) -> None:
    """Let the system end this process after some time, whatever a codec does; 0 switches it off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _warm_up() -> None:
    """Import what nearly every call needs while nobody waits."""
    for module in ("pellucid.dicom.headers", "pellucid.dicom.pixels"):
        with contextlib.suppress(Exception):  # under a small cap there may be no room for all of it
            importlib.import_module(module)


if __name__ == "__main__":
    sys.exit(main())
