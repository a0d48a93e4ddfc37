"""A batch in this computer's processes: what each item's state is, what is kept, resumed, stopped and reported."""

from __future__ import annotations

import csv
import json
import logging
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
import SimpleITK as sitk

from batch_making import (
    Deadly,
    Faulty,
    Stubborn,
    as_kind,
    expected,
    in_flight,
    make_images,
    make_recipe,
    results,
    wait_for,
)
from patience import PATIENCE
from pellucid.model.findings import Refused
from pellucid.recipes import Recipe, Step
from pellucid.recipes.batch import Batch, Item, Order, State, collect, executors, processes, running
from pellucid.recipes.batch.journal import Journal
from pellucid.recipes.batch.processes import Died, Processes
from pellucid.recipes.batch.reports import check_report
from pellucid.recipes.batch.task import Options, check_pattern, filled
from pellucid.recipes.examples import read_recipe

CLAMP = Recipe(steps=(Step(operation="intensity.clamp", parameters={"lower": 200, "upper": 800}),))


def go(order: Order, items: tuple[Item, ...]) -> dict[str, State]:
    return {entry.name: entry.state for entry in Batch(order, items).run()}


def test_every_state_and_one_bad_item_never_stops_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(executors, "_PATIENCE", 1.0)
    paths = make_images(tmp_path / "in", 8)
    paths[1].write_bytes(b"ObjectType = Image\n")
    colour = np.random.default_rng(0).integers(0, 255, (3, 8, 9, 3)).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(colour, isVector=True), str(paths[5]))
    nan = np.full((3, 8, 9), np.nan, np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(nan), str(paths[6]))
    items = list(collect(paths))
    kinds = (Deadly, Faulty, Stubborn)
    items[2:5] = [as_kind(kind, item) for kind, item in zip(kinds, items[2:5], strict=True)]
    steps = [{"operation": "threshold.range", "parameters": {"lower": 0, "upper": 9999}}]
    recipe = make_recipe(tmp_path / "r.json", steps)
    order = Order(read_recipe(recipe), tmp_path / "out", Options(timeout=3.0), 2, report=tmp_path / "report.csv")
    with caplog.at_level(logging.ERROR, "pellucid"):
        batch = Batch(order, items)
        found = {entry.name: entry for entry in batch.run()}
    assert {name: entry.state.value for name, entry in found.items()} == {
        "case0000": "done", "case0001": "refused", "case0002": "failed", "case0003": "failed", "case0004": "failed",
        "case0005": "refused", "case0006": "warned", "case0007": "done",
    }  # fmt: skip
    assert [found[f"case000{n}"].attempts for n in (0, 2, 3, 4)] == [1, 2, 1, 2]
    assert "ended twice" in found["case0002"].sentence and "ZeroDivisionError" in found["case0003"].sentence
    assert "mask is empty" in found["case0006"].sentence
    assert all(entry.sentence.endswith(".") for entry in found.values() if entry.state != "done")
    assert "__getattribute__" in caplog.text, "where it happened"
    kept = (tmp_path / "report.csv").read_text() + (tmp_path / "out" / "journal.jsonl").read_text()
    assert "Secret^Name" not in caplog.text + kept
    assert set(results(tmp_path / "out")) == {f"case000{n}.nii.gz" for n in (0, 6, 7)}
    assert results(tmp_path / "out")["case0000.nii.gz"] == expected(recipe, paths[0], tmp_path / "truth")
    with (tmp_path / "report.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == [entry.state.value for entry in batch.results]
    assert not (tmp_path / "out" / ".pellucid-batch").exists()


def test_resume_redoes_what_has_changed_and_nothing_else(tmp_path: Path) -> None:
    paths = make_images(tmp_path / "in", 6)
    order = Order(CLAMP, tmp_path / "out", workers=1)
    go(order, collect(paths[:5]))
    times = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in results(tmp_path / "out")}

    def redone(changed: Order, given: list[Path]) -> set[str]:
        heard: list[tuple[int, int]] = []
        Batch(replace(changed, resume=True), collect(given)).run(lambda entry, n, total: heard.append((n, total)))
        assert heard == [(n + 1, len(given)) for n in range(len(given))]
        now = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in results(tmp_path / "out")}
        found = {name.partition(".")[0] for name in now if now[name] != times.get(name)}
        times.update(now)
        return found

    with pytest.raises(Refused, match="--resume"):
        Batch(order, collect(paths)).run()
    assert redone(order, paths[:5]) == set()
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((2, 3, 4), np.int16)), str(paths[0]))
    (tmp_path / "out" / "case0001.nii.gz").unlink()
    assert redone(order, paths) == {"case0000", "case0001", "case0005"}
    other = Recipe(title="Only the title is new", steps=CLAMP.steps)
    assert redone(replace(order, recipe=other), paths) == set()
    other = Recipe(steps=(Step(operation="intensity.clamp", parameters={"lower": 0, "upper": 800}),))
    assert len(redone(replace(order, recipe=other), paths)) == 6


