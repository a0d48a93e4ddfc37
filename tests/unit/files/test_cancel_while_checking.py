"""A cancel that comes while the written result is being checked: nothing is left, and nothing appears later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dicom_judges import GRIDS, volume
from dicom_making import save, slice_dataset
from pellucid.dicom import child
from pellucid.dicom.deidentify import run as deidentifying
from pellucid.dicom.writing.request import Request, Subject
from pellucid.files import dicom_export, dicom_objects
from pellucid.files.dicom_export import write_image
from pellucid.files.dicom_objects import RTSTRUCT, SEG, write_capture, write_labels
from pellucid.jobs.job import Job, JobState
from pellucid.jobs.runner import Runner
from pellucid.model.labels import LabelMap

JANE = Request(subject=Subject("Doe, Jane", "42"))


def labels_as(*kinds: str) -> Callable[..., Any]:
    voxels = np.random.default_rng(0).integers(0, 3, (5, 6, 7)).astype(np.uint8)

    def write(folder: Path, **how: Any) -> None:
        write_labels(LabelMap(GRIDS["axial"], voxels), folder, JANE, kinds, image=[volume("int16")], **how)

    return write


def picture(folder: Path, **how: Any) -> None:
    write_capture(np.zeros((8, 9, 3), np.uint8), folder, JANE, texts=False, **how)


def series(folder: Path, **how: Any) -> None:
    write_image([volume("int16")], folder, JANE, **how)


def copies(folder: Path, **how: Any) -> None:
    if not (home := folder.parent / "in").exists():
        home.mkdir()
        save(home, [slice_dataset(np.zeros((4, 4), np.int16), number=n, position=(0, 0, n)) for n in range(2)])
    deidentifying.deidentify_folder([home], folder, deidentifying.Plan(), **how)


# what is written, and the last thing that looks at it
KINDS = {
    "series": (series, dicom_export, "_same_values"),
    "segmentation": (labels_as(SEG), dicom_objects, "_same_segments"),
    "structures": (labels_as(RTSTRUCT), dicom_objects, "_same_contours"),
    "both": (labels_as(SEG, RTSTRUCT), dicom_objects, "_same_contours"),
    "picture": (picture, dicom_objects, "differs"),
    "copies": (copies, deidentifying, "_copied"),
}


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[..., Any], list[Any]]:
    """Return a writer, and what is called at the end of its last look."""
    write, module, last = KINDS[request.param]
    then: list[Callable[[], object]] = []
    if request.param == "picture":  # it is compared in place: reading it again is the last that happens
        from pellucid.dicom import read

        module, last = read, "read_plan"
    real = getattr(module, last)

    def looked(*args: Any, **how: Any) -> Any:
        found = real(*args, **how)
        for call in then:
            call()
        return found

    monkeypatch.setattr(module, last, looked)
    return write, then


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name != "in"]


def test_nothing_is_left_and_nothing_appears(case: tuple[Callable[..., Any], list[Any]], tmp_path: Path) -> None:
    write, then = case
    stop = threading.Event()
    then.append(stop.set)
    with pytest.raises(child.Cancelled):
        write(tmp_path / "out", cancelled=stop.is_set)
    assert stop.is_set() and left(tmp_path) == []


def test_a_cancelled_job_leaves_nothing_whenever_it_is_told(
    case: tuple[Callable[..., Any], list[Any]], tmp_path: Path
) -> None:
    """Told during the last look it leaves nothing; told when the folder has its name it is too late, and it says so."""
    write, then = case
    runner, answers = Runner(), list[str]()
    jobs: list[Job] = []

    def work(job: Job, *, late: bool) -> str:
        jobs.append(job)
        write(tmp_path / "out", cancelled=job.cancelled, commit=job.commit)
        if late:
            job.cancel()
        return "written"

    then.append(lambda: jobs[-1].cancel())
    early = runner.load("export", lambda job: work(job, late=False), answers.append)
    assert early.wait(60)
    assert early.state is JobState.CANCELLED and left(tmp_path) == []
    then.clear()
    late = runner.load("export", lambda job: work(job, late=True), answers.append)
    assert late.wait(60) and runner.drain(10)
    assert late.state is JobState.DONE and left(tmp_path) == ["out"] and answers == ["written"]
    runner.close()
