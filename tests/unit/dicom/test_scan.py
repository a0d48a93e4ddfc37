from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_making import CORONAL, save, slice_dataset, stack
from pellucid.dicom.child import Cancelled, Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.scan import Snapshot, scan, walk
from pellucid.dicom.thumbnail import thumbnail
from pellucid.dicom.writing.demo_series import write_series
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition, WindowPreset


def test_a_tree_is_walked_and_everything_is_accounted_for(tmp_path: Path, pool: Pool) -> None:
    save(tmp_path / "a" / "deep", stack(12)[1], "IM{}".format)
    save(tmp_path / "b", stack(7, series="1.2.3.2", orientation=CORONAL)[1])
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "bad.dcm").write_bytes(b"no")
    found = scan([tmp_path], pool=pool)
    assert sorted((series.uid, len(series.files)) for series in found.series) == [
        ("1.2.3.1", 12),
        ("1.2.3.2", 7),
    ]
    assert [path.name for path in found.others] == ["notes.txt"]
    assert [problem.path.name for problem in found.problems] == ["bad.dcm"]
    assert found.files_seen == found.files_total == 21


def test_the_order_of_series_is_that_of_their_files_whatever_comes_first(tmp_path: Path, pool: Pool) -> None:
    for n, name in enumerate(("c", "a", "b")):
        save(tmp_path / name, stack(3, series=f"1.2.3.{n}")[1])
    found = scan([tmp_path / "c", tmp_path / "b", tmp_path / "a"], pool=pool)
    assert [series.files[0].parent.name for series in found.series] == ["a", "b", "c"]


def test_news_come_while_the_scan_runs(tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.dicom.scan._NEWS_SECONDS", 0.0)
    save(tmp_path, stack(150, size=(2, 2))[1])
    news: list[Snapshot] = []
    found = scan([tmp_path], pool=pool, on_series=news.append)
    seen = [snapshot.files_seen for snapshot in news]
    assert len(news) >= 2 and seen == sorted(seen) and seen[0] < 150
    assert any(snapshot.series for snapshot in news[:-1]) and len(found.series[0].volumes[0].frames) == 150


def test_a_scan_can_be_stopped(tmp_path: Path, pool: Pool) -> None:
    save(tmp_path, stack(100, size=(2, 2))[1])
    asked = count()
    with pytest.raises(Cancelled):
        scan([tmp_path], pool=pool, cancelled=lambda: next(asked) > 3)
    assert next(asked) < 20


@pytest.mark.hazard("H19")
def test_one_file_that_kills_the_worker_costs_only_itself(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, stack(40, size=(2, 2))[1])
    (tmp_path / "s0017b.dcm").write_bytes(b"kill")
    monkeypatch.setattr("pellucid.dicom.scan._READ", "decoder_tasks:headers_or_die")
    found = scan([tmp_path], pool=pool)
    assert [problem.path.name for problem in found.problems] == ["s0017b.dcm"]
    assert "stopped the decoder" in found.problems[0].sentence
    assert len(found.series[0].files) == 40


def test_links_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in walk([tmp_path])] == ["file"]


@pytest.mark.hazard("H41")
def test_unicode_paths(tmp_path: Path, pool: Pool) -> None:
    stored, slices = stack(3)
    save(tmp_path / "Größe 大 😀", slices, "ß{}".format)
    (series,) = scan([tmp_path], pool=pool).series
    np.testing.assert_array_equal(read_plan(series.volumes[0], pool=pool).array, stored - 1024)


def test_a_dicomdir_that_names_nothing_stands_for_its_folder(tmp_path: Path, pool: Pool) -> None:
    save(tmp_path / "IMAGES", stack(3)[1], "IM{}".format)
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.FileSetID = "DISK"
    directory.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    found = scan([tmp_path / "DICOMDIR"], pool=pool)
    assert [len(series.files) for series in found.series] == [3] and not found.others
    assert "Its folder was searched instead." in found.problems[0].sentence


def test_the_first_slice_comes_first_and_is_right(tmp_path: Path, pool: Pool) -> None:
    stored, slices = stack(21)
    save(tmp_path, slices)
    (series,) = scan([tmp_path], pool=pool).series
    events: list[tuple[str, float]] = []
    first: dict[int, np.ndarray] = {}

    def on_first(values: np.ndarray, index: int) -> None:
        events.append(("first", 0.0))
        first[index] = values.copy()

    volume = read_plan(
        series.volumes[0], pool=pool, on_first=on_first, progress=lambda f: events.append(("progress", f))
    )
    assert events[0][0] == "first" and events[-1] == ("progress", 1.0)
    assert list(first) == [10]
    np.testing.assert_array_equal(first[10], stored[10] - 1024)
    np.testing.assert_array_equal(volume.array, stored - 1024)
    fractions = [fraction for name, fraction in events if name == "progress"]
    assert fractions == sorted(fractions)


