"""The demo study: the same bytes twice, known answers in the pixels, found as what it is."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.files import demo
from pellucid.files.demo import demo_study
from pellucid.files.discover import Found, discover
from pellucid.files.images import read
from pellucid.files.phantom.tissues import LIVER, NODULE, NODULE_CENTRE, NODULE_DIAMETER
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(workers=2)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_study(tmp_path_factory.mktemp("demo") / "demo-v1")


@pytest.fixture(scope="module")
def found(study: Path, pool: Pool) -> Found:
    return discover([study], pool=pool)


@pytest.fixture(scope="module")
def ct(found: Found, pool: Pool) -> Volume:
    series = next(s for s in found.series if s.modality == "CT")
    return read_plan(series.volumes[0], pool=pool)


def test_two_runs_give_the_same_bytes_and_the_second_call_none(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digests(folder: Path) -> dict[str, str]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    again = demo_study(tmp_path / "again")
    assert digests(study) == digests(again)
    monkeypatch.setattr(demo, "_make", lambda _folder: pytest.fail("it was made again"))
    assert demo_study(tmp_path / "again") == again
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_it_is_found_without_a_single_complaint(found: Found) -> None:
    assert found.problems == ()
    assert sorted((s.modality, len(s.files)) for s in found.series) == [("CT", 136), ("PT", 104)]
    assert all(not s.findings and not v.findings for s in found.series for v in s.volumes)
    assert len({s.frame_of_reference for s in found.series}) == 1
    (image,) = found.images
    assert (image.components, image.geometry.size[:2]) == (3, (1024, 768))
    assert image.geometry.spacing[0] == pytest.approx(0.0005)


def test_the_nodule_has_its_place_diameter_and_value(ct: Volume) -> None:
    assert ct.unit == "HU"
    x, y, z = ct.geometry.size
    assert (x, y) == (256, 256) and z >= 120 and ct.geometry.spacing[2] > ct.geometry.spacing[0]
    low = np.rint(ct.geometry.world_to_index(NODULE_CENTRE)).astype(int) - 14
    index = np.stack(np.meshgrid(*(np.arange(n, n + 29) for n in low), indexing="ij"), -1).reshape(-1, 3)
    distance = np.linalg.norm(ct.geometry.index_to_world(index) - NODULE_CENTRE, axis=1)
    values = ct.array[index[:, 2], index[:, 1], index[:, 0]]
    inside = values[distance < NODULE_DIAMETER / 2 - 2]
    assert abs(inside.mean() - NODULE.hu) < 4
    near = distance < NODULE_DIAMETER / 2 + 5
    half = (NODULE.hu - 860) / 2
    volume = np.count_nonzero(values[near] > half) * (ct.geometry.voxel_volume or 0)
    assert 2 * (volume * 3 / 4 / np.pi) ** (1 / 3) == pytest.approx(NODULE_DIAMETER, abs=1.2)


def test_tissues_measure_what_they_should(ct: Volume) -> None:
    for world, low, high in (
        ((-70, 0, -120), LIVER.hu - 25, LIVER.hu + 40), ((0, 14, 100), -1024, -950),
        ((90, 10, 60), -930, -780),
        ((25, 50, 10), 140, 200), ((0, -160, 0), -1024, -950),
    ):  # fmt: skip
        i, j, k = np.rint(ct.geometry.world_to_index(world)).astype(int)
        patch = ct.array[k - 1 : k + 2, j - 2 : j + 3, i - 2 : i + 3]
        assert low <= patch.mean() <= high, world


def test_pet_is_hot_where_the_nodule_is(found: Found, pool: Pool) -> None:
    series = next(s for s in found.series if s.modality == "PT")
    pet = read_plan(series.volumes[0], pool=pool)
    assert pet.unit == "Bq/ml"
    lung = pet.value_at((80, 10, 60))
    assert pet.value_at(NODULE_CENTRE) > 8 * lung


def test_the_section_is_a_picture_of_two_dyes(found: Found, pool: Pool) -> None:
    (volume,) = read(found.images[0], pool=pool)
    red, green, blue = (volume.array[0, ..., n].astype(float).mean() for n in range(3))
    assert red > blue > green > 60


def test_a_half_made_study_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "demo-v1"
    folder.mkdir()
    (folder / "junk").touch()
    monkeypatch.setattr(demo, "_make", lambda making: (making / "whole").touch())
    assert (demo_study(folder) / "whole").exists()
    assert not (folder / "junk").exists()


def test_a_study_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(demo, "_make", full)
    with pytest.raises(Refused, match="disk is full"):
        demo_study(tmp_path / "demo-v1")
    assert list(tmp_path.iterdir()) == []
