"""What a peer says first, and how: a rejection is read whatever happens to the connection right after it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from pellucid.model.findings import Refused
from pellucid.network.agent import Desk
from pellucid.network.asking import addressed, echo
from pellucid.network.nodes import DimseNode

Manner = Callable[[socket.socket], None]
UNKNOWN_CALLED = b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07"
UNKNOWN_CALLING = b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x03"
BUSY = b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02"
ABORT = b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00"


def heard(client: socket.socket) -> None:
    """Read a whole request."""
    head = client.recv(6, socket.MSG_WAITALL)
    client.recv(struct.unpack(">L", head[2:])[0], socket.MSG_WAITALL)


def reset(client: socket.socket) -> None:
    """Let the connection end with RST instead of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def at_once(words: bytes) -> Manner:
    def say(client: socket.socket) -> None:
        heard(client)
        client.sendall(words)

    return say


def in_two(words: bytes) -> Manner:
    def say(client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        heard(client)
        client.sendall(words[:3])
        time.sleep(0.05)
        client.sendall(words[3:])

    return say


def byte_by_byte(words: bytes) -> Manner:
    def say(client: socket.socket) -> None:
        heard(client)
        for value in words:
            client.sendall(bytes([value]))
            time.sleep(0.01)

    return say


def and_reset(words: bytes) -> Manner:
    def say(client: socket.socket) -> None:
        heard(client)
        client.sendall(words)
        reset(client)

    return say


def unasked(words: bytes) -> Manner:
    """Answer without reading the question, which the system turns into a reset: as a server does that is full."""
    return lambda client: client.sendall(words)


@pytest.fixture
def peer() -> Iterator[Callable[[Manner], DimseNode]]:
    """Return a function that starts a server with some manner and returns its node."""
    doors: list[socket.socket] = []

    def start(manner: Manner) -> DimseNode:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)

        def attend() -> None:
            with suppress(OSError):  # it is closed at the end
                while True:
                    client, _ = door.accept()
                    with client, suppress(OSError, struct.error):
                        manner(client)

        threading.Thread(target=attend, daemon=True).start()
        return DimseNode(name="Door", title="DOOR", host="127.0.0.1", port=door.getsockname()[1])

    yield start
    for door in doors:
        door.close()


@pytest.mark.parametrize("manner", [at_once, in_two, byte_by_byte, and_reset, unasked])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (UNKNOWN_CALLED, "is not called “DOOR”"),
        (UNKNOWN_CALLING, "no entry for our AE title “PELLUCID”"),
        (BUSY, "is busy"),
        (ABORT, "broke off before anything was asked"),
    ],
)
def test_a_refusal_is_understood_however_it_comes(peer, manner, words, sentence) -> None:
    node = peer(manner(words))
    for _ in range(3):
        with pytest.raises(Refused, match=sentence):
            echo(node)


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        (at_once(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not DICOM"),
        (at_once(b"SSH-2.0-OpenSSH_9.2\r\n"), "not DICOM"),
        (at_once(b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"), "not DICOM"),
        (at_once(b""), "took the connection but gave no answer"),
        (and_reset(b""), "took the connection but gave no answer"),
        (at_once(b"\x03\x00\x00"), "took the connection but gave no answer"),
        (lambda client: reset(client), "took the connection but gave no answer"),
    ],
)
def test_whatever_else_is_said_is_a_sentence(peer, manner, sentence) -> None:
    with pytest.raises(Refused, match=sentence):
        echo(peer(manner))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks run in this process, which sets pydicom up for them."""
    from pydicom import config

    for mode in ("_reading_validation_mode", "_writing_validation_mode"):
        monkeypatch.setattr(config.settings, mode, getattr(config.settings, mode))


@pytest.fixture
def slow_asker(monkeypatch: pytest.MonkeyPatch, here: None) -> None:
    """Let the thread that asks look only when the peer has closed the connection, as a busy machine may."""
    from pynetdicom.transport import AssociationSocket

    make = AssociationSocket.__init__

    class Late(threading.Event):
        def __init__(self, of: AssociationSocket) -> None:
            super().__init__()
            self.of = of

        def wait(self, timeout: float | None = None) -> bool:
            super().wait(timeout)
            end = time.monotonic() + 20
            while self.of._is_connected and time.monotonic() < end:
                time.sleep(0.001)
            return True

    def late(self: AssociationSocket, *arguments: object, **more: object) -> None:
        make(self, *arguments, **more)
        self._ready = Late(self)

    monkeypatch.setattr(AssociationSocket, "__init__", late)


def test_a_refusal_is_understood_when_the_connection_is_gone_before_anybody_looks(peer, slow_asker) -> None:
    from pellucid.network.dimse.finding import echo as task

    payload = addressed(peer(at_once(UNKNOWN_CALLED)), "PELLUCID", "")
    with pytest.raises(Refused, match="is not called “DOOR”"):
        task(payload, Desk(lambda message: None))


def test_a_refusal_is_understood_when_nothing_can_be_said_any_more(peer, here, monkeypatch) -> None:
    """A server that is full refuses and resets before it was asked: what it said is read though sending fails."""
    from pynetdicom.pdu import A_ASSOCIATE_RQ

    from pellucid.network.dimse.finding import echo as task

    gone = threading.Event()

    def refuse(client: socket.socket) -> None:
        client.sendall(BUSY)
        time.sleep(0.05)  # what is still under way when a connection is reset may be lost
        reset(client)
        client.close()
        gone.set()

    encode = A_ASSOCIATE_RQ.encode
    monkeypatch.setattr(A_ASSOCIATE_RQ, "encode", lambda unit: (gone.wait(20), time.sleep(0.05), encode(unit))[2])
    with pytest.raises(Refused, match="is busy"):
        task(addressed(peer(refuse), "PELLUCID", ""), Desk(lambda message: None))
