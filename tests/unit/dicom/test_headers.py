"""Headers of proper, odd and hostile files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_making import save, slice_dataset
from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.headers import WANTED, read_one, read_record
from pellucid.dicom.parsing import inflate, parse
from pellucid.dicom.records import FileRecord, from_json, to_json


def one(tmp_path: Path, **more: object) -> Path:
    return save(tmp_path, [slice_dataset(np.zeros((4, 5), np.int16), **more)])[0]


def record(path: Path) -> FileRecord:
    found = read_record(path)
    assert found is not None
    return found


def test_a_record_survives_its_way_through_json(tmp_path: Path) -> None:
    import json

    found = record(one(tmp_path, WindowCenter=40, WindowWidth=400, EchoNumbers=2))
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


def test_the_pixels_are_where_the_record_says(tmp_path: Path) -> None:
    pixels = np.arange(20, dtype=np.int16).reshape(4, 5)
    path = save(tmp_path, [slice_dataset(pixels)])[0]
    layout = record(path).pixels
    assert layout is not None
    assert path.read_bytes()[layout.offset : layout.offset + layout.length] == pixels.tobytes()


@pytest.mark.parametrize("strip", [0, 128, 132])
def test_dicom_is_found_by_content(tmp_path: Path, strip: int) -> None:
    path = one(tmp_path)
    bare = tmp_path / "holiday.jpg"
    bare.write_bytes(path.read_bytes()[strip:])
    assert record(bare).sop_uid == record(path).sop_uid


def test_a_data_set_without_any_meta_information(tmp_path: Path) -> None:
    for syntax in ("explicit", "implicit"):
        ds = slice_dataset(np.zeros((4, 5), np.int16))
        if syntax == "implicit":
            ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        whole = save(tmp_path, [ds])[0].read_bytes()
        start = whole.index(b"\x08\x00\x16\x00")
        bare = tmp_path / syntax
        bare.write_bytes(whole[start:])
        assert record(bare).pixels == record(bare).pixels and record(bare).frames[0].spacing == (0.8, 0.5)


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(300), b"text " * 100, bytes(1000)])
def test_other_files_are_others(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    assert read_one(path) == {"other": True}


def test_a_file_that_only_pretends_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "empty.dcm"
    path.touch()
    assert "empty.dcm" in read_one(path)["problem"]


@pytest.mark.hazard("H41")
@pytest.mark.parametrize(
    ("charset", "encoding", "name", "shown"),
    [
        ("ISO_IR 100", "latin-1", "Müller^Jörg", "Müller, Jörg"),
        ("ISO_IR 192", "utf-8", "Wang^XiaoDong=王^小东", "Wang, XiaoDong (王, 小东)"),
        ("ISO_IR 144", "iso8859_5", "Люк^Са", "Люк, Са"),
        ("GB18030", "gb18030", "王^小东", "王, 小东"),
        ("\\ISO 2022 IR 87", "iso2022_jp", "Yamada^Tarou=山田^太郎", "Yamada, Tarou (山田, 太郎)"),
        ("ISO_IR 138", "iso8859_8", "שרון^דבורה", "שרון, דבורה"),
    ],
)
def test_names_come_out_in_their_script(tmp_path: Path, charset: str, encoding: str, name: str, shown: str) -> None:
    path = one(tmp_path)
    raw = name.encode(encoding)
    raw += b" " * (len(raw) % 2)
    whole = path.read_bytes()
    old = b"\x10\x00\x10\x00PN" + struct.pack("<H", 8) + b"Doe^Jane"
    stated = charset.encode() + b" " * (len(charset) % 2)
    set_ = b"\x08\x00\x05\x00CS" + struct.pack("<H", len(stated)) + stated
    whole = whole.replace(old, b"\x10\x00\x10\x00PN" + struct.pack("<H", len(raw)) + raw)
    start = whole.index(b"\x08\x00\x16\x00")
    path.write_bytes(whole[:start] + set_ + whole[start:])
    assert record(path).texts["patient_name"] == shown


@pytest.mark.hazard("H41")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", sorted((Path(pydicom.__file__).parent / "data/charset_files").glob("*.dcm")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_the_character_sets_of_pydicom(path: Path) -> None:
    """Family and given name of the first two groups, as pydicom decodes them."""
    meant = pydicom.dcmread(path, force=True).get("PatientName")
    said = record(path).texts.get("patient_name", "")
    if not meant:
        assert said == ""
        return
    for group in (meant.alphabetic, meant.ideographic):
        for part in group.split("^")[:2]:
            assert part in said, (said, str(meant))


def nested(depth: int, *, defined: bool) -> bytes:
    """Return a private sequence nested in itself, explicit little endian."""
    if not defined:
        return (b"\x09\x00\x10\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff") * depth
    data = b""
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(data)) + data
        data = b"\x40\x00\x75\x02SQ\0\0" + struct.pack("<I", len(item)) + item
    return data


@pytest.mark.hazard("H23")
@pytest.mark.parametrize("depth", [101, 1000, 100_000])
def test_deep_nesting_is_a_sentence(tmp_path: Path, depth: int) -> None:
    path = one(tmp_path)
    whole = path.read_bytes()
    start = whole.index(b"\x08\x00\x16\x00")
    path.write_bytes(whole[:start] + nested(depth, defined=False) + whole[start:])
    assert "100 levels" in read_one(path)["problem"]


@pytest.mark.hazard("H23")
def test_allowed_nesting_is_walked(tmp_path: Path) -> None:
    path = one(tmp_path)
    whole = path.read_bytes()
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    start = whole.index(b"\x10\x00\x10\x00")
    for data in (nested(50, defined=False) + end * 50, nested(200, defined=True)):
        path.write_bytes(whole[:start] + data + whole[start:])
        assert record(path).pixels is not None


@pytest.mark.hazard("H22")
def test_a_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(bytes(64 << 20)) + packer.flush()
    with pytest.raises(Unreasonable, match="unpacks to more than 8 MB"):
        inflate(bomb, limit=8 << 20)
    assert inflate(bomb) == bytes(64 << 20)


def test_deflated_files_are_read(tmp_path: Path) -> None:
    ds = slice_dataset(np.zeros((4, 5), np.int16))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert record(save(tmp_path, [ds])[0]).frames[0].spacing == (0.8, 0.5)


@pytest.mark.filterwarnings("ignore::UserWarning")  # workers are silent
def test_truncation_and_garbage_never_raise(tmp_path: Path) -> None:
    whole = one(tmp_path, EchoNumbers=1).read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "mutant"
    for _ in range(400):
        data = bytearray(whole[: random.integers(100, len(whole))])
        for _ in range(random.integers(1, 6)):
            data[random.integers(132, max(len(data), 133)) % len(data)] = random.integers(0, 256)
        path.write_bytes(data)
        assert read_one(path).keys() <= {"record", "problem", "other", "directory"}


def test_only_wanted_elements_are_kept(tmp_path: Path) -> None:
    parsed = parse(one(tmp_path, PatientComments="x" * 100), WANTED)
    assert parsed is not None and 0x00104000 not in parsed.elements.values


def test_nothing_readable_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(128) + b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0" + b"\xff" * 64)
    with pytest.raises(Malformed):
        parse(path, WANTED)
