"""A DICOMDIR leads to the files it names inside its own folder, and nowhere else, whatever it says."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset, stack
from hostile_names import HOSTILE
from pellucid.dicom import media
from pellucid.dicom.scan import scan


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    return head + (struct.pack("<xxI", len(value)) if vr in (b"SQ", b"OB") else struct.pack("<H", len(value))) + value


def write_directory(path: Path, names: list[str], *, in_use: int = 0xFFFF) -> Path:
    """Write a DICOMDIR whose image records name files, byte by byte: no library has cleaned the names."""
    meta = element(0x00020002, b"UI", b"1.2.840.10008.1.3.10") + element(0x00020010, b"UI", b"1.2.840.10008.1.2.1")
    records = b""
    for name in names:
        record = element(0x00041410, b"US", struct.pack("<H", in_use)) + element(0x00041430, b"CS", b"IMAGE")
        record += element(0x00041500, b"CS", os.fsencode(name)[:60000])
        records += struct.pack("<HHI", 0xFFFE, 0xE000, len(record)) + record
    content = meta + element(0x00041130, b"CS", b"TEST") + element(0x00041220, b"SQ", records)
    path.write_bytes(bytes(128) + b"DICM" + content)
    return path


@pytest.fixture
def medium(tmp_path):
    folder = tmp_path / "medium"
    _, slices = stack(4, series="3.3")
    save(folder / "DICOM" / "PAT1", slices, "IM{:03d}".format)
    _, others = stack(2, series="4.4")
    save(folder / "REST", others)
    return folder


def test_exactly_the_files_it_names_are_found(medium, pool):
    names = [f"DICOM\\PAT1\\IM{n:03d}" for n in range(4)]
    found = scan([write_directory(medium / "DICOMDIR", names)], pool=pool)
    assert [series.uid for series in found.series] == ["3.3"] and found.problems == ()
    assert len(found.series[0].files) == 4 and len(found.series[0].volumes) == 1
    assert {s.uid for s in scan([medium], pool=pool).series} == {"3.3", "4.4"}  # a folder is a folder


@pytest.mark.parametrize(
    "written", ["dicom\\pat1\\im001", "DICOM\\PAT1\\IM001.;1", "DICOM\\PAT1\\IM001 ", "\\DICOM\\\\PAT1\\IM001"]
)
def test_names_are_compared_as_readers_of_discs_do(medium, pool, written):
    found = scan([write_directory(medium / "DICOMDIR", [written])], pool=pool)
    assert [path.name for series in found.series for path in series.files] == ["IM001"]


def test_what_is_missing_is_said_and_the_rest_opens(medium, pool):
    names = ["DICOM\\PAT1\\IM000", "DICOM\\PAT1\\IM777", "DICOM\\PAT9\\IM000"]
    found = scan([write_directory(medium / "DICOMDIR", names)], pool=pool)
    assert len(found.series[0].files) == 1
    assert "2 files that are not there" in found.problems[0].sentence


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "text", "unused", "nothing there"])
def test_a_useless_one_lets_its_folder_be_searched(medium, pool, damage):
    path = write_directory(medium / "DICOMDIR", ["DICOM\\PAT1\\IM000"], in_use=0 if damage == "unused" else 0xFFFF)
    if damage == "nothing there":
        write_directory(path, ["A\\B", "C"])
    content = {"empty": b"", "cut": path.read_bytes()[:180], "noise": os.urandom(3000), "text": b"hello"}.get(damage)
    if content is not None:
        path.write_bytes(content)
    found = scan([path], pool=pool)
    assert {series.uid for series in found.series} == {"3.3", "4.4"}
    assert "Its folder was searched instead." in found.problems[0].sentence


@pytest.mark.hazard("H37")
def test_500_hostile_names_read_nothing_outside(medium, pool, tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    save(outside, [slice_dataset(np.zeros((4, 4), np.int16), series="6.6.6")], lambda _n: "IM001")
    (medium / "LINK").symlink_to(outside)
    (medium / "DICOM" / "LINKED").symlink_to(outside / "IM001")
    (medium / "CIRCLE").symlink_to(medium)
    names = [name.replace("/", "\\") for name in HOSTILE]
    names += HOSTILE
    names += ["LINK\\IM001", "DICOM\\LINKED", "CIRCLE\\DICOM\\PAT1\\IM001", f"..\\{outside.name}\\IM001",
              str(outside / "IM001"), str(outside / "IM001").replace("/", "\\"),
              "DICOM\\..\\..\\outside\\IM001"]  # fmt: skip
    assert len(names) >= 500
    path = write_directory(medium / "DICOMDIR", [*names, "DICOM\\PAT1\\IM001"])
    answer = media.read_directory({"path": str(path)})
    root = medium.resolve()
    assert [Path(file).resolve().is_relative_to(root) for file in answer["files"]] == [True]
    assert answer["outside"] > 10
    found = scan([path], pool=pool)
    assert {series.uid for series in found.series} == {"3.3"}
    assert "outside its folder" in found.problems[0].sentence


@pytest.mark.hazard("H37")
def test_links_are_refused_and_counted_even_where_they_lead_back_inside(medium):
    (medium / "LINK").symlink_to(medium / "DICOM")
    (medium / "ONE").symlink_to(medium / "DICOM" / "PAT1" / "IM000")
    path = write_directory(medium / "DICOMDIR", ["LINK\\PAT1\\IM001", "ONE", "DICOM\\PAT1\\IM002"])
    answer = media.read_directory({"path": str(path)})
    assert (len(answer["files"]), answer["outside"], answer["missing"]) == (1, 2, 0)


def test_it_is_bounded(medium, monkeypatch):
    from pellucid.model.findings import Refused

    path = write_directory(medium / "DICOMDIR", ["A"])
    monkeypatch.setattr(media, "LARGEST_BYTES", 100)
    with pytest.raises(Refused, match="too large"):
        media.read_directory({"path": str(path)})
