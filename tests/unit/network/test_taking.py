"""Objects that come by C-STORE: in any pieces, on contexts that were not agreed on, on a full disk, cut off."""

from __future__ import annotations

import contextlib
import queue
import random
import re
import struct
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA

from hostile_names import HOSTILE
from pellucid.model.findings import Refused
from pellucid.network.dimse import commands, getting, serving, tuning
from pellucid.network.dimse.inbox import NOT_UNDERSTOOD, OUT_OF_RESOURCES, Header, Inbox, Parcel, Shelf
from pellucid.network.dimse.taking import NOT_AGREED_ON, Taking, take_objects
from pellucid.network.dimse.tuning import Line

pytestmark = pytest.mark.hazard("H40")


class Wire:
    """An association of which only one end is real."""

    def __init__(self, folder: Path, *, largest: int = 0) -> None:
        agreed = SimpleNamespace(abstract_syntax=CTImageStorage, as_scp=True, transfer_syntax=[ExplicitVRLittleEndian])
        refused = SimpleNamespace(
            abstract_syntax=CTImageStorage, as_scp=False, transfer_syntax=[ExplicitVRLittleEndian]
        )
        self.said: list[bytes] = []
        self.left: list[P_DATA] = []
        self.events: queue.Queue[str] = queue.Queue()
        self.taken: list[Header] = []
        self.folder, self.inbox = folder, Inbox(folder / "incoming")
        self.link = SimpleNamespace(
            _accepted_cx={1: agreed, 3: refused},
            dimse=SimpleNamespace(receive_primitive=self.left.append, maximum_pdu_size=largest),
            dul=SimpleNamespace(send_pdu=self._send, event_queue=self.events),
        )
        self.taking: Taking = take_objects(self.link, self.inbox, self._take)

    def _send(self, primitive: P_DATA) -> None:
        self.said += [fragment for _, fragment in primitive.presentation_data_value_list]

    def _take(self, path: Path, header: Header) -> int:
        path.replace(self.folder / f"{len(self.taken)}.dcm")
        self.taken.append(header)
        return 0

    def hear(self, *fragments: tuple[int, bytes]) -> None:
        primitive = P_DATA()
        primitive.presentation_data_value_list = [list(one) for one in fragments]
        self.taking.hear(primitive)

    def store(self, data: bytes, *, context: int = 1, cuts: int = 1, kind: str = CTImageStorage) -> int | None:
        """Let an object come in pieces; return the status of the answer."""
        command = request(kind)
        for flag, part in ((1, command), (0, data)):
            step = max(len(part) // cuts, 1)
            pieces = [part[n : n + step] for n in range(0, len(part), step)]
            for number, piece in enumerate(pieces):
                self.hear((context, bytes([flag | 2 * (number == len(pieces) - 1)]) + piece))
        if not self.said:
            return None
        assert all(said[0] == 1 for said in self.said[:-1]) and self.said[-1][0] == 3
        answer = commands.read(b"".join(said[1:] for said in self.said))
        assert (answer.field, answer.sop_uid) == (commands.STORE_ANSWER, "1.2.3.4")
        self.said.clear()
        return answer.status

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


def request(kind: str = CTImageStorage) -> bytes:
    from pynetdicom.dsutils import encode

    asked, message = C_STORE(), C_STORE_RQ()
    asked.MessageID, asked.Priority, asked.DataSet = 5, 2, BytesIO(b"x")
    asked.AffectedSOPClassUID, asked.AffectedSOPInstanceUID = kind, "1.2.3.4"
    message.primitive_to_message(asked)
    return encode(message.command_set, True, True) or b""


@pytest.fixture
def data(study) -> bytes:
    (file,) = study(1)
    whole = file.read_bytes()
    return whole[whole.index(b"\x08\x00\x05\x00CS") :]


@pytest.mark.parametrize("largest", [0, 7, 64])
@pytest.mark.parametrize("cuts", [1, 2, 7, 100])
def test_an_object_may_come_in_any_pieces_and_the_answer_goes_in_some(tmp_path, data, cuts, largest) -> None:
    wire = Wire(tmp_path / "in", largest=largest)
    assert [wire.store(data, cuts=cuts) for _ in range(3)] == [0, 0, 0]
    assert [path.name for path in wire.files()] == ["0.dcm", "1.dcm", "2.dcm"]
    for path in wire.files():
        assert path.read_bytes().endswith(data) and pydicom.dcmread(path).SOPInstanceUID == "1.2.3.1.1"
    assert path.stat().st_mode & 0o077 == 0 and not wire.left and wire.events.empty()


def test_what_was_not_agreed_on_is_refused_and_leaves_nothing(tmp_path, data) -> None:
    wire = Wire(tmp_path / "in")
    assert wire.store(data, context=3) == wire.store(data, context=9) == NOT_AGREED_ON
    assert wire.store(data, kind=MRImageStorage) == NOT_AGREED_ON
    assert wire.files() == [] and wire.store(data) == 0


def test_what_is_no_dicom_is_dropped(tmp_path, data) -> None:
    wire = Wire(tmp_path / "in")
    assert wire.store(b"\xff" * 3000) == NOT_UNDERSTOOD
    assert wire.files() == [] and wire.inbox.unreadable == 1 and wire.store(data) == 0


def called(data: bytes, uid: bytes) -> bytes:
    """Return an object of which study, series and instance have the same UID, whatever bytes that is."""
    value = uid + b"\0" * (len(uid) % 2)
    for tag in (b"\x08\x00\x18\x00UI", b"\x20\x00\x0d\x00UI", b"\x20\x00\x0e\x00UI"):
        start = data.index(tag) + len(tag)
        (length,) = struct.unpack_from("<H", data, start)
        data = data[:start] + struct.pack("<H", len(value)) + value + data[start + 2 + length :]
    return data


def kept_inside(root: Path, moved: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let no file be moved and no folder be made outside, whoever runs this; return what was tried there.

    A product that is wrong would otherwise write over /etc/passwd, which is one of the hostile names.
    """
    escaped: list[Path] = []
    replace, mkdir = Path.replace, Path.mkdir

    def is_inside(path: Path) -> bool:
        inside = path.resolve().is_relative_to(root.resolve())
        if not inside:
            escaped.append(path)
        return inside

    def replaced(path: Path, target: Path) -> Path | None:
        moved.append(target)
        return replace(path, target) if is_inside(target) else None

    def made(path: Path, *args: Any, **named: Any) -> None:
        if is_inside(path):
            mkdir(path, *args, **named)

    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "mkdir", made)
    return escaped


class Link(SimpleNamespace):
    """An association that can be looked up."""

    __hash__ = object.__hash__


@pytest.mark.hazard("H37")
@pytest.mark.parametrize("taker", ["the listener", "whoever fetches"])
def test_500_hostile_uids_name_nothing_that_is_written(tmp_path, data, monkeypatch, taker) -> None:
    root, told, moved = tmp_path / "a/b/received", list[dict[str, Any]](), list[Path]()
    desk: Any = SimpleNamespace(report=lambda **said: told.append(said))
    wire = Wire(root)
    if taker == "the listener":
        monkeypatch.setattr(serving, "tune", lambda *_: None)
        wire.link.requestor = SimpleNamespace(ae_title="SENDER")
        link = Link(**vars(wire.link))
        serving._Reception(root, {"quota_mb": 100, "keep_free_mb": 0}, desk)._opened(SimpleNamespace(assoc=link))
        wire.taking = link.dimse.receive_primitive.__self__
    else:
        wire.taking._taken = lambda path, header: Shelf(root, desk.report).put(path, header) or 0
    escaped = kept_inside(tmp_path, moved, monkeypatch)
    uids = {uid.encode("utf-8", "surrogateescape")[:4000] for uid in HOSTILE}
    statuses = [wire.store(called(data, uid)) for uid in sorted(uids)]
    assert escaped == []
    assert len(uids) >= 500 and set(statuses) == {0, NOT_UNDERSTOOD} and statuses.count(0) >= 490
    study = r"[0-9a-f]{24}/" if taker == "the listener" else ""
    assert len(moved) == statuses.count(0) and {*moved} == {*wire.files()}
    assert {*wire.files()} == {path for path in tmp_path.rglob("*") if path.is_file() and root in path.parents}
    for path in moved:
        assert re.fullmatch(study + r"[0-9a-f]{24}\.dcm", path.relative_to(root).as_posix())


@pytest.mark.parametrize("place", ["write", "close"])
def test_a_disk_that_is_full_is_said_and_the_next_may_come(tmp_path, data, monkeypatch, place) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    wire = Wire(tmp_path / "in")
    with monkeypatch.context() as broken:
        broken.setattr(Parcel, place, full)
        assert wire.store(data, cuts=5) == OUT_OF_RESOURCES
    assert wire.files() == [] and wire.inbox.full == "disk" and wire.store(data) == 0


def test_what_was_cut_off_leaves_nothing(tmp_path, data) -> None:
    wire = Wire(tmp_path / "in")
    wire.hear((1, b"\x03" + request()), (1, b"\x00" + data[:100]))
    assert len(wire.files()) == 1
    wire.taking.drop()
    assert wire.files() == []


def test_nothing_is_left_of_an_object_when_the_connection_breaks(tmp_path, data, monkeypatch) -> None:
    wire = Wire(tmp_path / "in")

    def one(link, *_: object) -> None:
        primitive = P_DATA()
        primitive.presentation_data_value_list = [[1, b"\x03" + request()], [1, b"\x00" + data[:100]]]
        link.dimse.receive_primitive(primitive)
        assert len(wire.files()) == 1
        raise Refused("The connection broke.")

    monkeypatch.setattr(getting, "associated", lambda *_, **__: contextlib.nullcontext(wire.link))
    monkeypatch.setattr(getting, "_one", one)
    plan = SimpleNamespace(classes=[CTImageStorage], requests=[None])
    with pytest.raises(Refused):
        getting._retrieved({"node": {}}, SimpleNamespace(cancelled=False), plan, wire.inbox, None)
    assert wire.files() == []


def test_other_messages_are_left_to_others_and_pending_answers_are_passed_over(tmp_path) -> None:
    wire = Wire(tmp_path / "in")
    for number, wanted in ((0x8010, 0), (0x8020, 1), (0x0030, 2)):
        elements = ((0x100, number), (0x800, 0x0101), (0x900, 0xFF00))
        command = b"".join(struct.pack("<HHLH", 0, element, 2, value) for element, value in elements)
        wire.hear((1, b"\x03" + command))
        assert len(wire.left) == wanted and wire.events.empty()


def test_noise_ends_the_association_and_nothing_else(tmp_path, data) -> None:
    random_ = random.Random(41)
    good = [(1, b"\x03" + request()), (1, b"\x02" + data)]
    for number in range(400):
        wire = Wire(tmp_path / f"in{number % 5}")
        odd = [(context, bytearray(fragment)) for context, fragment in good]
        for _ in range(random_.randint(1, 5)):
            fragment = odd[random_.randrange(2)][1]
            fragment[random_.randrange(min(len(fragment), 200))] = random_.randrange(256)
        wire.hear(*((context, bytes(fragment[: random_.choice([0, 1, 50, 10**6])])) for context, fragment in odd))
        wire.taking.drop()
        assert not list((wire.folder / "incoming").iterdir()) and wire.events.qsize() <= 1


def test_an_answer_is_waited_for_as_long_as_something_comes_or_goes(monkeypatch) -> None:
    """A large object over a slow line takes longer than a peer may be silent."""
    now = [100.0]
    monkeypatch.setattr(tuning.time, "monotonic", lambda: now[0])
    line = Line(None, 60.0, None)

    class Late:
        """Waits in a time of its own; something goes over the line for ten minutes, then there is silence."""

        def get(self, block: bool, timeout: float) -> object:
            if not block:
                raise queue.Empty
            now[0] += min(timeout, 30.0)
            if now[0] <= 700.0:
                line.stir()
            raise queue.Empty

    assert line.patient(Late(), lambda: True)(True) == (None, None)
    assert 750.0 < now[0] <= 770.0


def test_nobody_waits_for_an_answer_over_a_connection_that_has_ended() -> None:
    messages: queue.Queue[object] = queue.Queue()
    alive = iter([True, False, False])
    get = Line(None, 60.0, None).patient(messages, lambda: next(alive))
    assert get(True) == (None, None)
    messages.put((1, "what came before it ended"))
    assert get(True) == (1, "what came before it ended")
