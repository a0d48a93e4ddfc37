"""What is found in folders and named files, streamed, and what is said about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.dicom.child import Cancelled, Pool
from pellucid.dicom.writing.demo_series import write_series
from pellucid.files.discover import Found, discover
from pellucid.files.export import export_image
from pellucid.model.volume import Acquisition, Volume, image_from_array
from phantoms import grid


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(workers=1)
    yield pool
    pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    array = np.arange(3 * 6 * 5, dtype=np.int16).reshape(3, 6, 5)
    who = Acquisition(modality="CT", patient_id="x", series_number="1")
    write_series(tmp_path / "ct", array, grid((5, 6, 3)), who, unit="HU", seed="found")
    volume = Volume(image_from_array(array, grid((5, 6, 3))), grid((5, 6, 3)))
    export_image(volume, tmp_path / "brain.nii.gz")
    (tmp_path / "brain.nii.gz").rename(tmp_path / "no extension")
    export_image(volume, tmp_path / "scan.mha")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "photo.png")
    (tmp_path / "broken.nrrd").write_bytes(b"NRRD0004\ntype: short\n")
    (tmp_path / "old.mnc").write_bytes(b"CDF\x01" + bytes(50))
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "table.csv").write_text("1,2")
    (tmp_path / "work.pellucid").write_bytes(b"PK")
    return tmp_path


def test_a_folder_is_sorted_into_series_images_works_and_problems(folder: Path, pool: Pool) -> None:
    news: list[Found] = []
    found = discover([folder], pool=pool, on_found=news.append)
    assert [(s.modality, len(s.files)) for s in found.series] == [("CT", 3)]
    assert [image.path.name for image in found.images] == ["photo.png", "scan.mha"]
    assert [path.name for path in found.workspaces] == ["work.pellucid"]
    assert {problem.path.name for problem in found.problems} == {"broken.nrrd", "old.mnc"}
    assert "MINC" in next(p.sentence for p in found.problems if p.path.name == "old.mnc")
    assert news[-1] == found
    assert found.seen == found.total == 11


def test_a_named_file_is_always_answered(folder: Path, pool: Pool) -> None:
    found = discover([folder / "no extension", folder / "notes.txt"], pool=pool)
    assert [image.format for image in found.images] == ["NIfTI"]
    assert ["notes.txt" in problem.sentence for problem in found.problems] == [True]


def test_cancelling_ends_it(folder: Path, pool: Pool) -> None:
    try:
        found = discover([folder], pool=pool, cancelled=lambda: True)
    except Cancelled:
        return
    assert found.images == ()
