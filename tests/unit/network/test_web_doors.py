"""DICOMweb through doors of many kinds: certificates, proxies, redirects, logins, servers that are busy or slow."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from odd_web import Answer
from orthanc_server import made_certificate
from patience import PATIENCE
from pellucid.model.findings import Refused
from pellucid.network.asking import echo, find
from pellucid.network.fetching import fetch
from pellucid.network.nodes import WebNode
from pellucid.network.queries import Query
from pellucid.network.transfers import What
from pellucid.network.web import client as client_module
from pellucid.network.web.client import Client
from pellucid.network.web.multipart import Body, Broken, parts

ROW = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}}


def nothing(*_: object) -> Answer:
    return 200, {}, b"[]"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Return an authority, and certificates: signed by it, for another host, and by nobody known."""
    folder = tmp_path_factory.mktemp("tls")
    authority = made_certificate(folder / "authority", names="DNS:authority.invalid")
    return {
        "authority": authority,
        "good": made_certificate(folder / "good", authority=authority),
        "elsewhere": made_certificate(folder / "elsewhere", names="DNS:pacs.example.org", authority=authority),
        "alone": made_certificate(folder / "alone"),
    }


def test_a_certificate_of_an_authority_of_the_users_own(odd, certificates) -> None:
    node = odd(nothing, tls=certificates["good"])
    trusting = node.model_copy(update={"authority": str(certificates["authority"][0])})
    assert echo(trusting) == "Odd is there and lets us in."
    assert echo(node.model_copy(update={"verify": False}))
    with pytest.raises(Refused, match=r"no known authority signed it.*name that file in the settings"):
        echo(node)


def test_a_certificate_that_signs_itself_is_trusted_when_it_is_named(odd, certificates) -> None:
    node = odd(nothing, tls=certificates["alone"])
    with pytest.raises(Refused, match="no known authority signed it"):
        echo(node)
    with pytest.raises(Refused, match="no known authority signed it"):
        echo(node.model_copy(update={"authority": str(certificates["authority"][0])}))
    assert echo(node.model_copy(update={"authority": str(certificates["alone"][0])}))


def test_a_certificate_for_another_host(odd, certificates) -> None:
    node = odd(nothing, tls=certificates["elsewhere"], authority=str(certificates["authority"][0]))
    with pytest.raises(Refused, match="is made for another host"):
        echo(node)


def test_a_file_that_holds_no_certificates(odd, certificates, tmp_path) -> None:
    odd_file = tmp_path / "odd.pem"
    odd_file.write_text("no certificate")
    node = odd(nothing, tls=certificates["good"])
    for file in (odd_file, tmp_path / "none.pem", tmp_path):
        with pytest.raises(Refused, match="certificates for Odd could not be read"):
            echo(node.model_copy(update={"authority": str(file)}))


def test_encryption_where_there_is_none_and_none_where_there_is(odd, certificates) -> None:
    plain, encrypted = odd(nothing), odd(nothing, tls=certificates["good"])
    with pytest.raises(Refused, match="could not agree on encryption"):
        echo(plain.model_copy(update={"url": plain.url.replace("http:", "https:")}))
    with pytest.raises(Refused, match="Odd"):
        echo(encrypted.model_copy(update={"url": encrypted.url.replace("https:", "http:")}))


def asked(node: WebNode, secret: str = "") -> list[object]:
    """Ask in this process, for what an environment or a limit says here."""
    one = Client({"node": node.model_dump(mode="json"), "secret": secret})
    return one.json(one.address("qido", "studies"))


def test_a_proxy_is_for_others_only(odd, monkeypatch) -> None:
    seen: list[str] = []

    def pass_on(method: str, path: str, headers: dict[str, str]) -> Answer:
        seen.append(path)
        return 200, {}, json.dumps([ROW]).encode()

    proxy, here = odd(pass_on), odd(nothing)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url.removesuffix("/web"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert asked(here) == []
    assert asked(here.model_copy(update={"url": here.url.replace("127.0.0.1", "localhost")})) == [] and not seen
    assert asked(WebNode(name="Far", url="http://pacs.invalid/web")) == [ROW]
    assert seen == ["http://pacs.invalid/web/studies"]


def test_a_proxy_that_is_in_the_way_is_named(odd, monkeypatch) -> None:
    closed = odd(lambda *_: (407, {"Proxy-Authenticate": "Basic"}, b""))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, closed.url.removesuffix("/web"))
    with pytest.raises(Refused, match=r"proxy of this system.*NO_PROXY"):
        asked(WebNode(name="Far", url="http://pacs.invalid/web"))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(Refused, match=r"proxy of this system.*NO_PROXY"):
        asked(WebNode(name="Far", url="http://pacs.invalid/web"))