def test_what_was_refused_is_tried_again(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path / "in", 1)
    good = path.read_bytes()
    path.write_bytes(b"nothing")
    order = Order(CLAMP, tmp_path / "out", workers=1)
    assert go(order, collect([path])) == {"case0000": State.REFUSED}
    path.write_bytes(good)
    assert go(replace(order, resume=True), collect([path])) == {"case0000": State.DONE}


def test_a_folder_in_which_a_batch_works_is_refused_to_another(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    first, second = Journal(tmp_path / "out"), Journal(tmp_path / "out")
    first.start()
    begun = first.path.read_bytes()
    with pytest.raises(Refused, match="Another batch is working"):
        second.start()
    assert first.path.read_bytes() == begun
    first.close()
    second.start()
    second.close()


def test_inputs_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    paths = make_images(tmp_path / "a", 1) + make_images(tmp_path / "b", 1, (2, 5, 6))
    go(Order(CLAMP, tmp_path / "out", workers=1), collect([tmp_path / "a", tmp_path / "b"]))
    sizes = {sitk.ReadImage(str(path)).GetSize() for path in (tmp_path / "out").glob("*.nii.gz")}
    assert sizes == {sitk.ReadImage(str(path)).GetSize() for path in paths}


def test_a_file_that_no_batch_made_is_spared(tmp_path: Path) -> None:
    items, out = collect(make_images(tmp_path / "in", 2)), tmp_path / "out"
    out.mkdir()
    (out / "case0001.nii.gz").write_text("precious")
    with pytest.raises(Refused, match=r"case0001\.nii\.gz.*already"):
        Batch(Order(CLAMP, out, workers=1), items).run()
    assert [path.name for path in out.iterdir()] == ["case0001.nii.gz"]


@pytest.mark.parametrize(("format", "ending"), [("nrrd", "nrrd"), ("mha", "mha"), ("same", "mha"), ("tif", "tif")])
def test_formats(format: str, ending: str, tmp_path: Path) -> None:
    paths = make_images(tmp_path / "in", 1)
    order = Order(CLAMP, tmp_path / "out", Options(format, accept_loss=True), workers=1)
    (entry,) = Batch(order, collect(paths)).run()
    assert entry.output == f"case0000.{ending}" and (tmp_path / "out" / entry.output).is_file()
    assert (entry.state == State.WARNED) == (format == "tif"), entry.sentence


def test_what_a_format_would_lose_is_refused_unless_that_is_accepted(tmp_path: Path) -> None:
    (entry,) = Batch(Order(CLAMP, tmp_path / "out", Options("tif"), 1), collect(make_images(tmp_path / "in", 1))).run()
    assert entry.state == State.REFUSED and "orientation" in entry.sentence


def test_further_images_by_pattern(tmp_path: Path) -> None:
    paths = make_images(tmp_path / "in", 2)
    for n, path in enumerate(paths):
        mask = np.zeros((3, 8, 9), np.uint8)
        mask[:, :, : 2 + n] = 1
        sitk.WriteImage(sitk.GetImageFromArray(mask), str(tmp_path / f"{path.stem}-part.nrrd"))
    steps = (Step(operation="threshold.range", parameters={"lower": 0, "upper": 9999}),
             Step(operation="masks.intersection", inputs=("", "part")))  # fmt: skip
    options = Options(named=(("part", f"{tmp_path}/{{stem}}-part.nrrd"),))
    order = Order(Recipe(steps=steps), tmp_path / "out", options, 1)
    assert set(go(order, collect(paths)).values()) == {State.DONE}
    for n, path in enumerate(paths):
        made = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / f"{path.stem}.nii.gz")))
        assert made.sum() == 3 * 8 * (2 + n)
    (tmp_path / "case0001-part.nrrd").unlink()
    again = Batch(replace(order, resume=True), collect(paths)).run()
    assert [entry.state for entry in again] == [State.DONE, State.REFUSED] and "“part”" in again[1].sentence


