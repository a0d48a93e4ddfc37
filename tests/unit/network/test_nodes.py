"""Servers as the settings keep them, and passwords, which the settings never see."""

from __future__ import annotations

import json
import stat

import pytest

from pellucid import paths
from pellucid.model.findings import Refused
from pellucid.network.nodes import (
    OWN_TITLE,
    DimseNode,
    ListenerSettings,
    Tls,
    WebNode,
    address,
    keep_listener,
    keep_nodes,
    listener_of,
    made,
    named,
    nodes_of,
    own_title_of,
)
from pellucid.network.passwords import Secrets
from pellucid.settings import Settings

NODES = (
    DimseNode(name="Haus", title="PACS ONE", host="pacs.example", port=11112, tls=Tls(on=True, authority="/ca.pem")),
    DimseNode(name="Old", title="A", host="::1", retrieve="move", own_title="ME", characters="ISO_IR 100"),
    WebNode(name="Cloud", url="https://dicom.example.org/dicom-web/", auth="bearer", wado="wado"),
)


def load() -> Settings:
    return Settings.load(paths.config_dir())


def test_nodes_and_listener_survive_the_settings() -> None:
    settings = load()
    keep_nodes(settings, NODES)
    keep_listener(settings, ListenerSettings(host="0.0.0.0", port=4242, callers=("A", "B"), quota_mb=7))
    settings.ae_title = "RESEARCH"
    settings.save()
    assert nodes_of(load()) == NODES and own_title_of(load()) == "RESEARCH"
    assert listener_of(load()) == ListenerSettings(host="0.0.0.0", port=4242, callers=("A", "B"), quota_mb=7)


def test_what_is_not_valid_is_left_out() -> None:
    settings = Settings(
        nodes=[{"kind": "dimse"}, {"kind": "ftp"}, {}, NODES[0].model_dump(), {"kind": "web", "url": 3}],
        listener={"port": -1},
        ae_title="\\" * 3,
    )
    assert nodes_of(settings) == NODES[:1]
    assert listener_of(settings) == ListenerSettings() and own_title_of(settings) == OWN_TITLE


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (DimseNode, {"title": ""}, "AE title has 1 to 16"),
        (DimseNode, {"title": "A" * 17}, "AE title has 1 to 16"),
        (DimseNode, {"title": "ÄÖ"}, "AE title has 1 to 16"),
        (DimseNode, {"host": "a b"}, "A host is a name"),
        (DimseNode, {"host": "http://a"}, "A host is a name"),
        (DimseNode, {"port": 0}, "from 1 to 65535"),
        (DimseNode, {"port": 70000}, "from 1 to 65535"),
        (DimseNode, {"name": ""}, "name"),
        (WebNode, {"url": "dicom.example.org"}, "begins with https"),
        (WebNode, {"url": "file:///etc/passwd"}, "begins with https"),
        (WebNode, {"url": "https://me:pass@host/x"}, "no user name"),
        (WebNode, {"url": "https://host/x?y=1"}, "without"),
    ],
)
def test_what_somebody_enters_is_checked_in_words(kind, values, words) -> None:
    good = {"name": "N", "title": "A", "host": "h", "port": 104, "url": "https://h"}
    with pytest.raises(Refused, match=words) as refusal:
        made(kind, good | values)
    assert "pass" not in str(refusal.value) or "password" in str(refusal.value)


def test_addresses_of_the_command_line() -> None:
    node = address("PACS@127.0.0.1:104")
    assert (node.title, node.host, node.port) == ("PACS", "127.0.0.1", 104)
    assert address("P@[::1]:104").host == "::1"
    with pytest.raises(Refused):
        address("PACS@host")
    assert named(NODES, "Cloud") is NODES[2]


def test_passwords_stay_in_memory_unless_asked() -> None:
    secrets = Secrets()
    secrets.put(NODES[2], "tôken-77")
    assert secrets.of(NODES[2]) == "tôken-77" and not secrets.remembers(NODES[2])
    assert Secrets().of(NODES[2]) == "" and list(paths.config_dir().iterdir()) == []
    assert "tôken" not in repr(vars(secrets))


def test_remembered_passwords_lie_in_a_file_of_their_own_for_the_owner() -> None:
    secrets = Secrets()
    secrets.put(NODES[2], "tôken-77", remember=True)
    secrets.put(NODES[0], "other", remember=True)
    assert Secrets().of(NODES[2]) == "tôken-77" and Secrets().remembers(NODES[2])
    assert stat.S_IMODE(secrets.file.stat().st_mode) == 0o600
    assert [file.name for file in paths.config_dir().iterdir()] == ["network-secrets.json"]
    secrets.put(NODES[2], "new")
    assert Secrets().of(NODES[2]) == "" and secrets.of(NODES[2]) == "new"
    secrets.forget(NODES[0])
    assert json.loads(secrets.file.read_text()) == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', "\0"])
def test_a_damaged_file_of_passwords_is_an_empty_one(text) -> None:
    secrets = Secrets()
    secrets.file.write_text(text)
    assert secrets.of(NODES[2]) == ""
    secrets.put(NODES[2], "again", remember=True)
    assert Secrets().of(NODES[2]) == "again"


def test_another_server_does_not_get_the_password() -> None:
    secrets = Secrets()
    node = WebNode(name="A", url="https://a.example.org", auth="basic", user="me")
    secrets.put(node, "secret")
    for other in ({"url": "https://b.example.org"}, {"user": "you"}, {"auth": "bearer"}):
        assert secrets.of(node.model_copy(update=other)) == ""
    assert secrets.of(node.model_copy(update={"name": "renamed"})) == "secret"