def test_a_password_goes_to_its_server_only(odd) -> None:
    seen: list[str] = []

    def elsewhere(method: str, path: str, headers: dict[str, str]) -> Answer:
        seen.append(headers.get("Authorization", ""))
        return 200, {}, b"[]"

    target = odd(elsewhere).url.replace("127.0.0.1", "localhost")
    node = odd(lambda *_: (307, {"Location": f"{target}/studies"}, b""), auth="basic", user="me")
    echo(node, secret="geheim")
    assert seen == [""]


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (401, {"WWW-Authenticate": 'Digest realm="x", nonce="y"'}, r"does not know \(Digest\)"),
        (401, {"WWW-Authenticate": "Negotiate"}, r"does not know \(Negotiate\)"),
        (401, {"WWW-Authenticate": 'Basic realm="x"'}, "wants a user name and a password"),
        (401, {"WWW-Authenticate": 'Digest realm="x", Basic realm="x"'}, "wants a user name and a password"),
        (413, {}, "no room for this"),
        (429, {"Retry-After": "1"}, r"Try again in 1 second\."),
        (503, {"Retry-After": "30"}, r"Try again in 30 seconds\."),
        (503, {"Retry-After": "600"}, r"Try again in 10 minutes\."),
        (503, {"Retry-After": "9" * 5000}, r"Try again in 1440 minutes\."),
        (503, {"Retry-After": "soon"}, "Try again in a moment"),
        (503, {"Retry-After": formatdate(0, usegmt=True)}, r"Try again in 1 second\."),
    ],
)
def test_what_a_server_wants_first_is_said(odd, status, headers, words) -> None:
    with pytest.raises(Refused, match=words):
        echo(odd(lambda *_: (status, headers, b"")))


def test_when_to_come_again_may_be_a_date(odd) -> None:
    with pytest.raises(Refused, match=r"Try again in \d+ minutes\."):
        echo(odd(lambda *_: (503, {"Retry-After": formatdate(time.time() + 7200, usegmt=True)}, b"")))


def test_no_content_is_no_result(odd) -> None:
    assert find(odd(lambda *_: (204, {}, b"")), Query()).results == ()


def test_a_bomb_is_not_unpacked(odd, monkeypatch) -> None:
    limit = 4 << 20
    monkeypatch.setattr(client_module, "_LARGEST_JSON", limit)
    once = gzip.compress(b"[" + b" " * (64 << 20) + b"]", 9)
    with pytest.raises(Refused, match="answers with too much at once"):
        asked(odd(lambda *_: (200, {"Content-Encoding": "gzip"}, once)))
    for encoding, body in (
        ("gzip, gzip", gzip.compress(once)),
        (", ".join(["gzip"] * 50), once),
        ("gzip", b"\x1f\x8b!"),
    ):
        with pytest.raises(Refused, match="Odd"):
            asked(odd(lambda *_, e=encoding, b=body: (200, {"Content-Encoding": e}, b)))


def test_slow_is_well_and_silent_is_not(odd, monkeypatch) -> None:
    """What drips is waited for, what stops is not."""
    over = threading.Event()

    def drip(*_: object) -> Answer:
        return 200, {}, slowly(json.dumps([ROW]).encode())

    def slowly(body: bytes) -> Iterator[bytes]:
        for place in range(0, len(body), 8):
            time.sleep(0.001)
            yield body[place : place + 8]

    def stop(*_: object) -> Answer:
        return 200, {}, stopping()

    def stopping() -> Iterator[bytes]:
        yield b"["
        over.wait(PATIENCE)
        yield b"]"

    assert asked(odd(drip)) == [ROW]
    monkeypatch.setattr(client_module, "_READ_SECONDS", 0.5)
    with pytest.raises(Refused, match="did not answer"):
        asked(odd(stop))
    over.set()


@pytest.mark.parametrize("step", [1, 5, 4096])
@pytest.mark.parametrize("padding", [b"", b"  ", b"\t"])
def test_bodies_as_servers_write_them(tmp_path, step, padding) -> None:
    """With words before the first part, spaces after a boundary, parts without headers, and words after the end."""
    whole = (
        b"Preamble--b that is none\r\n--b" + padding + b"\r\nContent-Type: application/dicom\r\n\r\none\r\n-b"
        b"\r\n--b" + padding + b"\r\n\r\ntwo\r\n--b--\r\nEpilogue"
    )
    chunks = [whole[n : n + step] for n in range(0, len(whole), step)]
    assert [b"".join(part) for part in parts(chunks, "b")] == [b"one\r\n-b", b"two"]


def test_chunks_and_boundaries_over_the_wire(odd, study, tmp_path) -> None:
    (file,) = study(1)
    content = Body([file])
    rows = [{"00080018": {"vr": "UI", "Value": ["1.2.3.1.1"]}}]
    whole, odd_kind = b"".join(content), "multipart/related"
    kinds = iter([content.content_type, odd_kind, f'{odd_kind}; boundary=""', f"{odd_kind}; boundary=other"])

    def answer(method: str, path: str, headers: dict[str, str]) -> Answer:
        if "?" in path:
            series = [{"0020000E": {"vr": "UI", "Value": ["1.2.3.1"]}}]
            return 200, {}, json.dumps(rows if path.split("?")[0].endswith("instances") else series).encode()
        return (
            200,
            {"Content-Type": next(kinds)},
            (whole[n : n + 70] for n in range(0, len(whole), 70)),
        )

    node = odd(answer)
    assert [path.read_bytes() for path in fetch(node, What("1.2.3"), tmp_path / "a").files] == [file.read_bytes()]
    for name, words in (("b", "not DICOMweb"), ("c", "not DICOMweb"), ("d", "broke")):
        with pytest.raises(Refused, match=words):
            fetch(node, What("1.2.3"), tmp_path / name)
    with pytest.raises(Broken):
        list(parts([b""], "b"))