def test_the_points_of_all_items_are_one_table(tmp_path: Path) -> None:
    z, y, x = np.mgrid[:9, :24, :24]
    for n in (1, 2):
        values = sum(np.exp(-((x - 6 * k) ** 2 + (y - 8) ** 2 + (z - 4) ** 2) / 6) for k in range(1, 3 * n, 2))
        image = sitk.GetImageFromArray((1000 * values).astype(np.float32))
        (tmp_path / "in").mkdir(exist_ok=True)
        sitk.WriteImage(image, str(tmp_path / "in" / f"spots {n}.mha"))
    step = Step(operation="features.blobs", parameters={"smallest": 2, "largest": 5})
    order = Order(Recipe(steps=(step,)), tmp_path / "out", Options("nrrd"), 1, report=tmp_path / "report.parquet")
    entries = Batch(order, collect([tmp_path / "in"])).run()
    assert [entry.output for entry in entries] == ["spots 1.csv", "spots 2.csv"]
    with (tmp_path / "out" / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    items = [row["item"] for row in rows]
    assert items.count("spots 1") == 1 and set(items) == {"spots 1", "spots 2"}
    assert float(rows[0]["x"]) == pytest.approx(6, abs=0.5) and float(rows[0]["z"]) == pytest.approx(4, abs=0.5)
    assert parquet.read_table(tmp_path / "out" / "answers.parquet").num_rows == len(rows)


def test_patterns_are_filled_in_and_checked() -> None:
    item = Item("/a b/x.nii.gz", "x", Path("/a b/x.nii.gz"), ())
    assert filled("{folder}/{stem}_mask/{name}", item) == "/a b/x_mask/x.nii.gz"
    assert filled("/masks/fixed.nii", item) == "/masks/fixed.nii"
    check_pattern("{folder}/{stem}.nii")
    for wrong in ("{patient}", "{stem.path}", "{0}", "{stem", "{stem!r}", "{stem:>9}"):
        with pytest.raises(Refused, match="cannot be filled in"):
            check_pattern(wrong)


def test_what_cannot_be_is_said_before_anything_runs(tmp_path: Path) -> None:
    items = collect(make_images(tmp_path / "in", 1))
    hand = Recipe(steps=(*CLAMP.steps, Step(operation="hand.edit")))
    with pytest.raises(Refused, match="by hand"):
        Batch(Order(hand, tmp_path / "out"), items)
    off = Recipe(steps=(*CLAMP.steps, Step(operation="hand.edit", enabled=False)))
    Batch(Order(off, tmp_path / "out"), items)
    unknown = Recipe(steps=(Step(operation="smoothing.gausian"),))
    with pytest.raises(Refused, match=r"smoothing\.gaussian"):
        Batch(Order(unknown, tmp_path / "out"), items)
    with pytest.raises(Refused, match="no input “x”"):
        Batch(Order(CLAMP, tmp_path / "out", Options(named=(("x", "y"),))), items)
    with pytest.raises(Refused, match="no image"):
        Batch(Order(CLAMP, tmp_path / "out"), ())
    assert not (tmp_path / "out").exists()


def test_stopped_it_keeps_what_is_done_and_ends_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_GRACE_SECONDS", 0.5)
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.5)
    items = [*collect(make_images(tmp_path / "in", 30))]
    items[20:22] = [as_kind(Stubborn, item) for item in items[20:22]]
    order = Order(CLAMP, tmp_path / "out", workers=2, report=tmp_path / "report.json")
    batch = Batch(order, items)
    threading.Timer(0.0, lambda: _stop_when(batch, 20)).start()
    done = batch.run()  # would take as long as the stubborn, and do them
    assert batch.stopped and 20 <= len(done) < 30
    assert len(json.loads((tmp_path / "report.json").read_text())) == len(done)
    assert not (tmp_path / "out" / ".pellucid-batch").exists()
    again = Batch(replace(order, resume=True), collect([tmp_path / "in"])).run()
    assert len(again) == 30 and {entry.state for entry in again} == {State.DONE}


