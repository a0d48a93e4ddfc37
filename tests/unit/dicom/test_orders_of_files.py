"""Names, numbers and counts of files: a thousand orders of one stack, and all grids of volumes up to seventy.

Through real files and the real reader. One file is written by pydicom with fields of fixed width, and its twins are
made by putting other bytes into these: what thousands of files cost is reading them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_making import slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.headers import read_record
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.records import FileRecord
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import Series, VolumePlan, build_series, sequences
from series_truth import alarms, volume_hash

SIDE = 4
FIELDS = {"uid": b"1.2.3.77.1000000", "height": b"+0000.0000", "number": b"9876", "time": b"5432", "echo": b"6543.210",
          "trigger": b"7654.321"}  # fmt: skip


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a file in which every field of ``FIELDS`` stands once, with zeros for pixels at its end."""
    ds = slice_dataset(np.zeros((SIDE, SIDE), np.int16), number=9876, intercept=0, modality="MR")
    ds.SOPInstanceUID = FIELDS["uid"].decode()
    ds.ImagePositionPatient = ["-50", "-60", FIELDS["height"].decode()]
    ds.TemporalPositionIdentifier, ds.EchoTime, ds.TriggerTime = (FIELDS[n].decode() for n in
                                                                  ("time", "echo", "trigger"))  # fmt: skip
    path = tmp_path_factory.mktemp("mould") / "mould.dcm"
    ds.save_as(path, enforce_file_format=True)
    data = path.read_bytes()
    assert all(data.count(field) == (2 if name == "uid" else 1) for name, field in FIELDS.items())
    return data


def cast(mould: bytes, pixel: int, **fields: str) -> bytes:
    """Return a file with other fields, all of whose pixels have one value."""
    for name, text in fields.items():
        assert len(text) == len(FIELDS[name])
        mould = mould.replace(FIELDS[name], text.encode())
    return mould[: -2 * SIDE * SIDE] + np.full(SIDE * SIDE, pixel, "<i2").tobytes()


def slice_file(mould: bytes, n: int, number: int) -> bytes:
    return cast(mould, 100 + n, uid=f"1.2.3.77.2{n:06d}", height=f"{2.5 * n - 7:+010.4f}", number=f"{number:04d}",
                time="0001", echo="0010.000", trigger="0000.000")  # fmt: skip


def series_in(folder: Path) -> Series:
    found = [record for path in folder.iterdir() if (record := read_record(path)) is not None]
    (series,) = build_series(found)
    return series


def only(series: Series) -> VolumePlan:
    (plan,) = series.volumes
    return plan


@pytest.mark.hazard("H04")
def test_a_thousand_shuffles_of_files_give_one_volume(mould: bytes, tmp_path: Path) -> None:
    """Every shuffle gives the files other names and other instance numbers, and reads headers and pixels anew."""
    count, chance = 5, random.Random(4)
    paths = [tmp_path / f"{n}.dcm" for n in range(count)]
    for n, path in enumerate(paths):
        path.write_bytes(slice_file(mould, n, n + 1))
    place = paths[0].read_bytes().index(b"0001")
    expected, whole = only(series_in(tmp_path)), volume_hash(only(series_in(tmp_path)))
    values = np.arange(100, 100 + count)
    for n in range(1000):
        for k, (name, number) in enumerate(zip(chance.sample(range(10**6), count), chance.sample(range(1, 9999), count),
                                               strict=True)):  # fmt: skip
            paths[k] = paths[k].rename(tmp_path / f"{name}.{'dcm' if name % 2 else 'ima'}")
            with paths[k].open("r+b") as file:
                file.seek(place)
                file.write(b"%04d" % number)
        plan = only(series_in(tmp_path))
        assert plan.geometry == expected.geometry and not plan.findings, f"shuffle {n}"
        np.testing.assert_array_equal(read_plan(plan).array[:, 1, 2], values, err_msg=f"shuffle {n}")
    assert volume_hash(plan) == whole
    assert {read_record(path).frames[0].instance for path in paths} != set(range(1, count + 1))  # type: ignore[union-attr]


@pytest.mark.hazard("H04")
def test_twenty_shuffles_through_the_scan_and_its_workers(mould: bytes, tmp_path: Path, pool: Pool) -> None:
    """Folders and names in many orders, headers read by the workers in the order in which they come."""
    count, chance, hashes = 8, random.Random(5), set()
    for n in range(20):
        names, numbers = chance.sample(range(10**6), count), chance.sample(range(1, 9999), count)
        for k, (name, number) in enumerate(zip(names, numbers, strict=True)):
            path = tmp_path / str(n) / chance.choice(["a", "b/c", "."]) / f"IM{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(slice_file(mould, k, number))
        (series,) = scan([tmp_path / str(n)], pool=pool).series
        hashes.add(volume_hash(only(series)))
    assert len(hashes) == 1


