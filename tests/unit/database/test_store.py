"""The file itself: private, versioned, set aside when broken with its folders kept, read where it cannot be written."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.database import indexing, pictures, schema, searching
from pellucid.database.asking import question
from pellucid.database.removing import remove_root, remove_series
from pellucid.database.store import Store
from pellucid.model.findings import Refused

PRIVATE = pytest.mark.skipif(sys.platform == "win32", reason="needs modes of POSIX")


def test_there_is_no_database_until_a_folder_is_added(store, people):
    assert store.roots() == () and not store.exists and not store.folder.exists()
    store.add_root(people)
    assert store.exists


@pytest.mark.hazard("H34")
@PRIVATE
def test_nobody_else_can_read_it(store, people, pool):
    before = os.umask(0)
    try:
        indexing.update(store, store.add_root(people), pool=pool)
    finally:
        os.umask(before)
    assert store.folder.stat().st_mode & 0o777 == 0o700
    files = list(store.folder.iterdir())
    assert {file.name for file in files} >= {"studies.db", "studies.db-wal", "folders.json"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_it_waits_for_others_and_readers_do_not_wait(store, people):
    store.add_root(people)
    assert store.ask("PRAGMA journal_mode") == [("wal",)]
    assert store.ask("PRAGMA busy_timeout") == [(5000,)]
    assert store.ask("PRAGMA user_version") == [(schema.VERSION,)]


@pytest.mark.parametrize("damage", ["noise", "head", "pages"])
def test_a_broken_file_is_set_aside_and_the_folders_stay(store, people, pool, damage):
    root = store.add_root(people)
    indexing.update(store, root, pool=pool)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = bytearray(store.path.read_bytes())
    if damage == "noise":
        content = bytearray(os.urandom(5000))
    elif damage == "head":
        content[:16] = b"nothing like it "
    else:
        content[4096:] = b"\xa5" * (len(content) - 4096)
    store.path.write_bytes(content)
    again = Store()
    try:
        assert [one.path for one in again.roots()] == [people]
    except Refused as refusal:
        assert "set aside" in str(refusal)
    assert "set aside" in again.said and "Your folders are kept" in again.said
    assert (again.folder / "studies.db.broken").read_bytes() == bytes(content)
    (root,) = again.roots()
    indexing.update(again, root, pool=pool)
    assert searching.counts(again) == (3, 4, 5)
    again.close()


def test_an_older_index_is_made_anew_and_keeps_its_folders(store, people):
    store.folder.mkdir(parents=True)
    old = sqlite3.connect(store.path)
    old.execute("CREATE TABLE roots (id INTEGER PRIMARY KEY, path TEXT)")
    old.execute("CREATE TABLE something (old)")
    old.execute("INSERT INTO roots (path) VALUES (?)", (str(people),))
    old.commit()
    old.close()
    assert [(root.path, root.files) for root in store.roots()] == [(people, 0)]
    assert store.ask("SELECT name FROM sqlite_master WHERE name = 'something'") == []


def test_an_index_of_the_last_version_keeps_all_it_knows_and_gives_no_number_anew(store, people, pool):
    root = store.add_root(people)
    indexing.update(store, root, pool=pool)
    rows = [store.ask(f"SELECT * FROM {table} ORDER BY 1") for table in ("series", "files")]
    numbered = store.connection
    (made,) = numbered.execute("SELECT sql FROM sqlite_master WHERE name = 'series'").fetchone()
    numbered.execute(made.replace(" AUTOINCREMENT", "").replace("series", "old", 1))
    numbered.execute("INSERT INTO old SELECT * FROM series")
    numbered.execute("DROP TABLE series")
    numbered.execute("ALTER TABLE old RENAME TO series")
    numbered.execute("PRAGMA user_version = 1")
    store.close()
    again = Store()
    assert again.ask("PRAGMA user_version") == [(schema.VERSION,)] and not again.said
    assert [again.ask(f"SELECT * FROM {table} ORDER BY 1") for table in ("series", "files")] == rows
    assert searching.counts(again) == (3, 4, 5)
    with again.changing() as connection:
        columns = "key, study, modality, number, description, protocol, body_part"
        last = rows[0][-1]
        connection.execute("UPDATE files SET series = NULL WHERE series = ?", (last[0],))
        connection.execute("DELETE FROM series WHERE id = ?", (last[0],))
        connection.execute(f"INSERT INTO series ({columns}) VALUES ('new', ?, '', '', '', '', '')", (last[2],))
        assert connection.execute("SELECT max(id) FROM series").fetchone()[0] > last[0]
    again.close()


def test_a_newer_one_is_left_alone_with_a_sentence(store, people):
    store.add_root(people)
    store.connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    store.close()
    with pytest.raises(Refused, match="newer version"):
        Store().roots()
    assert store.path.exists() and not Path(f"{store.path}.broken").exists()


def test_one_that_cannot_be_written_is_read(store, people, pool, monkeypatch):
    indexing.update(store, store.add_root(people), pool=pool)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()

    def full(_connection):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(schema, "_prepare", full)
    again = Store()
    assert len(searching.search(again, question("doe")).rows) == 2
    assert "can be read but not changed" in again.said
    with pytest.raises(Refused, match="can be read but not changed"):
        remove_series(again, ["indexed:1"])
    again.close()


def test_folders_inside_each_other_are_refused(store, people):
    store.add_root(people)
    for other in (people.parent, people / "0"):
        with pytest.raises(Refused, match="inside each other"):
            store.add_root(other)
    with pytest.raises(Refused, match="not a folder"):
        store.add_root(people / "notes.txt")
    assert store.add_root(people).id == store.roots()[0].id


def test_a_connection_that_another_thread_closed_is_opened_again(store, people):
    store.add_root(people)
    held = store.connection
    store.close()
    store._here.connection = held  # as if this thread had taken it a moment before
    assert store.ask("SELECT count(*) FROM roots") == [(1,)]


@pytest.mark.hazard("H34")
def test_a_question_that_comes_after_the_last_folder_makes_no_database(store, people, pool):
    root = store.add_root(people)
    remove_root(store, root.id)
    with pytest.raises(Refused, match="not in the study database any more"):
        searching.series_of(store, "study:1")
    assert not store.exists


@pytest.mark.hazard("H34")
def test_nothing_is_left_of_the_last_folder(store, people, pool):
    root = store.add_root(people)
    indexing.update(store, root, pool=pool)
    remove_root(store, root.id)
    assert not store.exists and list(store.folder.iterdir()) == []
    assert (people / "0" / "0" / "s0000.dcm").exists()


@pytest.mark.hazard("H34")
def test_nothing_of_a_removed_folder_stays_in_the_file(store, people, pool, tmp_path):
    from dicom_making import save, stack

    _, slices = stack(2, series="4.4", PatientName="Unforgettable^Zaphod", PatientID="ZZ4711", StudyInstanceUID="4")
    save(tmp_path / "other", slices)
    indexing.update(store, store.add_root(people), pool=pool)
    other = store.add_root(tmp_path / "other")
    indexing.update(store, other, pool=pool)
    (found,) = searching.search(store, question("zaphod")).rows
    secret = np.random.default_rng(3).integers(0, 255, (90, 90)).astype(np.uint8)
    key = searching.series_of(store, found.key)[0].key
    pictures.keep(store, key, secret, pictures.files(store, key))
    packed = store.ask("SELECT pixels FROM pictures")[0][0]
    assert packed[100:140] in b"".join(file.read_bytes() for file in store.folder.iterdir())
    remove_root(store, other.id)
    left = b"".join(file.read_bytes() for file in store.folder.iterdir())
    assert packed[100:140] not in left and b"ZZ4711" not in left, "the log of changes is emptied while it is open"
    store.close()
    left = b"".join(file.read_bytes() for file in store.folder.iterdir()).lower()
    assert b"zaphod" not in left and b"zz4711" not in left and b"doe" in left


@pytest.mark.hazard("H36")
@pytest.mark.hazard("H34")
def test_thumbnails_that_are_not_wanted_any_more_are_gone_from_the_file_and_its_log(store, people, pool):
    indexing.update(store, store.add_root(people), pool=pool)
    found = searching.search(store, question("knee")).rows[0]
    key = searching.series_of(store, found.key)[0].key
    made = np.random.default_rng(3).integers(0, 255, (90, 90)).astype(np.uint8)
    pictures.keep(store, key, made, pictures.files(store, key))
    packed = store.ask("SELECT pixels FROM pictures")[0][0]
    pictures.forget_all(store)
    assert packed[100:140] not in b"".join(file.read_bytes() for file in store.folder.iterdir())
    remove_series(store, [key])
    root = store.roots()[0]
    (people / "new.dcm").write_bytes(next((people / "2" / "0").iterdir()).read_bytes())
    indexing.update(store, root, pool=pool)
    again = searching.search(store, question("knee")).rows
    assert key not in [one.key for row in again for one in searching.series_of(store, row.key)]
