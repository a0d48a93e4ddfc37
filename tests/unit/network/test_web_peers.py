"""DICOMweb servers that are odd: bodies cut at every place, wrong answers, redirects, and how parts are taken apart."""

from __future__ import annotations

import email
import json
import random
from collections.abc import Callable
from email.policy import HTTP
from pathlib import Path

import certifi
import pytest

from odd_web import Answer
from pellucid.model.findings import Refused
from pellucid.network.asking import echo, find
from pellucid.network.fetching import _made_beside, fetch
from pellucid.network.nodes import WebNode
from pellucid.network.queries import Query
from pellucid.network.sending import send
from pellucid.network.transfers import What
from pellucid.network.web.client import Client
from pellucid.network.web.multipart import Body, Broken, boundary_of, parts


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, {}, b"<html>hello</html>"), "not DICOMweb"),
        ((200, {}, b'{"a": 1}'), "not DICOMweb"),
        ((200, {}, b"[" * 100_000), "not DICOMweb"),
        ((401, {}, b""), "wants a user name"),
        ((403, {}, b""), "does not allow this"),
        ((404, {}, b""), "nothing at this address"),
        ((503, {}, b""), "busy"),
        ((500, {}, b"Traceback: Doe^Jane"), "could not do it"),
        ((302, {"Location": "/web/studies"}, b""), "not DICOMweb"),
        ((200, {"Content-Length": "1000"}, b"[{"), "broke"),
    ],
)
def test_wrong_answers_are_sentences(odd, answer, words) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        echo(odd(lambda method, path, headers: answer))
    assert "Doe" not in str(refusal.value)


def test_entries_that_make_no_sense_are_left_out(odd) -> None:
    good = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B"}]}}
    rows = [None, 3, {"x": 1}, {"0020000D": 5}, {"0020000D": {"vr": "XX", "Value": [[]]}}, good, {}]
    body = json.dumps(rows).encode()
    (found,) = find(odd(lambda *_: (200, {}, body)), Query()).results
    assert (found.uid, found.patient.name) == ("1.2.3", "A, B")


def test_a_server_without_pages_does_not_go_on_for_ever(odd) -> None:
    rows = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{n}"]}} for n in range(450)]
    answer = find(odd(lambda *_: (200, {}, json.dumps(rows).encode())), Query())
    assert len(answer.results) == 450 and not answer.more


def test_a_token_goes_to_its_server_only(odd) -> None:
    seen: list[str] = []

    def elsewhere(method: str, path: str, headers: dict[str, str]) -> Answer:
        seen.append(headers.get("Authorization", ""))
        return 200, {}, b"[]"

    other = odd(elsewhere)
    target = other.url.replace("127.0.0.1", "localhost")
    node = odd(lambda *_: (302, {"Location": f"{target}/studies"}, b""), auth="bearer")
    echo(node, secret="T0PSECRET")
    assert seen == [""]
    echo(other.model_copy(update={"auth": "bearer"}), secret="T0PSECRET")
    assert seen[-1] == "Bearer T0PSECRET"


def listing(count: int) -> Callable[[str], bytes]:
    rows = [{"00080018": {"vr": "UI", "Value": [f"1.2.3.1.{n + 1}"]}} for n in range(count)]
    return lambda path: json.dumps(
        rows if path.split("?")[0].endswith("instances") else [{"0020000E": {"vr": "UI", "Value": ["1.2.3.1"]}}]
    ).encode()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_what_is_cut_off_leaves_whole_files_only(odd, study, tmp_path, share) -> None:
    files = study(5, size=(40, 40))
    content = Body(files)
    whole = b"".join(content)
    rows = listing(5)

    def answer(method: str, path: str, headers: dict[str, str]) -> Answer:
        if "?" in path:
            return 200, {}, rows(path)
        return (
            200,
            {"Content-Type": content.content_type, "Content-Length": str(len(whole))},
            whole[: int(len(whole) * share)],
        )

    node = odd(answer)
    if share < 0.2:
        with pytest.raises(Refused, match="broke"):
            fetch(node, What("1.2.3"), tmp_path / "out")
        return
    result = fetch(node, What("1.2.3"), tmp_path / "out")
    assert 0 < len(result.files) < 5 and result.missing == 5 - len(result.files) and "broke" in result.sentence
    originals = {file.read_bytes() for file in files}
    assert all(file.read_bytes() in originals for file in result.files)


