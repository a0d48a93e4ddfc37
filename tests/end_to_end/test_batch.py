"""A thousand items: on a cluster over TCP that loses a worker, and by processes of a program that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from batch_making import (
    cluster,
    environment,
    expected,
    in_flight,
    journal_lines,
    make_images,
    make_recipe,
    results,
    wait_for,
)
from command_line import answer

COUNT = 1000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a recipe and a thousand images, one of them damaged."""
    folder = tmp_path_factory.mktemp("batch")
    make_images(folder / "in", COUNT)
    (folder / "in" / "case0500.mha").write_bytes(b"ObjectType = Image\nNDims = 3\n" + b"\xff" * 40)
    make_recipe(folder / "recipe.json")
    return folder


@pytest.fixture(scope="module")
def truth(place: Path) -> dict[str, bytes]:
    """Return what replaying the recipe one by one gives, by the name of the result."""
    paths = sorted(path for path in (place / "in").iterdir() if path.stem != "case0500")
    return {f"{path.stem}.nii.gz": expected(place / "recipe.json", path, place / "truth") for path in paths}


def test_a_cluster_that_loses_a_worker(
    place: Path, truth: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    out, most, over = place / "over TCP", [0], threading.Event()
    with cluster(place / "cluster", workers=2) as (address, workers):
        wait_for(lambda: _workers(address) == 2)

        def watch() -> None:
            while not over.is_set():
                most[0] = max(most[0], in_flight(out))
                if workers[0].poll() is None and journal_lines(out) > COUNT // 2:
                    workers[0].send_signal(signal.SIGKILL)
                time.sleep(0.005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            said = answer(capsys, ["batch", place / "recipe.json", place / "in", "--out", out, "--scheduler", address,
                                   "--report", place / "report.json"])  # fmt: skip
        finally:
            over.set()
            watcher.join()
        assert workers[0].poll() == -signal.SIGKILL and workers[1].poll() is None
    assert said.code == 1 and "999 done" in said.out and "1 refused" in said.out
    assert "case0500.mha" in said.err and "Traceback" not in said.err
    assert results(out) == truth
    assert 1 <= most[0] <= 2, "never more items at once than workers"
    rows = json.loads((place / "report.json").read_text())
    assert len(rows) == COUNT and [row["state"] for row in rows].count("done") == COUNT - 1
    assert not (out / ".pellucid-batch").exists()


def _workers(address: str) -> int:
    from distributed import Client

    with Client(address, set_as_default=False, timeout=10) as client:
        return len(client.nthreads())


def test_a_program_that_is_killed_and_resumed(
    place: Path, truth: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    inputs = [path for path in sorted((place / "in").iterdir()) if path.stem < "case0600"]
    command = ["batch", place / "recipe.json", *inputs, "--out", out, "--workers", "2"]
    program = subprocess.Popen(
        [sys.executable, "-m", "pellucid", *map(str, command)], env=environment(tmp_path / "home"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: journal_lines(out) > 150)
    workers = [int(pid) for pid in _children(program.pid)]
    program.send_signal(signal.SIGKILL)
    program.wait()
    assert len(workers) >= 2
    wait_for(lambda: not any(_lives(pid) for pid in workers))
    before = {name: (out / name).stat().st_mtime_ns for name in results(out) if not name.startswith(".")}
    assert 100 < len(before) < 550
    with (out / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"item": "cut o')  # as a kill in the middle of a line leaves it
    refused = answer(capsys, command)
    assert refused.code == 1 and "--resume" in refused.err
    said = answer(capsys, [*command, "--resume"])
    assert said.code == 1 and "599 done, 1 refused" in said.out.replace("1 refused, 599 done", "599 done, 1 refused")
    kept = {name: data for name, data in results(out).items() if not name.startswith(".pellucid-")}
    assert kept == {name: data for name, data in truth.items() if name < "case0600"}
    untouched = [name for name in before if (out / name).stat().st_mtime_ns == before[name]]
    assert len(untouched) >= len(before) - 2, "what was done is left alone"


def _children(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task")
    return [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
