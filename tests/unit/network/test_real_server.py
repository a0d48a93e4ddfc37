"""A real PACS is asked, fetched from and sent to, in DIMSE and in DICOMweb; its own REST interface is the witness."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pydicom
import pytest

from orthanc_server import PASSWORD, USER, Orthanc, free_ports
from pellucid.model.findings import Refused
from pellucid.network.asking import echo, find
from pellucid.network.fetching import fetch
from pellucid.network.nodes import DimseNode, ListenerSettings, Node, WebNode
from pellucid.network.queries import FoundInstance, FoundPatient, FoundSeries, FoundStudy, Query
from pellucid.network.sending import send
from pellucid.network.transfers import What, file_name, received_folder, what

pytestmark = pytest.mark.orthanc


@pytest.fixture(params=["dimse", "web"])
def node(request: pytest.FixtureRequest, dimse: DimseNode, web: WebNode) -> Node:
    return dimse if request.param == "dimse" else web


@pytest.fixture(params=["get", "move", "web"])
def source(request: pytest.FixtureRequest, dimse: DimseNode, moving: DimseNode, web: WebNode) -> Node:
    return {"get": dimse, "move": moving, "web": web}[request.param]


def names(result: object) -> list[str]:
    return sorted(row.name if isinstance(row, FoundPatient) else row.patient.name for row in result.results)


def uids(files: list[Path]) -> set[str]:
    return {pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in files}


def test_echo(node, orthanc, secret) -> None:
    assert echo(node, secret=secret) == "Main PACS is there and lets us in."


@pytest.fixture
def three_patients(server: Orthanc, study) -> None:
    server.put(
        *study(3, series="1.2.3.1", PatientName="Müller^Jörg", PatientID="A1", StudyDate="20200102",
               StudyInstanceUID="1.2.3", StudyDescription="Schädel nativ", AccessionNumber="ACC7", PatientSex="M"),
        *study(2, series="1.2.4.1", PatientName="Ωμέγα^Άννα", PatientID="B2", StudyDate="20210304",
               StudyInstanceUID="1.2.4", modality="MR", SeriesDescription="T2 axial"),
        *study(1, series="1.2.4.2", PatientName="Ωμέγα^Άννα", PatientID="B2", StudyDate="20210304",
               StudyInstanceUID="1.2.4", modality="MR", SeriesDescription="DWI"),
        *study(1, series="1.2.5.1", PatientName="Muster^Max", PatientID="C3", StudyDate="20220506",
               StudyInstanceUID="1.2.5", modality="PT"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), ["Muster, Max", "Müller, Jörg", "Ωμέγα, Άννα"]),
        (Query(patient_name="Mu*"), ["Muster, Max"]),
        (Query(patient_name="M*ller*"), ["Müller, Jörg"]),
        (Query(patient_name="mu?ter*"), ["Muster, Max"]),
        (Query(patient_name="Müller, Jörg"), ["Müller, Jörg"]),
        (Query(patient_name="Müll"), ["Müller, Jörg"]),
        (Query(patient_name="Ωμ"), ["Ωμέγα, Άννα"]),
        (Query(patient_id="C3"), ["Muster, Max"]),
        (Query(accession="ACC7"), ["Müller, Jörg"]),
        (Query(date_from=date(2021, 1, 1)), ["Muster, Max", "Ωμέγα, Άννα"]),
        (Query(date_to=date(2020, 12, 31)), ["Müller, Jörg"]),
        (Query(date_from=date(2021, 3, 4), date_to=date(2021, 3, 4)), ["Ωμέγα, Άννα"]),
        (Query(modalities=("MR",)), ["Ωμέγα, Άννα"]),
        (Query(modalities=("MR", "PT")), ["Muster, Max", "Ωμέγα, Άννα"]),
        (Query(description="Schädel"), ["Müller, Jörg"]),
        (Query(patient_name="Nobody"), []),
        (Query(level="patient"), ["Muster, Max", "Müller, Jörg", "Ωμέγα, Άννα"]),
        (Query(level="patient", patient_name="ÄÖ"), []),
        (Query(level="patient", modalities=("PT",)), ["Muster, Max"]),
    ],
)
def test_finding_studies_and_patients(query, expected, node, three_patients, secret) -> None:
    seen = []
    answer = find(node, query, secret=secret, on_result=seen.append)
    assert names(answer) == sorted(expected) and not answer.more and not answer.note
    assert tuple(seen) == answer.results


def test_everything_a_server_knows_of_a_study_is_told(node, three_patients, secret) -> None:
    (found,) = find(node, Query(patient_id="A1"), secret=secret).results
    assert isinstance(found, FoundStudy)
    assert (found.uid, found.date, found.description, found.accession) == ("1.2.3", "20200102", "Schädel nativ", "ACC7")
    assert (found.modalities, found.series, found.instances) == (("CT",), 1, 3)
    patient = found.patient
    assert (patient.id, patient.sex, patient.stored_name) == ("A1", "M", "Müller^Jörg")
    series = find(node, Query(level="series", study_uid="1.2.4"), secret=secret).results
    assert all(isinstance(one, FoundSeries) for one in series)
    assert {(one.uid, one.description, one.modality, one.instances) for one in series} == {
        ("1.2.4.1", "T2 axial", "MR", 2), ("1.2.4.2", "DWI", "MR", 1),
    }  # fmt: skip
    instances = find(node, Query(level="instance", study_uid="1.2.4", series_uid="1.2.4.1"), secret=secret).results
    assert {one.uid for one in instances if isinstance(one, FoundInstance)} == {"1.2.4.1.1", "1.2.4.1.2"}
    assert {one.sop_class for one in instances} == {"1.2.840.10008.5.1.4.1.1.2"}


def test_more_than_the_limit_is_said(node, three_patients, secret) -> None:
    answer = find(node, Query(limit=2), secret=secret)
    assert len(answer.results) == 2 and answer.more
    answer = find(node, Query(limit=3), secret=secret)
    assert len(answer.results) == 3 and not answer.more


def test_what_is_fetched_is_what_was_put_there(source, server, study, secret, listening) -> None:
    files = study(7, size=(16, 16))
    server.put(*files)
    steps = []
    result = fetch(source, What("1.2.3"), secret=secret, listener=listening, progress=steps.append)
    assert result.complete and result.wanted == 7 and len(result.files) == 7 and not result.missing
    assert result.folder == received_folder(What("1.2.3"))
    assert {file.name for file in result.files} == {file_name(uid) for uid in uids(files)}
    assert sorted(p.name for p in result.folder.iterdir()) == sorted(file.name for file in result.files)
    assert [p.name for p in result.folder.parent.iterdir() if "part" in p.name] == []
    by_uid = {pydicom.dcmread(file).SOPInstanceUID: pydicom.dcmread(file) for file in files}
    for file in result.files:
        got = pydicom.dcmread(file)
        assert got == by_uid[got.SOPInstanceUID]
    assert (steps[-1].done, steps[-1].total) == (7, 7) and steps[-1].nbytes > 7 * 512


def test_only_what_is_missing_is_fetched_again(source, server, study, tmp_path, secret, listening) -> None:
    server.put(*study(5))
    folder = tmp_path / "wanted here"
    first = fetch(source, What("1.2.3"), folder, secret=secret, listener=listening)
    kept, lost, empty = first.files[0], first.files[1], first.files[2]
    before = kept.stat().st_mtime_ns
    lost.unlink()
    empty.write_bytes(b"")  # what a power cut may leave
    again = fetch(source, What("1.2.3"), folder, secret=secret, listener=listening)
    assert again.complete and len(again.files) == 5 and lost.is_file() and empty.stat().st_size
    assert kept.stat().st_mtime_ns == before and 0 < again.nbytes < first.nbytes * 0.6


def test_one_series_and_single_instances(source, server, study, tmp_path, secret, listening) -> None:
    server.put(*study(3, series="1.2.3.1"), *study(4, series="1.2.3.2"))
    series = find(source, Query(level="series", study_uid="1.2.3"), secret=secret).results
    wanted = what(next(one for one in series if one.uid == "1.2.3.2"))
    result = fetch(source, wanted, tmp_path / "a", secret=secret, listener=listening)
    assert uids(result.files) == {f"1.2.3.2.{n}" for n in (1, 2, 3, 4)}
    two = What("1.2.3", ("1.2.3.1",), ("1.2.3.1.1", "1.2.3.1.3"))
    result = fetch(source, two, tmp_path / "b", secret=secret, listener=listening)
    assert uids(result.files) == {"1.2.3.1.1", "1.2.3.1.3"}


def test_nothing_there_is_a_sentence(source, server, secret, listening) -> None:
    with pytest.raises(Refused, match="Main PACS sent nothing: it has no such images"):
        fetch(source, What("9.9.9"), secret=secret, listener=listening)


def test_sending_is_exact_and_told(node, server, study, secret) -> None:
    files = study(6, size=(12, 12))
    steps = []
    result = send(node, [files[0].parent], secret=secret, progress=steps.append)
    assert result.complete and result.sent == 6 and not result.note
    assert result.nbytes == sum(file.stat().st_size for file in files)
    assert server.instances() == uids(files) and steps[-1].done == 6
    back = fetch(node, What("1.2.3"), secret=secret)
    sent = {pydicom.dcmread(file).SOPInstanceUID: pydicom.dcmread(file) for file in files}
    assert all(pydicom.dcmread(file) == sent[pydicom.dcmread(file).SOPInstanceUID] for file in back.files)


def test_what_cannot_be_sent_is_named_and_the_rest_goes(node, server, study, tmp_path, secret) -> None:
    files = study(3)
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(files[0].read_bytes()[:200])
    result = send(node, [text, *files, cut], secret=secret)
    assert result.sent == 3 and server.instances() == uids(files)
    assert {failure.path for failure in result.failed} == {text, cut}
    assert all(failure.path.name in failure.sentence for failure in result.failed)


COMPRESSED = ["MR_small_jp2klossless.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm"]


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_images_stay_as_they_are(source, server, secret, name, listening) -> None:
    pytest.importorskip("pydicom.data")
    path = _example(name)
    original = pydicom.dcmread(path)
    sending = source.model_copy(update={"retrieve": "get"}) if isinstance(source, DimseNode) else source
    result = send(sending, [path], secret=secret)
    assert result.sent == 1 and not result.note
    back = fetch(source, What(original.StudyInstanceUID), secret=secret, listener=listening)
    got = pydicom.dcmread(back.files[0])
    assert got.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
    assert got.PixelData == original.PixelData


def _example(name: str) -> Path:
    from pydicom.data import get_testdata_file

    found = get_testdata_file(name, download=False)
    assert found, f"{name} is not among the files of pydicom here"
    return Path(found)


def test_a_wrong_title_of_the_server_is_a_sentence(dimse) -> None:
    with pytest.raises(Refused, match="Main PACS is not called “NOBODY”: the AE title of the server is wrong"):
        echo(dimse.model_copy(update={"title": "NOBODY"}))


def test_a_wrong_title_of_ours_is_a_sentence(dimse, three_patients) -> None:
    with pytest.raises(Refused, match="Main PACS"):
        find(dimse, Query(), own_title="STRANGER")
    with pytest.raises(Refused, match="Main PACS"):
        send(dimse, [_example("MR_small_RLE.dcm")], own_title="STRANGER")


@pytest.mark.parametrize("password", ["wrong", "", "geheim"])
def test_a_wrong_password_is_a_sentence_and_is_not_repeated(web, password, server) -> None:
    with pytest.raises(Refused, match="does not accept the user name or the password") as refusal:
        find(web, Query(), secret=password)
    assert not password or password not in str(refusal.value)
    with pytest.raises(Refused, match="wants a user name and a password"):
        echo(web.model_copy(update={"auth": "none"}))
    with pytest.raises(Refused, match="does not accept"):
        fetch(web, What("1.2.3"), secret=password)


def test_a_wrong_address_is_a_sentence(web, secret) -> None:
    with pytest.raises(Refused, match="nothing at this address"):
        echo(web.model_copy(update={"url": web.url + "x"}), secret=secret)
    port = free_ports(1)[0]
    with pytest.raises(Refused, match=f"nothing listens on port {port}"):
        echo(web.model_copy(update={"url": f"http://127.0.0.1:{port}/dicom-web"}), secret=secret)


def test_dimse_on_a_port_of_http_is_a_sentence(dimse, orthanc) -> None:
    with pytest.raises(Refused, match=r"not DICOM|did not answer|broke"):
        echo(dimse.model_copy(update={"port": orthanc.http_port}))


def test_a_move_to_where_nobody_listens_is_a_sentence(moving, server, study) -> None:
    server.put(*study(2))
    elsewhere = ListenerSettings(port=free_ports(1)[0], keep_free_mb=0)
    with pytest.raises(Refused, match="Main PACS"):
        fetch(moving, What("1.2.3"), listener=elsewhere)


@pytest.fixture
def mortal(tmp_path: Path, study) -> Orthanc:
    server = Orthanc(tmp_path / "mortal", callers={"PELLUCID": free_ports(1)[0]}).start()
    yield server
    server.kill()


@contextmanager
def deadly(port: int, most: int, kill: Callable[[], None]) -> Iterator[int]:
    """Return the port of a door to a server that dies when it has said so many bytes through it."""
    door, said, threads = socket.create_server(("127.0.0.1", 0)), [0], list[threading.Thread]()

    def pass_on(source: socket.socket, target: socket.socket, answers: bool) -> None:
        with source, suppress(OSError):
            while data := source.recv(1 << 14):
                said[0] += len(data) * answers
                if said[0] > most:
                    kill()
                    break
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def attend() -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                client, _ = door.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, server, False), (server, client, True)):
                    threads.append(threading.Thread(target=pass_on, args=pair, daemon=True))
                    threads[-1].start()

    threads.append(threading.Thread(target=attend, daemon=True))
    threads[0].start()
    with door:
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("way", ["dimse", "web"])
def test_a_server_that_dies_half_way(way, mortal, study, tmp_path, secret) -> None:
    files = study(60, size=(512, 512))
    node = (
        DimseNode(name="Dying", title="ORTHANC", host="127.0.0.1", port=mortal.dicom_port)
        if way == "dimse"
        else WebNode(name="Dying", url=mortal.url, auth="basic", user=USER)
    )
    assert send(node, files, secret=secret).sent == 60
    port = mortal.dicom_port if way == "dimse" else mortal.http_port
    with deadly(port, sum(file.stat().st_size for file in files) // 2, mortal.kill) as door:
        update = {"port": door} if way == "dimse" else {"url": mortal.url.replace(str(port), str(door))}
        result = fetch(node.model_copy(update=update), What("1.2.3"), tmp_path / "out", secret=secret)
    came = len(result.files)
    assert 0 < came < 60 and result.missing == 60 - came and not result.complete
    assert f"{60 - came} of 60 instances are missing" in result.sentence and "Dying" in result.sentence
    assert "fetch again" in result.sentence
    assert uids(result.files) < uids(files)
    assert all(pydicom.dcmread(file).pixel_array.shape == (512, 512) for file in result.files)
    with pytest.raises(Refused, match="Dying"):
        fetch(node, What("1.2.3", ("7.7",)), tmp_path / "other", secret=secret)
    mortal.start()
    again = fetch(node, What("1.2.3"), tmp_path / "out", secret=secret)
    assert again.complete and uids(again.files) == uids(files)
    assert again.nbytes < sum(file.stat().st_size for file in files) * (60 - came + 1) / 60


def test_cancelling_keeps_what_came(source, server, study, tmp_path, secret, listening) -> None:
    files = study(60, size=(512, 512))
    server.put(*files)
    stop = threading.Event()

    def stop_when_some_came(progress: object) -> None:
        if progress.done and not stop.is_set():
            stop.set()

    result = fetch(
        source, What("1.2.3"), tmp_path / "out", secret=secret, listener=listening,
        progress=stop_when_some_came, cancelled=stop.is_set,
    )  # fmt: skip
    assert result.files and (result.cancelled or len(result.files) == 60)  # it may be quicker than we
    again = fetch(source, What("1.2.3"), tmp_path / "out", secret=secret, listener=listening)
    assert again.complete and uids(again.files) == uids(files)


def test_cancelling_a_question(node, three_patients, secret) -> None:
    answer = find(node, Query(), secret=secret, cancelled=lambda: True)
    assert answer.cancelled or len(answer.results) == 3


def test_cancelling_sending(node, server, study, secret) -> None:
    files = study(60, size=(128, 128))
    stop = threading.Event()
    result = send(node, files, secret=secret, progress=lambda p: p.done >= 2 and stop.set(), cancelled=stop.is_set)
    assert 2 <= result.sent <= 60 and (result.cancelled or result.sent == 60)  # it may be quicker than we
    assert send(node, files, secret=secret).sent == 60 and len(server.instances()) == 60


def test_five_hundred_instances(dimse, server, study, capsys) -> None:
    files = study(500, size=(64, 64))
    begin = time.perf_counter()
    sent = send(dimse, files)
    sending = 500 / (time.perf_counter() - begin)
    begin = time.perf_counter()
    got = fetch(dimse, What("1.2.3"))
    fetching = 500 / (time.perf_counter() - begin)
    with capsys.disabled():
        print(f"\n500 instances: sent {sending:.0f}/s, fetched with C-GET {fetching:.0f}/s")
    assert sent.complete and sent.sent == 500 and got.complete and uids(got.files) == uids(files)


def test_the_password_is_nowhere(web, server, private_folders, caplog) -> None:
    find(web, Query(), secret=PASSWORD)
    with pytest.raises(Refused):
        find(web.model_copy(update={"user": "other"}), Query(), secret=PASSWORD)
    kept = b"".join(file.read_bytes() for file in private_folders.rglob("*") if file.is_file())
    assert PASSWORD.encode() not in kept and PASSWORD not in caplog.text and PASSWORD not in repr(web)
