"""What a peer says, and how: it is read whatever happens to the connection right after it."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from patience import PATIENCE
from pellucid.model.findings import Refused
from pellucid.network.agent import Desk
from pellucid.network.asking import addressed, echo
from pellucid.network.nodes import DimseNode
from pellucid.network.sentences import unreachable

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


def accepted() -> bytes:
    """Return the acceptance of the one thing that was asked for, in implicit VR little endian (PS3.8 9.3.3)."""
    name = b"1.2.840.10008.3.1.1.1"
    syntax = b"1.2.840.10008.1.2"
    items = struct.pack(">BxH", 0x10, len(name)) + name
    items += struct.pack(">BxHBxxxBxH", 0x21, 8 + len(syntax), 1, 0x40, len(syntax)) + syntax
    items += struct.pack(">BxHBxHL", 0x50, 8, 0x51, 4, 16384)
    titles = b"DOOR".ljust(16) + b"PELLUCID".ljust(16)
    return struct.pack(">BxLHxx", 2, 68 + len(items), 1) + titles + bytes(32) + items


def out_of_resources() -> bytes:
    """Return the answer to the first C-ECHO that the server has no room for it (PS3.7 9.3.5.2)."""
    command = struct.pack("<HHL18s", 0, 2, 18, b"1.2.840.10008.1.1\0")
    for element, value in ((0x0100, 0x8030), (0x0120, 1), (0x0800, 0x0101), (0x0900, 0xA700)):
        command += struct.pack("<HHLH", 0, element, 2, value)
    command = struct.pack("<HHLL", 0, 0, 4, len(command)) + command
    return struct.pack(">BxLLBB", 4, len(command) + 6, len(command) + 2, 1, 3) + command


def test_an_answer_is_understood_when_the_question_cannot_be_sent_any_more(peer, here, monkeypatch) -> None:
    """A server that is full answers and resets before it has heard all: what it said is read though sending fails."""
    from pynetdicom.pdu import P_DATA_TF

    from pellucid.network.dimse.finding import echo as task

    about_to_ask, came = threading.Event(), threading.Event()
    ends: list[tuple[int, int]] = []

    def refuse(client: socket.socket) -> None:
        heard(client)
        client.sendall(accepted())
        assert about_to_ask.wait(PATIENCE)
        client.sendall(out_of_resources())
        assert came.wait(PATIENCE)  # what is still under way when a connection is reset may be lost
        reset(client)

    def encode_when_it_is_gone(unit: P_DATA_TF) -> bytes:
        line = select.poll()
        line.register(threading.current_thread().socket.socket, select.POLLIN)
        about_to_ask.set()
        line.poll(PATIENCE * 1000)
        came.set()
        line.modify(threading.current_thread().socket.socket, 0)
        ends.extend(line.poll(PATIENCE * 1000))
        return encode(unit)

    encode = P_DATA_TF.encode
    monkeypatch.setattr(P_DATA_TF, "encode", encode_when_it_is_gone)
    with pytest.raises(Refused, match=r"status A700"):
        task(addressed(peer(refuse), "PELLUCID", ""), Desk(lambda message: None))
    assert ends, "the connection was never reset"


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionAbortedError, ConnectionResetError])
def test_a_connection_the_other_side_ended_while_it_was_made_is_one_without_an_answer(monkeypatch, error) -> None:
    def ended(*_arguments: object, **_options: object) -> None:
        raise error(104, "ended")

    monkeypatch.setattr("pellucid.network.sentences.socket.create_connection", ended)
    node = {"name": "Door", "host": "127.0.0.1", "port": 104, "tls": {"on": False}}
    assert "took the connection but gave no answer" in unreachable(node)
