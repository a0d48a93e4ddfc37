"""`batch` on the command line: usage, sentences, exit codes; the rest is tested where it is made."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from batch_making import expected, make_images, make_recipe, results
from command_line import Run, write_series
from pellucid.cli import batch
from pellucid.recipes.batch import executors
from pellucid.recipes.batch.attempts import Attempts
from pellucid.recipes.batch.journal import Entry, State
from pellucid.recipes.batch.reports import write_answers


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return make_recipe(tmp_path / "recipe.json")


@pytest.mark.parametrize(
    "more",
    [[], ["--out"], ["--out", "o", "--workers", "0"], ["--out", "o", "--workers", "x"],
     ["--out", "o", "--timeout", "-1"], ["--out", "o", "--format", "bmp"], ["--out", "o", "--with", "x"],
     ["--out", "o", "--timeout", "nan"]],
)  # fmt: skip
def test_wrong_usage_is_2(more: list[str], pellucid: Run, recipe: Path, tmp_path: Path) -> None:
    assert pellucid("batch", recipe, tmp_path, *more).code == 2


def test_a_batch_is_run_by_run(pellucid: Run, recipe: Path, tmp_path: Path) -> None:
    paths = make_images(tmp_path / "in", 3)
    said = pellucid("batch", recipe, str(tmp_path / "in" / "*.mha"), "--out", tmp_path / "out", "--workers", 2)
    assert (said.code, said.err) == (0, "") and "3 of 3 items: 3 done" in said.out
    for path in paths:
        assert pellucid("run", recipe, path, tmp_path / "one.nii.gz").code == 0
        assert results(tmp_path / "out")[f"{path.stem}.nii.gz"] == (tmp_path / "one.nii.gz").read_bytes()
        assert expected(recipe, path, tmp_path / "truth") == (tmp_path / "one.nii.gz").read_bytes()


def test_a_batch_that_another_one_ends_is_not_done(
    pellucid: Run, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(tmp_path / "in", 12)
    monkeypatch.setattr(batch, "_tell", lambda *_said: Attempts(tmp_path / "out").remove())
    said = pellucid("batch", recipe, tmp_path / "in", "--out", tmp_path / "out", "--workers", 1)
    assert "of 12 items" in said.out and not said.out.startswith("12") and said.code == 1


def test_series_of_dicom_are_items_and_nobody_is_named(pellucid: Run, recipe: Path, tmp_path: Path) -> None:
    import numpy as np

    for n in range(2):
        write_series(tmp_path / "in" / f"ct{n}", np.full((4, 5, 6), 700 + n, np.int16))
    said = pellucid("batch", recipe, tmp_path / "in", "--out", tmp_path / "out", "--workers", 1,
                    "--report", tmp_path / "out" / "r.csv")  # fmt: skip
    assert said.code == 0, said.err
    (tmp_path / "out" / "r.csv").rename(tmp_path / "r.csv")
    assert sorted(name.partition("-")[0] for name in results(tmp_path / "out")) == ["ct0", "ct1"]
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()) + (tmp_path / "r.csv").read_bytes()
    assert b"Secret" not in written and b"id-12345" not in written
    one = pellucid("run", recipe, tmp_path / "in" / "ct0", tmp_path / "one.nii.gz")
    assert one.code == 0 and (tmp_path / "one.nii.gz").read_bytes() in results(tmp_path / "out").values()


def test_what_cannot_be_is_a_sentence(
    pellucid: Run, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 0.5)
    make_images(tmp_path / "in", 1)
    for arguments, sentence in (
        ([tmp_path / "gone.json", tmp_path / "in"], "gone.json"),
        ([recipe, tmp_path / "nowhere"], "no file or folder"),
        ([recipe, tmp_path / "in", "--scheduler", "tcp://127.0.0.1:9"], "does not answer"),
        ([recipe, tmp_path / "in", "--scheduler", "nonsense://x"], "does not answer"),
        ([recipe, tmp_path / "in", "--report", tmp_path / "r.xlsx"], ".parquet"),
        ([recipe, tmp_path / "in", "--with", "x=y"], "no input “x”"),
    ):
        out = tmp_path / f"out {len(sentence)}"
        said = pellucid("batch", *arguments, "--out", out, "--resume")
        assert said.code == 1 and sentence in said.err, said.err
    (tmp_path / "file").touch()
    said = pellucid("batch", recipe, tmp_path / "in", "--out", tmp_path / "file")
    assert said.code == 1 and "file" in said.err


def test_the_answers_of_all_items_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y,z,radius,strength,name\n1.5,2,3,0.5,,blob\n")
    (tmp_path / "b.csv").write_text("frame,x,y,z,radius,strength,name\n0,4,5,6,1,9.25,blob\n1,7,8,9,1,2,blob\n")
    (tmp_path / "c.csv").write_text("x,y,z,radius,strength,name\n")
    entries = [Entry(name, State.DONE, name, f"{name}.csv", "", "") for name in "abc"]
    entries.append(Entry("d", State.FAILED, "d", "", "", ""))
    write_answers(entries, tmp_path, parquet=True)
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = [(row["item"], row["frame"], row["x"]) for row in rows]
    assert found == [("a", "", "1.5"), ("b", "0", "4"), ("b", "1", "7")]
    table = parquet.read_table(tmp_path / "answers.parquet").to_pydict()
    assert table["strength"] == [None, 9.25, 2.0] and table["frame"] == [None, 0, 1]
    assert table["item"] == ["a", "b", "b"]
