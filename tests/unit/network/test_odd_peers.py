"""PACS that are odd but there: what they accept, in which byte order and script they answer, what they add."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_context, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind as Find,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelGet as Get,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelMove as Move,
)

from orthanc_server import free_ports
from pellucid.model.findings import Refused
from pellucid.network.asking import find
from pellucid.network.dimse.contexts import MOST, to_receive
from pellucid.network.fetching import fetch
from pellucid.network.listener import Listener
from pellucid.network.nodes import DimseNode, ListenerSettings
from pellucid.network.queries import Query
from pellucid.network.sending import send
from pellucid.network.transfers import What

Handler = Callable[[evt.Event], object]


@pytest.fixture
def peer() -> Iterator[Callable[..., DimseNode]]:
    """Return a function that starts a server of pynetdicom and returns its node; sends over the asking connection."""
    servers = []

    def start(contexts: dict[str, list[str]], handlers: list[tuple[object, Handler]]) -> DimseNode:
        entity = AE("PEER")
        for kind, syntaxes in contexts.items():
            entity.add_supported_context(kind, syntaxes, scu_role=True, scp_role=True)
        servers.append(entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers))
        return DimseNode(name="Odd peer", title="PEER", host="127.0.0.1", port=servers[-1].server_address[1])

    yield start
    for server in servers:
        server.shutdown()


def row(**values: object) -> pydicom.Dataset:
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def answering(*rows: pydicom.Dataset) -> tuple[object, Handler]:
    return evt.EVT_C_FIND, lambda event: iter([(0xFF00, one) for one in rows])


def test_a_peer_of_big_endian_only_is_asked_but_not_sent_to(peer, study) -> None:
    node = peer(
        {Find: [ExplicitVRBigEndian], CTImageStorage: [ExplicitVRBigEndian]},
        [answering(row(StudyInstanceUID="1.2.3", PatientName="Doe^Jane", NumberOfStudyRelatedInstances="7"))],
    )
    (found,) = find(node, Query()).results
    assert (found.uid, found.patient.name, found.instances) == ("1.2.3", "Doe, Jane", 7)
    with pytest.raises(Refused, match="Odd peer does not offer"):
        send(node, study(1))


@pytest.mark.parametrize(
    ("stated", "encoding", "name", "shown"),
    [
        ("ISO 2022 IR 13\\ISO 2022 IR 87", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ﾔﾏﾀﾞ, ﾀﾛｳ"),
        ("\\ISO 2022 IR 87", "iso2022_jp", "Yamada^Tarou=山田^太郎", "Yamada, Tarou (山田, 太郎)"),
        ("GB18030", "gb18030", "Wang^XiaoDong=王^小东", "Wang, XiaoDong (王, 小东)"),
        ("ISO_IR 192", "utf-8", "Ωμέγα^Άννα", "Ωμέγα, Άννα"),
        ("ISO_IR 100", "latin-1", "Müller^Jörg", "Müller, Jörg"),
        ("", "ascii", "Plain^Name", "Plain, Name"),
    ],
)
def test_answers_say_their_script(peer, stated, encoding, name, shown) -> None:
    raw = name.encode(encoding)
    answer = row(StudyInstanceUID="1.2.3")
    if stated:
        answer.SpecificCharacterSet = stated.split("\\")
    answer[0x00100010] = pydicom.dataelem.RawDataElement(
        pydicom.tag.Tag(0x00100010), "PN", len(raw), raw + b" " * (len(raw) % 2), 0, True, True
    )
    (found,) = find(peer({Find: [ImplicitVRLittleEndian]}, [answering(answer)]), Query()).results
    assert found.patient.name == shown


@pytest.mark.filterwarnings("ignore")
def test_a_script_that_is_not_stated_or_unknown_loses_no_row(peer) -> None:
    rows = []
    for number, stated in enumerate((None, "NO SUCH SET", "ISO_IR 192")):
        rows.append(row(StudyInstanceUID=f"1.2.{number}"))
        if stated:
            rows[-1].SpecificCharacterSet = stated
        rows[-1][0x00100010] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(0x00100010), "PN", 4, b"M\xfcll", 0, True, True
        )
    found = find(peer({Find: [ImplicitVRLittleEndian]}, [answering(*rows)]), Query()).results
    assert [one.uid for one in found] == ["1.2.0", "1.2.1", "1.2.2"]


def test_wildcards_and_ranges_of_dates_are_asked_as_the_standard_writes_them(peer) -> None:
    asked = []

    def note(event: evt.Event) -> Iterator[object]:
        asked.append(event.identifier)
        return iter(())

    node = peer({Find: [ExplicitVRLittleEndian]}, [(evt.EVT_C_FIND, note)])
    assert find(node, Query(patient_name="M?ll*", date_from=date(2020, 1, 2))).results == ()
    find(node, Query(patient_name="Doe, Jane", date_to=date(2021, 3, 4)))
    find(node, Query(date_from=date(2020, 1, 2), date_to=date(2020, 1, 2)))
    find(node, Query(date_from=date(2020, 1, 2), date_to=date(2021, 3, 4), modalities=("CT", "MR")))
    assert [str(one.PatientName) for one in asked] == ["M?ll*", "Doe^Jane*", "", ""]
    assert [one.StudyDate for one in asked] == ["20200102-", "-20210304", "20200102", "20200102-20210304"]
    assert list(asked[-1].ModalitiesInStudy) == ["CT", "MR"]


def failing(code: int, comment: str) -> pydicom.Dataset:
    return row(Status=code, ErrorComment=comment)


def test_what_a_server_adds_to_a_failure_is_said(peer, study) -> None:
    status = failing(0xA700, "Archive is being rebuilt")
    node = peer(
        {CTImageStorage: [ExplicitVRLittleEndian], Find: [ExplicitVRLittleEndian]},
        [(evt.EVT_C_STORE, lambda event: status), (evt.EVT_C_FIND, lambda event: iter([(status, None)]))],
    )
    (failure,) = send(node, study(1)).failed
    assert "out of resources" in failure.sentence and "It says: “Archive is being rebuilt" in failure.sentence
    with pytest.raises(Refused, match=r"status A700.*It says: “Archive is being rebuilt"):
        find(node, Query())


def test_a_warning_is_no_failure(peer, study) -> None:
    node = peer(
        {CTImageStorage: [ExplicitVRLittleEndian]}, [(evt.EVT_C_STORE, lambda event: failing(0xB000, "coerced"))]
    )
    assert send(node, study(2)).complete


def sending(files: list[pydicom.Dataset], last: int = 0x0000) -> list[tuple[object, Handler]]:
    """Return handlers of a server that lists some instances and sends them."""
    listed = [
        row(StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", SOPInstanceUID=one.SOPInstanceUID,
            SOPClassUID=CTImageStorage, Modality="CT")
        for one in files
    ]  # fmt: skip

    def get(event: evt.Event) -> Iterator[object]:
        yield len(files)
        for one in files:
            yield 0xFF00, one
        if last:
            yield last, None

    return [answering(*listed), (evt.EVT_C_GET, get)]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_peer_that_accepts_less_than_was_asked_for(peer, study, tmp_path, syntax) -> None:
    files = [pydicom.dcmread(file) for file in study(4)]
    kinds = {Find: [ExplicitVRLittleEndian], Get: [ExplicitVRLittleEndian], CTImageStorage: [syntax]}
    got = fetch(peer(kinds, sending(files)), What("1.2.3"), tmp_path / "out")
    assert got.complete and len(got.files) == 4
    back = {pydicom.dcmread(file).SOPInstanceUID: pydicom.dcmread(file) for file in got.files}
    for file in files:
        copy = back[file.SOPInstanceUID]
        assert copy.file_meta.TransferSyntaxUID == syntax and copy.PixelData == file.PixelData


def test_a_peer_that_takes_nothing_of_the_kind(peer, study, tmp_path) -> None:
    files = [pydicom.dcmread(file) for file in study(2)]
    node = peer({Find: [ExplicitVRLittleEndian], Get: [ExplicitVRLittleEndian]}, sending(files))
    with pytest.raises(Refused, match="Odd peer"):
        fetch(node, What("1.2.3"), tmp_path / "out")


def test_no_more_contexts_are_asked_for_than_there_can_be() -> None:
    kinds = [f"1.2.840.10008.5.1.4.1.1.{number}" for number in range(300)]
    for count in (1, 5, 40, 127, 128, 300):
        found = to_receive(kinds[:count], MOST - 1)
        assert len(found) <= MOST - 1
        assert {str(one.abstract_syntax) for one in found} == set(kinds[: min(count, MOST - 1)])


def test_a_server_that_calls_us_by_another_name_is_turned_away(peer, study, tmp_path) -> None:
    """C-MOVE sends to whom the server means by our title; a listener that is called otherwise takes nothing."""
    (file,) = study(1)
    settings = ListenerSettings(port=free_ports(1)[0], keep_free_mb=0)
    listener = Listener(settings, callers=("PEER", "PYNETDICOM"), folder=tmp_path / "received")

    def move(event: evt.Event) -> Iterator[object]:
        assert event.move_destination == "SOMEBODY"
        yield "127.0.0.1", settings.port, {"contexts": [build_context(CTImageStorage, ExplicitVRLittleEndian)]}
        yield 1
        yield 0xFF00, pydicom.dcmread(file)

    kinds = {Find: [ExplicitVRLittleEndian], Move: [ExplicitVRLittleEndian]}
    node = peer(kinds, [*sending([pydicom.dcmread(file)])[:1], (evt.EVT_C_MOVE, move)])
    moving = node.model_copy(update={"retrieve": "move", "own_title": "SOMEBODY"})
    listener.start()
    try:
        with pytest.raises(Refused, match="Odd peer"):
            fetch(moving, What("1.2.3"), tmp_path / "out", listener=listener)
    finally:
        listener.stop()
    assert not [path for path in (tmp_path / "received").rglob("*") if path.is_file()]