def test_reading_can_be_cancelled(tmp_path: Path, pool: Pool) -> None:
    save(tmp_path, stack(30)[1])
    (series,) = scan([tmp_path], pool=pool).series
    with pytest.raises(Cancelled):
        read_plan(series.volumes[0], pool=pool, cancelled=lambda: True)


def test_a_file_that_changed_is_not_read(tmp_path: Path, pool: Pool) -> None:
    paths = save(tmp_path, stack(1)[1])
    (series,) = scan([tmp_path], pool=pool).series
    paths[0].write_bytes(paths[0].read_bytes() + b"\0\0")
    with pytest.raises(Refused, match="changed since"):
        read_plan(series.volumes[0], pool=pool)


@pytest.mark.hazard("H21")
@pytest.mark.hazard("H25")
def test_a_volume_larger_than_memory_is_refused_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, stack(3)[1])
    monkeypatch.setattr("pellucid.dicom.memory.free_bytes", lambda: 100)
    (series,) = scan([tmp_path]).series
    with pytest.raises(Refused, match="bytes of memory"):
        read_plan(series.volumes[0])


def test_a_sequence_gets_one_type(tmp_path: Path, pool: Pool) -> None:
    mixed = []
    for time_, top in ((1, 0), (2, 60000)):
        for ds in stack(3, seed=time_, slope=1, intercept=top)[1]:
            ds.TemporalPositionIdentifier = time_
            mixed.append(ds)
    save(tmp_path, mixed)
    (series,) = scan([tmp_path], pool=pool).series
    volumes = read_sequence(series.volumes, pool=pool)
    assert len(volumes) == 2 and len({volume.dtype for volume in volumes}) == 1
    assert int(volumes[1].array.max()) > 60000


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_thumbnails_are_small_proportional_and_the_right_way_round(
    tmp_path: Path, pool: Pool, photometric: str
) -> None:
    pixels = np.zeros((40, 100), np.int16)
    pixels[:, 50:] = 1000
    ds = slice_dataset(pixels, slope=None, spacing=(2.0, 1.0), photometric="MONOCHROME2")
    ds.PhotometricInterpretation = photometric
    save(tmp_path, [ds])
    (series,) = scan([tmp_path], pool=pool).series
    small = thumbnail(series, 50, pool)
    assert small is not None and small.shape == (40, 50) and small.dtype == np.uint8
    left, right = int(small[20, 5]), int(small[20, 45])
    assert (left > right) == (photometric == "MONOCHROME1") and {left, right} == {0, 255}


def test_a_series_without_an_image_has_no_thumbnail(tmp_path: Path, pool: Pool) -> None:
    ds = slice_dataset(np.zeros((2, 2), np.int16), modality="RTPLAN", sop_class="1.2.840.10008.5.1.4.1.1.481.5")
    del ds.PixelData, ds.Rows, ds.Columns
    save(tmp_path, [ds])
    (series,) = scan([tmp_path], pool=pool).series
    assert series.volumes == () and thumbnail(series, pool=pool) is None
    assert [finding.code for finding in series.findings] == ["no-image"]


def test_what_is_written_is_what_is_read(tmp_path: Path, pool: Pool) -> None:
    values = np.random.default_rng(0).integers(-1024, 3000, (5, 12, 10)).astype(np.int16)
    geometry = Geometry(
        (10, 12, 5), (0.9, 0.8, 2.5), (-10.0, 20.0, 30.0), (0.8, -0.48, 0.36, 0.6, 0.64, -0.48, 0, 0.6, 0.8)
    )
    who = Acquisition("CT", "Doe, Jane", "42", windows=(WindowPreset("Lung", -600, 1500),), series_description="Demo")
    paths = write_series(tmp_path / "a", values, geometry, who, unit="HU", intercept=-1024, seed="demo")
    (series,) = scan([tmp_path / "a"], pool=pool).series
    volume = read_plan(series.volumes[0], pool=pool)
    np.testing.assert_array_equal(volume.array, values)
    assert volume.geometry.same_grid(geometry, 1e-6) and volume.unit == "HU" and volume.findings == ()
    assert volume.acquisition.patient_name == "Doe, Jane" and volume.acquisition.windows[0].level == -600
    again = write_series(tmp_path / "b", values, geometry, who, unit="HU", intercept=-1024, seed="demo")
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]


def test_the_function_of_windows_is_written_where_all_share_it(tmp_path: Path, pool: Pool) -> None:
    windows = (WindowPreset("A", 10, 100, "DICOM", "SIGMOID"), WindowPreset("B", 20, 50, "DICOM", "SIGMOID"),
               WindowPreset("C", 5, 5, "DICOM", "LINEAR"))  # fmt: skip
    write_series(tmp_path, np.zeros((1, 4, 4), np.int16), Geometry((4, 4, 1)), Acquisition("CT", windows=windows))
    (series,) = scan([tmp_path], pool=pool).series
    assert series.acquisition.windows == windows[:2]


def test_values_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="16 bits"):
        write_series(tmp_path, np.full((1, 2, 2), 40000.0), Geometry((2, 2, 1)), Acquisition("CT"))