def test_junk_instead_of_dicom_is_dropped_and_said(odd, tmp_path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff" * 3000)
    content = Body([junk, junk])
    rows = listing(2)

    def answer(method: str, path: str, headers: dict[str, str]) -> Answer:
        return (
            (200, {}, rows(path)) if "?" in path else (200, {"Content-Type": content.content_type}, b"".join(content))
        )

    with pytest.raises(Refused, match="2 objects were dropped"):
        fetch(odd(answer), What("1.2.3"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_comes_lies_inside_where_beside_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, beside = tmp_path / "disk", tmp_path / ".x.part"
    folder.mkdir()
    assert _made_beside(folder, beside) == beside
    beside.rmdir()

    make = Path.mkdir

    def forbidden(self: Path, *arguments: object, **more: object) -> None:
        if self == beside:
            raise PermissionError
        make(self)

    monkeypatch.setattr(Path, "mkdir", forbidden)
    assert _made_beside(folder, beside) == folder / ".x.part"


def test_what_a_server_does_not_take_is_told_for_each_file(odd, study) -> None:
    refused = {"00081198": {"Value": [{"00081155": {"Value": ["1.2.3.1.2"]}, "00081197": {"Value": [0xA700]}}]}}
    node = odd(lambda *_: (202, {}, json.dumps(refused).encode()))
    result = send(node, study(3))
    assert result.sent == 2 and len(result.failed) == 1 and "out of resources" in result.failed[0].sentence
    with pytest.raises(Refused, match="could not do it"):
        send(odd(lambda *_: (500, {}, b"")), study(2))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000, 10**6])
def test_parts_are_what_the_email_package_finds(tmp_path, step) -> None:
    random_ = random.Random(step)
    files = []
    for number in range(4):
        path = tmp_path / str(number)
        path.write_bytes(random_.randbytes(random_.randint(0, 3000)) + random_.choice([b"", b"\r\n--", b"\r\n"]))
        files.append(path)
    body = Body(files)
    whole = b"".join(body)
    assert len(whole) == len(body)
    chunks = [whole[n : n + step] for n in range(0, len(whole), step)]
    found = [b"".join(part) for part in parts(chunks, body.boundary)]
    message = email.message_from_bytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + whole, policy=HTTP)
    assert len(message.get_payload()) == 4
    assert found == [path.read_bytes() for path in files]


def test_a_body_that_ends_too_early_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100)
    body = Body([file, file])
    whole = b"".join(body)
    for end in range(len(whole) - 4):
        with pytest.raises(Broken):
            for part in parts([whole[:end]], body.boundary):
                b"".join(part)


def test_boundaries() -> None:
    assert boundary_of('multipart/related; type="application/dicom"; boundary="a b"') == "a b"
    assert boundary_of("multipart/related; boundary=abc; x=y") == "abc"
    assert boundary_of("application/json") == "" and boundary_of(f"multipart/related; boundary={'x' * 71}") == ""


@pytest.mark.parametrize(("choice", "authority"), [(False, ""), (True, certifi.where())])
def test_what_is_trusted_is_what_the_node_says_whatever_the_environment_says(monkeypatch, choice, authority) -> None:
    from requests import Session

    sent: dict[str, object] = {}

    def send(_session: Session, _request: object, **how: object) -> None:
        sent.update(how)
        raise UnicodeError

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of/somebody/else.pem")
    monkeypatch.setattr(Session, "send", send)
    node = WebNode(name="Far", url="https://pacs.example.org/web", verify=choice)
    told = node.model_dump(mode="json") | {"authority": authority}
    with pytest.raises(Refused), Client({"node": told, "secret": ""}).opened("GET", node.url):
        pass
    assert sent["verify"] == (authority or False)