@pytest.mark.hazard("H04")
def test_slices_that_state_axes_and_pixels_alike_but_for_rounding(mould: bytes, tmp_path: Path) -> None:
    """Whichever file comes first, the grid is the same: no single file lends its axes to all."""
    for n in range(6):
        (tmp_path / f"{n}.dcm").write_bytes(slice_file(mould, n, n + 1))
    rng = np.random.default_rng(6)
    found = {only(series).geometry for (series,) in shuffled(turned(tmp_path, rng.uniform(-1e-4, 1e-4, 6)))}
    assert len(found) == 1


@pytest.mark.hazard("H04")
@pytest.mark.hazard("H07")
def test_slices_that_turn_little_by_little_are_parted_at_the_same_places(mould: bytes, tmp_path: Path) -> None:
    """Neighbours are alike, the ends are not: where one volume ends must not hang on which file is met first."""
    for n in range(12):
        (tmp_path / f"{n:02d}.dcm").write_bytes(slice_file(mould, n, n + 1))
    whose = {record.sop_uid: n for n, record in enumerate(turned(tmp_path, np.arange(12) * 4e-4))}
    found = set()
    for (series,) in shuffled(list(turned(tmp_path, np.arange(12) * 4e-4))):
        uids = {str(path): uid for path, uid in zip(series.files, series.contents, strict=True)}
        found.add(frozenset(frozenset(whose[uids[str(f.path)]] for f in plan.frames) for plan in series.volumes))
        assert "several-orientations" in alarms(series)
    assert len(found) == 1


def turned(folder: Path, angles: np.ndarray) -> list[FileRecord]:
    """Return the records of files, each turned in its plane; ``contents`` are their UIDs."""
    made = []
    for path, angle in zip(sorted(folder.iterdir()), angles.tolist(), strict=True):
        record = read_record(path)
        assert record is not None
        axes = tuple(map(float, (np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0)))
        frame = replace(record.frames[0], orientation=axes, spacing=(0.8, 0.5 + angle / 100))
        made.append(replace(record, frames=(frame,), contents=(record.sop_uid,)))
    return made


def shuffled(records: list[FileRecord]) -> Iterator[list[Series]]:
    """Return what becomes of records when their files are called and met in fifty orders."""
    chance = random.Random(6)
    for _ in range(50):
        names = chance.sample(range(100), len(records))
        mixed = [replace(record, path=f"{name:02d}.dcm") for record, name in zip(records, names, strict=True)]
        chance.shuffle(mixed)
        yield build_series(mixed)


Telling = Callable[[int], dict[str, str]]
TELLING: list[tuple[str, Telling]] = [
    ("TemporalPositionIdentifier", lambda t: {"time": f"{t + 1:04d}"}),
    ("EchoTime", lambda t: {"echo": f"{12.5 * (t + 1):08.3f}"}),
    ("TriggerTime", lambda t: {"trigger": f"{25.125 * t:08.3f}"}),
]
SAME = {"time": "0001", "echo": "0010.000", "trigger": "0000.000"}


@pytest.mark.hazard("H08")
def test_two_to_seventy_volumes_of_files_at_the_same_places(mould: bytes, tmp_path: Path) -> None:
    """Of every number of volumes k, with names and numbers shuffled: exactly k, each with the pixels of its value."""
    chance = random.Random(8)
    for count in range(2, 71):
        depth, (keyword, telling) = chance.randint(2, 4), TELLING[count % 3]
        folder = tmp_path / str(count)
        folder.mkdir()
        numbers = chance.sample(range(1, 9999), count * depth)
        for number, (t, k) in zip(numbers, np.ndindex(count, depth), strict=True):
            fields = SAME | telling(t)
            (folder / f"{number}.dcm").write_bytes(cast(
                mould, 100 * t + k, uid=f"1.2.3.77.3{number:06d}", height=f"{2.5 * k:+010.4f}",
                number=f"{chance.randint(1, 9999):04d}", **fields))  # fmt: skip
        series = series_in(folder)
        assert len(series.volumes) == count and not alarms(series), f"{count} × {depth}"
        assert keyword in series.findings[0].message
        (plans,) = sequences(series)
        read = np.array([volume.array[:, 1, 2] for volume in read_sequence(plans)])
        ordered = read[np.argsort(read[:, 0])] if keyword == "EchoTime" else read  # times run forwards
        np.testing.assert_array_equal(ordered, np.arange(count)[:, None] * 100 + np.arange(depth))
        assert {plan.geometry for plan in plans} == {plans[0].geometry}
        assert plans[0].geometry.spacing[2] == pytest.approx(2.5)