def test_what_is_being_worked_on_hears_that_it_shall_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_GRACE_SECONDS", 600.0)
    step = Step(operation="denoising.curvature_diffusion", parameters={"iterations": 500})
    batch = Batch(Order(Recipe(steps=(step,)), tmp_path / "out", workers=1),
                  collect(make_images(tmp_path / "in", 1, (40, 256, 256))))  # fmt: skip

    def stop() -> None:
        wait_for(lambda: in_flight(tmp_path / "out") == 1)
        batch.stop()

    threading.Thread(target=stop).start()
    assert batch.run() == ()  # with its iterations done there would be a result
    assert results(tmp_path / "out") == {}


def _stop_when(batch: Batch, count: int) -> None:
    while len(batch.entries) < count:
        time.sleep(0.01)
    batch.stop()


def test_an_interrupt_leaves_a_report(tmp_path: Path) -> None:
    order = Order(CLAMP, tmp_path / "out", workers=1, report=tmp_path / "report.csv")
    batch = Batch(order, collect(make_images(tmp_path / "in", 20)))

    def interrupt(_entry: object, done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(interrupt)
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 6
    assert len(batch.journal.latest()) == 5


def test_a_parquet_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order(CLAMP, tmp_path / "out", workers=1, report=tmp_path / "report.parquet")
    check_report(tmp_path / "report.parquet")
    go(order, collect(make_images(tmp_path / "in", 2)))
    table = parquet.read_table(tmp_path / "report.parquet")
    assert table.column("state").to_pylist() == ["done", "done"] and table.schema.field("seconds").type == "double"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Refused, match="extra “parquet”"):
        check_report(tmp_path / "report.parquet")
    for wrong in ("report.xlsx", "gone/report.csv"):
        with pytest.raises(Refused):
            check_report(tmp_path / wrong)


def test_a_process_that_dies_takes_only_its_own_task_with_it(tmp_path: Path) -> None:
    pool = Processes(2)
    try:
        futures = [pool.submit(divmod, n, 7) for n in range(20)]
        futures[0].result(PATIENCE)
        victim = pool.pids[0]
        os.kill(victim, signal.SIGKILL)
        assert [future.result(PATIENCE) for future in futures] == [divmod(n, 7) for n in range(20)]
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result(PATIENCE)
        assert [future.result(PATIENCE) for future in [pool.submit(abs, -n) for n in range(9)]] == [*range(9)]
        assert 1 <= len(pool.pids) <= 2 and victim not in pool.pids
        with pytest.raises(Died):
            pool.submit(os.abort).result(PATIENCE)
    finally:
        pool.shutdown()
    assert pool.pids == ()
