"""A folder is looked through again and again: what is new is read, what is there is not, what is gone is marked."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from dicom_making import save, slice_dataset, stack
from pellucid.database import indexing, opening, pictures, searching
from pellucid.database.asking import question
from pellucid.dicom.child import Cancelled
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.model.findings import Refused

ALL = question("")


@pytest.fixture
def root(store, people, pool):
    root = store.add_root(people)
    indexing.update(store, root, pool=pool)
    return root


def update(store, root, pool):
    return indexing.update(store, store.root(root.id), pool=pool)


def series_of(store, typed=""):
    rows = searching.search(store, question(typed)).rows
    return [one for study in rows for one in searching.series_of(store, study.key)]


def test_patients_studies_and_series_are_listed_newest_first(store, root):
    assert searching.counts(store) == (3, 4, 5)
    rows = searching.search(store, ALL).rows
    assert [row.date for row in rows] == ["20240301", "20240227", "20230114", ""]
    first = rows[0]
    assert (first.patient_name, first.patient_id, first.description, first.accession) == (
        "Doe, Jane", "P-1042", "Thorax staging", "A07")  # fmt: skip
    assert (first.modalities, first.series, first.files, first.missing) == (("CT", "PT"), 2, 6, 0)
    below = searching.series_of(store, first.key)
    assert [(one.modality, one.description, one.body_part, one.files) for one in below] == [
        ("CT", "Lung 1 mm", "CHEST", 3), ("PT", "PET AC", "", 3)]  # fmt: skip
    assert rows[0].patient_key == rows[2].patient_key != rows[1].patient_key


def test_what_did_not_change_is_not_read_again(store, root, pool):
    again = update(store, root, pool)
    assert (again.seen, again.read) == (16, 0)  # 15 slices and a note
    time = (store.root(root.id).path / "0" / "0" / "s0001.dcm").stat().st_mtime_ns
    os.utime(store.root(root.id).path / "0" / "0" / "s0001.dcm", ns=(time + 1, time + 1))
    assert update(store, root, pool).read == 1


def test_new_and_changed_files_are_read(store, root, pool):
    folder = store.root(root.id).path
    _, slices = stack(2, series="9.9", PatientName="New^One", StudyInstanceUID="9", StudyDate="20200101")
    save(folder / "new", slices)
    assert update(store, root, pool).read == 2
    assert [row.patient_name for row in searching.search(store, question("new one")).rows] == ["New, One"]
    changed = slice_dataset(np.zeros((6, 5), np.int16), series="9.9", PatientName="Other^Name", StudyInstanceUID="8",
                            SeriesInstanceUID="8.8")  # fmt: skip
    for path in (folder / "new").iterdir():
        changed.save_as(path, enforce_file_format=True)
    update(store, root, pool)
    assert not searching.search(store, question("new one")).rows  # nobody of this name is left
    assert searching.search(store, question("other name")).rows[0].files == 2


def test_files_that_vanished_are_marked_and_come_back(store, root, pool, tmp_path):
    folder = store.root(root.id).path
    shutil.move(folder / "0" / "0", tmp_path / "away")
    assert update(store, root, pool).gone == 3
    first = searching.search(store, ALL).rows[0]
    assert (first.files, first.missing) == (6, 3)
    assert searching.series_of(store, first.key)[0].missing == 3
    with pytest.raises(Refused, match="not where they were"):
        opening.series(store, searching.series_of(store, first.key)[0].key, pool=pool)
    shutil.move(tmp_path / "away", folder / "0" / "0")
    again = update(store, root, pool)
    assert (again.read, again.gone) == (0, 0)
    assert searching.search(store, ALL).rows[0].missing == 0


def test_files_that_moved_are_followed_without_being_read(store, root, pool):
    folder = store.root(root.id).path
    (folder / "0" / "0").rename(folder / "elsewhere")
    again = update(store, root, pool)
    assert (again.moved, again.read, again.gone) == (3, 0, 0)
    key = searching.series_of(store, searching.search(store, ALL).rows[0].key)[0].key
    assert {path.parent.name for path in opening.series(store, key, pool=pool).files} == {"elsewhere"}


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_drive_that_is_not_connected_loses_nothing(store, root, pool, tmp_path, how):
    folder = store.root(root.id).path
    shutil.move(folder, tmp_path / "unplugged")
    if how == "empty":  # the mount point stays
        folder.mkdir()
    assert update(store, root, pool).offline and store.root(root.id).offline
    assert searching.counts(store) == (3, 4, 5)
    studies = searching.search(store, ALL).rows
    first = searching.series_of(store, studies[0].key)[0]
    assert first.offline and first.missing == 0 and all(study.offline for study in studies)
    with pytest.raises(Refused, match="Connect its drive"):
        opening.series(store, first.key, pool=pool)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(tmp_path / "unplugged", folder)
    assert update(store, root, pool).read == 0 and not store.root(root.id).offline
    assert not any(study.offline for study in searching.search(store, ALL).rows)


def test_what_was_found_before_a_cancel_stays(store, tmp_path, pool):
    for n in range(6):
        _, slices = stack(40, series=f"5.{n}", StudyInstanceUID=f"5.{n}.0", PatientID=f"{n}")
        save(tmp_path / "many" / str(n), slices)
    root = store.add_root(tmp_path / "many")
    seen = []
    with pytest.raises(Cancelled):
        indexing.update(store, root, pool=pool, on_news=seen.append, cancelled=lambda: len(seen) > 0)
    found = searching.counts(store)[2]
    assert found > 0 and store.root(root.id).updated == 0
    assert indexing.update(store, root, pool=pool).read < 240
    assert searching.counts(store)[2] == 6


def test_a_series_opens_from_the_index_as_from_a_scan(store, root, pool, monkeypatch):
    folder = store.root(root.id).path
    for one in series_of(store):
        scanned = next(s for s in scan([folder], pool=pool).series if one.description in (s.description, ""))
        opened = opening.series(store, one.key, pool=pool)
        assert opened == scanned
    first = opening.series(store, series_of(store, "stag")[0].key, pool=pool)
    stored = read_plan(first.volumes[0], pool=pool).array[:, 0, 0]
    assert stored.tolist() == [-1024, -924, -824]
    monkeypatch.setattr(opening, "scan", None)  # the kept headers do: no file is read a second time
    opening.series(store, series_of(store, "knee")[0].key, pool=pool)


def test_a_file_that_changed_since_is_read_again_when_its_series_opens(store, root, pool):
    path = store.root(root.id).path / "2" / "0" / "s0001.dcm"
    dataset = slice_dataset(np.full((12, 10), 7, np.int16), position=(0, 0, 2.0), series="1.2.2.0.1", number=2)
    dataset.save_as(path, enforce_file_format=True)
    opened = opening.series(store, series_of(store, "knee")[0].key, pool=pool)
    assert {plan.geometry.size[:2] for plan in opened.volumes} == {(5, 6), (10, 12)}


def test_names_that_are_no_text_are_no_trouble(store, tmp_path, pool):
    folder = tmp_path / "odd"
    _, slices = stack(2, series="7.7")
    save(folder, slices)
    try:
        (folder / "s0001.dcm").rename(folder / os.fsdecode(b"\xff\xfe.dcm"))
    except OSError:
        pytest.skip("this system has no such names")
    root = store.add_root(folder)
    indexing.update(store, root, pool=pool)
    assert indexing.update(store, root, pool=pool).read == 0
    assert len(opening.series(store, series_of(store)[0].key, pool=pool).files) == 2


def test_damaged_files_do_not_stop_it_and_are_not_read_again(store, root, pool):
    folder = store.root(root.id).path
    whole = (folder / "0" / "0" / "s0000.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(whole[:200])
    (folder / "noise.dcm").write_bytes(os.urandom(4000))
    assert update(store, root, pool).read == 2
    assert update(store, root, pool).read == 0 and searching.counts(store) == (3, 4, 5)


def test_thumbnails_are_kept_with_their_series_and_go_with_it(store, root):
    key = series_of(store, "knee")[0].key
    for shape in ((40, 30), (20, 30, 3)):
        made = np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)
        pictures.keep(store, key, made, pictures.files(store, key))
        assert np.array_equal(pictures.picture(store, key), made)
    pictures.keep(store, "indexed:999", made, [])
    assert pictures.picture(store, "indexed:999") is None
    pictures.forget_all(store)
    assert pictures.picture(store, key) is None


@pytest.mark.hazard("H36")
def test_a_thumbnail_of_what_files_no_longer_say_or_nobody_wants_any_more_is_not_kept(store, root, pool):
    key, made = series_of(store, "knee")[0].key, np.zeros((4, 4), np.uint8)
    before = pictures.files(store, key)
    pictures.keep(store, key, made, before, lambda: False)
    assert pictures.picture(store, key) is None
    header = dcmread(before[0][0])
    header.SeriesDescription = "sag"
    header.save_as(before[0][0])
    assert update(store, root, pool).read == 1
    pictures.keep(store, key, made, before)
    assert pictures.picture(store, key) is None


def test_two_programs_use_one_database(store, root, pool, people):
    from pellucid.database.store import Store

    other = Store()
    with store.changing():
        assert searching.counts(other) == (3, 4, 5)  # readers never wait
        other.connection.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(Refused, match="Another Pellucid"), other.changing():
            pass
    other.connection.execute("PRAGMA busy_timeout = 5000")
    indexing.update(other, other.root(root.id), pool=pool)
    other.close()


def test_words_follow_their_studies(store, root, pool):
    found = store.ask("SELECT count(*) FROM words")[0][0]
    assert found == searching.counts(store)[1]
    assert sqlite3.connect(store.path).execute("INSERT INTO words(words) VALUES ('integrity-check')")
    assert Path(store.path).name == "studies.db"


@pytest.mark.hazard("H25")
def test_of_many_files_the_first_series_can_be_opened_long_before_the_last_is_read(store, tmp_path, pool):
    for n in range(12):
        _, slices = stack(100, series=f"5.{n}", StudyInstanceUID=f"5.{n}.0", PatientID=f"{n}", size=(2, 2))
        save(tmp_path / "many" / f"{n:02d}", slices)
    root = store.add_root(tmp_path / "many")
    news: list[tuple[int, int]] = []

    def heard(progress):
        listed = series_of(store)
        if listed and not news:
            opening.series(store, listed[0].key, pool=pool)
        news.append((progress.read, len(listed)))

    indexing.update(store, root, pool=pool, on_news=heard)
    first_read, first_listed = news[0]
    assert first_listed > 0 and first_read <= 400 and news[-1] == (1200, 12)
