"""Every element of a file as rows, against what pydicom finds; odd values and damage are rows or sentences too."""

from __future__ import annotations

import struct
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_making import slice_dataset
from pellucid.dicom.tags import (
    CHANGED,
    ONLY_HERE,
    ONLY_THERE,
    SAME,
    Row,
    differences,
    read_column,
    read_rows,
    rows_of,
)
from pellucid.model.findings import Refused


def rows(path: Path) -> tuple[Row, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as a worker does
        return rows_of(read_rows({"path": str(path)})["rows"])


def made(**more: Any) -> Dataset:
    ds = slice_dataset(np.arange(12, dtype=np.int16).reshape(3, 4), **more)
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "1.2.3.4"
    inner.RequestAttributesSequence = Sequence([Dataset(), Dataset()])
    inner.RequestAttributesSequence[1].ScheduledProcedureStepDescription = "inside"
    ds.ReferencedImageSequence = Sequence([inner, Dataset()])
    block = ds.private_block(0x0019, "PELLUCID TEST 1", create=True)
    block.add_new(0x10, "FD", 2.5)
    block.add_new(0x11, "OB", b"\0\1\2\3")
    return ds


def saved(ds: Dataset, path: Path, **how: Any) -> Path:
    ds.save_as(path, **{"enforce_file_format": True, **how})
    return path


def expected(path: Path) -> list[tuple[int, str]]:
    """Return tag and VR of every element as pydicom walks them, those of the meta information first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, force=True)
        found = [*ds.file_meta, *ds.iterall()]
        return [(int(element.tag), str(element.VR)) for element in found]


def shown(path: Path) -> list[tuple[int, str]]:
    return [(int(row.key.rpartition("/")[2], 16), row.vr) for row in rows(path) if row.tag]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_the_rows_are_the_elements_pydicom_finds(tmp_path: Path, syntax: str) -> None:
    ds = made()
    if syntax != "explicit":
        ds.file_meta.TransferSyntaxUID = {"implicit": ImplicitVRLittleEndian, "big": ExplicitVRBigEndian}[syntax]
    path = saved(ds, tmp_path / "a.dcm")
    ours, theirs = shown(path), expected(path)
    assert [tag for tag, _ in ours] == [tag for tag, _ in theirs]
    if syntax != "implicit":  # there pydicom must guess private VRs, as we must
        ambiguous = {0x7FE00010}
        assert [vr for tag, vr in ours if tag not in ambiguous] == [vr for tag, vr in theirs if tag not in ambiguous]


@pytest.mark.data
def test_the_real_images_give_the_rows_pydicom_finds(data_dir: Path) -> None:
    compared: Counter[Path] = Counter()
    for path in sorted(data_dir.rglob("*")):
        if not path.is_file() or {"hostile", "bad_files"} & set(path.parts) or compared[path.parent] >= 2:
            continue
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                continue
        found = rows(path)
        if not any(row.note for row in found):
            tags = [int(row.key.rpartition("/")[2], 16) for row in found if row.tag]
            assert tags == [tag for tag, _ in expected(path)], path.name
            compared[path.parent] += 1
    print(f"{compared.total()} files compared with pydicom")
    assert compared.total() > 40


@pytest.mark.data
@pytest.mark.parametrize("folder", ["bad_files", "hostile"])
def test_damaged_files_give_rows_or_a_sentence(data_dir: Path, folder: str) -> None:
    for path in sorted((data_dir / folder).rglob("*")):
        if path.is_file():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found = rows(path)
                except Refused as refusal:
                    assert str(refusal).endswith("."), path.name
                else:
                    assert all(row.name or row.tag for row in found), path.name


def test_values_are_written_for_reading(tmp_path: Path) -> None:
    ds = made(SpecificCharacterSet="ISO_IR 192", SeriesDescription="Schädel Ω", KVP="", WindowCenter=["40", "400"])
    by_key = {row.key: row for row in rows(saved(ds, tmp_path / "a.dcm"))}
    assert by_key["0008103e"].text == "Schädel Ω" and by_key["0008103e"].keyword == "SeriesDescription"
    assert by_key["00080016"].text == "1.2.840.10008.5.1.4.1.1.2 = CT Image Storage"
    assert by_key["00280010"].text == "3" and by_key["00281050"].text == "40\\400" and by_key["00180060"].text == ""
    assert by_key["00191010"].text == "2.5" and by_key["00191010"].private
    assert by_key["00190010"].text == "PELLUCID TEST 1" and by_key["00190010"].name == "Private creator"
    assert by_key["00191011"].text == "4 bytes: 00 01 02 03"
    assert by_key["7fe00010"].text.startswith("24 bytes: 00 00 01 00")
    inner = by_key["00081140#0/00400275#1/00400007"]
    assert inner.text == "inside" and inner.depth == 4


def test_what_the_basic_profile_would_change_is_marked(tmp_path: Path) -> None:
    by_key = {row.key: row for row in rows(saved(made(), tmp_path / "a.dcm"))}
    assert all(by_key[key].identifying for key in ("00100010", "00100020", "0020000d", "00191010"))
    assert not any(by_key[key].identifying for key in ("00280010", "00080060", "00200032"))


def test_a_value_longer_than_the_file_is_said(tmp_path: Path) -> None:
    path = saved(made(), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes() + struct.pack("<HHI", 0x7FE1, 0x1010, 1 << 30))
    found = rows(path)
    assert found[-1].note and "longer than what holds it" in found[-1].name
    assert [row.tag for row in found[:-1] if row.tag][:-1] == [row.tag for row in rows(saved(made(), path)) if row.tag]


@pytest.mark.hazard("H23")
def test_nesting_without_end_is_said(tmp_path: Path) -> None:
    path = saved(made(), tmp_path / "a.dcm")
    deep = struct.pack("<HH2s2xI", 0x7FE1, 0x1010, b"SQ", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    path.write_bytes(path.read_bytes() + deep * 20_000)
    assert "nested more than 100 levels" in rows(path)[-1].name


@pytest.mark.hazard("H20")
@pytest.mark.hazard("H22")
@pytest.mark.parametrize("patience", [60.0, 0.0])
def test_a_bomb_of_empty_elements_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float) -> None:
    from mutations import bomb

    path = tmp_path / "bomb.dcm"
    path.write_bytes(bomb(1))
    monkeypatch.setattr("pellucid.dicom.tags._LONGEST", patience)
    rows = rows_of(read_rows({"path": str(path)})["rows"])
    assert len(rows) <= (60_100 if patience else 300)
    assert rows[-1].note and rows[-1].name == "More elements follow; they are not shown."


def test_a_file_that_is_not_dicom_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(Refused, match=r"a\.txt could not be read: it is not DICOM"):
        rows(tmp_path / "a.txt")
    with pytest.raises(Refused, match="could not be opened"):
        rows(tmp_path / "missing.dcm")


def test_two_files_side_by_side(tmp_path: Path) -> None:
    one, other = made(number=1, KVP="120"), made(number=2, EchoTime="30")
    other.SOPInstanceUID = one.SOPInstanceUID
    other.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    one.SpecificCharacterSet = other.SpecificCharacterSet = "ISO_IR 100"
    here, there = rows(saved(one, tmp_path / "1.dcm")), rows(saved(other, tmp_path / "2.dcm"))
    found = differences(here, there)
    changed = {line.row.keyword: line.state for line in found if line.state != SAME}
    assert changed == {"InstanceNumber": CHANGED, "KVP": ONLY_HERE, "EchoTime": ONLY_THERE}
    line = next(line for line in found if line.row.keyword == "InstanceNumber")
    assert (line.row.text, line.there) == ("1", "2")
    keys = [line.row.key for line in found]
    assert keys.index("00180081") == keys.index("00180060") - 1  # where it would stand: after what both have


def test_one_element_of_many_files(tmp_path: Path) -> None:
    paths = [saved(made(number=n), tmp_path / f"{n}.dcm") for n in (1, 2)]
    (tmp_path / "3.dcm").write_bytes(b"no")
    payload = {"paths": [*map(str, paths), str(tmp_path / "3.dcm")], "key": "00200013"}
    assert read_column(payload) == {"texts": ["1", "2", None]}
    long = made(ImageComments="x" * 5000)
    path = saved(long, tmp_path / "4.dcm")
    row = next(row for row in rows(path) if row.keyword == "ImageComments")
    assert row.cut and len(row.text) == 512
    whole = read_column({"paths": [str(path)], "key": row.key, "whole": True})["texts"][0]
    assert whole == "x" * 5000
