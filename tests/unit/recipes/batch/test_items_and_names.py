"""What a batch finds to work on, when it has changed, and what its results are called."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from batch_making import make_images
from command_line import write_series
from pellucid.model.findings import Refused
from pellucid.recipes.batch.items import Item, collect, stamp
from pellucid.recipes.batch.names import RESERVED, names


def item(path: str, stem: str = "") -> Item:
    return Item(path, stem or Path(path).stem, Path(path), (Path(path),))


def test_files_folders_and_globs_give_each_image_once(tmp_path: Path) -> None:
    paths = make_images(tmp_path / "a", 2) + make_images(tmp_path / "a" / "deep", 1)
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "a" / ".hidden.mha").write_text("no image")
    found = collect([tmp_path / "a", paths[0], str(tmp_path / "a" / "case*.mha")])
    assert [one.path for one in found] == sorted(paths)
    assert [one.path for one in collect([str(tmp_path / "**" / "*.mha")])] == sorted(paths)
    assert [one.stem for one in found] == ["case0000", "case0001", "case0000"]
    odd = paths[0].rename(tmp_path / "a" / "scan")
    assert [one.path for one in collect([odd])] == [odd], "a file that is named counts whatever its name"
    for nothing in (tmp_path / "gone", str(tmp_path / "*.nrrd"), "x" * 5000):
        with pytest.raises(Refused, match="no file or folder"):
            collect([nothing])


def test_each_series_is_an_item_that_names_nobody(tmp_path: Path) -> None:
    values = np.zeros((3, 4, 5), np.int16)
    uids = [write_series(tmp_path / "one" / name, values, patient="Secret^Name") for name in ("ct", "ct 2")]
    write_series(tmp_path / "one" / "localisers", values, description="Secret Name", positions=[0, 2.5, 5])
    (tmp_path / "one" / "ct" / "broken.dcm").write_bytes((b"\0" * 128) + b"DICM" + b"\xff" * 64)
    found = collect([tmp_path / "one"])
    series = [one for one in found if one.plans]
    assert sorted(one.folder.name for one in series) == ["ct", "ct 2", "localisers"]
    assert all(len(one.files) == 3 and one.stem.startswith(one.folder.name) for one in series)
    said = " ".join(f"{one.id} {one.stem}" for one in found)
    assert "Secret" not in said and not any(uid in said for uid in uids)
    (bad,) = [one for one in found if not one.plans]
    assert bad.path.name == "broken.dcm" and bad.refusal.endswith(".")
    assert collect([tmp_path / "one"]) == found, "the same again"


def test_results_among_the_inputs_do_not_count(tmp_path: Path) -> None:
    make_images(tmp_path, 2)
    make_images(tmp_path / "out", 2)
    assert len(collect([tmp_path])) == 4
    assert len(collect([tmp_path], without=tmp_path / "out")) == 2


def test_results_never_replace_an_input_however_the_folder_is_spelled(tmp_path: Path) -> None:
    make_images(tmp_path / "in", 2)
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    for folder in (tmp_path / "link", tmp_path / "in" / ".." / "in"):
        assert collect([tmp_path / "in"], without=folder) == ()
        assert collect([folder], without=tmp_path / "in") == ()


def test_a_stamp_tells_a_changed_file(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, 1)
    before = stamp([path])
    assert stamp([path]) == before
    os.utime(path, ns=(1, 1))
    assert stamp([path]) != before
    path.unlink()
    assert stamp([path]) != before


def test_pixels_beside_a_header_count_for_its_stamp(tmp_path: Path) -> None:
    header = "ObjectType = Image\nNDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = a.raw\n"
    (tmp_path / "a.mhd").write_text(header)
    (tmp_path / "a.raw").write_bytes(b"1234")
    (only,) = collect([tmp_path])
    before = stamp(only.files)
    (tmp_path / "a.raw").write_bytes(b"12345")
    assert stamp(only.files) != before


def test_names_are_those_of_the_inputs_unless_two_are_the_same() -> None:
    found = names([item("/a/x.nii"), item("/b/X.nii"), item("/a/y.nii"), item("/a/answers.nii")], {})
    assert found["/a/y.nii"] == "y"
    assert found["/a/x.nii"].startswith("x-") and found["/b/X.nii"].startswith("X-")
    assert found["/a/answers.nii"].startswith("answers-"), "the table of all answers is called so"


def test_a_name_once_given_stays() -> None:
    before = names([item("/a/x.nii")], {})
    after = names([item("/b/x.nii"), item("/a/x.nii")], before)
    assert after["/a/x.nii"] == "x" and after["/b/x.nii"].startswith("x-")
    alone = names([item("/b/x.nii")], before)
    assert alone["/b/x.nii"] == after["/b/x.nii"], "also when the other is not asked for any more"


stems = some.text(some.characters(blacklist_categories=("Cs",)), max_size=200)


@settings(max_examples=200, deadline=None)
@given(some.lists(stems, min_size=1, max_size=8))
def test_names_differ_are_safe_and_do_not_depend_on_the_order(given_stems: list[str]) -> None:
    items = [item(f"/{n}/image.nii", stem) for n, stem in enumerate(given_stems)]
    found = names(items, {})
    assert found == names(items[::-1], {})
    assert len({name.casefold() for name in found.values()}) == len(items)
    for name in found.values():
        assert name and not set(name) & set('/\\:*?"<>|\0\n') and not name.startswith(".")
        assert len(name.encode()) < 150 and name.casefold() not in RESERVED
