"""What an open connection of pynetdicom lacks: speed, limits, and an end to a race.

- Nagle's algorithm costs 40 ms for each message. It is switched off here; a peer that uses it (DCMTK as Debian builds
  it) does not wait when everything is acknowledged at once, which Linux must be told again and again.
- A peer may announce messages of 4 GB, or send a byte a minute: length and time of each are bounded.
- The thread that speaks to the peer looks for work a thousand times a second; here it sleeps until there is some.
- The file meta information of what comes is written by pydicom in a millisecond; here in a few microseconds.
- The thread of an association may take the answer that the thread which asked waits for (seen at 100 messages a
  second: "no answer" after a minute). It is stopped for certain before anything is asked.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynetdicom.association import Association

ANSWER_SECONDS = 60.0
_LARGEST_ACCEPTED = 1 << 20
_MESSAGE_SECONDS = 60.0
_LOOK_SECONDS = 0.02
_ALIVE_SECONDS = 0.5
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class Overrun(OSError):
    """A peer sends more at a time than it may."""


def tune(link: Association, silence: float, count: Callable[[int], None] | None = None) -> None:
    """Tune a connection that was just opened; ``count`` is told of every byte that comes and may raise OSError."""
    wrapped = link.dul.socket
    assert wrapped is not None and wrapped.socket is not None
    plain = wrapped.socket
    with contextlib.suppress(OSError):  # some systems refuse it where the peer is gone already
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.settimeout(silence)
    line = Line(plain, silence, count)
    wrapped.recv = line.received_or_ended  # type: ignore[method-assign]
    if link.is_requestor:
        link._reactor_checkpoint = Gate(link)
        link.dimse.get_msg = line.patient(link.dimse.msg_queue, link.dul.is_alive)  # type: ignore[method-assign]
        _sleep_until_work(link, line)


def hang_up(link: Association) -> None:
    """Close what an association leaves open: its bell, and a connection that was reset."""
    close: Callable[[], None] | None = getattr(link.dul.socket, "hang_up", None)
    if close is not None:
        close()


def file_meta(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str, implementation: str) -> bytes:
    """Return the elements of group 2 (PS3.10 7.1), always in explicit VR little endian."""
    elements = struct.pack("<HH2sHI2s", 2, 1, b"OB", 0, 2, b"\0\1")
    uids = {0x02: sop_class_uid, 0x03: sop_instance_uid, 0x10: transfer_syntax, 0x12: implementation}
    for element, uid in uids.items():
        value = str(uid).encode("ascii", "replace")[:64]
        value += b"\0" * (len(value) % 2)
        elements += struct.pack("<HH2sH", 2, element, b"UI", len(value)) + value
    return struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(elements)) + elements


@contextlib.contextmanager
def held(link: Association) -> Iterator[None]:
    """Keep the thread of an association stopped while one thing after the other is asked."""
    gate: Gate = link._reactor_checkpoint  # type: ignore[assignment]
    gate.hold(True)
    try:
        yield
    finally:
        gate.hold(False)


class Line:
    """A connection: read within limits, and known when something came or went over it last."""

    def __init__(self, plain: socket.socket, silence: float, count: Callable[[int], None] | None) -> None:
        self.plain = plain
        self._silence, self._count = silence, count
        self._last = time.monotonic()

    def stir(self) -> None:
        """Note that something came or went."""
        self._last = time.monotonic()

    def patient(self, messages: queue.Queue[Any], alive: Callable[[], bool]) -> Callable[[bool], Any]:
        """Return how to wait for a message: as long as something comes or goes, however long that takes.

        The thread of the association may have taken the word that the connection has ended: who waits looks himself.
        """

        def get(block: bool = False) -> Any:
            begin = time.monotonic()
            while True:
                left = max(begin, self._last) + self._silence - time.monotonic()
                waits = block and left > 0 and alive()
                try:
                    return messages.get(block=waits, timeout=max(min(left, _ALIVE_SECONDS), 0.0))
                except queue.Empty:
                    if not waits:
                        return None, None

        return get

    def received_or_ended(self, length: int) -> bytearray:
        """Return so many bytes; whoever sends too much, or too slowly, is cut off: pynetdicom would let him wait."""
        try:
            return self._received(length)
        except OSError:
            with contextlib.suppress(OSError):
                self.plain.shutdown(socket.SHUT_RDWR)
            raise

    def _received(self, length: int) -> bytearray:
        """Return so many bytes, fewer when the peer ends the connection."""
        if length > _LARGEST_ACCEPTED:
            raise Overrun
        buffer = bytearray(length)
        view, got, end = memoryview(buffer), 0, time.monotonic() + _MESSAGE_SECONDS
        while got < length:
            came = self.plain.recv_into(view[got:])
            if not came:
                return buffer[:got]
            self._acknowledge()
            got += came
            if time.monotonic() > end:
                raise TimeoutError
        self.stir()
        if self._count is not None:
            self._count(length)
        return buffer

    def _acknowledge(self) -> None:
        """Acknowledge at once; a connection that is gone already cannot, and what came over it counts all the same."""
        if _QUICK_ACK is not None:
            with contextlib.suppress(OSError):
                self.plain.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)


class Bell:
    """What wakes a thread that waits for a connection."""

    def __init__(self) -> None:
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)

    def ring(self) -> None:
        """Wake whoever waits."""
        with contextlib.suppress(OSError):
            self._rope.send(b"\0")

    def wait(self, plain: socket.socket) -> None:
        """Wait until something comes or somebody rings."""
        if _pending(plain):
            return
        with contextlib.suppress(OSError, ValueError):
            select.select([plain, self._bell], [], [], _LOOK_SECONDS)
        with contextlib.suppress(OSError):
            self._bell.recv(4096)

    def close(self) -> None:
        """Take it off."""
        self._bell.close()
        self._rope.close()


def _sleep_until_work(link: Association, line: Line) -> None:
    """Let the thread that speaks to the peer wait for it and for our own messages, instead of looking now and then."""
    from pynetdicom.transport import AssociationSocket

    bell = Bell()
    orders: Any = link.dul.to_provider_queue
    put = orders.put

    def put_and_ring(*arguments: Any, **more: Any) -> None:
        put(*arguments, **more)
        bell.ring()

    class Waiting(AssociationSocket):  # type: ignore[misc]
        @property
        def ready(self) -> bool:
            if self.socket is not None and self._is_connected:
                bell.wait(line.plain)
            return bool(super().ready)

        def send(self, data: bytes) -> None:
            """Send; when that fails, what the peer said before it closed the connection is read first."""
            try:
                view = memoryview(data)
                while view:
                    view = view[line.plain.send(view) :]
                    line.stir()
            except OSError:
                if not super().ready:
                    self.event_queue.put("Evt17")

        def hang_up(self) -> None:
            bell.close()
            line.plain.close()

    orders.put = put_and_ring
    link.dul.socket.__class__ = Waiting  # type: ignore[union-attr]
    link.dul._run_loop_delay = 0.0


def _pending(plain: socket.socket) -> bool:
    """Return whether TLS holds bytes that were received already."""
    pending = getattr(plain, "pending", None)
    return pending is not None and bool(pending())


class Gate(threading.Event):
    """Where the thread of an association waits while another one asks; ``clear`` returns when it really does."""

    def __init__(self, link: Association) -> None:
        super().__init__()
        self._link = link
        self._changing = threading.Lock()
        self._blocked = self._held = False
        self.set()

    def hold(self, held: bool) -> None:
        """Stay closed whatever pynetdicom says, or no longer."""
        self._held = held
        self.clear() if held else self.set()

    def set(self) -> None:
        """Let the thread go on."""
        if self._held:
            return
        with self._changing:
            self._blocked = False
            super().set()

    def clear(self) -> None:
        """Stop the thread, and wait until it stands or has ended: another one may abort the association."""
        with self._changing:
            super().clear()
        link = self._link
        while threading.current_thread() is not link and link.is_alive() and not self._blocked:
            time.sleep(0.0002)
        if not link.is_alive():
            link._is_paused = True  # pynetdicom would wait for it for ever

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the thread may go on."""
        while True:
            with self._changing:
                if self.is_set():
                    return True
                self._blocked = True
            if not super().wait(timeout) and timeout is not None:
                return False
