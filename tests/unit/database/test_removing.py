"""Out of the list never touches a file; deleting files only ever touches what the index knows, inside its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pellucid.database import indexing, searching
from pellucid.database.asking import question
from pellucid.database.removing import delete_files, doomed, remove_series


@pytest.fixture
def root(store, people, pool):
    root = store.add_root(people)
    indexing.update(store, root, pool=pool)
    return root


def keys(store, typed):
    rows = searching.search(store, question(typed)).rows
    return [one.key for row in rows for one in searching.series_of(store, row.key)]


def unlink(path: Path) -> bool:
    path.unlink()
    return True


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_removing_from_the_list_leaves_every_file(store, root, people, pool):
    before = files_below(people)
    remove_series(store, keys(store, "doe"))
    assert searching.counts(store) == (2, 2, 2) and not searching.search(store, question("doe")).rows
    assert files_below(people) == before
    assert indexing.update(store, root, pool=pool).read == 9  # they are found again
    assert searching.counts(store) == (3, 4, 5)


def test_deleting_takes_exactly_the_files_of_the_series(store, root, people):
    before = files_below(people)
    wanted = doomed(store, keys(store, "stag"))
    assert len(wanted) == 6 and sum(one.size for one in wanted) == sum(one.path.stat().st_size for one in wanted)
    left = delete_files(store, wanted, unlink)
    assert (left.done, left.reasons) == (6, ())
    assert before - files_below(people) == {one.path for one in wanted}
    assert searching.counts(store) == (3, 3, 3)


@pytest.mark.hazard("H37")
def test_what_is_not_what_it_was_is_left_alone(store, root, people, tmp_path):
    outside = tmp_path / "outside"
    shutil.copytree(people / "0", outside)
    wanted = list(doomed(store, keys(store, "stag")))
    assert len(wanted) == 6
    wanted[0].path.write_bytes(b"something else")  # changed
    wanted[1].path.unlink()  # gone
    wanted[2].path.unlink()
    wanted[2].path.symlink_to(outside / "0" / "s0002.dcm")  # a link in its place
    (people / "0" / "1").rename(people / "real")  # a link in the place of its folder
    (people / "0" / "1").symlink_to(outside / "1")
    before = files_below(outside)
    left = delete_files(store, wanted, unlink)
    assert left.done == 0 and sum(int(reason.split()[0]) for reason in left.reasons) == 6
    assert files_below(outside) == before and wanted[0].path.exists()


@pytest.mark.hazard("H37")
def test_a_link_back_into_the_folder_is_no_way_to_a_file_either(store, root, people):
    wanted = doomed(store, keys(store, "knee"))
    (people / "2" / "0").rename(people / "real")
    (people / "2" / "0").symlink_to(people / "real")
    left = delete_files(store, wanted, unlink)
    assert left.done == 0 and "link" in left.reasons[0] and len(files_below(people / "real")) == 3


@pytest.mark.hazard("H37")
def test_paths_that_lead_out_of_the_folder_are_left_alone(store, root, people, tmp_path):
    victim = tmp_path / "victim.dcm"
    shutil.copy2(people / "0" / "0" / "s0000.dcm", victim)
    status = victim.stat()
    for path in (str(victim), f"{people}/../victim.dcm", f"{people}/0/../../victim.dcm"):
        first = store.ask("SELECT min(id) FROM files WHERE series IS NOT NULL")[0][0]
        with store.changing() as connection:
            connection.execute(
                "UPDATE files SET path = ?, size = ?, mtime = ? WHERE id = ?",
                (path, status.st_size, status.st_mtime_ns, first),
            )
        wanted = [one for one in doomed(store, keys(store, "")) if str(one.path) == path]
        left = delete_files(store, wanted, unlink)
        assert len(wanted) == 1 and left.done == 0 and "inside the folder" in left.reasons[0]
        assert victim.exists()


def test_what_cannot_be_deleted_stays_in_the_list(store, root):
    wanted = doomed(store, keys(store, "knee"))

    def refuse(path: Path) -> bool:
        if path.name == "s0000.dcm":
            raise PermissionError
        return path.name != "s0001.dcm" and unlink(path)

    left = delete_files(store, wanted, refuse)
    assert left.done == 1 and len(left.reasons) == 2 and all("1 file was left" in why for why in left.reasons)
    assert "rights of the folder" in left.reasons[0] and "moved to the trash" in left.reasons[1]
    assert searching.search(store, question("knee")).rows[0].files == 2
