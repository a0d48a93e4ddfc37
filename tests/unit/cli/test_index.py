"""``pellucid index``: the same database as in the window, without one."""

from __future__ import annotations

import json
import shutil

import pytest

from pellucid.cli.entry import run
from study_making import make_people


@pytest.fixture
def archive(tmp_path):
    make_people(tmp_path / "archive")
    return tmp_path / "archive"


def test_add_search_update_and_remove(archive, capsys):
    assert run(["index", "search", "doe"]) == 1 and "is empty" in capsys.readouterr().err
    assert run(["index", "add", str(archive)]) == 0
    assert "15 files, 15 read" in capsys.readouterr().out
    assert run(["index", "search", "jorg", "--json", "--series"]) == 0
    (study,) = json.loads(capsys.readouterr().out)
    assert (study["patient_name"], study["files"]) == ("Müller, Jörg", 3)
    assert study["series"] == [
        {"modality": "MR", "description": "t2_tse_sag", "number": "1", "files": 3, "missing": 0}
    ]
    assert run(["index", "search", "doe", "--limit", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("20240301  Doe, Jane") and "newest 1" in said.err
    shutil.rmtree(archive / "0")
    assert run(["index", "update"]) == 0 and "6 missing" in capsys.readouterr().out
    assert run(["index", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["missing"] == 6
    assert run(["index", "remove", str(archive)]) == 0
    assert (archive / "2" / "0" / "s0000.dcm").exists()
    assert run(["index", "remove", str(archive)]) == 1


def test_hostile_words_are_no_errors(archive, capsys):
    assert run(["index", "add", str(archive)]) == 0
    for words in ('"', "NEAR(", "* OR", "name:", "2023..", "a" * 3000):
        assert run(["index", "search", words]) == 0
    assert run(["index"]) == 2
