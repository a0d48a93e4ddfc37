"""Folders that are there whole or not at all, and pictures as secondary captures."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from dicom_judges import GRIDS, complaints, dumps, volume
from pellucid.dicom.child import Cancelled
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.request import Request, Subject
from pellucid.files import dicom_export, new_folder
from pellucid.files.dicom_export import write_image
from pellucid.files.dicom_objects import RTSTRUCT, SEG, write_capture, write_labels
from pellucid.model.findings import Refused
from pellucid.model.labels import LabelMap

JANE = Request(subject=Subject("Doe, Jane", "42"))


def labels() -> LabelMap:
    return LabelMap(GRIDS["axial"], np.random.default_rng(0).integers(0, 3, (5, 6, 7)).astype(np.uint8))


def write(folder: Path, **how: Any) -> None:
    write_labels(labels(), folder, JANE, (SEG, RTSTRUCT), image=[volume("int16")], **how)


@pytest.mark.hazard("H26")
@pytest.mark.parametrize("nth", [1, 3, 6, 7])
def test_a_full_disk_leaves_nothing(nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, real = [0], os.fsync

    def full(handle: int) -> None:
        calls[0] += 1
        if calls[0] == nth:
            raise OSError(errno.ENOSPC, "full")
        real(handle)

    monkeypatch.setattr(new_folder.os, "fsync", full)
    with pytest.raises(Refused, match="disk is full"):
        write(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.hazard("H26")
def test_a_disk_without_room_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_folder.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 30, 1 << 30, 1000))
    with pytest.raises(Refused, match="the disk has"):
        write(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(Refused, match="may not write"):
        write_image([volume("int16")], tmp_path / "out", JANE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", range(0, 30, 3))
def test_cancelling_leaves_nothing(after: int, tmp_path: Path) -> None:
    asked = [0]

    def cancelled() -> bool:
        asked[0] += 1
        return asked[0] > after

    with pytest.raises(Cancelled):
        write(tmp_path / "out", cancelled=cancelled)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_image([volume("int16")], tmp_path / "out", JANE)  # an empty one gives way
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(Refused, match="is there already"):
        write(tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    with pytest.raises(Refused, match="does not exist"):
        write(tmp_path / "no" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.hazard("H26")
def test_what_does_not_read_back_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = dicom_export.save

    def spoiling(dataset: pydicom.Dataset, path: Path) -> None:
        data = bytearray(dataset.PixelData)
        data[-2] ^= 1
        dataset.PixelData = bytes(data)
        real(dataset, path)

    monkeypatch.setattr(dicom_export, "save", spoiling)
    with pytest.raises(Refused, match="does not read back the same"):
        write_image([volume("int16")], tmp_path / "out", JANE)
    assert list(tmp_path.iterdir()) == []


def test_the_names_of_files_say_nothing(tmp_path: Path) -> None:
    write(tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").rglob("*")}
    assert names == {"images", "segmentation.dcm", "structures.dcm", *(f"{n:04d}.dcm" for n in range(1, 6))}


@pytest.mark.parametrize("texts", [True, False])
def test_a_picture_joins_the_study_it_shows(texts: bool, tmp_path: Path) -> None:
    write_image([volume("int16", modality="CT")], tmp_path / "in", JANE)
    origin = read_origin(sorted((tmp_path / "in").iterdir()))
    pixels = np.random.default_rng(0).integers(0, 256, (31, 43, 3), dtype=np.uint8)
    write_capture(pixels, tmp_path / "out", Request(origin, description="View"), texts=texts)
    (path,) = (tmp_path / "out").iterdir()
    header = pydicom.dcmread(path)
    np.testing.assert_array_equal(header.pixel_array, pixels)
    assert (header.BurnedInAnnotation, header.StudyInstanceUID) == ("YES" if texts else "NO", origin.study)
    assert header.PatientName == "Doe^Jane" and complaints(path) == [] and dumps(path)


@pytest.mark.hazard("H34")
def test_a_picture_without_identity_names_nobody(tmp_path: Path) -> None:
    write_capture(np.zeros((4, 5, 3), np.uint8), tmp_path / "out", Request(), texts=True)
    (path,) = (tmp_path / "out").iterdir()
    header = pydicom.dcmread(path)
    assert not header.PatientName and not header.PatientID and "ReferencedSeriesSequence" not in header
    assert complaints(path) == []
