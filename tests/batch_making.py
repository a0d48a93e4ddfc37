"""What the tests of a batch share: many small images, a recipe, a Dask cluster of processes, and the truth."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from patience import PATIENCE
from pellucid.files.images import read
from pellucid.recipes.batch.attempts import FOLDER
from pellucid.recipes.batch.items import Item
from pellucid.recipes.batch.journal import NAME
from pellucid.recipes.examples import read_recipe
from pellucid.recipes.frames import take_all, write

ROOT = Path(__file__).resolve().parents[1]
STEPS = [
    {"operation": "smoothing.mean", "parameters": {"radius": 1}},
    {"operation": "intensity.clamp", "parameters": {"lower": 200, "upper": 800}},
]


def make_images(folder: Path, count: int, shape: tuple[int, int, int] = (3, 8, 9)) -> list[Path]:
    """Write small images, each with voxels of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for n in range(count):
        values = np.random.default_rng(n).integers(0, 1000, shape).astype(np.int16)
        paths.append(folder / f"case{n:04}.mha")
        sitk.WriteImage(sitk.GetImageFromArray(values), str(paths[-1]))
    return paths


def make_recipe(path: Path, steps: object = STEPS) -> Path:
    """Write a recipe."""
    path.write_text(json.dumps({"version": 2, "steps": steps}), encoding="utf-8")
    return path


def expected(recipe: Path, image: Path, folder: Path, ending: str = "nii.gz") -> bytes:
    """Return the bytes that replaying a recipe on an image gives."""
    folder.mkdir(exist_ok=True)
    path = folder / f"expected.{ending}"
    write(take_all(read_recipe(recipe), read(image), {}), path, accept_loss=False)
    return path.read_bytes()


def results(out: Path) -> dict[str, bytes]:
    """Return the files of results in a folder by name."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file() and path.name != NAME}


def journal_lines(out: Path) -> int:
    """Return how many lines the journal has by now."""
    path = out / NAME
    return path.read_bytes().count(b"\n") if path.exists() else 0


def in_flight(out: Path) -> int:
    """Return how many items are being worked on."""
    try:
        return sum(path.suffix == ".1" for path in (out / FOLDER).iterdir())
    except OSError:
        return 0


def environment(home: Path) -> dict[str, str]:
    """Return what a process of the tests runs with."""
    return os.environ | {"PYTHONPATH": str(ROOT / "app"), "PELLUCID_HOME": str(home), "PYTHONWARNINGS": "ignore"}


def wait_for(condition: object) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Run a scheduler and workers, each a process of its own, that talk over TCP; give the address and the workers."""
    folder.mkdir(parents=True, exist_ok=True)
    place, env = folder / "scheduler.json", environment(folder / "home")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env, "cwd": folder}
    python = [sys.executable, "-m"]
    started = [
        subprocess.Popen(
            [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
             "--scheduler-file", str(place)], **quiet,
        )
    ]  # fmt: skip
    try:
        wait_for(lambda: place.exists() and place.read_text().strip().endswith("}"))
        address = json.loads(place.read_text())["address"]
        command = [*python, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                   "--local-directory", str(folder), "--host", "127.0.0.1"]  # fmt: skip
        started += [subprocess.Popen(command, **quiet) for _ in range(workers)]
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


class Deadly(Item):
    """An item that ends the process it is worked on in, as the system does for want of memory; not the tests."""

    def __getattribute__(self, name: str) -> object:
        if name == "refusal" and multiprocessing.parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getattribute__(name)


STUBBORN_SECONDS = 600.0


class Stubborn(Item):
    """An item that keeps its worker busy and cannot be told to stop."""

    def __getattribute__(self, name: str) -> object:
        if name == "refusal" and multiprocessing.parent_process() is not None:
            time.sleep(STUBBORN_SECONDS)
        return super().__getattribute__(name)


class Faulty(Item):
    """An item that meets a mistake in the program; the text of the error names a patient."""

    def __getattribute__(self, name: str) -> object:
        if name == "refusal" and multiprocessing.parent_process() is not None:
            raise ZeroDivisionError("^".join(("Secret", "Name")))
        return super().__getattribute__(name)


def as_kind(kind: type[Item], item: Item) -> Item:
    """Return an item of another kind."""
    return kind(item.id, item.stem, item.path, item.files)
