"""The journal: what was added is read again, whatever a kill left of the last line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.model.findings import Refused
from pellucid.recipes.batch.attempts import MOST, Attempts
from pellucid.recipes.batch.journal import NAME, Entry, Journal, State


def entry(item: str, state: State = State.DONE, **more: object) -> Entry:
    return Entry(item, state, "x", "x.nii.gz", "r", "i", 0.25, ("Ünïcode “said”.",), **more)  # type: ignore[arg-type]


def test_the_latest_entry_of_each_item_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert not journal.exists() and journal.latest() == {}
    journal.start()
    for one in (entry("a", State.FAILED), entry("b"), entry("a", attempts=2)):
        journal.add(one)
    journal.close()
    assert journal.latest() == {"a": entry("a", attempts=2), "b": entry("b")}


@pytest.mark.parametrize("cut", range(2, 60, 7))
def test_a_line_that_was_cut_off_is_passed_over_and_the_next_is_whole(cut: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.start()
    journal.add(entry("a"))
    journal.add(entry("b"))
    journal.close()
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[:-cut])
    assert journal.latest() == {"a": entry("a")}
    journal.start()
    journal.add(entry("c"))
    journal.close()
    assert journal.latest().keys() - {"b"} == {"a", "c"}


def test_a_line_whose_end_is_missing_still_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.start()
    journal.add(entry("a"))
    journal.close()
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes()[:-1])
    journal.start()
    journal.add(entry("b"))
    journal.close()
    assert journal.latest().keys() == {"a", "b"}


ODD = [b"[1]", b"null", b"\xff\xfe", b'{"item": 1}', b'{"state": "odd", "sentences": []}', b"[" * 9999]


@pytest.mark.parametrize("line", ODD)
def test_other_lines_are_passed_over(line: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(line + b"\n")
    assert Journal(tmp_path).latest() == {}


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not written"):
        Journal(tmp_path / "gone").start()


def test_an_item_is_begun_so_often_and_not_again_until_it_ended(tmp_path: Path) -> None:
    attempts = Attempts(tmp_path)
    attempts.prepare()
    assert [attempts.begin("x") for _ in range(MOST + 2)] == [1, 2, MOST + 1, MOST + 1]
    assert attempts.begin("y") == 1
    attempts.end("x")
    assert attempts.begin("x") == 1


def test_stop_is_seen_by_everybody(tmp_path: Path) -> None:
    attempts = Attempts(tmp_path)
    attempts.prepare()
    assert not Attempts(tmp_path).stopped()
    attempts.stop()
    assert Attempts(tmp_path).stopped()
    attempts.prepare()
    assert not Attempts(tmp_path).stopped()
    attempts.remove()
    assert Attempts(tmp_path).stopped(), "nobody waits for the result any more"
