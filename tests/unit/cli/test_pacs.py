"""``pellucid pacs`` against a real server: what it prints, and what it never takes from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from command_line import answer, write_series
from orthanc_server import PASSWORD, USER, Orthanc, moving_port, orthanc
from pellucid import paths
from pellucid.network.nodes import DimseNode, keep_nodes
from pellucid.settings import Settings

__all__ = ["moving_port", "orthanc"]
pytestmark = pytest.mark.orthanc


@pytest.fixture
def node(orthanc: Orthanc) -> str:
    orthanc.clear()
    return f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"


def test_all_four_by_dimse(node, orthanc, tmp_path, capsys) -> None:
    values = np.arange(4 * 30, dtype=np.int16).reshape(4, 5, 6)
    series = write_series(tmp_path / "in", values, patient="Secret^Name")
    assert answer(capsys, ["pacs", "echo", node]).out.strip().endswith("is there and lets us in.")
    sent = answer(capsys, ["pacs", "send", node, tmp_path / "in"])
    assert (sent.code, sent.out.strip(), sent.err) == (0, "4 sent", "")
    (study,) = answer(capsys, ["pacs", "find", node, "--json", "--modality", "CT"]).json()
    assert study["patient"]["name"] == "Secret, Name" and study["instances"] == 4
    listed = answer(capsys, ["pacs", "find", node, "--level", "series", "--study", study["uid"]])
    assert listed.out.rstrip().endswith(series)
    got = answer(capsys, ["pacs", "get", node, "--study", study["uid"], "--out", tmp_path / "out"])
    assert got.code == 0 and got.out.strip() == str(tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 4
    text = " ".join(str(path) for path in (tmp_path / "out").iterdir()) + got.err
    assert "Secret" not in text


def test_a_move_and_a_node_of_the_settings(node, orthanc, moving_port, tmp_path, capsys) -> None:
    write_series(tmp_path / "in", np.zeros((3, 5, 6), np.int16))
    settings = Settings.load(paths.config_dir())
    keep_nodes(settings, [DimseNode(name="Main", title="ORTHANC", host="127.0.0.1", port=orthanc.dicom_port)])
    settings.save()
    assert answer(capsys, ["pacs", "send", "Main", tmp_path / "in"]).code == 0
    (study,) = answer(capsys, ["pacs", "find", "Main", "--json"]).json()
    arguments = ["pacs", "get", "Main", "--study", study["uid"], "--move", "--port", moving_port]
    got = answer(capsys, arguments)
    assert got.code == 0 and len(list(Path(got.out.strip()).iterdir())) == 3
    assert Path(got.out.strip()).is_relative_to(paths.data_dir())


def test_a_password_comes_from_the_environment(node, orthanc, capsys, monkeypatch) -> None:
    monkeypatch.setenv("PELLUCID_PASSWORD", PASSWORD)
    assert answer(capsys, ["pacs", "echo", orthanc.url, "--user", USER]).code == 0
    monkeypatch.setenv("PELLUCID_PASSWORD", "wrong")
    refused = answer(capsys, ["pacs", "echo", orthanc.url, "--user", USER])
    assert refused.code == 1 and "does not accept" in refused.err and "wrong" not in refused.err.split()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["find", "Nowhere"], "No server is called “Nowhere”"),
        (["echo", "A@:104"], "A host is a name"),
        (["echo", "A@host:port"], "A port is a number"),
        (["echo", f"{'A' * 17}@host:104"], "An AE title has 1 to 16 characters"),
        (["echo", "http://user:secret@host/x"], "holds no user name"),
        (["find", "A@host:104", "--level", "series"], "--study UID"),
        (["send", "A@host:104", "/no/such/file"], "is not there"),
    ],
)
def test_what_is_wrong_is_said(arguments, words, capsys) -> None:
    result = answer(capsys, ["pacs", *arguments])
    assert result.code == 1 and words in result.err and "secret" not in result.err
