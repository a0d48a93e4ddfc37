"""The listener and nasty peers: closed unless started, choosy, bounded, and hard to kill (H40, R-18, R-19)."""

from __future__ import annotations

import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from orthanc_server import free_ports, made_certificate
from patience import PATIENCE
from pellucid.model.findings import Refused
from pellucid.network.asking import echo, find
from pellucid.network.dimse.tuning import Gate
from pellucid.network.fetching import fetch
from pellucid.network.listener import Listener
from pellucid.network.nodes import DimseNode, ListenerSettings, Tls
from pellucid.network.queries import Query
from pellucid.network.sending import send
from pellucid.network.transfers import Received, What, file_name, named_by

pytestmark = pytest.mark.hazard("H40")
_PEERS = 4


class Ear:
    """A listener and what it told."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.received: list[Received] = []
        self.notes: list[str] = []
        self.settings = ListenerSettings.model_validate({"port": free_ports(1)[0], "keep_free_mb": 0} | more)
        self.folder = folder
        self.listener = Listener(
            self.settings, callers=("SENDER",), folder=folder, on_received=self.received.append,
            on_note=self.notes.append,
        )  # fmt: skip

    def node(self, **more: object) -> DimseNode:
        values = {"name": "ourselves", "title": "PELLUCID", "host": "127.0.0.1", "port": self.settings.port}
        return DimseNode.model_validate(values | {"own_title": "SENDER"} | more)

    def await_received(self, count: int) -> None:
        end = time.monotonic() + PATIENCE
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.received) == count

    def noted(self, words: str) -> bool:
        """Return whether something was noted; notes come from another process, a little later than the answer."""
        end = time.monotonic() + PATIENCE
        while not any(words in note for note in self.notes) and time.monotonic() < end:
            time.sleep(0.01)
        return any(words in note for note in self.notes)


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Callable[..., Ear]]:
    ears: list[Ear] = []

    def make(**more: object) -> Ear:
        ears.append(Ear(tmp_path / f"inbox{len(ears)}", **more))
        ears[-1].listener.start()
        return ears[-1]

    yield make
    for one in ears:
        one.listener.stop()


def test_what_is_sent_arrives_whole_under_names_of_ours(ear, study) -> None:
    one = ear()
    files = study(5, StudyInstanceUID="1.2.3")
    assert echo(one.node()) == "ourselves is there and lets us in."
    assert send(one.node(), files).sent == 5
    one.await_received(5)
    originals = {pydicom.dcmread(file).SOPInstanceUID: pydicom.dcmread(file) for file in files}
    for item in one.received:
        assert item.path == one.folder / named_by("1.2.3") / file_name(item.sop_uid)
        assert pydicom.dcmread(item.path) == originals[item.sop_uid]
        assert (item.caller, item.study_uid, item.series_uid) == ("SENDER", "1.2.3", "1.2.3.1")
    assert sum(path.is_file() for path in one.folder.rglob("*")) == 5


def test_called_and_calling_titles_are_both_checked(ear, study) -> None:
    one = ear()
    for wrong in ({"title": "ORTHANC"}, {"own_title": "STRANGER"}, {"own_title": "sender"}, {"title": "PELLUCID2"}):
        with pytest.raises(Refused, match="ourselves"):
            send(one.node(**wrong), study(1))
        with pytest.raises(Refused, match="ourselves"):
            echo(one.node(**wrong))
    assert not one.received and one.noted("turned away")
    with pytest.raises(Refused, match="does not know us: it has no entry for our AE title “STRANGER”"):
        echo(one.node(own_title="STRANGER"))
    with pytest.raises(Refused, match="is not called “NOBODY”"):
        echo(one.node(title="NOBODY"))


def test_by_default_it_is_off_and_for_this_machine_only() -> None:
    assert ListenerSettings().host == "127.0.0.1" and ListenerSettings().callers == ()
    with pytest.raises(Refused, match="Nobody may send to the listener yet"):
        Listener(ListenerSettings()).start()


def test_it_is_bound_to_this_machine_and_gone_when_stopped(ear) -> None:
    one = ear()
    bound = {address for address, _ in listening_sockets(one.listener.pid)}
    assert bound == {"127.0.0.1"}
    one.listener.stop()
    assert not one.listener.running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", one.settings.port), timeout=PATIENCE)
    one.listener.start()
    assert echo(one.node())


def test_a_port_in_use_is_a_sentence(ear) -> None:
    one = ear()
    with pytest.raises(Refused, match=f"cannot listen at 127.0.0.1, port {one.settings.port}"):
        Listener(one.settings, callers=("A",)).start()


@pytest.mark.hazard("H37")
def test_hostile_uids_name_no_files(ear, study, tmp_path) -> None:
    one = ear()
    before = {path for path in tmp_path.rglob("*") if "inbox" not in str(path)}
    sent = 0
    for number, uid in enumerate((b"../../evil", b"/tmp/evil", b"..\\..\\evil", b"CON", b"a" * 63)):
        (file,) = study(1, series=f"1.2.3.{number}", StudyInstanceUID="1.2.9.9.9.9.9")
        own = f"1.2.3.{number}.1".encode()
        meta, mark, data = file.read_bytes().partition(b"\x08\x00\x16\x00")  # where the data set begins
        for known in (own, b"1.2.9.9.9.9.9"):
            place = uid[: len(known)].ljust(len(known), b"\0")
            data = data.replace(known, place)
        file.write_bytes(meta + mark + data)
        sent += send(one.node(), [file]).sent
    assert sent == 5
    after = {path for path in tmp_path.rglob("*") if "inbox" not in str(path) and "made-" not in str(path)}
    assert after <= before
    for path in one.folder.rglob("*"):
        assert "evil" not in path.name and path.resolve().is_relative_to(one.folder)


def test_what_is_no_dicom_is_not_handed_on(ear) -> None:
    one = ear()
    entity = AE("SENDER")
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    link = entity.associate("127.0.0.1", one.settings.port, ae_title="PELLUCID")
    assert link.is_established
    status = raw_store(link, b"\xff" * 5000)
    assert status.Status >= 0xA000
    link.release()
    assert not one.received and not [path for path in one.folder.rglob("*") if path.is_file()]
    assert echo(one.node())


def raw_store(link: object, data: bytes) -> object:
    """Store bytes as a data set, whatever they are."""
    from io import BytesIO

    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CTImageStorage, "1.2.3.4"
    request.DataSet = BytesIO(data)
    link._reactor_checkpoint = Gate(link)  # its own stops the thread that would take the answer not for certain
    link._reactor_checkpoint.clear()
    link.dimse.send_msg(request, link.accepted_contexts[0].context_id)
    _, answer = link.dimse.get_msg(block=True)
    link._reactor_checkpoint.set()
    return answer


def test_the_quota_is_kept(ear, study) -> None:
    one = ear(quota_mb=1)
    files = study(12, size=(300, 300))
    result = send(one.node(), files)
    assert 0 < result.sent < 7 and len(result.failed) == 12 - result.sent
    assert sum(path.stat().st_size for path in one.folder.rglob("*") if path.is_file()) <= 1 << 20
    assert one.noted("quota is used up")


def test_a_full_disk_is_respected(ear, study) -> None:
    one = ear(keep_free_mb=10**9)
    with pytest.raises(Refused, match="The connection to ourselves broke"):
        send(one.node(), study(2, size=(64, 64)))
    assert echo(one.node()) and one.noted("disk is nearly full")


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(body)) + body


def malformed(random_: random.Random) -> bytes:
    """Return bytes no well-behaved peer would send."""
    noise = random_.randbytes(random_.randint(0, 200))
    title = b"SENDER".ljust(16)
    return random_.choice(
        [
            b"", noise, b"GET / HTTP/1.1\r\n\r\n", pdu(1, noise), pdu(random_.randint(0, 255), noise),
            struct.pack(">BBL", 1, 0, 0xFFFFFFFF) + noise, struct.pack(">BBL", 4, 0, 0x7FFFFFFF) + noise,
            pdu(1, b"\0\1\0\0" + b"PELLUCID".ljust(16) + title + bytes(32) + noise),
            pdu(1, b"\0\1\0\0" + b"PELLUCID".ljust(16) + title + bytes(32) + b"\x10\0\xff\xff" + noise),
            pdu(4, noise), pdu(5, bytes(4)), pdu(6, noise), pdu(7, bytes(4)), b"\x16\x03\x01\x02\x00" + noise,
        ]
    )  # fmt: skip


def knock(port: int, seed: int, count: int) -> None:
    random_ = random.Random(seed)
    for _ in range(count):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
                peer.sendall(malformed(random_))
                if random_.random() < 0.2:
                    peer.settimeout(0.02)
                    peer.recv(100)
        except OSError:
            continue


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_malformed_associations_neither_end_it_nor_fill_it(ear, study, capsys) -> None:
    count = int(os.environ.get("PELLUCID_KNOCKS", "10000"))
    one = ear()
    knock(one.settings.port, 0, 50)
    assert echo(one.node())
    pid = one.listener.pid
    before = resident(pid)
    with ThreadPoolExecutor(_PEERS) as peers:
        for seed in range(_PEERS):
            peers.submit(knock, one.settings.port, seed + 1, count // _PEERS)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            assert echo(one.node())
            break
        except Refused:
            time.sleep(0.2)
    grown = resident(pid) - before
    with capsys.disabled():
        print(f"\n{count} malformed associations: {grown / 2**20:.1f} MB more")
    assert one.listener.pid == pid and one.listener.running
    assert grown < 50 << 20, f"{grown >> 20} MB more after {count} malformed associations"
    assert send(one.node(), study(2)).sent == 2


def test_half_open_peers_do_not_keep_others_out(ear, study) -> None:
    one = ear()
    idle = [socket.create_connection(("127.0.0.1", one.settings.port)) for _ in range(10)]
    try:
        assert send(one.node(), study(1)).sent == 1
    finally:
        for peer in idle:
            peer.close()


def test_tls_both_ways(ear, tmp_path, study) -> None:
    certificate, key = made_certificate(tmp_path / "tls")
    one = ear(tls=Tls(on=True, certificate=str(certificate), key=str(key)))
    trusted = one.node(tls=Tls(on=True, authority=str(certificate)))
    assert echo(trusted) and send(trusted, study(3)).sent == 3
    one.await_received(3)
    with pytest.raises(Refused, match="certificate of ourselves was not accepted"):
        echo(one.node(tls=Tls(on=True)))
    assert echo(one.node(tls=Tls(on=True, verify=False)))
    with pytest.raises(Refused, match="ourselves"):
        echo(one.node())
    with pytest.raises(Refused, match="certificates for ourselves could not be read"):
        echo(one.node(tls=Tls(on=True, authority=str(tmp_path / "none.pem"))))
    hesitating = socket.create_connection(("127.0.0.1", one.settings.port))
    try:
        assert echo(trusted)
    finally:
        hesitating.close()


def test_tls_asks_for_a_certificate_where_an_authority_is_named(ear, tmp_path) -> None:
    certificate, key = made_certificate(tmp_path / "tls")
    files = {"certificate": str(certificate), "key": str(key), "authority": str(certificate)}
    one = ear(tls=Tls(on=True, **files))
    with pytest.raises(Refused):
        echo(one.node(tls=Tls(on=True, authority=str(certificate))))
    assert echo(one.node(tls=Tls(on=True, **files)))
    assert ssl.OPENSSL_VERSION


@pytest.fixture
def peer() -> Iterator[Callable[..., DimseNode]]:
    """Return a function that starts a server of pynetdicom and returns its node."""
    servers = []

    def start(contexts: list[tuple[str, list[str]]], handlers: list[object]) -> DimseNode:
        entity = AE("PEER")
        for kind, syntaxes in contexts:
            entity.add_supported_context(kind, syntaxes)
        servers.append(entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers))
        return DimseNode(name="Odd peer", title="PEER", host="127.0.0.1", port=servers[-1].server_address[1])

    yield start
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "MR_small_RLE.dcm", "MR_small.dcm"])
def test_what_a_server_does_not_take_compressed_is_decompressed_exactly(peer, name, syntax) -> None:
    from pydicom.data import get_testdata_file

    path = Path(get_testdata_file(name, download=False))
    got = []
    node = peer([("1.2.840.10008.5.1.4.1.1.4", [syntax])], [(evt.EVT_C_STORE, lambda e: got.append(e.dataset) or 0)])
    result = send(node, [path])
    assert result.sent == 1 and bool(result.note) == (name != "MR_small.dcm")
    original = pydicom.dcmread(path)
    got[0].file_meta = pydicom.dataset.FileMetaDataset()
    got[0].file_meta.TransferSyntaxUID = syntax
    assert (got[0].pixel_array == original.pixel_array).all()
    assert got[0].SOPInstanceUID == original.SOPInstanceUID


@pytest.mark.parametrize(
    ("status", "words"),
    [(0xA700, "out of resources"), (0xC000, "could not process"), (0x0124, "may not do that"), (0x1234, "1234")],
)
def test_a_status_of_failure_is_a_sentence(peer, study, status, words) -> None:
    node = peer([(CTImageStorage, [ExplicitVRLittleEndian])], [(evt.EVT_C_STORE, lambda event: status)])
    result = send(node, study(1))
    assert result.sent == 0 and words in result.failed[0].sentence and "Odd peer" in result.failed[0].sentence


def test_a_server_that_takes_other_things_only(peer, study) -> None:
    node = peer([("1.2.840.10008.5.1.4.1.1.4", [ExplicitVRLittleEndian])], [])
    with pytest.raises(Refused, match="Odd peer"):
        send(node, study(1))


def test_an_unknown_destination_is_a_sentence(peer) -> None:
    def answer(event: object) -> Iterator[object]:
        found = pydicom.Dataset()
        found.StudyInstanceUID, found.SeriesInstanceUID = "1.2.3", "1.2.3.1"
        found.SOPInstanceUID, found.SOPClassUID = "1.2.3.1.1", CTImageStorage
        yield 0xFF00, found

    def unknown(event: object) -> Iterator[object]:
        yield None, None

    node = peer(
        [(StudyRootQueryRetrieveInformationModelFind, [ExplicitVRLittleEndian]),
         (StudyRootQueryRetrieveInformationModelMove, [ExplicitVRLittleEndian])],
        [(evt.EVT_C_FIND, answer), (evt.EVT_C_MOVE, unknown)],
    )  # fmt: skip
    moving = node.model_copy(update={"retrieve": "move"})
    with pytest.raises(Refused, match="does not know where to send to"):
        fetch(moving, What("1.2.3"), listener=ListenerSettings(port=free_ports(1)[0]))


def test_answers_of_a_find_that_make_no_sense(peer) -> None:
    def answer(event: object) -> Iterator[object]:
        odd = pydicom.Dataset()
        odd.StudyInstanceUID = "1.2.3"
        odd.PatientName = pydicom.valuerep.PersonName("\x1b[31mRed^\x00Name" + "x" * 50_000, validation_mode=0)
        odd[0x00080020] = pydicom.DataElement(0x00080020, "DA", "not a date", validation_mode=0)
        yield 0xFF00, odd
        yield 0xFF00, pydicom.Dataset()
        yield 0xFF00, odd

    node = peer([(StudyRootQueryRetrieveInformationModelFind, [ExplicitVRLittleEndian])], [(evt.EVT_C_FIND, answer)])
    (found,) = find(node, Query()).results
    assert len(found.patient.name) <= 1024 and "\x1b" not in found.patient.name and found.series is None


def test_cancelling_a_find_is_heard_by_the_server(peer) -> None:
    heard = threading.Event()

    def endless(event: object) -> Iterator[object]:
        for number in range(100_000):
            if event.is_cancelled:
                heard.set()
                yield 0xFE00, None
                return
            found = pydicom.Dataset()
            found.StudyInstanceUID = f"1.2.{number}"
            yield 0xFF00, found
            time.sleep(0.005)

    node = peer([(StudyRootQueryRetrieveInformationModelFind, [ExplicitVRLittleEndian])], [(evt.EVT_C_FIND, endless)])
    seen = []
    answer = find(node, Query(limit=10_000), on_result=seen.append, cancelled=lambda: len(seen) > 20)
    assert answer.cancelled and answer.more and 20 < len(answer.results) < 100_000 and heard.wait(PATIENCE)
    heard.clear()
    answer = find(node, Query(limit=30))
    assert len(answer.results) == 30 and answer.more and heard.wait(PATIENCE)


def test_a_peer_that_says_nothing_can_be_cancelled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        node = DimseNode(name="Deaf", title="DEAF", host="127.0.0.1", port=deaf.getsockname()[1])
        asked = count()
        answer = find(node, Query(), cancelled=lambda: next(asked) > 3)  # the deaf one would never end it
        assert answer.cancelled


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 1, "nothing listens on port 1"), ("no-such-host.invalid", 104, "no machine is called")],
)
def test_a_server_that_is_not_there(host, port, words) -> None:
    with pytest.raises(Refused, match=words):
        echo(DimseNode(name="Lost", title="LOST", host=host, port=port))


def test_a_peer_that_is_no_dicom() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            with suppress(OSError):  # it is closed when nobody asks any more
                while True:
                    client, _ = odd.accept()
                    client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                    client.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(Refused, match=r"not DICOM|broke"):
            echo(DimseNode(name="Shell", title="SSH", host="127.0.0.1", port=odd.getsockname()[1]))


def listening_sockets(pid: int) -> set[tuple[str, int]]:
    """Return address and port of what a process and its children listen on."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                host = socket.inet_ntoa(struct.pack("<I", int(address, 16))) if len(address) == 8 else "::"
                found.add((host, int(port, 16)))
    return found


GUARD = """
import socket, sys
opened = []
class Guarded(socket.socket):
    def __init__(self, family=-1, *more, **named):
        if family in (-1, socket.AF_INET, socket.AF_INET6):
            opened.append(family)
        super().__init__(family, *more, **named)
socket.socket = Guarded
from pellucid.session.session import Session
import pellucid.network.asking, pellucid.network.fetching, pellucid.network.sending, pellucid.network.listener
import pellucid.network.nodes, pellucid.network.passwords
session = Session()
session.jobs.drain()
assert not opened, opened
assert not {"pynetdicom", "requests", "dicomweb_client", "pydicom"} & set(sys.modules), sorted(sys.modules)
"""


def test_a_default_session_opens_no_socket(private_folders) -> None:
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root / "app"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", GUARD], env=environment, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr


def test_verification_is_all_else_that_is_offered(ear) -> None:
    one = ear()
    entity = AE("SENDER")
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_requested_context(Verification)
    link = entity.associate("127.0.0.1", one.settings.port, ae_title="PELLUCID")
    assert {context.abstract_syntax for context in link.accepted_contexts} == {Verification}
    link.release()
